"""Evaluation of a classifier on the test split, beside baselines, with 95 % intervals.

RUN/evaluation/metrics.json           scores, baselines, per style, confusion, calibration
RUN/evaluation/predictions.parquet    one row a test picture
RUN/evaluation/heat.npy               coarse Grad-CAM of each of them
RUN/evaluation/heat_second.npy        the same for the runner-up style
RUN/evaluation/findings.json          IMP301 to IMP309
RUN/evaluation/explanation.json       heat, typical works, confusions against years
RUN/evaluation/figures/               the worst and the most confused pictures, heat, typical works
RUN/evaluation/calibration.json       temperature, prior and conformal thresholds, for predict
RUN/evaluation/ood.safetensors        mean and covariance of training pictures, for predict

On another collection than the run's own the same goes to ``RUN/evaluation-NAME``, without the files
for predict. The test split chooses nothing: temperature, thresholds and the histogram's
regularisation come from validation.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.picture_draws import picture_draws
from impasto.collection.run_collection import (
    collection_of,
    evaluation_folder,
    training_hashes,
)
from impasto.errors import CollectionError
from impasto.evaluation.classifier_figures import draw_sheets
from impasto.evaluation.evaluation_findings import evaluation_findings
from impasto.evaluation.explanation import explain
from impasto.evaluation.grad_cam import coarse_heat
from impasto.evaluation.loaded_classifier import LoadedClassifier, Outputs, open_classifier
from impasto.evaluation.ood import HELD_OUT, KEPT, OodDetector, ood_features
from impasto.evaluation.ood_scores import given_pictures, ood_scores
from impasto.evaluation.prior_scores import matching_prior
from impasto.evaluation.scoring import calibrate, score
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import replacing, write_table
from impasto.numerics import conformal
from impasto.records import finding as findings
from impasto.records.evaluation import ClassifierEvaluation, PredictionCalibration
from impasto.state.fingerprint import done, not_done


def evaluate_classifier(
    run: Path, collection: Path | None = None, settings: EvaluateSettings | None = None
) -> ClassifierEvaluation:
    """Evaluate a classifier, and write the result into its run's folder.

    Args:
        run: the run's folder.
        collection: the collection's; ``None``: the run's own, unchanged since.
        settings: the defaults where ``None``.

    Raises:
        RunError: there is no trained classifier, or its collection has changed since.
        CollectionError: the collection is missing or has no test pictures.
        VocabularyError: the collection has other styles.
        OutputError: the run's folder cannot be written.
    """
    settings = settings or EvaluateSettings()
    network = open_classifier(run, settings.device)
    opened = collection_of(network.run, collection)
    rows = opened.indices("test")
    if not len(rows):
        raise CollectionError(
            f"{opened.path} has no test pictures: prepare it with --split stratified"
        )
    given = _given_outliers(opened, settings)
    test = network.outputs(opened, rows, settings.views)
    validation = network.outputs(opened, _unseen_validation(network, opened), settings.views)
    correction = network.prior_correction(uniform=settings.prior == "uniform")
    weights = network.run.weights_fingerprint
    calibration = calibrate(correction, validation, settings, weights)
    folder = evaluation_folder(network.run, opened)
    own = folder == network.run.evaluation_path
    mix = matching_prior(opened, correction.shares, own=own)
    draws = picture_draws(
        opened, test.rows, resamples=settings.bootstrap_samples, seed=settings.seed
    )
    detector, distances, ood = None, None, None
    if own and calibration:
        detector = _ood_detector(opened, validation.rows)
        distances = detector.distances(ood_features(opened.pixels[test.rows], detector.side))
        ood = ood_scores(detector, draws, distances, given, seed=settings.seed)
    evaluation = score(
        opened, correction, test, validation, calibration, settings, mix=mix, draws=draws
    ).model_copy(update={"ood": ood})
    probabilities = correction(test.logits, calibration.temperature if calibration else 1.0)
    main = network.accelerator.is_main_process
    figures = folder / "figures" if main else None
    explanation = explain(network, opened, test, probabilities, settings, figures)
    if main:
        not_done(folder)
        _write_predictions(folder, opened, test, probabilities, calibration, detector, distances)
        if calibration and detector:
            detector.save(folder / "ood.safetensors")
            calibration.write(folder / "calibration.json")
        draw_sheets(folder / "figures", opened, test, probabilities)
        second = np.argsort(probabilities, 1)[:, -2]
        for name, styles in (("heat", probabilities.argmax(1)), ("heat_second", second)):
            heat = coarse_heat(network, opened.pixels, test.rows, styles)
            with replacing(folder / f"{name}.npy") as temporary, temporary.open("wb") as file:
                np.save(file, heat)
        explanation.write(folder / "explanation.json")
        evaluation.write(folder / "metrics.json")
        found = evaluation_findings(evaluation, explanation, network.run, opened)
        findings.save(folder / "findings.json", found)
        made_from = {"weights": weights, "collection": opened.fingerprint}
        done(folder, settings=settings, format=evaluation.format, **made_from)
    network.accelerator.wait_for_everyone()
    return evaluation.at(folder)


def _unseen_validation(network: LoadedClassifier, collection: Collection) -> NDArray[np.int64]:
    """Validation pictures that the run was not trained on."""
    trained, _ = training_hashes(network.run)
    hashes, rows = collection.column("sha256"), collection.indices("validation")
    return rows[[hashes[row] not in trained for row in rows]]


def _given_outliers(collection: Collection, settings: EvaluateSettings) -> NDArray[np.uint8] | None:
    """Pictures that the settings name for the OOD score."""
    if settings.outliers is None:
        return None
    how = collection.record.settings
    return given_pictures(Path(settings.outliers), collection.pixels.shape[1], how["fit"])


def _ood_detector(collection: Collection, validation: NDArray[np.int64]) -> OodDetector:
    """Fit the detector on an even choice of the training pictures.

    Its limit is that of the validation pictures and, where these are few, of training pictures that
    it is not fitted on, a third of them at most.
    """
    train = collection.indices("train")
    missing = max(0, HELD_OUT - len(validation))
    left_out = evenly(train, min(missing, len(train) // 3))
    known = evenly(np.setdiff1d(train, left_out), KEPT)
    held_out = np.concatenate((validation, left_out))
    return OodDetector.fit(collection.pixels[known], collection.pixels[held_out])


def _write_predictions(
    folder: Path,
    collection: Collection,
    test: Outputs,
    probabilities: NDArray[np.float64],
    calibration: PredictionCalibration | None,
    detector: OodDetector | None,
    distances: NDArray[np.float64] | None,
) -> None:
    """Write ``predictions.parquet``, a row a test picture."""
    styles = np.asarray(collection.vocabulary.styles, object)
    columns: dict[str, Any] = {
        name: collection.table.column(name).take(test.rows) for name in ("id", "artist")
    }
    columns |= {
        "style": styles[test.labels].tolist(),
        "predicted": styles[probabilities.argmax(1)].tolist(),
        "confidence": probabilities.max(1),
        "probabilities": list(probabilities),
        "logits": list(test.logits),
    }
    if calibration:
        inside = conformal.members(probabilities, np.asarray(calibration.thresholds))
        columns["set"] = [styles[row].tolist() for row in inside]
    if detector and distances is not None:
        within = detector.inside(distances)
        columns["distance"] = distances
        columns["in_distribution"] = pa.array(
            [None] * len(distances) if within is None else within.tolist(), pa.bool_()
        )
    write_table(folder / "predictions.parquet", columns)
