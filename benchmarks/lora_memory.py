"""Memory and operations of a LoRA step on the real models, calculated with shapes alone.

The networks are built by their published configurations on PyTorch's meta device, and what a step
keeps for the way back and what it multiplies is counted. A sampler, a fragmented allocator or a
driver come on top: allow for a fifth.

    python benchmarks/lora_memory.py
"""

from types import SimpleNamespace
from typing import Any

import torch
from diffusers import SD3Transformer2DModel, UNet2DConditionModel
from torch.autograd.graph import saved_tensors_hooks
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
MODELS: dict[str, tuple[str, int, Any]] = {
    "Stable Diffusion 1.5, 512": ("StableDiffusionPipeline", 64, small_pipeline.denoiser_15),
    "Stable Diffusion XL, 1024": ("StableDiffusionXLPipeline", 128, lambda: UNet2DConditionModel(
        sample_size=128, block_out_channels=(320, 640, 1280), cross_attention_dim=2048,
        attention_head_dim=(5, 10, 20),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2, 10), addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816)),
    "Stable Diffusion 3 medium, 1024": ("StableDiffusion3Pipeline", 128,
    lambda: SD3Transformer2DModel(
        sample_size=128, num_layers=24, num_attention_heads=24, attention_head_dim=64,
        caption_projection_dim=1536,
        joint_attention_dim=4096, pooled_projection_dim=2048, pos_embed_max_size=192,
        out_channels=16)),
}  # fmt: skip


def step(name: str, batch: int, *, checkpointing: bool) -> tuple[float, float, float]:
    """Bytes of the weights and of the kept activations, and operations, of one step."""
    kind, side, build = MODELS[name]
    family = FAMILIES[kind]
    with torch.device("meta"):
        torch.set_default_dtype(torch.bfloat16)
        network = build()
        torch.set_default_dtype(torch.float32)
        base = Base(name, family, SimpleNamespace(**{family.denoiser: network}), "")
        adapter = Adapter(base, Shape(RANK, RANK)).train()
        if checkpointing:
            network.enable_gradient_checkpointing()
        weights = sum(p.numel() * 2 for p in network.parameters() if not p.requires_grad)
        weights += sum(p.numel() * TRAINED for p in adapter.parameters())
        fixed = {p.untyped_storage()._cdata for p in network.parameters()}
        kept: dict[int, int] = {}
        alive: list[Any] = []

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            alive.append(storage)
            if storage._cdata not in fixed:
                kept[storage._cdata] = storage.nbytes()
            return tensor

        width = (
            network.config.joint_attention_dim
            if family.flow
            else network.config.cross_attention_dim
        )
        channels, tokens = network.config.in_channels, 77 + (256 if family.flow else 0)
        text = {"prompt_embeds": torch.randn(batch, tokens, width, dtype=torch.bfloat16)}
        text["pooled_prompt_embeds"] = torch.randn(
            batch, 2048 if family.flow else 1280, dtype=torch.bfloat16
        )
        noisy = torch.randn(batch, channels, side, side, dtype=torch.bfloat16)
        with FlopCounterMode(display=False) as counted:
            with saved_tensors_hooks(keep, lambda tensor: tensor):
                answer = adapter(
                    noisy, torch.zeros(batch, dtype=torch.long), text, (8 * side, 8 * side)
                )
            answer.square().mean().backward()
    return float(weights), float(sum(kept.values())), float(counted.get_total_flops())


def main() -> None:
    """The table of the how-to page."""
    print("| model and pixels | checkpointing | weights | kept a picture | TFLOP a picture |")
    print("| --- | --- | ---: | ---: | ---: |")
    for name in MODELS:
        for checkpointing in (False, True):
            weights, kept, flops = step(name, 1, checkpointing=checkpointing)
            memory = f"{weights / 2**30:.1f} GiB | {kept / 2**30:.1f} GiB"
            saving = "yes" if checkpointing else "no"
            print(f"| {name} | {saving} | {memory} | {flops / 1e12:.1f} |", flush=True)
            speeds = [
                f"{card}: {flops / (UTILISATION * peak * 1e12):.2f} s"
                for card, peak in PEAKS.items()
            ]
            print("    seconds a picture, at", f"{UTILISATION:.0%} of the peak:", ", ".join(speeds))


if __name__ == "__main__":
    main()
