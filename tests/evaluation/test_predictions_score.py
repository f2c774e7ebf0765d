"""Tables of predictions: how they are read and scored, and that nothing is guessed in silence.

Real files of other programs: ``test_peer_predictions.py``.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import impasto
from impasto.collection.collection import Collection
from impasto.config import parse
from impasto.errors import InputError, SettingsError, VocabularyError
from impasto.evaluation.classifier import evaluate_classifier
from impasto.evaluation.predict import Prediction, write_csv
from impasto.evaluation.predictions_score import score_predictions
from impasto.evaluation.settings import PredictionsSettings
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.finding import Finding

STYLES = ("Bands", "Columns", "Diagonals")
ORDER = {"classes": STYLES}
# Two of twelve answers are wrong: a picture of Bands is called Diagonals, one of Columns Bands
ANSWERS = (0, 2, 0, 0, 1, 1, 0, 1, 2, 2, 2, 2)
CONFUSION = ((3, 0, 1), (1, 3, 0), (0, 0, 4))


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    """Three styles with four test pictures each, by two artists a style."""
    return make_collection(artists=2, validation_share=0.2)


@pytest.fixture
def score(collection: Collection, tmp_path: Path) -> Callable[..., ClassifierEvaluation]:
    """A function: the score of a file, or of rows that it writes as one."""

    def scored(file: Path | pd.DataFrame, **options: Any) -> ClassifierEvaluation:
        if isinstance(file, pd.DataFrame):
            path = tmp_path / "predictions.csv"
            file.to_csv(path, index=False)
        else:
            path = file
        announce = options.pop("announce", None)
        settings = parse(PredictionsSettings, {"bootstrap_samples": 100, **options}, "the test")
        return score_predictions(path, collection, tmp_path / "scored", settings, announce=announce)

    return scored


@pytest.fixture
def right(collection: Collection) -> pd.DataFrame:
    """A table that answers every test picture rightly."""
    rows = collection.indices("test")
    columns = {"path": collection.column("id"), "style": collection.column("style")}
    return pd.DataFrame({name: [column[row] for row in rows] for name, column in columns.items()})


@pytest.fixture
def numbers(right: pd.DataFrame) -> pd.DataFrame:
    """A table of ``ANSWERS`` by number, beside the true styles' numbers."""
    labels = [STYLES.index(style) for style in right["style"]]
    return pd.DataFrame({"path": right["path"], "pred": ANSWERS, "label": labels})


@pytest.fixture
def shares(right: pd.DataFrame) -> pd.DataFrame:
    """A table of probabilities of which ``ANSWERS`` have the highest."""
    values = np.random.default_rng(0).uniform(0.05, 0.25, (len(ANSWERS), len(STYLES)))
    values[np.arange(len(ANSWERS)), ANSWERS] = np.linspace(0.5, 0.95, len(ANSWERS))
    table = pd.DataFrame(values / values.sum(1, keepdims=True), columns=list(STYLES))
    table.insert(0, "path", right["path"])
    return table


def finding(made: ClassifierEvaluation, code: str) -> Finding:
    return next(one for one in made.findings if one.code == code)


