"""Weights and configuration that load by ``from_pretrained`` in transformers.

FOLDER/model.safetensors            the weights
FOLDER/config.json                  what the network is built from, styles, facts
FOLDER/preprocessor_config.json     how pictures are made square
FOLDER/modeling_impasto.py          the class, and beside it the modules of the network
"""

from pathlib import Path
from typing import Any, Final

from safetensors.torch import save as serialised

from impasto import models, release
from impasto.files import write_bytes, write_json, write_text
from impasto.records.run import RunKind
from impasto.release.parts import Parts

OPENERS: Final[dict[RunKind, str]] = {
    "classifier": "AutoModelForImageClassification",
    "autoencoder": "AutoModel",
    "painter": "AutoModel",
}
"""The class of transformers that opens each kind of network."""
CLASSES: Final[dict[RunKind, tuple[str, str, str]]] = {
    "classifier": ("impasto", "ImpastoConfig", "ImpastoForImageClassification"),
    "autoencoder": ("impasto_autoencoder", "ImpastoAutoencoderConfig", "ImpastoAutoencoder"),
    "painter": ("impasto_painter", "ImpastoPainterConfig", "ImpastoPainter"),
}
"""The model type, and the classes of configuration and network, of each kind."""
MODELING: Final = "modeling_impasto"
PROCESSING: Final = "image_processing_impasto"
MODULES: Final = (
    "autoencoder", "classifier", "classifiers", "colour_transfer", "cosine", "course_baseline",
    "encoder_decoder", "painter", "pillow_resize", "predictor", "preparation", "repainter",
    "resnet",
)  # fmt: skip
"""Modules of ``impasto.models`` that the classes need."""


def write_pretrained(folder: Path, parts: Parts, kind: RunKind) -> list[str]:
    """Write the files and return their names.

    Raises:
        OutputError: the folder cannot be written.
    """
    weights = parts.module.state_dict()
    write_bytes(
        folder / "model.safetensors",
        serialised(
            {f"model.{name}": value.contiguous() for name, value in weights.items()},
            metadata={"format": "pt"},
        ),
    )
    files = ["model.safetensors", "config.json"]
    write_json(folder / "config.json", configuration(parts, kind))
    if parts.preparation is not None:
        prepared = parts.preparation
        write_json(
            folder / "preprocessor_config.json",
            {
                "image_processor_type": "ImpastoImageProcessor",
                "auto_map": {"AutoImageProcessor": f"{PROCESSING}.ImpastoImageProcessor"},
                "side": prepared.stored,
                "crop": prepared.crop,
            },
        )
        _copy(Path(release.__file__).parent / f"{PROCESSING}.py", folder)
        files += ["preprocessor_config.json", f"{PROCESSING}.py"]
    _copy(Path(release.__file__).parent / f"{MODELING}.py", folder)
    for name in MODULES:
        _copy(Path(models.__file__).parent / f"{name}.py", folder)
    return [*files, f"{MODELING}.py", *(f"{name}.py" for name in MODULES)]


def configuration(parts: Parts, kind: RunKind) -> dict[str, Any]:
    """The content of ``config.json``."""
    model_type, config, name = CLASSES[kind]
    styles = parts.facts["styles"]
    return {
        "model_type": model_type,
        "architectures": [name],
        "auto_map": {
            "AutoConfig": f"{MODELING}.{config}",
            OPENERS[kind]: f"{MODELING}.{name}",
        },
        "dtype": "float32",
        "id2label": {str(number): style for number, style in enumerate(styles)},
        "label2id": {style: number for number, style in enumerate(styles)},
        "shape": parts.shape,
        "impasto": parts.facts,
    }


def _copy(source: Path, folder: Path) -> None:
    """Copy a module, with imports of the package as those of its neighbours."""
    text = source.read_text(encoding="utf-8").replace("from impasto.models.", "from .")
    write_text(folder / source.name, text)
