"""The seam between families of text-to-image models: where they differ, and nothing else.

Stable Diffusion 1 and 2 (Rombach et al. 2022, arXiv:2112.10752), Stable Diffusion XL (Podell et al.
2023, arXiv:2307.01952) and Stable Diffusion 3 (Esser et al. 2024, arXiv:2403.03206) as pipelines of
diffusers. A further one is one more entry of ``FAMILIES``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
from diffusers import (
    StableDiffusion3Img2ImgPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionXLImg2ImgPipeline,
)
from torch import Tensor, nn

from impasto.models.lora_layers import Targets

Text = Mapping[str, Tensor]
"""Embeddings of captions by the names under which a pipeline takes them:

``prompt_embeds (B, L, D)`` and so on.
"""
_ATTENTION: Final = ("to_q", "to_k", "to_v", "to_out.0")
_FORWARD: Final = ("proj_in", "proj_out", "ff.net.0.proj", "ff.net.2")
_CONVOLUTIONS: Final = ("conv1", "conv2", "conv_shortcut", "time_emb_proj")
ENCODER_TARGETS: Final = ("q_proj", "k_proj", "v_proj", "out_proj")


@dataclass(frozen=True, slots=True)
class Family:
    """A family of pipelines: its components, targets and prediction.

    Attributes:
        name: for messages and cards.
        denoiser: the component that is trained: ``unet`` or ``transformer``.
        encoders: text encoders that can be trained as well.
        flow: whether it learns a velocity along straight paths instead of noise (flow matching).
        targets: layers that get an adapter, by the setting ``targets``.
        predict: the denoiser's answer for (network, noisy latents, times, text, height and width in
            pixels).
        repaint: the pipeline that begins with a picture.
        kohya: what kohya's scripts call the first text encoder; ``None`` where their readers take
            diffusers' names.
    """

    name: str
    denoiser: Literal["unet", "transformer"]
    encoders: tuple[str, ...]
    flow: bool
    targets: Mapping[Targets, tuple[str, ...]]
    predict: Callable[[nn.Module, Tensor, Tensor, Text, tuple[int, int]], Tensor]
    repaint: Any
    kohya: str | None

    def encode(self, pipeline: Any, captions: list[str]) -> dict[str, Tensor]:
        """The text encoders' view of captions, by the names under which the pipeline takes it."""
        device = next(getattr(pipeline, self.encoders[0]).parameters()).device
        made = pipeline.encode_prompt(
            captions,
            **_SECOND[self.name],
            device=device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
        )
        names = ("prompt_embeds", None, "pooled_prompt_embeds")[: len(made)]
        return {name: tensor for name, tensor in zip(names, made, strict=False) if name}

    def side_step(self, pipeline: Any) -> int:
        """Return the step of heights and widths, in pixels."""
        network = getattr(pipeline, self.denoiser)
        inner = (
            network.config.patch_size
            if self.flow
            else 2 ** (len(network.config.block_out_channels) - 1)
        )
        return int(pipeline.vae_scale_factor * inner)


def _unet(
    network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
) -> Tensor:
    answer: Tensor = network(noisy, times, encoder_hidden_states=text["prompt_embeds"]).sample
    return answer


def _unet_xl(
    network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
) -> Tensor:
    # Original size, upper left corner of the crop, size: a whole picture of this size (section 2.2
    # of the paper)
    sizes = torch.tensor([*size, 0, 0, *size], dtype=noisy.dtype, device=noisy.device).repeat(
        len(noisy), 1
    )
    added = {"text_embeds": text["pooled_prompt_embeds"], "time_ids": sizes}
    answer: Tensor = network(
        noisy, times, encoder_hidden_states=text["prompt_embeds"], added_cond_kwargs=added
    ).sample
    return answer


def _transformer(
    network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
) -> Tensor:
    answer: Tensor = network(
        hidden_states=noisy,
        timestep=times,
        encoder_hidden_states=text["prompt_embeds"],
        pooled_projections=text["pooled_prompt_embeds"],
    ).sample
    return answer


_UNET_TARGETS: Final[Mapping[Targets, tuple[str, ...]]] = {
    "attention": _ATTENTION,
    "transformer": _ATTENTION + _FORWARD,
    "all": _ATTENTION + _FORWARD + _CONVOLUTIONS,
}
_JOINT: Final = tuple(
    f"attn.{name}" for name in (*_ATTENTION, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")
)
_JOINT_FORWARD: Final = tuple(
    f"{name}.net.{part}" for name in ("ff", "ff_context") for part in ("0.proj", "2")
)
_SECOND: Final[Mapping[str, Mapping[str, None]]] = {
    "Stable Diffusion": {},
    "Stable Diffusion XL": {"prompt_2": None},
    "Stable Diffusion 3": {"prompt_2": None, "prompt_3": None},
}
FAMILIES: Final[Mapping[str, Family]] = {
    "StableDiffusionPipeline": Family(
        "Stable Diffusion",
        "unet",
        ("text_encoder",),
        False,
        _UNET_TARGETS,
        _unet,
        StableDiffusionImg2ImgPipeline,
        "lora_te",
    ),
    "StableDiffusionXLPipeline": Family(
        "Stable Diffusion XL",
        "unet",
        ("text_encoder", "text_encoder_2"),
        False,
        _UNET_TARGETS,
        _unet_xl,
        StableDiffusionXLImg2ImgPipeline,
        "lora_te1",
    ),
    "StableDiffusion3Pipeline": Family(
        "Stable Diffusion 3",
        "transformer",
        ("text_encoder", "text_encoder_2"),
        True,
        {
            "attention": _JOINT,
            "transformer": _JOINT + _JOINT_FORWARD,
            "all": _JOINT + _JOINT_FORWARD,
        },
        _transformer,
        StableDiffusion3Img2ImgPipeline,
        None,
    ),
}
"""The families by the class of their pipeline, which ``model_index.json`` names."""
