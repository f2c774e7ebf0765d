"""impasto: learn art styles from paintings, from scratch, with results that a sceptic believes.

Every verb of the command line is one function here, loaded when it is first used::

    import impasto
    collection = impasto.prepare("paintings", "collection")
    run = impasto.train_classifier(collection, "run")
    evaluation = impasto.evaluate("run")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impasto.collection.audit import audit as audit
    from impasto.collection.collection import open_collection as open_collection
    from impasto.collection.prepare import prepare as prepare
    from impasto.collection.settings import PrepareSettings as PrepareSettings
    from impasto.comparison.balance import RemediesSettings as RemediesSettings
    from impasto.comparison.balance import balance as balance
    from impasto.comparison.by_artist import ByArtistSettings as ByArtistSettings
    from impasto.comparison.by_artist import evaluate_by_artist as evaluate_by_artist
    from impasto.embedding.add_images import add_to_atlas as add_to_atlas
    from impasto.embedding.make_atlas import make_atlas as make_atlas
    from impasto.embedding.settings import AtlasSettings as AtlasSettings
    from impasto.evaluation.evaluate import evaluate as evaluate
    from impasto.evaluation.lora_score import ScorecardSettings as ScorecardSettings
    from impasto.evaluation.lora_score import score_lora as score_lora
    from impasto.evaluation.painter_score import PaintingSettings as PaintingSettings
    from impasto.evaluation.painter_score import score_painter as score_painter
    from impasto.evaluation.predict import PredictSettings as PredictSettings
    from impasto.evaluation.predict import predict as predict
    from impasto.evaluation.settings import EvaluateSettings as EvaluateSettings
    from impasto.gallery.gallery import SampleSettings as SampleSettings
    from impasto.gallery.gallery import paint_gallery as paint_gallery
    from impasto.generate.repaint import RepaintSettings as RepaintSettings
    from impasto.generate.repaint import repaint as repaint
    from impasto.generate.text_to_image import DiffuseSettings as DiffuseSettings
    from impasto.generate.text_to_image import diffuse as diffuse
    from impasto.page.export import write_site as write_site
    from impasto.pipeline import StudySettings as StudySettings
    from impasto.pipeline import run_study as run_study
    from impasto.records.run import open_run as open_run
    from impasto.reporting.write_report import write_report as write_report
    from impasto.training.autoencoder.settings import AutoencoderSettings as AutoencoderSettings
    from impasto.training.autoencoder.train import train_autoencoder as train_autoencoder
    from impasto.training.classifier.settings import ClassifierSettings as ClassifierSettings
    from impasto.training.classifier.train import train_classifier as train_classifier
    from impasto.training.lora.settings import LoraSettings as LoraSettings
    from impasto.training.lora.train import train_lora as train_lora
    from impasto.training.painter.train import PainterSettings as PainterSettings
    from impasto.training.painter.train import train_painter as train_painter

_HOMES = {
    "AtlasSettings": "impasto.embedding.settings",
    "AutoencoderSettings": "impasto.training.autoencoder.settings",
    "ByArtistSettings": "impasto.comparison.by_artist",
    "ClassifierSettings": "impasto.training.classifier.settings",
    "DiffuseSettings": "impasto.generate.text_to_image",
    "EvaluateSettings": "impasto.evaluation.settings",
    "LoraSettings": "impasto.training.lora.settings",
    "PainterSettings": "impasto.training.painter.train",
    "PaintingSettings": "impasto.evaluation.painter_score",
    "PredictSettings": "impasto.evaluation.predict",
    "PrepareSettings": "impasto.collection.settings",
    "RemediesSettings": "impasto.comparison.balance",
    "RepaintSettings": "impasto.generate.repaint",
    "SampleSettings": "impasto.gallery.gallery",
    "ScorecardSettings": "impasto.evaluation.lora_score",
    "StudySettings": "impasto.pipeline",
    "add_to_atlas": "impasto.embedding.add_images",
    "audit": "impasto.collection.audit",
    "balance": "impasto.comparison.balance",
    "diffuse": "impasto.generate.text_to_image",
    "evaluate": "impasto.evaluation.evaluate",
    "evaluate_by_artist": "impasto.comparison.by_artist",
    "make_atlas": "impasto.embedding.make_atlas",
    "open_collection": "impasto.collection.collection",
    "open_run": "impasto.records.run",
    "paint_gallery": "impasto.gallery.gallery",
    "predict": "impasto.evaluation.predict",
    "prepare": "impasto.collection.prepare",
    "repaint": "impasto.generate.repaint",
    "run_study": "impasto.pipeline",
    "score_lora": "impasto.evaluation.lora_score",
    "score_painter": "impasto.evaluation.painter_score",
    "train_autoencoder": "impasto.training.autoencoder.train",
    "train_classifier": "impasto.training.classifier.train",
    "train_lora": "impasto.training.lora.train",
    "train_painter": "impasto.training.painter.train",
    "write_report": "impasto.reporting.write_report",
    "write_site": "impasto.page.export",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """A public name, imported from its home on first use so that ``import impasto`` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
