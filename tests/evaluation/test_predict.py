"""Predicting:

the same answers as the evaluation's, heat maps, and clear words about what cannot be read.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from impasto.embedding.embed import encoder
from impasto.errors import InputError, RunError
from impasto.evaluation.grad_cam import heat_maps
from impasto.evaluation.ood import ENOUGH, OodDetector
from impasto.evaluation.predict import Prediction, Predictor, PredictSettings, predict, write_csv
from impasto.evaluation.settings import Views
from impasto.files import write_text
from impasto.files.checksums import forget
from quick_settings import STYLES

from .conftest import Trained


@pytest.fixture(scope="session")
def pictures(picture_folder: Callable[..., Path]) -> Path:
    """The pictures of the trained run's collection, painted again: equal to the byte."""
    return picture_folder(styles=STYLES, train=(60, 45, 30, 24), test=12, artists=4)


def test_predictions_are_the_evaluations(trained: Trained, pictures: Path) -> None:
    table = pq.read_table(trained.evaluation.path / "predictions.parquet").to_pylist()
    made = {
        str(p.path.relative_to(pictures)): p for p in predict(trained.run.path, pictures / "test")
    }
    assert made.keys() == {row["id"] for row in table}
    for row in table:
        mine = made[row["id"]]
        assert mine.style == row["predicted"]
        assert list(mine.members or ()) == row["set"]
        assert mine.in_distribution == row["in_distribution"]
        assert [mine.probabilities[style] for style in STYLES] == pytest.approx(
            row["probabilities"], abs=1e-5
        )
        shares = list(mine.probabilities.values())
        assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("scales", [(1.0, 1.25), (1.25,)])
def test_what_the_network_computes_once_is_what_each_question_alone_gets(
    trained: Trained, scales: tuple[float, ...]
) -> None:
    """Predictions, embeddings and heat maps; the picture itself need not be one of the views."""
    opened = Predictor.open(trained.run.path, PredictSettings())
    predictor = replace(
        opened, _calibrated=replace(opened._calibrated, views=Views(flip=True, scales=scales))
    )
    pixels = np.asarray(trained.collection.pixels[:5])
    paths = [Path(str(number)) for number in range(5)]
    explained = predictor.explain(paths, pixels)
    wanted = predictor.predict(paths, pixels)
    for mine, other in zip(explained.predictions, wanted, strict=True):
        assert mine.path == other.path
        assert mine.probabilities == pytest.approx(dict(other.probabilities), abs=1e-5)
        assert (mine.members, mine.in_distribution) == (other.members, other.in_distribution)
    embeddings = encoder(trained.run, "cpu")(pixels)
    assert explained.embeddings == pytest.approx(embeddings, abs=1e-4)
    styles = np.array([predictor.position(one.style) for one in wanted])
    assert explained.heat == pytest.approx(heat_maps(predictor.network, pixels, styles), abs=1e-3)


def test_a_table_of_predictions_opens_in_a_spreadsheet_and_runs_no_formula(tmp_path: Path) -> None:
    made = [
        Prediction(Path("=a.jpg"), {"Ukiyo_e": 0.75, "Baroque": 0.25}, None, None, None),
        Prediction(Path("ö.jpg"), {"Baroque": 0.5, "Ukiyo_e": 0.5}, ("Baroque", "X"), False, None),
    ]
    write_csv(tmp_path / "new" / "t.csv", made)
    content = (tmp_path / "new" / "t.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == [
        "path,style,probability,set,in_distribution,Baroque,Ukiyo_e",
        "'=a.jpg,Ukiyo_e,0.7500,,,0.2500,0.7500",
        "ö.jpg,Baroque,0.5000,Baroque | X,no,0.5000,0.5000",
    ]


def test_a_set_of_all_styles_is_named_as_such() -> None:
    shares = {"Ukiyo_e": 0.754, "Baroque": 0.246}
    some = Prediction(Path("a.jpg"), shares, ("Ukiyo_e",), None, None)
    assert some.as_text() == "a.jpg: Ukiyo_e 75 %, Baroque 25 %\n  one of: Ukiyo_e"
    every = Prediction(Path("a.jpg"), shares, ("Baroque", "Ukiyo_e"), None, None)
    assert every.as_text().endswith("\n  one of: all 2 styles")


