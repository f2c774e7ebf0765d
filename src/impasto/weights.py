"""Trained networks: from a run's folder to a network with its weights, in evaluation mode."""

import copy
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from impasto.errors import RunError
from impasto.files import verify
from impasto.models import painter
from impasto.models.autoencoder import Autoencoder, configured
from impasto.models.classifiers import OwnNetwork, StyleNetwork, build
from impasto.records.run import Run

N = TypeVar("N", bound=nn.Module)
_own: dict[Path, nn.Module] = {}  # the user's networks by run folder: no file holds their code


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
            f"{path} was trained with a network of your own, which no file holds: give it again "
            "with impasto.open_run(run, network=module)"
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
            stride=settings.get("stride"),
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
    """A painter's network with the weights to use, likewise.

    Raises:
        RunError: likewise, or an earlier version trained it, whose network was another.
    """
    if "patch_weight" not in run.settings:
        raise RunError(
            f"{run.path} was trained by an earlier version, whose painter was another network: "
            "train it again into another folder"
        )
    model = painter.Painter(painter.configured(run.settings, len(run.styles)))
    _load(model, run)
    return _placed(model, device)


def _load(model: nn.Module, run: Run) -> None:
    if not run.weights_path.is_file():
        raise RunError(
            f"{run.path} has no weights yet: let impasto train {run.kind} reach its first "
            "validation"
        )
    again = "train again into another folder"
    verify(run.weights_path, again, refusal=RunError)
    try:
        model.load_state_dict(load_file(run.weights_path))
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RunError(f"{run.weights_path} is damaged ({reason}): {again}") from error


def _placed(model: N, device: torch.device) -> N:
    return model.to(device).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]
