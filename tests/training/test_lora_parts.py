"""The parts of a LoRA training:

objectives by the papers' formulas, balanced draws, caches that are what they cache.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from impasto.collection.collection import Collection
from impasto.diffusion.base import open_base
from impasto.diffusion.families import FAMILIES
from impasto.training.lora.cache import Shelf
from impasto.training.lora.data import Material, Taught
from impasto.training.lora.objective import Objective
from impasto.training.lora.settings import LoraSettings, resolved
from impasto.training.lora.task import LoraTask, paired_gain

Base = Callable[..., Path]


def alphas() -> np.ndarray[Any, Any]:
    """The scaled linear schedule, one factor after another."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    return np.cumprod(1 - betas)


@pytest.mark.parametrize("predicts", ["epsilon", "v_prediction"])
def test_diffusion_by_the_papers_formulas(tiny_base: Base, predicts: str) -> None:
    base = open_base(str(tiny_base()))
    base.pipeline.scheduler.register_to_config(prediction_type=predicts)
    objective = Objective(base, min_snr=5.0, noise_offset=0.0)
    draws = objective.draw([3, 4, 5], (4, 8, 8))
    clean = torch.randn((3, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    noisy, times, wanted = objective.noisy(clean, draws)
    predicted = torch.randn((3, 4, 8, 8), generator=torch.Generator().manual_seed(2))
    losses = objective.loss(predicted, wanted, times)
    for i, t in enumerate(times.tolist()):
        signal, noise = alphas()[t] ** 0.5, (1 - alphas()[t]) ** 0.5
        x, e = clean[i].double(), draws.noise[i].double()
        assert torch.allclose(noisy[i].double(), signal * x + noise * e, atol=1e-5)
        target = e if predicts == "epsilon" else signal * e - noise * x
        assert torch.allclose(wanted[i].double(), target, atol=1e-5)
        snr = (signal / noise) ** 2
        weight = min(snr, 5) / (snr if predicts == "epsilon" else snr + 1)
        assert float(losses[i]) == pytest.approx(
            weight * float(((predicted[i] - target) ** 2).mean()), rel=1e-3
        )
    plain = objective.loss(predicted, wanted, times, weighted=False)
    assert torch.allclose(plain, ((predicted - wanted) ** 2).mean((1, 2, 3)))


def test_a_flow_goes_straight_from_picture_to_noise(tiny_base: Base) -> None:
    base = open_base(str(tiny_base("tiny_flow")))
    objective = Objective(base, min_snr=5.0, noise_offset=0.0)
    draws = objective.draw(list(range(400)), (1, 1, 1))
    clean = torch.full((400, 1, 1, 1), 2.0)
    noisy, times, wanted = objective.noisy(clean, draws)
    sigma = times.view(-1, 1, 1, 1) / 1000
    assert torch.allclose(noisy, (1 - sigma) * clean + sigma * draws.noise, atol=1e-4)
    assert torch.allclose(wanted, draws.noise - clean)
    assert torch.allclose(
        noisy - sigma * wanted, clean, atol=1e-3
    )  # following the answer leads back
    # Times of a logistic normal: half of them before the middle, few at the ends
    places = draws.times.float() / 1000
    assert abs(float(places.median()) - 0.5) < 0.06
    assert float(((places > 0.12) & (places < 0.88)).float().mean()) == pytest.approx(
        0.954, abs=0.03
    )


def test_draws_are_functions_of_their_seeds_and_the_offset_moves_the_mean(tiny_base: Base) -> None:
    base = open_base(str(tiny_base()))
    plain, offset = (Objective(base, min_snr=0, noise_offset=value) for value in (0.0, 0.5))
    together, alone = plain.draw([1, 2, 3], (4, 16, 16)), plain.draw([3], (4, 16, 16))
    assert torch.equal(together.noise[2], alone.noise[0])
    assert together.times[2] == alone.times[0]
    means = [
        float(o.draw(list(range(200)), (4, 16, 16)).noise.mean((2, 3)).std())
        for o in (plain, offset)
    ]
    assert means[0] == pytest.approx(1 / 16, rel=0.15)
    assert means[1] == pytest.approx((1 / 256 + 0.25) ** 0.5, rel=0.15)


def test_styles_are_drawn_alike_whatever_their_shapes(
    make_collection: Callable[..., Collection],
) -> None:
    """Batches of one shape; over many, styles have equal shares and so have their pictures."""
    collection = make_collection(train=(30, 12, 6), test=1)
    settings = LoraSettings(base="x", resolution=32, batch_size=4, caption_dropout=0.25)
    material = Material.of(Taught.of(collection, settings), collection, settings, 4)
    rng = np.random.default_rng(0)
    shape_of = rng.integers(0, 3, len(collection))
    object.__setattr__(material, "shape_of", shape_of)
    drawn, silent = [], []
    for index in range(3000):
        rows, quiet, seeds = material.drawn(index, settings)
        assert len(set(shape_of[rows])) == 1
        assert len(set(seeds.tolist())) == 4
        drawn += rows.tolist()
        silent += quiet.tolist()
    assert set(drawn) == set(collection.indices("train").tolist())
    shares = np.bincount(collection.labels[drawn]) / len(drawn)
    assert shares == pytest.approx([1 / 3] * 3, abs=0.03)
    first = np.bincount(drawn)[
        [row for row in collection.indices("train") if collection.labels[row] == 0]
    ]
    assert first.std() / first.mean() < 0.25
    assert np.mean(silent) == pytest.approx(0.25, abs=0.02)
    assert np.array_equal(material.drawn(7, settings)[0], material.drawn(7, settings)[0])


@pytest.mark.parametrize("kind", ["tiny", "tiny_flow", "tiny_z_image"])
def test_caches_hold_what_the_base_says(
    make_collection: Callable[..., Collection], tiny_base: Base, tmp_path: Path, kind: str
) -> None:
    collection = make_collection(train=6, test=1, size=32)
    settings = LoraSettings(
        base=str(tiny_base(kind)),
        resolution=32,
        batch_size=2,
        buckets=False,
        rank=2,
        guidance=2.0,
        epoch_pictures=4,
    )
    taught = Taught.of(collection, settings)
    home = tmp_path / "cache"
    task = LoraTask(taught, collection, settings, Accelerator(cpu=True), home, progress=False)
    pipeline, row = task.base.pipeline, int(collection.indices("train")[3])
    pixels = torch.from_numpy(collection.pixels[row].copy()).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        latent = pipeline.vae.encode(pixels).latent_dist.mean
        shift = getattr(pipeline.vae.config, "shift_factor", None) or 0
        expected = (latent - shift) * pipeline.vae.config.scaling_factor
    caption = task.taught.captions[row]
    # Pictures are read from their files anew, which are as large as what is stored
    assert torch.allclose(task.library.latent(row), expected[0], atol=5e-3)
    (kept,) = task.library.embeddings([caption])
    again = open_base(str(tiny_base(kind)))
    with torch.no_grad():
        (expected_row,) = again.family.encode(again.pipeline, [caption])
    assert kept.keys() == expected_row.keys()
    assert all(torch.allclose(kept[n], expected_row[n], atol=2e-3) for n in kept)
    task.adapter()
    assert pipeline.vae is None
    assert pipeline.text_encoder is None


def test_a_shelf_is_filled_by_several_and_read_by_row(tmp_path: Path) -> None:
    values = torch.arange(70, dtype=torch.float32)[:, None] * torch.ones(70, 3)
    shelves = [Shelf(tmp_path, "things", 70) for _ in range(2)]
    for number, shelf in enumerate(shelves):
        shelf.fill(
            lambda start, stop: [{"value": value} for value in values[start:stop]],
            lambda count: None,
            (number, 2),
        )
    assert not shelves[0].missing()
    assert all(torch.equal(shelves[1].row(row)["value"], values[row]) for row in (0, 31, 32, 69))


def test_rows_of_a_shelf_have_shapes_of_their_own_and_large_numbers_survive(
    tmp_path: Path,
) -> None:
    rows = [{"words": torch.full((length, 3), 1e6 * length)} for length in (1, 4, 2)]
    shelf = Shelf(tmp_path, "text", 3)
    shelf.fill(lambda start, stop: rows[start:stop], lambda count: None, (0, 1))
    again = Shelf(tmp_path, "text", 3)
    assert all(
        torch.equal(again.row(number)["words"], rows[number]["words"]) for number in range(3)
    )


def test_times_of_a_flow_are_shifted_by_the_size_of_the_picture(tiny_base: Base) -> None:
    """By FLUX's formula: sigma becomes e^m / (e^m + 1 / sigma - 1), m linear in the places."""
    objective = Objective(open_base(str(tiny_base("tiny_flux"))), min_snr=0, noise_offset=0)
    draws = objective.draw(list(range(50)), (4, 64, 64))
    clean = torch.zeros((50, 4, 64, 64))
    noisy, times, _ = objective.noisy(clean, draws)
    sigma = (draws.times.double().neg() + 1000) / 1000  # the schedule begins with noise
    m = 0.5 + (32 * 32 - 256) * (1.15 - 0.5) / (4096 - 256)
    expected = np.exp(m) / (np.exp(m) + 1 / sigma - 1)
    assert torch.allclose(times.double() / 1000, expected, atol=2e-3)
    assert torch.allclose(noisy[0], draws.noise[0] * float(expected[0]), atol=5e-3)


def test_small_sets_are_shown_often_enough_and_checks_take_a_tenth() -> None:
    """By hand: a picture learned from is three calls of the denoiser, one painted two a step."""
    family = FAMILIES["StableDiffusionXLPipeline"]
    made = resolved(LoraSettings(base="x"), family, 20, 1, held_out=False)
    assert (made.resolution, made.guidance) == (1024, 7.5)
    painting = 2 * 1 * made.preview_steps
    assert made.epoch_pictures * 3 >= 10 * painting
    assert made.epochs * made.epoch_pictures >= 4000
    assert made.warmup_steps == made.epoch_pictures // 4 // 2
    several = resolved(LoraSettings(base="x"), family, 20, 9, held_out=True)
    assert several.epoch_pictures * 3 >= 10 * (128 + 4 * 2 * several.preview_steps)
    large = resolved(LoraSettings(base="x"), family, 8100, 27, held_out=True)
    assert (large.epoch_pictures, large.epochs, large.warmup_steps) == (8100, 10, 100)
    asked = resolved(
        LoraSettings(base="x", steps=2000, resolution=512, guidance=3.0, epoch_pictures=100),
        family, 20, 1, held_out=False,
    )  # fmt: skip
    assert (asked.epochs * 25, asked.resolution, asked.guidance) == (2000, 512, 3.0)
    # More epochs of the same length continue a run, so nothing else may hang on their number
    longer = resolved(LoraSettings(base="x", epochs=50), family, 20, 1, held_out=False)
    assert longer.model_copy(update={"epochs": made.epochs}) == made


def test_a_gain_is_paired_and_its_interval_is_over_pictures() -> None:
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(40), 4)
    base = 1 + rng.normal(0, 0.3, 40)[rows] + rng.normal(0, 0.05, 160)
    better = paired_gain(base * (0.98 + rng.normal(0, 0.01, 160)), base, rows, seed=0)
    assert better["value"] == pytest.approx(0.02, abs=0.004)
    assert 0.01 < better["low"] < better["value"] < better["high"] < 0.03
    nothing = paired_gain(base + rng.normal(0, 0.1, 40)[rows], base, rows, seed=0)
    assert nothing["low"] < 0 < nothing["high"]
