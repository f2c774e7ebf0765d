"""FLUX.1-dev (Black Forest Labs 2024): packed latents, a guidance vector, CLIP and T5."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import torch
from diffusers import FluxImg2ImgPipeline, FluxPipeline
from torch import Tensor, nn

from impasto.diffusion.families.family import ATTENTION, Family, Row, Text, shift_by_patches

_JOINT: Final = tuple(
    f"attn.{name}" for name in (*ATTENTION, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
)
_FORWARD: Final = (
    *(f"{name}.net.{part}" for name in ("ff", "ff_context") for part in ("0.proj", "2")),
    "proj_mlp",
)
TRAINING_GUIDANCE: Final = 1.0
"""Guidance given to the network in training, where there is no guidance."""


class Flux(Family):
    """FLUX.1."""

    name = "FLUX.1"
    encoders = ("text_encoder",)
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": _JOINT,
        "transformer": _JOINT + _FORWARD,
        "all": _JOINT + _FORWARD,
    }
    outside = ("time_text_embed", "context_embedder", "x_embedder", "norm_out", "^proj_out")
    guidance = 3.5
    steps = 28
    repaint = FluxImg2ImgPipeline
    architecture = "flux-1-dev"
    version = "flux1"
    large_encoders = ("text_encoder_2",)
    window: ClassVar[int] = 512  # tokens that T5 reads

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """CLIP's pooled output, or T5's hidden states."""
        network = getattr(pipeline, encoder)
        device = next(network.parameters()).device
        if encoder == "text_encoder":
            made = pipeline._get_clip_prompt_embeds(list(captions), 1, device)
            return [{"pooled_prompt_embeds": one} for one in made]
        made = pipeline._get_t5_prompt_embeds(list(captions), 1, self.window, device, network.dtype)
        return [{"prompt_embeds": one} for one in made]

    def join(self, pipeline: Any, parts: Mapping[str, Row]) -> Row:
        """Both as they are."""
        return {**parts["text_encoder_2"], **parts["text_encoder"]}

    def tokens(self, pipeline: Any, caption: str) -> tuple[int, int]:
        """T5 reads 512 tokens."""
        return len(pipeline.tokenizer_2(caption, verbose=False).input_ids), self.window

    def unwanted(self, negative: str, count: int, guidance: float) -> dict[str, Any]:
        """A negative prompt takes a second pass, by guidance that is not distilled."""
        return {"negative_prompt": [negative] * count, "true_cfg_scale": max(guidance, 1.01)}

    def words(self, rows: Sequence[Row], negative: Sequence[Row] | None) -> dict[str, Any]:
        """Guidance is distilled into the network, so nothing is needed for it."""
        return super().words(rows, None)

    def from_sampled(self, pipeline: Any, latent: Tensor, size: tuple[int, int]) -> Tensor:
        """Sampled latents are packed."""
        made: Tensor = FluxPipeline._unpack_latents(latent[None], *size, pipeline.vae_scale_factor)
        return made[0]

    def shift(self, scheduler: Any, shape: tuple[int, ...]) -> float | None:
        """By the number of patches of 2 × 2, where the schedule shifts by size."""
        return shift_by_patches(scheduler, shape)

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """The transformer's answer for packed latents."""
        count, channels, height, width = noisy.shape
        words = text["prompt_embeds"]
        guidance = None
        config: Any = network.config
        if config.guidance_embeds:
            guidance = torch.full((count,), TRAINING_GUIDANCE, device=noisy.device)
        answer = network(
            hidden_states=FluxPipeline._pack_latents(noisy, count, channels, height, width),
            timestep=times.to(noisy.dtype) / 1000,
            guidance=guidance,
            pooled_projections=text["pooled_prompt_embeds"],
            encoder_hidden_states=words,
            txt_ids=torch.zeros(words.shape[1], 3, device=noisy.device, dtype=noisy.dtype),
            img_ids=FluxPipeline._prepare_latent_image_ids(
                count, height // 2, width // 2, noisy.device, noisy.dtype
            ),
            return_dict=False,
        )[0]
        places = answer.view(count, height // 2, width // 2, channels, 2, 2)
        made: Tensor = places.permute(0, 3, 1, 4, 2, 5).reshape(noisy.shape)
        return made

    def distilled(self, pipeline: Any) -> str | None:
        """FLUX.1-schnell has no guidance vector."""
        if pipeline.transformer.config.guidance_embeds:
            return None
        return "it has no guidance vector, as FLUX.1-schnell"
