"""One order of styles for everything: made once, saved, and defended by name."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.collection.vocabulary import Vocabulary
from impasto.errors import VocabularyError


@given(st.lists(st.text(min_size=1), min_size=1), st.randoms())
def test_the_order_depends_on_nothing_but_the_names(names: list[str], random: object) -> None:
    shuffled = list(names) * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert Vocabulary.of(shuffled).styles == tuple(sorted(set(names)))


def test_aliases_mean_their_style() -> None:
    vocabulary = Vocabulary.of(
        ["Rococo", "Art_Nouveau"], {"Art_Nouveau": "Art_Nouveau_Modern", "Other": "Nowhere"}
    )
    assert vocabulary.styles == ("Art_Nouveau_Modern", "Rococo")
    assert vocabulary.index("Art_Nouveau") == vocabulary.index("Art_Nouveau_Modern") == 0
    assert vocabulary.aliases == {"Art_Nouveau": "Art_Nouveau_Modern"}
    assert vocabulary.encode(["Rococo", "Art_Nouveau", "Rococo"]).tolist() == [1, 0, 1]


def test_a_vocabulary_comes_back_from_disk(tmp_path: Path) -> None:
    vocabulary = Vocabulary.of(["Ukiyo_e", "Baroque"], {"Barock": "Baroque"})
    vocabulary.save(tmp_path / "styles.json")
    assert Vocabulary.load(tmp_path / "styles.json") == vocabulary


@pytest.mark.parametrize(
    ("styles", "said"),
    [
        (("A", "C"), r"^the run lacks B and adds C:"),
        (("A",), r"^the run lacks B:"),
        (("A", "B", "C"), r"^the run adds C:"),
        (("B", "A"), r"^the run names the same styles in another order:"),
    ],
)
def test_a_mismatch_is_refused_by_name(styles: tuple[str, ...], said: str) -> None:
    vocabulary = Vocabulary(("A", "B"))
    vocabulary.require(("A", "B"), "the run")
    with pytest.raises(VocabularyError, match=said):
        vocabulary.require(styles, "the run")


def test_an_unknown_style_is_named_with_the_known_ones() -> None:
    with pytest.raises(VocabularyError, match="unknown style 'Cubsim': known are Baroque, Cubism"):
        Vocabulary(("Baroque", "Cubism")).encode(["Cubism", "Cubsim"])


@pytest.mark.parametrize("styles", [("B", "A"), ("A", "A")])
def test_disorder_and_repetition_are_refused(styles: tuple[str, ...]) -> None:
    with pytest.raises(VocabularyError, match="sorted and name each style once"):
        Vocabulary(styles)


def test_aliases_of_nothing_are_refused() -> None:
    with pytest.raises(VocabularyError, match="unknown styles: Z"):
        Vocabulary(("A",), {"B": "Z"})


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps({"styles": 3, "aliases": {}}), '{"styles": ["A"]}']
)
def test_a_damaged_file_is_named_with_the_way_out(tmp_path: Path, content: str) -> None:
    path = tmp_path / "styles.json"
    path.write_text(content)
    with pytest.raises(
        VocabularyError, match=r"styles\.json is not a vocabulary .*: run impasto prepare again"
    ):
        Vocabulary.load(path)
