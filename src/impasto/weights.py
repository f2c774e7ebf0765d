"""Trained networks: from a run's folder to a network with its weights, in evaluation mode."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, assert_never

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from impasto.config import Device
from impasto.devices import device_of
from impasto.errors import InputError, RunError
from impasto.images.decode import decode_image
from impasto.models import painter
from impasto.models.autoencoder import Autoencoder, configured
from impasto.models.classifiers import OwnNetwork, StyleNetwork, build
from impasto.models.preprocess import plain
from impasto.records.run import Run

N = TypeVar("N", bound=nn.Module)
Images = Image.Image | np.ndarray[Any, Any] | Tensor | Sequence[Image.Image]
_own: dict[Path, nn.Module] = {}  # the user's networks by run folder: no file holds their code


class PreparedNetwork(nn.Module):
    """A trained network with its preprocessing, so that it takes pictures as they are.

    Attributes:
        module: the network itself, for float ``(B, 3, R, R)`` in [-1, 1].
        resolution: height and width R in pixels.
        styles: names of a classifier's outputs, in their order.
        size: height and width that PIL images are first brought to, as in the collection.
        fit: how they are made square, likewise.
    """

    def __init__(self, module: nn.Module, run: Run) -> None:
        super().__init__()
        self.module, self.styles = module, run.styles
        self.resolution = int(run.settings["resolution"])
        self.size, self.fit = int(run.collection["size"]), run.collection["fit"]
        self.eval()

    def preprocess(self, images: Images) -> Tensor:
        """Network input, ``float32 (B, 3, R, R)`` in [-1, 1], on the network's device.

        Args:
            images: one PIL image or several; ``uint8`` arrays or tensors ``(H, W, 3)``,
                ``(B, H, W, 3)`` or ``(B, 3, H, W)``; floats are taken to be prepared already.

        Raises:
            InputError: they are none of these.
        """
        place = next(self.module.parameters()).device
        if isinstance(images, Tensor) and images.is_floating_point():
            return images.to(place)
        if not isinstance(images, Tensor | np.ndarray):
            listed = [images] if isinstance(images, Image.Image) else list(images)
            images = np.stack([decode_image(image, self.size, self.fit) for image in listed])
        x = torch.as_tensor(images) if isinstance(images, Tensor) else torch.tensor(images)
        x = x[None] if x.ndim == 3 else x
        if x.ndim == 4 and x.shape[3] == 3:
            x = x.permute(0, 3, 1, 2)
        if x.dtype != torch.uint8 or x.ndim != 4 or x.shape[1] != 3:
            raise InputError("images must be PIL images, or uint8 with three colours")
        return plain(x.to(place), self.resolution)

    def forward(self, images: Images, *more: Tensor) -> Any:
        """Output of the network for pictures: a classifier's logits ``(B, styles)``."""
        return self.module(self.preprocess(images), *more)

    def embed(self, images: Images) -> Tensor:
        """Embedding ``(B, D)`` of pictures."""
        made: Tensor = self.module.embed(self.preprocess(images))  # type: ignore[operator]
        return made


def network_of(run: Run, device: Device = "cpu") -> PreparedNetwork:
    """The trained network of a run with its preprocessing.

    Raises:
        RunError: there are no weights yet, they are damaged, or the run has no network of its own.
        SettingsError: there is no such device.
    """
    place = device_of(device)
    match run.kind:
        case "classifier":
            return PreparedNetwork(classifier_of(run, place), run)
        case "autoencoder":
            return PreparedNetwork(autoencoder_of(run, place), run)
        case "painter":
            return PreparedNetwork(painter_of(run, place), run)
        case "lora":
            raise RunError(f"{run.path} holds an adapter of another network: use impasto.paint")
        case _:
            assert_never(run.kind)


def give_network(path: Path, module: nn.Module) -> None:
    """Name the user's module whose weights a run folder holds, until this program ends."""
    _own[path.resolve()] = module


def own_network(path: Path) -> OwnNetwork:
    """A copy of the user's module that was named for a run folder.

    Raises:
        RunError: none was named.
    """
    if path.resolve() not in _own:
        raise RunError(
            f"{path} was trained with a network of your own, which no file holds: give it again with "
            "impasto.open_run(run, network=module)"
        )
    return OwnNetwork(copy.deepcopy(_own[path.resolve()]))


def classifier_of(run: Run, device: torch.device) -> StyleNetwork:
    """A classifier's network with the weights to use, in evaluation mode on a device.

    Raises:
        RunError: there are no weights yet, they are damaged, or it is a network of the user's that
            is not known here.
    """
    settings = run.settings
    model: StyleNetwork
    if settings["network"] == "own":
        model = own_network(run.path)
    else:
        model = build(
            settings["network"],
            styles=len(run.styles),
            size=settings["size"],
            resolution=settings["resolution"],
            stride=settings["stride"],
            head_scale=run.facts.get("head_scale"),
        )
    _load(model, run)
    return _placed(model, device)


def autoencoder_of(run: Run, device: torch.device) -> Autoencoder:
    """An autoencoder with the weights to use, likewise."""
    model = Autoencoder(configured(run.settings))
    _load(model, run)
    return _placed(model, device)


def painter_of(run: Run, device: torch.device) -> painter.Painter:
    """A painter's network with the weights to use, likewise, without its discriminator."""
    model = painter.Painter(painter.configured(run.settings, len(run.styles)))
    _load(model, run, "painter.")
    return _placed(model, device)


def _load(model: nn.Module, run: Run, prefix: str = "") -> None:
    if not run.weights_path.is_file():
        raise RunError(
            f"{run.path} has no weights yet: let impasto train {run.kind} reach its first validation"
        )
    try:
        weights = load_file(run.weights_path)
        model.load_state_dict(
            {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
        )
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RunError(
            f"{run.weights_path} is damaged ({reason}): train again into another folder"
        ) from error


def _placed(model: N, device: torch.device) -> N:
    return model.to(device).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]
