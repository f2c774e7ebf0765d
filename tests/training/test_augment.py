"""Augmentation against slow, obvious re-writes of the same draws."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.models.preprocess import plain
from impasto.training import augment as page
from impasto.training.augment import AugmentSettings, augment, crop_boxes, widest_crop

NOTHING: dict[str, Any] = {
    "crop_scale": (1.0, 1.0), "crop_ratio": 1.0, "flip": False, "brightness": 0.0,
    "contrast": 0.0, "saturation": 0.0,
    "cutmix": 0.0,
}  # fmt: skip


def only(**given: Any) -> AugmentSettings:
    """Nothing but what is given."""
    return AugmentSettings(**{**NOTHING, **given})


def pictures(count: int = 6, side: int = 32) -> Tensor:
    """Smooth pictures, ``uint8``, all different."""
    y, x = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    waves = [
        torch.sin((1 + b / 3) * (1 + c / 2) * x + (2 + b / 4) * y + b)
        for b in range(count)
        for c in range(3)
    ]
    return (torch.stack(waves).view(count, 3, side, side) * 100 + 128).to(torch.uint8)


def varied(
    x: Tensor, settings: AugmentSettings, resolution: int = 32, seed: int = 0
) -> tuple[Tensor, Tensor]:
    targets = torch.eye(len(x))
    return augment(
        x,
        targets,
        settings=settings,
        resolution=resolution,
        generator=torch.Generator().manual_seed(seed),
    )


def test_in_uint8_out_floats_in_range() -> None:
    x, targets = varied(pictures(), AugmentSettings(brightness=1.0, contrast=0.9), 20)
    assert x.shape == (6, 3, 20, 20)
    assert x.dtype == torch.float32
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert -1 <= float(x.min()) < float(x.max()) <= 1
    assert targets.shape == (6, 6)
    torch.testing.assert_close(targets.sum(1), torch.ones(6))


@pytest.mark.parametrize(
    ("resolution", "tolerance"), [(32, 1e-5), (16, 0.05), (12, 0.05), (48, 0.01)]
)
def test_at_rest_it_shows_what_evaluation_shows(resolution: int, tolerance: float) -> None:
    """Evaluation shrinks by a triangle and augmentation by a box: alike on smooth pictures."""
    x, targets = varied(pictures(), only(), resolution)
    torch.testing.assert_close(x, plain(pictures(), resolution), atol=tolerance, rtol=0)
    assert torch.equal(targets, torch.eye(6))


def test_the_generator_decides_alone() -> None:
    settings = AugmentSettings()
    first, again, other = (varied(pictures(), settings, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])
    before = torch.get_rng_state()
    varied(pictures(), settings)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_pictures_given_are_not_changed() -> None:
    x = pictures()
    varied(x, AugmentSettings(cutmix=1.0))
    assert torch.equal(x, pictures())


def slow_crop(picture: Tensor, box: list[float], resolution: int) -> Tensor:
    """One picture, point by point:

    bilinear between pixel centres, edges held, 2×2 means where it shrinks.
    """
    channels, height, width = picture.shape
    fine = 2 * resolution if width > resolution else resolution
    drawn = torch.empty(channels, fine, fine)
    for row in range(fine):
        for column in range(fine):
            u = box[0] + box[2] * ((2 * column + 1) / fine - 1)  # in [-1, 1] over the picture
            v = box[1] + box[3] * ((2 * row + 1) / fine - 1)
            x = min(max((u + 1) / 2 * width - 0.5, 0), width - 1)
            y = min(max((v + 1) / 2 * height - 0.5, 0), height - 1)
            left, top = math.floor(x), math.floor(y)
            right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
            a, b = x - left, y - top
            upper = (1 - a) * picture[:, top, left] + a * picture[:, top, right]
            lower = (1 - a) * picture[:, bottom, left] + a * picture[:, bottom, right]
            drawn[:, row, column] = (1 - b) * upper + b * lower
    step = fine // resolution
    return drawn.view(channels, resolution, step, resolution, step).mean((2, 4)) / 127.5 - 1


@pytest.mark.parametrize("resolution", [10, 24])
def test_crops_are_those_of_the_slow_loop(resolution: int) -> None:
    settings = only(crop_scale=(0.3, 1.0), crop_ratio=1.5, flip=True)
    x = pictures(4, 24)
    boxes = page.crop_boxes(4, settings, torch.Generator().manual_seed(0))
    slow = torch.stack(
        [slow_crop(p.float(), box.tolist(), resolution) for p, box in zip(x, boxes, strict=True)]
    )
    torch.testing.assert_close(varied(x, settings, resolution)[0], slow, atol=2e-4, rtol=0)


def test_crops_lie_within_the_picture_and_keep_their_share() -> None:
    settings = only(crop_scale=(0.4, 1.0), crop_ratio=1.3, flip=True)
    boxes = page.crop_boxes(4000, settings, torch.Generator().manual_seed(0))
    x, y, width, height = boxes.unbind(1)
    assert float((x.abs() + width.abs()).max()) <= 1 + 1e-6
    assert float((y.abs() + height.abs()).max()) <= 1 + 1e-6
    assert height.min() > 0
    area = width.abs() * height
    assert 0.4 / 1.3 < float(area.min()) < 0.45
    assert float(area.max()) <= 1 + 1e-6
    assert 0.55 < float(area.mean()) < 0.72
    assert 1 / 1.31 < float((width.abs() / height).min()) < 0.85
    assert 1.15 < float((width.abs() / height).max()) < 1.31
    assert 0.46 < float((width < 0).float().mean()) < 0.54


@pytest.mark.parametrize(("most", "ratio"), [(0.5, 1.33), (0.3, 2.0), (1.0, 1.33)])
def test_no_crop_is_wider_than_the_widest(most: float, ratio: float) -> None:
    settings = AugmentSettings(crop_scale=(0.1, most), crop_ratio=ratio)
    sides = crop_boxes(20_000, settings, torch.Generator().manual_seed(0))[:, 2:].abs()
    assert 0.95 * widest_crop(settings) < sides.max() <= widest_crop(settings)


def test_pieces_too_small_to_alias_are_sampled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = []
    original = page.F.grid_sample

    def counted(source: Tensor, grid: Tensor, **how: Any) -> Tensor:
        sampled.append(grid.shape[1])
        return original(source, grid, **how)

    monkeypatch.setattr(page.F, "grid_sample", counted)
    given = pictures(2, 64)
    for most in (0.5, 1.0):
        settings = AugmentSettings(crop_scale=(0.1, most), cutmix=0)
        varied(given, settings)
    assert sampled == [32, 64]


def test_flipping_mirrors_left_to_right() -> None:
    x = pictures(12)
    made = varied(x, only(flip=True))[0]
    upright, mirrored = plain(x, 32), plain(x, 32).flip(3)
    which = [
        (torch.allclose(m, u, atol=1e-4), torch.allclose(m, f, atol=1e-4))
        for m, u, f in zip(made, upright, mirrored, strict=True)
    ]
    assert all(a != b for a, b in which)
    assert {a for a, _ in which} == {True, False}


def test_recolouring_is_its_formula() -> None:
    settings = only(brightness=0.3, contrast=0.4, saturation=0.5)
    x = plain(pictures(), 32)
    draw = 2 * torch.rand(3, len(x), 1, 1, 1, generator=torch.Generator().manual_seed(9)) - 1
    slow = torch.empty_like(x)
    for b, picture in enumerate(x):
        saturation, contrast, brightness = (float(d) for d in draw[:, b].flatten())
        grey = (picture[0] + picture[1] + picture[2]) / 3
        coloured = torch.stack(
            [grey + (channel - grey) * (1 + 0.5 * saturation) for channel in picture]
        )
        mean = float(coloured.mean())
        slow[b] = (mean + (coloured - mean) * (1 + 0.4 * contrast) + 0.3 * brightness * 2).clamp(
            -1, 1
        )
    made = page._recolour((x + 1) * 127.5, settings, torch.Generator().manual_seed(9))
    torch.testing.assert_close(made, slow, atol=1e-5, rtol=0)


@pytest.mark.parametrize("seed", range(8))
def test_cutmix_labels_are_the_area_really_replaced(seed: int) -> None:
    """Every picture in one colour: the colours in the result say what came from where."""
    count = 7
    x = (
        (torch.arange(count, dtype=torch.uint8) * 30 + 10)
        .view(-1, 1, 1, 1)
        .expand(count, 3, 20, 20)
    )
    made, targets = varied(x, only(cutmix=1.0), 20, seed)
    shown = ((made + 1) * 127.5 - 10).div(30).round().long()[:, 0]  # which picture each pixel is of
    shares = torch.stack([(shown == index).float().mean((1, 2)) for index in range(count)], 1)
    torch.testing.assert_close(targets, shares, atol=1e-5, rtol=0)
    foreign = shown != torch.arange(count)[:, None, None]
    boxes = foreign[foreign.any((1, 2))]  # an order may leave a picture where it is
    assert all(torch.equal(box, boxes[0]) for box in boxes)
    for box in boxes[:1]:
        rows, columns = box.any(1).nonzero(), box.any(0).nonzero()
        assert int(box.sum()) == (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)


def test_cutmix_replaces_every_share() -> None:
    kept = [
        float(varied(pictures(8, 16), only(cutmix=1.0), 16, seed)[1].diagonal().min())
        for seed in range(80)
    ]
    assert min(kept) < 0.2
    assert max(kept) > 0.95
    assert 0.5 < sum(kept) / len(kept) < 0.75  # uniform to replace, less what the border cuts off


def test_cutmix_takes_its_share_of_the_batches() -> None:
    mixed = [
        not torch.equal(varied(pictures(8, 8), only(cutmix=0.3), 8, seed)[1], torch.eye(8))
        for seed in range(150)
    ]
    assert 0.2 < sum(mixed) / 150 < 0.4


@pytest.mark.parametrize("kind", ["cutmix", "mixup"])
def test_partners_from_elsewhere_are_what_is_mixed_in(kind: str) -> None:
    """Dark pictures that meet bright ones:

    each is brighter by the share of its target that they take.
    """
    dark, bright = (torch.full((5, 3, 16, 16), value, dtype=torch.uint8) for value in (0, 255))
    targets, theirs = (
        torch.eye(2)[torch.zeros(5, dtype=torch.long)],
        torch.eye(2)[torch.ones(5, dtype=torch.long)],
    )
    for seed in range(6):
        generator = torch.Generator().manual_seed(seed)
        x, mixed = augment(
            dark, targets, settings=only(**{kind: 1.0}), resolution=16, generator=generator,
            partners=lambda: (bright, theirs),
        )  # fmt: skip
        torch.testing.assert_close((x.mean((1, 2, 3)) + 1) / 2, mixed[:, 1], atol=1e-5, rtol=0)
        torch.testing.assert_close(mixed.sum(1), torch.ones(5))


@pytest.mark.parametrize("alpha", [0.2, 32.0])
def test_blends_are_as_even_as_alpha_asks_for(alpha: float) -> None:
    """Beta(α, α) has the variance 1 / (8 α + 4)."""
    settings, mine, theirs = only(mixup=1.0, mixup_alpha=alpha), torch.eye(2)[:1], torch.eye(2)[1:]
    shares = []
    for seed in range(300):
        generator = torch.Generator().manual_seed(seed)
        one = pictures(1, 2)
        _, mixed = augment(
            one,
            mine,
            settings=settings,
            resolution=8,
            generator=generator,
            partners=lambda x=one: (x, theirs),
        )
        shares.append(float(mixed[0, 1]))
    assert sum((share - 0.5) ** 2 for share in shares) / 300 == pytest.approx(
        1 / (8 * alpha + 4), rel=0.25
    )


def test_partners_are_asked_for_only_when_they_are_wanted() -> None:
    asked: list[int] = []

    def partners() -> tuple[Tensor, Tensor]:
        asked.append(1)
        return pictures(), torch.eye(6)

    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        augment(
            pictures(),
            torch.eye(6),
            settings=only(cutmix=0.3),
            resolution=16,
            generator=generator,
            partners=partners,
        )
    assert 4 < len(asked) < 22


def test_others_of_the_batch_are_the_same_draws_as_ever() -> None:
    """Whom a batch mixes in without partners: an order drawn after the crops and colours."""
    generator = torch.Generator().manual_seed(4)
    page.crop_boxes(6, only(), generator)
    torch.rand(3, 6, 1, 1, 1, generator=generator)
    torch.rand((), generator=generator)
    order = torch.randperm(6, generator=generator)
    _, targets = varied(pictures(), only(cutmix=1.0), seed=4)
    kept = targets.diagonal().min()
    torch.testing.assert_close(targets, kept * torch.eye(6) + (1 - kept) * torch.eye(6)[order])