def test_noise_looks_unlike_anything_trained_on(trained: Trained, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    (prediction,) = predict(trained.run.path, [tmp_path / "noise.png"])
    assert prediction.in_distribution is None  # too few pictures are left for a limit
    assert "unlike the pictures" not in prediction.as_text()
    run = tmp_path / "run"
    shutil.copytree(trained.run.path, run)
    detector = OodDetector.load(run / "evaluation" / "ood.safetensors")
    enough = replace(detector, held_out=np.resize(detector.held_out, ENOUGH))
    enough.save(run / "evaluation" / "ood.safetensors")
    (prediction,) = predict(run, [tmp_path / "noise.png"])
    assert prediction.in_distribution is False
    assert "unlike the pictures trained on, as at most one in 20" in prediction.as_text()


def test_heat_maps_are_written_under_names_of_their_own(
    trained: Trained, pictures: Path, tmp_path: Path
) -> None:
    first = sorted((pictures / "test" / STYLES[0]).glob("*.jpg"))[0]
    (tmp_path / "again").mkdir()
    second = Path(shutil.copy(first, tmp_path / "again" / first.name.upper()))
    made = predict(trained.run.path, [first, second], output=tmp_path / "heat")
    assert len({str(p.heatmap).casefold() for p in made}) == 2  # on a disk that tells no case too
    for prediction in made:
        assert prediction.heatmap is not None
        with Image.open(prediction.heatmap) as image:
            assert image.size == (384, 384)


def test_bad_pictures_are_left_out_by_name(
    trained: Trained, pictures: Path, tmp_path: Path
) -> None:
    good = next((pictures / "test").rglob("*.jpg"))
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "empty.jpg").touch()
    said: list[str] = []
    made = predict(
        trained.run.path, [tmp_path / "text.jpg", good, tmp_path / "empty.jpg"], on_skip=said.append
    )
    assert [p.path for p in made] == [good]
    assert [line.split(" is left out: ")[0] for line in said] == [
        str(tmp_path / "text.jpg"),
        str(tmp_path / "empty.jpg"),
    ]
    with pytest.raises(InputError, match="none of the pictures can be read"):
        predict(trained.run.path, tmp_path)
    with pytest.raises(InputError, match="no such picture"):
        predict(trained.run.path, [tmp_path / "nowhere.jpg"])
    (tmp_path / "hollow").mkdir()
    with pytest.raises(InputError, match="holds no pictures"):
        predict(trained.run.path, tmp_path / "hollow")


def test_a_run_without_evaluation_says_what_is_lacking(
    trained: Trained, pictures: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained.run.path, run, ignore=shutil.ignore_patterns("evaluation*"))
    said: list[str] = []
    (prediction, *_) = predict(run, pictures / "test", on_skip=said.append)
    assert prediction.members is None
    assert prediction.in_distribution is None
    assert len(said) == 1
    assert "run impasto evaluate first" in said[0]


def test_another_prior_has_no_conformal_sets(trained: Trained, pictures: Path) -> None:
    (prediction, *_) = predict(trained.run.path, pictures / "test", PredictSettings(prior="train"))
    assert prediction.members is None


def test_a_damaged_evaluation_is_named(trained: Trained, pictures: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained.run.path, run)
    kept = json.loads((run / "evaluation" / "calibration.json").read_text())["weights"]
    write_text(run / "evaluation" / "calibration.json", json.dumps({"weights": kept}))
    with pytest.raises(
        RunError, match=r"calibration\.json is no calibration .*: run impasto evaluate again"
    ):
        predict(run, pictures / "test")


def test_an_evaluation_of_other_weights_is_not_used(
    trained: Trained, pictures: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained.run.path, run)
    weights = load_file(run / "best.safetensors")
    save_file({**weights, "head.bias": weights["head.bias"] + 1}, run / "best.safetensors")
    with pytest.raises(RunError, match=r"best\.safetensors is damaged"):
        predict(run, pictures / "test")
    forget(run / "best.safetensors")
    said: list[str] = []
    (prediction, *_) = predict(run, pictures / "test", on_skip=said.append)
    assert prediction.members is None
    assert "was trained further since it was evaluated" in said[0]
