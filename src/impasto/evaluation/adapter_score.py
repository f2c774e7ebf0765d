"""The score of an adapter that another program trained: a file of kohya, ai-toolkit or diffusers.

OUTPUT/evaluation/   as for a run of ``train lora``, see ``lora_score``
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from pydantic import Field

from impasto.collection.collection import open_collection
from impasto.devices import device_of, lora_precision
from impasto.diffusion.base import Opening, open_base
from impasto.diffusion.captions import STYLED, fill
from impasto.diffusion.memory import memory_advice, place
from impasto.errors import InputError, SettingsError
from impasto.evaluation.lora_score import ScorecardSettings, score_painter
from impasto.generate.text_to_image import LoraPainter, load_adapter
from impasto.records.lora_score import LoraScore
from impasto.records.run import Run


class AdapterSettings(ScorecardSettings):
    """Settings of the score of an adapter's file."""

    base: str = Field(
        "", description="the pipeline that the adapter is for: a folder, a hub name or a file"
    )
    base_config: str | None = Field(
        None, description="a folder with configurations and tokenizers for a single file's pipeline"
    )
    variant: str | None = Field(None, description="variant of the base's weights, as fp16")
    vae: str | None = Field(None, description="another autoencoder for the base")
    without: tuple[str, ...] = Field((), description="components of the base to leave out")
    resolution: int = Field(
        0, ge=0, description="height and width of the pictures in pixels; 0: the family's own"
    )
    styles: tuple[str, ...] | None = Field(
        None, min_length=1, description="styles of the collection to paint; none: all"
    )
    trigger: str | None = Field(
        None, min_length=1, description="the adapter's trigger word, in the place of the style"
    )
    styled: str = Field(STYLED, description="how style and prompt are joined in the caption")


def score_adapter(
    adapter: Path | str,
    collection: Path | str,
    output: Path | str,
    settings: AdapterSettings | None = None,
    *,
    announce: Callable[[str], None] | None = None,
) -> LoraScore:
    """Score an adapter's file on a collection, beside its base alone and real works.

    Args:
        adapter: a ``.safetensors`` file in any format that diffusers or ComfyUI reads.
        collection: whose test pictures and styles it is compared with.
        output: the folder to write.
        settings: with a base.
        announce: called with one line as each arm begins.

    Raises:
        InputError: there is no such file or base.
        RunError: the file is for another base, or there is no evaluator.
        SettingsError: a style is not in the collection.
    """
    settings, file, place_of = settings or AdapterSettings(), Path(adapter), Path(output)
    if not file.is_file():
        raise InputError(f"no adapter {file}: give a .safetensors file with --adapter")
    fill(settings.styled, {"prompt": None, "style": ""})  # before anything is loaded
    found = open_collection(Path(collection))
    known = found.vocabulary.styles
    if strangers := sorted(set(settings.styles or ()) - set(known)):
        raise SettingsError(f"{found.path} has no style {strangers[0]}: it has {', '.join(known)}")
    device = device_of(settings.paint.device)
    opening = Opening(settings.variant, settings.vae, settings.base_config, settings.without)
    dtype_name = lora_precision(settings.paint.precision, device)
    base = open_base(settings.base, getattr(torch, dtype_name), opening=opening)
    load_adapter(base, file)
    with memory_advice("moving the base to the device", "set paint.offload=model"):
        paint = settings.paint
        place(base.pipeline, device, paint.offload, tiling=paint.vae_tiling)
    as_run = Run(
        path=place_of,
        kind="lora",
        settings={
            "base": settings.base,
            "styles": settings.styles,
            "styled": settings.styled,
            "trigger": settings.trigger,
            "resolution": settings.resolution or base.family.resolution,
            "guidance": base.family.guidance,
        },
        styles=known,
        collection={"path": str(found.path), "fingerprint": found.fingerprint},
        facts={"base_fingerprint": base.fingerprint},
        state="done",
    )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    painter = LoraPainter(as_run, base, device.type, getattr(torch, dtype_name), digest)
    return score_painter(painter, found, settings, announce=announce)
