"""The painter's network: what it promises of shapes, styles and normalisation."""

import pytest
import torch
from torch.nn import functional as F

from impasto.models.discriminator import Discriminator, DiscriminatorConfig
from impasto.models.painter import Painter, PainterConfig, standardised


def painter(styling: str = "modulation") -> Painter:
    torch.manual_seed(0)
    return Painter(PainterConfig(3, "tiny", styling, 8)).eval()  # type: ignore[arg-type]


def test_standardised_is_instance_normalisation() -> None:
    x = torch.randn(2, 5, 6, 7, generator=torch.Generator().manual_seed(0)) * 3 + 1
    assert torch.allclose(standardised(x), F.instance_norm(x), atol=1e-4)


@pytest.mark.parametrize("styling", ["modulation", "plane"])
@pytest.mark.parametrize("shape", [(64, 64), (32, 48), (36, 100)])
def test_any_height_and_width_that_four_divides(styling: str, shape: tuple[int, int]) -> None:
    model = painter(styling)
    x = torch.rand(2, 3, *shape) * 2 - 1
    with torch.no_grad():
        made = model(x, torch.eye(3)[[0, 2]])
    assert made.shape == x.shape and made.abs().max() <= 1
    assert model.encode(x).shape[-2:] == (shape[0] // 4, shape[1] // 4)
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


def test_the_encoding_forgets_contrast_and_tint_the_courses_does_not() -> None:
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) - 0.5
    # The stem sees an affine change of every channel, and normalises what comes of it
    flatter = 0.5 * x
    forgetful, faithful = painter(), painter("plane")
    with torch.no_grad():
        kept = [
            float((m.encode(flatter) - m.encode(x)).std() / m.encode(x).std())
            for m in (forgetful, faithful)
        ]
        means = forgetful.encode(x).mean((2, 3))
    assert means.abs().max() < 1e-4
    assert kept[0] < kept[1]


def test_the_style_reaches_the_picture_through_the_style_alone() -> None:
    for styling in ("modulation", "plane"):
        model = painter(styling)
        x = torch.rand(1, 3, 32, 32)
        with torch.no_grad():
            made = model(x.expand(3, -1, -1, -1), torch.eye(3))
            again = model(x.expand(3, -1, -1, -1), torch.eye(3)[[0, 0, 0]])
        assert (made[0] - made[1]).abs().max() > 1e-3
        assert torch.allclose(again[0], again[2], atol=1e-6)


def test_every_style_has_an_answer_of_its_own() -> None:
    torch.manual_seed(0)
    model = Discriminator(DiscriminatorConfig(3, "tiny"))
    x = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        whole = model(x, torch.arange(3))
        same, other = (model(x[1:2], torch.tensor([style])) for style in (1, 0))
    assert whole.shape == (3,)
    assert float(whole[1]) == pytest.approx(float(same), abs=1e-5)
    assert float(whole[1]) != pytest.approx(float(other), abs=1e-6)
