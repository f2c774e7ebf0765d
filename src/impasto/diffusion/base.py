"""Base: a pre-trained pipeline by hub name or folder, with a fingerprint of its weights."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import DiffusionPipeline

from impasto.diffusion.families import FAMILIES, Family
from impasto.errors import InputError

_LOOKED_AT: Final = 64  # numbers of each weight that a fingerprint holds


@dataclass(frozen=True, slots=True)
class Base:
    """An opened base.

    Attributes:
        name: the hub name or folder.
        family: the kind of model.
        pipeline: diffusers' own; its weights are never trained.
        fingerprint: changes with the weights of any of its networks.
    """

    name: str
    family: Family
    pipeline: Any
    fingerprint: str

    @property
    def denoiser(self) -> Any:
        """The network that is trained: a U-Net or a transformer."""
        return getattr(self.pipeline, self.family.denoiser)


def open_base(name: str, dtype: torch.dtype = torch.float32, *, safety: bool = True) -> Base:
    """Open the pipeline of a hub name or a folder.

    Args:
        name: a hub name or a folder, as diffusers takes it.
        dtype: of the weights in memory.
        safety: load the safety checker of pipelines that have one; ``False`` for training.

    Raises:
        InputError: there is none, it is damaged, or of a family that is not known.
    """
    if not name:
        raise InputError(
            "no base: name a pipeline of diffusers, a folder or a hub name, with --base"
        )
    folder = Path(name)
    if folder.is_file():
        raise InputError(
            f"{name} is a single file: convert it to a folder with diffusers' save_pretrained"
        )
    if folder.is_dir() and not (folder / "model_index.json").is_file():
        raise InputError(
            f"no pipeline in {name} (model_index.json is missing): give the folder of a whole "
            "pipeline"
        )
    try:
        found = str(DiffusionPipeline.load_config(name)["_class_name"])
        if found not in FAMILIES:
            known = ", ".join(family.name for family in FAMILIES.values())
            raise InputError(
                f"{name} is a {found}, of a family that is not known here: known are {known}"
            )
        more = {} if safety or found != "StableDiffusionPipeline" else {"safety_checker": None}
        pipeline = DiffusionPipeline.from_pretrained(name, dtype=dtype, **more)
    except InputError:
        raise
    except Exception as error:  # a hub, a cache and five libraries fail in their own ways
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"cannot open the base {name} ({reason}): give a whole pipeline's folder or hub name"
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return Base(name, FAMILIES[found], pipeline, fingerprint(pipeline))


def fingerprint(pipeline: Any) -> str:
    """Digest of names, shapes and some numbers of all weights; equal in float32 and bfloat16.

    Hashing all bytes of several gigabytes would take longer than painting a picture.
    """
    digest = hashlib.sha256()
    for part, network in sorted(pipeline.components.items()):
        if not isinstance(network, torch.nn.Module) or part == "safety_checker":
            continue
        for name, weight in sorted(network.state_dict().items()):
            some = weight.flatten()[:: max(1, weight.numel() // _LOOKED_AT)]
            digest.update(f"{part} {name} {tuple(weight.shape)}".encode())
            digest.update(some.to("cpu", torch.bfloat16).view(torch.int16).numpy().tobytes())
    return digest.hexdigest()[:16]