@pytest.mark.parametrize("kind", ["numbers", "shares"])
def test_tables_of_office_programs_go_through(
    score: Callable[..., ClassifierEvaluation],
    kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Semicolons for commas, an encoding of their own, backslashes in paths."""
    table: pd.DataFrame = request.getfixturevalue(kind)
    if kind == "numbers":
        table["pred"] = [STYLES[number] for number in ANSWERS]
    text = table.to_csv(index=False).replace(",", ";").replace("test/", "C:\\Bilder\\test\\")
    (tmp_path / "office.csv").write_text(text.replace("/", "\\"), encoding="utf-16")
    assert score(tmp_path / "office.csv").confusion == CONFUSION


def test_the_table_of_impasto_predict_goes_through(
    score: Callable[..., ClassifierEvaluation], right: pd.DataFrame, tmp_path: Path
) -> None:
    """Its column ``set`` holds styles and not the side of a split."""
    made = [
        Prediction(
            Path(path), {style: 0.6} | {other: 0.2 for other in STYLES if other != style},
            (style,), True, None,
        )
        for path, style in right.itertuples(index=False)
    ]  # fmt: skip
    write_csv(tmp_path / "own.csv", made)
    notes: list[str] = []
    scored = score(tmp_path / "own.csv", announce=notes.append)
    assert scored.scores["accuracy"].value == 1 and scored.calibration is not None
    assert not [note for note in notes if "split" in note]


@pytest.mark.parametrize("apart", [True, False])
def test_ranks_without_classes_are_refused(
    score: Callable[..., ClassifierEvaluation], shares: pd.DataFrame, apart: bool
) -> None:
    falling = -np.sort(-shares[list(STYLES)].to_numpy(), axis=1)
    table = pd.DataFrame({"path": shares["path"]})
    if apart:
        table[["prob_0", "prob_1", "prob_2"]] = falling
    else:
        table["prob"] = [str(row) for row in falling]
    with pytest.raises(InputError, match=r"fall in every row.*--topk 0"):
        score(table, **ORDER)


def test_numbers_mean_nothing_without_their_order(
    score: Callable[..., ClassifierEvaluation],
    numbers: pd.DataFrame,
    shares: pd.DataFrame,
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError, match="by numbers, as 0: give their names"):
        score(numbers)
    assert score(numbers, classes="alphabetical").confusion == CONFUSION
    assert score(numbers, classes=STYLES).confusion == CONFUSION
    lines = tmp_path / "classes.txt"
    lines.write_text("0 Bands\n1 Columns\n2 Diagonals\n")
    assert score(numbers, classes=str(lines)).confusion == CONFUSION
    numbered = shares.rename(columns={style: f"prob_{n}" for n, style in enumerate(STYLES)})
    with pytest.raises(InputError, match="3 numbers a picture, but --classes names 2"):
        score(numbered, classes=STYLES[:2])
    with pytest.raises(InputError, match="class number 2, but --classes names 2"):
        score(numbers, classes=STYLES[:2])


def test_a_row_for_each_picture_and_class_is_gathered(
    score: Callable[..., ClassifierEvaluation], shares: pd.DataFrame
) -> None:
    """As ``to_df`` of Ultralytics and pipelines of transformers give it, in any order of rows."""
    long = shares.melt("path", var_name="class", value_name="confidence")
    made, wide = score(long.sample(frac=1, random_state=0)), score(shares)
    assert made.confusion == CONFUSION and made.source and made.source.repeated == 0
    assert made.calibration and wide.calibration
    assert made.calibration.nll_after == approx(wide.calibration.nll_after)
    two = long.sort_values("confidence").groupby("path").tail(2)
    assert score(two).confusion == CONFUSION and score(two).calibration is None
    with pytest.raises(InputError, match="twice, and otherwise"):
        score(long.drop(columns="confidence"))


def test_true_styles_beside_probabilities_are_no_answers(
    score: Callable[..., ClassifierEvaluation], shares: pd.DataFrame, right: pd.DataFrame
) -> None:
    """A column of labels of the test set would make every answer right."""
    for name in ("label", "y_true", "ground_truth"):
        made = score(shares.assign(**{name: right["style"]}))
        assert made.confusion == CONFUSION
        assert finding(made, "IMP333").outcome == "passed"
    with pytest.raises(InputError, match="holds no answers"):
        score(right.rename(columns={"style": "ground_truth"}))
    corrected = [STYLES[number] for number in ANSWERS]
    corrected[1] = "Bands"  # the other mistake stays: this is a decision of the program
    made = score(shares.assign(label=corrected))
    assert made.scores["accuracy"].value == approx(11 / 12)


def test_another_order_of_the_classes_is_found_out(
    score: Callable[..., ClassifierEvaluation], numbers: pd.DataFrame, shares: pd.DataFrame
) -> None:
    made = score(numbers, classes=("Columns", "Diagonals", "Bands"))
    found = finding(made, "IMP331")
    assert found.outcome == "issue" and found.invalidates
    assert {(row["named"], row["fits"]) for row in found.items} == {
        ("Columns", "Bands"),
        ("Diagonals", "Columns"),
        ("Bands", "Diagonals"),
    }
    assert finding(score(shares), "IMP331").outcome == "passed"


def test_true_styles_of_the_file_are_compared_with_the_collections(
    score: Callable[..., ClassifierEvaluation], right: pd.DataFrame, numbers: pd.DataFrame
) -> None:
    assert finding(score(numbers, **ORDER), "IMP333").numbers["pictures"] == 12
    assert finding(score(numbers, **ORDER), "IMP333").outcome == "passed"
    table = right.rename(columns={"style": "predicted"}).assign(label=right["style"])
    table.loc[0, "label"] = "Columns"
    found = finding(score(table), "IMP333")
    assert found.outcome == "issue" and [row["file"] for row in found.items] == ["Columns"]


def test_names_are_compared_without_case_accents_and_punctuation(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    styles = ("Art_Nouveau_Modern", "Naive_Art_Primitivism", "Ukiyo_e")
    collection = make_collection(styles=styles, train=4, test=2)
    foreign = ("art nouveau (modern)", "Naïve Art (Primitivism)", "ukiyo-e")
    rows = collection.indices("test")
    ids, labels = collection.column("id"), collection.labels
    table = pd.DataFrame({"id": [ids[row] for row in rows]})
    table["prediction"] = [foreign[labels[row]] for row in rows]
    table.to_csv(tmp_path / "p.csv", index=False)
    made = score_predictions(tmp_path / "p.csv", collection, tmp_path / "scored")
    assert made.scores["accuracy"].value == 1


def test_unknown_classes_are_refused_by_name_mapped_or_counted_as_wrong(
    score: Callable[..., ClassifierEvaluation], right: pd.DataFrame, tmp_path: Path
) -> None:
    right["style"] = right["style"].replace({"Columns": "Column pictures", "Bands": "Zigzag"})
    with pytest.raises(VocabularyError, match=r"'Zigzag'.*'Column pictures' .did you mean Columns"):
        score(right)
    made = score(right, other_classes="wrong")
    assert made.scores["accuracy"].value == approx(1 / 3)
    assert made.source and made.source.foreign == 8
    assert finding(made, "IMP330").outcome == "issue"
    renames = tmp_path / "renames.csv"
    renames.write_text("from,to\nColumn pictures,Columns\nZigzag,\n")
    made = score(right, rename_styles=str(renames))
    assert made.scores["accuracy"].value == approx(2 / 3)


def test_missing_pictures_count_as_wrong_or_are_left_out_and_are_named(
    score: Callable[..., ClassifierEvaluation], right: pd.DataFrame
) -> None:
    lines: list[str] = []
    made = score(right[3:], announce=lines.append)
    assert made.pictures == 12 and made.scores["accuracy"].value == approx(9 / 12)
    assert any("3 of 12 pictures have no row" in line for line in lines)
    found = finding(made, "IMP330")
    assert found.outcome == "issue" and [row["id"] for row in found.items] == list(
        right["path"][:3]
    )
    made = score(right[3:], missing="leave-out")
    assert made.pictures == 9 and made.scores["accuracy"].value == 1
    assert finding(made, "IMP330").numbers["missing"] == 3


def test_contradictory_rows_are_refused_and_equal_ones_counted(
    score: Callable[..., ClassifierEvaluation], right: pd.DataFrame
) -> None:
    again = pd.concat([right, right[:2]])
    made = score(again)
    assert made.source and made.source.repeated == 2 and made.scores["accuracy"].value == 1
    other = right[:1].assign(style="Diagonals")
    with pytest.raises(InputError, match=r"twice, and otherwise: .*row 2 and .*row 14"):
        score(pd.concat([right, other]))


def test_pictures_of_the_training_are_refused_or_left_out(
    score: Callable[..., ClassifierEvaluation],
    collection: Collection,
    right: pd.DataFrame,
    tmp_path: Path,
) -> None:
    row = int(collection.indices("train")[0])
    learned = pd.DataFrame({"path": [collection.column("id")[row]], "style": ["Bands"]})
    both = pd.concat([right, learned])
    with pytest.raises(InputError, match=r"other splits than test \(1 of train\)"):
        score(both)
    made = score(both, split="test")
    assert made.source and made.source.other_splits == 1 and made.pictures == 12

    seen = tmp_path / "seen.txt"
    seen.write_text("\n".join(right["path"][:2]))
    with pytest.raises(InputError, match="trained on 2 pictures of the test split"):
        score(right, trained_on=str(seen))
    made = score(right, trained_on=str(seen), split="test")
    assert made.pictures == 10 and made.source and made.source.trained_on == 2
    assert finding(made, "IMP305").numbers["left_out"] == 2

    said = right.assign(split=["train"] + ["test"] * 11)
    with pytest.raises(InputError, match="by its own account"):
        score(said)


def test_rows_on_no_picture_are_counted_and_a_file_of_them_is_refused(
    score: Callable[..., ClassifierEvaluation], right: pd.DataFrame
) -> None:
    strangers = pd.DataFrame({"path": ["test/Bands/nobody.jpg"], "style": ["Bands"]})
    made = score(pd.concat([right, strangers]))
    found = finding(made, "IMP332")
    assert found.outcome == "issue" and "nobody.jpg" in str(found.items[0]["reason"])
    elsewhere = f"Zigzag/{Path(right['path'][0]).name}"  # a known name in an unknown folder
    made = score(pd.concat([right[1:], strangers.assign(path=elsewhere)]))
    assert made.source and (made.source.unknown, made.source.missing) == (1, 1)
    with pytest.raises(InputError, match=r"answers no test picture.*pictures such as test/Bands/"):
        score(strangers)


def test_a_bare_name_that_fits_two_pictures_is_not_guessed(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = make_collection(train=4, test=2)  # test000.jpg stands in every style's folder
    table = pd.DataFrame({"path": ["test000.jpg", "Bands/test001.jpg"], "style": "Bands"})
    table.to_csv(tmp_path / "p.csv", index=False)
    made = score_predictions(tmp_path / "p.csv", collection, tmp_path / "scored")
    assert made.source and (made.source.unknown, made.source.answered) == (1, 1)
    assert "may be" in str(finding(made, "IMP332").items[0]["reason"])


def test_numbers_that_are_no_shares_are_recognised_and_taken_when_named(
    score: Callable[..., ClassifierEvaluation], shares: pd.DataFrame
) -> None:
    own = score(shares)
    shares = shares.set_index("path")
    logits, percent, apart = np.log(shares) - 3, 100 * shares, shares / 2
    for table, said, way_out in (
        (logits, "logits", "--probabilities logits"),
        (percent, "percent", "--probabilities percent"),
        (apart, "scores", "--probabilities scores"),
    ):
        rows = table.reset_index(names="path")
        with pytest.raises(InputError, match=way_out):
            score(rows)
        made = score(rows, probabilities=said)
        assert made.calibration and own.calibration
        assert made.calibration.nll_after == approx(own.calibration.nll_after, abs=1e-5)


def test_a_known_prior_is_corrected_for_each_score(
    make_collection: Callable[..., Collection], shares: pd.DataFrame, tmp_path: Path
) -> None:
    """Bands have ten times the training pictures: without their share they win less often."""
    collection = make_collection(artists=2, train=(50, 5, 5), test=4, validation_share=0.1)
    flat = 0.4 * shares.set_index("path") + 0.6 * np.array(
        [0.5, 0.25, 0.25]
    )  # unsure, and in favour of Bands
    flat.to_csv(tmp_path / "flat.csv")
    counts = collection.counts("train")
    labels = np.repeat(np.arange(3), 4)
    expected = {
        "train": (flat.to_numpy().argmax(1) == labels).mean(),
        "uniform": ((flat.to_numpy() / counts).argmax(1) == labels).mean(),
    }
    assert expected["train"] != expected["uniform"]
    settings = PredictionsSettings(prior="train", bootstrap_samples=100)
    made = score_predictions(tmp_path / "flat.csv", collection, tmp_path / "scored", settings)
    assert made.prior == "uniform" and set(made.by_prior) == {"uniform", "train"}
    for prior, table in made.by_prior.items():
        assert table["accuracy"].value == approx(expected[prior])

    settings = PredictionsSettings(prior="uniform", bootstrap_samples=100)
    made = score_predictions(tmp_path / "flat.csv", collection, tmp_path / "even", settings)
    uniform = (flat.to_numpy().argmax(1) == labels).mean()
    assert made.by_prior["uniform"]["accuracy"].value == approx(uniform)

    given = score_predictions(tmp_path / "flat.csv", collection, tmp_path / "given")
    assert given.prior == "given" and list(given.by_prior) == ["given"]
    with pytest.raises(InputError, match="can correct nothing"):
        shares[["path"]].assign(style="Bands").to_csv(tmp_path / "bare.csv", index=False)
        score_predictions(tmp_path / "bare.csv", collection, tmp_path / "o", settings)


def test_scores_beside_baselines_intervals_findings_and_a_page(
    collection: Collection, shares: pd.DataFrame, tmp_path: Path
) -> None:
    shares.to_csv(tmp_path / "shares.csv", index=False)
    made = impasto.evaluate_predictions(
        tmp_path / "shares.csv", collection, tmp_path / "scored", bootstrap_samples=100
    )
    majority, oracle = made.baselines["majority"], made.baselines["artist_oracle"]
    assert majority and majority.scores["accuracy"].value == approx(1 / 3)
    assert majority.gains["accuracy"].value == approx(10 / 12 - 1 / 3)
    assert oracle and oracle.scores["accuracy"].value == 1  # every artist has one style
    assert "the oracle's with styles" in finding(made, "IMP302").text
    assert {f"IMP30{n}" for n in (1, 2, 3, 4, 5, 6)} <= {one.code for one in made.findings}
    read = ClassifierEvaluation.read(
        tmp_path / "scored" / "evaluation" / "metrics.json", what="evaluation", verb="evaluate"
    )
    assert read == made
    for name in ("report.html", "report.md"):
        text = (tmp_path / "scored" / name).read_text(encoding="utf-8")
        assert "Artist oracle" in text and "83.3" in text
    assert "The model" in impasto.render_html(made)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,loss\na.jpg,1\n", "holds no answers"),
        ("style\nBands\n", "needs a column path"),
        ("path,style\n", "has no rows"),
        ("path,style\ntest/Bands/x.jpg,\n", "no answer is given"),
        ("test/Bands/x.jpg,Bands\ntest/Bands/y.jpg,Bands\n", "already names a picture"),
        ("model,top1\nresnet18,61.2\n", "needs a column path"),
    ],
)
def test_a_file_without_answers_is_one_line(
    score: Callable[..., ClassifierEvaluation],
    tmp_path: Path,
    content: str,
    message: str,
) -> None:
    (tmp_path / "p.csv").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        score(tmp_path / "p.csv")
    assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError, match="no column that is read"):
        score(tmp_path / "p.csv", columns="colour=x")


def test_a_run_is_compared_on_the_same_pictures(
    trained: Any, collection: Collection, shares: pd.DataFrame, tmp_path: Path
) -> None:
    """The run's own answers, as a file, are no better and no worse than the run."""
    rows = pd.read_parquet(trained.run.path / "evaluation" / "predictions.parquet")
    rows[["id", "predicted"]].to_csv(tmp_path / "own.csv", index=False)
    made = score_predictions(
        tmp_path / "own.csv", trained.collection, tmp_path / "scored", against=[trained.run.path]
    )
    assert made.source
    (test,) = made.source.against
    assert test.p == 1 and test.gains["balanced_accuracy"].value == 0
    own = trained.evaluation.scores["balanced_accuracy"]
    assert made.scores["balanced_accuracy"] == own == test.scores["balanced_accuracy"]
    assert test.scores["accuracy"] == trained.evaluation.scores["accuracy"]

    rows["predicted"] = rows["style"].iloc[::-1].to_numpy()
    rows[["id", "predicted"]].to_csv(tmp_path / "bad.csv", index=False)
    bad = impasto.evaluate_predictions(
        tmp_path / "bad.csv", trained.collection, tmp_path / "other", against=[trained.run]
    )
    assert bad.source and bad.source.against[0].gains["balanced_accuracy"].high < 0
    assert bad.source.against[0].p < 0.05
    page = (tmp_path / "other" / "report.md").read_text(encoding="utf-8")
    assert "difference in points" in page
    shares.to_csv(tmp_path / "shares.csv", index=False)
    with pytest.raises(InputError, match=r"has other styles|did not answer"):
        score_predictions(
            tmp_path / "shares.csv", collection, tmp_path / "third", against=[trained.run.path]
        )


def test_a_run_is_compared_by_its_evaluation_on_the_same_collection(
    trained: Any, tmp_path: Path, make_collection: Callable[..., Collection]
) -> None:
    """A run that was evaluated on several collections has a folder for each."""
    other = make_collection(styles=trained.collection.vocabulary.styles, train=8, test=6, seed=5)
    evaluated = evaluate_classifier(trained.run.path, other.path)
    rows = pd.read_parquet(evaluated.path / "predictions.parquet")
    rows[["id", "predicted"]].to_csv(tmp_path / "own.csv", index=False)
    made = score_predictions(
        tmp_path / "own.csv", other, tmp_path / "scored", against=[trained.run.path]
    )
    assert made.source and made.source.against[0].gains["balanced_accuracy"].value == 0


def test_the_classes_of_a_file_may_come_in_every_common_form(tmp_path: Path) -> None:
    from impasto.collection.layouts.class_names import read_classes  # noqa: PLC0415

    forms: dict[str, Any] = {
        "list.json": ["b", "a"],
        "class_to_idx.json": {"b": 0, "a": 1},
        "id2label.json": {"id2label": {"0": "b", "1": "a"}},
        "styles.json": {"format": 1, "styles": ["b", "a"], "aliases": {}},
    }
    for name, content in forms.items():
        (tmp_path / name).write_text(json.dumps(content))
        assert read_classes(tmp_path / name) == ("b", "a")
    (tmp_path / "lines.txt").write_text("b\na\n")
    assert read_classes(tmp_path / "lines.txt") == ("b", "a")
    (tmp_path / "twice.txt").write_text("b\nb\n")
    with pytest.raises(InputError, match="each class once"):
        read_classes(tmp_path / "twice.txt")
