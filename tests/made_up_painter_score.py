"""A painter's score with numbers that tests know, as training and scoring write it."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.records import finding as findings
from impasto.records.evaluation import ResampledUnits
from impasto.records.finding import Finding
from impasto.records.painter_score import (
    ArmHitRate,
    ArmScore,
    ContentScores,
    CopyScores,
    EvaluatorAccuracy,
    EvaluatorSummary,
    HitRateGains,
    IdentityScores,
    PaintedStyle,
    PainterScore,
    PairGain,
    ShownPair,
    StrengthStep,
    StyleHitRate,
)  # fmt: skip
from impasto.records.record import Interval

SIDE, STRENGTHS = 16, (0.0, 0.25, 0.5, 0.75, 1.0)


def spread(value: float, by: float = 0.02) -> Interval:
    return Interval(value=value, low=value - by, high=value + by)


def rates(hit: float, normalised: float) -> dict[str, Interval]:
    return {"hit": spread(hit), "normalised": spread(normalised, 0.05)}


def by_arm(painted: float, ceiling: float) -> dict[str, dict[str, Interval]]:
    return {
        "painted": rates(painted, (painted - 0.1) / (ceiling - 0.1)),
        "histogram": rates(0.2, 0.25),
        "unchanged": rates(0.1, 0),
        "real": {"hit": spread(ceiling), "normalised": spread(1, 0)},
    }


def arms(painted: float, ceiling: float = 0.5) -> tuple[ArmScore, ...]:
    """Four arms; hand-made features give half of the evaluator's hit rates."""
    content = {"painted": kept(0.52), "histogram": kept(0.74), "unchanged": kept(1)}
    apart = {"painted": 7.654, "histogram": 23.6, "unchanged": 75.9}
    changes = {"shifted": 0.01, "blurred": -0.123, "recompressed": 0.0}
    return tuple(
        ArmScore(
            arm=name,  # type: ignore[arg-type]
            rates={
                "network": ArmHitRate(**values, changes=changes),
                "handmade": ArmHitRate(
                    hit=spread(values["hit"].value / 2), normalised=None, changes={}
                ),
            },
            content=content.get(name),
            lattice={2: 6.42, 4: 7.8, 8: 8.2},
            kernel_distance=spread(apart[name], 0.5) if name in apart else None,
            nearer=spread(68.2, 2) if name == "painted" else None,
            trained_on=0.234 if name == "painted" else None,
            copying=CopyScores(region=0.052, most=0.3, large=0.01, nearest=0.2, source_nearest=0.2)
            if name == "painted"
            else None,
            seconds=None,
        )
        for name, values in by_arm(painted, ceiling).items()
    )


def kept(ssim: float) -> ContentScores:
    return ContentScores(
        ssim=spread(ssim),
        edges=spread(0.61),
        retrieved=spread(0.93),
        colour_shift=spread(12.3, 1),
    )


def steps(shown: int) -> Image.Image:
    """What ``steps.png`` holds:

    places whose red tells the row, and whose green tells the column.
    """
    rows, columns = np.mgrid[:shown, : 1 + len(STRENGTHS)]
    cells = np.stack([40 + 30 * rows, 20 + 40 * columns, np.full_like(rows, 90)], -1).astype(
        np.uint8
    )
    return Image.fromarray(cells.repeat(SIDE, 0).repeat(SIDE, 1))


def painting(styles: list[str], mark: str, name: str, painted: float) -> PainterScore:
    """The content of ``painting.json``."""
    return PainterScore(
        command=f"impasto evaluate runs/{name}",
        environment={},
        collection_fingerprint=mark,
        styling="modulation",
        resolution=SIDE,
        sources=48,
        pictures=144,
        resampled=ResampledUnits(unit="artists", count=20, unknown=3),
        evaluator=EvaluatorSummary(
            run="evaluator", network="residual", pictures_shared=0, artists_shared=0,
            test_pictures_seen=0,
        ),
        evaluator_gain=spread(0.1),
        evaluators={
            "network": EvaluatorAccuracy(accuracy=spread(0.587), unplaced=None),
            "handmade": EvaluatorAccuracy(accuracy=spread(0.487), unplaced="it is blind"),
        },
        arms=arms(painted),
        left_out={},
        gains={
            "network": {
                "painted": HitRateGains(
                    unchanged=spread(0.2), histogram=spread(painted - 0.2, 0.05)
                )
            }
        },
        searched=1000,
        per_style=tuple(
            PaintedStyle(
                style=style,
                train=5 + n,
                rates={
                    evaluator: {
                        arm: StyleHitRate(**values, gain=spread(0))
                        for arm, values in by_arm(painted, 0.5).items()
                    }
                    for evaluator in ("network", "handmade")
                },
                kernel_distance={"painted": spread(0.054), "unchanged": None},
            )
            for n, style in enumerate(styles)
        ),
        pairs=tuple(
            PairGain(
                source=a, target=b, pictures=12, p=0.01, **dict(spread(0.3 if a < b else -0.2, 0.1))
            )
            for a in styles
            for b in styles
            if a != b
        ),
        identity=IdentityScores(own_style=spread(0.96), no_style=spread(0.97)),
        strength=tuple(
            StrengthStep(strength=s, hit=s / 2, probability=0.1 + 0.3 * s, ssim=0.95 - 0.4 * s)
            for s in STRENGTHS
        ),
        shown=tuple(
            ShownPair(id="x.jpg", source=styles[n],
            target=styles[(n + 1) % len(styles)]) for n in range(3)
        ),
    )  # fmt: skip


def add_painter(
    study: Path, name: str = "painter", *, painted: float = 0.42, scored: bool = True
) -> Path:
    """A painter's run as training and scoring write it; ``course`` has the course's form."""
    run = study / "runs" / name
    run.mkdir(parents=True)
    collection = json.loads((study / "collection" / "collection.json").read_text())
    styles = json.loads((study / "collection" / "styles.json").read_text())["styles"]
    record = {
        "format": 1, "kind": "painter", "state": "done", "created": "2026-11-25",
        "command": f"impasto train painter collection -o runs/{name}", "styles": styles,
        "settings": {"styling": "plane" if name == "course" else "modulation",
        "teach": {"epochs": 3}},
        "collection": {"path": "collection", "fingerprint": collection["fingerprint"],
        "pictures": 9},
        "facts": {}, "environment": {"torch": "2.13.0+here"},
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(record))
    (run / "metrics.jsonl").write_text("")
    findings.save(
        run / "findings.json", [Finding("IMP201", "passed", "No over-fitting of the painter.")]
    )
    if scored:
        figures = run / "evaluation" / "figures"
        figures.mkdir(parents=True)
        for figure in ("grid", "strength"):
            Image.new("RGB", (60, 40), "teal").save(figures / f"{figure}.png")
        steps(3).save(figures / "steps.png")
        content = painting(styles, collection["fingerprint"], name, painted)
        content.write(run / "evaluation" / "painting.json")
        findings.save(
            run / "evaluation" / "findings.json",
            [Finding("IMP311", "issue", "Two styles are not painted.")],
        )
    return run
