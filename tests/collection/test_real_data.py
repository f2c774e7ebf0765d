"""The official WikiArt lists and real paintings, and the facts that are in them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.collection.audit import audit
from impasto.collection.collection import Collection
from impasto.collection.layouts.wikiart_lists import read_classes, read_list
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.records.finding import Finding


@pytest.fixture(scope="module")
def names(wikiart_splits: Path, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The lists, prepared without pictures."""
    return prepare(
        wikiart_splits, tmp_path_factory.mktemp("names") / "collection", PrepareSettings(workers=1)
    )


@pytest.fixture(scope="module")
def facts(names: Collection) -> dict[str, Finding]:
    return {finding.code: finding for finding in [*names.findings, *audit(names).findings]}


def test_the_lists_are_read_whole(names: Collection) -> None:
    assert len(names) == 57_025 + 24_421
    assert len(names.indices("test")) == 24_421
    assert len(names.indices("train")) + len(names.indices("validation")) == 57_025
    assert len(names.indices("validation")) == pytest.approx(5_702, abs=15)
    assert len(names.vocabulary) == 27
    assert names.vocabulary.aliases == {"Art_Nouveau": "Art_Nouveau_Modern"}
    assert len({artist for artist in names.column("artist") if artist}) == 1_119
    assert np.mean([year is not None for year in names.column("year")]) == pytest.approx(
        0.56, abs=0.005
    )
    assert set(names.labels) == set(range(27))


def test_doubly_encoded_names_are_repaired(names: Collection, facts: dict[str, Finding]) -> None:
    assert facts["IMP113"].numbers["count"] == 709
    assert "arnold-böcklin" in names.column("artist")
    readable = set("abcdefghijklmnopqrstuvwxyz0123456789-.'&()íöéèüóáàçñåäø")
    assert (
        not {letter for artist in names.column("artist") if artist for letter in artist} - readable
    )


def test_works_under_two_styles_keep_both(names: Collection, facts: dict[str, Finding]) -> None:
    assert facts["IMP107"].numbers["names"] == 1_349
    assert facts["IMP107"].outcome == "issue" and not facts["IMP107"].invalidates


def test_artists_and_baselines(facts: dict[str, Finding]) -> None:
    numbers = facts["IMP108"].numbers
    assert (numbers["shared_artists"], numbers["test_artists"], numbers["artists"]) == (
        1_064,
        1_076,
        1_119,
    )
    assert round(100 * numbers["oracle_accuracy"], 2) == 80.98
    assert round(100 * numbers["majority_accuracy"], 2) == 16.04
    assert numbers["test_works_by_shared_artists"] / 24_421 == pytest.approx(0.9994, abs=5e-5)


def test_the_lists_spoil_nothing_and_say_that_they_are_names(facts: dict[str, Finding]) -> None:
    assert facts["IMP114"].outcome == "issue"
    assert facts["IMP111"].outcome == facts["IMP110"].outcome == "passed"
    assert not any(finding.invalidates for finding in facts.values())


def test_an_artist_split_of_the_lists_shares_no_artist(
    wikiart_splits: Path, tmp_path: Path
) -> None:
    made = prepare(wikiart_splits, tmp_path / "c", PrepareSettings(split="artist"))
    artists = np.asarray(made.column("artist"), object)
    train, validation, test = (
        set(artists[made.indices(split)]) for split in ("train", "validation", "test")
    )
    assert not (train & test or train & validation or validation & test)
    assert len(made.indices("test")) / len(made) == pytest.approx(0.15, abs=0.05)


@pytest.mark.parametrize("kind", ["Artist/artist", "Genre/genre"])
def test_lists_of_artists_and_genres_are_read_as_well(wikiart_splits: Path, kind: str) -> None:
    def found(name: str) -> Path:
        return next((wikiart_splits / kind).parent.glob(f"{Path(kind).name}_{name}*"))

    classes = read_classes(found("class"))
    rows = [*read_list(found("train")), *read_list(found("val"))]
    assert len(rows) > 15_000 and {index for _, index in rows} == set(classes)


@pytest.mark.paintings
def test_real_paintings_are_prepared_whole(
    paintings_collection: Collection, paintings: Path
) -> None:
    made = paintings_collection
    assert len(made) == 8_439 + 630 and len(made.vocabulary) == 13
    assert int(made.counts("test").sum()) == 630 and sorted(made.counts("test"))[:2] == [30, 50]
    learnt = made.counts("train") + made.counts("validation")
    assert learnt.sum() == 8_439 and (learnt.max(), learnt.min()) == (2_269, 80)
    assert made.counts("validation").sum() == pytest.approx(844, abs=8)
    for row in range(0, len(made), 1_500):
        whole = np.asarray(
            Image.open(paintings / made.column("id")[row]).convert("RGB").resize((64, 64)), int
        )
        assert np.abs(whole - made.pixels[row]).mean() < 4


@pytest.mark.paintings
def test_real_paintings_are_audited(paintings_collection: Collection) -> None:
    findings = [*paintings_collection.findings, *audit(paintings_collection).findings]
    found = {finding.code: finding for finding in findings}
    assert not any(finding.invalidates for finding in found.values())
    assert {found[code].outcome for code in ("IMP101", "IMP110", "IMP111", "IMP113", "IMP114")} == {
        "passed"
    }
    numbers = found["IMP108"].numbers
    assert round(100 * numbers["oracle_accuracy"], 1) == 74.6
    assert round(100 * numbers["majority_accuracy"], 2) == 7.94
    assert found["IMP109"].outcome == "issue" and 27 < found["IMP109"].numbers["ratio"] < 30
    assert found["IMP106"].numbers.get("share", 0) < 0.02
