"""Families of text-to-image pipelines, each in a module of its own."""

from collections.abc import Mapping
from typing import Final

from impasto.diffusion.families.family import ENCODER_TARGETS, Family, Row, Targets, Text
from impasto.diffusion.families.flux import Flux
from impasto.diffusion.families.flux2 import Flux2Klein
from impasto.diffusion.families.stable_diffusion import (
    StableDiffusion,
    StableDiffusion3,
    StableDiffusionXL,
)
from impasto.diffusion.families.z_image import ZImage

__all__ = ["ENCODER_TARGETS", "FAMILIES", "Family", "Row", "Targets", "Text"]

FAMILIES: Final[Mapping[str, Family]] = {
    "StableDiffusionPipeline": StableDiffusion(),
    "StableDiffusionXLPipeline": StableDiffusionXL(),
    "StableDiffusion3Pipeline": StableDiffusion3(),
    "FluxPipeline": Flux(),
    "Flux2KleinPipeline": Flux2Klein(),
    "ZImagePipeline": ZImage(),
}
"""The families by the class of their pipeline, which ``model_index.json`` names."""
