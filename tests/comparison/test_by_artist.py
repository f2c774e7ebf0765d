"""``impasto evaluate --by artist``:

it sees a leak where there is one and none elsewhere, and goes on where it was.
"""

import colorsys
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.cli.main import run
from impasto.collection.collection import Collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.comparison.by_artist import ByArtistSettings, evaluate_by_artist
from impasto.errors import CollectionError, OutputError
from impasto.files import read_json, write_table
from impasto.records import finding as findings
from impasto.records.by_artist import ByArtistResult
from impasto.records.run import open_run
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier

STYLES = ("Bands", "Columns", "Diagonals")
CALM = AugmentSettings(
    crop_scale=(0.8, 1.0), flip=False, brightness=0.0, contrast=0.0, saturation=0.0, cutmix=0.0
)  # colours tell, and a mirrored slope is another style
BASE: dict[str, Any] = {
    "size": "tiny", "resolution": 32, "batch_size": 16, "ema_decay": 0.9, "precision": "float32",
    "device": "cpu",
    "augment": CALM,
}  # fmt: skip


def tinted(folder: Path, each: int = 14) -> Path:
    """Pictures that show their artist's colour and nothing of their style:

    nine artists, three of each style.
    """
    for number in range(9):
        style = STYLES[number % 3]
        (folder / style).mkdir(parents=True, exist_ok=True)
        colour = np.array(colorsys.hsv_to_rgb(number / 9, 1.0, 1.0))
        for work in range(each):
            rng = np.random.default_rng([number, work])
            ground = Image.fromarray(rng.uniform(80, 255, (4, 4)).astype(np.uint8)).resize((40, 40))
            pixels = np.asarray(ground, float)[..., None] * (0.2 + 0.8 * colour) + rng.normal(
                0, 6, (40, 40, 3)
            )
            name = f"artist-{number}_work-{work}-1890.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / style / name)
    return folder


def run_on(collection: Collection, path: Path, **changed: Any) -> Path:
    """A run whose settings are what is compared; it is not scored itself."""
    return train_classifier(
        collection, path, ClassifierSettings(**{**BASE, "epochs": 1, **changed})
    ).path


def recipe(run: Path, **changed: Any) -> ByArtistSettings:
    given = ClassifierSettings.model_validate_json(
        json.dumps({**open_run(run).settings, **changed})
    )
    return ByArtistSettings(folds=3, train=given)


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> ByArtistResult:
    """Compared on pictures of which the artist's colour is all there is to learn."""
    folder = tmp_path_factory.mktemp("leaking")
    settings = PrepareSettings(pixels=32, workers=1, test_share=0.1)
    collection = prepare(tinted(folder / "pictures"), folder / "collection", settings)
    run = run_on(collection, folder / "run")
    return evaluate_by_artist(run, recipe(run, epochs=24))


def test_a_leak_is_seen(leaking: ByArtistResult) -> None:
    scores = leaking.model_dump(mode="json")["scores"]["network"]
    ordinary, disjoint, gap = (
        scores[arm]["balanced_accuracy"] for arm in ("ordinary", "disjoint", "gap")
    )
    assert ordinary["value"] > 0.8
    assert disjoint["value"] < 0.5  # guessing: 0.33
    assert gap["value"] == pytest.approx(ordinary["value"] - disjoint["value"])
    assert gap["low"] > 0.2
    (finding,) = leaking.findings
    assert (finding.code, finding.outcome, finding.invalidates) == ("IMP402", "issue", False)
    assert findings.load(leaking.path / "findings.json")[0].text == finding.text


def test_the_oracle_knows_nothing_of_unseen_artists(leaking: ByArtistResult) -> None:
    oracle, majority = (
        leaking.model_dump(mode="json")["scores"][who] for who in ("artist_oracle", "majority")
    )
    assert oracle["ordinary"]["accuracy"]["value"] == 1.0
    assert oracle["disjoint"] == majority["disjoint"]


def test_the_files_agree(leaking: ByArtistResult) -> None:
    assert read_json(leaking.path / "by-artist.json") == leaking.model_dump(mode="json")
    table = pq.read_table(leaking.path / "predictions.parquet").to_pydict()
    assert len(table["id"]) == len(set(table["id"])) == leaking.model_dump(mode="json")["pictures"]
    assert leaking.model_dump(mode="json")["artists"] == 9
    for arm in ("ordinary", "disjoint"):
        right = np.mean(
            [one == other for one, other in zip(table["style"], table[arm], strict=True)]
        )
        assert leaking.model_dump(mode="json")["scores"]["network"][arm]["accuracy"][
            "value"
        ] == pytest.approx(right)
    places = dict(zip(table["artist"], table["disjoint_fold"], strict=True))
    assert all(
        places[a] == fold for a, fold in zip(table["artist"], table["disjoint_fold"], strict=True)
    )
    assert leaking.model_dump(mode="json")["unmatched"] == 0
    for row in leaking.model_dump(mode="json")["trainings"]:
        twin = next(
            r
            for r in leaking.model_dump(mode="json")["trainings"]
            if r["fold"] == row["fold"] and r["arm"] != row["arm"]
        )
        assert [row[key] for key in ("train", "validation", "held")] == [
            twin[k] for k in ("train", "validation", "held")
        ]


