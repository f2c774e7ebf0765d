"""Resizing is Pillow's to the bit, in every shape."""

import numpy as np
import PIL
import pytest
import torch
from PIL import Image, ImageOps

from impasto.models.pillow_resize import resized

PILLOW = int(PIL.__version__.split(".")[0])
SHAPES = (
    (1, 1), (5, 3), (32, 32), (33, 31), (60, 400), (400, 60), (97, 33), (95, 64), (96, 64),
    (250, 251), (600, 7), (7, 600), (900, 2), (385, 300), (1000, 770),
)  # fmt: skip


@pytest.mark.parametrize("crop", [False, True])
@pytest.mark.parametrize("side", [32, 40])
def test_it_is_pillows_to_the_bit(side: int, crop: bool) -> None:
    rng = np.random.default_rng(side)
    for height, width in SHAPES:
        # Black and white noise overshoots, so that every rounding and clamping shows
        pixels = rng.integers(0, 2, (height, width, 3)).astype(np.uint8) * 255
        image = Image.fromarray(pixels)
        if crop:
            expected = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
        else:
            expected = image.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
        made = resized(torch.from_numpy(pixels)[None], side, crop=crop, pillow=PILLOW)
        levels = made[0].permute(1, 2, 0).numpy()
        assert np.array_equal(levels, np.asarray(expected)), (height, width)
