"""Which arithmetic is faster here.

Bfloat16 under autocast or float32, measured on the network itself.
"""

import copy
import time
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

Precision = Literal["float32", "bfloat16"]
GAIN = 1.1  # bfloat16 must be this much faster to be worth its coarser numbers


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The context to run a network in."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def fastest(
    model: nn.Module,
    loss: Callable[[nn.Module], Tensor],
    device: torch.device,
    seconds: float = 1.0,
) -> Precision:
    """The faster precision for ``loss(model).backward()``, by turns for about ``seconds``; the model stays as it is."""
    if device.type == "cuda" and not torch.cuda.is_bf16_supported():
        return "float32"
    trial = copy.deepcopy(model)
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    best = dict.fromkeys(precisions, float("inf"))
    began, rounds = time.perf_counter(), 0
    with torch.random.fork_rng(
        [device] if device.type == "cuda" else []
    ):  # dropout draws from the global generator
        while rounds < 2 or time.perf_counter() - began < seconds:
            for precision in precisions:
                start = time.perf_counter()
                with autocast(device, precision):
                    value = loss(trial)
                value.backward()  # type: ignore[no-untyped-call]
                if device.type == "cuda":
                    torch.cuda.synchronize()
                if rounds:  # the first round prepares kernels
                    best[precision] = min(best[precision], time.perf_counter() - start)
                trial.zero_grad()
            rounds += 1
    return "bfloat16" if best["float32"] > GAIN * best["bfloat16"] else "float32"
