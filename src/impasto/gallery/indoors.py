"""Subjects under a roof: still life and portrait."""

import numpy as np

from impasto.gallery.colour import Pixels, mixed
from impasto.gallery.paints import Paints
from impasto.gallery.scene import Mask, SceneBuilder


def _room(stage: SceneBuilder, paints: Paints) -> None:
    """A wall that the light rakes, sometimes with a curtain."""
    rng = stage.rng
    wall = mixed(paints["wall"], paints.bright(), rng.uniform(0.1, 0.8)) * rng.uniform(0.6, 1.05)
    rake = 0.95 + 0.35 * stage.light * (stage.x - 0.5) - 0.2 * (stage.y - 0.5)
    flow = rng.uniform(-1.2, 1.2) + 0.7 * stage.noise(3)
    stage.place(
        stage.y > -1,
        wall,
        shade=(rake + 0.05 * stage.noise(5)).astype(np.float32),
        flow=flow,
        depth=0.0,
    )
    if rng.random() < 0.45:
        side = rng.choice([0.0, 1.0])
        edge = np.abs(stage.x - side) - 0.05 * np.sin(stage.y * rng.uniform(3, 6))
        folds = (0.85 + 0.22 * np.sin(stage.x * rng.uniform(60, 90) + 3 * stage.y)).astype(
            np.float32
        )
        stage.place(
            edge < rng.uniform(0.14, 0.3),
            paints.bright() * 0.85,
            shade=folds,
            flow=np.pi / 2,
            depth=0.1,
        )


def _turned_vessel(
    stage: SceneBuilder, x: float, foot: float, high: float, wide: float
) -> tuple[Mask, Pixels]:
    """A bottle, a jug or a vase.

    A random outline turned about its axis; its mask and the light on it.
    """
    rng = stage.rng
    up = np.clip((foot - stage.y) / high, 0, 1)
    knots = np.array(
        [0.75, 1.0, rng.uniform(0.7, 1.05), rng.uniform(0.25, 0.6), rng.uniform(0.25, 0.5)]
    )
    radius = wide * np.interp(up, [0, 0.25, 0.55, 0.8, 1.0], knots)
    across = ((stage.x - x) / np.maximum(radius, 1e-4)).astype(np.float32)
    mask = (np.abs(across) < 1) & (stage.y < foot) & (stage.y > foot - high)
    light = 0.72 + 0.4 * np.sqrt(np.clip(1 - across**2, 0, 1)) * (0.7 + 0.6 * stage.light * across)
    gleam = np.abs(across - 0.45 * stage.light) < 0.11
    return mask, np.where(gleam & (up > 0.12) & (up < 0.85), 1.3, np.clip(light, 0.4, 1.15)).astype(
        np.float32
    )


def _flowers(stage: SceneBuilder, paints: Paints, x: float, y: float, spread: float) -> None:
    rng = stage.rng
    for _ in range(int(rng.integers(5, 9))):
        a, r = rng.uniform(0, 2 * np.pi), spread * np.sqrt(rng.random())
        mask, light = stage.ellipse(x + r * np.cos(a), y + r * np.sin(a), 0.07, 0.025, a)
        stage.place(mask, paints["leaf"], shade=light, flow=a, depth=0.6)
    kinds = [paints.bright() for _ in range(int(rng.integers(1, 4)))]
    for _ in range(int(rng.integers(6, 14))):
        a, r, radius = (
            rng.uniform(0, 2 * np.pi),
            spread * np.sqrt(rng.random()),
            rng.uniform(0.03, 0.055),
        )
        cx, cy = x + r * np.cos(a), y + 0.9 * r * np.sin(a)
        petals = 1 + 0.25 * np.cos(5 * stage.around(cx, cy) + a)
        _, light = stage.ellipse(cx, cy, radius * 1.3, radius * 1.3)
        away = np.hypot(stage.x - cx, stage.y - cy) / radius
        stage.place(
            away < petals,
            kinds[int(rng.integers(len(kinds)))],
            shade=light,
            flow=(cx, cy),
            depth=0.7,
        )
        stage.place(away < 0.3, paints["field"], shade=0.85, flow=(cx, cy), depth=0.7)


