"""Training folder: pictures and captions as they lie, without a collection prepared before.

RUN/collection/   the prepared pictures; made again where the folder has changed
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from impasto.collection.collection import Collection, open_collection
from impasto.collection.entries import PICTURES
from impasto.collection.layouts.training_folders import read_captions, read_repeats
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_to_fine_tune, spelled
from impasto.errors import RunError

COLLECTION: Final = "collection"
SETTINGS: Final = PrepareSettings(to_fine_tune=True)


@dataclass(frozen=True, slots=True)
class TrainingFolder:
    """A folder of pictures with what lies beside them.

    Attributes:
        collection: the pictures, all of them for training.
        captions: those that were found, by the picture's id.
        repeats: how often each picture counts, by its id.
        notes: what was read and what was left out, in words.
    """

    collection: Collection
    captions: Mapping[str, str]
    repeats: Mapping[str, int]
    notes: tuple[str, ...]


def is_training_folder(path: Path) -> bool:
    """Whether a folder holds pictures and is no collection."""
    if not path.is_dir() or (path / "collection.json").is_file():
        return False
    return any(file.suffix.lower() in PICTURES for file in path.rglob("*"))


def open_training_folder(path: Path, run: Path, *, progress: bool = False) -> TrainingFolder:
    """Prepare the pictures of a folder in a run's folder, and read their captions.

    Raises:
        InputError: a caption or a table cannot be read, or no picture can.
        RunError: the run was trained on another folder.
        OutputError: the run's folder cannot be written.
    """
    if (run / "run.json").is_file() and (run / COLLECTION / "collection.json").is_file():
        began = open_collection(run / COLLECTION).record.sources
        if list(began) != spelled(path):
            raise RunError(
                f"{run} was trained on the pictures in {began[0]}: choose another folder with -o"
            )
    collection = prepare(path, run / COLLECTION, SETTINGS, progress=progress)
    entries = {entry.id: entry for entry in read_to_fine_tune(path).entries}
    ids = collection.column("id")
    found = read_captions(path, ids)
    repeats = read_repeats(path, [entries[name] for name in ids if name in entries])
    names = ", ".join(collection.vocabulary.styles)
    notes = [f"{len(ids)} pictures of {names} in {path}", *found.notes]
    if lacking := [name for name in ids if name not in found.by_id]:
        first = f", {lacking[0]} the first" if found.by_id else ""
        notes.append(f"{len(lacking)} pictures without a caption file{first}: captioned by the "
                     "template caption=")  # fmt: skip
    if set(repeats.values()) != {1}:
        notes.append(f"repeats by the folders' numbers: {sum(repeats.values())} pictures a pass")
    notes.append("no validation pictures: there is no held-out loss, the last weights are kept")
    for finding in collection.findings:
        if finding.code in ("IMP101", "IMP115") and finding.numbers.get(
            "left_out", finding.numbers["count"]
        ):
            notes.append(finding.text)
    return TrainingFolder(collection, found.by_id, repeats, tuple(notes))
