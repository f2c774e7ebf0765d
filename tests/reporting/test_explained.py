"""The report's sections on heat, typical works, art history and works under two styles."""

from pathlib import Path
from typing import Any

import pytest

import made_up_study as made_up
from impasto.errors import RunError
from impasto.files import read_json, write_json
from impasto.records.explanation import ConfusionVsYears, StylePair
from impasto.reporting.report import write_report
from impasto.reporting.sections.art_history import _labels, history_words

STYLES = ("Baroque", "Cubism", "Pop_Art", "Ukiyo_e")
TOLD = Path("runs") / "classifier" / "evaluation" / "explanation.json"


def study(tmp_path: Path, **changes: Any) -> Path:
    """A study whose explanation has other parts; a part that is ``None`` omits the file."""
    made: Path = made_up.make_study(tmp_path / "study", made_up.MadeUp(styles=STYLES, test_each=4))
    write_json(made / TOLD, {**read_json(made / TOLD), **changes})
    return made


def texts(made: Path) -> list[str]:
    paths = write_report(made)
    return [
        " ".join(path.read_text(encoding="utf-8").split()) for path in (paths.html, paths.markdown)
    ]


def correlation(**changes: Any) -> ConfusionVsYears:
    table = {"style": "A", "dated": 20, "median": 1.0, "low": 1.0, "high": 1.0, "used": True}
    found = {"value": -0.5, "low": -0.7, "high": -0.2, "p_value": 0.01, "permutations": 120,
    "exact": True,
             "without_one": {"low": -0.6, "high": -0.1}}  # fmt: skip
    pair = {"a": "A", "b": "B", "gap": 1.0, "confusion": 0.1}
    data = {
        "dated_from": 10,
        "years": [table] * 5,
        "pairs": [pair] * 10,
        "correlation": {**found, **changes},
    }
    return ConfusionVsYears.model_validate(data)


def test_every_part_is_told_in_both_forms(tmp_path: Path) -> None:
    for text in texts(study(tmp_path)):
        assert "Where it looks" in text and "Grad-CAM" in text
        assert "44 %" in text.replace("\N{NO-BREAK SPACE}", " ")
        assert "Typical and atypical works" in text and "76.1" in text and "34.2" in text
        assert "is −0.71 (95 % interval −0.83 to −0.21" in text
        assert "Of all 40,320 ways" in text and "1.2 % give one as strong" in text
        assert "beyond what chance would give" in text
        assert "Ukiyo-e (2)" in text  # left out by name
        assert "44.4" in text and "20.0" in text and "33.3" in text
        assert (
            "3 test works under two styles have a copy" in text
            or "3 test works under two styles have" in text
        )


def test_without_works_under_two_styles_there_is_no_section_on_them(tmp_path: Path) -> None:
    nothing = {"works": 0, "taught": 0, "scores": None, "items": []}
    for text in texts(study(tmp_path, second_guesses=nothing)):
        assert "Works under two styles" not in text


def test_without_dates_there_is_no_chart_and_the_reason_is_told(tmp_path: Path) -> None:
    blank = {"dated": 0, "median": None, "low": None, "high": None, "used": False}
    history = {
        "dated_from": 10,
        "years": [{"style": s, **blank} for s in STYLES],
        "pairs": [],
        "correlation": None,
    }
    for text in texts(study(tmp_path, confusion_vs_years=history)):
        assert "0 of 4 styles have at least 10 dated works" in text
        assert "timeline" not in text and "confusion-years" not in text


def test_an_evaluation_without_explanation_still_gives_a_report(tmp_path: Path) -> None:
    made = study(tmp_path)
    (made / TOLD).unlink()
    for text in texts(made):
        assert "Where it looks" not in text and "Numbers: every score and every style" in text


def test_a_damaged_explanation_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        RunError,
        match=r"explanation\.json is no explanation \(confusion_vs_years.*"
        r" run impasto evaluate again",
    ):
        write_report(study(tmp_path, confusion_vs_years=3))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "close in time are taken for each other more often"),
        ({"value": 0.5}, "far apart in time that are taken"),
        ({"p_value": 0.2}, "relation between confusion and years is not shown"),
    ],
)
def test_words_say_what_was_measured(changes: dict[str, float], said: str) -> None:
    assert said in history_words(correlation(**changes))


def test_random_permutations_are_called_random() -> None:
    assert "Of 9,999 random ways" in history_words(correlation(exact=False, permutations=9999))


def test_names_in_the_scatter_lie_over_nothing() -> None:
    pairs = [
        StylePair(a=f"Style {i}", b="Another one", gap=i % 7 * 3.0, confusion=0.3 - 0.01 * i)
        for i in range(25)
    ]
    placed = _labels(pairs, (30**0.5, 0.35))
    assert placed[0][0] == pairs[0]
    boxes = []
    for pair, (x, y, side) in placed:
        long = 0.054 * len(f"{pair.a} – {pair.b}")
        left = (
            pair.gap**0.5 / 30**0.5 * 7.6 + x - {"left": 0, "right": long, "center": long / 2}[side]
        )
        boxes.append((left, pair.confusion / 0.35 * 3.7 + y, long))
    for at, (left, y, long) in enumerate(boxes):
        for other_left, other_y, other_long in boxes[:at]:
            apart = (
                left + long <= other_left
                or other_left + other_long <= left
                or abs(y - other_y) >= 0.12
            )
            assert apart
