"""The networks that tell styles apart, by name.

Ours, a plain residual network, and the course's two.
"""

from typing import Literal

from impasto.models.classifier import Classifier, ClassifierConfig, Size, stem_stride
from impasto.models.cosine import CosineHead
from impasto.models.course_baseline import CourseConfig, CourseNetwork
from impasto.models.resnet import Residual, ResidualConfig

Network = Literal["classifier", "residual", "in-class", "published"]
StyleNetwork = Classifier | Residual | CourseNetwork
"""All give logits when called, and have ``features``, ``describe``, ``embed`` and ``head``."""


def build(
    network: Network,
    *,
    styles: int,
    size: Size,
    resolution: int,
    stride: int | None = None,
    head_scale: float | None = None,
) -> StyleNetwork:
    """A network with fresh weights from torch's global generator.

    Args:
        network: impasto's classifier, the residual network, or one of the course's.
        styles: the number of classes.
        size: width and depth; the course's networks have no such dial.
        resolution: of the pictures in pixels, which fixes the course's linear layer.
        stride: of the stem, 2 or 4; ``None``: as the resolution asks for. The course's networks
            have none.
        head_scale: what the cosines of a normalised head are multiplied by; ``None``: a linear
            head.
    """
    model: StyleNetwork
    stride = stride or stem_stride(resolution)
    if network == "classifier":
        model = Classifier(ClassifierConfig(styles, size, stride=stride))
    elif network == "residual":
        model = Residual(ResidualConfig(styles, size, stride))
    else:
        model = CourseNetwork(CourseConfig(styles, network, resolution))
    if head_scale is not None:
        model.head = CosineHead(model.head.in_features, styles, head_scale)
    return model
