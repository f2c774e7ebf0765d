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
    from impasto.atlas.atlas import make_atlas as make_atlas
    from impasto.atlas.place import add_to_atlas as add_to_atlas
    from impasto.atlas.settings import AtlasSettings as AtlasSettings
    from impasto.collection.audit import audit as audit
    from impasto.collection.painting import open_collection as open_collection
    from impasto.collection.prepare import PrepareSettings as PrepareSettings
    from impasto.collection.prepare import prepare as prepare
    from impasto.compare.artists import ByArtistSettings as ByArtistSettings
    from impasto.compare.artists import evaluate_by_artist as evaluate_by_artist
    from impasto.compare.balance import RemediesSettings as RemediesSettings
    from impasto.compare.balance import balance as balance
    from impasto.compare.painting import PaintingSettings as PaintingSettings
    from impasto.compare.painting import score_painter as score_painter
    from impasto.compare.scorecard import ScorecardSettings as ScorecardSettings
    from impasto.compare.scorecard import score_lora as score_lora
    from impasto.evaluation.evaluate import evaluate as evaluate
    from impasto.evaluation.predict import PredictSettings as PredictSettings
    from impasto.evaluation.predict import predict as predict
    from impasto.evaluation.settings import EvaluateSettings as EvaluateSettings
    from impasto.generate.diffuse import DiffuseSettings as DiffuseSettings
    from impasto.generate.diffuse import diffuse as diffuse
    from impasto.generate.repaint import RepaintSettings as RepaintSettings
    from impasto.generate.repaint import repaint as repaint
    from impasto.runs import open_run as open_run
    from impasto.sample.gallery import SampleSettings as SampleSettings
    from impasto.sample.gallery import paint_gallery as paint_gallery
    from impasto.site.export import write_site as write_site
    from impasto.site.report import write_report as write_report
    from impasto.study import StudySettings as StudySettings
    from impasto.study import run_study as run_study
    from impasto.training.autoencoder import AutoencoderSettings as AutoencoderSettings
    from impasto.training.autoencoder import train_autoencoder as train_autoencoder
    from impasto.training.classifier import ClassifierSettings as ClassifierSettings
    from impasto.training.classifier import train_classifier as train_classifier
    from impasto.training.lora import train_lora as train_lora
    from impasto.training.lora_settings import LoraSettings as LoraSettings
    from impasto.training.painter import PainterSettings as PainterSettings
    from impasto.training.painter import train_painter as train_painter

_HOMES = {
    "AtlasSettings": "impasto.atlas.settings",
    "AutoencoderSettings": "impasto.training.autoencoder",
    "ByArtistSettings": "impasto.compare.artists",
    "ClassifierSettings": "impasto.training.classifier",
    "DiffuseSettings": "impasto.generate.diffuse",
    "EvaluateSettings": "impasto.evaluation.settings",
    "LoraSettings": "impasto.training.lora_settings",
    "PainterSettings": "impasto.training.painter",
    "PaintingSettings": "impasto.compare.painting",
    "PredictSettings": "impasto.evaluation.predict",
    "PrepareSettings": "impasto.collection.prepare",
    "RemediesSettings": "impasto.compare.balance",
    "RepaintSettings": "impasto.generate.repaint",
    "SampleSettings": "impasto.sample.gallery",
    "ScorecardSettings": "impasto.compare.scorecard",
    "StudySettings": "impasto.study",
    "add_to_atlas": "impasto.atlas.place",
    "audit": "impasto.collection.audit",
    "balance": "impasto.compare.balance",
    "diffuse": "impasto.generate.diffuse",
    "evaluate": "impasto.evaluation.evaluate",
    "evaluate_by_artist": "impasto.compare.artists",
    "make_atlas": "impasto.atlas.atlas",
    "open_collection": "impasto.collection.painting",
    "open_run": "impasto.runs",
    "paint_gallery": "impasto.sample.gallery",
    "predict": "impasto.evaluation.predict",
    "prepare": "impasto.collection.prepare",
    "repaint": "impasto.generate.repaint",
    "run_study": "impasto.study",
    "score_lora": "impasto.compare.scorecard",
    "score_painter": "impasto.compare.painting",
    "train_autoencoder": "impasto.training.autoencoder",
    "train_classifier": "impasto.training.classifier",
    "train_lora": "impasto.training.lora",
    "train_painter": "impasto.training.painter",
    "write_report": "impasto.site.report",
    "write_site": "impasto.site.export",
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
