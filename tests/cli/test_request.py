"""From files, assignments and options to settings:

the later wins, and the course's file is taken as it stands.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from impasto.cli.request import DEFAULT_STUDY, read_request
from impasto.config import Settings
from impasto.errors import SettingsError


class Train(Settings):
    epochs: int = 2
    batch_size: int = 8
    device: str = "auto"
    rate: float = 0.5


class Judged(Train):
    teach: Train = Train()


class Plain(Settings):
    seed: int = 0


class Whole(Settings):
    seed: int = 0
    name: str | None = None
    sizes: list[int] = Field([1])
    train: Train = Train()


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("seed=3", Whole(seed=3)),
        (" seed = 3 ", Whole(seed=3)),
        ("name=impasto", Whole(name="impasto")),
        ('name="a=b"', Whole(name="a=b")),
        ("name=a=b", Whole(name="a=b")),
        ("sizes=[1, 2]", Whole(sizes=[1, 2])),
        ("train.rate=0.25", Whole(train=Train(rate=0.25))),
        ("train={epochs=7}", Whole(train=Train(epochs=7))),
    ],
)
def test_an_assignment_sets_one_value(assignment: str, expected: Whole) -> None:
    assert read_request(None, [assignment]).settings(Whole) == expected


@pytest.mark.parametrize("assignment", ["seed", "=3", " =3", ""])
def test_what_is_no_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(SettingsError, match="is not of the form name=value"):
        read_request(None, [assignment])


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("sed=3", r"^1 error in --set: sed: unknown setting, did you mean 'seed'\?"),
        ("train.epoch=3", r"train\.epoch: unknown setting, did you mean 'epochs'\?"),
        ("seed=many", "seed: input should be a valid integer, not 'many'"),
    ],
)
def test_a_wrong_assignment_is_named(assignment: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_request(None, [assignment]).settings(Whole)


def test_the_later_wins_and_tables_are_laid_upon_each_other(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("seed = 1\nname = 'file'\n[train]\nepochs = 3\nrate = 0.1\n")
    request = read_request(path, ["train.epochs=4", "seed=2"])
    made = request.settings(Whole, {"seed": None, "train.epochs": 5, "train.device": None})
    assert made == Whole(seed=2, name="file", train=Train(epochs=5, rate=0.1))
    assert request.settings(Whole, {"seed": 0}).seed == 0
    assert request.origin == f"{path} and --set"
    assert (request.sources, request.study) == ((), DEFAULT_STUDY)


def course(folder: Path, **changes: Any) -> Path:
    keys = {"trainingdir": "data/train", "testingdir": "data/test", "modelfile": "out/wikiart.pth"}
    rest = {"device": "cuda:1", "epochs": 20, "batch_size": 32}
    (folder / "config.json").write_text(json.dumps({**keys, **rest, **changes}))
    return folder / "config.json"


def test_the_courses_file_is_taken_as_it_stands(tmp_path: Path) -> None:
    request = read_request(course(tmp_path))
    assert request.sources == (Path("data/train"), Path("data/test"))
    assert request.study == Path("out/wikiart")
    trained = {"epochs": 20, "batch_size": 32, "device": "auto"}
    assert request.settings(Train) == Train(**trained)  # type: ignore[arg-type]
    assert request.settings(Whole) == Whole(train=Train(**trained))  # type: ignore[arg-type]
    assert read_request(course(tmp_path, device="cpu")).settings(Train).device == "cpu"


@pytest.mark.parametrize("there", [False, True])
def test_a_gpu_that_is_missing_is_said_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    there: bool,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    request = read_request(course(tmp_path))
    assert request.settings(Train).device == ("cuda" if there else "auto")
    line = "" if there else "which this machine lacks: computing on the CPU\n"
    said = capsys.readouterr().err
    assert said.endswith(line) and said.count("\n") == (not there)
    # What an option asks for is not put right in silence
    assert request.settings(Train, {"device": "cuda"}).device == "cuda"
    assert capsys.readouterr().err == ""
    # A verb without a device does not look for one
    assert request.settings(Plain).seed == 0
    assert capsys.readouterr().err == ""


def test_assignments_win_over_the_courses_file(tmp_path: Path) -> None:
    request = read_request(course(tmp_path), ["train.epochs=1", "seed=9"])
    made = request.settings(Whole, {"train.batch_size": 4})
    assert (made.train.epochs, made.train.batch_size, made.train.device, made.seed) == (
        1,
        4,
        "auto",
        9,
    )


def test_the_courses_device_is_left_to_the_table_around(tmp_path: Path) -> None:
    made = read_request(course(tmp_path, device="cpu")).settings(Judged)
    assert (made.device, made.teach.device, made.teach.epochs) == ("cpu", "auto", 20)
    assert "device" not in made.teach.model_fields_set  # so it is as the other's


def test_parts_of_the_courses_file_may_be_missing_but_nothing_may_be_added(tmp_path: Path) -> None:
    (tmp_path / "part.json").write_text('{"trainingdir": "train"}')
    request = read_request(tmp_path / "part.json")
    assert (request.sources, request.study) == ((Path("train"),), DEFAULT_STUDY)
    assert request.settings(Train) == Train()
    with pytest.raises(SettingsError, match=r"epoch: unknown setting, did you mean 'epochs'\?"):
        read_request(course(tmp_path, epoch=3))


def test_a_model_file_named_like_the_pictures_folder_gets_a_study_beside_it(tmp_path: Path) -> None:
    """The example of the page on the course's file: the study must not lie among the pictures."""
    file = tmp_path / "config.json"
    keys = {
        "trainingdir": "wikiart/train",
        "testingdir": "wikiart/test",
        "modelfile": "wikiart.pth",
    }
    file.write_text(json.dumps(keys))
    assert read_request(file).study == Path("wikiart-study")
    file.write_text(json.dumps({**keys, "modelfile": "models/wikiart.pth"}))
    assert read_request(file).study == Path("models/wikiart")