@pytest.fixture(scope="module")
def honest(
    make_collection: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run on pictures that show their style, by artists whom nothing gives away."""
    collection = make_collection(styles=STYLES, train=45, test=6, artists=5)
    return run_on(collection, tmp_path_factory.mktemp("honest") / "run")


def test_no_leak_is_seen_where_there_is_none(honest: Path) -> None:
    done = evaluate_by_artist(honest, recipe(honest, epochs=24))
    scores = done.model_dump(mode="json")["scores"]["network"]
    assert scores["disjoint"]["balanced_accuracy"]["value"] > 0.7
    assert abs(scores["gap"]["balanced_accuracy"]["value"]) < 0.15
    assert done.model_dump(mode="json")["pictures"] == 3 * 45  # the test split takes no part
    shutil.rmtree(done.path)


def test_it_goes_on_where_it_was(honest: Path, tmp_path: Path) -> None:
    whole = evaluate_by_artist(honest, recipe(honest))
    lines: list[str] = []
    (whole.path / "by-artist.json").unlink()
    shutil.rmtree(whole.path / "disjoint-2")
    (whole.path / "ordinary-3" / "answers.json").unlink()
    before = (whole.path / "ordinary-1" / "run.json").stat().st_mtime_ns
    # What began as an autoencoder begins afresh here: that one has seen the artists who are held
    # out
    again = evaluate_by_artist(
        honest, recipe(honest, warm_start="../autoencoder"), announce=lines.append
    )

    def timeless(result: Any) -> Any:
        return {**result, "trainings": [{**row, "seconds": 0} for row in result["trainings"]]}

    assert timeless(again.model_dump(mode="json")) == timeless(whole.model_dump(mode="json"))
    assert (whole.path / "ordinary-1" / "run.json").stat().st_mtime_ns == before
    assert [line.partition(":")[0] for line in lines] == [
        f"{arm} fold {n} of 3" for n in (1, 2, 3) for arm in ("ordinary", "disjoint")
    ]
    assert not (whole.path / "disjoint-2" / "last").exists()
    with pytest.raises(
        OutputError, match=r"by-artist holds a comparison .* \(epochs was 1, now 2\): repeat that"
    ):
        evaluate_by_artist(honest, recipe(honest, epochs=2))
    shutil.rmtree(whole.path)


def test_rare_styles_are_named(make_collection: Callable[..., Collection], tmp_path: Path) -> None:
    source = make_collection(styles=STYLES, train=24, test=4, artists=6)
    table = source.table.to_pylist()
    one = [row["artist"] if row["style"] != "Columns" else "columns-painter-0" for row in table]
    for row, artist in zip(table, one, strict=True):
        row["artist"] = artist
    write_table(
        source.path / "paintings.parquet",
        type(source.table).from_pylist(table, schema=source.table.schema),
    )
    run = run_on(source, tmp_path / "run")
    done = evaluate_by_artist(run, ByArtistSettings(folds=2))
    assert [
        (row["style"], row["artists"]) for row in done.model_dump(mode="json")["not_testable"]
    ] == [("Columns", 1)]
    assert done.model_dump(mode="json")["pictures"] == 48
    assert "Too few artists to test: Columns" in done.findings[0].text
    told = pq.read_table(done.path / "predictions.parquet").to_pydict()
    assert set(told["style"]) == {"Bands", "Diagonals"}


def test_unknown_artists_are_refused(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    run = run_on(make_collection(styles=STYLES, train=16, test=4), tmp_path / "run")
    with pytest.raises(CollectionError, match="no style with training pictures by 3 known artists"):
        evaluate_by_artist(run)
    assert not (run / "by-artist").exists()


def test_the_command(honest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def called(*more: str) -> tuple[int, str, str]:
        status = run(["evaluate", str(honest), *more])
        return status, *capsys.readouterr()

    by_artist = ("--by", "artist", "--set", "folds=2", "--set", "train.batch_size=8")
    status, out, err = called(*by_artist, "--json")
    assert status == 0, err
    told = json.loads(out)
    assert told["train"]["batch_size"] == 8
    assert told["train"]["resolution"] == 32  # the run's own
    assert (
        told["balanced_accuracy_gap"]
        == told["scores"]["network"]["gap"]["balanced_accuracy"]["value"]
    )
    assert len(re.findall(r"fold \d of 2: ", err)) == 4
    assert "each scored once in each arm" in called(*by_artist, "--quiet")[1]
    status, _, err = called("--epochs", "3")
    assert status == 2
    assert "--epochs does not apply to a classifier without --by" in err
    status, _, err = called("--by", "artist", "--collection", "elsewhere")
    assert status == 2
    assert "--collection does not apply" in err
