"""What networks are given at evaluation: against Pillow and the obvious average."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from impasto.models.preprocess import plain


def pictures(count: int = 3, side: int = 48) -> Tensor:
    return torch.randint(
        0,
        256,
        (count, 3, side, side),
        dtype=torch.uint8,
        generator=torch.Generator().manual_seed(0),
    )


def test_range_type_and_layout() -> None:
    x = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    x[1] = 255
    made = plain(x, 8)
    assert made.dtype == torch.float32
    assert made.is_contiguous(memory_format=torch.channels_last)
    assert (made[0] == -1).all()
    assert (made[1] == 1).all()


def test_the_same_size_is_left_alone() -> None:
    x = pictures()
    torch.testing.assert_close((plain(x, 48) + 1) * 127.5, x.float(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("resolution", [16, 24, 31, 96])
def test_resizing_is_pillows_bilinear(resolution: int) -> None:
    x = pictures()
    made = (plain(x, resolution) + 1) * 127.5
    for index, picture in enumerate(x):
        image = Image.fromarray(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()))
        resized = np.asarray(image.resize((resolution, resolution), Image.Resampling.BILINEAR))
        theirs = torch.from_numpy(resized.copy()).permute(2, 0, 1)
        assert float((made[index] - theirs).abs().max()) <= 1.01  # Pillow rounds, twice


def test_shrinking_averages() -> None:
    """A fine chequerboard becomes grey, not one of its colours: no aliasing."""
    board = (torch.arange(64)[:, None] + torch.arange(64)) % 2 * 255
    x = board.to(torch.uint8).expand(1, 3, 64, 64)
    inner = plain(x, 16)[:, :, 1:-1, 1:-1]
    assert float(inner.abs().max()) < 0.02
    slopes = torch.arange(64, dtype=torch.uint8).expand(1, 3, 64, 64)
    means = slopes.float().reshape(1, 3, 64, 16, 4).mean((2, 4)) / 127.5 - 1
    torch.testing.assert_close(
        plain(slopes, 16)[:, :, 5, 1:-1], means[:, :, 1:-1], atol=1e-5, rtol=0
    )


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    x = pictures(4)
    torch.testing.assert_close(plain(x, 20)[2:3], plain(x[2:3], 20))
