"""The scorecard of a LoRA run: pictures in every style, judged by a classifier beside the base alone and real works.

RUN/evaluation/scorecard.json   every number
RUN/evaluation/findings.json    IMP603 to IMP605
RUN/evaluation/figures/         a sheet of each style's pictures
RUN/evaluation/pictures/        all of them; what is there already is not painted again
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of
from impasto.config import Settings
from impasto.diffusion.sampling import Sampling
from impasto.errors import InputError, RunError
from impasto.evaluation import lora_score_numbers as numbers
from impasto.evaluation.loaded_classifier import LoadedClassifier, Outputs, open_classifier
from impasto.evaluation.lora_score_findings import ARMS, card_findings
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import replacing, write_json
from impasto.generate.text_to_image import DiffuseSettings, LoraPainter, open_painter
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.numerics.bootstrap import confusion_estimates
from impasto.numerics.distances import kernel_distance
from impasto.numerics.metrics import confusion_matrix
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run, open_run
from impasto.state.fingerprint import fingerprint

FORMAT: Final = 1
SHOWN: Final = 4


class ScorecardSettings(Settings):
    """How a LoRA run is scored."""

    classifier: str | None = Field(
        None, description="the run of the judge; none: the folder classifier beside the run"
    )
    prompts: tuple[str, ...] = Field(
        ("a painting",), min_length=1, description="what is painted, by turns"
    )
    pictures: int = Field(16, ge=2, description="of each style, with and without the adapter")
    batch_size: int = Field(4, ge=1, description="pictures painted at a time")
    paint: DiffuseSettings = Field(
        DiffuseSettings(), description="how they are painted; its words do not count"
    )
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A finished scorecard: its folder, the content of ``scorecard.json``, and IMP603 to IMP605."""

    path: Path
    result: Mapping[str, Any]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Made:
    """An arm's pictures, at the size that the judge sees, in order of styles and seeds."""

    pixels: NDArray[np.uint8]
    styles: NDArray[np.int64]  # places in the vocabulary
    seeds: NDArray[np.int64]


def score_lora(
    run: Path | str,
    settings: ScorecardSettings | None = None,
    *,
    collection: Path | str | None = None,
    announce: Callable[[str], None] | None = None,
) -> Scorecard:
    """The scorecard of a LoRA run, also written into the run's folder; the same call goes on where it was cut off.

    Args:
        run: the run's folder.
        settings: the defaults where ``None``.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        announce: called with one line as each arm begins.

    Raises:
        RunError: there is no finished LoRA run or no judge, or the judge knows other styles.
        ImpastoError: for all that painting refuses.
    """
    settings, path = settings or ScorecardSettings(), Path(run)
    say = announce or (lambda line: None)
    lora = open_run(path, "lora")
    network = _judge(lora, settings)
    found = collection_of(lora, collection)
    found.vocabulary.require(network.run.styles, f"the judge in {network.run.path}")
    painter = open_painter(path, settings.paint)
    taught = [
        found.vocabulary.styles.index(name) for name in lora.settings["styles"] or lora.styles
    ]
    home = lora.evaluation_path / "pictures" / _address(painter, settings)
    made = {}
    for arm, scale in zip(ARMS, (settings.paint.scale, 0.0), strict=True):
        say(f"painting {settings.pictures * len(taught)} pictures: {arm}")
        painter.scaled(scale)
        made[arm] = _paint(painter, found, taught, settings, home / arm)
    looked = {arm: _looked(network, one) for arm, one in made.items()}
    test = found.indices("test")
    test = test[np.isin(found.labels[test], taught)]
    if not len(test):
        raise InputError(f"{found.path} has no test pictures of these styles to compare with")
    real = network.outputs(found, test, EvaluateSettings().views)
    result = _measure(found, network, lora, settings, taught, (made, looked, real))
    judged = card_findings(result)
    _sheet(found, made, taught, test, lora.evaluation_path / "figures" / "scorecard.png")
    findings.save(lora.evaluation_path / "findings.json", judged)
    write_json(lora.evaluation_path / "scorecard.json", result)
    return Scorecard(lora.evaluation_path, result, judged)


