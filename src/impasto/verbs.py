"""The verbs: one function for each command, for notebooks and programs.

Every function takes a path or what an earlier verb returned, and settings as an object or as
keywords. Arguments stand in one order: the thing, a second thing, the output, the settings. Imports
stand inside the functions, so that each verb loads only what it needs.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, assert_never

from impasto.config import Settings, resolve
from impasto.errors import InputError, RunError
from impasto.records import run as runs
from impasto.records.run import Run, RunKind

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from PIL import Image
    from torch import nn

    from impasto.collection.collection import Collection
    from impasto.collection.settings import PrepareSettings
    from impasto.comparison.balance import LongTailSettings
    from impasto.embedding.settings import AtlasSettings
    from impasto.evaluation.predict import Prediction, PredictSettings
    from impasto.gallery.gallery import GallerySummary, SampleSettings
    from impasto.page.export import SitePaths
    from impasto.pipeline import Study, StudySettings
    from impasto.records.atlas import Atlas
    from impasto.records.balance import BalanceResult
    from impasto.records.collection import AuditRecord
    from impasto.records.painting import Painted
    from impasto.reporting.report import ReportPaths
    from impasto.training.autoencoder.settings import AutoencoderSettings
    from impasto.training.classifier.settings import ClassifierSettings
    from impasto.training.lora.settings import LoraSettings
    from impasto.training.painter.settings import PainterSettings
    from impasto.training.settings import LoopSettings


class InFolder(Protocol):
    """A result of an earlier verb, which lies in a folder."""

    @property
    def path(self) -> Path:
        """The folder."""


Thing = str | PathLike[str] | InFolder
Announce = Callable[[str], None]


def sample(
    output: Thing,
    settings: "SampleSettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    **options: Any,
) -> "GallerySummary":
    """Paint a gallery of pictures by code, in learnable styles.

    Args:
        output: the folder to write.
        settings: the defaults where ``None``.
        fresh: remove the gallery that is there, and paint another.
        progress: show a bar on standard error.
        options: single settings by name, which win over ``settings``; likewise below.
    """
    from impasto.gallery.gallery import SampleSettings, paint_gallery  # noqa: PLC0415

    wanted = resolve(SampleSettings, settings, options)
    return paint_gallery(folder(output), wanted, fresh=fresh, progress=progress)


def prepare(
    source: Thing | Sequence[Thing],
    output: Thing,
    settings: "PrepareSettings | Mapping[str, Any] | None" = None,
    *,
    progress: bool = False,
    **options: Any,
) -> "Collection":
    """Decode, label and split pictures into a collection.

    Args:
        source: folders of pictures, a table, WikiArt lists or a data set.
        output: the collection's folder.
        settings: the defaults where ``None``.
        progress: show a bar on standard error.
        options: single settings by name.
    """
    from impasto.collection.prepare import prepare as prepared  # noqa: PLC0415
    from impasto.collection.settings import PrepareSettings  # noqa: PLC0415

    wanted = resolve(PrepareSettings, settings, options)
    return prepared(_source(source), folder(output), wanted, progress=progress)


def audit(collection: "Collection | Thing") -> "AuditRecord":
    """Look for leakage, imbalance and damage in a collection."""
    from impasto.collection.audit import audit as audited  # noqa: PLC0415

    return audited(open_collection(collection))


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
    **options: Any,
) -> Run:
    """Fine-tune a text-to-image model by LoRA; arguments as for ``train_classifier``."""
    from impasto.training.lora.settings import LoraSettings  # noqa: PLC0415
    from impasto.training.lora.train import train_lora  # noqa: PLC0415

    wanted = resolve(LoraSettings, settings, options)
    opened = open_collection(collection)
    place = _run_folder(output, wanted, fresh=fresh)
    return train_lora(opened, place, wanted, progress=progress)


def balance(
    collection: "Collection | Thing",
    output: Thing,
    settings: "LongTailSettings | Mapping[str, Any] | None" = None,
    *,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> "BalanceResult":
    """Compare long-tail methods side by side, over several seeds.

    Args:
        collection: to learn from and to score on.
        output: the folder of the comparison; one that was cut off continues there.
        settings: the defaults where ``None``.
        progress: show each training on standard error.
        announce: called with one line for each training.
        options: single settings by name.
    """
    from impasto.comparison.balance import LongTailSettings  # noqa: PLC0415
    from impasto.comparison.balance import balance as compared  # noqa: PLC0415

    wanted = resolve(LongTailSettings, settings, options)
    return compared(
        open_collection(collection), folder(output), wanted, progress=progress, announce=announce
    )


def evaluate(
    run: Run | Thing,
    collection: "Collection | Thing | None" = None,
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    by: Literal["artist"] | None = None,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> Any:
    """Score a run of any kind on the test split of its collection.

    Args:
        run: a classifier, an autoencoder, a painter or a LoRA.
        collection: another than the run's own.
        settings: of the class that ``evaluation_settings`` gives for the kind of run.
        by: ``"artist"`` trains a classifier's recipe anew and scores it on unseen artists.
        progress: show trainings on standard error, where there are any.
        announce: called with one line for each stage.
        options: single settings by name.

    Raises:
        InputError: an argument does not apply to this kind of run.
    """
    path, kind = folder(run), kind_of(run)
    cls = evaluation_settings(kind, by)
    if by is not None:
        if collection is not None:
            raise InputError("by artist trains on the run's own collection: give no other")
        from impasto.comparison.by_artist import evaluate_by_artist  # noqa: PLC0415

        own = {"train": dict(runs.open_run(path, "classifier").settings)}
        wanted: Any = resolve(cls, settings or own, options)
        return evaluate_by_artist(path, wanted, progress=progress, announce=announce)
    other = None if collection is None else folder(collection)
    wanted = resolve(cls, settings, options)
    from impasto.evaluation.evaluate import evaluate as evaluated  # noqa: PLC0415

    return evaluated(path, other, wanted, progress=progress, announce=announce)


def evaluation_settings(kind: RunKind, by: Literal["artist"] | None = None) -> type[Settings]:
    """Return the settings class of an evaluation by the kind of run."""
    if by is None:
        from impasto.evaluation.evaluate import evaluation_settings as of_kind  # noqa: PLC0415

        return of_kind(kind)
    if kind != "classifier":
        raise InputError(f"an evaluation by artist needs a classifier; this run is of kind {kind}")
    from impasto.comparison.by_artist import ByArtistSettings  # noqa: PLC0415

    return ByArtistSettings


def predict(
    run: Run | Thing,
    images: "Thing | Image.Image | NDArray[np.uint8] | Sequence[Any]",
    output: Thing | None = None,
    settings: "PredictSettings | Mapping[str, Any] | None" = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "list[Prediction]":
    """Name the style of pictures, with calibrated probabilities.

    Args:
        run: a classifier.
        images: one or several: paths of pictures or folders, Pillow images, ``uint8 (H, W, 3)``.
        output: a folder for heat maps.
        settings: the defaults where ``None``.
        announce: called with one line for every picture that cannot be read.
        options: single settings by name.
    """
    from impasto.evaluation.predict import PredictSettings  # noqa: PLC0415
    from impasto.evaluation.predict import predict as predicted  # noqa: PLC0415

    wanted = resolve(PredictSettings, settings, options)
    place = None if output is None else folder(output)
    return predicted(folder(run), _images(images), wanted, output=place, on_skip=announce)


def atlas(
    run: Run | Thing,
    collection: "Collection | Thing | None" = None,
    output: Thing | None = None,
    settings: "AtlasSettings | Mapping[str, Any] | None" = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "Atlas":
    """Embed a collection with a run's network, cluster the vectors, and draw maps.

    Args:
        run: a classifier, an autoencoder or a painter.
        collection: another than the run's own.
        output: the folder to write; ``RUN/atlas`` where ``None``.
        settings: the defaults where ``None``.
        announce: called with one line for each step.
        options: single settings by name.
    """
    from impasto.embedding.make_atlas import make_atlas  # noqa: PLC0415
    from impasto.embedding.settings import AtlasSettings  # noqa: PLC0415

    wanted = resolve(AtlasSettings, settings, options)
    place = None if output is None else folder(output)
    other = None if collection is None else folder(collection)
    return make_atlas(folder(run), other, wanted, output=place, announce=announce)


def add_to_atlas(
    run: Run | Thing,
    images: "Thing | Image.Image | NDArray[np.uint8] | Sequence[Any]",
    output: Thing | None = None,
    *,
    device: Any = "auto",
    announce: Announce | None = None,
) -> "pa.Table":
    """Place pictures in an atlas that is there; no painting of it moves.

    Args:
        run: the run whose atlas it is.
        images: as for ``predict``.
        output: the atlas's folder; ``RUN/atlas`` where ``None``.
        device: where the network computes.
        announce: called with one line for every picture that cannot be read.
    """
    from impasto.embedding.add_images import add_to_atlas  # noqa: PLC0415

    place = None if output is None else folder(output)
    return add_to_atlas(folder(run), _images(images), atlas=place, device=device, on_skip=announce)


def paint(
    run: Run | Thing,
    images: "Thing | Sequence[Thing]" = (),
    output: Thing = "painted",
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "Sequence[Painted]":
    """Paint in a style: pictures anew with a painter, words or pictures with a LoRA.

    Args:
        run: a painter, a LoRA, or a folder with a LoRA for each style.
        images: pictures, or folders of them, to begin with; a painter needs some.
        output: the folder to write.
        settings: of the class that ``painting_settings`` gives for the kind of run.
        announce: called with one line for every picture that cannot be read.
        options: single settings by name.
    """
    kind = kind_of(run)
    wanted: Any = resolve(painting_settings(kind, folder(run)), settings, options)
    pictures = _images(images)
    if kind == "painter":
        from impasto.generate.repaint import repaint  # noqa: PLC0415

        if not pictures:
            raise InputError("a painter paints pictures anew: name some, or folders of them")
        return repaint(folder(run), pictures, wanted, output=folder(output), on_skip=announce)
    from impasto.generate.text_to_image import diffuse  # noqa: PLC0415

    return diffuse(folder(run), pictures, wanted, output=folder(output), on_skip=announce)


def painting_settings(kind: RunKind, run: Path) -> type[Settings]:
    """Return the settings class of ``paint`` by the kind of run.

    Raises:
        RunError: this kind does not paint.
    """
    match kind:
        case "painter":
            from impasto.generate.repaint import RepaintSettings  # noqa: PLC0415

            return RepaintSettings
        case "lora":
            from impasto.generate.text_to_image import DiffuseSettings  # noqa: PLC0415

            return DiffuseSettings
        case "classifier" | "autoencoder":
            raise RunError(
                f"{run} holds a {kind}, which does not paint: "
                "give the run of impasto train painter or impasto train lora"
            )
        case _:
            assert_never(kind)


def report(study: "Study | Thing") -> "ReportPaths":
    """Write ``report.md`` and ``report.html`` from the files of a study."""
    from impasto.reporting.report import write_report  # noqa: PLC0415

    return write_report(folder(study))


def site(study: "Study | Thing") -> "SitePaths":
    """Write the atlas page of a study, a folder that opens from disk."""
    from impasto.page.export import write_site  # noqa: PLC0415

    return write_site(folder(study))


def serve(study: "Study | Thing", port: int = 8000, *, announce: Announce | None = None) -> None:
    """Serve the atlas page and the report of a study on localhost, until interrupted.

    Args:
        study: with a page.
        port: 0 takes any that is free.
        announce: called with the address once the server listens.
    """
    from impasto.page.server import server  # noqa: PLC0415

    with server(folder(study), port) as (running, address):
        if announce is not None:
            announce(address)
        running.serve_forever()


def study(
    source: "Thing | Sequence[Thing] | None" = None,
    output: Thing = "study",
    settings: "StudySettings | Mapping[str, Any] | None" = None,
    *,
    fresh: bool = False,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> "Study":
    """Do the whole path in order: prepare, audit, train, evaluate, map, report.

    Args:
        source: as for ``prepare``; ``None``: the sample gallery.
        output: the study's folder; one that was cut off continues there.
        settings: of every stage; the defaults where ``None``.
        fresh: remove the study that is in the folder, and begin it anew.
        progress: show each stage's progress on standard error.
        announce: called with one line as each stage begins.
        options: single settings by name, tables as mappings: ``train={"epochs": 3}``.
    """
    from impasto.pipeline import StudySettings, run_study  # noqa: PLC0415

    wanted = resolve(StudySettings, settings, options)
    pictures = None if source is None else _source(source)
    return run_study(
        pictures, folder(output), wanted, fresh=fresh, progress=progress, announce=announce
    )


def open_collection(collection: "Collection | Thing") -> "Collection":
    """Open a prepared collection; one that is open already is returned as it is."""
    from impasto.collection import collection as collections  # noqa: PLC0415

    if isinstance(collection, collections.Collection):
        return collection
    return collections.open_collection(folder(collection))


def open_run(
    run: Run | Thing, kind: RunKind | None = None, *, network: "nn.Module | None" = None
) -> Run:
    """Open a run.

    Args:
        run: its folder.
        kind: refuse a run of another kind.
        network: the module of your own that it was trained with; every verb then knows it.
    """
    if network is not None:
        from impasto.weights import give_network  # noqa: PLC0415

        give_network(folder(run), network)
    return runs.open_run(folder(run), kind)


def folder(thing: Thing) -> Path:
    """Return the folder of a path or of a result.

    Raises:
        InputError: it is neither.
    """
    if isinstance(thing, str | PathLike):
        return Path(thing)
    path = getattr(thing, "path", None)
    if not isinstance(path, Path):
        raise InputError(f"a {type(thing).__name__} is no path, and lies in no folder: give a path")
    return path


def load_network(run: Run | Thing, device: str = "cpu") -> "nn.Module":
    """Load the trained network of a run, with ``network.preprocess`` for pictures."""
    from impasto.evaluation.trained_network import trained_network  # noqa: PLC0415

    return trained_network(open_run(run), device)


def kind_of(run: Run | Thing) -> RunKind:
    """Return the kind of a run, or of the runs in a folder of several."""
    if isinstance(run, Run):
        return run.kind
    path = folder(run)
    several = sorted(path.glob("*/run.json")) if not (path / "run.json").is_file() else []
    return runs.open_run(several[0].parent if several else path).kind


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


def _source(source: Thing | Sequence[Thing]) -> str | Path | list[str | Path]:
    """Return a source as paths; text stays text, for it may be the address of a data set."""
    if isinstance(source, str):
        return source
    if isinstance(source, Sequence):
        return [part if isinstance(part, str) else folder(part) for part in source]
    return folder(source)


def _images(images: Any) -> list[Any]:
    """Return pictures as a list; a string, a path, an image and an array are one each."""
    return list(images) if isinstance(images, list | tuple) else [images]
