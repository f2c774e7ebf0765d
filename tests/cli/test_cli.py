"""The command line as its users meet it: help, errors of one line, pipes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer.main
from PIL import Image

import impasto as api
from impasto.cli.main import app
from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.pipeline import StudySettings
from impasto.records.run import open_run

from .conftest import Done

Call = Callable[..., Done]
QUICK = ("--size", "tiny", "--epochs", 1, "--resolution", 32, "--batch-size", 16, "--device", "cpu")


def test_the_help_groups_the_verbs_and_says_where_to_begin(impasto: Call) -> None:
    text = impasto("--help").out
    assert "Begin with: impasto study" in text and "--install-completion" in text
    groups = ["Start here", "Data", "Train", "Look and score", "Generate", "Tell"]
    places = [text.index(f"─ {group} ─") for group in groups]
    assert places == sorted(places)
    assert (
        text.index("study ") < text.index("sample ") < text.index("train ") < text.index("paint ")
    )
    for words in ((), ("train",)):
        assert impasto(*words).status == 0


def test_the_version_is_the_packages(impasto: Call) -> None:
    assert impasto("--version").out == impasto("-V").out == version("impasto") + "\n"


def test_a_finding_that_invalidates_gives_status_1(
    make_collection: Callable[..., Collection], impasto: Call
) -> None:
    collection = make_collection(styles=("A", "B"), train=6, test=(6, 0))
    done = impasto("audit", collection.path)
    assert done.status == 1 and "IMP110" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prepare", "nowhere", "-o", "c"), "nowhere"),
        (("prepare", "g", "--size", "64", "--pixels", "32"), "--size and --pixels are one"),
        (("prepare",), "no source: name a folder of pictures"),
        (("prepare", "c", "--columns", "path"), "columns are given as path=File,style=Class"),
        (("study", "c", "--columns", "x=y"), "prepare.columns: x is no column that is read"),
        (("study", ".", "--decisions", "no.csv"), "no table of decisions no.csv"),
        (("audit", "nowhere"), "no collection in nowhere"),
        (("train", "classifier", "nowhere", "-o", "run"), "no collection in nowhere"),
        (("train", "classifier", "c", "--size", "tny"), "'tny' is not one of"),
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
        (("study", "--colour", "red"), "No such option: --colour"),
        (("stdy",), "Did you mean 'study'?"),
        (("paint",), "Missing argument"),
    ],
)
def test_errors_are_one_line(
    arguments: tuple[str, ...], message: str, impasto: Call, tmp_path: Path
) -> None:
    assert message in impasto(*arguments).error
    assert not list(tmp_path.iterdir())


def test_info_names_damaged_files_with_status_2(
    make_collection: Callable[..., Collection], tmp_path: Path, impasto: Call
) -> None:
    made = shutil.copytree(make_collection(train=6, test=2).path, tmp_path / "c")
    done = impasto("info", made)
    assert done.status == 0 and "paintings: 24 (" in done.out
    assert ", 0 of them are damaged" in done.out
    pixels = made / "pixels.npy"
    pixels.write_bytes(pixels.read_bytes()[:-1])
    for place in (made, pixels):
        done = impasto("info", place)
        assert done.status == 2 and f"damaged: {pixels} (" in done.out
    done = impasto("info", made / "styles.json")
    assert done.status == 0 and "files: 1 have a checksum, 0 of them are damaged" in done.out
    assert "paintings" in impasto("info", made, "--no-check").out


def test_suggested_commands_can_be_copied(
    picture_folder: Callable[..., Path], impasto: Call
) -> None:
    done = impasto("prepare", picture_folder(train=3, test=1), "-o", "my c", "--pixels", 32, "-q")
    assert "next: impasto audit 'my c'\n" in done.out


def test_a_file_in_the_way_is_named(
    picture_folder: Callable[..., Path], tmp_path: Path, impasto: Call
) -> None:
    (tmp_path / "taken").write_text("something of the user's")
    source = picture_folder(train=3, test=0)
    done = impasto("prepare", source, "-o", tmp_path / "taken", "--pixels", 32)
    assert str(tmp_path / "taken") in done.error
    assert (tmp_path / "taken").read_text() == "something of the user's"


@pytest.mark.parametrize(
    ("words", "verb", "source", "folder", "settings"),
    [
        (
            ("study", "-o", "s", "--seed", 3, "--set", "prepare.pixels=64"),
            *("study", [], "s", {"prepare.seed": 3, "prepare.pixels": 64, "train.seed": 3}),
        ),
        (
            ("train", "classifier", "c", "--epochs", 7, "--lr", 0.5),
            *("train classifier", ["c"], "study/runs/classifier"),
            {"epochs": 7, "learning_rate": 0.5, "seed": 0},
        ),
        (
            ("train", "lora", "c", "-o", "l", "--base", "b", "--per-style", "--push", "me/it"),
            *("train lora", ["c"], "l/<style>", {"base": "b"}),
        ),
    ],
)
def test_a_dry_run_prints_every_setting_and_neither_reads_nor_writes(
    words: tuple[object, ...],
    verb: str,
    source: list[str],
    folder: str,
    settings: dict[str, Any],
    impasto: Call,
    tmp_path: Path,
) -> None:
    plan = impasto(*words, "--dry-run", "--json").json
    assert (plan["verb"], plan["from"], plan["to"]) == (verb, source, folder)
    text = impasto(*words, "--dry-run").out
    first, *lines = text.splitlines()
    assert first.startswith(f"would {verb} from ") and first.endswith(f" to {folder}, with")
    values = plan["settings"]
    assert len(lines) >= len(values)
    for name, value in settings.items():
        assert f"  {name} = {json.dumps(value)}" in lines
        for part in name.split("."):
            plan["settings"] = plan["settings"][part]
        assert plan["settings"] == value
        plan["settings"] = values
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--resolution", 64), "resolution=64 is more than the 32 pixels that"),
        (("-s", "augment.cutmix=0.7", "-s", "augment.mixup=0.7"), "must not exceed 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(
    make_collection: Callable[..., Collection],
    tmp_path: Path,
    words: tuple[object, ...],
    message: str,
    impasto: Call,
) -> None:
    collection = make_collection(train=6, test=4)
    done = impasto("train", "classifier", collection.path, "-o", tmp_path / "run", *words)
    assert message in done.error and not (tmp_path / "run").exists()


def test_one_option_settles_the_device_of_all_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, impasto: Call
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
    for device in ((), ("--device", "cpu"), ("--device", "cuda")):
        assert "far enough" in impasto("study", "--config", config, *device).error
    assert ['"cuda' in one for one in asked] == [False, False, True]


def test_fresh_starts_a_training_over(
    make_collection: Callable[..., Collection], tmp_path: Path, impasto: Call
) -> None:
    collection, run = make_collection(train=6, test=2), tmp_path / "run"
    words = ("train", "classifier", collection.path, "-o", run, *QUICK, "-q")
    assert impasto(*words).status == 0
    assert "--seed 1" not in impasto(*words).out
    assert "seed" in impasto(*words, "--seed", 1).error
    (run / "notes.txt").write_text("by hand")
    assert "holds other work (notes.txt)" in impasto(*words, "--seed", 1, "--fresh").error
    assert (run / "best.safetensors").exists()
    (run / "notes.txt").unlink()
    assert impasto(*words, "--seed", 1, "--fresh").status == 0
    assert open_run(run).settings["seed"] == 1


def test_balance_prints_a_table_and_names_methods_in_doubt(
    make_collection: Callable[..., Collection], tmp_path: Path, impasto: Call
) -> None:
    collection, folder = make_collection(train=(24, 16, 12), test=10), tmp_path / "balance"
    words = ("balance", collection.path, "-o", folder, *QUICK, "--seeds", 1, "--methods")
    assert "did you mean 'focal-loss'?" in impasto(*words, "focal-los").error
    done = impasto(*words, "post-hoc-logit-adjustment,tau-normalisation")
    assert done.status == 0, done.err
    assert "recommended: " in done.out and str(folder / "balance.md") in done.out
    lines = [line for line in done.err.splitlines() if "balanced accuracy on validation" in line]
    methods = ["plain,", "post-hoc-logit-adjustment,", "tau-normalisation,"]
    assert [line.split()[1] for line in lines] == methods
    again = impasto(*words, "tau-normalisation", "--json").json
    assert [row["name"] for row in again["methods"]] == ["plain", "tau-normalisation"]


def test_a_painter_of_the_courses_form_paints_every_style(
    make_collection: Callable[..., Collection],
    picture_folder: Callable[..., Path],
    tmp_path: Path,
    impasto: Call,
) -> None:
    made, run = make_collection(train=16, test=3, size=48, stored=48, validation_share=0.2), "p"
    quick = ("--size", "tiny", "--epochs", 1, "--batch-size", 12, "--resolution", 48, "-q")
    train = ("train", "painter", made.path, "-o", run, "--preset", "course", *quick)
    assert impasto(*train, "-s", "embedding=8", "-s", "precision=float32").status == 0
    settings = open_run(Path(run)).settings
    assert (settings["styling"], settings["batch_size"]) == ("plane", 12)
    pictures = picture_folder(train=2, test=1) / "train" / "Bands"
    mix = ("--style", "all", "--mix", "Bands:0.6,Columns:0.4")
    done = impasto("paint", run, pictures, *mix, "-o", "out")
    assert done.status == 0 and len(done.out.splitlines()) == 2 * 4
    assert Path("out", "Diagonals", "train000.png").is_file() and Path("out/grid.png").is_file()
    for words, message in {
        ("--style", "column"): "did you mean 'Columns'?",
        ("--style", "Bands", "--prompt", "a boat"): "--prompt does not apply to a painter",
        ("--style", "Bands", "--strength", "2"): "strength",
        ("--style", "Bands", "--size", "64"): "pixels are --pixels 64",
    }.items():
        assert message in impasto("paint", run, pictures, *words, "-o", "not").error
    for start, words, message in [
        (made.path, ("--style", "Bands", "--finish", "none"), "--finish does not apply to a coll"),
        (
            made.path,
            ("--style", "Bands", "-p", "a boat"),
            "--prompt does not apply to a collection",
        ),
        (made.path, ("--reference", pictures), "--reference replaces a collection"),
        (pictures, ("--reference", pictures, "--style", "Bands"), "leave --style and --mix out"),
        (pictures, ("--style", "Bands"), "no run"),
    ]:
        failed = impasto("paint", start, pictures, *words, "-o", "not")
        assert failed.status == 2 and message in failed.error
    lent = pictures / "train001.jpg"
    done = impasto("paint", pictures / "train000.jpg", "--reference", lent, "-o", "lent")
    assert done.status == 0 and Path("lent", "references", "train000.png").is_file()
    nothing = impasto("paint", run, "--style", "Bands", "-o", "not")
    assert "a painter paints pictures anew: name some" in nothing.error
    assert not Path("not").exists()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_a_result_that_cannot_be_written_is_an_error(
    make_collection: Callable[..., Collection],
) -> None:
    words = [sys.executable, "-m", "impasto", "audit", str(make_collection(train=6, test=4).path)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*words, "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "standard output: the disk is full" in done.stderr


def test_a_reader_that_has_had_enough_is_no_error(
    make_collection: Callable[..., Collection],
) -> None:
    path = make_collection(train=6, test=4).path
    shell = f"{sys.executable} -m impasto audit {path} --json | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("kind", ["Classifier", "Autoencoder", "Painter", "Lora"])
def test_the_help_shows_the_defaults_of_the_settings(kind: str) -> None:
    command = typer.main.get_command(app).commands["train"].commands[kind.lower()]  # type: ignore[attr-defined]
    fields = getattr(api, f"{kind}Settings").model_fields
    shown = {
        option.name: option.help.rpartition("Default: ")[2].rstrip(".")
        for option in command.params
        if option.name in fields and "Default: " in option.help
    }
    assert shown.keys() >= {"epochs", "batch_size", "learning_rate", "resolution", "seed", "device"}
    for name, text in shown.items():
        assert text == str(fields[name].default), name


def test_tables_are_read_by_the_options_of_prepare(impasto: Call, tmp_path: Path) -> None:
    for name in ("1", "2", "3", "4"):
        Image.new("RGB", (30, 30), (int(name) * 50, 0, 0)).save(tmp_path / f"{name}.png")
    rows = ("1.png;A|B", "2;B", ".\\3.PNG;B", "4.png;A", "5.png;A", "4.png;")
    (tmp_path / "t.csv").write_text("Wo;Was\n" + "".join(f"{row}\n" for row in rows))
    (tmp_path / "d.csv").write_text("id,decision,style,note\n4.png,relabel,B,\n")
    done = impasto("prepare", tmp_path / "t.csv", "-o", tmp_path / "c")
    assert done.status == 2
    assert "it has Wo, Was: say which is which with --columns path=Wo,style=…" in done.err
    table = (tmp_path / "t.csv", "-o", tmp_path / "c", "--columns", "path=Wo,style=Was")
    done = impasto("prepare", *table, "--size", "16", "--several", "all", "-q")
    assert done.status == 0 and "5 pictures in 2 styles" in done.out
    assert "--size of prepare is now called --pixels" in done.err
    for line in (
        "2 of 7 files and rows were set aside: 1 no such file (t.csv, row 6, 5.png); 1 no style is "
        "given (t.csv, row 7, 4.png).",
        "Note: The columns of t.csv are divided by ';'",
        "Note: 1 path of t.csv was found in another spelling",
        "Note: 1 picture of t.csv has several styles, as 1.png: they stand under each of them",
    ):
        assert line in done.out
    done = impasto("prepare", *table, "--pixels", "16", "--decisions", tmp_path / "d.csv", "-q")
    assert "1 picture was excluded or relabelled by hand: 1 relabelled from A to B" in done.out
