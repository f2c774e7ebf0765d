"""A class's submissions: ranks, groups, broken ones, equal mistakes, and a page each."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pytest import approx

import impasto
from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.evaluation.compare_class import ClassSettings, compare_class, find_entries
from impasto.evaluation.equal_mistakes import equal_mistakes
from impasto.evaluation.paired_answers import paired_p
from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.letter_groups import letter_groups, letters
from impasto.records.class_comparison import ClassComparison, EqualMistakes

QUICK = ClassSettings(bootstrap_samples=100)
SECRET = "Grace Hopper"


@pytest.fixture(scope="module")
def exam(make_collection: Callable[..., Collection]) -> Collection:
    """Hidden pictures: three styles of forty, by ten artists a style."""
    return make_collection(train=20, test=40, artists=10, validation_share=0.2)


@pytest.fixture(scope="module")
def submissions(exam: Collection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada is right nine times in ten, Grace six; Copy is Grace's but for two; one is broken."""
    folder = tmp_path_factory.mktemp("class") / "submissions"
    folder.mkdir()
    rows = exam.indices("test")
    ids, styles = np.asarray(exam.column("id"))[rows], np.asarray(exam.vocabulary.styles)
    labels, rng = exam.labels[rows], np.random.default_rng(0)

    def answers(share: float) -> NDArray[np.int64]:
        right = rng.random(len(labels)) < share
        return np.where(right, labels, (labels + rng.integers(1, 3, len(labels))) % 3)

    def write(name: str, given: NDArray[np.int64]) -> None:
        table = pd.DataFrame({"path": ids, "style": styles[given]})
        table.to_csv(folder / f"{name}.csv", index=False)

    grace = answers(0.6)
    copy = grace.copy()
    copy[:2] = labels[:2]
    write("Ada", answers(0.9))
    write("Alan", answers(0.88))
    write(SECRET, grace)
    write("Copy", copy)
    own = folder / "Numbers"
    own.mkdir()
    order = ("Diagonals", "Bands", "Columns")
    (own / "classes.txt").write_text("\n".join(order))
    numbers = [order.index(style) for style in styles[answers(0.75)]]
    pd.DataFrame({"file": ids, "pred": numbers}).to_csv(own / "out.csv", index=False)
    (folder / "Broken.csv").write_text("picture,style\n")
    (folder / "essay.pdf").write_bytes(b"%PDF")
    return folder


@pytest.fixture(scope="module")
def compared(
    exam: Collection, submissions: Path, tmp_path_factory: pytest.TempPathFactory
) -> ClassComparison:
    return impasto.compare(
        submissions, hidden=exam, output=tmp_path_factory.mktemp("out") / "o", settings=QUICK
    )  # type: ignore[return-value]


def pair(made: ClassComparison, one: str, other: str) -> EqualMistakes:
    return next(each for each in made.mistakes if {each.one, each.other} == {one, other})


def test_submissions_are_ranked_with_intervals_and_baselines(compared: ClassComparison) -> None:
    names = [one.name for one in compared.submissions]
    assert names[:2] in (["Ada", "Alan"], ["Alan", "Ada"])
    assert names[2] == "Numbers" and set(names[3:]) == {SECRET, "Copy"}
    values = [one.scores["balanced_accuracy"].value for one in compared.submissions]
    assert values == sorted(values, reverse=True)
    assert [one.rank for one in compared.submissions] == [1, 2, 3, 4, 5]
    assert set(compared.baselines) == {
        *("majority", "prior_matched", "colour_histogram", "artist_oracle")
    }
    assert compared.pictures == 120 and compared.resampled.count == 30
    assert "majority" in compared.submissions[0].better_than


def test_a_broken_submission_is_a_line_and_the_rest_goes_on(compared: ClassComparison) -> None:
    reasons = {one.name: one.reason for one in compared.refused}
    assert set(reasons) == {"Broken", "essay"}
    assert "has no rows" in reasons["Broken"] or "column path" in reasons["Broken"]
    assert "not a table" in reasons["essay"]
    found = {one.code: one for one in compared.findings}
    assert found["IMP341"].outcome == "issue" and len(found["IMP341"].items) == 2


def test_groups_hold_those_that_tests_cannot_tell_apart(compared: ClassComparison) -> None:
    different = {
        frozenset((one.one, one.other)) for one in compared.pairs if one.corrected < compared.level
    }
    assert len(compared.pairs) == 10
    assert frozenset(("Ada", SECRET)) in different
    assert frozenset(("Ada", "Alan")) not in different
    for group in compared.groups:
        assert not any(names <= set(group) for names in different)
    letters_of = {one.name: set(one.letters) for one in compared.submissions}
    assert letters_of["Ada"] & letters_of["Alan"]
    assert not letters_of["Ada"] & letters_of[SECRET]
    assert all(one.corrected >= one.p for one in compared.pairs)


def test_a_copy_is_noticed_and_two_good_ones_are_not(compared: ClassComparison) -> None:
    (found,) = compared.suspicious
    assert {found.one, found.other} == {SECRET, "Copy"}
    assert found.shared > found.expected + 10
    assert not pair(compared, "Ada", "Alan").suspicious
    assert next(one for one in compared.findings if one.code == "IMP340").outcome == "issue"


