"""The course's two networks: their exact layers, and what goes on between them."""

import pytest
import torch
from torch import Tensor

from impasto.models.classifier import Classifier
from impasto.models.classifiers import build
from impasto.models.course_baseline import CourseNetwork, CourseNetworkConfig, Variant


def network(
    variant: Variant, resolution: int = 128, dropout: float = 0.01, styles: int = 27
) -> CourseNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return CourseNetwork(CourseNetworkConfig(styles, variant, resolution, dropout))


def pictures(count: int, side: int) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0)) * 2 - 1


IN_CLASS = {
    "convolution.weight": (1, 3, 4, 4),
    "convolution.bias": (1,),
    "norm.weight": (10609,),
    "norm.bias": (10609,),
    "linear.weight": (300, 10609),
    "linear.bias": (300,),
    "head.weight": (27, 300),
    "head.bias": (27,),
}
PUBLISHED = {
    **IN_CLASS,
    "second.weight": (150, 300),
    "second.bias": (150,),
    "head.weight": (27, 150),
}


@pytest.mark.parametrize(("variant", "shapes"), [("in-class", IN_CLASS), ("published", PUBLISHED)])
def test_the_layers_at_the_courses_resolution(
    variant: Variant, shapes: dict[str, tuple[int, ...]]
) -> None:
    """At 416 pixels: 413 after the convolution, 103 × 103 = 10,609 after pooling."""
    assert {name: tuple(p.shape) for name, p in network(variant, 416).named_parameters()} == shapes


@pytest.mark.parametrize(
    ("variant", "resolution", "expected"),
    [
        ("in-class", 416, 3_212_394),
        ("published", 416, 3_253_494),
        ("in-class", 128, 298_698),
        ("published", 64, 117_526),
    ],
)
def test_parameter_counts(variant: Variant, resolution: int, expected: int) -> None:
    assert sum(p.numel() for p in network(variant, resolution).parameters()) == expected


@pytest.mark.parametrize("variant", ["in-class", "published"])
@pytest.mark.parametrize("resolution", [32, 50, 64, 96, 128])
def test_shapes(variant: Variant, resolution: int) -> None:
    model, x = network(variant, resolution), pictures(2, resolution)
    side = (resolution - 3) // 4
    assert [stage.shape for stage in model.features(x)] == [(2, 1, side, side)]
    assert model.embed(x).shape == (2, 300 if variant == "in-class" else 150)
    assert model(x).shape == (2, 27)


@pytest.mark.parametrize("variant", ["in-class", "published"])
def test_the_network_is_its_description(variant: Variant) -> None:
    """The layers of the network, written out."""
    model, x = network(variant, 32).eval(), pictures(2, 32)
    weights = model.state_dict()
    patches = x.unfold(2, 4, 1).unfold(3, 4, 1)  # (B, 3, 29, 29, 4, 4)
    mapped = (
        torch.einsum("bchwij,ocij->bohw", patches, weights["convolution.weight"])
        + weights["convolution.bias"]
    )
    pooled = mapped[:, :, :28, :28].reshape(2, 7, 4, 7, 4).amax((2, 4)).flatten(1)
    hidden = pooled / (1 + 1e-5) ** 0.5  # fresh statistics: mean 0, variance 1
    for name in ("linear", "second") if variant == "published" else ("linear",):
        hidden = (hidden @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]).clamp(min=0)
    logits = hidden @ weights["head.weight"].T + weights["head.bias"]
    with torch.no_grad():
        torch.testing.assert_close(
            model(x), logits - logits.exp().sum(1, keepdim=True).log(), atol=1e-5, rtol=1e-4
        )


def test_golden_log_probabilities() -> None:
    with torch.no_grad():
        in_class = network("in-class", 32, styles=5).eval()(pictures(1, 32))[0, :3]
        published = network("published", 32, styles=5).eval()(pictures(1, 32))[0, :3]
    torch.testing.assert_close(
        in_class, torch.tensor([-1.633353, -1.627309, -1.447310]), atol=2e-5, rtol=1e-4
    )
    torch.testing.assert_close(
        published, torch.tensor([-1.639845, -1.632259, -1.578384]), atol=2e-5, rtol=1e-4
    )


@pytest.mark.parametrize("variant", ["in-class", "published"])
def test_a_gradient_reaches_every_parameter(variant: Variant) -> None:
    model = network(variant, 32)
    torch.nn.functional.nll_loss(model(pictures(8, 32)), torch.arange(8)).backward()
    still = [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0
    ]
    # The batch's mean is taken out again by the normalisation, so the convolution's bias all but
    # cancels
    assert set(still) <= {"convolution.bias"}


def test_channels_last_gives_the_same_numbers() -> None:
    x = pictures(4, 50)
    with torch.no_grad():
        plain = network("published", 50).eval()(x)
        other = network("published", 50).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        torch.testing.assert_close(
            other(x.contiguous(memory_format=torch.channels_last)), plain, atol=1e-5, rtol=1e-4
        )


def test_build_makes_each_network_by_name() -> None:
    with torch.random.fork_rng():
        ours = build("classifier", styles=7, size="tiny", resolution=64)
        course = build("published", styles=7, size="tiny", resolution=64)
    assert isinstance(ours, Classifier)
    assert isinstance(course, CourseNetwork)
    assert (ours.config.styles, ours.config.size) == (7, "tiny")
    assert (course.config.styles, course.config.variant, course.config.resolution) == (
        7,
        "published",
        64,
    )
