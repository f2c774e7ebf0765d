"""A page for one's own pictures around an ONNX file of impasto: python app.py.

It needs onnxruntime, Pillow, simplejpeg, NumPy and Gradio; impasto and torch are not needed.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import simplejpeg
from PIL import Image, ImageOps

HERE = Path(__file__).parent
SHOWN = 5  # styles that are named
ORIENTATION = 0x0112  # of EXIF
TEXTS = {"impasto", "kind", "fit", "run", "collection", "licence", "prior"}
"""Metadata that are text; the others are JSON."""


@cache
def opened(name: str) -> onnxruntime.InferenceSession:
    """The session of an ONNX file beside this one."""
    return onnxruntime.InferenceSession(HERE / name, providers=["CPUExecutionProvider"])


def facts(name: str) -> dict[str, Any]:
    """Metadata of an ONNX file."""
    texts = opened(name).get_modelmeta().custom_metadata_map
    return {key: value if key in TEXTS else json.loads(value) for key, value in texts.items()}


def pixels(path: str, known: dict[str, Any] | None = None) -> np.ndarray[Any, Any]:
    """A picture as ``uint8 (1, H, W, 3)``: upright, transparency on white.

    Args:
        path: of its file.
        known: facts of a network that squares its pictures: a JPEG is then decoded no larger than
            needed, as impasto does, so that the answers are the same.
    """
    with Image.open(path) as image:
        if known and image.format == "JPEG" and image.mode == "RGB":
            turned = ImageOps.exif_transpose(_scaled(path, image, known))
        else:
            turned = ImageOps.exif_transpose(image)
    if turned.mode != "RGB":
        clear = turned.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        turned = Image.alpha_composite(white, clear).convert("RGB")
    return np.asarray(turned)[None]


def _scaled(path: str, image: Image.Image, known: dict[str, Any]) -> Image.Image:
    """A JPEG by libjpeg's scaled decoding, with the orientation of ``image``."""
    high = wide = int(known["stored"])
    if known["fit"] == "crop":
        wide = max(wide, wide * image.width // image.height)
        high = max(high, high * image.height // image.width)
    data = Path(path).read_bytes()
    made = Image.fromarray(
        simplejpeg.decode_jpeg(data, "RGB", min_height=high, min_width=wide, fastdct=False)
    )
    made.getexif()[ORIENTATION] = image.getexif().get(ORIENTATION, 1)
    return made


def predict(path: str | None) -> tuple[dict[str, float], str]:
    """Probabilities by style, and the conformal set in words."""
    if path is None:
        return {}, ""
    known = facts("model.onnx")
    made = opened("model.onnx").run(None, {"pictures": pixels(path, known)})
    shares = {style: float(p) for style, p in zip(known["styles"], made[0][0], strict=True)}
    if known["thresholds"] is None:
        return shares, "Not calibrated: no evaluation gave sets of styles."
    held = [style for style, inside in zip(known["styles"], made[2][0], strict=True) if inside]
    share = f"{known['level']:.0%}"
    meaning = f"Such sets hold the true style of {share} of pictures like the collection's."
    return shares, f"{', '.join(held)}. {meaning}"


def paint(path: str | None, style: str, strength: float) -> Image.Image | None:
    """A picture painted in a style."""
    if path is None:
        return None
    given = {
        "pictures": pixels(path),
        "weights": np.asarray(
            [[one == style for one in facts("paint.onnx")["styles"]]], np.float32
        ),
        "strength": np.asarray([strength], np.float32),
    }
    return Image.fromarray(opened("paint.onnx").run(None, given)[0][0])


def reconstruct(path: str | None) -> Image.Image | None:
    """A picture through the autoencoder and back."""
    if path is None:
        return None
    pictures = pixels(path, facts("encode.onnx"))
    (latent,) = opened("encode.onnx").run(["latent"], {"pictures": pictures})
    return Image.fromarray(opened("decode.onnx").run(None, {"latent": latent})[0][0])


def page() -> Any:
    """The page, by the files that are there."""
    import gradio as gr  # noqa: PLC0415 – the functions above work without it

    given = gr.Image(type="filepath", label="A picture")
    if (HERE / "model.onnx").is_file():
        styles = gr.Label(num_top_classes=SHOWN, label="Style")
        return gr.Interface(
            predict, given, [styles, gr.Textbox(label="Set")], title="Style of a painting",
            description=facts("model.onnx")["licence"], flagging_mode="never",
        )  # fmt: skip
    if (HERE / "paint.onnx").is_file():
        names = facts("paint.onnx")["styles"]
        return gr.Interface(
            paint,
            [given, gr.Dropdown(names, value=names[0], label="Style"),
             gr.Slider(0, 1, value=1, label="Strength")],
            gr.Image(type="pil", format="png", label="Painted"), title="A picture in another style",
            description=facts("paint.onnx")["licence"], flagging_mode="never",
        )  # fmt: skip
    return gr.Interface(
        reconstruct, given, gr.Image(type="pil", format="png", label="Reconstructed"),
        title="Through an autoencoder and back", flagging_mode="never",
    )  # fmt: skip


if __name__ == "__main__":
    page().launch()
