"""Prediction: styles of pictures, calibrated probabilities, conformal sets and heat maps."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from impasto.collection.user_images import read_images
from impasto.config import Device, Settings
from impasto.evaluation.grad_cam import heat_maps, heat_of_maps
from impasto.evaluation.loaded_classifier import LoadedClassifier, PriorCorrection, open_classifier
from impasto.evaluation.ood import FALSE_ALARMS, OodDetector, ood_features
from impasto.evaluation.settings import EvaluateSettings, Views
from impasto.files import replacing, write_text
from impasto.images.decode import Fit
from impasto.images.heat_overlay import heat_overlay
from impasto.numerics import conformal
from impasto.numerics.formatting import percent
from impasto.path_names import unused
from impasto.records.evaluation import PredictionCalibration, Prior

HEAT_SIDE = 384  # pixels of a heat map's shorter side
Announce = Callable[[str], None]


class PredictSettings(Settings):
    """Settings of a prediction."""

    prior: Prior | None = Field(
        None, description="how frequent styles are supposed to be; none: as evaluated"
    )
    shown: int = Field(3, ge=1, description="how many styles are named for each picture")
    device: Device = "auto"


@dataclass(frozen=True, slots=True)
class Prediction:
    """Prediction for one picture.

    Attributes:
        path: the picture.
        probabilities: of every style, the likeliest first.
        members: conformal set: styles that together hold the true one at the evaluation's level;
            ``None`` before an evaluation.
        in_distribution: whether it resembles training pictures; ``None`` before an evaluation, and
            where the collection has too few pictures for a limit.
        heatmap: the file of its Grad-CAM, where one was asked for.
        shown: how many styles to name in words.
    """

    path: Path
    probabilities: Mapping[str, float]
    members: tuple[str, ...] | None
    in_distribution: bool | None
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
            "in_distribution": self.in_distribution,
            "heatmap": str(self.heatmap) if self.heatmap else None,
        }

    def as_text(self) -> str:
        """The prediction in a few lines."""
        likely = list(self.probabilities.items())[: self.shown]
        lines = [
            f"{self.path}: " + ", ".join(f"{style} {percent(share, 0)}" for style, share in likely)
        ]
        if self.members is not None:
            named = ", ".join(self.members)
            every = len(self.members) == len(self.probabilities)
            lines.append(f"  one of: {f'all {len(self.members)} styles' if every else named}")
        if self.in_distribution is False:
            lines.append(
                "  unlike the pictures trained on, as at most one in "
                f"{round(1 / FALSE_ALARMS)} of their kind is: do not rely on this answer"
            )
        if self.heatmap:
            lines.append(f"  heat map: {self.heatmap}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Explained:
    """Predictions for pictures, with what the network computes on the way.

    Attributes:
        predictions: in the pictures' order.
        embeddings: of the pictures themselves, not averaged over views, ``float32 (N, D)``.
        heat: Grad-CAM of each picture for its likeliest style, ``float32 (N, R, R)`` in [0, 1].
    """

    predictions: list[Prediction]
    embeddings: NDArray[np.float32]
    heat: NDArray[np.float32]


def predict(
    run: Path | str,
    images: Sequence[Path | str] | Path | str,
    settings: PredictSettings | None = None,
    *,
    output: Path | None = None,
    on_skip: Announce | None = None,
) -> list[Prediction]:
    """Predict the styles of pictures, in order; folders are searched, their pictures by path.

    Args:
        run: the run's folder; one that was evaluated also knows temperature, conformal sets and
            OOD scores.
        images: pictures or folders of them.
        settings: the defaults where ``None``.
        output: a folder for heat maps, ``NAME-heat.jpg`` each.
        on_skip: called with one line for every picture that cannot be read, and once for a run
            without an evaluation.

    Raises:
        InputError: a path does not exist, or none of the pictures can be read.
        RunError: there is no trained classifier, or its evaluation is damaged.
    """
    settings, announce = settings or PredictSettings(), on_skip or (lambda line: None)
    predictor = Predictor.open(run, settings, announce)
    paths, pixels = read_images(images, predictor.size, predictor.fit, announce)
    heat = _HeatWriter(predictor.network, output, set())
    made = predictor.predict(paths, pixels)
    if output is None:
        return made
    return [
        replace(one, heatmap=heat.write(one.path, picture, predictor.position(one.style)))
        for one, picture in zip(made, pixels, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Predictor:
    """A classifier opened for predictions, with the calibration of its evaluation.

    Attributes:
        network: the classifier.
        shown: how many styles a prediction names in words.
    """

    network: LoadedClassifier
    shown: int
    _calibrated: "CalibratedPrediction"

    @classmethod
    def open(
        cls, run: Path | str, settings: PredictSettings, announce: Announce = lambda line: None
    ) -> "Predictor":
        """Open a run's classifier.

        Args:
            run: the run's folder.
            settings: of the predictions.
            announce: called with one line where the run is not evaluated.

        Raises:
            RunError: there is no trained classifier, or its evaluation is damaged.
            SettingsError: there is no such device.
        """
        network = open_classifier(Path(run), settings.device)
        return cls(
            network, settings.shown, calibrated_prediction(network, settings.prior, announce)
        )

    @property
    def size(self) -> int:
        """Height and width of the pictures that it is given, in pixels."""
        return int(self.network.run.collection["size"])

    @property
    def calibrated(self) -> bool:
        """Whether an evaluation of these weights gives temperature and conformal sets."""
        return self._calibrated.thresholds is not None

    @property
    def fit(self) -> Fit:
        """Squash or crop: the way pictures are made square."""
        return cast(Fit, self.network.run.collection["fit"])

    def position(self, style: str) -> int:
        """The position of a style in the vocabulary."""
        return self.network.run.styles.index(style)

    def predict(self, paths: Sequence[Path], pixels: NDArray[np.uint8]) -> list[Prediction]:
        """Predict the styles of pictures ``uint8 (N, size, size, 3)``, named by ``paths``."""
        logits, _ = self.network.logits_and_features(
            lambda rows: pixels[rows], len(pixels), self._calibrated.views
        )
        return self._predictions(paths, pixels, logits)

    def explain(self, paths: Sequence[Path], pixels: NDArray[np.uint8]) -> Explained:
        """Predict the styles of a few pictures, with embeddings and heat maps.

        The network sees each picture once for all three; ``predict`` and ``heat_maps`` one after
        the other take longer. All pictures are computed as one batch.
        """
        network = self.network
        logits, embeddings, maps = network.outputs_and_maps(pixels, self._calibrated.views)
        predictions = self._predictions(paths, pixels, logits)
        named = np.array([self.position(one.style) for one in predictions])
        return Explained(predictions, embeddings, heat_of_maps(network, maps, named))

    def _predictions(
        self, paths: Sequence[Path], pixels: NDArray[np.uint8], logits: NDArray[np.float32]
    ) -> list[Prediction]:
        calibrated, styles = self._calibrated, self.network.run.styles
        probabilities = calibrated.correction(logits, calibrated.temperature)
        sets, near = None, None
        if calibrated.thresholds is not None:
            sets = conformal.members(probabilities, calibrated.thresholds)
        if calibrated.detector:
            values = ood_features(pixels, calibrated.detector.side)
            near = calibrated.detector.inside(calibrated.detector.distances(values))
        made = []
        for row, path in enumerate(paths):
            order = np.argsort(-probabilities[row], kind="stable")
            held = None if sets is None else np.flatnonzero(sets[row])
            prediction = Prediction(
                path=path,
                probabilities={styles[at]: float(probabilities[row, at]) for at in order},
                members=None if held is None else tuple(styles[at] for at in held),
                in_distribution=None if near is None else bool(near[row]),
                heatmap=None,
                shown=self.shown,
            )
            made.append(prediction)
        return made


@dataclass(frozen=True, slots=True)
class CalibratedPrediction:
    """Calibration of an evaluation; without one, temperature 1 and no thresholds.

    Attributes:
        correction: of the prior.
        temperature: divisor of the logits.
        views: what logits and features are averaged over.
        thresholds: of the conformal sets, ``(styles,)``.
        level: the share of sets that hold the true style.
        detector: of pictures unlike the training's.
        calibrated: whether an evaluation of these weights gave the temperature.
    """

    correction: PriorCorrection
    temperature: float
    views: Views
    thresholds: NDArray[np.float64] | None
    level: float | None
    detector: OodDetector | None
    calibrated: bool


def calibrated_prediction(
    network: LoadedClassifier, prior: Prior | None, announce: Announce
) -> CalibratedPrediction:
    """The calibration of a classifier's evaluation.

    Args:
        network: the classifier.
        prior: how frequent styles are supposed to be; ``None``: as evaluated.
        announce: called with one line where no evaluation holds for its weights.

    Raises:
        RunError: the evaluation is damaged.
    """
    folder = network.run.evaluation_path
    path, state = folder / "calibration.json", "is not evaluated"
    if path.is_file():
        found = PredictionCalibration.read(path, what="calibration", verb="impasto evaluate")
        if found.weights == network.run.weights_fingerprint:
            return CalibratedPrediction(
                network.prior_correction(uniform=(prior or found.prior) == "uniform"),
                found.temperature,
                Views(found.flip, found.scales),
                # Thresholds hold for the prior that they were found under
                np.asarray(found.thresholds) if prior in (None, found.prior) else None,
                found.level if prior in (None, found.prior) else None,
                OodDetector.load(folder / "ood.safetensors"),
                calibrated=True,
            )
        state = "was trained further since it was evaluated"
    announce(
        f"{network.run.path} {state}: probabilities are not calibrated (run impasto evaluate first)"
    )
    correction = network.prior_correction(uniform=prior != "train")
    return CalibratedPrediction(
        correction, 1.0, EvaluateSettings().views, None, None, None, calibrated=False
    )


@dataclass(frozen=True, slots=True)
class _HeatWriter:
    """Writes heat maps into a folder, under names that do not collide."""

    network: LoadedClassifier
    folder: Path | None
    used: set[str]

    def write(self, path: Path, pixels: NDArray[np.uint8], style: int) -> Path | None:
        if self.folder is None:
            return None
        name = f"{unused(f'{path.stem}-heat', self.used)}.jpg"
        (heat,) = heat_maps(self.network, pixels[None], np.array([style]))
        picture = Image.fromarray(pixels).resize((HEAT_SIDE, HEAT_SIDE), Image.Resampling.LANCZOS)
        with replacing(self.folder / name, noted=False) as temporary:
            heat_overlay(picture, heat).save(temporary, format="JPEG", quality=90)
        return self.folder / name


def write_csv(path: Path, made: Sequence[Prediction]) -> None:
    """Write predictions as a table that spreadsheets open: a row a picture, a column a style.

    UTF-8 with a byte order mark, by which Excel knows the encoding. A text that a spreadsheet would
    take for a formula gets an apostrophe in front.
    """
    styles = sorted(made[0].probabilities) if made else []
    with io.StringIO(newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["path", "style", "probability", "set", "in_distribution", *styles])
        for one in made:
            members = "" if one.members is None else " | ".join(one.members)
            known = "" if one.in_distribution is None else ("yes" if one.in_distribution else "no")
            shares = (f"{one.probabilities[style]:.4f}" for style in styles)
            best = f"{one.probabilities[one.style]:.4f}"
            texts = map(_no_formula, (str(one.path), one.style))
            table.writerow([*texts, best, _no_formula(members), known, *shares])
        write_text(path, "\ufeff" + stream.getvalue(), noted=False)


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
