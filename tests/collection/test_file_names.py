"""Artist, title and year from file names, also from names that were encoded twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.collection.file_names import artist_slug, read_name, repair, year_of, year_range


def encoded_twice(text: str) -> str:
    """What WikiArt's exporter did: UTF-8 read as Latin-1, then lower-cased."""
    return text.encode().decode("latin-1").lower()


@pytest.mark.parametrize(
    ("path", "artist", "title", "year"),
    [
        (
            "Realism/vincent-van-gogh_pine-trees-in-the-fen-1884.jpg",
            "vincent-van-gogh",
            "pine trees in the fen",
            1884,
        ),
        ("claude-monet_water-lilies-1919(2).jpg", "claude-monet", "water lilies", 1919),
        ("claude-monet_water-lilies.jpg", "claude-monet", "water lilies", None),
        (
            "claude-monet_1919.jpg",
            "claude-monet",
            "1919",
            None,
        ),  # numbered as claude-monet_674.jpg may be
        ("claude-monet_untitled-1919.jpg", "claude-monet", "untitled", 1919),
        (
            "rembrandt_self-portrait-at-34-1640.v2.png",
            "rembrandt",
            "self portrait at 34 1640.v2",
            None,
        ),
        ("edgar-degas_racehorses-0042.jpg", "edgar-degas", "racehorses 0042", None),
        ("unknown-artist_758.jpg", None, "758", None),
        ("IMG_20190504.jpg", None, "IMG 20190504", None),
        ("12_34.jpg", None, "12 34", None),
        ("sunset.jpg", None, "sunset", None),
        ("a_b_c-1900.jpeg", "a", "b c", 1900),
        ("Claude_Monet", "claude", "Monet", None),
    ],
)
def test_a_name_tells_artist_title_and_year(path: str, artist: str, title: str, year: int) -> None:
    name = read_name(path)
    assert (name.artist, name.title, name.year, name.repaired) == (artist, title, year, False)


def test_names_encoded_twice_are_read_as_they_were_meant() -> None:
    name = read_name("Symbolism/arnold-bã¶cklin_villa-by-the-sea-1878.jpg")
    assert (name.artist, name.year, name.repaired) == ("arnold-böcklin", 1878, True)


@given(st.text(st.sampled_from("abcdefgö éèüóíñçåøžłœčαβджя’–-"), min_size=1))
def test_whatever_was_encoded_twice_comes_back(text: str) -> None:
    meant = " ".join(text.split())
    assert repair(encoded_twice(meant)) == repair(meant)


@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_never_touched_but_at_its_ends(text: str) -> None:
    assert repair(text) == text.strip().replace(" .", ".")


@pytest.mark.parametrize(
    "text", ["café\u00a0", "musée «cité»", "la cité»", "olé\u00ad", "où\u00a0?", "soirée°"]
)
def test_proper_accents_before_odd_signs_are_no_double_encoding(text: str) -> None:
    assert repair(text) == text.replace("\u00ad", "").replace("\u00a0", " ").strip()


def test_hard_spaces_and_soft_hyphens_do_not_make_another_artist() -> None:
    assert (
        artist_slug("Claude\u00a0Monet")
        == artist_slug("claude-monet")
        == artist_slug("Clau\u00adde Monet")
    )
    assert read_name("X/paul-klee\u00a0_castle\u00a0.jpg").artist == "paul-klee"


def test_decomposed_letters_make_the_same_artist() -> None:
    assert artist_slug("arnold-bo\u0308cklin") == artist_slug("Arnold Böcklin") == "arnold-böcklin"


@pytest.mark.parametrize("name", [None, "", " ", "Unknown Artist", "anonymous", "None"])
def test_nobody_is_no_artist(name: str | None) -> None:
    assert artist_slug(name) is None


@pytest.mark.parametrize(
    ("value", "year"),
    [
        (1888, 1888),
        ("1888", 1888),
        ("1888.0", 1888),
        ("c. 1888", 1888),
        ("1880–85", 1880),
        ("19th c.", None),
        (18889, None),
        ("nan", None),
        ("inf", None),
        (10**9, None),
    ],
)
def test_years_are_whole_numbers_or_nothing(value: object, year: int | None) -> None:
    assert year_of(value) == year


@pytest.mark.parametrize(
    ("date", "years"),
    [
        ("1880", (1880, 1880)),
        (1642.0, (1642, 1642)),
        ("c. 1880", (1880, 1880)),
        ("um 1880", (1880, 1880)),
        ("1880–85", (1880, 1885)),
        ("1880-1891", (1880, 1891)),
        ("1880/5", (1880, 1885)),
        ("between 1880 and 1890", (1880, 1890)),
        ("1899–02", (1899, 1899)),  # no range that goes back
        ("1880s", (1880, 1889)),
        ("1880er Jahre", (1880, 1889)),
        ("19th c.", (1801, 1900)),
        ("late 19th century", (1801, 1900)),
        ("19. Jh.", (1801, 1900)),
        ("XIX century", (1801, 1900)),
        ("XVIIe siècle", (1601, 1700)),
        ("12.03.1907", (1907, 1907)),
        ("03.1907", (1907, 1907)),
        ("n.d.", None),
        ("o. J.", None),
        ("nan", None),
        ("inf", None),
        ("18889", None),
        ("", None),
    ],
)
def test_dates_are_ranges_of_years(date: object, years: tuple[int, int] | None) -> None:
    assert year_range(date) == years
    short = years is not None and years[1] - years[0] <= 30
    assert year_of(date) == (years[0] if years and short else None)
