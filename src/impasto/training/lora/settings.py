"""Settings of a LoRA training."""

import math
from typing import Final, Literal

from pydantic import Field

from impasto.diffusion.base import Opening, Quantise
from impasto.diffusion.captions import STYLED
from impasto.diffusion.families import Family, Targets
from impasto.diffusion.memory import Offload
from impasto.training.settings import LoopSettings

Sampled = Literal["inverse-frequency", "square-root", "natural"]
DRAWS: Final = 128  # noisy pictures, at least, behind a held-out loss
PREVIEW_SHARE: Final = 0.1
"""Share of the training's computing that previews and held-out losses take, at most."""
PASSES: Final = 10  # over a large set
PICTURES: Final = 4000  # shown in a training, at least: 1,000 steps of four
WARMUP: Final = 100  # steps, at most
STYLES_SHOWN: Final = 4  # in previews where no captions are given


class LoraSettings(LoopSettings):
    """Settings of a LoRA training."""

    base: str = Field(
        "",
        description="the pipeline of diffusers to fine-tune: a folder, a hub name, or one "
        ".safetensors file",
    )
    base_config: str | None = Field(
        None, description="a folder with configurations and tokenizers for a single file's pipeline"
    )
    variant: str | None = Field(
        None, description="variant of the base's weights, as fp16; none: the only one there is"
    )
    vae: str | None = Field(
        None, description="another autoencoder for the base: a folder, a hub name or a file"
    )
    without: tuple[str, ...] = Field(
        (), description="components to leave out: text_encoder_3 (T5) of Stable Diffusion 3"
    )
    quantise: Quantise = Field(
        "none", description="frozen weights in few bits by bitsandbytes: nf4 or int8"
    )
    distilled: bool = Field(
        False, description="train a base that was distilled to few steps all the same"
    )
    styles: tuple[str, ...] | None = Field(
        None, min_length=1, description="the styles to train on; none: all"
    )
    rank: int = Field(16, ge=1, description="rank of the adapter's matrices")
    alpha: float | None = Field(
        None, gt=0, description="the adapter's strength is alpha / rank; none: as rank"
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="share of the adapter's inputs left out in training"
    )
    targets: Targets = Field(
        "attention",
        description="layers with an adapter: attention, its blocks, convolutions too, or every "
        "linear layer of the blocks",
    )
    dora: bool = Field(
        False, description="weight-decomposed adapter (DoRA, Liu et al. 2024, arXiv:2402.09353)"
    )
    text_encoder: bool = Field(
        False, description="train CLIP text encoders, too; all text encoders then stay in memory"
    )
    epochs: int = Field(
        0,
        ge=0,
        description="epochs of epoch_pictures; more of them continue a finished run under "
        "schedule=constant; 0: ten passes, of a small set enough for 4,000 pictures shown",
    )
    steps: int | None = Field(
        None, ge=1, description="steps in all, in whole epochs, instead of epochs"
    )
    epoch_pictures: int = Field(
        0,
        ge=0,
        description="pictures between two validations; 0: one pass, but so many that previews and "
        "held-out loss take a tenth of the time at most",
    )
    batch_size: int = Field(4, ge=1, description="pictures in a batch, over all processes")
    accumulation: int = Field(1, ge=1, description="batches whose gradients make one step")
    learning_rate: float = Field(1e-4, gt=0, description="peak learning rate of AdamW")
    text_encoder_learning_rate: float | None = Field(
        None, gt=0, description="the same for text encoders; none: a tenth of it"
    )
    weight_decay: float = Field(0.01, ge=0, description="decoupled weight decay")
    warmup_steps: int | None = Field(
        None,
        ge=0,
        description="steps until the peak learning rate; none: half an epoch, at most 100",
    )
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="learning rate after the warm-up"
    )
    optimizer: Literal["adamw", "adamw8bit"] = Field(
        "adamw", description="adamw8bit needs bitsandbytes and CUDA"
    )
    ema_decay: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="decay of the adapter's moving average, whose weights are kept",
    )
    resolution: int = Field(
        0,
        ge=0,
        description="root of the pixels a picture; height and width of a square one; 0: the "
        "family's own, 512 for Stable Diffusion 1 and 2, else 1024",
    )
    buckets: bool = Field(
        True, description="keep each original's proportions, nearly; false: squares from the middle"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16"] = Field(  # type: ignore[assignment]
        "auto", description="auto: on CUDA bfloat16 where the device has it, else float16"
    )
    offload: Offload = Field(
        "auto",
        description="for pictures by the base: whole networks wait in the processor's memory "
        "(model), or layers (sequential); auto: where the whole does not fit",
    )
    caption: str = Field(
        "a painting in the style of {style}[, {title}]",
        description="of style, artist, title, year; [parts] with an unknown field are left out",
    )
    captions: str | None = Field(
        None,
        description="a table with id (or path, file_name) and caption (or text), or a folder "
        "of .txt files, for the pictures that are learned from",
    )
    trigger: str | None = Field(
        None,
        min_length=1,
        description="a word for the style: stands for it in templates, and "
        "first in captions that lack it",
    )
    styled: str = Field(
        STYLED,
        description="how paint joins a style and a prompt; [parts] go without a prompt",
    )
    caption_dropout: float = Field(
        0.1, ge=0, lt=1, description="share of the pictures shown without their caption"
    )
    sampling: Sampled = Field(
        "inverse-frequency",
        description="how often each style is drawn: all alike, or as they occur; a folder's "
        "repeats come first",
    )
    min_snr: float = Field(
        5.0, ge=0, description="gamma of min-SNR weights; 0: none; without effect on a flow"
    )
    noise_offset: float = Field(
        0.0, ge=0, le=1, description="noise in the mean of a picture; 0.05 for dark pictures"
    )
    prior_weight: float = Field(
        0.0,
        ge=0,
        description="weight of the prior preservation loss, on pictures by the base; 0: none",
    )
    prior_prompt: str = Field("a painting", description="prompt of the pictures by the base")
    prior_pictures: int = Field(100, ge=1, description="number of pictures by the base")
    gradient_checkpointing: bool = Field(
        False, description="half the memory for a quarter more time"
    )
    held_out: int = Field(
        256, ge=1, description="validation pictures, at most, behind the held-out loss"
    )
    keep: Literal["best", "last"] = Field(
        "best", description="the weights of the lowest held-out loss, or the last"
    )
    previews: tuple[str, ...] | None = Field(
        None, description="captions to paint while training; none: of 4 styles"
    )
    preview_every: int = Field(1, ge=0, description="epochs between two previews; 0: never")
    preview_steps: int = Field(20, ge=1, description="steps of the sampler behind a preview")
    guidance: float | None = Field(
        None,
        ge=0,
        description="classifier-free guidance scale of previews and pictures; none: the family's",
    )
    cache: str | None = Field(
        None, description="a folder for latents and embeddings; none: in the run's"
    )
    seed: int = Field(0, ge=0, description="seed of weights, order, noise and previews")

    @property
    def guided(self) -> float:
        """Guidance scale, once ``resolved`` has set it."""
        assert self.guidance is not None
        return self.guidance

    @property
    def opening(self) -> Opening:
        """Choices in opening the base."""
        return Opening(self.variant, self.vae, self.base_config, self.without, self.quantise)


