"""Checks of single pictures: grey, framed, with a colour card, a page of text, nearly empty.

Each is a rule on the stored pixels with fixed thresholds, tried at 128 pixels on paintings of
WikiArt and on pictures made by code (docs/methods/audit.md). A picture that a rule names need not
be wrong: a drawing is grey, and paper has an edge. Photographs of sculptures have no such rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from impasto.images.handmade_features import resized

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
SIDE: Final = 128  # height and width at which the rules are asked; smaller pictures as they are
SMALLEST: Final = 64  # height and width below which the rules say too little
CHUNK: Final = 256
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
GREY: Final = 8  # levels between the channels that JPEG leaves in a grey picture
FRAME_DEPTH: Final = 0.2  # of a side, within which its edge is looked for
FRAME_STEP: Final = 10  # levels across an edge
FRAME_LENGTH: Final = 0.8  # of each side that the edge runs along
CARD_DEPTH: Final = 0.14  # of a side, in which a colour card lies
CARD_HUES: Final = 5  # of six that a line has
HUE_SHARE: Final = 0.03  # of a line that each of them takes
SATURATED: Final = 60  # levels between the channels
SMOOTH: Final = 2.2  # mean Laplacian; of 9,069 paintings the smoothest has 3.2


@dataclass(frozen=True, slots=True)
class PictureChecks:
    """Pictures that each rule names, ``bool (N,)``."""

    grey: Mask
    framed: Mask
    colour_card: Mask
    text: Mask
    low_information: Mask


def check_pictures(pixels: Pixels) -> PictureChecks:
    """Check pictures ``uint8 (N, H, W, 3)``, read once from beginning to end."""
    parts = [_chunk(pixels[at : at + CHUNK]) for at in range(0, len(pixels), CHUNK)]
    none = np.zeros(0, bool)
    columns = zip(*parts, strict=True) if parts else ([none],) * 5
    return PictureChecks(*(np.concatenate(column) for column in columns))


def _chunk(pixels: Pixels) -> tuple[Mask, Mask, Mask, Mask, Mask]:
    pictures = np.asarray(pixels)
    if pictures.shape[1] > SIDE:
        pictures = resized(pictures, SIDE)
    red, green, blue = (pictures[..., channel] for channel in range(3))
    most, least = (np.maximum(red, green), np.minimum(red, green))
    chroma = np.maximum(most, blue) - np.minimum(least, blue)  # (B, S, S)
    light = LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue
    detail = _laplacian(light)
    # A constant picture has a code of its own
    spread = light.max((1, 2)) - light.min((1, 2))
    return (
        (chroma > GREY).mean((1, 2)) <= 0.01,
        _framed(light),
        _where(_may_have_card(chroma), pictures, _has_card),
        _where(((chroma > 40).mean((1, 2)) <= 0.05) & (detail > 30), light, _is_text),
        (detail < SMOOTH) & (spread > 4),
    )


def _where(candidates: Mask, values: NDArray[Any], rule: Callable[..., Mask]) -> Mask:
    """Ask a costly rule about the candidates alone."""
    result = np.zeros(len(candidates), bool)
    if candidates.any():
        result[candidates] = rule(values[candidates])
    return result


def _laplacian(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean absolute Laplacian of each picture, in levels."""
    around = light[:, 2:, 1:-1] + light[:, :-2, 1:-1] + light[:, 1:-1, 2:] + light[:, 1:-1, :-2]
    return np.asarray(np.abs(4 * light[:, 1:-1, 1:-1] - around).mean((1, 2)))


def _sides(values: NDArray[Any], depth: int) -> list[NDArray[Any]]:
    """The outer strips of all four sides, each with its outermost line first, ``(B, D, S, …)``."""
    return [np.rot90(values, turn, axes=(1, 2))[:, :depth] for turn in range(4)]


def _framed(light: NDArray[np.float32]) -> Mask:
    """Whether an edge of one sign runs along every side: a frame, a mount, a sheet's end."""
    size = light.shape[1]
    corner, depth = size // 8, max(4, round(FRAME_DEPTH * size)) + 2
    least = np.ones(len(light))
    for strip in _sides(light, depth):
        step = (strip[:, 2:] - strip[:, :-2])[:, 1:, corner : size - corner]
        share = np.maximum((step > FRAME_STEP).mean(2), (step < -FRAME_STEP).mean(2))
        least = np.minimum(least, share.max(1))
    return np.asarray(least >= FRAME_LENGTH)


def _card_depth(size: int) -> int:
    return max(4, round(CARD_DEPTH * size))


def _may_have_card(chroma: Pixels) -> Mask:
    """Whether a line near a side has saturated pixels enough for a colour card."""
    strips = _sides(chroma > SATURATED, _card_depth(chroma.shape[1]))
    most = np.max([strip.mean(2).max(1) for strip in strips], axis=0)
    return np.asarray(most >= CARD_HUES * HUE_SHARE)


def _has_card(pictures: Pixels) -> Mask:
    """Whether three lines beside each other near a side are flat patches of five hues or more."""
    found = np.zeros(len(pictures), bool)
    for strip in _sides(pictures, _card_depth(pictures.shape[1])):
        values = strip.astype(np.int16)
        change = np.abs(np.diff(values, axis=2)).max(3)  # (B, D, S − 1)
        patches = ((change <= 10).mean(2) > 0.5) & ((change > 40).sum(2) >= CARD_HUES - 1)
        hue = _hues(values)
        many = np.stack([(hue == one).mean(2) >= HUE_SHARE for one in range(6)]).sum(0) >= CARD_HUES
        lines = patches & many
        found |= (lines[:, 2:] & lines[:, 1:-1] & lines[:, :-2]).any(1)
    return found


def _hues(values: NDArray[np.int16]) -> NDArray[np.int64]:
    """Red, yellow, green, cyan, blue and magenta from 0, the nearest; −1 for greyish pixels."""
    red, green, blue = np.moveaxis(values, -1, 0)
    most = values.max(-1)
    chroma = most - values.min(-1)
    scale = np.maximum(chroma, 1)
    angle = np.where(
        most == red,
        (green - blue) / scale % 6,
        np.where(most == green, (blue - red) / scale + 2, (red - green) / scale + 4),
    )
    return np.where(chroma > SATURATED, np.round(angle).astype(np.int64) % 6, -1)


def _is_text(light: NDArray[np.float32]) -> Mask:
    """Whether lines with many strokes and blank ones take turns, on an even ground."""
    size = light.shape[1]
    flat = light.reshape(len(light), -1)
    low, high = np.percentile(flat[:, ::4], (2, 98), axis=1)
    ink = light < ((low + high) / 2)[:, None, None]
    ink ^= (ink.mean((1, 2)) > 0.5)[:, None, None]  # light on dark, too
    strokes = (ink[:, :, 1:] != ink[:, :, :-1]).mean(2)  # (B, S), of a line
    turns = ((strokes[:, 1:] > 0.06) != (strokes[:, :-1] > 0.06)).sum(1) / size
    levels = (flat / 8).astype(np.int64)
    ground = np.stack([np.bincount(one, minlength=32).max() for one in levels]) / flat.shape[1]
    return np.asarray(
        (ground > 0.24)
        & (ink.mean((1, 2)) < 0.29)
        & ((strokes > 0.1).mean(1) > 0.27)
        & ((strokes < 0.02).mean(1) > 0.2)
        & (turns > 0.07)
    )
