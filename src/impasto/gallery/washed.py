"""Styles of water, ink and darkness: washes whose edges run, ink on soft paper, and lamplight."""

import numpy as np

from impasto.gallery import brushes
from impasto.gallery.brushes import Brush, Canvas, averaged, blurred, contours, displaced, lay
from impasto.gallery.colour import Pixels, lch, mixed, turned
from impasto.gallery.painted import Hand
from impasto.gallery.scene import Rng, Scene, noise


def wet_wash(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """Transparent washes on white paper.

    Edges that wander and dry dark, blooms, grains of pigment, white left over.
    """
    size, k = scene.size, hand.scale
    down = 0.016 * k * noise(rng, size, 9) + 0.007 * noise(rng, size, 28)
    right = 0.016 * k * noise(rng, size, 9) + 0.007 * noise(rng, size, 28)
    label = displaced(scene.label, down, right)
    flat = mixed(
        displaced(averaged(scene.lit(), scene.label), down, right), blurred(scene.lit(), 0.025), 0.5
    )
    bloom = noise(rng, size, 5) + 0.6 * noise(rng, size, 13)
    white = contours(label, 0.010, rng, 0.9) * (noise(rng, size, 8) > 0.0)
    rim = np.clip(blurred(contours(label, 0.012, rng, 0.2), 0.004), 0, 1) * (1 - white)
    tooth = brushes.paper(rng, size, 0.35)
    page = lch(0.965, 0.012, 90)
    flat = turned(flat, 0.0, 1.35)
    load = np.clip(0.66 + 0.23 * bloom + 0.42 * rim + 0.1 * tooth, 0.12, 1.15)
    edge = np.minimum.reduce(
        [*np.meshgrid(*[np.minimum(np.arange(size), np.arange(size)[::-1]) / size] * 2)]
    )
    load = load * np.clip((edge - 0.02 + 0.014 * noise(rng, size, 12)) / 0.012, 0, 1) * (1 - white)
    wet = mixed(np.broadcast_to(page, flat.shape), flat, load)
    wet[..., 0] += 0.010 * tooth
    return wet


def ink_wash(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """A loaded brush on soft paper.

    Few greys that run into mist, quick dark lines, most often a red seal.
    """
    size, k = scene.size, hand.scale
    seen = scene.lit()
    page = lch(rng.uniform(0.86, 0.94), rng.uniform(0.01, 0.05), 85)
    ink = lch(0.2, rng.uniform(0, 0.04), rng.uniform(0, 360))
    down, right = 0.008 * noise(rng, size, 20), 0.008 * noise(rng, size, 20)
    tone = displaced(blurred(seen[..., 0], 0.01), down, right)
    low, high = np.quantile(tone, [0.03, 0.9])
    dark = 1 - np.clip((tone - low) / max(high - low, 0.05), 0, 1)
    mist = np.clip(0.75 + 0.6 * noise(rng, size, 3, 2), 0.15, 1)
    steps = np.round(dark * 4) / 4
    load = blurred((0.35 * dark + 0.65 * steps) * mist, 0.009) * (
        0.92 + 0.08 * brushes.paper(rng, size, 0.7)
    )
    washed = mixed(np.broadcast_to(page, seen.shape), ink, np.clip(0.8 * load, 0, 1))
    washed[..., 1:] += (blurred(seen, 0.02)[..., 1:] - washed[..., 1:]) * rng.choice(
        [0.0, 0.35, 0.6]
    )
    canvas = Canvas.primed(washed, size)
    line = contours(scene.label, 0.014 * k, rng, 1.0) * (noise(rng, size, 7) > 0.05)
    touch = Brush(
        0.018 * k, 5.0, 1.6, 2, 0.8, ragged=0.9, streaks=0.05, varied=0.03, tinted=0.0, dry=0.4
    )
    lay(canvas, touch, washed * 0.62, scene.flow + hand.angle, rng, where=dark > 0.62)
    done = mixed(canvas.colour, ink, np.clip(line, 0, 1) * 0.85)
    if rng.random() < 0.7:
        row, column, side = (
            int(size * rng.uniform(0.78, 0.88)),
            int(size * rng.choice([0.07, 0.85])),
            int(size * 0.07),
        )
        done[row : row + side, column : column + side] = lch(0.52, 0.19, 28)
    return done


def lamplight(scene: Scene, hand: Hand, rng: Rng) -> Pixels:
    """One lamp in the dark.

    Smooth modelling, deep warm shadow, colours only where the light falls.
    """
    size = scene.size
    y, x = np.indices((size, size), dtype=np.float32) / size
    px, py = rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.68)
    away = np.hypot(x - px, (y - py) * 1.1) / rng.uniform(0.42, 0.62)
    pool = np.exp(-(away**2) * 1.1).astype(np.float32)
    edge = blurred(scene.depth, 0.02)
    side = np.gradient(edge, axis=1) * np.sign(px - x) * size
    light = 0.2 + 1.15 * pool * np.clip(
        0.55 + 0.6 * scene.shade**2 * (0.25 + 1.0 * scene.depth), 0, 1.15
    )
    light = light + np.clip(0.025 * side, -0.1, 0.12) * pool
    seen = blurred(scene.albedo, 0.003) * np.clip(blurred(light, 0.004), 0.08, 1.2)[..., None]
    glow = mixed(seen, lch(0.22, 0.035, 60), np.clip(0.6 - pool, 0, 0.6))
    glow[..., 2] += 0.022 * pool
    fine = Brush(
        0.02 * hand.scale, 4.0, 0.8, 2, ragged=0.0, varied=0.006, tinted=0.003, streaks=0.006
    )
    canvas = Canvas.primed(glow, size)
    lay(canvas, fine, glow, scene.flow + hand.angle, rng)
    return mixed(glow, canvas.colour, 0.5)
