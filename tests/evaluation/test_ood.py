"""What lies far from every training picture is told from what lies among them."""

from pathlib import Path

import numpy as np
import pytest

from impasto.errors import RunError
from impasto.evaluation.ood import OodDetector


def cloud(centre: int, count: int, seed: int) -> np.ndarray:
    return (
        np.random.default_rng(seed).normal(0, 0.3, (count, 16)) + 2 * np.eye(16)[centre]
    ).astype(np.float32)


def test_strangers_are_told_from_the_known(tmp_path: Path) -> None:
    known = OodDetector.fit(cloud(0, 400, 0), cloud(0, 200, 1))
    assert (known.distances(cloud(0, 300, 2)) <= known.limit).mean() > 0.95
    assert (known.distances(cloud(5, 300, 3)) <= known.limit).mean() < 0.01
    known.save(tmp_path / "known.safetensors")
    again = OodDetector.load(tmp_path / "known.safetensors")
    assert again.distances(cloud(0, 50, 4)) == pytest.approx(
        known.distances(cloud(0, 50, 4)), abs=2e-3
    )
    assert again.limit == known.limit


def test_the_distance_is_to_the_tenth_nearest() -> None:
    trained, asked = cloud(0, 40, 0), cloud(1, 7, 1)
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (trained, asked)]
    slow = [sorted(np.linalg.norm(unit[0] - point, axis=1))[9] for point in unit[1]]
    assert OodDetector(unit[0], 1.0).distances(asked) == pytest.approx(np.array(slow), abs=1e-4)


def test_fewer_pictures_than_neighbours_will_do() -> None:
    assert np.isfinite(OodDetector.fit(cloud(0, 3, 0), cloud(0, 2, 1)).limit)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "known.safetensors").write_bytes(b"no tensors")
    with pytest.raises(
        RunError, match=r"known\.safetensors cannot be read .*: run impasto evaluate again"
    ):
        OodDetector.load(tmp_path / "known.safetensors")
