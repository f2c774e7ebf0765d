"""Pictures of other programs are scored as a painter's, with what is known of their originals."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from impasto.cli import output as show
from impasto.collection.collection import Collection
from impasto.errors import InputError, RunError, VocabularyError
from impasto.evaluation.copying import borrowed_region, copy_scores
from impasto.evaluation.picture_score import PictureSettings, score_pictures
from impasto.records.painter_score import PainterScore
from impasto.reporting.sections import section_of


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path)


@pytest.fixture(scope="module")
def settings(trained: Any) -> PictureSettings:
    return PictureSettings(classifier=str(trained.run.path), bootstrap_samples=100, device="cpu")


@pytest.fixture(scope="module")
def stylised(
    trained: Any, settings: PictureSettings, tmp_path_factory: pytest.TempPathFactory
) -> PainterScore:
    """Test pictures left as they are but for a training picture pasted into the upper half."""
    found, folder = trained.collection, tmp_path_factory.mktemp("given") / "stylised"
    styles, test, train = found.vocabulary.styles, found.indices("test"), found.indices("train")
    for row in test[::2]:
        target = (found.labels[row] + 1) % len(styles)
        picture = np.array(found.pixels[row])
        lender = train[found.labels[train] == target][0]
        picture[:16] = found.pixels[lender][:16]
        name = Path(found.column("id")[row]).stem
        _save(folder / styles[target].replace("_", " ").lower() / f"{name}.png", picture)
    own = test[0]
    name = Path(found.column("id")[own]).stem
    _save(folder / styles[found.labels[own]] / f"{name}.png", found.pixels[own])
    (folder / styles[0] / "broken.png").parent.mkdir(exist_ok=True)
    (folder / styles[0] / "broken.png").write_bytes(b"no picture")
    return score_pictures(folder, found.path, folder.parent / "scored", settings)


def test_pictures_stand_beside_floor_colours_and_ceiling(
    stylised: PainterScore, trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stylised.names == ("painted", "histogram", "unchanged", "real")
    given, count = stylised.given, len(trained.collection.indices("test")[::2])
    assert given is not None
    assert (stylised.pictures, given.matched, given.own_style, given.skipped) == (
        count,
        count,
        1,
        1,
    )
    assert "broken.png" in given.first_skipped[0]
    assert stylised.arm("unchanged").content.ssim.value == pytest.approx(1, abs=1e-4)
    content = stylised.arm("painted").content
    assert 0.2 < content.ssim.value < 0.9  # the lower halves are the originals'
    assert stylised.resampled.unit == "artists"
    assert {pair.source for pair in stylised.pairs} == set(trained.collection.vocabulary.styles)
    show.evaluation(stylised, as_json=False)
    assert "The pictures" in capsys.readouterr().out
    assert (stylised.path / "figures" / "pictures.png").is_file()
    again = PainterScore.read(
        stylised.path / "painting.json", what="score", verb="impasto evaluate"
    )
    assert again == stylised


def test_a_pasted_piece_of_a_training_picture_is_found(stylised: PainterScore) -> None:
    ours, real = stylised.arm("painted").copying, stylised.arm("real").copying
    assert ours is not None and real is not None
    assert ours.region > 0.25 > real.region
    assert ours.large > 0.5
    outcomes = {one.code: one.outcome for one in stylised.findings}
    assert outcomes["IMP319"] == "issue"
    codes = ["IMP311", "IMP312", "IMP313", "IMP315", "IMP317", "IMP318", "IMP319", "IMP320"]
    assert sorted(outcomes) == codes


def test_real_works_without_originals_reach_the_ceiling(
    trained: Any, settings: PictureSettings, tmp_path: Path
) -> None:
    """As from a text-to-image model: no name is that of a test picture."""
    found = trained.collection
    for row in found.indices("test"):
        style = found.vocabulary.styles[found.labels[row]]
        _save(tmp_path / "made" / style / f"made-{row}.png", found.pixels[row])
    said: list[str] = []
    quick = settings.model_copy(update={"copying": False})
    score = score_pictures(
        tmp_path / "made", found.path, tmp_path / "out", quick, announce=said.append
    )
    assert any("0 of 48 pictures have their original among test pictures" in line for line in said)
    network = {arm.arm: arm.rates["network"].hit.value for arm in score.arms}
    assert network["painted"] == pytest.approx(network["real"], abs=1e-6)
    assert network["unchanged"] < network["real"]  # stand-ins of other styles
    assert all(arm.content is None for arm in score.arms)
    assert score.pairs == ()
    outcomes = {one.code: one.outcome for one in score.findings}
    assert outcomes["IMP313"] == outcomes["IMP319"] == "not applicable"
    text = str(section_of(score))
    assert "No original is known" in text


def test_originals_may_lie_in_a_folder(
    trained: Any, settings: PictureSettings, tmp_path: Path
) -> None:
    found, styles = trained.collection, trained.collection.vocabulary.styles
    for number, row in enumerate(found.indices("validation")[:8]):
        _save(tmp_path / "photographs" / f"p{number}.png", found.pixels[row])
        _save(tmp_path / "made" / styles[number % 4] / f"p{number}.png", found.pixels[row])
    _save(tmp_path / "made" / styles[0] / "other.png", found.pixels[0])
    quick = settings.model_copy(update={"copying": False, "sources": str(tmp_path / "photographs")})
    score = score_pictures(tmp_path / "made", found.path, tmp_path / "out", quick)
    assert score.given.matched == 8
    assert score.arm("painted").content.ssim.value == pytest.approx(1, abs=1e-4)
    assert score.arm("painted").content.retrieved.value == 1


def test_pictures_of_scikit_image_go_through_as_they_are(
    trained: Any, settings: PictureSettings, tmp_path: Path
) -> None:
    folder = Path(__file__).parent / "peer_outputs" / "scikit-image"
    score = score_pictures(folder, trained.collection.path, tmp_path, settings)
    assert (score.pictures, score.given.matched, score.given.skipped) == (12, 12, 0)
    content = score.arm("painted").content
    assert content.retrieved.value == 1  # histograms were exchanged, forms were kept
    assert content.ssim.value < 1
    outcomes = {one.code: one for one in score.findings}
    assert outcomes["IMP312"].outcome == "not applicable"  # of twelve pictures
    assert outcomes["IMP312"].text.startswith("Too few to tell: 12 pictures.")
    assert {row.style for row in score.per_style} == set(trained.collection.vocabulary.styles)


def test_unknown_folders_and_missing_evaluators_are_named(
    trained: Any, settings: PictureSettings, tmp_path: Path
) -> None:
    found = trained.collection
    style = found.vocabulary.styles[0]
    _save(tmp_path / "made" / f"{style[:-1]}x" / "a.png", found.pixels[0])
    with pytest.raises(VocabularyError, match=rf"did you mean '{style}'.*rename it"):
        score_pictures(tmp_path / "made", found.path, settings=settings)
    with pytest.raises(InputError, match="has no folder of pictures"):
        score_pictures(tmp_path / "made" / f"{style[:-1]}x", found.path, settings=settings)
    with pytest.raises(InputError, match="no folder of pictures"):
        score_pictures(tmp_path / "none", found.path, settings=settings)
    _save(tmp_path / "other" / style / "a.png", found.pixels[0])
    with pytest.raises(RunError, match=r"no evaluator in .*--classifier"):
        score_pictures(tmp_path / "other", found.path)


def test_a_borrowed_region_is_one_piece_at_one_shift() -> None:
    rng = np.random.default_rng(0)
    reference, other = rng.uniform(-1, 1, (2, 64, 64)).astype(np.float32)
    picture = rng.uniform(-1, 1, (64, 64)).astype(np.float32)
    picture[:, :32] = 0.5 * reference[:, 9:41] + 0.1  # moved, darker, of less contrast
    whole = borrowed_region(picture, [other, reference])
    assert whole == pytest.approx(7 * 15 / 15**2, abs=0.01)  # windows within the left half
    assert borrowed_region(picture, [other]) < 0.02
    assert borrowed_region(np.zeros((64, 64), np.float32), [reference]) == 0


@pytest.mark.parametrize("mirrored", [False, True])
def test_copies_of_training_pictures_are_found_as_they_are_and_mirrored(mirrored: bool) -> None:
    """Noise has no symmetry: whatever is found is a copy."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 8, 8, 3)).astype(np.uint8).repeat(4, 1).repeat(4, 2)
    known = cast(Collection, SimpleNamespace(pixels=pixels, labels=np.zeros(24, np.int64)))
    rows = np.arange(12)
    copies = pixels[:4, :, ::-1] if mirrored else pixels[:4]
    found = copy_scores(copies, np.zeros(4, np.int64), pixels[20:], known, rows)
    others = copy_scores(pixels[12:16], np.zeros(4, np.int64), pixels[20:], known, rows)
    assert found and found.region > 0.9 and found.large == 1
    assert found.nearest == pytest.approx(1, abs=1e-3)
    assert others and others.region < 0.1 and others.large == 0
