"""Evaluation of a run of any kind on the test split of a collection.

What is written where stands in ``classifier``, ``reconstruction``, ``painter_score`` and
``lora_score``.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_never

from impasto.config import Settings
from impasto.errors import SettingsError
from impasto.evaluation.settings import EvaluateSettings
from impasto.records.evaluations import RunEvaluation
from impasto.records.run import RunKind, kind_of


def evaluate(
    run: Path | str,
    collection: Path | str | None = None,
    settings: Settings | None = None,
    *,
    progress: bool = False,
    announce: Callable[[str], None] | None = None,
) -> RunEvaluation:
    """Evaluate a run, and write the result into its folder.

    Args:
        run: the run's folder; for LoRAs also a folder of a run a style.
        collection: the collection's; ``None``: the one that the run was trained on, unchanged.
        settings: of the class that ``evaluation_settings`` gives; the defaults where ``None``.
        progress: show trainings on standard error, where there are any.
        announce: called with one line for each stage.

    Raises:
        RunError: there are no trained weights, or the run's collection has changed since.
        CollectionError: the collection is missing or has no test pictures.
        VocabularyError: the collection has other styles.
        SettingsError: the settings are of another kind of run.
        OutputError: the run's folder cannot be written.
    """
    path, other = Path(run), None if collection is None else Path(collection)
    kind = kind_of(path)
    cls = evaluation_settings(kind)
    wanted = settings or cls()
    if not isinstance(wanted, cls):
        raise SettingsError(
            f"{path} holds a {kind}: give {cls.__name__}, not {type(wanted).__name__}"
        )
    return _evaluated(kind, path, other, wanted, progress=progress, announce=announce)


def evaluation_settings(kind: RunKind) -> type[Settings]:
    """Return the class of an evaluation's settings by the kind of run."""
    match kind:
        case "classifier" | "autoencoder":
            return EvaluateSettings
        case "painter":
            from impasto.evaluation.painter_score import PaintingSettings  # noqa: PLC0415 – heavy

            return PaintingSettings
        case "lora":
            from impasto.evaluation.lora_score import ScorecardSettings  # noqa: PLC0415 – heavy

            return ScorecardSettings
        case _:
            assert_never(kind)


def _evaluated(
    kind: RunKind, run: Path, collection: Path | None, settings: Any, **how: Any
) -> RunEvaluation:
    """Call the evaluation of one kind; each kind loads only the modules that it needs."""
    match kind:
        case "classifier":
            from impasto.evaluation.classifier import evaluate_classifier  # noqa: PLC0415

            return evaluate_classifier(run, collection, settings)
        case "autoencoder":
            from impasto.evaluation.reconstruction import evaluate_reconstruction  # noqa: PLC0415

            return evaluate_reconstruction(run, collection, settings)
        case "painter":
            from impasto.evaluation.painter_score import score_painter  # noqa: PLC0415

            return score_painter(run, collection, settings, announce=how["announce"])
        case "lora":
            from impasto.evaluation.lora_score import score_lora  # noqa: PLC0415

            return score_lora(run, collection, settings, announce=how["announce"])
        case _:
            assert_never(kind)