def test_pages_lead_to_each_submission_and_name_nobody_else(compared: ClassComparison) -> None:
    summary = (compared.path / "index.html").read_text(encoding="utf-8")
    for one in compared.submissions:
        page = compared.path / "pages" / f"{one.folder}.html"
        assert re.search(
            rf'href="pages/{re.escape(one.folder.replace(" ", "%20"))}\.html"', summary
        )
        text = page.read_text(encoding="utf-8")
        text += page.with_suffix(".md").read_text(encoding="utf-8")
        others = {other.name for other in compared.submissions} - {one.name, "Numbers", "Copy"}
        assert not [name for name in others if re.search(rf"\b{name}\b", text)]
        assert f"of {len(compared.submissions)}" in text
    assert "essay" in summary and "not a table" in summary
    assert "Suspicious pairs" in (compared.path / "index.html").read_text(encoding="utf-8")
    table = (compared.path / "tables" / "scores-submissions.csv").read_text(encoding="utf-8")
    assert table.startswith("Submission,Rank,Group")
    assert (compared.path / "summary.md").read_text(encoding="utf-8").count(SECRET) > 1


def test_a_run_and_a_file_are_compared_on_the_same_pictures(trained: Any, tmp_path: Path) -> None:
    run, collection = trained.run, trained.collection
    rows = pd.read_parquet(run.path / "evaluation" / "predictions.parquet")
    rows[["id", "predicted"]].to_csv(tmp_path / "own.csv", index=False)
    made = compare_class([run.path, tmp_path / "own.csv"], collection, tmp_path / "o", QUICK)
    (one,) = made.pairs
    assert one.gain.value == 0 and one.p == 1
    for submission in made.submissions:
        own = trained.evaluation.scores["balanced_accuracy"].value
        assert submission.scores["balanced_accuracy"].value == approx(own)
        assert submission.rank == 1


def test_a_class_without_a_submission_that_can_be_scored_is_refused(
    exam: Collection, tmp_path: Path
) -> None:
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="none of 1 submission could be scored; the first, no"):
        compare_class([tmp_path / "no.csv"], exam, tmp_path / "o")


def test_runs_that_learned_the_hidden_pictures_are_marked(trained: Any, tmp_path: Path) -> None:
    run, collection = trained.run, trained.collection
    made = compare_class(
        [run.path], collection, tmp_path / "o", ClassSettings(split="all", bootstrap_samples=100)
    )
    assert made.submissions[0].invalid and "IMP305" in made.submissions[0].issues
    assert made.baselines == {}  # nothing is left to learn from


def test_the_verb_refuses_what_does_not_go_together(exam: Collection, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="go with hidden"):
        impasto.compare("a", "b", output=tmp_path)
    with pytest.raises(InputError, match="name an output"):
        impasto.compare("a", "b", hidden=exam)
    with pytest.raises(InputError, match="no submission in"):
        find_entries([tmp_path / "nowhere"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no submission"):
        find_entries([tmp_path / "empty"])


def test_the_command_prints_a_line_each_and_json(
    exam: Collection, submissions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from impasto.cli.main import run  # noqa: PLC0415

    words = ["compare", str(submissions / "Ada.csv"), str(submissions / "Alan.csv")]
    words += ["--hidden", str(exam.path), "-o", str(tmp_path / "o"), "-q"]
    assert run([*words, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in content["submissions"]} == {"Ada", "Alan"}
    assert run(["compare", "a", "b", "--score", "accuracy"]) == 2
    assert "--score does not apply to runs without --hidden" in capsys.readouterr().err


def test_letter_groups_are_the_largest_sets_without_a_difference() -> None:
    assert letter_groups(3, []) == ((0, 1, 2),)
    assert letter_groups(3, [(0, 2)]) == ((0, 1), (1, 2))
    assert letter_groups(4, [(0, 2), (0, 3), (1, 3)]) == ((0, 1), (1, 2), (2, 3))
    groups = letter_groups(3, [(0, 2)])
    assert letters(groups, 3) == ["a", "ab", "b"]


def test_the_paired_test_is_exact_and_flips_artists() -> None:
    """Six artists of two pictures each, all won: 2 of 2⁶ flips are as extreme."""
    labels = np.repeat(np.arange(2), 6)
    clusters = np.repeat(np.arange(6), 2)
    draws = PictureDraws.make(labels, 3, clusters, resamples=10, seed=0)
    worse = 1 - labels
    for balanced in (True, False):
        assert paired_p(draws, labels, worse, balanced=balanced) == approx(2 / 64)
    assert paired_p(draws, labels, labels) == 1


def test_equal_mistakes_are_expected_where_the_class_errs_alike() -> None:
    """All err alike on each picture: that two of them do is no surprise. A copy is one."""
    rng = np.random.default_rng(0)
    labels = np.zeros(400, np.int64)
    lure = rng.integers(1, 5, 400)  # what everybody who is wrong says
    alike = np.stack([np.where(rng.random(400) < 0.5, lure, 0) for _ in range(6)])
    made = equal_mistakes([f"s{n}" for n in range(6)], alike, labels, 5)
    assert not any(one.suspicious for one in made)
    assert all(one.shared == one.both_wrong for one in made)
    assert all(one.expected > 0.35 * one.both_wrong for one in made)  # 0.25 by chance

    apart = np.stack([rng.integers(0, 5, 400) for _ in range(5)])
    apart = np.concatenate((apart, apart[:1]))
    made = equal_mistakes([f"s{n}" for n in range(6)], apart, labels, 5)
    assert [(one.one, one.other) for one in made if one.suspicious] == [("s0", "s5")]


def test_a_pair_alone_is_expected_to_err_as_the_class_does_on_other_pictures() -> None:
    """Two wrong styles, each half of the time: half of the mistakes are equal by chance."""
    labels = np.zeros(40, np.int64)
    own = np.tile([1, 2], 20)
    (made,) = equal_mistakes(["a", "b"], np.stack([own, own]), labels, 3)
    assert (made.both_wrong, made.shared) == (40, 40)
    assert made.expected == approx(20, abs=0.01)
