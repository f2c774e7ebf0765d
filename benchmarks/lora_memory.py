"""Memory and operations of every stage of a LoRA on the real models, calculated with shapes alone.

The networks are built by their published configurations on PyTorch's meta device. Counted are the
weights, what a step keeps for the way back and what it multiplies, and for stages without gradients
the largest sum of tensors that are alive at once. A fragmented allocator, workspaces and the driver
come on top: allow for a fifth.

    python benchmarks/lora_memory.py            the tables
    python benchmarks/lora_memory.py --measure  each stage on the processor beside its calculation
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    UNet2DConditionModel,
    ZImageTransformer2DModel,
)
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

import small_pipeline
from impasto.diffusion.adapter import Adapter, Shape
from impasto.diffusion.base import Base
from impasto.diffusion.families import FAMILIES

RANK = 16
TRAINED = (
    4 + 4 + 8 + 4
)  # bytes a weight of the adapter: itself, gradient, AdamW's two moments, average
UTILISATION = 0.3  # of a GPU's dense bfloat16 peak, summed in float32: supposed, not measured
PEAKS = {
    "RTX 3060 Ti (8 GB)": 32,
    "RTX 4070 Ti (12 GB)": 80,
    "RTX 4090 (24 GB)": 165,
    "H100 (80 GB)": 990,
}  # TFLOP/s
GIB = 2**30


@dataclass(frozen=True)
class Model:
    """A base by its published configuration.

    Attributes:
        kind: the class of its pipeline.
        side: height and width in pixels.
        denoiser: builds the network that is trained.
        autoencoder: builds the autoencoder.
        encoders: billions of weights of the text encoders.
        words: length and width of the embeddings, and width of the pooled one.
        latent: channels, and pixels a side of a place.
    """

    kind: str
    side: int
    denoiser: Callable[[], Any]
    autoencoder: Callable[[], Any]
    encoders: Mapping[str, float]
    words: tuple[int, int, int]
    latent: tuple[int, int]


def vae(channels: int) -> Callable[[], Any]:
    """The autoencoder of Stable Diffusion and FLUX.1 with some channels in its latents."""
    down, up = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
    return lambda: AutoencoderKL(
        down_block_types=down, up_block_types=up, block_out_channels=(128, 256, 512, 512),
        layers_per_block=2, latent_channels=channels,
    )  # fmt: skip


MODELS: dict[str, Model] = {
    "Stable Diffusion 1.5": Model(
        "StableDiffusionPipeline", 512, small_pipeline.denoiser_15, vae(4), {"CLIP": 0.123},
        (77, 768, 0), (4, 8),
    ),
    "Stable Diffusion XL": Model(
        "StableDiffusionXLPipeline", 1024, lambda: UNet2DConditionModel(
            sample_size=128, block_out_channels=(320, 640, 1280), cross_attention_dim=2048,
            attention_head_dim=(5, 10, 20),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            use_linear_projection=True,
            transformer_layers_per_block=(1, 2, 10), addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816),
        vae(4), {"CLIP": 0.123, "OpenCLIP": 0.695}, (77, 2048, 1280), (4, 8),
    ),
    "Stable Diffusion 3 medium": Model(
        "StableDiffusion3Pipeline", 1024, lambda: SD3Transformer2DModel(
            sample_size=128, num_layers=24, num_attention_heads=24, attention_head_dim=64,
            caption_projection_dim=1536, joint_attention_dim=4096, pooled_projection_dim=2048,
            pos_embed_max_size=192, out_channels=16),
        vae(16), {"CLIP": 0.124, "OpenCLIP": 0.695, "T5": 4.762}, (333, 4096, 2048), (16, 8),
    ),
    "FLUX.1-dev": Model(
        "FluxPipeline", 1024, lambda: FluxTransformer2DModel(guidance_embeds=True),
        vae(16), {"CLIP": 0.123, "T5": 4.762}, (512, 4096, 768), (16, 8),
    ),
    "FLUX.2 klein 4B": Model(
        "Flux2KleinPipeline", 1024, lambda: Flux2Transformer2DModel(
            num_layers=5, num_single_layers=20, num_attention_heads=24, joint_attention_dim=7680,
            guidance_embeds=False),
        AutoencoderKLFlux2, {"Qwen3": 4.022}, (512, 7680, 0), (128, 16),
    ),
    "Z-Image": Model(
        "ZImagePipeline", 1024, ZImageTransformer2DModel, vae(16), {"Qwen3": 4.022},
        (128, 2560, 0), (16, 8),
    ),
}  # fmt: skip


class Alive(TorchDispatchMode):
    """The largest sum of bytes of tensors that are alive at once, without gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak, self.users = 0, 0, dict[int, list[int]]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Count what an operation makes, until the last tensor on the same storage is gone."""
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                key, size = storage._cdata, storage.nbytes()
                if key not in self.users:
                    self.users[key] = [0, size]
                    self.now += size
                    self.peak = max(self.peak, self.now)
                self.users[key][0] += 1
                weakref.finalize(tensor, self._gone, key)
        return made

    def _gone(self, key: int) -> None:
        found = self.users.get(key)
        if found is not None:
            found[0] -= 1
            if not found[0]:
                self.now -= found[1]
                del self.users[key]


def weights(network: Any) -> int:
    """Bytes of a network's weights."""
    return sum(weight.numel() * weight.element_size() for weight in network.parameters())


