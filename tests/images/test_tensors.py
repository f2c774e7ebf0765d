"""Pixels to tensors and back."""

import numpy as np
import torch

from impasto.images.tensors import byte_tensor, float_tensor, to_pixels


def test_every_level_comes_back() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, 3)
    x = float_tensor(pixels)
    assert x.shape == (1, 3, 16, 16)
    assert (float(x.min()), float(x.max())) == (-1, 1)
    assert np.array_equal(to_pixels(x), pixels)


def test_channels_keep_their_places_and_read_only_pixels_are_taken() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    pixels.flags.writeable = False
    made = byte_tensor(pixels)
    assert made.dtype == torch.uint8
    assert made[1, 2, 4, 3] == pixels[1, 4, 3, 2]


def test_values_beyond_the_range_are_clipped() -> None:
    x = torch.tensor([-3.0, 2.0, 0.0]).reshape(1, 3, 1, 1)
    assert to_pixels(x).ravel().tolist() == [0, 255, 128]