def _judge(lora: Run, settings: ScorecardSettings) -> LoadedClassifier:
    place = (
        Path(settings.classifier)
        if settings.classifier
        else lora.path.resolve().parent / "classifier"
    )
    if not (place / "run.json").is_file():
        raise RunError(
            f"no judge in {place}: train a classifier of these styles and name its run with --classifier"
        )
    return open_classifier(place, settings.paint.device)


def _address(painter: LoraPainter, settings: ScorecardSettings) -> str:
    """The name of the folder for these pictures.

    Another one where anything about them is otherwise.
    """
    paint = settings.paint.model_dump(
        mode="json", exclude={"device", "prompt", "styles", "number", "base"}
    )
    base = painter.base.fingerprint
    return fingerprint(adapter=painter.adapter, base=base, prompts=settings.prompts, paint=paint)[
        :16
    ]


def _paint(
    painter: LoraPainter, found: Collection, taught: list[int], settings: ScorecardSettings, home: Path
) -> _Made:
    run, paint = painter.run, settings.paint
    side = paint.size or int(run.settings["resolution"])
    guidance = float(run.settings["guidance"]) if paint.guidance is None else paint.guidance
    how = Sampling(paint.steps, guidance, (side, side))
    names = found.vocabulary.styles
    jobs = [(style, paint.seed + number) for style in taught for number in range(settings.pictures)]
    places = {job: home / names[job[0]] / f"{job[1]}.png" for job in jobs}
    waiting = [job for job in jobs if not places[job].exists()]
    for start in range(0, len(waiting), settings.batch_size):
        part = waiting[start : start + settings.batch_size]
        words = [
            painter.caption(
                settings.prompts[(seed - paint.seed) % len(settings.prompts)], names[style]
            )
            for style, seed in part
        ]
        for job, picture in zip(
            part, painter.paint(words, [seed for _, seed in part], how), strict=True
        ):
            with replacing(places[job]) as temporary:
                picture.save(temporary, "PNG")
    stored = found.pixels.shape[2], found.pixels.shape[1]
    pixels = []
    for job in jobs:
        with Image.open(places[job]) as picture:
            pixels.append(
                np.asarray(
                    picture.convert("RGB").resize(
                        stored, Image.Resampling.BICUBIC, reducing_gap=3.0
                    )
                )
            )
    return _Made(
        np.stack(pixels),
        np.array([style for style, _ in jobs]),
        np.array([seed for _, seed in jobs]),
    )


def _looked(network: LoadedClassifier, made: _Made) -> Outputs:
    logits, embedded = network.logits_and_features(
        lambda at: made.pixels[at], len(made.styles), EvaluateSettings().views
    )
    return Outputs(np.arange(len(made.styles)), made.styles, logits, embedded)


def _measure(
    found: Collection,
    network: LoadedClassifier,
    lora: Run,
    settings: ScorecardSettings,
    taught: list[int],
    seen: tuple[dict[str, _Made], dict[str, Outputs], Outputs],
) -> dict[str, Any]:
    made, looked, real = seen
    size = len(found.vocabulary)
    arms = {"adapter": looked["adapter"], "base": looked["base"], "real": real}
    confusions = {name: _confusion(network, look, size) for name, look in arms.items()}
    scores = {
        name: confusion_estimates(
            table, resamples=settings.bootstrap_samples, seed=settings.paint.seed
        )
        for name, table in confusions.items()
    }
    train = found.indices("train")
    train = train[np.isin(found.labels[train], taught)]
    copies = _copies(found, made["adapter"], train, real.rows)
    mine = made["adapter"]
    keep = numbers.kept(
        numbers.shades(mine.pixels),
        mine.seeds,
        mine.styles,
        draws=settings.bootstrap_samples,
        seed=settings.paint.seed,
    )
    return {
        "format": FORMAT,
        "command": runs.command(),
        "collection_fingerprint": found.fingerprint,
        "judge": network.run.path.name,
        "base": Path(lora.settings["base"]).name,
        "pictures": settings.pictures,
        "prompts": list(settings.prompts),
        "styles": [found.vocabulary.styles[style] for style in taught],
        "scores": scores,
        "kernel_distance": {
            arm: kernel_distance(arms[arm].features, real.features) for arm in ARMS
        },
        "per_style": [_row(found, confusions, arms, copies, style) for style in taught],
        "confusion": confusions["adapter"].tolist(),
        "copies": copies,
        "kept": keep,
    }


