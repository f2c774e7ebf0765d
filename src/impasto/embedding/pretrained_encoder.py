"""Encoders of the transformers library, by hub name or folder, as functions from pictures.

Pictures go through the model's own processor (by Pillow, without torchvision); the embedding is the
pooled output where the model has one, else the first token, as in ViT's [CLS], or the mean over
places of a convolutional network.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from impasto.config import Device
from impasto.devices import accelerator_on
from impasto.embedding.embed import Encoder, Vectors
from impasto.errors import InputError, MissingExtraError
from impasto.hub import require_model

PREFIX = "hf:"


@dataclass(frozen=True, slots=True)
class PretrainedEncoder:
    """A pre-trained encoder.

    Attributes:
        name: hub name or folder.
        encode: from pictures ``uint8 (B, H, W, 3)`` to embeddings ``float32 (B, D)``.
        fingerprint: of its weights and of its processor.
    """

    name: str
    encode: Encoder
    fingerprint: str


def open_encoder(name: str, device: Device = "auto") -> PretrainedEncoder:
    """Open an encoder.

    Args:
        name: ``hf:`` and a hub name (owner/name) or a folder.
        device: of the network.

    Raises:
        InputError: there is no such encoder, or the hub cannot be reached.
        MissingExtraError: transformers is not installed.
    """
    if not name.startswith(PREFIX):
        raise InputError(f"unknown encoder {name!r}: give hf:OWNER/NAME or hf:FOLDER")
    place = name.removeprefix(PREFIX)
    require_model(place, "config.json")
    try:
        with _quietly():
            from transformers import AutoImageProcessor, AutoModel  # noqa: PLC0415 – an extra

            processor: Any = AutoImageProcessor.from_pretrained(place, backend="pil")
            model, info = AutoModel.from_pretrained(
                place, use_safetensors=True, output_loading_info=True
            )
    except ImportError as missing:
        raise MissingExtraError(f"--encoder {name}", "lora") from missing
    except Exception as error:  # the hub's client, transformers and safetensors raise many kinds
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"cannot open the encoder {place} ({reason}): give a vision model with "
            "preprocessor_config.json and safetensors weights"
        ) from error
    lacking = sorted(info["missing_keys"])
    if others := [key for key in lacking if "pooler" not in key]:
        raise InputError(
            f"the weights of {place} lack {len(others)} of its tensors ({others[0]}, …), which "
            "would be random numbers: give a whole model"
        )
    model = getattr(model, "vision_model", model)  # of CLIP and its kin, without the text half
    target = accelerator_on(device).device
    model = model.eval().to(target)

    @torch.no_grad()
    def encode(pictures: NDArray[np.uint8]) -> Vectors:
        images = [Image.fromarray(np.ascontiguousarray(picture)) for picture in pictures]
        inputs = processor(images=images, return_tensors="pt")
        output = model(pixel_values=inputs["pixel_values"].to(target))
        return np.asarray(_pooled(output, trained=not lacking).float().cpu().numpy())

    return PretrainedEncoder(place, encode, _fingerprint(model, processor))


def _pooled(output: Any, *, trained: bool) -> Tensor:
    """The embedding of each picture, ``(B, D)``.

    ``trained``: the weights of the pooling layer are those of the file, and not random numbers, as
    of models that were trained without one.
    """
    pooled = getattr(output, "pooler_output", None)
    if pooled is None or not trained:
        last: Tensor = output.last_hidden_state
        # (B, C, H, W) of a convolutional network, (B, T, D) of a transformer
        pooled = last.mean((2, 3)) if last.ndim == 4 else last[:, 0]
    return pooled.flatten(1)


def _fingerprint(model: Any, processor: Any) -> str:
    digest = hashlib.sha256(processor.to_json_string().encode())
    for name, weight in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without transformers' progress bars and hints on loading."""
    from transformers.utils import logging  # noqa: PLC0415 – an extra

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        logging.enable_progress_bar()
