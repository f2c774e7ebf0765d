"""The command line as its users meet it:

exit statuses, one-line errors, JSON on standard output alone.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from impasto.cli.main import main as cli
from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.pipeline import StudySettings

QUICK = (
    "--size",
    "tiny",
    "--epochs",
    "1",
    "--set",
    "resolution=32",
    "--set",
    "batch_size=16",
    "--device",
    "cpu",
)


def impasto(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "impasto", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=cwd)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The error of a refused command:

    one line, no traceback, nothing on standard output, status 2.
    """
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("impasto: error: ")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0].removeprefix("impasto: error: ")


def test_every_verb_in_order(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    source = picture_folder(train=(24, 16, 12), test=10, artists=3)
    collection, run = tmp_path / "collection", tmp_path / "run"
    done = impasto("prepare", source, "-o", collection, "--size", 32, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pictures"] == 82
    done = impasto("audit", collection, "--json")
    assert done.returncode == 0, done.stderr
    assert {finding["code"] for finding in json.loads(done.stdout)["findings"]} >= {
        "IMP101",
        "IMP108",
        "IMP114",
    }
    done = impasto("train", "classifier", collection, "-o", run, *QUICK, "--quiet", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "done"
    done = impasto("evaluate", run, "--json")
    assert done.returncode == 0, done.stderr
    evaluated = json.loads(done.stdout)
    assert evaluated["accuracy"] == evaluated["scores"]["accuracy"]["value"]
    assert evaluated["spoiled"] is False
    done = impasto("evaluate", run)
    assert "colour histogram" in done.stdout
    done = impasto("predict", run, source / "test" / "Bands", "--json", "-o", tmp_path / "heat")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 10
    assert all({"path", "style", "probabilities"} <= line.keys() for line in lines)
    assert len(list((tmp_path / "heat").iterdir())) == 10


def test_balance_prints_a_table_or_one_object(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    collection, folder = make_collection(train=(24, 16, 12), test=10), tmp_path / "balance"
    quick = [
        name if name == "--set" else name.replace("resolution", "train.resolution")
        for name in QUICK
    ]
    quick = [name.replace("batch_size", "train.batch_size") for name in quick]
    words = (
        "balance",
        collection.path,
        "-o",
        folder,
        *quick,
        "--quiet",
        "--seeds",
        1,
        "--remedies",
    )
    assert "did you mean 'focal-loss'?" in refused(impasto(*words, "focal-los"))
    done = impasto(*words, "post-hoc-logit-adjustment,tau-normalisation")
    assert done.returncode == 0, done.stderr
    assert "recommended: " in done.stdout and str(folder / "balance.md") in done.stdout
    lines = [line for line in done.stderr.splitlines() if "balanced accuracy on validation" in line]
    assert [line.split()[1] for line in lines] == [
        "plain,",
        "post-hoc-logit-adjustment,",
        "tau-normalisation,",
    ]
    again = impasto(*words, "tau-normalisation", "--json")
    result = json.loads(again.stdout)
    assert [row["name"] for row in result["remedies"]] == ["plain", "tau-normalisation"]
    assert result["findings"][0]["code"] == "IMP401" and result["spoiled"] is False


def test_one_option_settles_the_device_of_all_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A course's file from its GPU, on a machine without one."""
    config, asked = tmp_path / "config.json", []
    config.write_text(
        json.dumps({"trainingdir": "train", "device": "cuda:0", "epochs": 1, "batch_size": 8})
    )

    def stop(source: object, folder: Path, settings: StudySettings, **_: object) -> None:
        asked.append(settings.model_dump_json())
        raise InputError("far enough")

    monkeypatch.setattr("impasto.pipeline.run_study", stop)
    for device in (None, "cpu"):
        with pytest.raises(InputError, match="far enough"):
            cli.study(config=config, device=device)  # type: ignore[arg-type]
    assert '"cuda"' in asked[0] and '"cuda"' not in asked[1]


def test_a_spoiled_collection_exits_with_one(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(styles=("A", "B"), train=6, test=(6, 0))
    done = impasto("audit", collection.path)
    assert done.returncode == 1
    assert "IMP110" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prepare", "nowhere", "-o", "c"), "nowhere"),
        (("prepare",), "no source: name a folder of pictures"),
        (("audit", "nowhere"), "no collection in nowhere"),
        (("train", "classifier", "nowhere", "-o", "run"), "no collection in nowhere"),
        (("evaluate", "nowhere"), "no run in nowhere"),
        (("balance", "nowhere", "-o", "b"), "no collection in nowhere"),
        (("balance", "c", "--set", "sedes=3"), "did you mean 'seeds'?"),
        (("study", "--set", "balance.sedes=3"), "did you mean 'seeds'?"),
        (("predict", "nowhere", "a.jpg"), "no run in nowhere"),
        (("report", "nowhere"), "no study in nowhere"),
        (("sample", "g", "--set", "picturs=3"), "did you mean 'pictures'?"),
        (("sample", "g", "--set", "pictures"), "is not of the form name=value"),
        (("study", "-c", "nowhere.toml"), "cannot read the settings file nowhere.toml"),
        (("study", "nowhere", "-o", "s"), "nowhere"),
    ],
)
def test_errors_are_one_line(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert said in refused(impasto(*arguments, cwd=tmp_path))


def test_an_unknown_option_is_an_error_of_the_users(tmp_path: Path) -> None:
    done = impasto("study", "--colour", "red", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_file_in_the_way_is_named(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("something of the user's")
    error = refused(
        impasto("prepare", picture_folder(train=3, test=0), "-o", tmp_path / "taken", "--size", 32)
    )
    assert str(tmp_path / "taken") in error
    assert (tmp_path / "taken").read_text() == "something of the user's"


def test_other_processes_of_torchrun_are_silent(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    words = [
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc_per_node",
        "2",
        "-m",
        "impasto",
    ]
    collection = make_collection(train=16, test=10)
    arguments = [
        "train",
        "classifier",
        collection.path,
        "-o",
        tmp_path / "run",
        *QUICK,
        "--quiet",
        "--json",
    ]
    done = subprocess.run(
        [sys.executable, *words, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode in (0, 1), done.stderr
    assert json.loads(done.stdout)["state"] == "done"  # one object, not two


def test_the_version_is_the_packages() -> None:
    assert impasto("--version").stdout.strip() == version("impasto")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_a_result_that_cannot_be_written_is_an_error(
    make_collection: Callable[..., Collection],
) -> None:
    words = [
        sys.executable,
        "-m",
        "impasto",
        "audit",
        str(make_collection(train=6, test=4).path),
        "--json",
    ]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert "standard output: the disk is full" in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(
    make_collection: Callable[..., Collection],
) -> None:
    words = [
        sys.executable,
        "-m",
        "impasto",
        "audit",
        str(make_collection(train=6, test=4).path),
        "--json",
    ]
    shell = " ".join(words) + " | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_resolution_beyond_what_is_stored_is_refused(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = make_collection(train=6, test=4)
    done = impasto(
        "train", "classifier", collection.path, "-o", tmp_path / "run", "--set", "resolution=64"
    )
    assert "resolution=64 is more than the 32 pixels that" in refused(done)
    assert not (tmp_path / "run").exists()


def test_shares_that_exceed_the_whole_are_refused(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    shares = ("--set", "augment.cutmix=0.7", "--set", "augment.mixup=0.7")
    done = impasto(
        "train",
        "classifier",
        make_collection(train=6, test=4).path,
        "-o",
        tmp_path / "run",
        *shares,
    )
    assert "together they must not exceed 1" in refused(done)
