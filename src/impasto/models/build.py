"""The networks that tell styles apart, by name: ours, and the course's two."""

from typing import Literal

from impasto.models.classifier import FINE, Classifier, ClassifierConfig, Size
from impasto.models.cosine import CosineHead
from impasto.models.course import CourseConfig, CourseNetwork

Network = Literal["classifier", "in-class", "published"]
StyleNetwork = Classifier | CourseNetwork
"""Both give logits when called, and have ``features``, ``describe``, ``embed`` and ``head``."""


def build(
    network: Network, *, styles: int, size: Size, resolution: int, head_scale: float | None = None
) -> StyleNetwork:
    """A network with fresh weights from torch's global generator.

    Args:
        network: impasto's classifier, or one of the course's.
        styles: the number of classes.
        size: the classifier's dial; the course's networks have none.
        resolution: of the pictures in pixels, which fixes the course's linear layer and our stem's stride.
        head_scale: what the cosines of a normalised head are multiplied by; ``None``: a linear head.
    """
    model: StyleNetwork
    if network == "classifier":
        model = Classifier(ClassifierConfig(styles, size, stride=4 if resolution >= FINE else 2))
    else:
        model = CourseNetwork(CourseConfig(styles, network, resolution))
    if head_scale is not None:
        model.head = CosineHead(model.head.in_features, styles, head_scale)
    return model
