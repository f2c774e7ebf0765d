"""The autoencoder's trainer.

A collection to a run folder, on the one training loop; no label is looked at.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import linalg
from torch import nn

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
from impasto.training.training_findings import over_fitting_findings

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
    """The finished run; one that was cut off is continued, one that is finished is returned as it is.

    Args:
        collection: to learn from; its test split is never touched, its labels neither.
        run: the folder to write.
        settings: the defaults where ``None``.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        CollectionError: there are fewer training pictures than numbers in a vector.
        ImpastoError: for all that ``start.train`` refuses.
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
            f"{collection.path} has {have} training pictures for latent={settings.latent} numbers: lower latent"
        )
    trainer = TrainingJob(
        kind="autoencoder",
        settings=settings,
        task=lambda accelerator: AutoencoderTask(collection, settings, config, accelerator),
        model=lambda: _begun(collection, config),
        optimizer=lambda network: _optimizer(network, settings),
        facts=_facts,
        judge=over_fitting_findings,
    )
    return train(trainer, collection, Path(run), resume=resume, progress=progress)


def _facts(task: AutoencoderTask) -> Mapping[str, Any]:
    return {"painted": task.config.painted}


def _optimizer(network: nn.Module, settings: AutoencoderSettings) -> MuonAdamW:
    """One for the manner, and for code and decoder the same at a share of the learning rates."""
    assert isinstance(network, Autoencoder)
    manner = list(network.trunk.parameters())
    code = [weight for name, weight in network.named_parameters() if not name.startswith("trunk.")]
    rate, matrix_rate = settings.learning_rate, settings.muon_learning_rate
    groups = weight_groups(manner, rate, matrix_rate, settings.weight_decay)
    share = settings.decoder_lr_scale
    return MuonAdamW(
        groups + weight_groups(code, share * rate, share * matrix_rate, settings.weight_decay)
    )


def _begun(collection: Collection, config: AutoencoderConfig) -> nn.Module:
    """An autoencoder that begins as the training pictures' principal components."""
    model, train = Autoencoder(config), collection.indices("train")
    rows = train[np.linspace(0, len(train) - 1, min(FITTED, len(train))).round().astype(np.int64)]
    small, painted = [], []
    for start in range(0, len(rows), 512):
        pictures = Pictures.gather(collection, rows[start : start + 512])
        small.append(model.shrink(plain(pictures, config.resolution)))
        painted.append(plain(pictures, config.painted).contiguous())
    seen, wanted = torch.cat(small).double().numpy(), torch.cat(painted).numpy()
    mean, components, weights = principal_components(seen, config.latent)
    back = linear_decoder(seen, wanted, mean, components, weights)
    model.begin(*map(torch.from_numpy, (mean, components, *back)))
    return model


def principal_components(pictures: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """The mean and the principal components of pictures and their mirror images, for the mean PSNR.

    PSNR is a mean of logarithms, whose slope is one over the picture's own error. So each picture
    is weighted by that,
    as far as the components of the round before tell it: iteratively re-weighted least squares.

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
    """What gives pictures back from their codes with the smallest squared error, by a linear map.

    The components, enlarged, would not: what enlarging blurs is in part a linear function of the
        code.

    Args:
        small: the pictures of which there are components, ``(N, C, H, W)``.
        painted: the same as they shall come back, ``(N, C, P, P)``; both also count mirrored.
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
        codes = (view.reshape(len(small), -1) - mean) @ components.T / np.maximum(lengths, 1e-12)
        known = np.column_stack((codes, np.ones(len(codes))))
        squares += known.T @ (known * weights[:, None])
        products += ((known * weights[:, None]).T.astype(np.float32) @ pixels)[:, places]
    *back, back_mean = linalg.lstsq(squares, products)[0]
    return back_mean, np.stack(back)
