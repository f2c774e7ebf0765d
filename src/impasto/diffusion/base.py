"""Base: a pre-trained pipeline by hub name, folder or file, with a fingerprint of its weights."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import diffusers
import torch
from diffusers import AutoencoderKL, DiffusionPipeline
from diffusers.loaders.single_file_utils import infer_diffusers_model_type
from huggingface_hub import constants, try_to_load_from_cache
from safetensors import SafetensorError, safe_open

from impasto.diffusion.families import FAMILIES, Family
from impasto.diffusion.memory import memory_advice
from impasto.errors import ImpastoError, InputError, SettingsError
from impasto.hub import is_hub_name, reaches_hub
from impasto.numerics.formatting import count

_SAMPLED: Final = 64  # numbers of each weight that a fingerprint holds
Quantise = Literal["none", "nf4", "int8"]
EDM: Final = frozenset(["EDMEulerScheduler", "EDMDPMSolverMultistepScheduler"])
FEW_STEPS: Final = frozenset(["LCMScheduler", "TCDScheduler", "CMStochasticIterativeScheduler"])
_SINGLE_FILES: Final = {
    "v1": "StableDiffusionPipeline",
    "v2": "StableDiffusionPipeline",
    "xl_base": "StableDiffusionXLPipeline",
    "sd3": "StableDiffusion3Pipeline",
    "sd35_large": "StableDiffusion3Pipeline",
    "sd35_medium": "StableDiffusion3Pipeline",
    "flux-dev": "FluxPipeline",
    "flux-schnell": "FluxPipeline",
}
"""Pipelines by the kind that diffusers sees in a single file."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Choices in opening a base.

    Attributes:
        variant: of the weights' files, such as ``fp16``.
        vae: another autoencoder: a folder, a hub name or a file.
        config: a folder with the configurations and tokenizers of a single file's pipeline.
        without: components to leave out, such as T5.
        quantise: precision of the frozen weights in memory.
    """

    variant: str | None = None
    vae: str | None = None
    config: str | None = None
    without: tuple[str, ...] = ()
    quantise: Quantise = "none"


@dataclass(frozen=True, slots=True)
class Base:
    """An opened base.

    Attributes:
        name: the hub name, folder or file.
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


def family_of(name: str, opening: Opening | None = None) -> Family:
    """The family of a base, without opening its weights.

    Raises:
        InputError: there is none, or its family is not known.
    """
    return FAMILIES[_kind(name, opening or Opening())]


def open_base(
    name: str,
    dtype: torch.dtype = torch.float32,
    *,
    safety: bool = True,
    opening: Opening | None = None,
) -> Base:
    """Open the pipeline of a hub name, a folder or a single file.

    Args:
        name: as diffusers takes it.
        dtype: of the weights in memory.
        safety: load the safety checker of pipelines that have one; ``False`` for training.
        opening: variant, autoencoder, quantisation; as the base is where ``None``.

    Raises:
        InputError: there is none, it is damaged, or of a family that is not known.
        SettingsError: a component cannot be left out, or weights cannot be quantised here.
    """
    opening = opening or Opening()
    kind = _kind(name, opening)
    family, folder = FAMILIES[kind], Path(name)
    more: dict[str, Any] = dict(_left_out(name, family, opening))
    if not safety and kind == "StableDiffusionPipeline":
        more["safety_checker"] = None
    if opening.quantise != "none":
        more["quantization_config"] = _quantisation(family, opening.quantise)
    try:
        with memory_advice("opening the base", "close other programs, or set quantise=nf4"):
            if opening.vae:
                more["vae"] = _autoencoder(opening.vae, dtype)
            if folder.is_file():
                pipeline = _from_file(name, kind, dtype, opening, more)
            else:
                if folder.is_dir():
                    _require_parts(folder, set(more))
                variant = opening.variant or _only_variant(folder / family.denoiser)
                pipeline = DiffusionPipeline.from_pretrained(
                    name, dtype=dtype, variant=variant, **more
                )
    except ImpastoError:
        raise
    except Exception as error:  # a hub, a cache and five libraries fail in their own ways
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"cannot open the base {name} ({reason}): {_way_out(folder, opening)}"
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return Base(name, family, pipeline, fingerprint(pipeline, _sources(name, pipeline, opening)))


def _from_file(
    name: str, kind: str, dtype: torch.dtype, opening: Opening, more: dict[str, Any]
) -> Any:
    """The pipeline in a single file, with the configurations of a folder where one is given.

    Raises:
        InputError: weights that the configurations ask for are not in the file.
        SettingsError: it is to be quantised.
    """
    if opening.quantise != "none":
        raise SettingsError(
            f"quantise={opening.quantise} needs a folder or hub name: save {name} by diffusers' "
            "save_pretrained"
        )
    loader = getattr(diffusers, kind).from_single_file
    pipeline = loader(name, config=opening.config, torch_dtype=dtype, **more)
    for part, network in pipeline.components.items():
        tensors = network.state_dict() if isinstance(network, torch.nn.Module) else {}
        missing = sum(tensor.is_meta for tensor in tensors.values())
        if missing:
            raise InputError(
                f"cannot open the base {name} ({count(missing, 'weight')} of {part} missing): "
                f"{_way_out(Path(name), opening)}"
            )
    return pipeline


