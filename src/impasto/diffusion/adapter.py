"""LoRA adapter: low-rank matrices beside frozen weights (Hu et al. 2021, arXiv:2106.09685).

A pipeline's networks stay frozen: the adapter alone is trained, averaged, written and continued.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers.training_utils import cast_training_params
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as serialised
from torch import Tensor, nn

from impasto.diffusion.base import Base
from impasto.diffusion.families import ENCODER_TARGETS, Targets, Text
from impasto.files import replacing, write_bytes

NAME: Final = "pytorch_lora_weights.safetensors"
KOHYA: Final = "kohya.safetensors"
COMFYUI: Final = "comfyui.safetensors"
SHARED: Final = (NAME, KOHYA, COMFYUI, "README.md", "progress/*.png")
"""Files of a run that others use alone."""
_PLACES: Final = {"unet": "lora_unet", "text_encoder_2": "lora_te2"}
"""Components in kohya's names; the first text encoder's depends on the family."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Rank, strength and targets of an adapter.

    Attributes:
        rank: of the matrices.
        alpha: the adapter's strength is ``alpha / rank``.
        dropout: share of the inputs left out in training.
        targets: layers of the denoiser that get one.
        encoders: whether text encoders get one, too.
        dora: whether a layer's magnitude is learned apart from its direction.
    """

    rank: int
    alpha: float
    dropout: float = 0.0
    targets: Targets = "attention"
    encoders: bool = False
    dora: bool = False


class Adapter(nn.Module):
    """An adapter as the network that is trained; the frozen networks around it are no part of it.

    A copy has weights of its own and lends them to the networks while it predicts.
    """

    def __init__(self, base: Base, shape: Shape) -> None:
        super().__init__()
        names = [base.family.denoiser, *(base.family.encoders if shape.encoders else ())]
        self.base, self.networks = base, {name: getattr(base.pipeline, name) for name in names}
        for name, network in self.networks.items():
            network.requires_grad_(False)
            network.add_adapter(
                LoraConfig(
                    r=shape.rank,
                    lora_alpha=shape.alpha,
                    lora_dropout=shape.dropout,
                    init_lora_weights="gaussian",
                    target_modules=_targets(base, name, shape.targets),
                    use_dora=shape.dora,
                )
            )
            cast_training_params(network, torch.float32)
        trained = {
            f"{part}/{name.replace('.', '/')}": weight
            for part, network in self.networks.items()
            for name, weight in network.named_parameters()
            if weight.requires_grad
        }
        self.weights = nn.ParameterDict(trained)
        self.live = tuple(self.weights.values())  # in the order of the ParameterDict

    def __deepcopy__(self, memo: dict[int, Any]) -> "Adapter":
        """Weights of its own, the same networks."""
        other = Adapter.__new__(Adapter)
        nn.Module.__init__(other)
        other.base, other.networks, other.live = self.base, self.networks, self.live
        other.weights = nn.ParameterDict(
            {name: nn.Parameter(weight.detach().clone()) for name, weight in self.weights.items()}
        )
        return other

    def train(self, mode: bool = True) -> "Adapter":
        """Training mode for the networks, too, where they are its own."""
        super().train(mode)
        if hasattr(self, "live") and self._own():
            for network in self.networks.values():
                network.train(mode)
        return self

    def forward(
        self, noisy: Tensor, times: Tensor, text: Text | list[str], size: tuple[int, int]
    ) -> Tensor:
        """Predict from noisy latents ``(B, C, h, w)`` and text (embeddings, or captions)."""
        with nullcontext() if self._own() else self.lent():
            family = self.base.family
            if isinstance(text, list):
                rows = family.encode(self.base.pipeline, text)
                text = family.batch(rows, noisy.device, noisy.dtype)
            return family.predict(self.networks[family.denoiser], noisy, times, text, size)

    @contextmanager
    def bare(self) -> Iterator[None]:
        """The networks without any adapter, in evaluation mode."""
        trainable = [weight.requires_grad for weight in self.live]
        with self.lent():
            try:
                for network in self.networks.values():
                    network.disable_adapters()
                yield
            finally:
                for network in self.networks.values():
                    network.enable_adapters()
                for weight, needed in zip(self.live, trainable, strict=True):
                    weight.requires_grad_(needed)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """The networks with these weights, in evaluation mode."""
        training = [network.training for network in self.networks.values()]
        kept = [weight.data for weight in self.live]
        try:
            for weight, own in zip(self.live, self.weights.values(), strict=True):
                weight.data = own.data
            # Autocast would otherwise use half-precision copies of the weights before
            torch.clear_autocast_cache()
            for network in self.networks.values():
                network.eval()
            yield
        finally:
            for weight, data in zip(self.live, kept, strict=True):
                weight.data = data
            torch.clear_autocast_cache()
            for network, mode in zip(self.networks.values(), training, strict=True):
                network.train(mode)

    def _own(self) -> bool:
        """Whether these weights are those in the networks, not a copy's."""
        return next(iter(self.weights.values())) is self.live[0]


def _targets(base: Base, part: str, targets: Targets) -> list[str]:
    """Full names of the layers that get an adapter; an ending may name a list of layers, too."""
    modules = getattr(base.pipeline, part).named_modules()
    layers = {name: layer for name, layer in modules if isinstance(layer, nn.Linear | nn.Conv2d)}
    if part in base.family.encoders:
        wanted: tuple[str, ...] = ENCODER_TARGETS
    elif targets == "all-linear":
        outside = re.compile("|".join(base.family.outside))
        return [
            name
            for name, layer in layers.items()
            if isinstance(layer, nn.Linear) and not outside.search(name)
        ]
    else:
        wanted = base.family.targets[targets]
    return [name for name in layers if any(f".{name}".endswith(f".{end}") for end in wanted)]


