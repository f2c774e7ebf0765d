"""Z-Image (Tongyi-MAI 2025): one stream, captions of any length, and time from noise to picture."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import torch
from diffusers import ZImageImg2ImgPipeline
from torch import Tensor, nn

from impasto.diffusion.families.family import (
    ATTENTION,
    Family,
    Row,
    Text,
    chat_tokens,
    shift_by_patches,
)

_ATTENTION: Final = tuple(f"attention.{name}" for name in ATTENTION)
_FORWARD: Final = tuple(f"feed_forward.{name}" for name in ("w1", "w2", "w3"))


class ZImage(Family):
    """Z-Image."""

    name = "Z-Image"
    targets: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "attention": _ATTENTION,
        "transformer": _ATTENTION + _FORWARD,
        "all": _ATTENTION + _FORWARD,
    }
    outside = ("t_embedder", "cap_embedder", "all_x_embedder", "all_final_layer",
               "adaLN_modulation")  # fmt: skip
    guidance = 5.0
    steps = 50
    repaint = ZImageImg2ImgPipeline
    architecture = "z-image"
    version = "zimage"
    large_encoders = ("text_encoder",)
    window: ClassVar[int] = 512  # tokens that Qwen3 reads

    def encode_with(self, pipeline: Any, encoder: str, captions: Sequence[str]) -> list[Row]:
        """The last hidden state but one of Qwen3, without the places that are filled up."""
        device = next(getattr(pipeline, encoder).parameters()).device
        made, _ = pipeline.encode_prompt(
            list(captions),
            device=device,
            do_classifier_free_guidance=False,
            max_sequence_length=self.window,
        )
        return [{"prompt_embeds": one} for one in made]

    def batch(self, rows: Sequence[Row], device: torch.device, dtype: torch.dtype) -> Text:
        """A list, since captions have lengths of their own."""
        return {"prompt_embeds": [row["prompt_embeds"].to(device, dtype) for row in rows]}

    def tokens(self, pipeline: Any, caption: str) -> tuple[int, int]:
        """Qwen3 reads 512 tokens, the chat template among them."""
        return chat_tokens(pipeline.tokenizer, caption, thinking=True), self.window

    def shift(self, scheduler: Any, shape: tuple[int, ...]) -> float | None:
        """By the number of patches of 2 × 2, where the schedule shifts by size."""
        return shift_by_patches(scheduler, shape)

    def predict(
        self, network: nn.Module, noisy: Tensor, times: Tensor, text: Text, size: tuple[int, int]
    ) -> Tensor:
        """The transformer's answer; it knows the share of the picture, and points towards it."""
        answers = network(
            list(noisy.unsqueeze(2).unbind(0)),
            1 - times.to(noisy.dtype) / 1000,
            list(text["prompt_embeds"]),
            return_dict=False,
        )[0]
        return -torch.stack(list(answers)).squeeze(2)
