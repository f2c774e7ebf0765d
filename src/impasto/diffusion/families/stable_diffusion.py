"""Stable Diffusion 1, 2, XL and 3.

Rombach et al. 2022 (arXiv:2112.10752), Podell et al. 2023 (arXiv:2307.01952), Esser et al. 2024
(arXiv:2403.03206). Captions longer than CLIP's window are read in chunks, one after the other, as
other programs read them; a caption that fits is encoded as diffusers encodes it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import torch
from diffusers import (
    StableDiffusion3Img2ImgPipeline,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionXLImg2ImgPipeline,
)
from torch import Tensor, nn
from torch.nn import functional

from impasto.diffusion.families.family import ATTENTION, Family, Row, Text

_FORWARD: Final = ("proj_in", "proj_out", "ff.net.0.proj", "ff.net.2")
_CONVOLUTIONS: Final = ("conv1", "conv2", "conv_shortcut", "time_emb_proj")
_JOINT: Final = tuple(
    f"{block}.{name}"
    for block, names in (
        ("attn", (*ATTENTION, "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out")),
        ("attn2", ATTENTION),
    )
    for name in names
)
_JOINT_FORWARD: Final = tuple(
    f"{name}.net.{part}" for name in ("ff", "ff_context") for part in ("0.proj", "2")
)


def clip_chunks(tokenizer: Any, caption: str) -> Tensor:
    """Tokens of a caption in windows of the encoder's length, ``int64 (chunks, length)``."""
    window = tokenizer.model_max_length
    inner = tokenizer(caption, add_special_tokens=False, verbose=False).input_ids
    room = window - 2
    chunks = []
    for start in range(0, max(1, len(inner)), room):
        ids = [tokenizer.bos_token_id, *inner[start : start + room], tokenizer.eos_token_id]
        chunks.append(ids + [tokenizer.pad_token_id] * (window - len(ids)))
    return torch.tensor(chunks)


class _Clip(Family):
    """Families whose CLIP encoders read a caption chunk by chunk."""

    def tokens(self, pipeline: Any, caption: str) -> tuple[int, int]:
        """Every token is read, in chunks."""
        count = len(pipeline.tokenizer(caption, verbose=False).input_ids)
        return count, max(count, pipeline.tokenizer.model_max_length)

    def in_chunks(self, pipeline: Any, caption: str) -> bool:
        """Longer than CLIP's window."""
        return len(clip_chunks(pipeline.tokenizer, caption)) > 1

    def of_one_length(self, rows: Sequence[Row], empty: Row) -> list[Row]:
        """Shorter captions are followed by chunks of the empty one, as A1111 does."""
        longest = max(len(row["prompt_embeds"]) for row in rows)
        filled: list[Row] = []
        for row in rows:
            own, blank = row["prompt_embeds"], empty["prompt_embeds"]
            more = [blank.to(own)] * ((longest - len(own)) // len(blank))
            filled.append({**row, "prompt_embeds": torch.cat([own, *more])})
        return filled

    def _encoded(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Any]:
        """The encoder's output for each caption, a batch of chunks."""
        network = getattr(pipeline, encoder)
        tokenizer = getattr(pipeline, encoder.replace("text_encoder", "tokenizer"))
        chunked = [clip_chunks(tokenizer, caption) for caption in captions]
        device = next(network.parameters()).device
        return [network(ids.to(device), output_hidden_states=True) for ids in chunked]

    def batch(self, rows: Sequence[Row], device: torch.device, dtype: torch.dtype) -> Text:
        """Captions of several lengths are filled up and masked."""
        lengths = [len(row["prompt_embeds"]) for row in rows]
        longest = max(lengths)
        made: dict[str, Any] = {
            name: torch.stack([row[name] for row in rows]).to(device, dtype)
            for name in rows[0]
            if name != "prompt_embeds"
        }
        filled = [
            functional.pad(row["prompt_embeds"], (0, 0, 0, longest - length))
            for row, length in zip(rows, lengths, strict=True)
        ]
        made["prompt_embeds"] = torch.stack(filled).to(device, dtype)
        if min(lengths) < longest:
            inside = torch.arange(longest)[None] < torch.tensor(lengths)[:, None]
            made["mask"] = inside.to(device)
        return made


class StableDiffusion(_Clip):
    """Stable Diffusion 1 and 2."""

    name = "Stable Diffusion"
    denoiser = "unet"
    encoders: ClassVar[tuple[str, ...]] = ("text_encoder",)
    flow = False
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": ATTENTION,
        "transformer": ATTENTION + _FORWARD,
        "all": ATTENTION + _FORWARD + _CONVOLUTIONS,
    }
    outside = ("time_embedding", "add_embedding", "class_embedding")
    resolution = 512
    repaint = StableDiffusionImg2ImgPipeline
    kohya = "lora_te"
    architecture = "stable-diffusion-v1"
    version = "sd_v1"

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """The last hidden state."""
        made = self._encoded(pipeline, encoder, captions)
        return [{"prompt_embeds": output[0].flatten(0, 1)} for output in made]

    def side_step(self, pipeline: Any) -> int:
        """The U-Net halves its latents at every level but the last."""
        levels = len(pipeline.unet.config.block_out_channels)
        return int(pipeline.vae_scale_factor * 2 ** (levels - 1))

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """The U-Net's answer."""
        answer: Tensor = network(
            noisy,
            times,
            encoder_hidden_states=text["prompt_embeds"],
            encoder_attention_mask=text.get("mask"),
        ).sample
        return answer


