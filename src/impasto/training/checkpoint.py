"""Checkpoints: everything a training needs to go on, as one safetensors file; nothing is pickled.

The file holds the network, its average, the optimiser's moments, and as JSON in the header the step
and what was reached. It is replaced in one rename, so there is always one whole checkpoint.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from torch import Tensor, nn

from impasto.errors import RunError
from impasto.files import verify, write_bytes

NAME = "checkpoint.safetensors"
AGAIN = "start over with --fresh, or train again into another folder"


@dataclass(slots=True)
class Progress:
    """Progress of a training.

    Attributes:
        step: steps done.
        best: the lowest validation loss, and the step at which it was reached.
        stale: validations since then.
        loss_sum, loss_count: of the training losses since they were last written down.
        seconds, data_seconds: spent training, and thereof on gathering and augmenting pictures.
    """

    step: int = 0
    best: float = float("inf")
    best_step: int = 0
    stale: int = 0
    loss_sum: float = 0.0
    loss_count: int = 0
    seconds: float = 0.0
    data_seconds: float = 0.0


def save_weights(path: Path, model: nn.Module) -> None:
    """Write a network's weights and statistics as safetensors, whole or not at all."""
    write_bytes(path, serialised({k: v.contiguous() for k, v in model.state_dict().items()}))


def save(
    folder: Path,
    progress: Progress,
    model: nn.Module,
    average: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Write the checkpoint of ``folder``."""
    tensors = {f"model.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in state.items() if isinstance(v, Tensor)}
    # clone: safetensors refuses tensors that share memory, contiguous: channels_last ones would
    # be reordered
    whole = {k: v.detach().clone(memory_format=torch.contiguous_format) for k, v in tensors.items()}
    metadata = {"progress": json.dumps(asdict(progress))}
    write_bytes(folder / NAME, serialised(whole, metadata=metadata))


def load(
    folder: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> Progress | None:
    """Load the checkpoint of ``folder`` into network, average and optimiser; ``None`` without one.

    Raises:
        RunError: the checkpoint is damaged or of another network.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    verify(path, AGAIN, refusal=RunError)
    try:
        with safe_open(path, framework="pt") as file:
            progress = Progress(**json.loads(file.metadata()["progress"]))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – not a dict
        model.load_state_dict(_under(tensors, "model."))
        average.load_state_dict(_under(tensors, "average."))
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:160]
        raise RunError(f"{path} is damaged ({reason}): {AGAIN}") from error
    states: dict[int, dict[str, Any]] = {}
    for name, tensor in _under(tensors, "optimizer.").items():
        index, _, key = name.partition(".")
        states.setdefault(int(index), {})[key] = tensor
    try:
        optimizer.load_state_dict(
            {"state": states, "param_groups": optimizer.state_dict()["param_groups"]}
        )
    except (RuntimeError, KeyError, ValueError) as error:
        raise RunError(f"{path} is damaged ({error}): {AGAIN}") from error
    return progress


def average_of(folder: Path) -> dict[str, Tensor]:
    """The weights' average in the checkpoint of ``folder``.

    Raises:
        RunError: it is missing or damaged.
    """
    verify(folder / NAME, AGAIN, refusal=RunError)
    try:
        with safe_open(folder / NAME, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – not a dict
    except (OSError, SafetensorError) as error:
        raise RunError(f"{folder / NAME} is damaged ({error}): {AGAIN}") from error
    return _under(tensors, "average.")


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
