"""Networks of impasto for transformers, opened by ``from_pretrained`` with trust in this code.

A copy of this file and of the network's modules lies beside the weights; impasto is not needed.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput

from impasto.models.autoencoder import AutoencoderConfig
from impasto.models.encoder_decoder import EncoderDecoder
from impasto.models.painter import Noise, PainterConfig
from impasto.models.predictor import PredictorConfig, StylePredictor
from impasto.models.preparation import PreparationConfig
from impasto.models.repainter import Repainter


class ImpastoConfig(PretrainedConfig):  # type: ignore[misc]
    """Configuration: ``shape`` is what the network is built from, ``impasto`` facts on its run."""

    model_type = "impasto"

    def __init__(
        self,
        shape: dict[str, Any] | None = None,
        impasto: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self.shape, self.impasto = shape or {}, impasto or {}
        super().__init__(**more)


class ImpastoAutoencoderConfig(ImpastoConfig):
    """The same of an autoencoder."""

    model_type = "impasto_autoencoder"


class ImpastoPainterConfig(ImpastoConfig):
    """The same of a painter."""

    model_type = "impasto_painter"


class _Impasto(PreTrainedModel):  # type: ignore[misc]
    config_class = ImpastoConfig
    main_input_name = "pixel_values"

    def _init_weights(self, module: Any) -> None:
        """Draw the painter's noise, which no file holds; weights come from the file."""
        if isinstance(module, Noise):
            for table, drawn in zip(module.buffers(), Noise().buffers(), strict=True):
                table.data.copy_(drawn)


class ImpastoForImageClassification(_Impasto):
    """Classifier of styles: the softmax of its logits are calibrated probabilities."""

    def __init__(self, config: ImpastoConfig) -> None:
        super().__init__(config)
        shape = dict(config.shape)
        preparation = _preparation(shape.pop("preparation"))
        self.model = StylePredictor(PredictorConfig(**shape, preparation=preparation))
        self.post_init()

    def forward(self, pixel_values: Tensor, **_: Any) -> ImageClassifierOutput:
        """Predict the styles of pictures.

        Args:
            pixel_values: levels 0 to 255, ``(B, H, W, 3)`` of any height and width.

        Returns:
            ``logits``: log-probabilities but for a constant, under the prior named in
            ``config.impasto``; ``hidden_states``: the embeddings.
        """
        scores, embedding = self.model.scores(_levels(pixel_values))
        return ImageClassifierOutput(logits=scores.float(), hidden_states=(embedding,))

    def predict(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities, embeddings and conformal sets of pictures ``(B, H, W, 3)``."""
        made: tuple[Tensor, Tensor, Tensor] = self.model(_levels(pictures))
        return made


class ImpastoAutoencoder(_Impasto):
    """Autoencoder: ``encode`` gives latents and embeddings, ``decode`` pictures."""

    config_class = ImpastoAutoencoderConfig

    def __init__(self, config: ImpastoConfig) -> None:
        super().__init__(config)
        shape = dict(config.shape)
        preparation = _preparation(shape.pop("preparation"))
        self.model = EncoderDecoder(AutoencoderConfig(**shape), preparation)
        self.post_init()

    def forward(self, pixel_values: Tensor, **_: Any) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstructions, latents and embeddings of pictures ``(B, H, W, 3)``."""
        made: tuple[Tensor, Tensor, Tensor] = self.model(_levels(pixel_values))
        return made

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Latents and embeddings of pictures ``(B, H, W, 3)``."""
        made: tuple[Tensor, Tensor] = self.model.encode(_levels(pictures))
        return made

    def decode(self, latent: Tensor) -> Tensor:
        """Pictures ``uint8 (B, P, P, 3)`` from latents."""
        made: Tensor = self.model.decode(latent)
        return made


class ImpastoPainter(_Impasto):
    """Painter: pictures in other styles, without patches of paintings."""

    config_class = ImpastoPainterConfig

    def __init__(self, config: ImpastoConfig) -> None:
        super().__init__(config)
        self.model = Repainter(PainterConfig(**config.shape))
        self.post_init()

    def forward(
        self, pixel_values: Tensor, weights: Tensor, strength: Tensor | None = None, **_: Any
    ) -> Tensor:
        """Repaint pictures ``(B, H, W, 3)`` in mixtures of styles ``(B, styles)``."""
        pictures = _levels(pixel_values)
        if strength is None:
            strength = torch.ones(len(pictures), device=pictures.device)
        made: Tensor = self.model(pictures, weights, strength)
        return made


def _levels(pictures: Tensor) -> Tensor:
    """Pictures as bytes; programs like to pass them as floating-point numbers."""
    return pictures if pictures.dtype == torch.uint8 else pictures.round().to(torch.uint8)


def _preparation(data: dict[str, Any]) -> PreparationConfig:
    return PreparationConfig(**{**data, "sides": tuple(data["sides"])})
