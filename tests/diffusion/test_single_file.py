"""Single files as Stable Diffusion and XL are published: original names, one .safetensors file.

The names are those of the programs that the files were made by (CompVis' latent diffusion,
Stability AI's generative models, OpenCLIP), written down here from their modules.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import torch
from diffusers import DiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from impasto.diffusion.base import Opening, open_base
from impasto.errors import InputError

TOP: Final = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
RESIDUAL: Final = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
IN_CLIP: Final = {
    "self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
}  # fmt: skip


def renamed(rest: str, names: Mapping[str, str]) -> str | None:
    """``rest`` with its beginning exchanged; ``None`` where no name fits."""
    for ours, theirs in names.items():
        if rest.startswith(f"{ours}."):
            return theirs + rest[len(ours) :]
    return None


def unet_name(name: str, unet: UNet2DConditionModel) -> str:
    """The name of a U-Net's weight in CompVis' ``UNetModel``, whose blocks are one list."""
    top = renamed(name, TOP)
    if top:
        return top
    layers = unet.config.layers_per_block
    found = re.fullmatch(r"(\w+?)_blocks?\.(?:(\d+)\.)?(\w+)\.(\d+)\.(.*)", name)
    assert found is not None
    way, kind, layer, rest = found[1], found[3], int(found[4]), found[5]
    inner = (renamed(rest, RESIDUAL) if kind == "resnets" else rest) or rest
    if way == "mid":
        return f"middle_block.{2 * layer if kind == 'resnets' else 1}.{inner}"
    block = int(found[2])
    if kind == "downsamplers":
        return f"input_blocks.{(layers + 1) * (block + 1)}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        place = 2 if getattr(unet.up_blocks[block], "attentions", None) else 1
        return f"output_blocks.{(layers + 1) * block + layers}.{place}.{rest}"
    number = (layers + 1) * block + layer + (way == "down")
    blocks = "input_blocks" if way == "down" else "output_blocks"
    return f"{blocks}.{number}.{0 if kind == 'resnets' else 1}.{inner}"


def vae_name(name: str, levels: int) -> str:
    """The name of an autoencoder's weight in CompVis' ``Encoder`` and ``Decoder``."""
    found = re.fullmatch(r"(\w+)\.(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
    if found:
        side, way, rest = found[1], found[2], found[6].replace("conv_shortcut", "nin_shortcut")
        level = int(found[3]) if way == "down" else levels - 1 - int(found[3])
        part = f"block.{found[5]}" if found[4] == "resnets" else f"{way}sample"
        return f"{side}.{way}.{level}.{part}.{rest}"
    middle = re.fullmatch(r"(\w+)\.mid_block\.resnets\.(\d+)\.(.*)", name)
    if middle:
        return f"{middle[1]}.mid.block_{int(middle[2]) + 1}.{middle[3]}"
    return name.replace("conv_norm_out", "norm_out")


def clip_weights(encoder: Any) -> dict[str, Tensor]:
    """Weights of a text encoder in the names of transformers 4, with ``text_model``."""
    bare = {name.removeprefix("text_model."): value for name, value in encoder.state_dict().items()}
    return {
        name if name.startswith("text_projection") else f"text_model.{name}": value
        for name, value in bare.items()
    }


def open_clip_weights(encoder: CLIPTextModelWithProjection) -> dict[str, Tensor]:
    """Weights of a text encoder as OpenCLIP has them: queries, keys and values in one matrix."""
    known = {name.removeprefix("text_model."): one for name, one in encoder.state_dict().items()}
    made = {
        "positional_embedding": known["embeddings.position_embedding.weight"],
        "token_embedding.weight": known["embeddings.token_embedding.weight"],
        "text_projection": known["text_projection.weight"].T,
    }
    for form in ("weight", "bias"):
        made[f"ln_final.{form}"] = known[f"final_layer_norm.{form}"]
        for layer in range(encoder.config.num_hidden_layers):
            ours, theirs = f"encoder.layers.{layer}", f"transformer.resblocks.{layer}"
            parts = [known[f"{ours}.self_attn.{part}_proj.{form}"] for part in "qkv"]
            made[f"{theirs}.attn.in_proj_{form}"] = torch.cat(parts)
            for one, other in IN_CLIP.items():
                made[f"{theirs}.{other}.{form}"] = known[f"{ours}.{one}.{form}"]
    return made


def single_file(pipeline: Any, path: Path) -> Path:
    """Write a pipeline as one file, in the original names."""
    levels = len(pipeline.vae.config.block_out_channels)
    unet, vae = pipeline.unet.state_dict(), pipeline.vae.state_dict()
    parts = {
        "model.diffusion_model.": {unet_name(key, pipeline.unet): one for key, one in unet.items()},
        "first_stage_model.": {vae_name(key, levels): one for key, one in vae.items()},
    }
    first = clip_weights(pipeline.text_encoder)
    if isinstance(pipeline, StableDiffusionXLPipeline):
        parts["conditioner.embedders.0.transformer."] = first
        parts["conditioner.embedders.1.model."] = open_clip_weights(pipeline.text_encoder_2)
    else:
        parts["cond_stage_model.transformer."] = first
    content = {
        f"{under}{name}": value.clone().contiguous()
        for under, weights in parts.items()
        for name, value in weights.items()
    }
    save_file(content, path)
    return path


def wider_encoder(pipeline: StableDiffusionXLPipeline, layers: int) -> CLIPTextModelWithProjection:
    """A second text encoder of another width than the first, by which XL's two are told apart."""
    config = pipeline.text_encoder_2.config.to_dict()
    wide = {"hidden_size": 48, "projection_dim": 48, "num_hidden_layers": layers}
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        return CLIPTextModelWithProjection(CLIPTextConfig(**{**config, **wide})).eval()


