"""The score of a painter: test pictures painted in every other style, judged by a network that it never met.

RUN/judge/                     the judge: a residual network, trained on the half of the pictures that was kept from it
RUN/evaluation/painting.json   every number
RUN/evaluation/findings.json   IMP305, IMP307, IMP311 to IMP316
RUN/evaluation/figures/        a grid of test pictures in all styles, and at rising strength

Three arms are judged alike: painted; *unchanged*, the floor; and *histogram*, the pictures with the
    colours of a
training picture of the style asked for, which any painter should beat. Real test pictures of the
style are the ceiling.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field

from impasto.collection.collection import Collection
from impasto.collection.disjoint_halves import disjoint_halves
from impasto.collection.run_collection import collection_of, training_hashes
from impasto.config import Device, Settings
from impasto.devices import accelerator_on
from impasto.errors import CollectionError, RunError
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.loaded_classifier import LoadedClassifier, open_classifier
from impasto.evaluation.painter_score_arms import judged_arms
from impasto.evaluation.painter_score_figures import STRENGTHS, draw
from impasto.evaluation.painter_score_findings import ARMS, painting_findings
from impasto.evaluation.painter_under_test import Subject
from impasto.files import write_json
from impasto.images.tensors import float_tensor
from impasto.models.classifiers import NetworkName
from impasto.models.image_metrics import ssim
from impasto.numerics.bootstrap import cluster_mean_estimate, mean_estimate
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.state.fingerprint import done, not_done
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.painter.train import CRITIC
from impasto.weights import painter_of

FORMAT: Final = 2
JUDGE: Final = "judge"


class JudgeSettings(ClassifierSettings):
    """How a judge is trained: a network built otherwise than the critic."""

    network: NetworkName = Field("residual", description="its build; the critic's is classifier")
    epochs: int = Field(40, ge=1, description="passes over its half of the training pictures")
    resolution: int = Field(64, ge=32, description="height and width that it sees, in pixels")


class PaintingSettings(Settings):
    """How a painter is scored."""

    per_style: int = Field(
        50, ge=2, description="most test pictures of each style that are painted in all others"
    )
    judge: str | None = Field(
        None, description="the run of the judge; none: one is trained, in the painter's folder"
    )
    teach: JudgeSettings = Field(
        JudgeSettings(), description="how that one is trained; without device and seed: as here"
    )
    shown: int = Field(8, ge=1, description="pictures in the figures")
    bootstrap_samples: int = Field(
        1000, ge=100, description="bootstrap resamples behind each 95 % interval"
    )
    device: Device = Field(
        "auto", description="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else MPS, else cpu"
    )
    seed: int = Field(0, ge=0, description="of whose colours are taken, and of resampling")


@dataclass(frozen=True, slots=True)
class PaintingScore:
    """A finished score: its folder, the content of ``painting.json``, and what was found."""

    path: Path
    result: Mapping[str, Any]
    findings: list[Finding]


def score_painter(
    run: Path | str,
    settings: PaintingSettings | None = None,
    *,
    collection: Path | str | None = None,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> PaintingScore:
    """The score of a painter, also written into its run's folder; a judge that was half trained is trained on.

    Args:
        run: the run's folder.
        settings: the defaults where ``None``.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        progress: show the judge's training on standard error.
        announce: called with one line as each part begins.

    Raises:
        RunError: there is no trained painter, its collection has changed, or the judge is its own
            critic.
        CollectionError: there are no test pictures, or of one style only.
        VocabularyError: the judge, or the collection, speaks of other styles.
        OutputError: the run's folder cannot be written.
    """
    settings, say = settings or PaintingSettings(), announce or (lambda line: None)
    opened = runs.open_run(Path(run), "painter")
    painter = painter_of(opened, accelerator_on(settings.device).device)
    found = collection_of(opened, collection)
    rows = _chosen(found, settings.per_style)
    judge = _judge(opened, settings, say, progress=progress)
    found.vocabulary.require(judge.run.styles, f"the judge in {judge.run.path}")
    subject = Subject(opened, painter, judge, found, rows)
    say(f"painting {len(rows)} test pictures in every style")
    result = _measure(subject, settings)
    judged = painting_findings(result, opened, found)
    own = found.fingerprint == opened.collection["fingerprint"]
    folder = (
        opened.evaluation_path if own else opened.path / f"evaluation-{found.path.resolve().name}"
    )
    not_done(folder)
    result["shown"] = draw(subject, settings.shown, folder / "figures")
    findings.save(folder / "findings.json", judged)
    write_json(folder / "painting.json", result)
    made_from = opened.weights_fingerprint
    done(folder, settings=settings, weights=made_from, collection=found.fingerprint)
    return PaintingScore(folder, result, judged)


def _chosen(found: Collection, per_style: int) -> NDArray[np.int64]:
    """Rows of the test pictures to be painted.

    Of each style evenly as many as are wanted, or all.
    """
    test = found.indices("test")
    some = []
    for style in np.unique(found.labels[test]):
        mine = test[found.labels[test] == style]
        some.append(
            mine[np.linspace(0, len(mine) - 1, min(per_style, len(mine))).round().astype(np.int64)]
        )
    if len(some) < 2:
        raise CollectionError(
            f"{found.path} has test pictures of {len(some)} styles: scoring a painter takes two"
        )
    return np.sort(np.concatenate(some))


def _judge(
    painter: Run, settings: PaintingSettings, say: Callable[[str], None], *, progress: bool
) -> LoadedClassifier:
    if settings.judge is not None:
        if Path(settings.judge).resolve() == (painter.path / CRITIC).resolve():
            raise RunError(
                f"{settings.judge} is the painter's own critic, and so no judge: name another run"
            )
        return open_classifier(Path(settings.judge), settings.device)
    own = collection_of(painter)
    _, half = disjoint_halves(own, int(painter.settings["seed"]))
    shared = {"device", "seed"} - settings.teach.model_fields_set
    teach = settings.teach.model_copy(update={name: getattr(settings, name) for name in shared})
    place = painter.path / JUDGE
    say("training the judge")
    try:
        train_classifier(half, place, teach, progress=progress)
    except RunError as error:
        raise RunError(f"{error}; --classifier {place} takes the judge that there is") from error
    return open_classifier(place, settings.device)


def _measure(subject: Subject, settings: PaintingSettings) -> dict[str, Any]:
    names, found, test = (
        subject.found.vocabulary.styles,
        subject.found,
        subject.found.indices("test"),
    )
    real_shares, real_seen = subject.seen(subject.stored(test))
    arms = judged_arms(subject, real_seen, settings.seed)
    right, real_labels = real_shares.argmax(1) == found.labels[test], found.labels[test]
    spread = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    rates = numbers.Rates(arms.hits, subject.labels, right, real_labels, **spread)
    return {
        "format": FORMAT,
        "command": runs.command(),
        "environment": runs.environment(),
        "collection_fingerprint": found.fingerprint,
        "styling": subject.run.settings["styling"],
        "resolution": subject.resolution,
        "pictures": len(subject.rows),
        "evaluator": _about(subject, right),
        "scores": {
            arm: {"hit": rates.mean(arm), "normalised": rates.normalised(arm)}
            for arm in (*ARMS, "real")
        },
        "gains": {arm: rates.gain("painted", arm) for arm in ("unchanged", "histogram")},
        "content": {arm: _summary(parts, settings) for arm, parts in arms.contents.items()},
        "searched": arms.searched,
        "frechet_distance": {
            arm: _mean([row[arm] for row in arms.frechet.values()]) for arm in ARMS
        },
        "kernel_distance": {arm: _mean([row[arm] for row in arms.kernel.values()]) for arm in ARMS},
        "per_style": [
            {
                "style": names[style],
                "train": int(found.counts("train")[style]),
                **{arm: rates.of_style(style, arm) for arm in (*ARMS, "real")},
                "frechet_distance": arms.frechet[names[style]],
                "kernel_distance": arms.kernel[names[style]],
            }
            for style in rates.styles
        ],
        "pairs": rates.pairs(names),
        "identity": _identity(subject, settings),
        "strength": _strength(subject),
    }


def _mean(distances: list[float | None]) -> float | None:
    """The mean over styles; ``None`` where one of them has too few pictures."""
    known = [value for value in distances if value is not None]
    return float(np.mean(known)) if known and len(known) == len(distances) else None


def _about(subject: Subject, right: NDArray[np.bool_]) -> dict[str, Any]:
    """The judge, and what it is worth on real test pictures."""
    run, known = subject.judge.run, set().union(*training_hashes(subject.judge.run))
    mine, hashes = set().union(*training_hashes(subject.run)), subject.found.column("sha256")
    return {
        "run": run.path.name,
        "network": run.settings["network"],
        "accuracy": float(right.mean()),
        "pictures_shared": len(mine & known),
        "test_pictures_seen": len({hashes[row] for row in subject.rows} & known),
    }


def _summary(
    parts: list[dict[str, Any]], settings: PaintingSettings
) -> dict[str, dict[str, float]]:
    """Means over pictures and styles, resampled over pictures."""
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    rows = whole.pop("picture").astype(np.int64)
    again = {"resamples": settings.bootstrap_samples, "seed": settings.seed}
    return {name: cluster_mean_estimate(values, rows, **again) for name, values in whole.items()}


def _identity(subject: Subject, settings: PaintingSettings) -> dict[str, dict[str, float]]:
    """SSIM of pictures painted in their own style, and in none, with the originals."""
    eye = torch.eye(len(subject.found.vocabulary))
    result = {}
    for name, strength in (("own_style", 1.0), ("no_style", 0.0)):
        back = subject.painted(subject.originals, strength * eye[subject.labels])
        alike = ssim(float_tensor(back), float_tensor(subject.originals)).double().numpy()
        result[name] = mean_estimate(
            alike, resamples=settings.bootstrap_samples, seed=settings.seed
        )
    return result


def _strength(subject: Subject) -> list[dict[str, float]]:
    """The share of pictures seen in the style asked for, and how alike they still are, at rising strength.

    Each picture is painted in one other style, in turn.
    """
    labels, eye = subject.labels, torch.eye(len(subject.found.vocabulary))
    present = np.unique(labels)
    place = np.searchsorted(present, labels)
    targets = present[(place + 1 + np.arange(len(labels)) % (len(present) - 1)) % len(present)]
    rows = []
    for strength in STRENGTHS:
        made = subject.painted(subject.originals, strength * eye[targets])
        shares, _ = subject.seen(made)
        rows.append(
            {
                "strength": strength,
                "hit": float((shares.argmax(1) == targets).mean()),
                "probability": float(shares[np.arange(len(targets)), targets].mean()),
                "ssim": float(numbers.kept(made, subject.originals)["ssim"].mean()),
            }
        )
    return rows
