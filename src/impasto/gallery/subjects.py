"""Subjects: what the pictures show. Each builds a scene on a stage, the same for every style."""

from collections.abc import Callable
from typing import Final

import numpy as np

from impasto.gallery.colour import turned
from impasto.gallery.indoors import portrait, still_life
from impasto.gallery.outdoors import landscape, seascape, town
from impasto.gallery.paints import Paints
from impasto.gallery.scene import Rng, Scene, SceneBuilder


def abstract(stage: SceneBuilder, paints: Paints) -> None:
    """Bands, discs, wedges and arcs that are nothing but themselves."""
    rng = stage.rng
    ground = paints["light"] if rng.random() < 0.5 else paints.bright()
    tilt, bend = rng.uniform(-1.2, 1.2), stage.noise(3)
    stage.place(
        stage.y > -1,
        ground,
        shade=(1 + 0.06 * bend).astype(np.float32),
        flow=tilt + 0.6 * bend,
        depth=0.0,
    )
    along = (
        (stage.x - 0.5) * np.cos(tilt)
        + (stage.y - 0.5) * np.sin(tilt)
        + rng.uniform(0, 0.09) * bend
    )
    for cut in np.sort(rng.uniform(-0.4, 0.45, int(rng.integers(1, 4)))):
        colour = paints.bright()
        stage.place(
            along > cut,
            colour,
            shade=(1 + 0.1 * bend).astype(np.float32),
            flow=tilt + np.pi / 2,
            depth=0.2,
        )
    for _ in range(int(rng.integers(3, 8))):
        x, y, radius = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), rng.uniform(0.06, 0.24)
        colour = (
            turned(paints.bright(), 0.0, rng.uniform(0.4, 1.1))
            if rng.random() < 0.8
            else paints["dark"]
        )
        kind = rng.integers(0, 3)
        if kind == 0:
            mask, light = stage.ellipse(x, y, radius, radius)
            stage.place(mask, colour, shade=0.5 + 0.5 * light, flow=(x, y), depth=0.6)
        elif kind == 1:
            corners = rng.uniform(0, 2 * np.pi) + np.sort(
                rng.uniform(0, 2 * np.pi, int(rng.integers(3, 5)))
            )
            points = [(x + 1.5 * radius * np.cos(c), y + 1.5 * radius * np.sin(c)) for c in corners]
            stage.place(stage.polygon(points), colour, flow=float(corners[0]), depth=0.6)
        else:
            away = np.hypot(stage.x - x, stage.y - y)
            arc = (np.abs(away - 1.6 * radius) < radius * 0.22) & (
                np.sin(stage.around(x, y) + tilt * 3) > -0.4
            )
            stage.place(arc, colour, flow=(x, y), depth=0.6)


SUBJECTS: Final[dict[str, Callable[[SceneBuilder, Paints], None]]] = {
    "landscape": landscape,
    "seascape": seascape,
    "town": town,
    "still life": still_life,
    "portrait": portrait,
    "abstract": abstract,
}


def build(subject: str, size: int, rng: Rng) -> Scene:
    """The scene of a subject, ``size`` × ``size`` pixels, in natural colours."""
    stage = SceneBuilder(size, rng)
    SUBJECTS[subject](stage, Paints(rng))
    return stage.scene