@pytest.fixture
def pipeline_of(tiny_base: Callable[..., Path]) -> Callable[[str], Any]:
    """A factory of pipelines with random weights, such as are published in single files."""

    def make(kind: str) -> Any:
        pipeline = DiffusionPipeline.from_pretrained(tiny_base(kind))
        if kind == "tiny_xl":  # a kind that is told by the tenth layer of the second encoder
            wide = {"cross_attention_dim": 32 + 48, "projection_class_embeddings_input_dim": 96}
            with torch.random.fork_rng([]):
                torch.manual_seed(1)
                unet = UNet2DConditionModel.from_config({**pipeline.unet.config, **wide}).eval()
            pipeline.register_modules(text_encoder_2=wider_encoder(pipeline, 10), unet=unet)
        return pipeline

    return make


@pytest.mark.parametrize("kind", ["tiny", "tiny_xl"])
def test_a_published_file_is_the_folder_that_it_was_made_of(
    kind: str, pipeline_of: Callable[[str], Any], tmp_path: Path
) -> None:
    """Equal weights, an equal fingerprint, so that adapters fit both, and equal pictures."""
    pipeline = pipeline_of(kind)
    pipeline.save_pretrained(tmp_path / "folder")
    file = single_file(pipeline, tmp_path / "one.safetensors")
    bases = [
        open_base(str(tmp_path / "folder")),
        open_base(str(file), opening=Opening(config=str(tmp_path / "folder"))),
    ]
    assert bases[0].fingerprint == bases[1].fingerprint and bases[0].family is bases[1].family
    half = open_base(str(file), torch.float16, opening=Opening(config=str(tmp_path / "folder")))
    assert half.pipeline.unet.dtype == torch.float16 and half.fingerprint == bases[0].fingerprint
    for part in ("unet", "vae", "text_encoder"):
        ours, theirs = (getattr(base.pipeline, part).state_dict() for base in bases)
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    pictures = [
        base.pipeline(
            "a boat", num_inference_steps=2, height=32, width=32,
            generator=torch.Generator().manual_seed(3),
        ).images[0].tobytes()
        for base in bases
    ]  # fmt: skip
    assert pictures[0] == pictures[1]


def test_configurations_of_another_width_are_refused(
    pipeline_of: Callable[[str], Any], tiny_base: Callable[..., Path], tmp_path: Path
) -> None:
    file = single_file(pipeline_of("tiny_xl"), tmp_path / "one.safetensors")
    with pytest.raises(InputError, match="base_config must be a pipeline of the file's kind"):
        open_base(str(file), opening=Opening(config=str(tiny_base("tiny_xl"))))


def test_a_file_that_lacks_weights_is_refused_by_the_part(
    pipeline_of: Callable[[str], Any], tmp_path: Path
) -> None:
    pipeline = pipeline_of("tiny_xl")
    file = single_file(pipeline, tmp_path / "one.safetensors")
    pipeline.register_modules(text_encoder_2=wider_encoder(pipeline, 11))
    pipeline.save_pretrained(tmp_path / "folder")
    with pytest.raises(InputError, match="16 weights of text_encoder_2 missing"):
        open_base(str(file), opening=Opening(config=str(tmp_path / "folder")))
