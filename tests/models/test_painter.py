"""The painter's network: what it promises of shapes, styles, colours, noise and edges."""

import pytest
import torch
from torch.nn import functional as F

from impasto.models.colour_transfer import applied, colour_statistics
from impasto.models.painter import (
    BANK,
    SHRINK,
    Noise,
    Painter,
    PainterConfig,
    nearest_colours,
    standardised,
)


def painter(styling: str = "modulation") -> Painter:
    torch.manual_seed(0)
    return Painter(PainterConfig(3, "tiny", styling, 8)).eval()  # type: ignore[arg-type]


def with_bank(model: Painter) -> Painter:
    """The same painter with paintings of other colours in its bank."""
    generator = torch.Generator().manual_seed(3)
    paintings = 0.4 * torch.rand(3 * BANK, 3, 8, 8, generator=generator) - 0.2
    paintings += torch.rand(3 * BANK, 3, 1, 1, generator=generator) - 0.5
    model.bank.copy_(colour_statistics(paintings).view(3, BANK, 12))
    return model


def test_standardised_is_instance_normalisation() -> None:
    x = torch.randn(2, 5, 6, 7, generator=torch.Generator().manual_seed(0)) * 3 + 1
    assert torch.allclose(standardised(x), F.instance_norm(x), atol=1e-4)


@pytest.mark.parametrize("styling", ["modulation", "plane"])
@pytest.mark.parametrize("shape", [(64, 64), (32, 48), (36, 100), (12, 16)])
def test_any_height_and_width_that_four_divides(styling: str, shape: tuple[int, int]) -> None:
    model = painter(styling)
    x = torch.rand(2, 3, *shape) * 2 - 1
    with torch.no_grad():
        made = model(x, torch.eye(3)[[0, 2]])
    assert made.shape == x.shape and made.abs().max() <= 1
    assert model.encode(x).shape[-2:] == (shape[0] // SHRINK, shape[1] // SHRINK)
    assert model.embed(x).shape == (2, 16 * 32)


def test_embeddings_are_of_unit_length_whatever_is_mixed() -> None:
    model = painter()
    weights = torch.tensor([[1.0, 0, 0], [0, 0.5, 0.5], [0.2, 0, 0.1], [0, 0, 0]])
    styles = model.style(weights)
    assert styles.norm(dim=1).tolist() == pytest.approx([1] * 4, abs=1e-5)
    assert torch.allclose(styles[0], F.normalize(model.styles, dim=1)[0], atol=1e-6)
    assert torch.allclose(
        styles[3], F.normalize(model.styles, dim=1)[3], atol=1e-6
    )  # no style has one of its own


def test_the_encoding_is_standardised_the_courses_is_not() -> None:
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) - 0.5
    with torch.no_grad():
        forgetful, faithful = (m.encode(x) for m in (painter(), painter("plane")))
    assert forgetful.mean((2, 3)).abs().max() < 1e-4
    assert (forgetful.std((2, 3), correction=0) - 1).abs().max() < 5e-2
    assert faithful.mean((2, 3)).abs().max() > 1e-3


def test_the_style_reaches_the_picture_through_the_style_alone() -> None:
    for styling in ("modulation", "plane"):
        model = painter(styling)
        x = torch.rand(1, 3, 32, 32)
        with torch.no_grad():
            made = model(x.expand(3, -1, -1, -1), torch.eye(3))
            again = model(x.expand(3, -1, -1, -1), torch.eye(3)[[0, 0, 0]])
        assert (made[0] - made[1]).abs().max() > 1e-3
        assert torch.allclose(again[0], again[2], atol=1e-6)


def test_the_course_has_no_colours_of_paintings() -> None:
    course = painter("plane")
    assert "bank" not in course.state_dict()
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(applied(course.colours(x, torch.eye(3)[:2]), x), x)


