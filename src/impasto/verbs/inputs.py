"""Inputs of the verbs: paths, opened collections and runs, pictures."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from impasto.errors import InputError
from impasto.records import run as runs
from impasto.records.run import Run, RunKind

if TYPE_CHECKING:
    from torch import nn

    from impasto.collection.collection import Collection


class InFolder(Protocol):
    """A result of an earlier verb, which lies in a folder."""

    @property
    def path(self) -> Path:
        """The folder."""


Thing = str | PathLike[str] | InFolder
Announce = Callable[[str], None]


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


def load_network(run: Run | Thing, device: str = "cpu") -> "nn.Module":
    """Load the trained network of a run, with ``network.preprocess`` for pictures."""
    from impasto.evaluation.trained_network import trained_network  # noqa: PLC0415

    return trained_network(open_run(run), device)


def kind_of(run: Run | Thing) -> RunKind:
    """Return the kind of a run, or of the runs in a folder of several."""
    return run.kind if isinstance(run, Run) else runs.kind_of(folder(run))


def source_paths(source: Thing | Sequence[Thing]) -> str | Path | list[str | Path]:
    """Return a source as paths; text stays text, for it may be the address of a data set."""
    if isinstance(source, str):
        return source
    if isinstance(source, Sequence):
        return [part if isinstance(part, str) else folder(part) for part in source]
    return folder(source)


def image_list(images: Any) -> list[Any]:
    """Return pictures as a list; a string, a path, an image and an array are one each."""
    return list(images) if isinstance(images, list | tuple) else [images]
