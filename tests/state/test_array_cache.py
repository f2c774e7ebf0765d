"""Kept arrays come back as they were, whatever their order in memory."""

from pathlib import Path

import numpy as np
import pytest

from impasto.state.array_cache import cached_arrays


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back_as_they_were(tmp_path: Path, order: str) -> None:
    array = np.arange(12, dtype=np.float32).reshape(4, 3)[::-1].copy(order=order)  # type: ignore[call-overload]
    first = cached_arrays(tmp_path / "kept.safetensors", "key", lambda: {"a": array})
    again = cached_arrays(tmp_path / "kept.safetensors", "key", lambda: pytest.fail("made again"))
    assert np.array_equal(first["a"], array) and np.array_equal(again["a"], array)
    other = cached_arrays(tmp_path / "kept.safetensors", "another key", lambda: {"a": array + 1})
    assert np.array_equal(other["a"], array + 1)
