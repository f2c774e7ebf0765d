"""Predict.

The styles of any pictures, with calibrated probabilities, a conformal set, and where the network
looked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from impasto.collection.user_images import read_images
from impasto.config import Device, Settings
from impasto.errors import RunError
from impasto.evaluation.grad_cam import heat_maps
from impasto.evaluation.loaded_classifier import LoadedClassifier, PriorCorrection, open_classifier
from impasto.evaluation.ood import OodDetector
from impasto.evaluation.settings import EvaluateSettings, Prior, Views
from impasto.files import read_json, replacing
from impasto.images.heat_overlay import heat_overlay
from impasto.numerics import conformal

HEAT_SIDE = 384  # pixels of a heat map's shorter side


class PredictSettings(Settings):
    """How pictures are looked at."""

    prior: Prior | None = Field(
        None, description="how frequent styles are supposed to be; none: as evaluated"
    )
    shown: int = Field(3, ge=1, description="how many styles are named a picture")
    device: Device = Field(
        "auto", description="auto, cpu, cuda, cuda:N or mps; auto takes CUDA, else MPS, else cpu"
    )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of one picture.

    Attributes:
        path: the picture.
        probabilities: of every style, the likeliest first.
        members: styles that together hold the true one at the evaluation's level; ``None`` before
            an evaluation.
        familiar: whether it looks like what was trained on; ``None`` before an evaluation.
        heatmap: where the network looked, if that was asked for.
        shown: how many styles to name in words.
    """

    path: Path
    probabilities: Mapping[str, float]
    members: tuple[str, ...] | None
    familiar: bool | None
    heatmap: Path | None
    shown: int = 3

    @property
    def style(self) -> str:
        """The likeliest style."""
        return next(iter(self.probabilities))

    def as_data(self) -> dict[str, Any]:
        """The prediction as plain data."""
        return {
            "path": str(self.path),
            "style": self.style,
            "probabilities": dict(self.probabilities),
            "set": None if self.members is None else list(self.members),
            "familiar": self.familiar,
            "heatmap": str(self.heatmap) if self.heatmap else None,
        }

    def as_text(self) -> str:
        """The prediction in a few lines."""
        likely = list(self.probabilities.items())[: self.shown]
        lines = [f"{self.path}: " + ", ".join(f"{style} {share:.0%}" for style, share in likely)]
        if self.members is not None:
            lines.append(f"  one of: {', '.join(self.members)}")
        if self.familiar is False:
            lines.append("  looks unlike anything trained on: do not rely on this answer")
        if self.heatmap:
            lines.append(f"  heat map: {self.heatmap}")
        return "\n".join(lines)


def predict(
    run: Path | str,
    images: Sequence[Path | str] | Path | str,
    settings: PredictSettings | None = None,
    *,
    output: Path | None = None,
    aside: Callable[[str], None] | None = None,
) -> list[Prediction]:
    """The predictions on pictures, in order; folders are searched, and their pictures sorted by path.

    Args:
        run: the run's folder; one that was evaluated also knows temperature, conformal sets and
            what is familiar.
        images: pictures or folders of them.
        settings: the defaults where ``None``.
        output: a folder for heat maps, ``NAME-heat.jpg`` each.
        aside: called with one line for every picture that cannot be read, and once for a run
            without an evaluation.

    Raises:
        InputError: a path does not exist, or none of the pictures can be read.
        RunError: there is no trained classifier, or its evaluation is damaged.
    """
    settings, say = settings or PredictSettings(), aside or (lambda line: None)
    network = open_classifier(Path(run), settings.device)
    known = _knowledge(network, settings, say)
    size, fit = (network.run.collection[name] for name in ("size", "fit"))
    paths, stack = read_images(images, size, fit, say)
    logits, embedded = network.logits_and_features(lambda at: stack[at], len(stack), known.views)
    shares = known.belief(logits, known.temperature)
    inside = conformal.members(shares, known.limits) if known.limits is not None else None
    near = (
        known.familiarity.distances(embedded) <= known.familiarity.limit
        if known.familiarity
        else None
    )
    heat = _Heat(network, output, set())
    styles = network.run.styles
    return [
        Prediction(
            path=path,
            probabilities={
                styles[at]: float(shares[row, at]) for at in np.argsort(-shares[row], kind="stable")
            },
            members=None
            if inside is None
            else tuple(styles[at] for at in np.flatnonzero(inside[row])),
            familiar=None if near is None else bool(near[row]),
            heatmap=heat(path, stack[row], int(shares[row].argmax())),
            shown=settings.shown,
        )
        for row, path in enumerate(paths)
    ]


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What an evaluation left for predictions."""

    belief: PriorCorrection
    temperature: float
    views: Views
    limits: NDArray[np.float64] | None
    familiarity: OodDetector | None


def _knowledge(
    network: LoadedClassifier, settings: PredictSettings, say: Callable[[str], None]
) -> _Knowledge:
    folder = network.run.evaluation_path
    data = (
        read_json(folder / "calibration.json") if (folder / "calibration.json").is_file() else None
    )
    if data is None or data.get("weights") != network.run.weights_fingerprint:
        state = "is not evaluated" if data is None else "was trained further since it was evaluated"
        say(
            f"{network.run.path} {state}: probabilities are not calibrated (run impasto evaluate first)"
        )
        belief = network.prior_correction(uniform=settings.prior != "train")
        return _Knowledge(belief, 1.0, EvaluateSettings().views, None, None)
    try:
        prior = settings.prior or data["prior"]
        belief = network.prior_correction(uniform=prior == "uniform")
        # Thresholds hold for the prior that they were found under
        limits = np.asarray(data["thresholds"], np.float64) if prior == data["prior"] else None
        views = Views(data["flip"], tuple(data["scales"]))
        familiarity = OodDetector.load(folder / "familiarity.safetensors")
        return _Knowledge(belief, data["temperature"], views, limits, familiarity)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{folder / 'calibration.json'} is damaged ({error}): run impasto evaluate again"
        ) from error


@dataclass(frozen=True, slots=True)
class _Heat:
    """Writes heat maps into a folder, under names that do not collide."""

    network: LoadedClassifier
    folder: Path | None
    used: set[str]

    def __call__(self, path: Path, pixels: NDArray[np.uint8], style: int) -> Path | None:
        if self.folder is None:
            return None
        name, number = f"{path.stem[:120]}-heat.jpg", 1
        while name in self.used:
            number += 1
            name = f"{path.stem[:120]}-heat-{number}.jpg"
        self.used.add(name)
        (heat,) = heat_maps(self.network, pixels[None], np.array([style]))
        picture = Image.fromarray(pixels).resize((HEAT_SIDE, HEAT_SIDE), Image.Resampling.LANCZOS)
        with replacing(self.folder / name) as temporary:
            heat_overlay(picture, heat).save(temporary, format="JPEG", quality=90)
        return self.folder / name
