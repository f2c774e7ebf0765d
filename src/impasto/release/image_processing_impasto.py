"""Image processor of impasto's networks for transformers, by Pillow alone."""

from typing import Any

import numpy as np
from PIL import Image, ImageOps
from transformers import BatchFeature
from transformers.image_processing_base import ImageProcessingMixin
from transformers.processing_utils import ImagesKwargs


class ImpastoImageProcessor(ImageProcessingMixin):  # type: ignore[misc]
    """Pictures of any size to squares ``uint8 (B, S, S, 3)``, as impasto's collections have."""

    model_input_names = ("pixel_values",)
    valid_kwargs = ImagesKwargs

    def __init__(self, side: int = 128, crop: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.side, self.crop = side, crop

    def __call__(self, images: Any, return_tensors: str | None = None, **_: Any) -> BatchFeature:
        """Prepare one or several pictures: Pillow images, or arrays ``uint8 (H, W, 3)``."""
        several = images if isinstance(images, list | tuple) else [images]
        squares = np.stack([self._square(one) for one in several])
        return BatchFeature({"pixel_values": squares}, tensor_type=return_tensors)

    def preprocess(self, images: Any, **options: Any) -> BatchFeature:
        """The same under transformers' other name."""
        return self(images, **options)

    def _square(self, image: Any) -> np.ndarray[Any, Any]:
        picture = image if isinstance(image, Image.Image) else Image.fromarray(np.asarray(image))
        picture = ImageOps.exif_transpose(picture)
        if picture.mode != "RGB":
            clear = picture.convert("RGBA")
            white = Image.new("RGBA", clear.size, "white")
            picture = Image.alpha_composite(white, clear).convert("RGB")
        size, bicubic = (self.side, self.side), Image.Resampling.BICUBIC
        if self.crop:
            return np.asarray(ImageOps.fit(picture, size, bicubic))
        return np.asarray(picture.resize(size, bicubic, reducing_gap=3.0))
