"""Subjects under the sky: landscape, seascape and town."""

import numpy as np

from impasto.gallery.colour import mixed
from impasto.gallery.paints import Paints
from impasto.gallery.scene import SceneBuilder


def _sky(stage: SceneBuilder, paints: Paints, horizon: float) -> None:
    rng = stage.rng
    height = np.clip(stage.y / horizon, 0, 1)
    colour = mixed(paints["sky"], paints["haze"], height ** rng.uniform(0.8, 2))
    waves = stage.noise(4, 2.5)
    stage.place(
        stage.y > -1,
        colour,
        shade=(1 + 0.03 * waves).astype(np.float32),
        flow=0.7 * waves,
        depth=0.0,
    )
    if rng.random() < 0.5:
        x, y, radius = (
            rng.uniform(0.15, 0.85),
            horizon * rng.uniform(0.25, 0.85),
            rng.uniform(0.04, 0.085),
        )
        stage.place(
            stage.ellipse(x, y, radius, radius)[0], paints["haze"] * 1.06, flow=(x, y), depth=0.05
        )
    if rng.random() < 0.7:
        field = (
            stage.noise(5, 2.2) + 0.5 * stage.noise(11, 2) - 2.5 * np.abs(stage.y - horizon * 0.45)
        )
        light = (1.0 + 0.08 * stage.noise(6)).astype(np.float32)
        stage.place(
            (field > 0.15) & (stage.y < horizon),
            paints["light"],
            shade=light,
            flow=0.5 * waves,
            depth=0.1,
        )


def _tree(stage: SceneBuilder, paints: Paints, x: float, foot: float, high: float) -> None:
    rng, leaf = stage.rng, paints["leaf"]
    slim = rng.random() < 0.4
    wide = high * (rng.uniform(0.12, 0.18) if slim else rng.uniform(0.3, 0.42))
    stage.darken(
        stage.ellipse(x - stage.light * wide * 0.8, foot, wide * 1.3, high * 0.06)[0], 0.72
    )
    trunk = stage.polygon(
        [
            (x - high * 0.035, foot),
            (x - high * 0.02, foot - high * 0.6),
            (x + high * 0.02, foot - high * 0.6),
            (x + high * 0.035, foot),
        ]
    )
    stage.place(trunk, paints["wood"], shade=0.8, flow=np.pi / 2, depth=0.7)
    if slim:
        crown, light = stage.ellipse(x, foot - high * 0.55, wide, high * 0.5)
        stage.place(crown, leaf, shade=light, flow=np.pi / 2 + 0.5 * stage.noise(8), depth=0.7)
        return
    ragged = 0.12 * stage.noise(14)
    for dx, dy, part in ((-0.55, -0.5, 0.7), (0.55, -0.55, 0.7), (0.0, -0.75, 0.8)):
        cx, cy = x + dx * wide, foot + dy * high
        _, light = stage.ellipse(cx, cy, wide * part, high * 0.27)
        square = ((stage.x - cx) / (wide * part)) ** 2 + ((stage.y - cy) / (high * 0.27)) ** 2
        stage.place(square + ragged * 3 < 1, leaf, shade=light, flow=(cx, cy), depth=0.7)


def _house(
    stage: SceneBuilder, paints: Paints, x: float, foot: float, wide: float, high: float
) -> None:
    rng, wall = stage.rng, paints["wall"]
    left, right, top = x - wide / 2, x + wide / 2, foot - high
    front = stage.polygon([(left, foot), (left, top), (right, top), (right, foot)])
    stage.place(front, wall, flow=np.pi / 2, depth=0.6)
    seam = x + stage.light * wide * 0.12
    stage.darken(front & ((stage.x - seam) * stage.light < 0), 0.8)
    over, peak = wide * 0.08, rng.uniform(0.25, 0.7) * wide
    roof = [
        (left - over, top),
        (x - wide * 0.15, top - peak),
        (x + wide * 0.15, top - peak),
        (right + over, top),
    ]
    stage.place(stage.polygon(roof), paints["roof"], shade=0.95, flow=0.5 * stage.light, depth=0.6)
    columns, rows = max(1, round(wide / 0.07)), max(1, round(high / 0.1))
    pane = paints["haze"] if rng.random() < 0.3 else paints["dark"]
    windows = np.zeros(stage.x.shape, dtype=bool)
    for i in range(columns):
        for j in range(rows):
            wx, wy = left + wide * (i + 0.5) / columns, top + high * (j + 0.5) / rows
            windows |= (np.abs(stage.x - wx) < 0.016) & (np.abs(stage.y - wy) < 0.026)
    stage.place(windows, pane, flow=np.pi / 2, depth=0.6)