def test_colours_are_those_of_the_painting_nearest_in_lightness() -> None:
    grey = torch.linspace(-0.9, 0.9, BANK)
    statistics = torch.zeros(2, BANK, 12)
    statistics[..., 3:] = 0.02 * torch.eye(3).flatten()
    statistics[0, :, :3] = grey[:, None]
    statistics[1, :, :3] = grey.flip(0)[:, None] + torch.tensor([0.1, 0, 0])
    x = torch.randn(1, 3, 40, 40, generator=torch.Generator().manual_seed(0)) * 0.14
    x = x - x.mean((2, 3), keepdim=True) + 0.37
    for style, red in ((0, 0.0), (1, 0.1)):
        maps = nearest_colours(statistics, colour_statistics(x), torch.eye(2)[[style]])
        mean = applied(maps, x).mean((2, 3))[0]
        step = 1.8 / (BANK - 1)
        assert abs(float(mean[1]) - 0.37) < step + 0.299 * red
        assert float(mean[0] - mean[1]) == pytest.approx(red, abs=0.01)


def test_colours_of_mixed_styles_are_mixed_and_no_style_changes_none() -> None:
    model = with_bank(painter())
    x = 0.6 * torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(2)) - 0.3
    first, second = (model.colours(x, torch.eye(3)[[style]]) for style in (0, 1))
    nothing = torch.eye(3, 4)[None]
    mixed = model.colours(x, torch.tensor([[0.5, 0.2, 0.0]]))
    assert torch.allclose(mixed, 0.5 * first + 0.2 * second + 0.3 * nothing, atol=1e-5)
    assert torch.equal(model.colours(x, torch.zeros(1, 3)), nothing)
    assert not torch.allclose(first, nothing, atol=1e-2)


def test_a_part_is_painted_as_in_the_whole() -> None:
    """Away from its edges: the same colours, and the same noise at the same place."""
    model = with_bank(painter())
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("grain.bias", "paint.weight")):
                weight.add_(0.3)  # as noisy as a trained one
    x = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0)) - 0.5
    weights, origin = torch.eye(3)[[1]], torch.tensor([[0, 24]])
    colours = model.colours(x, weights)
    base, style = applied(colours, x), model.style(weights) * 8**0.5
    with torch.no_grad():
        # Group normalisation sees all places: noise alone is compared to the bit
        whole = model.network.noise(torch.zeros(1, 2, dtype=torch.int64), (96, 96), (0, 1))
        part = model.network.noise(origin, (96, 72), (0, 1))
        first = model(x[..., 24:], weights, colours, origin)
        moved = model(x[..., 24:], weights, colours, origin + 4)
    assert torch.equal(whole[..., 24:], part)
    assert base.shape == x.shape and style.shape == (1, 8)
    assert not torch.allclose(first, moved)  # the noise depends on the place
    assert torch.equal(first, model(x[..., 24:], weights, colours, origin).detach())


def test_noise_is_white_and_differs_from_plane_to_plane() -> None:
    noise = Noise()(torch.tensor([[0, 0], [5, 1000]]), (128, 128), (0, 1, 2))
    flat = noise.flatten(2).flatten(0, 1)
    assert flat.std(1).tolist() == pytest.approx([1] * 6, abs=0.05)
    between = (flat @ flat.T / flat.shape[1]).fill_diagonal_(0)
    assert between.abs().max() < 0.05
    shifted = (noise[..., 1:] * noise[..., :-1]).mean()
    assert abs(float(shifted)) < 0.02


def test_edges_are_painted_like_the_rest() -> None:
    """A picture that repeats every 8 pixels, without noise, is painted alike up to its border.

    The margins take away most of what a network without them (in training) does there.
    """
    model = painter()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".grain." in name:
                weight.zero_()
        x = 0.1 * torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
        x = torch.cat((x, x.flip(3)), 3)
        x = torch.cat((x, x.flip(2)), 2).repeat(1, 1, 8, 8)  # each border is a mirror
        away = []
        for with_margins in (True, False):
            made = model.train(not with_margins)(x, torch.eye(3)[[0]])
            tile = made[..., 24:32, 24:32].repeat(1, 1, 8, 8)
            away.append(float((made - tile).abs()[..., :2].mean()))
        assert (made - x).abs().mean() > 1e-3  # it is painted at all
    assert away[0] < 0.8 * away[1]
