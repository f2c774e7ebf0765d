"""Trained network of a run as a plain ``nn.Module``, with the preprocessing of its pictures."""

from typing import Any, assert_never

import numpy as np
from torch import Tensor, nn

from impasto.collection.user_images import read_images
from impasto.devices import device_of
from impasto.errors import InputError, RunError
from impasto.images.tensors import byte_tensor
from impasto.models.preprocess import plain
from impasto.records.run import Run
from impasto.weights import autoencoder_of, classifier_of, painter_of


def trained_network(run: Run, device: str = "cpu") -> nn.Module:
    """Load a network with its trained weights, in evaluation mode.

    Its attribute ``preprocess`` turns pictures (paths, Pillow images, arrays, one or several) into
    its input, ``float32 (B, 3, H, W)`` in [-1, 1] on the device.

    Args:
        run: a classifier, an autoencoder or a painter.
        device: as in the settings.

    Raises:
        RunError: there are no weights, or the run is a LoRA.
    """
    place = device_of(device)
    model: nn.Module
    match run.kind:
        case "classifier":
            model = classifier_of(run, place)
        case "autoencoder":
            model = autoencoder_of(run, place)
        case "painter":
            model = painter_of(run, place)
        case "lora":
            raise RunError(
                f"{run.path} holds a LoRA, an adapter without a network of its own: "
                "load it with diffusers, load_lora_weights"
            )
        case _:
            assert_never(run.kind)
    stored, fit = int(run.collection["size"]), run.collection["fit"]
    resolution = int(run.settings["resolution"])

    def preprocess(images: Any) -> Tensor:
        """Return pictures as the network's input."""
        _, pixels = read_images(images, stored, fit, _refuse)
        return plain(byte_tensor(np.asarray(pixels)).to(place), resolution)

    model.preprocess = preprocess  # type: ignore[assignment]
    return model


def _refuse(line: str) -> None:
    raise InputError(line)
