"""Sampling of pictures from a pipeline, each by its own seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Sampling:
    """Steps, guidance and size of a sampler.

    Attributes:
        steps: denoising steps.
        guidance: classifier-free guidance scale (Ho and Salimans 2022, arXiv:2207.12598).
        size: height and width in pixels; ``None``: the pipeline's own, or that of the picture to
            begin with.
    """

    steps: int
    guidance: float
    size: tuple[int, int] | None = None


def sample(
    pipeline: Any, words: Mapping[str, Any], seeds: Sequence[int], how: Sampling, **more: Any
) -> list[Any]:
    """Sample one picture for each seed, with noise drawn on the CPU.

    Args:
        pipeline: of diffusers, from text or from a picture.
        words: ``prompt`` or embeddings, as many as there are seeds.
        seeds: of the noise.
        how: steps, guidance and size.
        more: what this pipeline takes beyond, such as ``image`` and ``strength``, or
            ``output_type``.
    """
    size = {} if how.size is None else {"height": how.size[0], "width": how.size[1]}
    made = pipeline(
        **words,
        **size,
        **more,
        num_inference_steps=how.steps,
        guidance_scale=how.guidance,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
    )
    return list(made.images)
