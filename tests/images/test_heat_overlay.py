"""Heat overlay: cold places are grey, hot ones glow."""

import numpy as np
import pytest
from PIL import Image

from impasto.images.heat_overlay import heat_overlay


def test_overlay_keeps_hot_places_coloured_and_greys_cold_ones() -> None:
    picture = Image.new("RGB", (40, 30), (200, 30, 30))
    heat = np.zeros((16, 16), np.float32)
    heat[:, 8:] = 0.5
    mixed = np.asarray(heat_overlay(picture, heat), float)
    assert mixed.shape == (30, 40, 3)
    assert np.ptp(mixed[15, 2]) < 5  # grey
    assert np.ptp(mixed[15, 37]) > 100


@pytest.mark.parametrize(("warmth", "grey"), [(0.0, True), (0.5, False), (1.0, False)])
def test_heat_greys_what_is_cold_and_reddens_what_is_hot(warmth: float, grey: bool) -> None:
    made = heat_overlay(Image.new("RGB", (30, 20), "blue"), np.full((4, 4), warmth, np.float32))
    red, green, blue = made.getpixel((15, 10))
    assert made.size == (30, 20)
    assert (red == green == blue) == grey
    assert (red > 100) == (warmth == 1.0)