def resolved(
    settings: LoraSettings, family: Family, pictures: int, styles: int, *, held_out: bool
) -> LoraSettings:
    """Settings with a number for everything that depends on the family and the size of the set.

    Args:
        settings: with defaults left open.
        family: of the base.
        pictures: training pictures in a pass.
        styles: that are taught.
        held_out: whether there are pictures to validate on.
    """
    together = settings.batch_size * settings.accumulation
    epoch = settings.epoch_pictures or max(
        pictures, enough_pictures(settings, styles, held_out=held_out)
    )
    per_epoch = max(1, epoch // together)
    if settings.steps is not None:
        epochs = math.ceil(settings.steps / per_epoch)
    else:
        shown = max(PASSES * pictures, PICTURES)
        epochs = settings.epochs or math.ceil(shown / (per_epoch * together))
    warmup = settings.warmup_steps
    return settings.model_copy(
        update={
            "resolution": settings.resolution or family.resolution,
            "guidance": family.guidance if settings.guidance is None else settings.guidance,
            "epoch_pictures": epoch,
            "epochs": epochs,
            "warmup_steps": min(WARMUP, per_epoch // 2) if warmup is None else warmup,
        }
    )


def enough_pictures(settings: LoraSettings, styles: int, *, held_out: bool) -> int:
    """Pictures in an epoch for which previews and held-out loss take ``PREVIEW_SHARE`` at most.

    A picture learned from counts as three calls of the denoiser, for it goes forwards and, at twice
    the cost, back. One painted counts as two calls a step, with and without the caption.
    """
    shown = min(styles, STYLES_SHOWN) if settings.previews is None else len(settings.previews)
    calls = float(DRAWS if held_out else 0)
    if settings.preview_every:
        calls += 2 * shown * settings.preview_steps / settings.preview_every
    return math.ceil(calls / PREVIEW_SHARE / 3)
