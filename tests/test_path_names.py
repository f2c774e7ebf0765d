"""Names of files and folders: inside their folder, on every system, each one's own."""

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.path_names import LONGEST, path_name, path_names, unused

PLAIN = [
    *("Baroque", "Art_Nouveau_Modern", "Ukiyo-e", "Über alles", "Art, Nouveau & Co", "浮世絵"),
    *("100% #1", "Dr. Mabuse", "a.b.c", "-Minimal", "🎨", "console", "común", "COM", "Lpt10"),
]
HOSTILE = [
    *(
        "",
        ".",
        "..",
        "../../escaped",
        "/etc/passwd",
        "..\\..\\x",
        "C:\\Windows",
        "C:x",
        "a/b",
        "a\\b",
    ),
    *(
        ".hidden",
        " Baroque",
        "Baroque ",
        "Baroque.",
        "CON",
        "con.txt",
        "NUL",
        "aux .x",
        "COM1",
        "LPT9",
    ),
    *(
        "COM¹",
        "conin$",
        "a\0b",
        "a\nb",
        "\x1b[31mred",
        "\u202egnp",
        "\ud800",
        "a:b",
        "a*b",
        "<b>",
        "N" * 200,
    ),
    *("印" * 80, "e\u0301", "...", "~" * 101, "\u2028"),
]


def assert_safe(name: str) -> None:
    """One part of a path, on Windows as elsewhere."""
    assert PurePosixPath(name).parts == (name,) and PureWindowsPath(name).parts == (name,)
    assert not PureWindowsPath(name).is_reserved()
    assert 0 < len(name.encode()) <= LONGEST and name not in (".", "..")
    assert name[0] not in ". " and name[-1] not in ". "
    assert not set(name) & set('<>:"/\\|?*') and all(ord(letter) >= 32 for letter in name)


@pytest.mark.parametrize("name", PLAIN)
def test_a_safe_name_stays(name: str) -> None:
    assert path_name(name) == name


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    made = path_name(name)
    assert_safe(made)
    assert made != name
    (tmp_path / made).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [made]


def test_no_two_names_share_a_folder() -> None:
    names = [*PLAIN, *HOSTILE, "baroque", "BAROQUE", "a-b", "é", "straße", "STRASSE", "grid.png"]
    names += [path_name("a/b"), path_name("A/B"), path_names(["a", "A"])["a"]]
    found = path_names(names, taken={"Grid.png"})
    assert list(found) == list(dict.fromkeys(names))
    keys = {unicodedata.normalize("NFD", name.casefold()) for name in found.values()}
    assert len(keys) == len(found) and "grid.png" not in keys
    assert found["浮世絵"] == "浮世絵" and found["Baroque"] != "Baroque"
    for name in found.values():
        assert_safe(name)


@given(st.lists(st.text(st.characters(codec=None), max_size=12), max_size=6))
def test_any_names_are_told_apart(names: list[str]) -> None:
    found = path_names(names)
    assert len({name.casefold() for name in found.values()}) == len(set(names))
    for name in found.values():
        assert_safe(name)
        assert path_name(name) == name


def test_the_same_names_get_numbers() -> None:
    taken: set[str] = set()
    assert [unused(name, taken) for name in ("sea", "Sea", "sea", "sea-2", "../sea")][:3] == [
        "sea",
        "Sea-2",
        "sea-3",
    ]
    assert len(taken) == 5
