"""Evaluation of an autoencoder: PSNR and SSIM of test pictures, beside PCA and the mean picture.

RUN/evaluation/metrics.json              PSNR and SSIM with intervals, baselines, gains over them
RUN/evaluation/reconstructions.parquet   one row a test picture
RUN/evaluation/findings.json             IMP305, IMP307, IMP310
RUN/evaluation/figures/                  test pictures, reconstructed by PCA and by the autoencoder

The baselines are fitted on training pictures, at the resolution of the autoencoder's output. PCA
is given their mirror images, as the autoencoder is, and keeps as many numbers a picture. A further
row is the autoencoder before its training: its own components and linear decoder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import gather_object
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.picture_draws import known_artists, resampled_units
from impasto.collection.run_collection import collection_of, evaluation_folder
from impasto.devices import accelerator_on
from impasto.errors import CollectionError
from impasto.evaluation.evaluation_findings import finished_finding, overlap_finding
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import write_table
from impasto.images.contact_sheet import contact_sheet, write_png
from impasto.images.tensors import byte_tensor, to_pixels
from impasto.models.autoencoder import Autoencoder
from impasto.models.image_metrics import psnr, ssim
from impasto.models.preprocess import plain
from impasto.numerics.bootstrap import cluster_mean_estimate
from impasto.records import finding as findings
from impasto.records import run as runs
from impasto.records.evaluation import ScoreTable
from impasto.records.finding import Finding
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.record import Interval
from impasto.records.run import Run
from impasto.state.fingerprint import done, not_done
from impasto.weights import autoencoder_of

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
BATCH = 128
FITTED = 10_000  # training pictures, evenly chosen, that the baselines are fitted on
SHOWN = 16
MEASURES = ("psnr", "ssim")


@dataclass(frozen=True, slots=True)
class _Reconstructor:
    """An autoencoder, and the baselines fitted for it.

    ``mean`` ``(3 P²,)`` and ``components`` ``(latent, 3 P²)`` are of flat training pictures.
    """

    collection: Collection
    model: Autoencoder
    device: torch.device
    mean: Tensor
    components: Tensor
    fitted_on: int

    @classmethod
    def fit(
        cls, collection: Collection, train: Rows, model: Autoencoder, device: torch.device
    ) -> "_Reconstructor":
        rows = evenly(train, FITTED)
        batches = [
            plain(
                byte_tensor(collection.pixels[rows[start : start + BATCH]]), model.config.painted
            ).contiguous()
            for start in range(0, len(rows), BATCH)
        ]
        pca = PCA(model.config.latent, svd_solver="randomized", iterated_power=7, random_state=0)
        pictures = torch.cat(batches)
        pca.fit(torch.cat((pictures, pictures.flip(3))).flatten(1).numpy())
        mean, components = torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_)
        return cls(collection, model, device, mean, components, len(rows))

    @torch.no_grad()
    def reconstruct(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Pictures, and what is given back, ``(B, 3, P, P)`` each.

        By the autoencoder, PCA, the mean picture, and the autoencoder before its training.
        """
        raw = byte_tensor(self.collection.pixels[rows]).to(self.device)
        target = plain(raw, self.model.config.painted)
        seen = plain(raw, self.model.config.resolution)
        own, start = self.model(seen)[0], self.model.before_training(seen)
        flat = target.cpu().contiguous().flatten(1) - self.mean
        pca = self.mean + flat @ self.components.T @ self.components
        mean = self.mean.view(1, *target.shape[1:]).to(self.device).expand_as(target)
        return (
            target,
            own.clamp(-1, 1),
            pca.view(target.shape).to(self.device).clamp(-1, 1),
            mean.clamp(-1, 1),
            start.clamp(-1, 1),
        )

    def scores(self, rows: Rows) -> Floats:
        """PSNR and SSIM of each reconstruction of each picture, ``(N, 4, 2)``."""
        parts = [np.empty((0, 4, 2))]
        for start in range(0, len(rows), BATCH):
            target, *outputs = self.reconstruct(rows[start : start + BATCH])
            pairs = [
                torch.stack((psnr(output, target), ssim(output, target)), 1) for output in outputs
            ]
            parts.append(torch.stack(pairs, 1).double().cpu().numpy())
        return np.concatenate(parts)


