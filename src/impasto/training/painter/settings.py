"""Settings of a painter's training, and of the two classifiers trained beside it."""

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from impasto.config import Settings
from impasto.models.classifier import Size
from impasto.models.painter import Styling
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.settings import TrainingSettings

SMALLEST: Final = 44  # pixels of which a quarter still has 11, the window of SSIM
Precision = Literal["auto", "float32", "bfloat16"]


class StyleClassifierSettings(Settings):
    """Settings of the style classifier's training; all others are a classifier's defaults."""

    epochs: int = Field(24, ge=1, description="passes over its half of the training pictures")
    resolution: int = Field(128, ge=32, description="height and width of its input, in pixels")
    size: Size = Field("small", description="width and depth: tiny, small or base")
    batch_size: int = Field(128, ge=2, description="pictures in a step, over all processes")
    precision: Precision = Field("auto", description="as for any training")

    def training(
        self, network: Literal["classifier", "residual"], painter: "PainterSettings"
    ) -> ClassifierSettings:
        """Settings of a classifier; device, seed and an unset resolution are the painter's."""
        own = self.model_dump()
        if "resolution" not in self.model_fields_set:
            own["resolution"] = painter.resolution
        return ClassifierSettings(network=network, device=painter.device, seed=painter.seed, **own)


class EvaluatorSettings(StyleClassifierSettings):
    """Settings of the training of the evaluator, a residual network, on the other half."""

    epochs: int = Field(
        16,
        ge=0,
        description="passes over its half of the training pictures; 0: no evaluator, and "
        "evaluate needs --classifier",
    )


class PainterSettings(TrainingSettings):
    """Settings of a painter's training."""

    epochs: int = Field(5, ge=1, description="passes over its half of the training pictures")
    batch_size: int = Field(
        16, ge=2, description="crops in a step, over all processes; fewer where pictures are whole"
    )
    learning_rate: float = Field(2e-3, gt=0, description="peak learning rate of AdamW")
    weight_decay: float = Field(0.0, ge=0, description="decoupled weight decay")
    max_grad_norm: float = Field(10.0, gt=0, description="largest norm of the gradient")
    resolution: int = Field(
        128, ge=SMALLEST, description="height and width of painted pictures, in pixels"
    )
    crop: int = Field(
        64, ge=SMALLEST, description="height and width of the crops trained on, in pixels"
    )
    size: Size = Field("small", description="width of the network: tiny, small or base")
    styling: Styling = Field(
        "modulation", description="conditioning of the decoder; plane: the course's form"
    )
    embedding: int = Field(64, ge=2, description="dimension of a style's embedding")
    identity_share: float = Field(
        0.125, gt=0, le=1, description="share of pictures painted in their own style, or none"
    )
    identity_weight: float = Field(
        1.0, ge=0, description="weight of the reconstruction of these pictures"
    )
    content_weight: float = Field(
        1.0, ge=0, description="weight of the content loss of pictures in another style"
    )
    patch_weight: float = Field(
        0.5, ge=0, description="weight of the sliced Wasserstein distance of pixel patches"
    )
    feature_weight: float = Field(
        0.5,
        ge=0,
        description="weight of the sliced Wasserstein distance of the style classifier's features",
    )
    style_weight: float = Field(
        0.4, ge=0, description="weight of the style classifier's cross-entropy"
    )
    style_classifier: StyleClassifierSettings = Field(
        StyleClassifierSettings(), description="its training; without resolution: the painter's"
    )
    evaluator: EvaluatorSettings = Field(
        EvaluatorSettings(),
        description="training of the classifier behind evaluate; without resolution: the painter's",
    )

    @property
    def uses_style_classifier(self) -> bool:
        """Whether a style classifier takes part in the training."""
        return self.feature_weight + self.style_weight > 0 and self.identity_share < 1


COURSE: Final = PainterSettings(
    epochs=12,
    learning_rate=1e-3,
    styling="plane",
    identity_share=1,
    content_weight=0,
    patch_weight=0,
    feature_weight=0,
    style_weight=0,
)
"""The course's form, a baseline: a plane of style beside the encoding, reconstruction alone."""
Preset = Literal["painter", "course"]
PRESETS: Final[Mapping[Preset, PainterSettings]] = {"painter": PainterSettings(), "course": COURSE}