def still_life(stage: SceneBuilder, paints: Paints) -> None:
    """Vessels, fruit and flowers on a table before a wall."""
    rng, edge = stage.rng, float(stage.rng.uniform(0.56, 0.72))
    _room(stage, paints)
    table = paints["wood"] * rng.uniform(1.0, 1.5)
    light = (1.0 + 0.1 * stage.light * (stage.x - 0.5) + 0.05 * stage.noise(4, 4)).astype(
        np.float32
    )
    stage.place(stage.y > edge, table, shade=light, flow=0.15 * stage.noise(3), depth=0.3)
    if rng.random() < 0.6:
        left, wide = rng.uniform(-0.1, 0.6), rng.uniform(0.35, 0.6)
        fall = (
            edge
            + 0.06
            + 0.25 * np.abs(np.sin(4 * stage.x + rng.uniform(0, 6)))
            + 0.04 * stage.noise(5)
        )
        cloth = (
            (stage.x > left)
            & (stage.x < left + wide)
            & (stage.y > edge + 0.02)
            & (stage.y < fall + 0.15)
        )
        folds = (0.95 + 0.16 * np.sin(40 * stage.x + 9 * stage.y + 2 * stage.noise(4))).astype(
            np.float32
        )
        stage.place(
            cloth,
            paints["light"] if rng.random() < 0.5 else paints.bright(),
            shade=folds,
            flow=1.3,
            depth=0.4,
        )
    for x in np.linspace(0.2, 0.8, int(rng.integers(1, 4))) + rng.uniform(-0.06, 0.06):
        foot, high, wide = (
            edge + rng.uniform(0.04, 0.12),
            rng.uniform(0.26, 0.46),
            rng.uniform(0.06, 0.12),
        )
        stage.darken(stage.ellipse(x - stage.light * wide * 1.3, foot, wide * 1.9, 0.03)[0], 0.6)
        mask, light = _turned_vessel(stage, x, foot, high, wide)
        colour = (
            paints.bright() if rng.random() < 0.6 else mixed(paints["leaf"], paints["dark"], 0.4)
        )
        stage.place(mask, colour, shade=light, flow=np.pi / 2, depth=0.6)
        if rng.random() < 0.45:
            _flowers(stage, paints, x, max(foot - high - 0.09, 0.16), rng.uniform(0.1, 0.17))
    for y in np.sort(rng.uniform(edge + 0.08, 0.92, int(rng.integers(2, 8)))):
        x, radius = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.085)
        stage.darken(
            stage.ellipse(x - stage.light * radius, y + radius * 0.75, radius * 1.5, radius * 0.4)[
                0
            ],
            0.6,
        )
        mask, light = stage.ellipse(
            x, y, radius, radius * rng.uniform(0.8, 1.1), rng.uniform(-1, 1)
        )
        stage.place(mask, paints.bright(), shade=light, flow=(x, y), depth=0.8)