def evaluate_reconstruction(
    path: Path, collection: Path | None = None, settings: EvaluateSettings | None = None
) -> AutoencoderEvaluation:
    """Evaluate an autoencoder, and write the result into its run's folder.

    Args:
        path: the run's folder.
        collection: the collection's; ``None``: the run's own, unchanged since.
        settings: the defaults where ``None``.

    Raises:
        RunError: there is no trained autoencoder, or its collection has changed since.
        CollectionError: the collection is missing or has no test or training pictures.
        VocabularyError: the collection has other styles.
        OutputError: the run's folder cannot be written.
    """
    settings = settings or EvaluateSettings()
    run = runs.open_run(path, "autoencoder")
    accelerator = accelerator_on(settings.device)
    model = autoencoder_of(run, accelerator.device)
    opened = collection_of(run, collection)
    test, train = opened.indices("test"), opened.indices("train")
    if not len(test) or len(train) <= model.config.latent:
        raise CollectionError(
            f"{opened.path} has {len(test)} test and {len(train)} training pictures: scoring an "
            f"autoencoder takes some test pictures, and more than {model.config.latent} training "
            "pictures for its baselines"
        )
    reconstructor = _Reconstructor.fit(opened, train, model, accelerator.device)
    local = test[accelerator.process_index :: accelerator.num_processes]
    shards = [(local, reconstructor.scores(local))]
    if accelerator.num_processes > 1:
        shards = gather_object(shards)
    order = np.argsort(np.concatenate([rows for rows, _ in shards]), kind="stable")
    scores = np.concatenate([part for _, part in shards])[order]
    evaluation = _evaluation(scores, run, reconstructor, settings)
    folder = evaluation_folder(run, opened)
    if accelerator.is_main_process:
        not_done(folder)
        _write_rows(folder, opened, test, scores)
        quality = np.argsort(scores[:, 0, 0], kind="stable")  # from the worst to the best
        _draw(folder / "figures", reconstructor, test[evenly(quality, SHOWN)])
        evaluation.write(folder / "metrics.json")
        found = [overlap_finding(run, opened), finished_finding(run), _pca_finding(evaluation)]
        findings.save(folder / "findings.json", found)
        made_from = {"weights": run.weights_fingerprint, "collection": opened.fingerprint}
        done(folder, settings=settings, format=evaluation.format, **made_from)
    accelerator.wait_for_everyone()
    return evaluation.at(folder)


def _evaluation(
    scores: Floats, run: Run, reconstructor: _Reconstructor, settings: EvaluateSettings
) -> AutoencoderEvaluation:
    opened = reconstructor.collection
    rows = opened.indices("test")
    artists = known_artists(opened, rows)
    units = np.arange(len(rows)) if artists is None else artists

    def table(values: Floats) -> ScoreTable:
        """Means of PSNR and SSIM ``(N, 2)``."""
        samples, seed = settings.bootstrap_samples, settings.seed
        return {
            name: Interval(
                **cluster_mean_estimate(values[:, at], units, resamples=samples, seed=seed)
            )
            for at, name in enumerate(MEASURES)
        }

    return AutoencoderEvaluation(
        split="test",
        pictures=len(scores),
        resampled=resampled_units(opened, rows),
        resolution=run.facts["painted"],
        latent=run.settings["latent"],
        collection_fingerprint=reconstructor.collection.fingerprint,
        command=runs.command(),
        environment=runs.environment(),
        scores=table(scores[:, 0]),
        baselines={
            "before_training": table(scores[:, 3]),
            "pca": table(scores[:, 1]),
            "mean_picture": table(scores[:, 2]),
        },
        gains_over_pca=table(scores[:, 0] - scores[:, 1]),
        gains_by_training=table(scores[:, 0] - scores[:, 3]),
        fitted_on=reconstructor.fitted_on,
    )


def _pca_finding(evaluation: AutoencoderEvaluation) -> Finding:
    """IMP310: whether the 95 % intervals of both gains over the better baseline exclude 0."""
    own, baselines = evaluation.scores, evaluation.baselines
    better = evaluation.better_baseline
    text = f"Test pictures are reconstructed at {_both(own)}; as many principal components reach "
    text += f"{_both(baselines['pca'])}, the autoencoder before its training "
    text += f"{_both(baselines['before_training'])}."
    gains = evaluation.gains_over_pca if better == "pca" else evaluation.gains_by_training
    numbers: dict[str, float] = {}
    for name, gain in gains.items():
        numbers |= {f"{name}_gain_{end}": value for end, value in gain}
    clear = all(gain.low > 0 for gain in gains.values())
    return Finding("IMP310", "passed" if clear else "issue", text, numbers)


def _both(scores: ScoreTable) -> str:
    return f"{scores['psnr'].value:.2f} dB and an SSIM of {scores['ssim'].value:.3f}"


def _write_rows(folder: Path, collection: Collection, test: Rows, scores: Floats) -> None:
    columns: dict[str, Any] = {
        name: collection.table.column(name).take(test) for name in ("id", "style")
    }
    for at, name in enumerate(MEASURES):
        columns |= {name: scores[:, 0, at], f"pca_{name}": scores[:, 1, at]}
    write_table(folder / "reconstructions.parquet", columns)


def _draw(folder: Path, reconstructor: _Reconstructor, rows: Rows) -> None:
    """Draw two bands of columns: a picture, its PCA and its autoencoder reconstruction."""
    target, own, pca, *_ = reconstructor.reconstruct(rows)
    bands = []
    for part in torch.split(torch.arange(len(rows)), -(-len(rows) // 2)):
        bands += [list(to_pixels(images[part])) for images in (target, pca, own)]
    write_png(folder / "reconstructions.png", contact_sheet(bands, gap=0))
