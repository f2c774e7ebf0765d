"""impasto: learn art styles from paintings, from scratch, with results that a sceptic believes.

Every verb of the command line is one function here, loaded when it is first used::

    import impasto

    collection = impasto.prepare("paintings", "collection")
    run = impasto.train_classifier(collection, "run", size="tiny", epochs=3)
    impasto.evaluate(run)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.collection.collection import Collection as Collection
    from impasto.collection.settings import PrepareSettings as PrepareSettings
    from impasto.comparison.balance import LongTailSettings as LongTailSettings
    from impasto.comparison.by_artist import ByArtistSettings as ByArtistSettings
    from impasto.comparison.label_check import LabelCheckSettings as LabelCheckSettings
    from impasto.embedding.settings import AtlasSettings as AtlasSettings
    from impasto.errors import ImpastoError as ImpastoError
    from impasto.evaluation.adapter_score import AdapterSettings as AdapterSettings
    from impasto.evaluation.compare_class import ClassSettings as ClassSettings
    from impasto.evaluation.lora_score import ScorecardSettings as ScorecardSettings
    from impasto.evaluation.painter_score import PaintingSettings as PaintingSettings
    from impasto.evaluation.picture_score import PictureSettings as PictureSettings
    from impasto.evaluation.predict import PredictSettings as PredictSettings
    from impasto.evaluation.settings import EvaluateSettings as EvaluateSettings
    from impasto.evaluation.settings import PredictionsSettings as PredictionsSettings
    from impasto.gallery.gallery import SampleSettings as SampleSettings
    from impasto.generate.repaint import PatchSettings as PatchSettings
    from impasto.generate.repaint import RepaintSettings as RepaintSettings
    from impasto.generate.text_to_image import DiffuseSettings as DiffuseSettings
    from impasto.pipeline import StudySettings as StudySettings
    from impasto.records.run import Run as Run
    from impasto.release.settings import ExportSettings as ExportSettings
    from impasto.reporting.notebook import render_html as render_html
    from impasto.training.autoencoder.settings import AutoencoderSettings as AutoencoderSettings
    from impasto.training.classifier.settings import ClassifierSettings as ClassifierSettings
    from impasto.training.lora.settings import LoraSettings as LoraSettings
    from impasto.training.painter.settings import PainterSettings as PainterSettings
    from impasto.verbs.data import audit as audit
    from impasto.verbs.data import prepare as prepare
    from impasto.verbs.data import sample as sample
    from impasto.verbs.inputs import load_network as load_network
    from impasto.verbs.inputs import open_collection as open_collection
    from impasto.verbs.inputs import open_run as open_run
    from impasto.verbs.inspection import compare as compare
    from impasto.verbs.inspection import doctor as doctor
    from impasto.verbs.inspection import info as info
    from impasto.verbs.release import export as export
    from impasto.verbs.results import paint as paint
    from impasto.verbs.results import report as report
    from impasto.verbs.results import serve as serve
    from impasto.verbs.results import site as site
    from impasto.verbs.results import study as study
    from impasto.verbs.scoring import add_to_atlas as add_to_atlas
    from impasto.verbs.scoring import atlas as atlas
    from impasto.verbs.scoring import atlas_of_vectors as atlas_of_vectors
    from impasto.verbs.scoring import balance as balance
    from impasto.verbs.scoring import evaluate as evaluate
    from impasto.verbs.scoring import evaluate_adapter as evaluate_adapter
    from impasto.verbs.scoring import evaluate_pictures as evaluate_pictures
    from impasto.verbs.scoring import evaluate_predictions as evaluate_predictions
    from impasto.verbs.scoring import predict as predict
    from impasto.verbs.training import train as train
    from impasto.verbs.training import train_autoencoder as train_autoencoder
    from impasto.verbs.training import train_classifier as train_classifier
    from impasto.verbs.training import train_lora as train_lora
    from impasto.verbs.training import train_painter as train_painter

    __version__: str

_HOMES = {
    "AdapterSettings": "evaluation.adapter_score",
    "AtlasSettings": "embedding.settings",
    "AutoencoderSettings": "training.autoencoder.settings",
    "ByArtistSettings": "comparison.by_artist",
    "ClassSettings": "evaluation.compare_class",
    "ClassifierSettings": "training.classifier.settings",
    "Collection": "collection.collection",
    "DiffuseSettings": "generate.text_to_image",
    "EvaluateSettings": "evaluation.settings",
    "ExportSettings": "release.settings",
    "ImpastoError": "errors",
    "LabelCheckSettings": "comparison.label_check",
    "LoraSettings": "training.lora.settings",
    "PainterSettings": "training.painter.train",
    "PaintingSettings": "evaluation.painter_score",
    "PictureSettings": "evaluation.picture_score",
    "PredictSettings": "evaluation.predict",
    "PredictionsSettings": "evaluation.settings",
    "PrepareSettings": "collection.settings",
    "LongTailSettings": "comparison.balance",
    "PatchSettings": "generate.repaint",
    "RepaintSettings": "generate.repaint",
    "Run": "records.run",
    "SampleSettings": "gallery.gallery",
    "ScorecardSettings": "evaluation.lora_score",
    "StudySettings": "pipeline",
    "render_html": "reporting.notebook",
}
_VERBS = {
    "scoring": (
        "add_to_atlas",
        "atlas",
        "atlas_of_vectors",
        "balance",
        "evaluate",
        "evaluate_adapter",
        "evaluate_pictures",
        "evaluate_predictions",
        "predict",
    ),
    "data": ("audit", "prepare", "sample"),
    "inputs": ("load_network", "open_collection", "open_run"),
    "inspection": ("compare", "doctor", "info"),
    "release": ("export",),
    "results": ("paint", "report", "serve", "site", "study"),
    "training": ("train", "train_autoencoder", "train_classifier", "train_lora", "train_painter"),
}
for _module, _names in _VERBS.items():
    _HOMES |= dict.fromkeys(_names, f"verbs.{_module}")
__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that ``import impasto`` stays light."""
    if name == "__version__":
        value: Any = import_module("importlib.metadata").version("impasto")
    elif name in _HOMES:
        value = getattr(import_module(f"impasto.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)
