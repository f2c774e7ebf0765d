"""Evaluate: a run's scores on the test split, beside baselines, with intervals; written into the run's folder.

Of a classifier, as follows; for autoencoders see ``reconstruction``.

RUN/evaluation/metrics.json             scores, baselines, per style, confusion, calibration
RUN/evaluation/predictions.parquet      one row a test picture
RUN/evaluation/heat.npy                 where it looked in each of them
RUN/evaluation/findings.json            IMP301 to IMP309
RUN/evaluation/explanation.json         where it looks, what it finds typical, what its confusions follow
RUN/evaluation/figures/                 the worst and the most confused pictures, heat maps, typical works
RUN/evaluation/calibration.json         temperature, prior and conformal thresholds, for predict
RUN/evaluation/familiarity.safetensors  what training pictures look like to the network, for predict

On another collection than the run's own the same goes to ``RUN/evaluation-NAME``, without the files
for predict. The
test split chooses nothing: temperature, thresholds and the histogram's regularisation come from
    validation.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of, training_hashes
from impasto.errors import CollectionError
from impasto.evaluation.classifier_figures import draw_sheets
from impasto.evaluation.evaluation_findings import evaluation_findings
from impasto.evaluation.explanation import explain
from impasto.evaluation.grad_cam import coarse_heat
from impasto.evaluation.loaded_classifier import LoadedClassifier, Outputs, open_classifier
from impasto.evaluation.ood import KEPT, OodDetector
from impasto.evaluation.reconstruction import evaluate_reconstruction
from impasto.evaluation.result import Evaluation
from impasto.evaluation.scoring import calibrate, score
from impasto.evaluation.settings import EvaluateSettings, Views
from impasto.files import replacing, write_json
from impasto.numerics import conformal
from impasto.records import finding as findings
from impasto.records.run import open_run
from impasto.state.fingerprint import done, not_done


def evaluate(
    run: Path | str, collection: Path | str | None = None, settings: EvaluateSettings | None = None
) -> Evaluation:
    """The evaluation of a run on the test split of a collection, also written into the run's folder.

    Args:
        run: the run's folder.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        settings: the defaults where ``None``.

    Raises:
        RunError: there is no trained network, or its collection has changed since.
        CollectionError: the collection is missing or has no test pictures.
        VocabularyError: the collection speaks of other styles.
        OutputError: the run's folder cannot be written.
    """
    settings, path = settings or EvaluateSettings(), Path(run)
    if open_run(path).kind == "autoencoder":
        return evaluate_reconstruction(path, collection, settings)
    network = open_classifier(path, settings.device)
    found = collection_of(network.run, collection)
    own = found.fingerprint == network.run.collection["fingerprint"]
    test = found.indices("test")
    if not len(test):
        raise CollectionError(
            f"{found.path} has no test pictures: prepare it with --split stratified"
        )
    trained, chosen = training_hashes(network.run)
    hashes = np.asarray(found.column("sha256"), object)
    validation = found.indices("validation")
    validation = validation[[name not in trained for name in hashes[validation]]]
    looked, checked = (network.outputs(found, rows, settings.views) for rows in (test, validation))
    belief = network.prior_correction(uniform=settings.prior == "uniform")
    calibration = calibrate(belief, checked, settings)
    if calibration:
        calibration["weights"] = network.run.weights_fingerprint
    measured = score(found, belief, looked, checked, calibration, settings)
    ids = np.asarray(found.column("id"), object)
    seen = [ids[row] for row in test if hashes[row] in trained | chosen]
    folder = (
        network.run.evaluation_path if own else path / f"evaluation-{found.path.resolve().name}"
    )
    known = _known(network, found, checked, settings.views) if own and calibration else None
    shares = belief(looked.logits, calibration["temperature"] if calibration else 1.0)
    main = network.accelerator.is_main_process
    explained = explain(
        network, found, looked, shares, settings, folder / "figures" if main else None
    )
    judged = evaluation_findings(measured, explained, seen, finished=network.run.state == "done")
    if main:
        not_done(folder)
        _write(folder, found, looked, shares, calibration, known)
        with replacing(folder / "heat.npy") as temporary, temporary.open("wb") as file:
            np.save(file, coarse_heat(network, found.pixels, looked.rows, shares.argmax(1)))
        write_json(folder / "explanation.json", explained)
        write_json(folder / "metrics.json", measured)
        findings.save(folder / "findings.json", judged)
        made_from = network.run.weights_fingerprint
        done(folder, settings=settings, weights=made_from, collection=found.fingerprint)
    network.accelerator.wait_for_everyone()
    return Evaluation(folder, measured, judged)


def _known(
    network: LoadedClassifier, found: Collection, checked: Outputs, views: Views
) -> OodDetector:
    """What training pictures look like: all, or an even choice of them."""
    train = found.indices("train")
    some = train[np.linspace(0, len(train) - 1, min(KEPT, len(train))).round().astype(np.int64)]
    return OodDetector.fit(network.outputs(found, some, views).features, checked.features)


def _write(
    folder: Path,
    found: Collection,
    looked: Outputs,
    shares: NDArray[np.float64],
    calibration: Mapping[str, Any] | None,
    known: OodDetector | None,
) -> None:
    """Everything but the numbers and the findings, which come last because they say that the rest is there."""
    styles = np.asarray(found.vocabulary.styles, object)
    columns: dict[str, Any] = {
        name: found.table.column(name).take(looked.rows) for name in ("id", "artist")
    }
    columns |= {
        "style": styles[looked.labels].tolist(),
        "predicted": styles[shares.argmax(1)].tolist(),
        "confidence": shares.max(1),
        "probabilities": list(shares),
        "logits": list(looked.logits),
    }
    if calibration:
        inside = conformal.members(shares, np.asarray(calibration["thresholds"]))
        columns["set"] = [styles[row].tolist() for row in inside]
    if known:
        distances = known.distances(looked.features)
        columns |= {"distance": distances, "familiar": distances <= known.limit}
        known.save(folder / "familiarity.safetensors")
        write_json(folder / "calibration.json", calibration)
    with replacing(folder / "predictions.parquet") as temporary:
        pq.write_table(pa.table(columns), temporary)
    draw_sheets(folder / "figures", found, looked, shares)
