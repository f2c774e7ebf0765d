"""Settings of a LoRA training."""

from typing import Literal

from pydantic import Field

from impasto.models.lora_layers import Targets
from impasto.training.settings import LoopSettings

Sampled = Literal["inverse-frequency", "square-root", "natural"]


class LoraSettings(LoopSettings):
    """Settings of a LoRA training."""

    base: str = Field(
        "", description="the pipeline of diffusers to fine-tune: a folder or a hub name"
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
        "attention", description="layers with an adapter: attention, its blocks, convolutions too"
    )
    text_encoder: bool = Field(
        False, description="train the text encoders, too; they then stay in memory"
    )
    epochs: int = Field(
        10, ge=1, description="passes; more of them continue a finished run under schedule=constant"
    )
    epoch_pictures: int = Field(
        0, ge=0, description="pictures between two validations; 0: as many as there are"
    )
    batch_size: int = Field(4, ge=1, description="pictures in a batch, over all processes")
    accumulation: int = Field(1, ge=1, description="batches whose gradients make one step")
    learning_rate: float = Field(1e-4, gt=0, description="peak learning rate of AdamW")
    weight_decay: float = Field(0.01, ge=0, description="decoupled weight decay")
    warmup_steps: int = Field(100, ge=0, description="steps until the peak learning rate")
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
        512, ge=16, description="root of the pixels a picture; height and width of a square one"
    )
    buckets: bool = Field(
        True, description="keep each original's proportions, nearly; false: squares from the middle"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto: bfloat16 where CUDA has it"
    )
    caption: str = Field(
        "[{title}, ]a painting in the style of {style}",
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
        "{prompt} in the style of {style}", description="how paint joins a prompt and a style"
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
    preview_steps: int = Field(30, ge=1, description="steps of the sampler behind a preview")
    guidance: float = Field(
        7.5, ge=0, description="classifier-free guidance scale of previews and pictures"
    )
    cache: str | None = Field(
        None, description="a folder for latents and embeddings; none: in the run's"
    )
    seed: int = Field(0, ge=0, description="seed of weights, order, noise and previews")