def layers(adapter: Adapter) -> dict[str, dict[str, Tensor]]:
    """The adapter's weights by component, in PEFT's names and those of transformers 4.

    Version 5 of transformers has no ``text_model`` in its CLIP encoder, and every other program,
    and diffusers with version 4, expects it.
    """
    with nullcontext() if adapter._own() else adapter.lent():
        return {
            part: {
                f"{_prefix(part, network)}{name}": weight.detach().clone()
                for name, weight in get_peft_model_state_dict(network).items()
            }
            for part, network in adapter.networks.items()
        }


def _prefix(part: str, network: Any) -> str:
    return "text_model." if part.startswith("text_") and not hasattr(network, "text_model") else ""


def write(adapter: Adapter, path: Path) -> None:
    """Write the adapter in diffusers' format, whole or not at all.

    The strength ``alpha / rank`` is multiplied into the second matrices, so it is right in programs
    that read no header.

    Raises:
        OutputError: it cannot be written.
    """
    given: dict[str, Any] = {}
    for part, weights in layers(adapter).items():
        network = adapter.networks[part]
        config = network.peft_config["default"].to_dict()
        scale = float(config["lora_alpha"]) / config["r"]
        # PEFT's own names: diffusers' converter renames attention layers alone, and its loader then
        # drops the others
        given[f"{part}_lora_layers"] = {
            name: (weight * scale if "lora_B" in name else weight).contiguous().cpu()
            for name, weight in weights.items()
        }
        # Sets have another order in every process; paths of this machine are left out
        known = {
            name: sorted(value) if isinstance(value, set) else value
            for name, value in config.items()
        }
        known["target_modules"] = sorted(known["target_modules"])
        # Loaded layers would apply dropout while painting
        given[f"{part}_lora_adapter_metadata"] = known | {
            "base_model_name_or_path": None,
            "lora_dropout": 0.0,
            "lora_alpha": config["r"],
        }
    with replacing(path) as temporary:
        type(adapter.base.pipeline).save_lora_weights(
            save_directory=str(temporary.parent), weight_name=temporary.name, **given
        )
        temporary.write_bytes(_sorted(temporary.read_bytes()))
        temporary.chmod(0o644)  # diffusers puts a file of its own in the place of ours


def _sorted(data: bytes) -> bytes:
    """A safetensors file with its header in order, since the library writes it in a random one."""
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:begin]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[begin:]


def foreign_weights(adapter: Adapter) -> tuple[str, dict[str, Tensor]]:
    """Name of the file for other programs, and its weights, with the strength as ``.alpha``.

    Stable Diffusion 1, 2 and XL in kohya's names, for ComfyUI, A1111 and kohya's scripts; other
    families in diffusers' names as ComfyUI reads them.
    """
    first = adapter.base.family.kohya
    named: dict[str, Tensor] = {}
    for part, weights in layers(adapter).items():
        alpha = torch.tensor(float(adapter.networks[part].peft_config["default"].lora_alpha))
        for name, weight in weights.items():
            layer, _, kind = name.rpartition(".lora_")
            if first is not None:
                place = f"{_PLACES.get(part, first)}_{layer.replace('.', '_')}"
                key = {"A.weight": "lora_down.weight", "B.weight": "lora_up.weight"}.get(kind)
            else:
                place = f"{part}.{layer}"
                key = {"A.weight": "lora_A.weight", "B.weight": "lora_B.weight"}.get(kind)
            if key is None:  # DoRA's magnitude, one for each output
                size = 4 if weights[f"{layer}.lora_A.weight"].ndim == 4 else 2
                key, shaped = "dora_scale", weight.reshape(-1, *[1] * (size - 1))
            else:
                shaped = weight
            named[f"{place}.{key}"] = shaped.contiguous().cpu()
            named[f"{place}.alpha"] = alpha.clone()
    return (COMFYUI if first is None else KOHYA), named


def load_file_into(pipeline: Any, path: Path) -> None:
    """Load an adapter's file into a pipeline, in any format that diffusers knows, or ComfyUI's.

    Raises:
        ValueError: no layer of the pipeline has its names; and what diffusers raises.
    """
    with safe_open(path, "pt") as file:
        names = list(file.keys())
    ours = all(name.startswith(("transformer.", "text_encoder")) for name in names)
    if ours and any(name.endswith(".alpha") for name in names):
        pipeline.load_lora_weights(_without_alpha(load_file(path)))
    else:
        pipeline.load_lora_weights(str(path.parent), weight_name=path.name)
    if not pipeline.get_active_adapters():
        raise ValueError("no layer of the base has its names")


def _without_alpha(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in diffusers' names with the strength multiplied into the second matrices."""
    plain = {}
    for name, weight in weights.items():
        layer, found, kind = name.rpartition(".lora_")
        if kind == "B.weight":
            alpha = weights.get(f"{layer}.alpha")
            rank = weights[f"{layer}.lora_A.weight"].shape[0]
            plain[name] = weight if alpha is None else weight * (float(alpha) / rank)
        elif found:
            plain[name] = weight
    return plain


def write_foreign(adapter: Adapter, folder: Path, about: Mapping[str, str]) -> str:
    """Write the adapter for other programs, with metadata as kohya's scripts write it.

    Args:
        adapter: with its weights.
        folder: to write into.
        about: further metadata.

    Returns:
        the name of the file.

    Raises:
        OutputError: it cannot be written.
    """
    name, weights = foreign_weights(adapter)
    made = serialised(weights, metadata={"format": "pt", **about})
    write_bytes(folder / name, _sorted(made))
    return name
