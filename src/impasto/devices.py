"""Devices by name, the processes that share the work, and the precision of ``auto``."""

from collections.abc import Callable
from typing import Any, Final, Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState

from impasto.config import Device
from impasto.errors import SettingsError

MOST_THREADS: Final = 4
"""Most threads that compute batches at the same time; further cores share their work."""
Precision = Literal["float32", "bfloat16", "float16"]


def device_of(name: Device) -> torch.device:
    """The device of a setting: ``auto`` takes CUDA, else Apple's MPS, else the processor.

    Raises:
        SettingsError: this machine has no such device.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    there = {
        "cpu": True,
        "cuda": cuda and (device.index is None or device.index < torch.cuda.device_count()),
        "mps": mps,
    }
    if not there[device.type]:
        kind = " ".join([device.type.upper(), "device", *name.split(":")[1:]])
        raise SettingsError(
            f"device={name}: this machine has no {kind} that torch can use: say --device cpu"
        )
    return device


def accelerator_on(name: Device, **how: Any) -> Accelerator:
    """The processes that share the work, on the device named; ``how`` goes to ``Accelerator``.

    Raises:
        SettingsError: this machine has no such device.
    """
    device = device_of(name)
    state = PartialState() if PartialState._shared_state else None
    if state is not None and state.num_processes == 1 and state.device.type != device.type:
        AcceleratorState._reset_state(reset_partial_state=True)  # an earlier call took another
    if device.index is not None:
        torch.cuda.set_device(device)
    return Accelerator(cpu=device.type == "cpu", **how)


def threads_of_batches(device: torch.device) -> int:
    """The number of threads in which small batches are best computed at once on a device.

    On the processor two batches on a core each are done before two in turn on both: cores that
    share a small batch mostly wait for each other.
    """
    return min(MOST_THREADS, torch.get_num_threads()) if device.type == "cpu" else 1


def share_of_cores(threads: int) -> Callable[[], None]:
    """Return what a pool calls in each new thread: torch then uses a share of the cores there.

    Args:
        threads: of the pool, each of which has an equal share.
    """
    cores = max(1, torch.get_num_threads() // threads)

    def start() -> None:
        torch.get_num_threads()  # else torch's own start of the thread, later, undoes the next line
        torch.set_num_threads(cores)

    return start


def precision_of(
    setting: Literal["auto", "float32", "bfloat16"], device: torch.device
) -> Precision:
    """The precision of a setting; ``auto`` takes bfloat16 where the device computes in it.

    A processor does with AMX or AVX-512 BF16; with the latter alone the classifier's steps were
    measured to be 1.3 to 1.6 times as fast. Nothing is timed, so one machine always takes the same.
    """
    if setting != "auto":
        return setting
    if device.type == "cuda":
        able = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "cpu":
        known = torch.cpu.get_capabilities()
        able = bool(known.get("amx_bf16") or known.get("avx512_bf16"))
    else:
        able = False  # MPS: never measured
    return "bfloat16" if able else "float32"


def lora_precision(
    setting: Literal["auto", "float32", "bfloat16", "float16"], device: torch.device
) -> Precision:
    """The precision of a pre-trained base.

    ``auto`` keeps the precision that it was published for: on CUDA bfloat16 where the device
    computes in it, not where it is emulated (T4, V100, RTX 20), and else float16; float32 on
    processors and MPS.
    """
    if setting != "auto":
        return setting
    if device.type != "cuda":
        return "float32"
    return "bfloat16" if precision_of("auto", device) == "bfloat16" else "float16"


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """The context to run a network in."""
    kind = torch.float16 if precision == "float16" else torch.bfloat16
    return torch.autocast(device.type, kind, enabled=precision != "float32")