def landscape(stage: SceneBuilder, paints: Paints) -> None:
    """Hills under a sky, with fields, a way or a river, trees, sometimes a house."""
    rng, horizon = stage.rng, float(stage.rng.uniform(0.35, 0.6))
    _sky(stage, paints, horizon)
    far, near, layers = paints["far"], paints["near"], int(rng.integers(3, 5))
    for i in range(layers):
        part = i / (layers - 1)
        mask, slope = stage.ridge(
            horizon + (0.9 - horizon) * part**1.3, 0.09 - 0.04 * part, 2 + 2 * (1 - part)
        )
        colour = mixed(far, paints["field"] if rng.random() < 0.35 else near, part)
        light = (1 + 0.13 * stage.noise(5, 2) + 0.2 * stage.light * slope).astype(np.float32)
        stage.place(
            mask, colour, shade=light, flow=slope + 0.25 * stage.noise(5), depth=0.2 + 0.4 * part
        )
    if rng.random() < 0.55:
        low, bend = horizon + 0.12, rng.uniform(-0.25, 0.25)
        nearness = np.clip((stage.y - low) / (1 - low), 0, 1)
        middle = rng.uniform(0.3, 0.7) + bend * np.sin(nearness * rng.uniform(3, 5)) * (
            0.3 + nearness
        )
        way = (np.abs(stage.x - middle) < 0.012 + 0.13 * nearness**1.4) & (stage.y > low)
        water = rng.random() < 0.5
        flow = 0.0 if water else np.pi / 2
        stage.place(way, paints["water"] * 1.15 if water else paints["wall"], flow=flow, depth=0.5)
    if rng.random() < 0.4:
        _house(
            stage,
            paints,
            rng.uniform(0.2, 0.8),
            horizon + 0.2,
            rng.uniform(0.14, 0.22),
            rng.uniform(0.09, 0.14),
        )
    feet = np.sort(rng.uniform(horizon + 0.1, 0.97, int(rng.integers(2, 6))))
    for foot in feet:
        _tree(
            stage,
            paints,
            rng.uniform(0.03, 0.97),
            foot,
            0.16 + 0.75 * (foot - horizon) * rng.uniform(0.6, 1.1),
        )


def seascape(stage: SceneBuilder, paints: Paints) -> None:
    """Open water with boats, sometimes a cliff and a beach."""
    rng, horizon = stage.rng, float(stage.rng.uniform(0.35, 0.55))
    _sky(stage, paints, horizon)
    nearness = np.clip((stage.y - horizon) / (1 - horizon), 0, 1)
    swell = np.sin(60 * np.sqrt(nearness) + 2.5 * stage.noise(5, 2)) * (0.3 + 0.7 * nearness)
    sea = mixed(paints["haze"], paints["water"], np.clip(0.35 + 1.3 * nearness, 0, 1))
    light = (1 + 0.11 * swell + 0.05 * stage.noise(9, 3)).astype(np.float32)
    stage.place(stage.y > horizon, sea, shade=light, flow=0.25 * stage.noise(6, 2), depth=0.3)
    if rng.random() < 0.5:
        side = rng.choice([0.0, 1.0])
        inland, wide = np.abs(stage.x - side), rng.uniform(0.25, 0.45)
        top = (
            horizon
            - rng.uniform(0.1, 0.25) * np.sqrt(np.clip(1 - inland / wide, 0, 1))
            + 0.03 * stage.noise(7)[0]
        )
        cliff = (
            (inland < wide)
            & (stage.y > top)
            & (stage.y < horizon + 0.07 + 0.03 * stage.noise(9)[0])
        )
        shade = (0.9 + 0.2 * stage.noise(6, 0.6)).astype(np.float32)
        stage.place(
            cliff, paints["earth"], shade=shade, flow=np.pi / 2 + 0.3 * stage.noise(4), depth=0.4
        )
    for y in np.sort(rng.uniform(horizon + 0.04, 0.85, int(rng.integers(1, 5)))):
        x, tall = rng.uniform(0.12, 0.88), 0.1 + 0.55 * (y - horizon) * rng.uniform(0.8, 1.3)
        sail, hull, lean = paints.bright(), paints["wood"], rng.uniform(-0.15, 0.15)
        stage.darken(stage.ellipse(x, y + tall * 0.13, tall * 0.4, tall * 0.1)[0], 0.75)
        for points, colour, shaded, flow in (
            ([(-0.4, 0), (0.42, 0), (0.25, 0.14), (-0.25, 0.14)], hull, 1.0, 0.0),
            ([(0, -0.02), (lean, -1), (0.42, -0.04)], sail, 1.0, 1.2),
            ([(-0.03, -0.02), (lean - 0.03, -0.9), (-0.3, -0.04)], sail, 0.82, -1.2),
        ):
            outline = [(x + tall * px, y + tall * py) for px, py in points]
            stage.place(stage.polygon(outline), colour, shade=shaded, flow=flow, depth=0.6)
    if rng.random() < 0.5:
        mask, slope = stage.ridge(rng.uniform(0.86, 0.93), 0.06, 2)
        stage.place(mask, paints["field"], shade=1.02, flow=slope, depth=0.8)


