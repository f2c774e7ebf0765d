"""FLUX.2 klein (Black Forest Labs 2026): Qwen3's inner layers, and a normalised, packed latent."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import torch
from diffusers import Flux2KleinPipeline
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu
from torch import Tensor, nn

from impasto.diffusion.families.family import ATTENTION, Family, Row, Text, chat_tokens

_ATTENTION: Final = (
    *(f"attn.{name}" for name in ATTENTION),
    *(f"attn.{name}" for name in ("add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")),
    # Single blocks hold attention and the layers after it in two matrices
    "attn.to_qkv_mlp_proj",
    "attn.to_out",
)
_FORWARD: Final = tuple(
    f"{name}.{part}" for name in ("ff", "ff_context") for part in ("linear_in", "linear_out")
)


class Flux2Klein(Family):
    """FLUX.2 klein."""

    name = "FLUX.2 klein"
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": _ATTENTION,
        "transformer": _ATTENTION + _FORWARD,
        "all": _ATTENTION + _FORWARD,
    }
    outside = (
        "time_guidance_embed", "context_embedder", "x_embedder", "norm_out", "proj_out",
        "modulation",
    )  # fmt: skip
    guidance = 4.0
    steps = 50
    architecture = "flux-2-klein"
    version = "flux2"
    large_encoders = ("text_encoder",)
    window: ClassVar[int] = 512  # tokens that Qwen3 reads

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """Three inner layers of Qwen3 side by side."""
        device = next(getattr(pipeline, encoder).parameters()).device
        made, _ = pipeline.encode_prompt(
            list(captions), device=device, max_sequence_length=self.window
        )
        return [{"prompt_embeds": one} for one in made]

    def tokens(self, pipeline: Any, caption: str) -> tuple[int, int]:
        """Qwen3 reads 512 tokens, the chat template among them."""
        return chat_tokens(pipeline.tokenizer, caption, thinking=False), self.window

    def unwanted(self, negative: str, count: int, guidance: float) -> dict[str, Any]:
        """The pipeline takes a negative prompt as embeddings alone."""
        return {}

    def to_latent(self, vae: Any, pixels: Tensor) -> Tensor:
        """Patches of 2 × 2, normalised by the autoencoder's statistics."""
        latents = Flux2KleinPipeline._patchify_latents(vae.encode(pixels).latent_dist.mode())
        mean, deviation = _statistics(vae, latents)
        made: Tensor = (latents - mean) / deviation
        return made

    def latent_scale(self, pipeline: Any) -> int:
        """A place of the latents is a patch of 2 × 2."""
        return int(pipeline.vae_scale_factor) * 2

    def from_sampled(self, pipeline: Any, latent: Tensor, size: tuple[int, int]) -> Tensor:
        """Sampled latents are without patches and normalisation."""
        latents = Flux2KleinPipeline._patchify_latents(latent[None])
        mean, deviation = _statistics(pipeline.vae, latents)
        made: Tensor = ((latents - mean) / deviation)[0]
        return made

    def shift(self, scheduler: Any, shape: tuple[int, ...]) -> float | None:
        """As the pipeline's own sampler of 50 steps."""
        if not scheduler.config.get("use_dynamic_shifting"):
            return None
        return float(compute_empirical_mu(shape[1] * shape[2], self.steps))

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """The transformer's answer for places in a row."""
        count, channels, height, width = noisy.shape
        words = text["prompt_embeds"]
        answer = network(
            hidden_states=Flux2KleinPipeline._pack_latents(noisy),
            timestep=times.to(noisy.dtype) / 1000,
            guidance=None,
            encoder_hidden_states=words,
            txt_ids=Flux2KleinPipeline._prepare_text_ids(words).to(noisy.device),
            img_ids=Flux2KleinPipeline._prepare_latent_ids(noisy).to(noisy.device),
            return_dict=False,
        )[0]
        made: Tensor = answer.permute(0, 2, 1).reshape(count, channels, height, width)
        return made

    def distilled(self, pipeline: Any) -> str | None:
        """The pipeline's own mark."""
        return "it is marked as distilled" if pipeline.config.get("is_distilled") else None


def _statistics(vae: Any, latents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the patches' channels."""
    mean = vae.bn.running_mean.view(1, -1, 1, 1).to(latents)
    variance = vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps
    return mean, torch.sqrt(variance).to(latents)
