"""Parts of a release: what of a run's network goes into which file, by the kind of run."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any, Final, assert_never

import numpy as np
import PIL
import torch
from torch import Tensor, nn

from impasto.errors import RunError
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.evaluation.predict import calibrated_prediction
from impasto.models.encoder_decoder import DecoderHalf, EncoderDecoder, EncoderHalf
from impasto.models.predictor import PredictorConfig, StylePredictor
from impasto.models.preparation import PreparationConfig
from impasto.models.repainter import Repainter
from impasto.records.run import Run
from impasto.release.onnx_files import Graph
from impasto.release.settings import ExportSettings
from impasto.weights import autoencoder_of, painter_of

LICENCE: Final = (
    "The code is MIT. The rights of the training pictures bind the weights as well: see the card "
    "and the source of the collection."
)
PICTURES: Final[Mapping[int, str]] = {0: "batch", 1: "height", 2: "width"}
BATCH: Final[Mapping[int, str]] = {0: "batch"}
SHAPE: Final = (2, 90, 110)  # of the example pictures: no axis is 1, which an export would fix
_CPU: Final = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Parts:
    """A network ready to be written.

    Attributes:
        module: with the weights.
        shape: what a reader builds the module from, as plain data.
        graphs: by name of the ONNX file.
        facts: metadata of the ONNX files, and ``impasto`` in ``config.json``.
        preparation: sizes of its pictures; ``None``: any.
    """

    module: nn.Module
    shape: Mapping[str, Any]
    graphs: Mapping[str, Graph]
    facts: Mapping[str, Any]
    preparation: PreparationConfig | None


def parts_of(run: Run, settings: ExportSettings, announce: Callable[[str], None]) -> Parts:
    """Return what a run's network is written as.

    Raises:
        RunError: there are no weights, or it is a LoRA, whose files are an export already.
    """
    match run.kind:
        case "classifier":
            return _classifier(run, settings, announce)
        case "autoencoder":
            return _autoencoder(run)
        case "painter":
            return _painter(run)
        case "lora":
            files = ", ".join(run.facts.get("files", ())) or "none yet, as it is not finished"
            raise RunError(
                f"{run.path} holds a LoRA, whose files are for other programs as they are: {files}"
            )
        case _:
            assert_never(run.kind)


def _classifier(run: Run, settings: ExportSettings, announce: Callable[[str], None]) -> Parts:
    opened = open_classifier(run.path, "cpu")
    how = calibrated_prediction(opened, settings.prior, announce)
    options = run.settings
    preparation = _preparation(run, opened.sides(how.views))
    config = PredictorConfig(
        styles=len(run.styles),
        network=options["network"],
        size=options["size"],
        resolution=opened.resolution,
        stride=options.get("stride"),
        head_scale=run.facts.get("head_scale"),
        preparation=preparation,
        flip=how.views.flip,
        temperature=how.temperature,
    )
    predictor = StylePredictor(config, opened.model)
    predictor.offset = torch.from_numpy(how.correction.offset)
    outputs = ["probabilities", "embedding"]
    if how.thresholds is not None:
        predictor.limits = torch.from_numpy(np.asarray(how.thresholds, np.float64))
        outputs.append("set")
    module: nn.Module = predictor.eval()
    pictures = _example()
    graph = Graph(
        module if how.thresholds is not None else _WithoutSet(predictor).eval(),
        {"pictures": pictures},
        outputs,
        {"pictures": PICTURES, **dict.fromkeys(outputs, BATCH)},
    )
    facts = _facts(run) | {
        "calibrated": how.calibrated,
        "prior": "uniform" if how.correction.uniform else "train",
        "temperature": how.temperature,
        "thresholds": None if how.thresholds is None else how.thresholds.tolist(),
        "level": how.level,
        "views": {"flip": how.views.flip, "sides": list(preparation.sides)},
    }
    return Parts(module, asdict(config), {"model.onnx": graph}, facts, preparation)


class _WithoutSet(nn.Module):
    """A style predictor without conformal sets, where no evaluation gave their thresholds."""

    def __init__(self, predictor: StylePredictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities and embeddings."""
        shares, embedding, _ = self.predictor(pictures)
        return shares, embedding


def _autoencoder(run: Run) -> Parts:
    network = autoencoder_of(run, _CPU)
    preparation = _preparation(run, (network.config.resolution,))
    whole = EncoderDecoder(network.config, preparation, network).eval()
    graphs = {
        "encode.onnx": Graph(
            EncoderHalf(whole).eval(),
            {"pictures": _example()},
            ("latent", "embedding"),
            {"pictures": PICTURES, "latent": BATCH, "embedding": BATCH},
        ),
        "decode.onnx": Graph(
            DecoderHalf(whole).eval(),
            {"latent": torch.zeros(2, network.config.latent)},
            ("pictures",),
            {"latent": BATCH, "pictures": BATCH},
        ),
    }
    facts = _facts(run) | {"latent": network.config.latent, "painted": network.config.painted}
    return Parts(whole, {**asdict(network.config), "preparation": asdict(preparation)}, graphs,
                 facts, preparation)  # fmt: skip


def _painter(run: Run) -> Parts:
    network = painter_of(run, _CPU)
    module = Repainter(network.config, network).eval()
    styles = len(run.styles)
    names = ("pictures", "weights", "strength")
    graph = Graph(
        module,
        dict(zip(names, (_example(), torch.eye(styles)[:2], torch.ones(2)), strict=True)),
        ("painted",),
        {"pictures": PICTURES, "weights": BATCH, "strength": BATCH, "painted": PICTURES},
    )
    return Parts(module, asdict(network.config), {"paint.onnx": graph}, _facts(run), None)


def _preparation(run: Run, sides: tuple[int, ...]) -> PreparationConfig:
    made = run.collection
    pillow = int(PIL.__version__.split(".")[0])
    return PreparationConfig(int(made["size"]), made["fit"] == "crop", pillow, sides)


def _facts(run: Run) -> dict[str, Any]:
    """Facts of every kind of run; all but texts are JSON in the files."""
    return {
        "impasto": version("impasto"),
        "kind": run.kind,
        "styles": list(run.styles),
        "resolution": int(run.settings["resolution"]),
        "stored": run.collection["size"],
        "fit": run.collection["fit"],
        "run": run.weights_fingerprint,
        "collection": run.collection["fingerprint"],
        "licence": LICENCE,
    }


def _example() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (*SHAPE, 3), dtype=torch.uint8, generator=generator)
