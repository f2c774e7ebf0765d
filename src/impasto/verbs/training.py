"""Verbs that train runs of every kind."""

import shutil
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from impasto.config import resolve
from impasto.records import run as runs
from impasto.records.run import Run, RunKind
from impasto.verbs.inputs import Announce, Thing, folder, open_collection

if TYPE_CHECKING:
    from impasto.collection.collection import Collection
    from impasto.training.autoencoder.settings import AutoencoderSettings
    from impasto.training.classifier.settings import ClassifierSettings
    from impasto.training.lora.settings import LoraSettings
    from impasto.training.painter.settings import PainterSettings
    from impasto.training.settings import LoopSettings


def train(
    kind: RunKind,
    collection: "Collection | Thing",
    output: Thing,
    settings: Any = None,
    **options: Any,
) -> Run:
    """Train a run of any kind, as ``train_classifier`` and its siblings do."""
    match kind:
        case "classifier":
            return train_classifier(collection, output, settings, **options)
        case "autoencoder":
            return train_autoencoder(collection, output, settings, **options)
        case "painter":
            return train_painter(collection, output, settings, **options)
        case "lora":
            return train_lora(collection, output, settings, **options)
        case _:
            assert_never(kind)


def train_classifier(
    collection: "Collection | Thing",
    output: Thing,
    settings: "ClassifierSettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    **options: Any,
) -> Run:
    """Train a classifier of styles from scratch.

    Args:
        collection: to learn from; its test split is never read.
        output: the run's folder; a training that was cut off continues there.
        settings: the defaults where ``None``.
        fresh: remove the run that is in the folder first.
        progress: show losses and scores on standard error.
        options: single settings by name, as in ``size="tiny", epochs=3``; ``network`` may also be
            a module of your own, ``(B, 3, H, W)`` in [-1, 1] to logits ``(B, styles)``.
    """
    from impasto.training.classifier.settings import ClassifierSettings  # noqa: PLC0415
    from impasto.training.classifier.train import train_classifier  # noqa: PLC0415

    named = isinstance(options.get("network", ""), str)
    network = None if named else options.pop("network")
    wanted = resolve(ClassifierSettings, settings, options)
    opened = open_collection(collection)
    place = _run_folder(output, wanted, fresh=fresh)
    return train_classifier(opened, place, wanted, network=network, progress=progress)


def train_autoencoder(
    collection: "Collection | Thing",
    output: Thing,
    settings: "AutoencoderSettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    **options: Any,
) -> Run:
    """Train an autoencoder, which needs no labels; arguments as for ``train_classifier``."""
    from impasto.training.autoencoder.settings import AutoencoderSettings  # noqa: PLC0415
    from impasto.training.autoencoder.train import train_autoencoder  # noqa: PLC0415

    wanted = resolve(AutoencoderSettings, settings, options)
    opened = open_collection(collection)
    place = _run_folder(output, wanted, fresh=fresh)
    return train_autoencoder(opened, place, wanted, progress=progress)


def train_painter(
    collection: "Collection | Thing",
    output: Thing,
    settings: "PainterSettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> Run:
    """Train a painter of pictures in other styles; arguments as for ``train_classifier``.

    ``announce`` is called with one line as the training of the style classifier, the painter and
    the evaluator begins.
    """
    from impasto.training.painter.settings import PainterSettings  # noqa: PLC0415
    from impasto.training.painter.train import train_painter  # noqa: PLC0415

    wanted = resolve(PainterSettings, settings, options)
    opened = open_collection(collection)
    place = _run_folder(output, wanted, fresh=fresh)
    return train_painter(opened, place, wanted, progress=progress, announce=announce)


def train_lora(
    collection: "Collection | Thing",
    output: Thing,
    settings: "LoraSettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> Run:
    """Fine-tune a text-to-image model by LoRA; arguments as for ``train_classifier``.

    ``collection`` may also be a folder of pictures, of one style or several, with captions beside
    them. ``announce`` is called with one line for each thing that was read from it or left out.
    """
    from impasto.training.lora import folder as folders  # noqa: PLC0415
    from impasto.training.lora.settings import LoraSettings  # noqa: PLC0415
    from impasto.training.lora.train import train_lora  # noqa: PLC0415

    wanted = resolve(LoraSettings, settings, options)
    given = None
    if isinstance(collection, str | PathLike) and folders.is_training_folder(Path(collection)):
        place = _run_folder(output, wanted, fresh=fresh)
        given = folders.open_training_folder(Path(collection), place, progress=progress)
        if announce is not None:
            for note in given.notes:
                announce(note)
        opened = given.collection
    else:
        opened = open_collection(collection)
        place = _run_folder(output, wanted, fresh=fresh)
    return train_lora(opened, place, wanted, folder=given, progress=progress)


def _run_folder(output: Thing, settings: "LoopSettings", *, fresh: bool) -> Path:
    """Return the folder of a run to train; with ``fresh`` the run that it holds is removed."""
    from impasto.devices import device_of  # noqa: PLC0415
    from impasto.state.folder import locked, refuse_other_work  # noqa: PLC0415

    place = folder(output)
    if fresh and (place / "run.json").is_file():
        device_of(settings.device)
        evaluations = {child.name for child in place.glob("evaluation-*")}
        refuse_other_work(place, runs.CONTENT | evaluations)
        with locked(place):
            shutil.rmtree(place)
    return place