def town(stage: SceneBuilder, paints: Paints) -> None:
    """Rows of houses above a street or a quay."""
    rng, ground = stage.rng, float(stage.rng.uniform(0.66, 0.8))
    _sky(stage, paints, ground)
    if rng.random() < 0.6:
        x, top = rng.uniform(0.2, 0.8), rng.uniform(0.12, 0.25)
        _house(stage, paints, x, ground, 0.13, ground - top - 0.08)
        stage.place(
            stage.polygon([(x - 0.085, top + 0.08), (x, top - 0.09), (x + 0.085, top + 0.08)]),
            paints["roof"],
            flow=1.2,
            depth=0.4,
        )
    for row, part in enumerate((0.55, 0.8)[: int(rng.integers(1, 3))][::-1]):
        x = -0.05
        while x < 1.05:
            wide = rng.uniform(0.13, 0.25)
            high = (ground - 0.12) * part * rng.uniform(0.45, 0.9)
            _house(stage, paints, x + wide / 2, ground + 0.02 * row, wide * 1.03, high)
            x += wide
    nearness = np.clip((stage.y - ground) / (1 - ground), 0, 1)
    water = rng.random() < 0.4
    colour = paints["water"] if water else paints["earth"] * 1.15
    light = (
        1 + 0.1 * np.sin(30 * nearness + 2 * stage.noise(6, 2)) * water + 0.06 * stage.noise(6, 3)
    ).astype(np.float32)
    stage.place(
        stage.y > ground + 0.02, colour, shade=light, flow=0.2 * stage.noise(4, 2), depth=0.7
    )
    for _ in range(0 if water else int(rng.integers(0, 3))):
        _tree(
            stage,
            paints,
            rng.uniform(0.05, 0.95),
            rng.uniform(ground + 0.05, 0.97),
            rng.uniform(0.2, 0.36),
        )
    for _ in range(0 if water else int(rng.integers(1, 5))):
        _walker(
            stage,
            paints,
            rng.uniform(0.08, 0.92),
            rng.uniform(ground + 0.08, 0.96),
            rng.uniform(0.13, 0.22),
        )


def _walker(stage: SceneBuilder, paints: Paints, x: float, foot: float, high: float) -> None:
    coat = [
        (x - high * 0.17, foot),
        (x - high * 0.09, foot - high * 0.78),
        (x + high * 0.09, foot - high * 0.78),
        (x + high * 0.17, foot),
    ]
    stage.darken(
        stage.ellipse(x - stage.light * high * 0.2, foot, high * 0.35, high * 0.05)[0], 0.7
    )
    shade = np.where((stage.x - x) * stage.light > 0, 1.05, 0.75).astype(np.float32)
    stage.place(
        stage.polygon(coat),
        mixed(paints.bright(), paints["dark"], 0.35),
        shade=shade,
        flow=1.5,
        depth=0.8,
    )
    head, light = stage.ellipse(x, foot - high * 0.87, high * 0.085, high * 0.11)
    stage.place(head, paints["skin"], shade=light, flow=1.5, depth=0.8)
