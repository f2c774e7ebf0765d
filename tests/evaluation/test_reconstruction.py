"""An autoencoder's evaluation:

its numbers agree with slow ones, stand beside PCA, and are judged.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.decomposition import PCA

from impasto.cli import output as show
from impasto.collection.collection import Collection
from impasto.errors import CollectionError
from impasto.evaluation.reconstruction import evaluate_reconstruction as evaluate
from impasto.models.autoencoder import Autoencoder, configured
from impasto.models.image_metrics import psnr, ssim
from impasto.models.preprocess import plain
from impasto.records.run import Run
from impasto.training.autoencoder.train import train_autoencoder
from quick_settings import AUTOENCODER

SETTINGS = AUTOENCODER.model_copy(update={"epochs": 3, "batch_size": 24, "ema_decay": 0.9})


@pytest.fixture(scope="module")
def painted(
    make_collection: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    collection = make_collection(styles=("A", "B", "C"), train=30, test=7)
    return train_autoencoder(collection, tmp_path_factory.mktemp("painted") / "run", SETTINGS)


def shown(collection: Path, split: str) -> torch.Tensor:
    rows = [
        row == split for row in pq.read_table(collection / "paintings.parquet")["split"].to_pylist()
    ]
    pixels = np.load(collection / "pixels.npy")[rows]
    return plain(torch.from_numpy(pixels).permute(0, 3, 1, 2), 32)


def test_the_terminal_shows_psnr_and_ssim_beside_the_baselines(painted: Run) -> None:
    made = evaluate(painted.path)
    lines = show.score_lines(made).splitlines()
    assert lines[1].split("  ")[-1].strip() == "SSIM" and "PSNR in dB" in lines[1]
    assert [line.split("  ")[0] for line in lines[2:]] == [
        "this run",
        "before training",
        "pca",
        "mean picture",
    ]
    mine = made.scores["psnr"]
    assert f"{mine.value:.2f} ({mine.low:.2f}–{mine.high:.2f})" in lines[2]


def test_the_scores_are_those_of_a_slow_rewrite(painted: Run) -> None:
    done = evaluate(painted.path)
    folder = Path(painted.collection["path"])
    test, train = shown(folder, "test"), shown(folder, "train")
    model = Autoencoder(configured(painted.settings)).eval()
    model.load_state_dict(load_file(painted.weights_path))
    with torch.no_grad():
        back = model(test)[0].clamp(-1, 1)
    assert done.scores["psnr"].value == pytest.approx(float(psnr(back, test).mean()), abs=1e-3)
    assert done.scores["ssim"].value == pytest.approx(float(ssim(back, test).mean()), abs=1e-4)
    both = torch.cat((train, train.flip(3)))
    flat = both.contiguous().flatten(1).double().numpy()
    exact = PCA(12, svd_solver="full").fit(flat)
    given = exact.inverse_transform(exact.transform(test.contiguous().flatten(1).double().numpy()))
    simple = torch.from_numpy(given).float().view(test.shape).clamp(-1, 1)
    assert done.baselines["pca"]["psnr"].value == pytest.approx(
        float(psnr(simple, test).mean()), abs=0.02
    )
    mean = train.mean(0, keepdim=True).expand_as(test)
    expected = float(psnr(mean, test).mean())
    assert done.baselines["mean_picture"]["psnr"].value == pytest.approx(expected, abs=1e-3)
    gain = done.gains_over_pca["psnr"]
    assert gain.value == pytest.approx(
        float((psnr(back, test) - psnr(simple, test)).mean()), abs=0.02
    )
    assert gain.low < gain.value < gain.high


def test_the_row_before_training_is_the_autoencoder_of_step_0(painted: Run) -> None:
    """Its residual parts start at zero: set to zero again, what is left is the beginning."""
    done = evaluate(painted.path)
    test = shown(Path(painted.collection["path"]), "test")
    model = Autoencoder(configured(painted.settings)).eval()
    model.load_state_dict(load_file(painted.weights_path))
    with torch.no_grad():
        trained = model(test)[0].clamp(-1, 1)
        for part in (model.learned, model.paint):
            for weight in part.parameters():
                weight.zero_()
        start = model(test)[0].clamp(-1, 1)
    expected = float(psnr(start, test).mean())
    assert done.baselines["before_training"]["psnr"].value == pytest.approx(expected, abs=1e-3)
    gain = float((psnr(trained, test) - psnr(start, test)).mean())
    assert done.gains_by_training["psnr"].value == pytest.approx(gain, abs=1e-3)
    assert abs(gain) > 1e-3


def test_it_writes_a_row_a_picture_and_a_sheet(painted: Run) -> None:
    done = evaluate(painted.path)
    rows = pq.read_table(done.path / "reconstructions.parquet").to_pylist()
    assert len(rows) == done.pictures == 21
    assert np.mean([row["psnr"] for row in rows]) == pytest.approx(done.scores["psnr"].value)
    with Image.open(done.path / "figures" / "reconstructions.png") as sheet:
        assert sheet.size == (8 * 32, 2 * 3 * 32)  # sixteen pictures in two bands of three rows
    assert json.loads((done.path / "metrics.json").read_text())["kind"] == "autoencoder"


def test_it_is_judged_against_pca(painted: Run) -> None:
    done = evaluate(painted.path)
    found = {finding.code: finding for finding in done.findings}
    assert found.keys() == {"IMP305", "IMP307", "IMP310"}
    pca, start = (done.baselines[name]["psnr"].value for name in ("pca", "before_training"))
    gains = done.gains_over_pca if pca > start else done.gains_by_training
    better = gains["psnr"].low > 0 and gains["ssim"].low > 0
    assert found["IMP310"].outcome == ("passed" if better else "issue")
    assert found["IMP305"].outcome == "passed"


def test_too_few_pictures_for_the_baselines_are_refused(
    painted: Run, make_collection: Callable[..., Collection]
) -> None:
    few = make_collection(styles=("A", "B", "C"), train=4, test=2)
    with pytest.raises(CollectionError, match="more than 12 training pictures for its baselines"):
        evaluate(painted.path, few.path)
