"""Style predictor: pictures of any size to calibrated probabilities, embeddings, conformal sets.

The whole of a prediction as one module: preparation of the pictures, test-time views, network,
prior correction, temperature (Guo et al. 2017, arXiv:1706.04599) and split conformal sets (Sadinle
et al. 2019, arXiv:1609.00451). It exports to ONNX, and loads where impasto is not installed.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from impasto.models.classifier import Size
from impasto.models.classifiers import NetworkName, StyleNetwork, build
from impasto.models.preparation import Preparation, PreparationConfig


@dataclass(frozen=True, slots=True)
class PredictorConfig:
    """Shape of a style predictor.

    Attributes:
        styles: the number of classes.
        network: its name.
        size: width and depth of the network.
        resolution: that the network was trained at, in pixels.
        stride: of its stem; ``None``: as the resolution asks for.
        head_scale: of a normalised head; ``None``: a linear one.
        preparation: sizes of the views.
        flip: whether each view is mirrored left to right, too.
        temperature: divisor of the logits.
    """

    styles: int
    network: NetworkName
    size: Size
    resolution: int
    stride: int | None
    head_scale: float | None
    preparation: PreparationConfig
    flip: bool
    temperature: float


class StylePredictor(nn.Module):
    """Pictures to probabilities of styles, with all that a calibrated prediction needs."""

    offset: Tensor
    limits: Tensor

    def __init__(self, config: PredictorConfig, network: StyleNetwork | None = None) -> None:
        super().__init__()
        self.config = config
        self.network: StyleNetwork = network or build(
            config.network,
            styles=config.styles,
            size=config.size,
            resolution=config.resolution,
            stride=config.stride,
            head_scale=config.head_scale,
        )
        self.prepare = Preparation(config.preparation)
        self.register_buffer("offset", torch.zeros(config.styles, dtype=torch.float64))
        self.register_buffer("limits", torch.ones(config.styles, dtype=torch.float64))

    def scores(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Unnormalised log-probabilities and embeddings of pictures.

        Args:
            pictures: ``uint8 (B, H, W, 3)`` of any height and width.

        Returns:
            ``float64 (B, styles)``, under the prior that is assumed, and ``float32 (B, D)``.
        """
        features: list[Tensor] = []
        for x in self.prepare(pictures):
            inputs = torch.cat((x, x.flip(3))) if self.config.flip else x
            made = self.network.embed(inputs).float()
            features.append(made.view(-1, x.shape[0], made.shape[1]))
        views = torch.cat(features)  # (views, B, D)
        logits = self.network.head(views).mean(0)
        return logits.double() / self.config.temperature + self.offset, views.mean(0)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict the styles of pictures ``uint8 (B, H, W, 3)`` of any height and width.

        Returns:
            Probabilities ``float32 (B, styles)``, embeddings ``float32 (B, D)``, and the conformal
            set of each picture as ``bool (B, styles)``, in which the likeliest style always is.
        """
        scores, embedding = self.scores(pictures)
        shares = scores.softmax(1)
        likeliest = F.one_hot(shares.argmax(1), self.config.styles).bool()
        inside = (1 - shares <= self.limits + 1e-12) | likeliest
        return shares.float(), embedding, inside
