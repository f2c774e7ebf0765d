"""Checked labels: flipped ones are found and named rightly; no picture is judged by its artist."""

import csv
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from impasto.collection import handmade_classifier
from impasto.collection.audit import audit
from impasto.collection.collection import Collection, open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.comparison import label_check
from impasto.comparison.by_artist import ByArtistSettings, evaluate_by_artist
from impasto.comparison.label_check import LabelCheckSettings, check_labels
from impasto.errors import InputError, MissingExtraError
from impasto.files import write_table
from impasto.records.label_check import LabelCheck
from impasto.training.classifier.train import train_classifier
from quick_settings import CLASSIFIER

pytest.importorskip("cleanlab", reason="no cleanlab: pip install -e '.[labels]'")
FEW = LabelCheckSettings(folds=3)


def flipped(source: Path, folder: Path, share: float = 0.05) -> tuple[Collection, dict[str, str]]:
    """A collection with some styles changed to the next one, and the true styles of these."""
    shutil.copytree(source, folder)
    table, collection = pq.read_table(folder / "paintings.parquet"), open_collection(folder)
    names, rng = collection.vocabulary.styles, np.random.default_rng(5)
    rows = rng.choice(len(collection), round(share * len(collection)), replace=False)
    styles, ids = table["style"].to_pylist(), table["id"].to_pylist()
    truth = {ids[row]: styles[row] for row in rows}
    for row in rows:
        styles[row] = names[(names.index(styles[row]) + 1) % len(names)]
    place = table.schema.get_field_index("style")
    changed = table.set_column(place, table.schema.field(place), pa.array(styles))
    write_table(folder / "paintings.parquet", changed)
    return open_collection(folder), truth


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def clean(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(train=36, test=12, artists=6, size=32)


@pytest.fixture(scope="module")
def checked(
    clean: Collection, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Collection, LabelCheck, dict[str, str]]:
    collection, truth = flipped(clean.path, tmp_path_factory.mktemp("flipped") / "c")
    return collection, check_labels(collection, None, FEW), truth


def test_flipped_labels_lead_the_ranking_with_their_true_style(
    checked: tuple[Collection, LabelCheck, dict[str, str]],
) -> None:
    collection, made, truth = checked
    assert len(made.suspects) == round(0.1 * len(collection))
    found = {one.id: one for one in made.suspects}
    assert truth.keys() <= found.keys()
    assert {name: found[name].likelier for name in truth} == truth
    scores = [one.score for one in made.suspects]
    assert scores == sorted(scores) and made.suspects[0].flagged
    assert sum(one.flagged for one in made.suspects if one.id in truth) >= 0.7 * len(truth)


def test_the_record_and_the_finding_say_what_was_flagged(
    checked: tuple[Collection, LabelCheck, dict[str, str]],
) -> None:
    collection, made, _ = checked
    record = audit(collection)
    assert record.labels == made
    found = next(one for one in record.findings if one.code == "IMP119")
    assert (found.outcome, found.numbers["flagged"]) == ("issue", made.flagged)
    assert found.items[0]["likelier"] == made.suspects[0].likelier


def test_no_head_learns_from_the_test_split_or_the_artist(
    clean: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Labels of test pictures and of the artist's own works change nothing by the picture."""
    artists, splits = clean.column("artist"), clean.column("split")
    asked = next(row for row, split in enumerate(splits) if split == "train")
    folds = label_check._folds(clean, FEW)
    features = handmade_classifier.handmade_features(clean)
    monkeypatch.setattr(label_check, "handmade_features", lambda collection: features)
    before = label_check._by_features(clean, folds)[asked]
    labels = clean.labels.copy()
    for row, (artist, split) in enumerate(zip(artists, splits, strict=True)):
        if split == "test" or artist == artists[asked]:
            labels[row] = (labels[row] + 1) % len(clean.vocabulary)
    other = open_collection(clean.path)
    other.__dict__["labels"] = labels
    assert np.array_equal(label_check._by_features(other, folds)[asked], before)
    outside = next(
        row
        for row, split in enumerate(splits)
        if split == "train" and folds.of[row] != folds.of[asked]
    )
    labels[outside] = (labels[outside] + 1) % len(clean.vocabulary)
    assert not np.array_equal(label_check._by_features(other, folds)[asked], before)


def test_other_works_leave_out_the_picture_its_copies_and_the_test_split(clean: Collection) -> None:
    folds = label_check._folds(clean, FEW)
    works = label_check._other_works(clean, folds)
    artists, splits = clean.column("artist"), clean.column("split")
    for row in range(0, len(clean), 7):
        others = [
            other
            for other in range(len(clean))
            if artists[other] == artists[row]
            and splits[other] != "test"
            and folds.copies[other] != folds.copies[row]
        ]
        expected = [
            sum(int(clean.labels[other]) == style for other in others) for style in range(3)
        ]
        assert works.counts[row].tolist() == expected


def test_a_table_that_is_filled_in_keeps_its_decisions_and_is_honoured_by_prepare(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = picture_folder(train=16, test=4, artists=4, size=32)
    settings = PrepareSettings(pixels=32, workers=1)
    collection = prepare(source, tmp_path / "c", settings)
    check_labels(collection, None, FEW)
    table = collection.path / "label_suspects.csv"
    rows = rows_of(table)
    assert rows and {row["decision"] for row in rows} == {""}
    rows[0] |= {"decision": "exclude"}
    rows[1] |= {"decision": "relabel"}
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    check_labels(collection, None, LabelCheckSettings(folds=3, listed=0.02))
    kept = {row["id"]: row["decision"] for row in rows_of(table)}
    assert (kept[rows[0]["id"]], kept[rows[1]["id"]]) == ("exclude", "relabel")
    made = prepare(source, tmp_path / "d", settings.model_copy(update={"decisions": str(table)}))
    styles = dict(zip(made.column("id"), made.column("style"), strict=True))
    assert rows[0]["id"] not in styles and len(made) == len(collection) - 1
    assert styles[rows[1]["id"]] == rows[1]["style"] != rows[1]["given"]
    assert made.fingerprint != collection.fingerprint
    # The check of the earlier labels is not taken for one of these
    shutil.copy(collection.path / "labels.json", made.path / "labels.json")
    again = audit(made)
    assert again.labels is None
    outcome = next(one.outcome for one in again.findings if one.code == "IMP119")
    assert outcome == "not applicable"


def test_fold_networks_of_a_run_are_asked(clean: Collection, tmp_path: Path) -> None:
    shutil.copytree(clean.path, tmp_path / "c")
    collection = open_collection(tmp_path / "c")
    run = train_classifier(collection, tmp_path / "run", CLASSIFIER)
    lines: list[str] = []
    alone = check_labels(collection, run.path, FEW, announce=lines.append)
    assert (alone.evidence, alone.run) == ("features", None)
    assert "evaluate" in lines[0] and "--by artist" in lines[0]
    evaluate_by_artist(run.path, ByArtistSettings(folds=2))
    both = check_labels(collection, run.path, FEW)
    assert (both.evidence, both.run) == ("features and networks", str(run.path))
    assert [one.by_picture for one in both.suspects] != [one.by_picture for one in alone.suspects]
    other, _ = flipped(collection.path, tmp_path / "other")
    changed = other.with_splits(["train"] * len(other))
    with pytest.raises(InputError, match="was trained on another collection"):
        check_labels(changed, run.path, FEW)


def test_without_cleanlab_the_install_line_is_named(
    clean: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(MissingExtraError, match="labels"):
        check_labels(clean)


def test_a_style_of_one_picture_is_ranked_without_a_warning() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 2])
    shares = np.full((7, 3), 0.1)
    shares[np.arange(7), [0, 0, 1, 1, 1, 1, 0]] = 0.8
    none = label_check._OtherWorks(np.zeros((7, 3), np.int64), np.full(3, 1 / 3))
    ranking = label_check._rank(labels, shares, none, np.ones(7, bool))
    assert sorted(ranking.order[:2].tolist()) == [2, 6]


def test_a_style_of_one_artist_is_not_judged(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    made = make_collection(train=(24, 24, 6), test=2, artists=3, size=32)
    shutil.copytree(made.path, tmp_path / "c")
    table: Any = pq.read_table(tmp_path / "c" / "paintings.parquet")
    artists = [
        "one-hand" if style == "Diagonals" else artist
        for style, artist in zip(
            table["style"].to_pylist(), table["artist"].to_pylist(), strict=True
        )
    ]
    place = table.schema.get_field_index("artist")
    table = table.set_column(place, table.schema.field(place), pa.array(artists))
    write_table(tmp_path / "c" / "paintings.parquet", table)
    result = check_labels(open_collection(tmp_path / "c"), None, LabelCheckSettings(listed=1.0))
    assert result.unjudged == artists.count("one-hand")
    assert "Diagonals" not in {one.style for one in result.suspects}
