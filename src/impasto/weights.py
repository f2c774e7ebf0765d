"""From a run's folder to its network, ready to be used; for every stage that looks at pictures with a trained run."""

from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from impasto.errors import RunError
from impasto.models import painter
from impasto.models.autoencoder import Autoencoder, configured
from impasto.models.classifiers import StyleNetwork, build
from impasto.records.run import Run

N = TypeVar("N", bound=nn.Module)


def classifier_of(run: Run, device: torch.device) -> StyleNetwork:
    """A classifier's network with the weights to use, in evaluation mode on a device.

    Raises:
        RunError: there are no weights yet, or they are damaged.
    """
    settings = run.settings
    shape: dict[str, Any] = {
        name: settings.get(name) for name in ("size", "resolution", "stride")
    }  # stride is newer
    shape["head_scale"] = run.facts.get("head_scale")
    model = build(settings["network"], styles=len(run.styles), **shape)
    _load(model, run)
    return _placed(model, device)


def autoencoder_of(run: Run, device: torch.device) -> Autoencoder:
    """An autoencoder with the weights to use, likewise."""
    model = Autoencoder(configured(run.settings))
    _load(model, run)
    return _placed(model, device)


def painter_of(run: Run, device: torch.device) -> painter.Painter:
    """A painter's network with the weights to use, likewise, without its opponent."""
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
