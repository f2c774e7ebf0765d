"""Freed memory returns to the system where the C library would keep it."""

import platform
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto.numerics.freed_memory import give_back_freed_memory

BELOW_MMAP = 12_000  # numbers of an array that malloc takes from its heap, 94 KiB


def own_memory() -> int:
    """Megabytes that belong to no file."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) // 1024


@pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="other C libraries"
)
def test_memory_below_one_array_that_is_still_used_is_given_back() -> None:
    arrays = [np.ones(BELOW_MMAP) for _ in range(2000)]
    last = arrays[-1]  # at the end of the heap, which therefore does not shrink by itself
    arrays.clear()
    before = own_memory()
    give_back_freed_memory()
    assert before - own_memory() > 100  # of 183
    assert last.sum() == BELOW_MMAP


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("ctypes.CDLL", lambda name: pytest.fail("no C library is asked"))
    give_back_freed_memory()