def _confusion(network: LoadedClassifier, look: Outputs, size: int) -> NDArray[np.int64]:
    """Rows: styles asked for, columns: styles seen, every style supposed equally frequent."""
    said = network.prior_correction(uniform=True)(look.logits, 1.0).argmax(1)
    return confusion_matrix(look.labels, said, size)


def _row(
    found: Collection,
    confusions: Mapping[str, NDArray[np.int64]],
    arms: Mapping[str, Outputs],
    copies: Mapping[str, Any],
    style: int,
) -> dict[str, Any]:
    def share(name: str) -> float | None:
        row = confusions[name][style]
        return float(row[style] / row.sum()) if row.sum() else None

    own = {name: look.features[look.labels == style] for name, look in arms.items()}
    name = found.vocabulary.styles[style]
    likeness = [item["likeness"] for item in copies["all"] if item["style"] == name]
    return {
        "style": name,
        "train": int(found.counts("train")[style]),
        "test": int(found.counts("test")[style]),
        "accuracy": share("adapter"),
        "floor": share("base"),
        "ceiling": share("real"),
        "kernel_distance": {arm: kernel_distance(own[arm], own["real"]) for arm in ARMS},
        "nearest": float(max(likeness)),
    }


def _copies(
    found: Collection, made: _Made, train: NDArray[np.int64], test: NDArray[np.int64]
) -> dict[str, Any]:
    """How like training pictures the paintings are, beside how like them real held-out pictures are."""
    known = numbers.thumbs(np.asarray(found.pixels[train]))
    places, likeness = numbers.nearest(numbers.thumbs(made.pixels), known)
    _, usual = numbers.nearest(numbers.thumbs(np.asarray(found.pixels[test])), known)
    limit = float(np.quantile(usual, numbers.REFERENCE))
    ids, names = found.column("id"), found.vocabulary.styles
    rows = [
        {
            "style": names[style],
            "seed": int(seed),
            "nearest": ids[train[place]],
            "likeness": round(float(value), 4),
        }
        for style, seed, place, value in zip(made.styles, made.seeds, places, likeness, strict=True)
    ]
    near = sorted(
        (row for row in rows if row["likeness"] > limit), key=lambda row: -row["likeness"]
    )
    return {
        "limit": limit,
        "share": len(near) / len(rows),
        "expected": 1 - numbers.REFERENCE,
        "near": near,
        "all": rows,
    }


def _sheet(
    found: Collection,
    made: Mapping[str, _Made],
    taught: list[int],
    test: NDArray[np.int64],
    path: Path,
) -> None:
    """A row a style: with the adapter, without it, and real ones."""
    rows = []
    for style in taught:
        arms = [made[arm].pixels[made[arm].styles == style][:SHOWN] for arm in ARMS]
        arms.append(np.asarray(found.pixels[test[found.labels[test] == style][:SHOWN]]))
        blank = np.full_like(arms[0][0], 255)
        rows.append([picture for arm in arms for picture in [*arm, *[blank] * (SHOWN - len(arm))]])
    write_png(path, contact_sheet(rows, gap=2))
