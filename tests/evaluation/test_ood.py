"""Pictures that are no paintings are told from paintings, at the rate of false alarms promised."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.metrics import roc_auc_score

from conftest import striped
from impasto.errors import InputError, RunError
from impasto.evaluation.made_outliers import (
    KINDS,
    OutlierKind,
    outliers,
    photograph_crops,
    photographs,
)
from impasto.evaluation.ood import ENOUGH, OodDetector, conformal_limit, ood_features
from impasto.evaluation.ood_scores import given_pictures, ood_scores
from impasto.images.treatments import recompressed
from impasto.numerics.bootstrap import PictureDraws
from impasto.numerics.metrics import weighted_auroc

SIZE = 32
Pixels = NDArray[np.uint8]


def stripes(count: int, seed: int) -> Pixels:
    """Pictures of four styles in turn, stored as JPEG."""
    made = [striped(at % 4, 4, np.random.default_rng([seed, at]), SIZE) for at in range(count)]
    return recompressed(np.stack(made), 92)


@pytest.fixture(scope="module")
def detector() -> OodDetector:
    return OodDetector.fit(stripes(700, 0), stripes(300, 1))


def far(detector: OodDetector, pixels: Pixels) -> NDArray[np.float64]:
    return detector.distances(ood_features(pixels, detector.side))


def test_pictures_like_those_of_training_are_inside(detector: OodDetector) -> None:
    inside = detector.inside(far(detector, stripes(300, 2)))
    assert inside is not None
    # 5 % promised; of 300 pictures, with a limit of 300, five deviations are 10 points
    assert 0.85 < inside.mean() < 1


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_painting_lies_outside(kind: OutlierKind, detector: OodDetector) -> None:
    values = far(detector, outliers(kind, 30, SIZE, seed=7))
    inside = detector.inside(values)
    assert inside is not None
    assert (~inside).mean() > 0.8
    usual = far(detector, stripes(100, 3))
    truth = np.repeat([0, 1], [len(usual), len(values)])
    assert roc_auc_score(truth, np.concatenate((usual, values))) > 0.95


def test_how_a_picture_was_stored_before_hardly_counts() -> None:
    coarse = np.random.default_rng(0).integers(0, 256, (620, 9, 9, 3)).astype(np.uint8)
    made = [Image.fromarray(one).resize((64, 64), Image.Resampling.BICUBIC) for one in coarse]
    plain = np.stack([np.asarray(image) for image in made])
    stored = recompressed(plain[:500], 90)
    detector = OodDetector.fit(stored[:280], stored[280:])
    inside = detector.inside(far(detector, plain[500:]))  # never compressed
    assert inside is not None
    assert inside.mean() > 0.8


def test_the_distance_is_mahalanobis() -> None:
    """Against the textbook's formula, on features that no clipping touches."""
    known, asked = stripes(300, 4), stripes(5, 5)
    detector = OodDetector.fit(known, asked)
    features = (ood_features(asked, SIZE) - detector.mean) / detector.scale
    moved = features.clip(-5, 5) - detector.centre
    precision = detector.whitening @ detector.whitening.T
    expected = [float(np.sqrt(row @ precision @ row)) for row in moved]
    assert detector.held_out == pytest.approx(expected)
    # The precision inverts a covariance: the mean square of training distances is near its size
    squares = far(detector, known) ** 2
    assert squares.mean() < features.shape[1]


def test_too_few_pictures_give_no_limit() -> None:
    detector = OodDetector.fit(stripes(40, 0), stripes(ENOUGH - 1, 1))
    assert detector.limit is None
    assert detector.inside(np.array([1.0])) is None


def test_the_limit_is_the_conformal_quantile() -> None:
    distances = np.arange(1.0, 100)  # 99 of them: the 95th of 100 places
    assert conformal_limit(distances, 0.05) == 95
    assert conformal_limit(distances, 0.01) == 99
    assert conformal_limit(distances, 0.005) == np.inf


def test_false_alarms_of_the_limit_are_as_promised() -> None:
    rng, beyond = np.random.default_rng(0), []
    for _ in range(400):
        limit = conformal_limit(rng.gamma(2, 1, 200), 0.05)
        beyond.append((rng.gamma(2, 1, 200) > limit).mean())
    assert 0.04 < np.mean(beyond) < 0.055


def test_it_is_the_same_after_saving(detector: OodDetector, tmp_path: Path) -> None:
    detector.save(tmp_path / "known.safetensors")
    again = OodDetector.load(tmp_path / "known.safetensors")
    asked = stripes(20, 6)
    assert far(again, asked) == pytest.approx(far(detector, asked), rel=1e-4)
    assert again.limit == detector.limit


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "known.safetensors").write_bytes(b"no tensors")
    with pytest.raises(
        RunError, match=r"known\.safetensors cannot be read .*: run impasto evaluate again"
    ):
        OodDetector.load(tmp_path / "known.safetensors")


def test_auroc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    low, high = rng.integers(0, 9, 40).astype(float), rng.integers(3, 12, 25).astype(float)
    ones = np.ones((1, 40)), np.ones((1, 25))
    truth = np.repeat([0, 1], [40, 25])
    expected = roc_auc_score(truth, np.concatenate((low, high)))
    assert weighted_auroc(low, high, *ones) == pytest.approx([expected])
    weights = rng.integers(0, 3, (1, 40)).astype(float), rng.integers(0, 3, (1, 25)).astype(float)
    expected = roc_auc_score(
        truth, np.concatenate((low, high)), sample_weight=np.concatenate(weights, 1)[0]
    )
    assert weighted_auroc(low, high, *weights) == pytest.approx([expected])


def test_scores_of_every_kind_with_intervals(detector: OodDetector) -> None:
    tested = far(detector, stripes(80, 8))
    draws = PictureDraws.make(np.arange(80) % 4, 4, None, resamples=200, seed=0)
    found = ood_scores(detector, draws, tested, given=stripes(60, 9))
    rows = {row.kind: row for row in found.kinds}
    assert rows.keys() == {*KINDS, "given"}
    assert rows["photographs"].units == len(photographs())
    assert rows["noise"].auroc.value > 0.95
    assert rows["noise"].auroc.low < rows["noise"].auroc.high  # also where all are told apart
    assert rows["noise"].detected["0.05"].value > 0.8
    assert found.beyond["0.05"].value < 0.2
    # The same kind of pictures is not told apart
    assert rows["given"].auroc.low < 0.5 < rows["given"].auroc.high
    few = OodDetector.fit(stripes(40, 0), stripes(20, 1))
    without = ood_scores(few, draws, tested)
    assert without.limit is None
    assert not without.beyond
    assert not any(row.detected for row in without.kinds)


def test_pictures_of_a_folder_are_taken(tmp_path: Path) -> None:
    for place, one in enumerate(stripes(3, 0)):
        Image.fromarray(one).save(tmp_path / f"{place}.png")
    assert given_pictures(tmp_path, SIZE, "squash").shape == (3, SIZE, SIZE, 3)
    with pytest.raises(InputError):
        given_pictures(tmp_path / "nowhere", SIZE, "squash")


def test_made_pictures_are_those_of_their_seed() -> None:
    for kind in KINDS:
        made = outliers(kind, 4, SIZE, seed=3)
        assert (made == outliers(kind, 4, SIZE, seed=3)).all()
        assert (made != outliers(kind, 4, SIZE, seed=4)).any()
    assert photograph_crops([], 4, SIZE).shape == (0, SIZE, SIZE, 3)
