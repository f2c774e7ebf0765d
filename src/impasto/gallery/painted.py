"""Styles made of strokes: thick, broken, dotted, chalky, wild, and the mosaic's little stones."""

from dataclasses import dataclass

import numpy as np

from impasto.gallery import brushes
from impasto.gallery.brushes import Brush, Canvas, averaged, blurred, contours, lay, relief
from impasto.gallery.colour import Pixels, lch, mixed, turned
from impasto.gallery.scene import Rng, Scene, noise


@dataclass(frozen=True, slots=True)
class Hand:
    """An artist's habits, which every style obeys.

    Attributes:
        scale: size of strokes, dots, facets and lines, about 1.
        angle: by how much the hand turns directions, in radians.
        hue: by how much all hues are turned, in degrees.
        chroma: strength of colours, about 1.
        contrast: of lightness, about 1.
    """

    scale: float
    angle: float
    hue: float
    chroma: float
    contrast: float


def _edges(colours: Pixels, scale: float) -> Pixels:
    """(S, S) how much happens at a place: the difference to a blurred picture."""
    return np.asarray(np.abs(colours - blurred(colours, 0.03 * scale)).sum(axis=-1))


def impasto(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Thick short strokes along the forms, light raking over their ridges."""
    seen, k = scene.lit(), hand.scale
    flow = scene.flow + hand.angle
    canvas = Canvas.primed(averaged(seen, scene.label) * 0.8, scene.size)
    lay(canvas, Brush(0.085 * k, 2.5, 0.75, ragged=0.5, streaks=0.035, curve=0.3), seen, flow, rng)
    lay(
        canvas,
        Brush(0.052 * k, 3.0, 0.62, ragged=0.5, streaks=0.045, curve=0.3, varied=0.04),
        seen,
        flow,
        rng,
    )
    edges = _edges(seen, 1.0)
    lay(
        canvas,
        Brush(0.032 * k, 2.8, 0.6, streaks=0.04, varied=0.03),
        seen,
        flow,
        rng,
        where=edges > 0.045,
    )
    lay(
        canvas,
        Brush(0.021 * k, 2.4, 0.6, streaks=0.03, varied=0.015),
        seen,
        flow,
        rng,
        where=edges > 0.11,
    )
    return relief(canvas, 0.085)


def broken_colour(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Small commas of unmixed colour, quick and flat, cool in the shadows."""
    seen, k = scene.lit(), hand.scale
    shadow = np.clip(1 - scene.shade, 0, 0.6)
    seen[..., 2] -= 0.09 * shadow
    seen[..., 1] += 0.03 * shadow
    flow = scene.flow * 0.5 + hand.angle + 0.5
    canvas = Canvas.primed(mixed(blurred(seen, 0.05), lch(0.82, 0.03, 80), 0.35), scene.size)
    lay(
        canvas,
        Brush(0.034 * k, 2.6, 0.72, 2, 0.6, wander=0.45, varied=0.04, tinted=0.016),
        seen,
        flow,
        rng,
    )
    lay(
        canvas,
        Brush(0.024 * k, 2.6, 0.85, 2, 0.6, wander=0.5, varied=0.04, tinted=0.02),
        seen,
        flow,
        rng,
    )
    busy = _edges(seen, 0.7) > 0.05
    lay(
        canvas,
        Brush(0.015 * k, 2.4, 0.7, 2, 0.5, wander=0.4, varied=0.02, tinted=0.012),
        seen,
        flow,
        rng,
        where=busy,
    )
    return canvas.colour


def pointillist(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Round dots whose hues part from the thing's own to both sides, on a light ground."""
    seen, k = scene.lit(), hand.scale
    canvas = Canvas.primed(lch(0.9, 0.025, 85), scene.size)
    still = scene.flow * 0
    for width, spacing, swing in ((0.034, 0.8, 15.0), (0.026, 0.95, 30.0), (0.026, 1.25, 55.0)):
        split = turned(seen, swing * rng.choice([-1.0, 1.0], seen.shape[:2]), 1.25)
        brush = Brush(
            width * k,
            1.0,
            spacing,
            2,
            ragged=0.0,
            streaks=0.0,
            varied=0.05,
            tinted=0.012,
            jitter=0.35,
        )
        lay(canvas, brush, split, still, rng)
    return relief(canvas, 0.02)


def soft_pastel(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Long parallel chalk lines that skip the paper's tooth, over rubbed colour."""
    seen, k, size = blurred(scene.lit(), 0.003), hand.scale, scene.size
    ground = lch(rng.uniform(0.55, 0.85), 0.03, rng.uniform(0, 360))
    tooth = brushes.paper(rng, size, 0.3)
    canvas = Canvas.primed(
        mixed(ground, blurred(seen, 0.02), np.clip(0.75 + 0.5 * tooth, 0, 1)), size
    )
    flow = np.full_like(scene.flow, 0.9 + hand.angle) + 0.25 * scene.flow
    light = seen.copy()
    light[..., 0] = light[..., 0] * 0.9 + 0.1
    for width, length, spacing in ((0.02, 6.0, 0.75), (0.013, 6.0, 1.0)):
        brush = Brush(
            width * k,
            length,
            spacing,
            4,
            ragged=0.5,
            wander=0.1,
            varied=0.045,
            tinted=0.02,
            dry=0.42,
        )
        lay(canvas, brush, light, flow, rng)
    return canvas.colour + (0.035 * tooth)[..., None] * np.array([1, 0, 0], np.float32)


def wild_colour(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Broad flat strokes in unnatural colours, bare canvas between, dark broken outlines."""
    size, k = scene.size, hand.scale
    seen = mixed(scene.lit(), averaged(scene.lit(), scene.label), 0.6)
    things = int(scene.label.max()) + 1
    swing = rng.normal(0, 55, things).astype(np.float32)[scene.label]
    wild = turned(seen, swing + 60 * np.clip(1 - scene.shade, 0, 0.6), rng.uniform(1.25, 1.7))
    flow = scene.flow + hand.angle + rng.normal(0, 0.6, things).astype(np.float32)[scene.label]
    canvas = Canvas.primed(lch(0.9, 0.03, 85), size)
    lay(
        canvas,
        Brush(0.075 * k, 2.8, 0.58, 4, 0.3, ragged=0.6, varied=0.025, tinted=0.015),
        wild,
        flow,
        rng,
    )
    lay(
        canvas,
        Brush(0.042 * k, 2.5, 0.85, 4, 0.3, ragged=0.5, varied=0.025, tinted=0.015),
        wild,
        flow,
        rng,
    )
    ink = contours(scene.label, 0.016 * k, rng, 0.9) * (noise(rng, size, 9) > -0.35)
    return mixed(canvas.colour, lch(0.25, 0.1, rng.choice([265.0, 330.0, 150.0])), ink * 0.9)


def mosaic(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Little stones laid in rows along the forms, with mortar between them."""
    seen, k = mixed(scene.lit(), averaged(scene.lit(), scene.label), 0.35), hand.scale
    canvas = Canvas.primed(lch(rng.uniform(0.3, 0.6), 0.02, 70), scene.size)
    flow = np.round((scene.flow + hand.angle) / 0.4) * np.float32(0.4)
    for spacing in (0.85, 0.95):
        brush = Brush(
            0.038 * k,
            1.2,
            spacing,
            8,
            ragged=0.0,
            wander=0.06,
            jitter=0.15,
            streaks=0.0,
            varied=0.04,
            rim=0.2,
        )
        lay(canvas, brush, seen, flow, rng)
    return relief(canvas, 0.02)