class StableDiffusionXL(StableDiffusion):
    """Stable Diffusion XL and what was made of it."""

    name = "Stable Diffusion XL"
    encoders = ("text_encoder", "text_encoder_2")
    resolution = 1024
    repaint = StableDiffusionXLImg2ImgPipeline
    kohya = "lora_te1"
    architecture = "stable-diffusion-xl-v1-base"
    version = "sdxl_base_v1-0"

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """The last hidden state but one; of the second encoder the pooled output, too."""
        rows: list[Row] = []
        for output in self._encoded(pipeline, encoder, captions):
            row = {"prompt_embeds": output.hidden_states[-2].flatten(0, 1)}
            if output[0].ndim == 2:  # with a projection; the first chunk's, as elsewhere
                row["pooled_prompt_embeds"] = output[0][0]
            rows.append(row)
        return rows

    def join(self, pipeline: Any, parts: Mapping[str, Row]) -> Row:
        """Both hidden states side by side, and the pooled output."""
        rows = list(parts.values())
        joined = torch.cat([row["prompt_embeds"] for row in rows], -1)
        return {"prompt_embeds": joined, "pooled_prompt_embeds": rows[-1]["pooled_prompt_embeds"]}

    def nothing(self, pipeline: Any, empty: Row) -> Row:
        """Zeros, where the base says so."""
        if not pipeline.config.get("force_zeros_for_empty_prompt"):
            return empty
        return {name: torch.zeros_like(tensor) for name, tensor in empty.items()}

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """The U-Net's answer for a whole picture of this size (section 2.2 of the paper)."""
        sizes = torch.tensor([*size, 0, 0, *size], dtype=noisy.dtype, device=noisy.device)
        added = {
            "text_embeds": text["pooled_prompt_embeds"],
            "time_ids": sizes.repeat(len(noisy), 1),
        }
        answer: Tensor = network(
            noisy,
            times,
            encoder_hidden_states=text["prompt_embeds"],
            encoder_attention_mask=text.get("mask"),
            added_cond_kwargs=added,
        ).sample
        return answer


class StableDiffusion3(Family):
    """Stable Diffusion 3 and 3.5."""

    name = "Stable Diffusion 3"
    encoders = ("text_encoder", "text_encoder_2")
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": _JOINT,
        "transformer": _JOINT + _JOINT_FORWARD,
        "all": _JOINT + _JOINT_FORWARD,
    }
    outside = ("pos_embed", "time_text_embed", "context_embedder", "norm_out", "^proj_out")
    repaint = StableDiffusion3Img2ImgPipeline
    architecture = "stable-diffusion-3"
    version = "sd3"
    optional = ("text_encoder_3", "tokenizer_3")
    large_encoders = ("text_encoder_3",)
    window: ClassVar[int] = 256  # tokens that the third encoder reads

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """Hidden states and pooled output of a CLIP encoder, or the hidden states of T5."""
        device = next(getattr(pipeline, encoder).parameters()).device
        if encoder == "text_encoder_3":
            made = pipeline._get_t5_prompt_embeds(
                list(captions), 1, self.window, device, getattr(pipeline, encoder).dtype
            )
            return [{"prompt_embeds": one} for one in made]
        index = self.encoders.index(encoder)
        # The pipeline asks the first encoder for the precision of both
        first, pipeline.text_encoder = pipeline.text_encoder, getattr(pipeline, encoder)
        try:
            hidden, pooled = pipeline._get_clip_prompt_embeds(
                list(captions), 1, device, clip_model_index=index
            )
        finally:
            pipeline.text_encoder = first
        return [
            {"prompt_embeds": one, "pooled_prompt_embeds": two}
            for one, two in zip(hidden, pooled, strict=True)
        ]

    def join(self, pipeline: Any, parts: Mapping[str, Row]) -> Row:
        """CLIP's hidden states side by side, T5's after them; zeros where T5 is left out."""
        clip = [parts[name] for name in self.encoders]
        hidden = torch.cat([row["prompt_embeds"] for row in clip], -1)
        width = pipeline.transformer.config.joint_attention_dim
        hidden = functional.pad(hidden, (0, width - hidden.shape[-1]))
        third = parts.get("text_encoder_3")
        last = hidden.new_zeros(self.window, width) if third is None else third["prompt_embeds"]
        return {
            "prompt_embeds": torch.cat([hidden, last.to(hidden)], -2),
            "pooled_prompt_embeds": torch.cat([row["pooled_prompt_embeds"] for row in clip], -1),
        }

    def tokens(self, pipeline: Any, caption: str) -> tuple[int, int]:
        """T5 reads 256 tokens; without it, CLIP's window is all there is."""
        if pipeline.text_encoder_3 is not None:
            return len(pipeline.tokenizer_3(caption, verbose=False).input_ids), self.window
        count = len(pipeline.tokenizer(caption, verbose=False).input_ids)
        return count, int(pipeline.tokenizer_max_length)

    def side_step(self, pipeline: Any) -> int:
        """Latents are cut into patches."""
        return int(pipeline.vae_scale_factor * pipeline.transformer.config.patch_size)

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """The transformer's answer."""
        answer: Tensor = network(
            hidden_states=noisy,
            timestep=times,
            encoder_hidden_states=text["prompt_embeds"],
            pooled_projections=text["pooled_prompt_embeds"],
        ).sample
        return answer
