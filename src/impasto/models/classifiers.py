"""Classifiers of styles by name: ours, a plain ResNet, the course's two, and the user's own."""

from collections.abc import Sequence
from typing import Any, Literal, assert_never

from torch import Tensor, nn

from impasto.models.classifier import Classifier, ClassifierConfig, Size, stem_stride
from impasto.models.cosine import CosineHead
from impasto.models.course_baseline import CourseNetwork, CourseNetworkConfig
from impasto.models.resnet import ResidualConfig, ResidualNetwork

NetworkName = Literal["classifier", "residual", "in-class", "published", "own"]


class OwnNetwork(nn.Module):
    """A module of the user's, ``(B, 3, H, W)`` in [-1, 1] to logits ``(B, styles)``.

    Its logits serve as its embedding, unless it has ``features`` (feature maps of pictures),
    ``describe`` (the embedding of feature maps) and ``head`` (from there to the logits).
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module: Any = module
        self.whole = all(hasattr(module, name) for name in ("features", "describe", "head"))

    @property
    def head(self) -> nn.Module:
        """The map from the embedding to the logits."""
        return self.module.head if self.whole else nn.Identity()

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """Feature maps ``(B, C, H, W)``; without any, the logits as ``(B, styles, 1, 1)``."""
        return tuple(self.module.features(x)) if self.whole else (self.module(x)[:, :, None, None],)

    def describe(self, features: Sequence[Tensor]) -> Tensor:
        """The embedding ``(B, D)`` of feature maps."""
        made: Tensor = self.module.describe(features) if self.whole else features[-1].flatten(1)
        return made

    def embed(self, x: Tensor) -> Tensor:
        """The embedding ``(B, D)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        return self.describe(self.features(x))

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``(B, styles)`` of pictures ``(B, 3, H, W)`` in [-1, 1]."""
        logits: Tensor = self.module(x)
        return logits


StyleNetwork = Classifier | ResidualNetwork | CourseNetwork | OwnNetwork
"""All give logits when called, and have ``features``, ``describe``, ``embed`` and ``head``."""


def build(
    network: NetworkName,
    *,
    styles: int,
    size: Size,
    resolution: int,
    stride: int | None = None,
    head_scale: float | None = None,
) -> StyleNetwork:
    """Build a network with initial weights from torch's global generator.

    Args:
        network: its name; a network of the user's is built by the user.
        styles: the number of classes.
        size: width and depth; the course's networks have no such dial.
        resolution: of the pictures in pixels, which fixes the course's linear layer.
        stride: of the stem, 2 or 4; ``None``: as the resolution asks for. The course's networks
            have none.
        head_scale: what the cosines of a normalised head are multiplied by; ``None``: a linear
            head.
    """
    model: Classifier | ResidualNetwork | CourseNetwork
    stride = stride or stem_stride(resolution)
    match network:
        case "classifier":
            model = Classifier(ClassifierConfig(styles, size, stride=stride))
        case "residual":
            model = ResidualNetwork(ResidualConfig(styles, size, stride))
        case "in-class" | "published":
            model = CourseNetwork(CourseNetworkConfig(styles, network, resolution))
        case "own":
            raise ValueError("a network of the user's is not built here")
        case _:
            assert_never(network)
    if head_scale is not None:
        model.head = CosineHead(model.head.in_features, styles, head_scale)
    return model


def any_resolution(network: NetworkName) -> bool:
    """Whether a network takes pictures of another resolution than it was built for."""
    match network:
        case "classifier" | "residual":
            return True
        case "in-class" | "published" | "own":
            return False
        case _:
            assert_never(network)
