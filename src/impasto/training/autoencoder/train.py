"""Trainer of the autoencoder: a collection to a run folder; labels are not used."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from torch import nn

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.errors import CollectionError, SettingsError
from impasto.models.autoencoder import Autoencoder, AutoencoderConfig, configured
from impasto.models.preprocess import plain
from impasto.records.run import Run
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.autoencoder.task import AutoencoderTask
from impasto.training.muon import MuonAdamW, weight_groups
from impasto.training.pixel_batches import Pictures
from impasto.training.trainer import TrainingJob, train
from impasto.training.training_findings import overfitting_findings

Floats = NDArray[np.float64]
FITTED = 10_000  # training pictures, evenly chosen, that principal components are computed from
ROUNDS = 3  # of weighting them
GOOD = 0.003  # squared error below which a picture weighs hardly more: 31 dB


def train_autoencoder(
    collection: Collection,
    run: Path | str,
    settings: AutoencoderSettings | None = None,
    *,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """Train an autoencoder, or continue an interrupted run; a finished one is returned as it is.

    Args:
        collection: to learn from; its test split is never touched, its labels neither.
        run: the folder to write.
        settings: the defaults where ``None``.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there are fewer training pictures than numbers in a vector.
        ImpastoError: for all that ``trainer.train`` refuses.
    """
    settings = settings or AutoencoderSettings()
    config = configured(settings.model_dump(mode="json"))
    unit = config.stride * 2**3
    if settings.resolution % unit:
        raise SettingsError(
            f"resolution={settings.resolution}: an autoencoder's is a multiple of {unit}"
        )
    if (have := len(collection.indices("train"))) <= settings.latent:
        raise CollectionError(
            f"{collection.path} has {have} training pictures for latent={settings.latent} numbers: "
            "lower latent"
        )
    trainer = TrainingJob(
        kind="autoencoder",
        settings=settings,
        task=lambda accelerator: AutoencoderTask(collection, settings, config, accelerator),
        model=lambda: _initialised(collection, config),
        optimizer=lambda network: _optimizer(network, settings),
        facts=_facts,
        findings=overfitting_findings,
    )
    return train(trainer, collection, Path(run), resume=resume, progress=progress)


def _facts(task: AutoencoderTask) -> Mapping[str, Any]:
    return {"painted": task.config.painted}


def _optimizer(network: nn.Module, settings: AutoencoderSettings) -> MuonAdamW:
    """Optimiser with lower learning rates for latent and decoder than for the embedding."""
    assert isinstance(network, Autoencoder)
    embedding = list(network.trunk.parameters())
    rest = [weight for name, weight in network.named_parameters() if not name.startswith("trunk.")]
    rate, matrix_rate = settings.learning_rate, settings.muon_learning_rate
    groups = weight_groups(embedding, rate, matrix_rate, settings.weight_decay)
    share = settings.decoder_lr_scale
    return MuonAdamW(
        groups + weight_groups(rest, share * rate, share * matrix_rate, settings.weight_decay)
    )


def _initialised(collection: Collection, config: AutoencoderConfig) -> nn.Module:
    """Autoencoder initialised with the training pictures' principal components."""
    model, train = Autoencoder(config), collection.indices("train")
    rows = evenly(train, FITTED)
    small, painted = [], []
    for start in range(0, len(rows), 512):
        pictures = Pictures.gather(collection, rows[start : start + 512])
        small.append(model.shrink(plain(pictures, config.resolution)))
        painted.append(plain(pictures, config.painted).contiguous())
    inputs, targets = torch.cat(small).double().numpy(), torch.cat(painted).numpy()
    mean, components, weights = principal_components(inputs, config.latent)
    back = linear_decoder(inputs, targets, mean, components, weights)
    model.set_principal_components(*map(torch.from_numpy, (mean, components, *back)))
    return model


def principal_components(pictures: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Principal components of pictures and their mirror images, weighted for the mean PSNR.

    The gradient of a picture's PSNR is one over its squared error. Each picture is weighted by
    that, with the error of the round before: iteratively re-weighted least squares.

    Args:
        pictures: ``(N, C, H, W)`` in [-1, 1].
        count: of components.

    Returns:
        ``(C·H·W,)`` and ``(count, C·H·W)``: orthogonal, each as long as its standard deviation over
        the pictures; and what each picture weighs in the end, ``(N,)``.
    """
    flat = pictures.reshape(len(pictures), -1)
    mirrored = np.arange(flat.shape[1]).reshape(pictures.shape[1:])[:, :, ::-1].ravel()
    weights = np.ones(len(flat))
    for _ in range(ROUNDS):
        share = weights / weights.sum()
        mean = share @ flat
        mean = (mean + mean[mirrored]) / 2
        centred = flat - mean
        covariance = (centred * share[:, None]).T @ centred
        covariance = (covariance + covariance[mirrored][:, mirrored]) / 2
        first = len(covariance) - count
        vectors = linalg.eigh(covariance, subset_by_index=(first, len(covariance) - 1))[1][:, ::-1]
        numbers = centred @ vectors
        error = (np.square(centred).sum(1) - np.square(numbers).sum(1)).clip(min=0) / len(mean)
        weights = 1 / (error + GOOD)
    return mean, (vectors * np.sqrt(np.square(numbers).mean(0))).T, weights


def linear_decoder(
    small: Floats, painted: NDArray[np.float32], mean: Floats, components: Floats, weights: Floats
) -> tuple[Floats, Floats]:
    """Linear decoder: the least-squares map from latents to pictures.

    Enlarged components would be worse: part of the detail is a linear function of the latent.

    Args:
        small: the pictures of which there are components, ``(N, C, H, W)``.
        painted: the targets, ``(N, C, P, P)``; both also count mirrored.
        mean: of ``principal_components``.
        components: likewise.
        weights: likewise.

    Returns:
        The picture where all numbers are 0, ``(C·P·P,)``, and what each number adds to it,
        ``(count, C·P·P)``.
    """
    lengths = np.square(components).sum(1)
    pixels = painted.reshape(len(painted), -1)
    mirrored = np.arange(pixels.shape[1]).reshape(painted.shape[1:])[:, :, ::-1].ravel()
    squares: Floats = np.zeros((len(components) + 1,) * 2)
    products: Floats = np.zeros((len(components) + 1, pixels.shape[1]))
    for view, places in ((small, slice(None)), (small[..., ::-1], mirrored)):
        latents = (view.reshape(len(small), -1) - mean) @ components.T / np.maximum(lengths, 1e-12)
        known = np.column_stack((latents, np.ones(len(latents))))
        squares += known.T @ (known * weights[:, None])
        products += ((known * weights[:, None]).T.astype(np.float32) @ pixels)[:, places]
    *back, back_mean = linalg.lstsq(squares, products)[0]
    return back_mean, np.stack(back)
