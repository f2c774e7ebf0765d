"""Styles of flat shapes: prints, posters, glass, facets and fields."""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from impasto.gallery import brushes
from impasto.gallery.brushes import (
    Brush,
    Canvas,
    averaged,
    blurred,
    cells,
    contours,
    displaced,
    lay,
)
from impasto.gallery.colour import Labels, Pixels, lch, mixed, turned
from impasto.gallery.painted import Hand
from impasto.gallery.scene import Rng, Scene, noise


def floating_print(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Flat colours from wood blocks.

    Thin dark outlines, one gradation from an edge, the grain of the block.
    """
    size = scene.size
    flat = mixed(averaged(scene.albedo, scene.label), lch(0.85, 0.045, 85), 0.12)
    y = np.linspace(0, 1, size, dtype=np.float32)[:, None] * np.ones((1, size), np.float32)
    sky = scene.depth < 0.15
    fade = np.clip(1 - y * rng.uniform(2.2, 4), 0, 1) * sky + 0.5 * np.clip((y - 0.8) * 4, 0, 1)
    flat = mixed(flat, lch(0.42, 0.1, rng.choice([255.0, 262.0, 20.0])), 0.75 * fade)
    grain = noise(rng, size, size / 3, 25.0) + 0.5 * noise(rng, size, size / 7, 12.0)
    flat[..., 0] += 0.016 * grain + 0.012 * brushes.paper(rng, size)
    ink = contours(scene.label, 0.008 * hand.scale, rng, 0.6)
    return mixed(flat, lch(0.24, 0.03, 270), 0.92 * ink)


def flat_gouache(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Matt shapes in two or three steps of light, no outline, a dry edge here and there."""
    size, k = scene.size, hand.scale
    wobble = 0.006 * k
    down, right = noise(rng, size, 22) * wobble, noise(rng, size, 22) * wobble
    label = displaced(scene.label, down, right)
    base, shade = averaged(scene.albedo, scene.label), displaced(scene.shade, down, right)
    shade = shade + 0.035 * noise(rng, size, 26)
    steps = np.select([shade > 1.04, shade > 0.86, shade > 0.7], [1.1, 1.0, 0.84], 0.68).astype(
        np.float32
    )
    flat = displaced(base, down, right)
    flat = flat * steps[..., None]
    flat[..., 2] -= 0.05 * (1 - steps)
    canvas = Canvas.primed(flat, size)
    dry = Brush(0.05 * k, 4.0, 1.6, 4, ragged=0.8, varied=0.03, tinted=0.006, dry=0.5)
    lay(
        canvas,
        dry,
        flat,
        scene.flow * 0 + hand.angle,
        rng,
        where=blurred((label % 3 == 0).astype(np.float32), 0.01) > 0.9,
    )
    canvas.colour[..., 0] += 0.008 * brushes.paper(rng, size, 0.2)
    return canvas.colour


def woodcut(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """One block cut with a gouge.

    Black ridges, white lines that swell with the light, colour under it or not.
    """
    size = scene.size
    lightness = blurred(scene.lit()[..., 0], 0.006)
    low, high = np.quantile(lightness, [0.05, 0.95])
    tone = np.clip((lightness - low) / max(high - low, 0.05), 0, 1)
    y, x = np.indices((size, size), dtype=np.float32) / size
    things = int(scene.label.max()) + 1
    means = np.bincount(scene.label.ravel(), weights=scene.flow.ravel(), minlength=things)
    turns = means / np.maximum(np.bincount(scene.label.ravel(), minlength=things), 1)
    angle = (turns + rng.normal(0, 0.4, things) + hand.angle).astype(np.float32)[scene.label]
    across = (
        y * np.cos(angle)
        - x * np.sin(angle)
        + 0.014 * noise(rng, size, 5)
        + 0.002 * noise(rng, size, 30)
    )
    lines = 0.5 + 0.5 * np.sin(2 * np.pi * across * (26 / hand.scale))
    cut = np.clip((lines - (1.12 - 1.3 * tone)) * 5 + 0.5, 0, 1)
    ink = np.maximum(1 - cut, contours(scene.label, 0.009, rng, 0.8))
    page = mixed(
        lch(0.92, 0.035, 85),
        lch(rng.uniform(0.75, 0.9), rng.uniform(0, 0.1), rng.uniform(0, 360)),
        0.5,
    )
    under = averaged(scene.albedo, scene.label)
    under = mixed(np.broadcast_to(page, under.shape), under, 0.65 if rng.random() < 0.6 else 0.0)
    worn = np.clip(ink * (0.95 + 0.12 * brushes.paper(rng, size)), 0, 1)
    return mixed(
        under, lch(rng.uniform(0.18, 0.3), rng.uniform(0.0, 0.05), rng.uniform(0, 360)), worn
    )


def stained_glass(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Panes of glowing colour in lead."""
    size = scene.size
    merged = _without_slivers(scene)
    pane = cells(size, round(46 / hand.scale**2), rng, merged)
    glow = averaged(scene.lit(), pane)
    count = int(pane.max()) + 1
    glow[..., 0] = glow[..., 0] * 0.92 + 0.06 + rng.normal(0, 0.05, count).astype(np.float32)[pane]
    glow = turned(glow, rng.normal(0, 10, count).astype(np.float32)[pane], 1.5)
    lead = contours(pane, 0.017 * hand.scale, rng, 0.25)
    inner = blurred(lead, 0.02)
    glow = glow * (1.08 - 0.55 * np.clip(inner, 0, 1) + 0.05 * noise(rng, size, 20))[..., None]
    lead_colour = lch(0.2, 0.015, 260)
    return mixed(glow, lead_colour, lead)


def _without_slivers(scene: Scene) -> Labels:
    """The labels with things too small for a pane left out, by a majority-like smoothing."""
    size = scene.size
    counts = np.bincount(scene.label.ravel())
    small = counts < size * size * 0.002
    if small.all():
        return scene.label
    nearest = ndimage.distance_transform_edt(
        small[scene.label], return_distances=False, return_indices=True
    )
    merged: Labels = scene.label[nearest[0], nearest[1]]
    return merged


def deco_geometry(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Airbrushed shapes under a fan of rays and rings, edged with thin gilt lines."""
    size = scene.size
    y, x = np.indices((size, size), dtype=np.float32) / size
    px, py = rng.uniform(0.2, 0.8), rng.choice([-0.05, 1.05, rng.uniform(0.2, 0.8)])
    angle = np.arctan2(y - py, x - px) + hand.angle
    rays = np.floor(angle / (2 * np.pi) * round(22 / hand.scale)).astype(np.int32)
    rings = np.floor(np.hypot(x - px, y - py) * 4.5 / hand.scale).astype(np.int32)
    plate = (rays - rays.min()) * 50 + rings
    step = np.unique(plate, return_inverse=True)[1].reshape(size, size)
    flat = averaged(scene.albedo, scene.label)
    part = (angle / (2 * np.pi) * round(22 / hand.scale)) % 1
    sweep = 0.86 + 0.24 * part + 0.1 * ((step + rings) % 2)
    flat = flat * (sweep * np.clip(0.4 + 0.6 * scene.shade, 0.5, 1.1))[..., None]
    joined = scene.label * np.int32(2) + (rings % 2).astype(np.int32)
    gilt = contours(joined, 0.006, rng, 0.0)
    flat = mixed(flat, lch(0.8, 0.1, 88), 0.85 * gilt)
    return mixed(flat, lch(0.25, 0.03, 280), contours(scene.label, 0.005, rng, 0.0) * 0.5)


def cubist_facets(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """The thing seen from several sides at once.

    Straight-edged facets, each shifted and shaded to one of its edges.
    """
    size, seen = scene.size, scene.lit()
    y, x = np.indices((size, size), dtype=np.float32) / size
    facet = np.zeros((size, size), np.int64)
    for _ in range(round(8 / hand.scale)):
        turn = rng.choice([0.5, 1.1, 2.0, 2.7]) + hand.angle + rng.normal(0, 0.12)
        offset = (rng.uniform(0.1, 0.9) - 0.5) * np.cos(turn) + (
            rng.uniform(0.1, 0.9) - 0.5
        ) * np.sin(turn)
        facet = facet * 2 + ((x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn) > offset)
    facet = np.unique(facet, return_inverse=True)[1].reshape(size, size)
    count = int(facet.max()) + 1
    shift = rng.normal(0, 0.05, (2, count)).astype(np.float32)
    moved = displaced(seen, shift[0][facet], shift[1][facet])
    moved = mixed(moved, averaged(moved, facet), 0.15)
    lean = rng.uniform(0, 2 * np.pi, count).astype(np.float32)
    middle_x, middle_y = (averaged(np.stack([v, v, v], -1), facet)[..., 0] for v in (x, y))
    slope = (x - middle_x) * np.cos(lean)[facet] + (y - middle_y) * np.sin(lean)[facet]
    moved = mixed(moved, lch(0.6, 0.05, rng.choice([75.0, 250.0, 130.0])), 0.12)
    moved[..., 0] += (
        np.clip(1.3 * slope, -0.12, 0.12) + rng.normal(0, 0.02, count).astype(np.float32)[facet]
    )
    moved[..., 0] += 0.022 * brushes.paper(rng, size, 0.6)
    edge = contours(facet, 0.007, rng, 0.9)
    return mixed(moved, lch(0.27, 0.03, 60), 0.7 * edge)


def colour_field(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """A few large soft-edged fields, floating on a ground, thin layers breathing through."""
    size = scene.size
    y, x = np.indices((size, size), dtype=np.float32) / size
    seen = scene.lit()
    ground = turned(np.median(seen.reshape(-1, 3), axis=0), rng.normal(0, 20), 1.6).astype(
        np.float32
    )
    painted = np.broadcast_to(ground, seen.shape).astype(np.float32)
    cuts = np.concatenate(
        [[0.06], np.sort(rng.uniform(0.22, 0.78, int(rng.integers(1, 4)))), [0.94]]
    )
    frame, soft = rng.uniform(0.05, 0.11), 0.022 * hand.scale
    wave = 0.014 * noise(rng, size, 6) + 0.008 * noise(rng, size, 16)
    for top, bottom in pairwise(cuts):
        rows = slice(int(top * size), max(int(bottom * size), int(top * size) + 1))
        block = seen[rows].reshape(-1, 3)
        colour = turned(
            block[int(rng.integers(len(block)))] * 0.6 + block.mean(0) * 0.4, 0.0, 1.8
        ).astype(np.float32)
        inside = (
            np.minimum.reduce([y - top - 0.02, bottom - 0.02 - y, x - frame, 1 - frame - x]) + wave
        )
        veil = np.clip(inside / soft + 0.5, 0, 1) * np.clip(
            0.86 + 0.16 * noise(rng, size, 7, 1.5), 0, 1
        )
        painted = mixed(painted, colour, veil)
    ghost = blurred(seen, 0.07)
    painted = mixed(painted, ghost, 0.12)
    painted[..., 0] += 0.014 * brushes.paper(rng, size, 0.5)
    return painted
