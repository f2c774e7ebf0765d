"""Sampling of pictures from a pipeline, each by its own seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from impasto.diffusion.base import Base
from impasto.diffusion.families import Family, Row


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
    base: Base, words: Mapping[str, Any], seeds: Sequence[int], how: Sampling, **more: Any
) -> list[Any]:
    """Sample one picture for each seed, with noise drawn on the CPU.

    Args:
        base: whose pipeline paints, or the one under ``pipeline`` in ``more``.
        words: ``prompt`` or embeddings, as many as there are seeds.
        seeds: of the noise.
        how: steps, guidance and size.
        more: ``pipeline`` that begins with a picture, and what it takes beyond, such as ``image``
            and ``strength``, or ``output_type``.
    """
    pipeline = more.pop("pipeline", base.pipeline)
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


def prompt_words(
    base: Base, prompts: Sequence[str], negative: str | None, guidance: float
) -> dict[str, Any]:
    """Prompts as a pipeline takes them: as text, or as embeddings where the text would be cut.

    Args:
        base: opened.
        prompts: one a picture.
        negative: what the pictures are led away from.
        guidance: classifier-free guidance scale.
    """
    family, pipeline = base.family, base.pipeline
    unwanted = {} if negative is None else family.unwanted(negative, len(prompts), guidance)
    as_text = negative is None or bool(unwanted)
    if as_text and not any(family.in_chunks(pipeline, text) for text in (*prompts, negative or "")):
        return {"prompt": list(prompts), **unwanted}
    with torch.no_grad():
        rows = family.encode(pipeline, list(prompts))
        empty = family.encode(pipeline, [""])
        away = [family.nothing(pipeline, empty[0])]
        if negative is not None:
            away = family.encode(pipeline, [negative])
    device, dtype = rows[0]["prompt_embeds"].device, rows[0]["prompt_embeds"].dtype
    return embedded_words(family, rows, away, empty, device, dtype)


def embedded_words(
    family: Family,
    rows: Sequence[Row],
    negative: Sequence[Row],
    empty: Sequence[Row],
    device: torch.device,
    dtype: torch.dtype,
) -> dict[str, Any]:
    """Embeddings by the names under which a pipeline takes them, all of one length.

    Args:
        family: of the base.
        rows: of the prompts.
        negative: of what they are led away from: one for all.
        empty: of the empty caption, whose chunks fill up what is shorter.
        device: of the denoiser.
        dtype: of the denoiser.
    """
    every = family.of_one_length([*rows, *negative], empty[0])
    placed = [{name: tensor.to(device, dtype) for name, tensor in row.items()} for row in every]
    return family.words(placed[: len(rows)], placed[len(rows) :] * len(rows))
