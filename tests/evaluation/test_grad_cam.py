"""Heat lies where the style is, more finely than the last feature map's places."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from PIL import Image

from impasto.evaluation.grad_cam import coarse_heat, grad_cam, heat_maps
from impasto.evaluation.loaded_classifier import LoadedClassifier
from impasto.models.classifier import Classifier, ClassifierConfig
from impasto.models.classifiers import build
from impasto.models.course_baseline import CourseNetwork, CourseNetworkConfig
from impasto.models.preprocess import plain

SIDE, PATCH = 128, 48  # of the stored picture, and of the part in it that bears the style
Pictures = NDArray[np.uint8]


def pictures(count: int, seed: int) -> tuple[Pictures, NDArray[np.int64], NDArray[np.int64]]:
    """Grey noise, in style 1 with a chequered patch; the styles and the patches' corners (y, x)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(128, 20, (count, SIDE, SIDE, 1)).repeat(3, 3)
    styles, corners = rng.integers(0, 2, count), rng.integers(0, SIDE - PATCH, (count, 2))
    tile = np.where(np.add.outer(np.arange(PATCH) // 6, np.arange(PATCH) // 6) % 2, 70, -70)
    for picture, style, (top, left) in zip(x, styles, corners, strict=True):
        picture[top : top + PATCH, left : left + PATCH] += style * tile[..., None]
    return x.clip(0, 255).astype(np.uint8), styles, corners


def network(model: Any, resolution: int = 64) -> LoadedClassifier:
    return LoadedClassifier(
        None, model.eval(), Accelerator(cpu=True), resolution, np.full(2, 0.5), np.full(2, 0.5), 0.0
    )  # type: ignore[arg-type]


@cache
def trained() -> LoadedClassifier:
    """A network at 64 pixels that tells patched noise from noise."""
    torch.manual_seed(0)
    model = Classifier(ClassifierConfig(2, "tiny"))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for step in range(40):
        x, y, _ = pictures(32, 1000 + step)
        inputs = plain(torch.from_numpy(x).permute(0, 3, 1, 2), 64)
        torch.nn.functional.cross_entropy(model(inputs), torch.from_numpy(y)).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        for step in range(20):  # the running statistics catch up with the weights
            model(plain(torch.from_numpy(pictures(32, 2000 + step)[0]).permute(0, 3, 1, 2), 64))
    return network(model)


def inside(heat: NDArray[np.float32], corners: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each picture's heat that lies in its patch."""
    scale = SIDE // heat.shape[1]
    shares = []
    for map_, (top, left) in zip(heat, corners // scale, strict=True):
        part = map_[top : top + PATCH // scale, left : left + PATCH // scale]
        shares.append(part.sum() / map_.sum())
    return np.array(shares)


def test_heat_lies_where_the_style_is() -> None:
    x, y, corners = pictures(40, 1)
    x, corners = x[y == 1], corners[y == 1]
    heat = heat_maps(trained(), x, np.ones(len(x), np.int64))
    assert heat.shape == (len(x), 64, 64)
    assert heat.min() >= 0
    assert heat.max((1, 2)) == pytest.approx(1)
    hottest = np.stack([np.unravel_index(map_.argmax(), map_.shape) for map_ in heat]) * 2 - corners
    assert np.mean(((hottest >= 0) & (hottest < PATCH)).all(1)) > 0.85  # the patch covers a seventh
    assert np.mean(inside(heat, corners)) > 0.5


def test_coarse_heat_is_the_same_heat_before_it_is_stretched() -> None:
    x, y, _ = pictures(70, 3)  # more than are looked at in one go
    rows = np.flatnonzero(y == 1)[::-1]
    coarse = coarse_heat(trained(), x, rows, np.ones(len(rows), np.int64))
    assert coarse.dtype == np.uint8 and (coarse.max((1, 2)) == 255).all()
    fine = heat_maps(trained(), x[rows], np.ones(len(rows), np.int64))
    for small, large in zip(coarse, fine, strict=True):
        stretched = Image.fromarray(small).resize(large.shape, Image.Resampling.BICUBIC)
        assert np.corrcoef(np.asarray(stretched).ravel(), large.ravel())[0, 1] > 0.99


def test_the_finer_feature_maps_make_the_heat_finer() -> None:
    """Against Grad-CAM on the last feature map alone, as it is mostly done."""
    x, y, corners = pictures(40, 2)
    x, corners = x[y == 1], corners[y == 1]
    finer = inside(heat_maps(trained(), x, np.ones(len(x), np.int64)), corners)
    model = trained().model
    maps = [stage.detach().requires_grad_() for stage in model.features(trained().input(x))]
    (slope,) = torch.autograd.grad(model.head(model.describe(maps))[:, 1].sum(), maps[-1])
    last = (slope.mean((2, 3), keepdim=True) * maps[-1]).sum(1, keepdim=True).clamp(min=0).detach()
    stretched = torch.nn.functional.interpolate(last, (64, 64), mode="bicubic").clamp(min=0)[:, 0]
    coarse = inside(stretched.numpy(), corners)
    assert np.mean(finer) > 1.2 * np.mean(coarse)


def test_a_network_that_describes_its_last_map_alone_has_heat_too() -> None:
    torch.manual_seed(0)
    model = build("residual", styles=2, size="tiny", resolution=64).eval()
    x, y, _ = pictures(6, 4)
    heat = heat_maps(network(model), x, y)
    last = model.features(network(model).input(x))[-1].detach().requires_grad_()
    (slope,) = torch.autograd.grad(
        model.head(last.mean((2, 3))).gather(1, torch.from_numpy(y)[:, None]).sum(), last
    )
    said = (slope.mean((2, 3), keepdim=True) * last).sum(1).clamp(min=0).detach()
    coarse = grad_cam(model, network(model).input(x), torch.from_numpy(y))
    torch.testing.assert_close(coarse, said)
    assert heat.shape == (6, 64, 64)


def test_pictures_do_not_see_each_other() -> None:
    x, _, _ = pictures(5, 3)
    styles = np.array([0, 1, 1, 0, 1])
    together = heat_maps(trained(), x, styles)
    alone = np.concatenate(
        [heat_maps(trained(), x[i : i + 1], styles[i : i + 1]) for i in range(5)]
    )
    assert together == pytest.approx(alone, abs=1e-4)


def test_grad_cam_is_what_the_paper_says() -> None:
    """Map by map, channel by channel:

    the mean slope of the logit times the feature map; positive sums are heat.
    """
    model = trained().model
    x = trained().input(pictures(1, 4)[0])
    maps = [stage.detach().requires_grad_() for stage in model.features(x)]
    model.head(model.describe(maps))[0, 1].backward()  # type: ignore[no-untyped-call]
    total = torch.zeros(16, 16)
    for stage in maps:
        assert stage.grad is not None
        said = torch.zeros(stage.shape[-2:])
        for channel in range(stage.shape[1]):
            said += stage.grad[0, channel].mean() * stage[0, channel].detach()
        fine = torch.nn.functional.interpolate(said[None, None], (16, 16), mode="bilinear")[0, 0]
        total += fine * said.numel() / fine.numel()
    assert torch.allclose(grad_cam(model, x, torch.tensor([1]))[0], total.clamp(min=0), atol=1e-6)


def test_the_courses_network_has_heat_at_its_one_resolution() -> None:
    torch.manual_seed(0)
    course = network(CourseNetwork(CourseNetworkConfig(2, "in-class", 32)), 32)
    heat = heat_maps(course, pictures(2, 5)[0], np.array([0, 1]))
    assert heat.shape == (2, 32, 32)
    assert np.isfinite(heat).all()
