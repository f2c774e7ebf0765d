"""Memory of the device: what is free, where a pipeline lies, and what to do when it runs out."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

import torch
from torch import nn

from impasto.errors import RunError

Offload = Literal["auto", "none", "model", "sequential"]
ROOM: Final = 0.8
"""Share of the free memory that a whole pipeline may take before it is moved part by part."""
AHEAD: Final = 0.5
"""Share of the free memory that pictures encoded together may take, by the first one's need."""
TOGETHER: Final = 8
"""Pictures encoded together, at most."""


@contextmanager
def memory_advice(stage: str, advice: str) -> Iterator[None]:
    """Turn running out of memory into one line that names the stage and the way out.

    Raises:
        RunError: memory did not suffice.
    """
    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise RunError(f"out of memory while {stage}: {advice}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is a device's or the machine's lack of memory."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and (
        "allocate memory" in str(error) or "out of memory" in str(error)
    )


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on a CUDA device; ``None`` where that is not known."""
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else None


def release() -> None:
    """Give back what nothing refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class Together:
    """Count of pictures encoded together: one at first, then as many as there is room for.

    On a processor always one, so the numbers do not depend on the memory that is free.
    """

    def __init__(self, device: torch.device) -> None:
        self.device, self.count = device, 1

    @contextmanager
    def measured(self) -> Iterator[int]:
        """The count for the next pictures; their need sets the count after them."""
        if self.device.type != "cuda":
            yield 1
            return
        before = torch.cuda.memory_allocated(self.device)
        torch.cuda.reset_peak_memory_stats(self.device)
        yield self.count
        used = torch.cuda.max_memory_allocated(self.device) - before
        room = AHEAD * float(free_memory(self.device) or 0)
        self.count = max(1, min(TOGETHER, int(room * self.count / max(used, 1))))


def weights_of(pipeline: Any) -> int:
    """Bytes of all networks of a pipeline."""
    parts = [part for part in pipeline.components.values() if isinstance(part, nn.Module)]
    tensors = [tensor for part in parts for tensor in (*part.parameters(), *part.buffers())]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def place(
    pipeline: Any, device: torch.device, offload: Offload, *, tiling: bool = False
) -> Offload:
    """Move a pipeline to a device, whole or as its parts are needed, and return how.

    Pictures are decoded one at a time in any case, with the same result. With ``tiling`` those
    larger than the autoencoder's own size are decoded in overlapping tiles, whose seams may be
    seen.
    """
    vae = pipeline.vae
    if hasattr(vae, "enable_slicing"):
        vae.enable_slicing()
    if tiling:
        vae.enable_tiling()
    if offload == "auto":
        free = free_memory(device)
        offload = "model" if free is not None and weights_of(pipeline) > ROOM * free else "none"
    if offload == "none" or device.type == "cpu":
        pipeline.to(device)
        return "none"
    if offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)
    return offload
