"""Family of text-to-image pipelines: encoding, inputs of the denoiser, and defaults.

A family encodes captions and pictures, calls its denoiser, and names what a sampler takes. The
training, the caches and painting know families by this class alone. Latents are ``(B, C, h, w)``
everywhere outside a family, and times run from 0 (picture) to 1000 (noise).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

Row = Mapping[str, Tensor]
"""Embeddings of one caption by name, without a batch axis; lengths may differ between captions."""
Text = Mapping[str, Any]
"""Embeddings of a batch by name: tensors ``(B, …)``, or lists of tensors of several lengths."""
Targets = Literal["attention", "transformer", "all", "all-linear"]
ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
ENCODER_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj")


class Family:
    """A family of pipelines; a subclass is one.

    Attributes:
        name: for messages and cards.
        denoiser: the component that is trained: ``unet`` or ``transformer``.
        encoders: text encoders that can be trained as well.
        flow: whether it learns a velocity along straight paths instead of noise (flow matching).
        targets: layers that get an adapter, by the setting ``targets``.
        outside: names of layers outside the blocks, which ``all-linear`` leaves alone.
        resolution, guidance, steps: defaults of training and painting.
        repaint: the pipeline that begins with a picture; ``None`` where there is none.
        kohya: what kohya's scripts call the first text encoder; ``None`` where the other programs
            read diffusers' names.
        architecture, version: the base in the metadata of files for other programs.
        optional: components that a pipeline does without.
        large_encoders: text encoders that are quantised with the denoiser.
    """

    name: ClassVar[str]
    denoiser: ClassVar[Literal["unet", "transformer"]] = "transformer"
    encoders: ClassVar[tuple[str, ...]] = ()
    flow: ClassVar[bool] = True
    targets: ClassVar[Mapping[str, tuple[str, ...]]]
    outside: ClassVar[tuple[str, ...]] = ()
    resolution: ClassVar[int] = 1024
    guidance: ClassVar[float] = 7.5
    steps: ClassVar[int] = 30
    repaint: ClassVar[Any] = None
    kohya: ClassVar[str | None] = None
    architecture: ClassVar[str]
    version: ClassVar[str]
    optional: ClassVar[tuple[str, ...]] = ()
    large_encoders: ClassVar[tuple[str, ...]] = ()

    # Captions

    def encoders_of(self, pipeline: Any) -> list[str]:
        """Return the text encoders of a pipeline by name, in order."""
        names = ("text_encoder", "text_encoder_2", "text_encoder_3")
        return [name for name in names if getattr(pipeline, name, None) is not None]

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """Return one encoder's output for each caption."""
        raise NotImplementedError

    def join(self, pipeline: Any, parts: Mapping[str, Row]) -> Row:
        """Return a caption's embeddings from the output of each encoder."""
        (part,) = parts.values()
        return part

    def encode(self, pipeline: Any, captions: Sequence[str]) -> list[Row]:
        """Return the embeddings of each caption by all encoders."""
        parts = {
            name: self.encode_with(pipeline, name, captions) for name in self.encoders_of(pipeline)
        }
        return [
            self.join(pipeline, {name: rows[number] for name, rows in parts.items()})
            for number in range(len(captions))
        ]

    def batch(self, rows: Sequence[Row], device: torch.device, dtype: torch.dtype) -> Text:
        """Return the embeddings of captions as the denoiser takes them."""
        return {
            name: torch.stack([row[name] for row in rows]).to(device, dtype) for name in rows[0]
        }

    def words(self, rows: Sequence[Row], negative: Sequence[Row] | None) -> dict[str, Any]:
        """Return embeddings by the names under which the pipeline takes them."""
        first = rows[0]["prompt_embeds"]
        made: dict[str, Any] = dict(self.batch(rows, first.device, first.dtype))
        if negative is not None:
            away = self.batch(negative, first.device, first.dtype)
            made |= {f"negative_{name}": value for name, value in away.items()}
        return made

    def nothing(self, pipeline: Any, empty: Row) -> Row:
        """Return what a sampler is led away from where nothing is named."""
        return empty

    def unwanted(self, negative: str, count: int, guidance: float) -> dict[str, Any]:
        """Return the arguments for a negative prompt."""
        return {"negative_prompt": [negative] * count}

    def of_one_length(self, rows: Sequence[Row], empty: Row) -> list[Row]:
        """Return captions of one length; where lengths differ, filled up by the empty caption."""
        return list(rows)

    def in_chunks(self, pipeline: Any, caption: str) -> bool:
        """Return whether a caption is longer than a window, and read in several."""
        return False

    def tokens(self, pipeline: Any, caption: str) -> tuple[int, int]:
        """Return the tokens of a caption, and how many are read."""
        raise NotImplementedError

    # Pictures

    def side_step(self, pipeline: Any) -> int:
        """Return the step of heights and widths, in pixels."""
        return int(pipeline.vae_scale_factor) * 2

    def latent_scale(self, pipeline: Any) -> int:
        """Return pixels a side of a place in the latents."""
        return int(pipeline.vae_scale_factor)

    def to_latent(self, vae: Any, pixels: Tensor) -> Tensor:
        """Return latents of pictures ``(B, 3, H, W)`` in [-1, 1]: the mode of the posterior."""
        shift = getattr(vae.config, "shift_factor", None) or 0.0
        latents: Tensor = vae.encode(pixels).latent_dist.mode()
        scale = float(vae.config.scaling_factor)
        return (latents - shift) * scale

    def from_sampled(self, pipeline: Any, latent: Tensor, size: tuple[int, int]) -> Tensor:
        """Return a latent ``(C, h, w)`` from what the pipeline gives for ``latent``."""
        return latent

    # Denoiser

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """Return the prediction for noisy latents at times; ``size`` is in pixels."""
        raise NotImplementedError

    def shift(self, scheduler: Any, shape: tuple[int, ...]) -> float | None:
        """Return the exponent of a shift of times by the size of a latent ``(C, h, w)``."""
        return None

    def distilled(self, pipeline: Any) -> str | None:
        """Return by what a base shows that it was distilled to few steps, if it does."""
        return None


def shift_by_patches(scheduler: Any, shape: tuple[int, ...]) -> float | None:
    """Exponent of the shift, linear in the number of patches of 2 × 2, as FLUX samples.

    ``None`` where the schedule does not shift by size.
    """
    config = scheduler.config
    if not config.get("use_dynamic_shifting"):
        return None
    tokens = (shape[1] // 2) * (shape[2] // 2)
    low, high = config.get("base_image_seq_len", 256), config.get("max_image_seq_len", 4096)
    small, large = config.get("base_shift", 0.5), config.get("max_shift", 1.15)
    return float(small + (tokens - low) * (large - small) / (high - low))


def chat_tokens(tokenizer: Any, caption: str, *, thinking: bool) -> int:
    """Tokens of a caption within the chat template."""
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": caption}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=thinking,
    )
    return len(tokenizer(text, verbose=False).input_ids)
