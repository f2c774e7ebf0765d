"""Captions of any length are read whole by CLIP, and embeddings are what diffusers makes itself."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from impasto.diffusion.base import Base, open_base
from impasto.diffusion.captions import fill
from impasto.diffusion.sampling import Sampling, prompt_words, sample
from impasto.training.lora.settings import LoraSettings

KINDS = ("tiny", "tiny_xl", "tiny_flow", "tiny_flux", "tiny_flux2", "tiny_z_image")
LONG = " ".join(["columns and bands"] * 28)  # 84 words


@pytest.fixture(params=KINDS)
def base(request: pytest.FixtureRequest, tiny_base: Callable[..., Path]) -> Base:
    return open_base(str(tiny_base(request.param)), safety=False)


def test_embeddings_are_those_of_the_pipeline(base: Base) -> None:
    pipeline, captions = base.pipeline, ["columns", "a painting in the style of bands"]
    more = {"StableDiffusion3Pipeline": (None, None), "StableDiffusionXLPipeline": (None,)}
    kind = type(pipeline).__name__
    flags = {} if "Flux" in kind else {"do_classifier_free_guidance": False}
    if kind in ("StableDiffusionPipeline", "StableDiffusionXLPipeline"):
        flags["num_images_per_prompt"] = 1  # type: ignore[assignment]
    with torch.no_grad():
        made = pipeline.encode_prompt(
            list(captions), *more.get(kind, ()), device=torch.device("cpu"), **flags
        )
        rows = base.family.encode(pipeline, captions)
    for row, expected in zip(rows, made[0], strict=True):
        assert torch.allclose(row["prompt_embeds"], expected, atol=1e-5)
    pooled = {"StableDiffusion3Pipeline": 2, "StableDiffusionXLPipeline": 2, "FluxPipeline": 1}
    if kind in pooled:
        for row, expected in zip(rows, made[pooled[kind]], strict=True):
            assert torch.allclose(row["pooled_prompt_embeds"], expected, atol=1e-5)


def test_long_prompts_in_two_styles_differ(base: Base) -> None:
    """The style comes first, and CLIP's window is no end."""
    settings, pictures = LoraSettings(), []
    for style in ("cubism", "rococo"):
        caption = fill(settings.styled, {"prompt": LONG, "style": style})
        words = prompt_words(base, [caption], None, 2.0)
        pictures.append(sample(base, words, [5], Sampling(2, 2.0, (32, 32)))[0].tobytes())
    assert pictures[0] != pictures[1]


@pytest.mark.parametrize("kind", ["tiny", "tiny_xl"])
def test_what_comes_after_the_window_is_read(tiny_base: Callable[..., Path], kind: str) -> None:
    base = open_base(str(tiny_base(kind)))
    with torch.no_grad():
        one, other, short = base.family.encode(
            base.pipeline, [f"{LONG} cubism", f"{LONG} rococo", "columns"]
        )
    assert one["prompt_embeds"].shape == other["prompt_embeds"].shape
    assert not torch.equal(one["prompt_embeds"], other["prompt_embeds"])
    assert len(one["prompt_embeds"]) > len(short["prompt_embeds"])
    assert base.family.tokens(base.pipeline, LONG)[0] <= base.family.tokens(base.pipeline, LONG)[1]


@pytest.mark.parametrize("kind", ["tiny", "tiny_xl"])
def test_captions_of_two_lengths_in_a_batch_do_not_see_each_other(
    tiny_base: Callable[..., Path], kind: str
) -> None:
    base = open_base(str(tiny_base(kind)))
    family, cpu = base.family, torch.device("cpu")
    noisy = torch.randn((2, 4, 16, 16), generator=torch.Generator().manual_seed(0))
    times = torch.tensor([10, 700])
    with torch.no_grad():
        rows = family.encode(base.pipeline, [LONG, "columns"])
        both = family.predict(
            base.denoiser, noisy, times, family.batch(rows, cpu, torch.float32), (32, 32)
        )
        for place, row in enumerate(rows):
            text = family.batch([row], cpu, torch.float32)
            alone = family.predict(
                base.denoiser, noisy[place : place + 1], times[place : place + 1], text, (32, 32)
            )
            assert torch.allclose(both[place], alone[0], atol=1e-5)


def test_a_negative_prompt_changes_the_picture(base: Base) -> None:
    def painted(negative: str | None) -> bytes:
        words = prompt_words(base, ["columns"], negative, 4.0)
        picture = sample(base, words, [5], Sampling(2, 4.0, (32, 32)))[0]
        return bytes(picture.tobytes())

    assert painted("bands") != painted(None)


def test_prompts_that_are_cut_are_counted(base: Base) -> None:
    count, limit = base.family.tokens(base.pipeline, " ".join(["columns"] * 600))
    if base.family.kohya:
        assert count <= limit
    else:
        assert count > limit
