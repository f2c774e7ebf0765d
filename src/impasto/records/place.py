"""Kinds of paths that people give, and what to do with each: a study, a run, pictures.

A command that needs another kind says what the path is and which command takes it.
"""

import shlex
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, Literal, assert_never

from impasto.errors import InputError
from impasto.files import read_json

PlaceKind = Literal[
    "study", "run", "runs", "collection", "gallery", "comparison", "table", "pictures", "picture",
    "empty", "missing", "other",
]  # fmt: skip
ENDINGS: Final = frozenset(
    [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2"]
)
GALLERY: Final = "gallery.json"
"""The file by which a sample gallery is known."""
TABLES: Final = frozenset([".csv", ".tsv", ".parquet", ".jsonl", ".ndjson"])
LOOKED_AT: Final = 5000  # files of a folder, in search of a picture


def place_kind(path: Path) -> PlaceKind:
    """Return what a path is, by the files that mark it."""
    if not path.exists():
        return "missing"
    if path.is_file():
        ending = path.suffix.lower()
        return "picture" if ending in ENDINGS else "table" if ending in TABLES else "other"
    marks: tuple[tuple[PlaceKind, str], ...] = (
        ("run", "run.json"),
        ("collection", "collection.json"),
        ("comparison", "balance.json"),
        ("study", "study.json"),
        ("study", "runs/*/run.json"),
        ("study", "collection/collection.json"),
        ("gallery", GALLERY),
        ("runs", "*/run.json"),
    )
    for kind, mark in marks:
        if any(path.glob(mark)):
            return kind
    files = islice((one for one in path.rglob("*") if one.is_file()), LOOKED_AT)
    endings = [one.suffix.lower() for one in files]
    if any(ending in ENDINGS for ending in endings):
        return "pictures"
    return "other" if endings else "empty"


def way_on(path: Path) -> str:
    """Return what a path is and the command that takes it, as the end of an error.

    Empty where no command takes it: it is not there, or nothing that impasto knows.
    """
    here, kind = shlex.quote(str(path)), place_kind(path)
    match kind:
        case "study":
            runs = _listed(path.glob("runs/*/run.json")) or "not there yet"
            collection = shlex.quote(str(path / "collection"))
            text = f"it is a study: its runs are {runs}, its collection {collection}"
        case "run":
            run = read_json(path / "run.json")
            what = run.get("kind", "unknown") if isinstance(run, dict) else "unknown"
            text = f"it is a run of kind {what}: impasto evaluate {here} scores it"
        case "runs":
            text = f"it is a folder of runs: {_listed(path.glob('*/run.json'))}"
        case (
            "collection" | "gallery" | "pictures" | "table" | "comparison" | "picture"
        ):  # fmt: skip
            text = _WAYS_ON[kind].format(path=here)
        case "empty" | "missing" | "other":
            text = ""
        case _:
            assert_never(kind)
    return text


def require_study(path: Path) -> None:
    """Refuse a path of another kind, naming the command that takes it.

    Raises:
        InputError: it is no folder, a run, a collection, pictures, or a comparison.
    """
    if not path.is_dir():
        raise InputError(f"no study in {path} (no such folder): make one with impasto study")
    if place_kind(path) not in ("study", "comparison", "empty", "other"):
        raise InputError(f"{path} is no study: {way_on(path)}")


def refuse_results(path: Path) -> None:
    """Refuse a folder that impasto wrote results to, in place of pictures.

    Raises:
        InputError: naming the command that takes it.
    """
    if any((path / mark).is_file() for mark in ("study.json", "run.json", "balance.json")):
        raise InputError(f"{path} is no source of pictures: {way_on(path)}")


def _listed(marks: Iterable[Path]) -> str:
    return ", ".join(shlex.quote(mark.parent.as_posix()) for mark in sorted(marks))


_PREPARED: Final = "impasto prepare {path} -o collection makes a collection of it"
_WAYS_ON: Final[Mapping[str, str]] = {
    "collection": "it is a collection: impasto train classifier {path} -o run learns from it",
    "gallery": f"it is a sample gallery: {_PREPARED}",
    "pictures": f"it is a folder of pictures: {_PREPARED}",
    "table": f"it is a table: {_PREPARED}",
    "comparison": "it is a comparison of long-tail methods: its runs are in its folder runs",
    "picture": "it is a picture: impasto predict RUN {path} names its style",
}
