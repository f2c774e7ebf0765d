"""Collection of a run: the one that it was trained on, or another with the same styles."""

from pathlib import Path

from impasto.collection.collection import Collection, Split, open_collection
from impasto.errors import InputError, RunError
from impasto.files import read_table
from impasto.records.run import Run


def collection_of(run: Run, given: Path | str | None = None) -> Collection:
    """Open the collection in ``given``; ``None``: the run's own, which must be unchanged.

    Raises:
        RunError: the run's own has changed since.
        CollectionError: there is none.
        VocabularyError: it speaks of other styles.
    """
    if given is not None:
        found = open_collection(Path(given))
        found.vocabulary.require(run.styles, f"the run in {run.path}")
        return found
    # Where a whole study was moved, the collection moved with it; a comparison's runs stand one
    # folder deeper
    above = run.path.resolve().parents
    places = [Path(run.collection["path"]), *(parent / "collection" for parent in above[1:3])]
    found = open_collection(
        next((place for place in places if (place / "collection.json").is_file()), places[0])
    )
    found.vocabulary.require(run.styles, f"the run in {run.path}")
    if found.fingerprint != run.collection["fingerprint"]:
        raise RunError(
            f"{found.path} has changed since {run.path} was trained on it: train again into "
            f"another folder, or give --collection {found.path} to score the run on it as it is now"
        )
    return found


def training_hashes(run: Run) -> tuple[set[str], set[str]]:
    """SHA-256 of the pictures that a run was trained on, and of those that it was chosen on."""
    path = run.path / "seen.parquet"
    try:
        table = read_table(path, way_out="train again into another folder")
    except InputError as error:
        raise RunError(str(error)) from error
    pairs = list(zip(table["sha256"].to_pylist(), table["split"].to_pylist(), strict=True))
    return {mark for mark, split in pairs if split == "train"}, {
        mark for mark, split in pairs if split != "train"
    }


def trained_halves(run: Run, collection: Collection) -> tuple[Collection, Collection]:
    """Pictures of a collection that a run was trained or chosen on, and all other ones.

    In each of the two, the pictures of the other count as ``test``. The file of training ids
    decides, so that it holds for runs whose halves were divided otherwise.
    """
    known = set[str]().union(*training_hashes(run))
    splits, hashes = collection.column("split"), collection.column("sha256")
    sides: tuple[list[Split], list[Split]] = (list(splits), list(splits))
    for row, mark in enumerate(hashes):
        sides[1 if mark in known else 0][row] = "test"
    return collection.with_splits(sides[0]), collection.with_splits(sides[1])


def evaluation_folder(run: Run, collection: Collection) -> Path:
    """Folder of a run's evaluation on a collection: its own, or one named after the other."""
    if collection.fingerprint == run.collection["fingerprint"]:
        return run.evaluation_path
    return run.path / f"evaluation-{collection.path.resolve().name}"


def known_test_pictures(run: Run, collection: Collection) -> list[str]:
    """Ids of the test pictures of a collection that a run was trained or chosen on."""
    known = set[str]().union(*training_hashes(run))
    hashes, ids = collection.column("sha256"), collection.column("id")
    return [ids[row] for row in collection.indices("test") if hashes[row] in known]