def refuse_untrainable(base: Base, *, distilled: bool) -> None:
    """Refuse a base whose objective is another, or that was distilled to few steps.

    Raises:
        InputError: naming its scheduler or its mark.
    """
    kind = type(base.pipeline.scheduler).__name__
    if kind in EDM:
        raise InputError(
            f"{base.name} has an {kind}: its preconditioning (EDM) is not trained here; give a "
            "base that predicts epsilon, v_prediction or flow"
        )
    mark = f"it has an {kind}" if kind in FEW_STEPS else base.family.distilled(base.pipeline)
    if mark and not distilled:
        raise InputError(
            f"{base.name} was distilled to few steps ({mark}), which training would undo: give the "
            "base that it was distilled from, or set distilled=true to train it all the same"
        )


def _kind(name: str, opening: Opening) -> str:
    """The class of a base's pipeline."""
    if not name:
        raise InputError(
            "no base: name a pipeline of diffusers, a folder or a hub name, with --base"
        )
    path = Path(name)
    if path.is_file():
        found = _kind_of_file(path)
    elif path.is_dir():
        if not (path / "model_index.json").is_file():
            raise InputError(
                f"no pipeline in {name} (model_index.json is missing): give the folder of a whole "
                "pipeline, or one .safetensors file"
            )
        found = _index_of(name).get("_class_name", "")
    else:
        _require_hub(name)
        found = _index_of(name).get("_class_name", "")
    if found not in FAMILIES:
        known = ", ".join(family.name for family in FAMILIES.values())
        raise InputError(
            f"{name} is a {found}, of a family that is not known here: known are {known}"
        )
    return str(found)


def _index_of(name: str) -> dict[str, Any]:
    try:
        return dict(DiffusionPipeline.load_config(name))
    except Exception as error:  # the hub's client raises a dozen kinds
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"cannot open the base {name} ({reason}): give a whole pipeline's folder or hub name"
        ) from error