def pictures(model: Model, side: int, device: str = "meta") -> tuple[float, float]:
    """Bytes of the autoencoder in float32, and what encoding one picture has alive at most."""
    with torch.device(device):
        autoencoder = model.autoencoder().eval()
        x = torch.zeros(1, 3, side, side)
    with Alive() as alive, torch.no_grad():
        FAMILIES[model.kind].to_latent(autoencoder, x)
    return float(weights(autoencoder)), float(alive.peak)


def decoding(model: Model, side: int, dtype: torch.dtype) -> tuple[float, float]:
    """Bytes of the autoencoder, and what decoding one picture has alive at most."""
    with torch.device("meta"):
        autoencoder = model.autoencoder().to(dtype).eval()
        channels = autoencoder.config.latent_channels
        z = torch.zeros(1, channels, side // 8, side // 8, dtype=dtype)
    with Alive() as alive, torch.no_grad():
        autoencoder.decode(z)
    return float(weights(autoencoder)), float(alive.peak)


def inputs(model: Model, side: int, dtype: torch.dtype) -> tuple[Any, ...]:
    """Noisy latents, times, words and size of one picture."""
    length, width, pooled = model.words
    channels, scale = model.latent
    text: dict[str, Any] = {"prompt_embeds": torch.zeros(1, length, width, dtype=dtype)}
    if model.kind == "ZImagePipeline":
        text = {"prompt_embeds": [torch.zeros(length, width, dtype=dtype)]}
    if pooled:
        text["pooled_prompt_embeds"] = torch.zeros(1, pooled, dtype=dtype)
    noisy = torch.zeros(1, channels, side // scale, side // scale, dtype=dtype)
    return noisy, torch.zeros(1), text, (side, side)


def step(
    name: str, side: int, *, checkpointing: bool, dtype: torch.dtype = torch.bfloat16,
    device: str = "meta",
) -> tuple[float, float, float]:  # fmt: skip
    """Bytes of the weights and of the kept activations, and operations, of one step."""
    model = MODELS[name]
    family = FAMILIES[model.kind]
    with torch.device(device):
        torch.set_default_dtype(dtype)
        network = model.denoiser()
        torch.set_default_dtype(torch.float32)
        base = Base(name, family, SimpleNamespace(**{family.denoiser: network}), "")
        adapter = Adapter(base, Shape(RANK, RANK)).train()
        if checkpointing:
            network.enable_gradient_checkpointing()
        size = dtype.itemsize
        fixed_bytes = sum(p.numel() * size for p in network.parameters() if not p.requires_grad)
        fixed_bytes += sum(p.numel() * TRAINED for p in adapter.parameters())
        fixed = {p.untyped_storage()._cdata for p in network.parameters()}
        kept: dict[int, int] = {}
        alive: list[Any] = []

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            alive.append(storage)
            if storage._cdata not in fixed:
                kept[storage._cdata] = storage.nbytes()
            return tensor

        with FlopCounterMode(display=False) as counted:
            with saved_tensors_hooks(keep, lambda tensor: tensor):
                answer = adapter(*inputs(model, side, dtype))
            answer.square().mean().backward()
    return float(fixed_bytes), float(sum(kept.values())), float(counted.get_total_flops())


def tables() -> None:
    """The tables of the how-to page."""
    print("| model, pixels | pictures | captions | training, checkpointing | a picture more "
          "| without | previews | peak |")  # fmt: skip
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    speeds = []
    for name, model in MODELS.items():
        encoding = sum(pictures(model, model.side))
        largest = max(model.encoders.values()) * 1e9 * 2
        fixed, saved, _ = step(name, model.side, checkpointing=True)
        fixed, kept, flops = step(name, model.side, checkpointing=False)
        preview = fixed + sum(decoding(model, model.side, torch.bfloat16))
        stages = [encoding, largest, fixed + saved, saved, fixed + kept, preview]
        peak = max(encoding, largest, fixed + saved, preview)
        cells = " | ".join(f"{part / GIB:.1f} GiB" for part in [*stages, peak])
        print(f"| {name}, {model.side} | {cells} |", flush=True)
        times = ", ".join(f"{flops / (UTILISATION * p * 1e12):.2f}" for p in PEAKS.values())
        speeds.append(f"| {name}, {model.side} | {flops / 1e12:.1f} | {times} |")
    print("\n| model, pixels | TFLOP a picture | seconds a picture |\n| --- | ---: | --- |")
    print("\n".join(speeds))


STAGES = ("pictures", "captions", "training")


def measured(stage: str, side: int) -> dict[str, float]:
    """Peak resident memory of a stage of Stable Diffusion 1.5's shapes here, in float32."""
    name = "Stable Diffusion 1.5"
    model, family = MODELS[name], FAMILIES["StableDiffusionPipeline"]
    torch.zeros(64, 64) @ torch.zeros(64, 64)
    torch.nn.functional.conv2d(torch.zeros(1, 4, 8, 8), torch.zeros(4, 4, 3, 3))
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if stage == "pictures":
        autoencoder = model.autoencoder().eval()
        with torch.no_grad():
            family.to_latent(autoencoder, torch.zeros(1, 3, side, side))
        calculated = sum(pictures(model, side))
    elif stage == "captions":
        words = small_pipeline.tokenizer(["a painting"], length=77)
        text = small_pipeline.text_encoder(
            words, 768, 12, vocab_size=49408, intermediate_size=3072, num_attention_heads=12
        )
        ids = words(["a painting"], padding="max_length", return_tensors="pt").input_ids
        with Alive() as alive, torch.no_grad():
            text(ids, output_hidden_states=True)
        calculated = float(weights(text) + alive.peak)
    else:
        network = model.denoiser()
        base = Base(name, family, SimpleNamespace(unet=network), "")
        adapter = Adapter(base, Shape(RANK, RANK)).train()
        average = [weight.detach().clone() for weight in adapter.parameters()]
        optimizer = torch.optim.AdamW(adapter.parameters())
        adapter(*inputs(model, side, torch.float32)).square().mean().backward()
        optimizer.step()
        assert average
        calculated = sum(step(name, side, checkpointing=False, dtype=torch.float32)[:2])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"measured": (after - before) / GIB, "calculated": calculated / GIB}


def main() -> None:
    """Calculate, or measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--stage", choices=STAGES)
    parser.add_argument("--side", type=int, default=256)
    asked = parser.parse_args()
    if asked.stage:
        print(json.dumps({"stage": asked.stage, **measured(asked.stage, asked.side)}))
    elif asked.measure:
        for stage in STAGES:  # in processes of their own, since a peak does not go down
            command = [sys.executable, __file__, "--stage", stage, "--side", str(asked.side)]
            subprocess.run(command, check=True)
    else:
        tables()


if __name__ == "__main__":
    main()
