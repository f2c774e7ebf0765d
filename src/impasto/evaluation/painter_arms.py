"""Arms of a painter's score: ways from a picture and a target style to another picture."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.evaluation import painter_score_numbers as numbers
from impasto.evaluation.adversarial_pictures import adversarial_pictures
from impasto.evaluation.painter_under_test import PainterUnderTest, PicturesUnderTest
from impasto.generate.patch_painter import PatchPainter, StylePicture
from impasto.images.handmade_features import resized
from impasto.images.tensors import float_tensor
from impasto.models.image_metrics import lightness, ssim
from impasto.numerics.borrowed_regions import largest_region
from impasto.records.painter_score import Arm, CopyScores
from impasto.records.run import STYLE_CLASSIFIER, open_run
from impasto.weights import classifier_of, painter_of

Pixels = NDArray[np.uint8]
LARGE: Final = 0.25  # share of a picture from which one borrowed region counts as large


@dataclass(frozen=True, slots=True)
class Painting:
    """Pictures of one arm.

    Attributes:
        pixels: ``uint8 (M, R, R, 3)``, one for each pair of picture and target style.
        copying: how much they copy, where they borrow.
    """

    pixels: Pixels
    copying: CopyScores | None = None


@dataclass(frozen=True, slots=True)
class PaintingArm:
    """A way to paint all pairs of picture and target style.

    Attributes:
        name: of the arm.
        paint: called with the pictures of the arms before it.
    """

    name: Arm
    paint: Callable[[dict[Arm, Painting]], Painting]


def painting_arms(
    subject: PainterUnderTest,
    half: Collection,
    borrower: PatchPainter | None,
    *,
    course: str | None,
    seed: int,
) -> tuple[list[PaintingArm], dict[Arm, str]]:
    """The arms that can be painted, in order, and why others are left out.

    Args:
        subject: the painter, and the pairs of picture and target style.
        half: the pictures that the painter was trained on; colours and patches come from them.
        borrower: paints with patches; ``None``: nothing does.
        course: run of a painter of the course's form.
        seed: of the choice of pictures for colour transfer.
    """
    arms = [
        PaintingArm("unchanged", lambda made: Painting(subject.sources)),
        PaintingArm("histogram", lambda made: Painting(recoloured(subject, half, seed))),
        PaintingArm("painted", lambda made: Painting(subject.painted_pairs(subject.painter))),
    ]
    left_out: dict[Arm, str] = {}
    if (subject.run.path / STYLE_CLASSIFIER / "run.json").is_file():
        arms.append(PaintingArm("adversarial", lambda made: _adversarial(subject, made)))
    else:
        left_out["adversarial"] = "the painter was trained without a style classifier"
    if borrower is None:
        why = "paint.patches is false"
        if not half.counts("train").any():
            why = "the collection has no picture that the painter was trained on"
        left_out |= dict.fromkeys(("patches", "finished"), why)
    else:
        arms += [
            PaintingArm("patches", lambda made: _borrowed(subject, borrower, None)),
            PaintingArm(
                "finished", lambda made: _borrowed(subject, borrower, made["painted"].pixels)
            ),
        ]
    if course is None:
        left_out["course"] = "paint.course names no run"
    else:
        arms.append(PaintingArm("course", lambda made: Painting(_course(subject, Path(course)))))
    return arms, left_out


def paint_all(
    arms: list[PaintingArm], announce: Callable[[str], None]
) -> tuple[dict[Arm, Painting], dict[Arm, float]]:
    """Pictures of every arm, and the seconds a picture took."""
    made: dict[Arm, Painting] = {}
    seconds: dict[Arm, float] = {}
    for arm in arms:
        announce(f"painting: {arm.name}")
        start = time.perf_counter()
        made[arm.name] = arm.paint(made)
        seconds[arm.name] = (time.perf_counter() - start) / max(1, len(made[arm.name].pixels))
    return made, seconds


def recoloured(subject: PicturesUnderTest, half: Collection, seed: int) -> Pixels:
    """Colour transfer from training pictures of the target style, drawn at random.

    Args:
        subject: the pairs of original and target style.
        half: whose training pictures lend their colours.
        seed: of the choice.
    """
    rng, result = np.random.default_rng(seed), subject.sources.copy()
    train = half.indices("train")
    for style in np.unique(subject.targets):
        models = train[half.labels[train] == style]
        places = np.flatnonzero(subject.targets == style)
        if len(models):
            lent = subject.stored(rng.choice(models, len(places)))
            for place, other in zip(places, lent, strict=True):
                result[place] = numbers.matched(result[place], other)
    return result


def _adversarial(subject: PainterUnderTest, made: dict[Arm, Painting]) -> Painting:
    """Projected gradient on the painter's style classifier, at the painter's SSIM or above."""
    run = open_run(subject.run.path / STYLE_CLASSIFIER, "classifier")
    model = classifier_of(run, subject.device).requires_grad_(False)
    budgets = numbers.kept(made["painted"].pixels, subject.sources)["ssim"]
    resolution = int(run.settings["resolution"])
    return Painting(
        adversarial_pictures(model, resolution, subject.sources, subject.targets, budgets)
    )


def _course(subject: PainterUnderTest, path: Path) -> Pixels:
    """Pictures of another painter, brought to the size of this one's."""
    run = open_run(path, "painter")
    subject.found.vocabulary.require(run.styles, f"the painter in {path}")
    other = painter_of(run, subject.device)
    painted = subject.painted_pairs(other, int(run.settings["resolution"]))
    return resized(painted, subject.resolution)


def _borrowed(subject: PainterUnderTest, borrower: PatchPainter, starts: Pixels | None) -> Painting:
    """Patch synthesis of all pairs, from the pictures as they are or from painted ones."""
    hashes = subject.found.column("sha256")
    result, copies = np.empty_like(subject.sources), []
    made = borrower.paint_all(
        subject.sources,
        subject.targets.tolist(),
        starts=starts,
        exclude=[hashes[subject.rows[at]] for at in subject.pairs],
    )
    for place, (one, source) in enumerate(zip(made, subject.sources, strict=True)):
        result[place] = one.pixels
        copies.append(_copied(one, source))
    region, nearest, source_nearest = np.array(copies).T
    return Painting(
        result,
        CopyScores(
            region=float(region.mean()),
            most=float(region.max()),
            large=float((region > LARGE).mean()),
            nearest=float(nearest.mean()),
            source_nearest=float(source_nearest.mean()),
        ),
    )


def _copied(made: StylePicture, source: Pixels) -> tuple[float, float, float]:
    """Largest borrowed region; highest SSIM with a reference; the original's with the same."""
    size = source.shape[0]
    references = np.concatenate([resized(one[None], size) for one in made.references])
    both = np.stack((made.pixels, source))
    light = lightness(float_tensor(references))
    with torch.no_grad():
        alike = np.array(
            [ssim(lightness(float_tensor(one[None])).expand_as(light), light) for one in both]
        )
    nearest = int(alike[0].argmax())
    return largest_region(made.origin), float(alike[0, nearest]), float(alike[1, nearest])