def _kind_of_file(path: Path) -> str:
    """The class of pipeline that a single file holds, by the names and shapes of its weights."""
    if path.suffix.lower() != ".safetensors":
        raise InputError(
            f"{path} is a {path.suffix or 'file without an ending'}, and only .safetensors files "
            "are opened: convert it, for nothing is unpickled"
        )
    try:
        with safe_open(path, "pt") as file:
            shapes = {key: _Shape(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(f"cannot open the base {path} ({error}): download it again") from error
    found = str(infer_diffusers_model_type(shapes))
    if found not in _SINGLE_FILES:
        raise InputError(
            f"{path} holds a {found}, which is not opened from a single file: give the folder of a "
            "whole pipeline (diffusers' save_pretrained)"
        )
    return _SINGLE_FILES[found]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A weight without its numbers."""

    shape: list[int]


def _require_hub(name: str) -> None:
    """Refuse a name that is no hub name, or that the hub and its cache cannot give now.

    Raises:
        InputError: in seconds, and naming what is wrong.
    """
    if not is_hub_name(name):
        raise InputError(
            f"no folder or file {name}: give the folder of a pipeline, a .safetensors file, or a "
            "hub name (owner/name)"
        )
    if isinstance(try_to_load_from_cache(name, "model_index.json"), str):
        return
    if constants.HF_HUB_OFFLINE or not reaches_hub():
        raise InputError(
            f"{name} is neither a folder nor in the hub's cache, and {constants.ENDPOINT} cannot "
            "be reached from here: download it elsewhere (hf download NAME --local-dir FOLDER) and "
            "give the folder"
        )


def _left_out(name: str, family: Family, opening: Opening) -> Iterator[tuple[str, None]]:
    """Components to open a pipeline without: those asked for, and those that it was saved without.

    Raises:
        SettingsError: one of them is needed.
    """
    for part in opening.without:
        if part not in family.optional:
            can = " or ".join(family.optional) or "nothing"
            raise SettingsError(
                f"without={part}: {family.name} needs it, and does without {can} alone"
            )
        yield part, None
        yield part.replace("text_encoder", "tokenizer"), None
    if Path(name).is_dir():
        index = json.loads((Path(name) / "model_index.json").read_text(encoding="utf-8"))
        for part in family.optional:
            if index.get(part, [None])[0] is None:
                yield part, None


def _require_parts(folder: Path, given: set[str]) -> None:
    """Refuse a folder that lacks a component which its index names."""
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    for part, value in index.items():
        if part[0] == "_" or part in given or not isinstance(value, list) or value[0] is None:
            continue
        if not (folder / part).is_dir():
            raise InputError(
                f"{folder} has no {part}/, which its model_index.json names: copy it from the "
                "pipeline that the folder was made of"
            )


def _only_variant(folder: Path) -> str | None:
    """The variant of a component's weights where there is no other: ``fp16``."""
    names = [file.name for file in folder.glob("*.safetensors")]
    variants = {found[1] for name in names if (found := re.search(r"\.(\w+)\.safetensors", name))}
    plain = any(not re.search(r"\.\w+\.safetensors", name) for name in names)
    return variants.pop() if len(variants) == 1 and not plain else None


def _autoencoder(name: str, dtype: torch.dtype) -> Any:
    if Path(name).is_file():
        return AutoencoderKL.from_single_file(name, torch_dtype=dtype)
    if not Path(name).is_dir():
        _require_hub(name)
    return AutoencoderKL.from_pretrained(name, torch_dtype=dtype)


def _quantisation(family: Family, quantise: Quantise) -> Any:
    """Diffusers' configuration of frozen weights in few bits, of the denoiser and large encoders.

    Raises:
        SettingsError: bitsandbytes is missing.
    """
    try:
        import bitsandbytes  # noqa: F401, PLC0415
    except ImportError as error:
        raise SettingsError(
            f"quantise={quantise} needs bitsandbytes: pip install bitsandbytes"
        ) from error
    from diffusers.quantizers import PipelineQuantizationConfig  # noqa: PLC0415

    backend = f"bitsandbytes_{4 if quantise == 'nf4' else 8}bit"
    options: dict[str, Any] = {"load_in_8bit": True}
    if quantise == "nf4":
        options = {
            "load_in_4bit": True,
            "bnb_4bit_quant_type": "nf4",
            "bnb_4bit_compute_dtype": torch.bfloat16,
        }
    return PipelineQuantizationConfig(
        quant_backend=backend,
        quant_kwargs=options,
        components_to_quantize=[family.denoiser, *family.large_encoders],
    )


def _way_out(folder: Path, opening: Opening) -> str:
    if folder.is_file() and not opening.config:
        return (
            "without access to the hub a single file needs base_config=FOLDER, a pipeline of its "
            "kind whose configurations and tokenizers are used"
        )
    if folder.is_file():
        return "base_config must be a pipeline of the file's kind"
    return "give a whole pipeline's folder or hub name"


def _sources(name: str, pipeline: Any, opening: Opening) -> dict[str, Callable[[], dict[str, Any]]]:
    """Readers of the weights that are rounded otherwise in memory than in bfloat16.

    Those are quantised networks and networks in float16.
    """
    if Path(name).is_file():
        return _sources_in_file(name, pipeline, opening)
    sources: dict[str, Callable[[], dict[str, Any]]] = {}
    for part, network in pipeline.components.items():
        if not isinstance(network, torch.nn.Module) or (part == "vae" and opening.vae):
            continue
        rounded = getattr(network, "quantization_method", None) is not None
        if rounded or network.dtype == torch.float16:
            sources[part] = partial(_read_again, name, part, type(network), opening.variant)
    return sources


def _sources_in_file(
    name: str, pipeline: Any, opening: Opening
) -> dict[str, Callable[[], dict[str, Any]]]:
    """Readers for networks in float16: the whole file once more, as its names are of the whole."""
    parts = [
        part
        for part, network in pipeline.components.items()
        if isinstance(network, torch.nn.Module)
        and network.dtype == torch.float16
        and not (part == "vae" and opening.vae)
    ]
    if not parts:
        return {}
    absent = {part: None for part, network in pipeline.components.items() if network is None}
    again = _from_file(name, type(pipeline).__name__, torch.bfloat16, opening, absent)
    return {part: partial(_weights_of, getattr(again, part)) for part in parts}


def _weights_of(network: torch.nn.Module) -> dict[str, Any]:
    """Shapes and some numbers of a network's weights."""
    return {key: _sampled(weight) for key, weight in network.state_dict().items()}


def _read_again(name: str, part: str, cls: Any, variant: str | None) -> dict[str, Any]:
    """Shapes and some numbers of a component's weights, without its quantisation."""
    if Path(name).is_dir():
        variant = variant or _only_variant(Path(name) / part)
    network = cls.from_pretrained(name, subfolder=part, dtype=torch.bfloat16, variant=variant)
    return _weights_of(network)


def _sampled(weight: torch.Tensor) -> tuple[tuple[int, ...], bytes]:
    """Shape and some numbers of a weight."""
    some = weight.flatten()[:: max(1, weight.numel() // _SAMPLED)]
    return tuple(weight.shape), some.to("cpu", torch.bfloat16).view(torch.int16).numpy().tobytes()


def fingerprint(
    pipeline: Any, sources: Mapping[str, Callable[[], dict[str, Any]]] | None = None
) -> str:
    """Digest of names, shapes and some numbers of all weights; equal in every precision.

    Hashing all bytes of several gigabytes would take longer than painting a picture.

    Args:
        pipeline: opened.
        sources: readers of components whose weights are rounded otherwise in memory.
    """
    digest = hashlib.sha256()
    for part, network in sorted(pipeline.components.items()):
        if not isinstance(network, torch.nn.Module) or part == "safety_checker":
            continue
        known = sources[part]() if sources and part in sources else _weights_of(network)
        for name, (shape, some) in sorted(known.items()):
            digest.update(f"{part} {name} {shape}".encode())
            digest.update(some)
    return digest.hexdigest()[:16]