def portrait(stage: SceneBuilder, paints: Paints) -> None:
    """Head and shoulders before a wall, with hair, a collar, sometimes a hat."""
    rng = stage.rng
    _room(stage, paints)
    x, y, r = rng.uniform(0.42, 0.58), rng.uniform(0.36, 0.44), rng.uniform(0.14, 0.18)
    skin, coat = (
        paints["skin"] * rng.uniform(0.72, 1.05),
        mixed(paints.bright(), paints["dark"], rng.uniform(0, 0.6)),
    )
    hair = mixed(
        paints["wood"], paints["dark"] if rng.random() < 0.6 else paints["field"], rng.uniform(0, 1)
    )
    long = rng.random() < 0.5
    if long:
        mask, light = stage.ellipse(x, y + 0.35 * r, 1.25 * r, 1.9 * r)
        stage.place(mask, hair, shade=light * 0.9, flow=np.pi / 2 + 0.3 * stage.noise(4), depth=0.5)
    mask, light = stage.ellipse(x + 0.02 * stage.light, y + 4.0 * r, 2.5 * r, 2.25 * r)
    stage.place(mask, coat, shade=light, flow=(x, y + 4 * r), depth=0.6)
    neck = stage.polygon(
        [
            (x - 0.5 * r, y + r * 0.5),
            (x + 0.5 * r, y + r * 0.5),
            (x + 0.62 * r, y + 2.0 * r),
            (x, y + 2.45 * r),
            (x - 0.62 * r, y + 2.0 * r),
        ]
    )
    stage.place(neck, skin, shade=0.78, flow=np.pi / 2, depth=0.6)
    if rng.random() < 0.5:
        collar = paints["light"] if rng.random() < 0.6 else paints.bright()
        for side in (-1, 1):
            stage.place(
                stage.polygon(
                    [
                        (x + side * 0.62 * r, y + 1.7 * r),
                        (x, y + 2.45 * r),
                        (x + side * 0.5 * r, y + 2.8 * r),
                        (x + side * 1.0 * r, y + 2.0 * r),
                    ]
                ),
                collar,
                flow=0.8 * side,
                depth=0.7,
            )
    head, light = stage.ellipse(x, y, r, 1.32 * r)
    stage.place(head, skin, shade=np.clip(light * 1.06, 0.55, 1.15), flow=(x, y), depth=0.8)
    _face(stage, paints, x, y, r)
    parting = float(rng.choice([-0.25, 0.0, 0.25])) * r
    cap = (
        ((stage.x - x - parting) / (1.12 * r)) ** 2 + ((stage.y - y + 0.35 * r) / (1.2 * r)) ** 2
        < 1
    ) & (stage.y < y - 0.5 * r + 0.9 * np.abs(stage.x - x + parting) - 0.12 * r)
    stage.place(
        cap, hair, shade=(0.95 + 0.12 * stage.noise(8)).astype(np.float32), flow=(x, y), depth=0.8
    )
    if rng.random() < 0.4:
        felt = paints.bright() * 0.9
        mask, light = stage.ellipse(x, y - 0.95 * r, 0.95 * r, 0.8 * r)
        stage.place(mask, felt, shade=light, flow=0.0, depth=0.8)
        stage.place(
            stage.ellipse(x, y - 0.68 * r, 1.65 * r, 0.26 * r)[0], felt * 0.8, flow=0.0, depth=0.8
        )


def _face(stage: SceneBuilder, paints: Paints, x: float, y: float, r: float) -> None:
    rng, dark, turn = (
        stage.rng,
        paints["dark"],
        stage.rng.uniform(-0.18, 0.18) * stage.rng.choice([0.4, 1.0]),
    )
    x = x + turn * r
    nose = stage.polygon(
        [(x, y - 0.1 * r), (x - stage.light * 0.26 * r, y + 0.38 * r), (x, y + 0.42 * r)]
    )
    stage.darken(nose, 0.78)
    stage.darken(stage.ellipse(x, y + 1.02 * r, 0.35 * r, 0.12 * r)[0], 0.85)
    for side in (-1, 1):
        eye = x + side * 0.4 * r
        stage.darken(stage.ellipse(eye, y - 0.08 * r, 0.27 * r, 0.2 * r)[0], 0.82)
        stage.place(
            stage.ellipse(eye, y - 0.05 * r, 0.17 * r, 0.085 * r)[0],
            paints["light"] * 0.9,
            depth=0.8,
        )
        stage.place(stage.ellipse(eye, y - 0.05 * r, 0.085 * r, 0.09 * r)[0], dark, depth=0.8)
        stage.place(
            stage.ellipse(eye, y - 0.32 * r, 0.25 * r, 0.05 * r, side * 0.12)[0],
            dark * 1.2,
            depth=0.8,
        )
        stage.scene.albedo[
            stage.ellipse(x + side * 0.5 * r, y + 0.42 * r, 0.25 * r, 0.2 * r)[0], 1
        ] += 0.018
    lip = turned_lip(paints, rng.uniform(0.7, 1.0))
    stage.place(stage.ellipse(x, y + 0.7 * r, 0.27 * r, 0.085 * r)[0], lip, shade=0.92, depth=0.8)


def turned_lip(paints: Paints, lightness: float) -> Pixels:
    """A mouth's red: skin with some cloth in it."""
    return mixed(paints["skin"], paints["cloth"], 0.75) * np.float32(lightness)
