"""Names of written layers are those that ComfyUI, A1111 and kohya's scripts accept.

``read_by/PROGRAM-BASE.txt`` lists them, written down from the programs' own maps. The networks have
the blocks of the real ones, and next to no width.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from diffusers import (
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
    ZImageTransformer2DModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from impasto.diffusion.adapter import Adapter, Shape, foreign_weights
from impasto.diffusion.base import Base
from impasto.diffusion.families import FAMILIES

READ_BY = Path(__file__).parent / "read_by"
KOHYA = {"lora_down.weight", "lora_up.weight", "alpha"}
DIFFUSERS = {"lora_A.weight", "lora_B.weight", "alpha"}


def expanded(pattern: str) -> Iterator[str]:
    """Every name of a pattern with ``{a,b}`` and ``{0..3}``."""
    parts = re.split(r"\{([^}]*)\}", pattern)
    choices = []
    for number, part in enumerate(parts):
        if number % 2 == 0:
            choices.append([part])
        elif found := re.fullmatch(r"(\d+)\.\.(\d+)", part):
            choices.append([str(n) for n in range(int(found[1]), int(found[2]) + 1)])
        else:
            choices.append(part.split(","))
    yield from map("".join, itertools.product(*choices))


def accepted(program: str, base: str) -> set[str]:
    lines = (READ_BY / f"{program}-{base}.txt").read_text().splitlines()
    return {name for line in lines if line and line[0] != "#" for name in expanded(line)}


def clip(layers: int, cls: Any = CLIPTextModel) -> Any:
    small = {"vocab_size": 9, "hidden_size": 4, "intermediate_size": 4, "num_attention_heads": 1}
    return cls(CLIPTextConfig(num_hidden_layers=layers, projection_dim=4, **small))


def sd15() -> dict[str, Any]:
    unet = UNet2DConditionModel(
        block_out_channels=(4, 8, 16, 16), norm_num_groups=4, cross_attention_dim=4,
        attention_head_dim=2,
    )  # fmt: skip
    return {"unet": unet, "text_encoder": clip(12)}


def sdxl() -> dict[str, Any]:
    unet = UNet2DConditionModel(
        block_out_channels=(4, 8, 16), norm_num_groups=4, cross_attention_dim=4,
        attention_head_dim=(1, 2, 4), use_linear_projection=True,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=(1, 2, 10),
    )  # fmt: skip
    second = clip(32, CLIPTextModelWithProjection)
    return {"unet": unet, "text_encoder": clip(12), "text_encoder_2": second}


def sd3() -> dict[str, Any]:
    transformer = SD3Transformer2DModel(
        num_layers=24, attention_head_dim=4, num_attention_heads=1, joint_attention_dim=4,
        caption_projection_dim=4, pooled_projection_dim=4, dual_attention_layers=tuple(range(13)),
        qk_norm="rms_norm", sample_size=4, pos_embed_max_size=4,
    )  # fmt: skip
    first, second = (clip(n, CLIPTextModelWithProjection) for n in (12, 32))
    return {"transformer": transformer, "text_encoder": first, "text_encoder_2": second}


def flux() -> dict[str, Any]:
    transformer = FluxTransformer2DModel(
        in_channels=4, num_layers=19, num_single_layers=38, attention_head_dim=8,
        num_attention_heads=1, joint_attention_dim=4, pooled_projection_dim=4,
        axes_dims_rope=(2, 2, 4),
    )  # fmt: skip
    return {"transformer": transformer, "text_encoder": clip(12)}


def flux2() -> dict[str, Any]:
    transformer = Flux2Transformer2DModel(
        in_channels=4, num_layers=5, num_single_layers=20, attention_head_dim=8,
        num_attention_heads=1, joint_attention_dim=4, timestep_guidance_channels=4,
        axes_dims_rope=(2, 2, 2, 2), guidance_embeds=False,
    )  # fmt: skip
    return {"transformer": transformer}


def zimage() -> dict[str, Any]:
    transformer = ZImageTransformer2DModel(
        in_channels=4, dim=8, n_layers=30, n_refiner_layers=2, n_heads=1, n_kv_heads=1,
        cap_feat_dim=4, axes_dims=[2, 2, 4], axes_lens=[8, 8, 8],
    )  # fmt: skip
    return {"transformer": transformer}


CASES: list[tuple[str, Callable[[], dict[str, Any]], str, tuple[str, ...]]] = [
    ("sd15", sd15, "StableDiffusionPipeline", ("comfyui", "a1111", "kohya")),
    ("sdxl", sdxl, "StableDiffusionXLPipeline", ("comfyui", "a1111", "kohya")),
    ("sd3", sd3, "StableDiffusion3Pipeline", ("comfyui",)),
    ("flux", flux, "FluxPipeline", ("comfyui",)),
    ("flux2", flux2, "Flux2KleinPipeline", ("comfyui",)),
    ("zimage", zimage, "ZImagePipeline", ("comfyui",)),
]


@pytest.mark.parametrize(("base", "make", "kind", "programs"), CASES, ids=[c[0] for c in CASES])
@pytest.mark.parametrize("targets", ["attention", "transformer", "all", "all-linear"])
def test_every_written_name_is_read(
    base: str, make: Any, kind: str, programs: tuple[str, ...], targets: Any
) -> None:
    family = FAMILIES[kind]
    opened = Base(base, family, SimpleNamespace(**make()), "")
    shape = Shape(1, 1.0, targets=targets, encoders=bool(family.encoders))
    name, weights = foreign_weights(Adapter(opened, shape))
    kinds = KOHYA if family.kohya else DIFFUSERS
    layers: dict[str, set[str]] = {}
    for key in weights:
        end = next(end for end in kinds if key.endswith(f".{end}"))
        layers.setdefault(key.removesuffix(f".{end}"), set()).add(end)
    assert all(found == kinds for found in layers.values())
    for program in programs:
        known = accepted(program, base)
        assert layers.keys() <= known, sorted(layers.keys() - known)[:5]
        if targets == "all":  # nothing that a program could read of the blocks is forgotten
            share = len(layers) / len(known)
            assert share > 0.6, (program, share)
    assert name == f"{'kohya' if family.kohya else 'comfyui'}.safetensors"
