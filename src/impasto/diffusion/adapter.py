"""LoRA adapter: low-rank matrices beside frozen weights (Hu et al. 2021, arXiv:2106.09685).

A pipeline's networks stay frozen: the adapter alone is trained, averaged, written and continued.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers.training_utils import cast_training_params
from diffusers.utils import convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save as serialised
from torch import Tensor, nn

from impasto.diffusion.base import Base
from impasto.diffusion.families import ENCODER_TARGETS, Text
from impasto.files import replacing, write_bytes
from impasto.models.lora_layers import Targets

NAME: Final = "pytorch_lora_weights.safetensors"
KOHYA: Final = "kohya.safetensors"


@dataclass(frozen=True, slots=True)
class Shape:
    """Rank, strength and targets of an adapter.

    Attributes:
        rank: of the matrices.
        alpha: the adapter's strength is ``alpha / rank``.
        dropout: share of the inputs left out in training.
        targets: layers of the denoiser that get one.
        encoders: whether text encoders get one, too.
    """

    rank: int
    alpha: float
    dropout: float = 0.0
    targets: Targets = "attention"
    encoders: bool = False


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
            wanted = (
                ENCODER_TARGETS
                if name in base.family.encoders
                else base.family.targets[shape.targets]
            )
            network.add_adapter(
                LoraConfig(
                    r=shape.rank,
                    lora_alpha=shape.alpha,
                    lora_dropout=shape.dropout,
                    init_lora_weights="gaussian",
                    target_modules=list(wanted),
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
            known = family.encode(self.base.pipeline, text) if isinstance(text, list) else text
            return family.predict(self.networks[family.denoiser], noisy, times, known, size)

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


def layers(adapter: Adapter) -> dict[str, dict[str, Tensor]]:
    """The adapter's weights by component, in PEFT's names."""
    with nullcontext() if adapter._own() else adapter.lent():
        return {
            part: {
                name: weight.detach().clone()
                for name, weight in get_peft_model_state_dict(network).items()
            }
            for part, network in adapter.networks.items()
        }


def write(adapter: Adapter, path: Path) -> None:
    """Write the adapter in diffusers' format, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    given: dict[str, Any] = {}
    for part, weights in layers(adapter).items():
        # PEFT's own names: diffusers' converter renames attention layers alone, and its loader then
        # drops the others
        given[f"{part}_lora_layers"] = {
            name: weight.contiguous().cpu() for name, weight in weights.items()
        }
        config = adapter.networks[part].peft_config["default"].to_dict()
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
        }
    with replacing(path) as temporary:
        type(adapter.base.pipeline).save_lora_weights(
            save_directory=str(temporary.parent), weight_name=temporary.name, **given
        )
        data = temporary.read_bytes()
        begin = 8 + int.from_bytes(data[:8], "little")
        # Sorted, since safetensors writes the header in random order
        header = json.dumps(json.loads(data[8:begin]), sort_keys=True).encode()
        header += b" " * (-len(header) % 8)
        temporary.write_bytes(len(header).to_bytes(8, "little") + header + data[begin:])


def write_kohya(adapter: Adapter, path: Path) -> bool:
    """Write the adapter in kohya's names, for ComfyUI and A1111; ``False`` where they need none.

    Raises:
        OutputError: it cannot be written.
    """
    first = adapter.base.family.kohya
    if first is None:
        return False
    renamed: dict[str, Tensor] = {}
    for part, weights in layers(adapter).items():
        named = convert_state_dict_to_kohya(
            {f"{part}.{name}": weight for name, weight in weights.items()}
        )
        alpha = adapter.networks[part].peft_config["default"].lora_alpha
        for name, weight in named.items():  # the converter writes the rank as alpha
            value = torch.tensor(float(alpha)) if name.endswith(".alpha") else weight
            renamed[name.replace("lora_te1_", f"{first}_")] = value.contiguous().cpu()
    write_bytes(path, serialised(renamed, metadata={"format": "pt"}))
    return True
