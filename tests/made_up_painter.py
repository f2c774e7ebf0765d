"""A painter's score with made-up figures, for the tests of the page: colours tell the places."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import Collection
from impasto.files import write_json
from impasto.records.evaluation import ResampledUnits
from impasto.records.painter_score import (
    ArmHitRate,
    ArmScore,
    EvaluatorAccuracy,
    EvaluatorSummary,
    IdentityScores,
    PainterScore,
    ShownPainting,
    ShownPair,
    StrengthStep,
)
from impasto.records.painting import Borrowed
from impasto.records.record import Interval

SIDE = 16
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
HALF = Interval(value=0.5, low=0.4, high=0.6)


def colour(arm: str, picture: int, style: int) -> NDArray[np.float64]:
    """The colour of a painting."""
    return np.array([40 + 60 * picture, 30 + 50 * style, 200 if arm == "finished" else 90], float)


def step(picture: int, column: int) -> NDArray[np.float64]:
    """The colour of a picture of ``steps.png``, the original in column 0."""
    return np.array([200 - 50 * picture, 30 + 35 * column, 120], float)


def shown(collection: Collection) -> list[int]:
    """Rows of the shown pictures."""
    return [int(row) for row in collection.indices("test")[[0, 5]]]


def works(collection: Collection, picture: int, style: int) -> list[tuple[int, float]]:
    """Rows of the works that lent patches to a painting, with their shares."""
    train = collection.indices("train")
    own = train[collection.labels[train] == style]
    return [(int(own[picture]), 0.75), (int(own[picture + 1]), 0.25)]


def write_painter(run: Path, collection: Collection, *, fingerprint: str = "") -> None:
    """A painter's run with its score and figures."""
    styles, ids = collection.vocabulary.styles, collection.column("id")
    write_json(
        run / "run.json",
        {
            "format": 1, "kind": "painter", "state": "done", "created": "2026-11-25",
            "command": "impasto train painter collection", "styles": list(styles), "settings": {},
            "collection": {"path": "collection", "fingerprint": collection.fingerprint},
            "facts": {}, "environment": {},
        },
    )  # fmt: skip

    def lent(picture: int, style: int) -> tuple[Borrowed, ...]:
        return tuple(
            Borrowed(painting=ids[row], style=styles[style], share=share)
            for row, share in works(collection, picture, style)
        )

    rows = shown(collection)
    pairs = tuple(
        ShownPair(
            id=ids[row],
            source=styles[collection.labels[row]],
            target=styles[(collection.labels[row] + 1) % len(styles)],
            paintings=tuple(
                ShownPainting(
                    arm=arm,
                    style=styles[style],
                    references=lent(picture, style) if arm == "finished" else (),
                )
                for arm in ("painted", "finished")
                for style in range(len(styles))
            ),
        )
        for picture, row in enumerate(rows)
    )
    score(fingerprint or collection.fingerprint, pairs).write(run / "evaluation" / "painting.json")
    (run / "evaluation" / "figures").mkdir()
    places = range(len(rows))
    for arm in ("painted", "finished"):
        sheet(
            run / "evaluation" / "figures" / f"paintings-{arm}.png",
            [[colour(arm, at, style) for style in range(len(styles))] for at in places],
        )
    columns = range(1 + len(STRENGTHS))
    sheet(
        run / "evaluation" / "figures" / "steps.png",
        [[step(at, column) for column in columns] for at in places],
    )


def sheet(path: Path, colours: list[list[NDArray[np.float64]]]) -> None:
    cells = np.array(colours).astype(np.uint8)
    Image.fromarray(cells.repeat(SIDE, 0).repeat(SIDE, 1)).save(path)


def score(fingerprint: str, pairs: tuple[ShownPair, ...]) -> PainterScore:
    return PainterScore(
        command="impasto evaluate runs/painter", environment={},
        collection_fingerprint=fingerprint, styling="modulation", resolution=SIDE, sources=2,
        pictures=2, resampled=ResampledUnits(unit="pictures", count=2, unknown=0),
        evaluator=EvaluatorSummary(
            run="evaluator", network="residual", pictures_shared=0, artists_shared=0,
            test_pictures_seen=0,
        ),
        evaluator_gain=HALF,
        evaluators={"network": EvaluatorAccuracy(accuracy=HALF, unplaced=None)},
        arms=tuple(
            ArmScore(
                arm=arm,
                rates={"network": ArmHitRate(hit=HALF, normalised=None, changes={})},
                content=None, lattice={}, kernel_distance=None, nearer=None,
                trained_on=None, copying=None, seconds=None,
            )
            for arm in ("painted", "unchanged", "real")
        ),
        left_out={}, gains={}, searched=9, per_style=(), pairs=(),
        identity=IdentityScores(own_style=HALF, no_style=HALF),
        strength=tuple(StrengthStep(strength=s, hit=s, probability=s, ssim=s) for s in STRENGTHS),
        shown=pairs,
    )  # fmt: skip
