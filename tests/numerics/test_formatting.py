"""Numbers in one notation."""

import pytest

from impasto.numerics import formatting
from impasto.records.record import Interval

SHARE = {"value": 0.5821, "low": 0.5444, "high": 0.6208}


def test_shares_points_and_other_numbers() -> None:
    assert formatting.share(SHARE) == "58.2 % (54.4–62.1)"
    assert formatting.share(Interval(**SHARE)) == "58.2 % (54.4–62.1)"
    gain = {"value": 0.0812, "low": -0.0004, "high": 0.1222}
    assert formatting.points(gain) == "+8.1 (+0.0 to +12.2)"
    assert formatting.estimate(SHARE, 3) == "0.582 (0.544–0.621)"
    below = {"value": -0.012, "low": -0.052, "high": 0.031}
    assert formatting.estimate(below) == "−0.01 (−0.05 to 0.03)"
    assert formatting.points(below) == "−1.2 (−5.2 to +3.1)"


def test_nothing_is_a_dash() -> None:
    formatted = (formatting.percent, formatting.number, formatting.share, formatting.points)
    assert {form(None) for form in (*formatted, formatting.distance)} == {"–"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(41.2, "41 s"), (581, "9 min 41 s"), (7500, "2 h 5 min"), (60, "1 min 0 s")],
)
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_small_things() -> None:
    assert [
        formatting.distance(d)
        for d in (
            {"value": 0.0544, "low": -0.0011, "high": 0.1},
            {"value": 1.786, "low": 1.0, "high": 2.5},
            {"value": 104.2, "low": 90.4, "high": 118.6},
        )
    ] == ["0.054 (−0.001 to 0.100)", "1.79 (1.00–2.50)", "104 (90–119)"]
    assert [formatting.p_value(p) for p in (0.0341, 0.0002)] == ["0.034", "< 0.001"]
    assert formatting.count(1, "style") == "1 style"
    assert formatting.count(81444, "picture") == "81,444 pictures"
    assert formatting.count(2, "category", "categories") == "2 categories"
    assert formatting.number(-0.001, 2) == "0.00"


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [["", "accuracy"], ["a long name", "58.2 %"], ["b", ""]]
    assert formatting.aligned(rows) == ["             accuracy", "a long name  58.2 %", "b"]


WIDE = [
    ["", "accuracy", "macro-F1", "top-3 accuracy"],
    ["", "styles as frequent as in training", "styles equally frequent", ""],
    ["this run", "25.0 % (20.0–30.0)", "10.0 % (8.0–12.0)", "90.0 % (80.0–95.0)"],
    ["majority", "25.0 % (20.0–30.0)", "10.0 % (8.0–12.0)", "–"],
]


def test_a_table_that_fits_stays_as_it_is() -> None:
    assert formatting.fitted(WIDE, None, 2) == formatting.aligned(WIDE)
    assert formatting.fitted(WIDE, 200, 2) == formatting.aligned(WIDE)


def test_a_wide_table_is_wrapped_and_cut_to_the_terminal() -> None:
    assert formatting.fitted(WIDE, 50, 2) == [
        "          accuracy            macro-F1",
        "          styles as frequent  styles equally",
        "          as in training      frequent",
        "this run  25.0 % (20.0–30.0)  10.0 % (8.0–12.0)",
        "majority  25.0 % (20.0–30.0)  10.0 % (8.0–12.0)",
        "",
        "          top-3 accuracy",
        "",
        "",
        "this run  90.0 % (80.0–95.0)",
        "majority  –",
    ]


def test_a_terminal_too_narrow_for_a_column_shows_it_whole() -> None:
    lines = formatting.fitted(WIDE, 10, 2)
    assert "this run  10.0 % (8.0–12.0)" in lines
    assert max(map(len, lines)) == len("this run  25.0 % (20.0–30.0)")


def test_a_sentence_names_every_style_of_wikiart_and_not_all_of_400() -> None:
    styles = [f"S{number}" for number in range(400)]
    assert formatting.abridged(styles[:27]) == ", ".join(styles[:27])
    assert formatting.abridged(iter(styles)) == ", ".join(styles[:10]) + " and 390 more"
    assert formatting.abridged([]) == ""
