"""Evaluate an autoencoder: how like themselves test pictures come back, beside PCA and the mean picture.

RUN/evaluation/metrics.json              PSNR and SSIM with intervals, those of the baselines, and the gains over PCA
RUN/evaluation/reconstructions.parquet   one row a test picture
RUN/evaluation/findings.json             IMP305, IMP307, IMP310
RUN/evaluation/figures/                  test pictures, as PCA and as the network gives them back

The baselines are fitted on training pictures, at the resolution at which the network paints. PCA
keeps as many numbers a picture as the network does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from accelerate.utils import gather_object
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor

from impasto.collection.collection import Collection
from impasto.collection.run_collection import collection_of, training_hashes
from impasto.devices import accelerator_on
from impasto.errors import CollectionError
from impasto.evaluation.evaluation_findings import finished_finding, seen_finding
from impasto.evaluation.result import Evaluation
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import make_folder, replacing, write_json
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.tensors import byte_tensor, to_pixels
from impasto.models.autoencoder import Autoencoder
from impasto.models.image_metrics import psnr, ssim
from impasto.models.preprocess import plain
from impasto.numerics.bootstrap import Score, mean_estimate
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.state.fingerprint import done, not_done
from impasto.weights import autoencoder_of

Floats = NDArray[np.float64]
Fetch = Callable[[NDArray[np.int64]], Tensor]
FORMAT, BATCH = 1, 128
FITTED = 10_000  # training pictures, evenly chosen, that the baselines are fitted on
SHOWN = 16
MEASURES = ("psnr", "ssim")


@dataclass(frozen=True, slots=True)
class _Baselines:
    """The mean training picture and the components, flat, ``(3 P²,)`` and ``(latent, 3 P²)``; the pictures behind."""

    mean: Tensor
    components: Tensor
    fitted: int

    def pca(self, x: Tensor) -> Tensor:
        """Pictures ``(B, 3, P, P)`` as their components give them back."""
        flat = x.cpu().contiguous().flatten(1) - self.mean
        return (self.mean + flat @ self.components.T @ self.components).view(x.shape).to(x.device)


def evaluate_reconstruction(
    path: Path, collection: Path | str | None, settings: EvaluateSettings
) -> Evaluation:
    """The evaluation of an autoencoder's run on the test split, also written into the run's folder.

    Raises:
        RunError: there is no trained autoencoder, or its collection has changed since.
        CollectionError: the collection is missing or has no test or training pictures.
        VocabularyError: the collection speaks of other styles.
        OutputError: the run's folder cannot be written.
    """
    run = runs.open_run(path, "autoencoder")
    accelerator = accelerator_on(settings.device)
    model = autoencoder_of(run, accelerator.device)
    found = collection_of(run, collection)
    own = found.fingerprint == run.collection["fingerprint"]
    test, train = found.indices("test"), found.indices("train")
    if not len(test) or len(train) <= model.config.latent:
        raise CollectionError(
            f"{found.path} has {len(test)} test and {len(train)} training pictures: scoring an autoencoder takes some "
            f"test pictures, and more than {model.config.latent} training pictures for its baselines"
        )
    folder = run.evaluation_path if own else path / f"evaluation-{found.path.resolve().name}"
    known = _fit(found, train, model.config.painted, model.config.latent)
    mine = test[accelerator.process_index :: accelerator.num_processes]
    pairs = [(mine, _scores(model, known, found, mine, accelerator.device))]
    if accelerator.num_processes > 1:
        pairs = gather_object(pairs)
    order = np.argsort(np.concatenate([rows for rows, _ in pairs]), kind="stable")
    scores = np.concatenate([part for _, part in pairs])[order]
    measured = _measured(scores, run, found, settings, known)
    judged = _judged(measured, run, found)
    if accelerator.is_main_process:
        not_done(folder)
        _write(folder, found, test, scores)
        _draw(
            folder / "figures",
            model,
            known,
            found,
            test[_spread(scores[:, 0, 0])],
            accelerator.device,
        )
        write_json(folder / "metrics.json", measured)
        findings.save(folder / "findings.json", judged)
        made_from = run.weights_fingerprint
        done(folder, settings=settings, weights=made_from, collection=found.fingerprint)
    accelerator.wait_for_everyone()
    return Evaluation(folder, measured, judged)


def _gathered(found: Collection, rows: NDArray[np.int64]) -> Tensor:
    return byte_tensor(found.pixels[rows])


def _fit(found: Collection, train: NDArray[np.int64], size: int, count: int) -> _Baselines:
    rows = train[np.linspace(0, len(train) - 1, min(FITTED, len(train))).round().astype(np.int64)]
    chunks = [
        plain(_gathered(found, rows[i : i + BATCH]), size).contiguous()
        for i in range(0, len(rows), BATCH)
    ]
    flat = torch.cat(chunks).flatten(1).numpy()
    fitted = PCA(count, svd_solver="randomized", iterated_power=7, random_state=0).fit(flat)
    return _Baselines(
        torch.from_numpy(fitted.mean_), torch.from_numpy(fitted.components_), len(rows)
    )


@torch.no_grad()
def _scores(
    model: Autoencoder,
    known: _Baselines,
    found: Collection,
    rows: NDArray[np.int64],
    device: torch.device,
) -> Floats:
    """PSNR and SSIM of each picture as the network, PCA and the mean picture give it back, ``(N, 3, 2)``."""
    parts = [np.empty((0, 3, 2))]
    for start in range(0, len(rows), BATCH):
        raw = _gathered(found, rows[start : start + BATCH]).to(device)
        target = plain(raw, model.config.painted)
        mean = known.mean.view(1, *target.shape[1:]).to(device).expand_as(target)
        backs = (model(plain(raw, model.config.resolution))[0], known.pca(target), mean)
        seen = [back.clamp(-1, 1) for back in backs]
        both = [torch.stack((psnr(back, target), ssim(back, target)), 1) for back in seen]
        parts.append(torch.stack(both, 1).double().cpu().numpy())
    return np.concatenate(parts)


def _measured(
    scores: Floats, run: Run, found: Collection, settings: EvaluateSettings, known: _Baselines
) -> dict[str, Any]:
    def spread(values: Floats) -> Score:
        return mean_estimate(values, resamples=settings.bootstrap_samples, seed=settings.seed)

    of = [
        {name: spread(scores[:, who, at]) for at, name in enumerate(MEASURES)} for who in range(3)
    ]
    gains = {name: spread(scores[:, 0, at] - scores[:, 1, at]) for at, name in enumerate(MEASURES)}
    return {
        "format": FORMAT,
        "kind": "autoencoder",
        "split": "test",
        "pictures": len(scores),
        "resolution": run.facts["painted"],
        "latent": run.settings["latent"],
        "collection_fingerprint": found.fingerprint,
        "command": runs.command(),
        "environment": runs.environment(),
        "scores": of[0],
        "baselines": {"pca": of[1], "mean_picture": of[2]},
        "gains_over_pca": gains,
        "fitted_on": known.fitted,
    }


def _judged(measured: dict[str, Any], run: Run, found: Collection) -> list[Finding]:
    gains, pca = measured["gains_over_pca"], measured["baselines"]["pca"]
    better = all(gains[name]["low"] > 0 for name in MEASURES)
    own = measured["scores"]
    text = (
        f"Test pictures come back at {own['psnr']['value']:.2f} dB and an SSIM of {own['ssim']['value']:.3f}; as many "
        f"principal components reach {pca['psnr']['value']:.2f} dB and {pca['ssim']['value']:.3f}."
    )
    numbers = {
        f"{name}_gain_{end}": gains[name][end]
        for name in MEASURES
        for end in ("value", "low", "high")
    }
    trained, chosen = training_hashes(run)
    hashes, ids = found.column("sha256"), found.column("id")
    seen = [ids[row] for row in found.indices("test") if hashes[row] in trained | chosen]
    return [
        seen_finding(seen, measured["pictures"]),
        finished_finding(finished=run.state == "done"),
        Finding("IMP310", "passed" if better else "issue", text, numbers),
    ]


def _write(folder: Path, found: Collection, test: NDArray[np.int64], scores: Floats) -> None:
    columns: dict[str, Any] = {
        name: found.table.column(name).take(test) for name in ("id", "style")
    }
    for at, name in enumerate(MEASURES):
        columns |= {name: scores[:, 0, at], f"pca_{name}": scores[:, 1, at]}
    make_folder(folder)
    with replacing(folder / "reconstructions.parquet") as temporary:
        pq.write_table(pa.table(columns), temporary)


def _spread(quality: Floats) -> NDArray[np.int64]:
    """Positions from the worst to the best, evenly."""
    order = np.argsort(quality, kind="stable")
    return order[np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(np.int64)]


@torch.no_grad()
def _draw(
    folder: Path,
    model: Autoencoder,
    known: _Baselines,
    found: Collection,
    rows: NDArray[np.int64],
    device: torch.device,
) -> None:
    """Two bands of pictures: themselves, from PCA, from the network, one under the other."""
    raw = _gathered(found, rows).to(device)
    target = plain(raw, model.config.painted)
    images = (target, known.pca(target), model(plain(raw, model.config.resolution))[0])
    half = -(-len(rows) // 2)
    bands = [
        list(to_pixels(part))
        for parts in zip(*(torch.split(image, half) for image in images), strict=True)
        for part in parts
    ]
    write_png(folder / "reconstructions.png", contact_sheet(bands, gap=0))
