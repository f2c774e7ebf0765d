"""The contract of all verbs: exit status 0, 1 or 2, and one JSON object with ``--json``."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main
from PIL import Image

from impasto.cli.main import app
from impasto.page import server
from impasto.records import finding as findings
from impasto.records.finding import Finding

from .conftest import Done, call

QUICK = ("--size", "tiny", "--epochs", 1, "--resolution", 32, "--batch-size", 16, "--device", "cpu")
PREPARE = ("-s", "workers=1", "-s", "validation_share=0.2")
ATLAS = ("--maps=pca", "-s", 'clusterings=["kmeans"]', "-s", "permutations=20", "-s", "seeds=2")
LORA = ("epoch_pictures=2", "rank=2", "warmup_steps=0", "preview_every=0", "buckets=false")
PAINTER = tuple(
    f"{table}.{setting}"
    for table in ("style_classifier", "evaluator")
    for setting in ("size=tiny", "epochs=1", "batch_size=12")
)
"""Short trainings of the painter's style classifier and evaluator."""
SCORE = ("per_style=2", "bootstrap_samples=100")
INVALID = Finding("IMP305", "issue", "The run has seen 3 of the 5 test pictures.", {"share": 0.6})

Table = dict[str, tuple[Path, tuple[object, ...], Done]]


def assigned(*texts: str) -> list[str]:
    return [f"--set={text}" for text in texts]


def vectors_of(source: Path, table: Path) -> Path:
    """A table of vectors that some program computed: the mean colours of the pictures."""
    lines = ["path,red,green,blue"]
    for path in sorted(source.rglob("*.jpg")):
        with Image.open(path) as image:
            colours = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
        lines.append(f"{path},{','.join(map(str, colours))}")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


@pytest.fixture(scope="module")
def done(
    picture_folder: Callable[..., Path],
    tiny_base: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Table:
    """Every verb once with ``--json``, each on what the verbs before it made."""
    root = tmp_path_factory.mktemp("verbs")
    source = picture_folder(train=(16, 14, 12), test=3, artists=3, size=48)
    collection, runs = root / "s" / "collection", root / "s" / "runs"
    classifier = runs / "classifier"
    small = ("--size", "tiny", "--epochs", 1, "--batch-size", 12, "--device", "cpu", "-q")
    painter = ("resolution=48", "precision=float32", "embedding=8")
    calls: dict[str, tuple[object, ...]] = {
        "sample": ("sample", root / "g", "-n", 64, "-s", "pixels=32", "-q"),
        "prepare": ("prepare", source, "-o", collection, "--pixels", 48, "-q", *PREPARE),
        "audit": ("audit", collection),
        "audit --labels": ("audit", collection, "--labels", "features", "-s", "folds=2"),
        "train classifier": ("train", "classifier", collection, "-o", classifier, *QUICK, "-q"),
        "train autoencoder": (
            *("train", "autoencoder", collection, "-o", runs / "ae", *QUICK, "-q"),
            *assigned("latent=8"),
        ),
        "train painter": (
            *("train", "painter", collection, "-o", runs / "painter", *small),
            *assigned(*painter, *PAINTER),
        ),
        "train lora": (
            *("train", "lora", collection, "-o", root / "lora", "--base", tiny_base(), "-q"),
            *("--per-style", "--epochs", 1, "--batch-size", 2, "--resolution", 32),
            *("--device", "cpu", *assigned(*LORA, "held_out=1", 'styles=["Bands", "Columns"]')),
        ),
        "balance": (
            *("balance", collection, "-o", root / "balance", *QUICK, "-q", "--seeds", 1),
            *("--methods", "tau-normalisation"),
        ),
        "evaluate": ("evaluate", classifier, "--device", "cpu"),
        "evaluate an autoencoder": ("evaluate", runs / "ae", "--device", "cpu"),
        "evaluate a painter": (
            *("evaluate", runs / "painter", "--device", "cpu", "-q"),
            *assigned(*SCORE),
        ),
        "evaluate a LoRA": (
            *("evaluate", root / "lora" / "Bands", "--classifier", classifier, "--device", "cpu"),
            *("-q", *assigned("pictures=2", "bootstrap_samples=100", "paint.steps=2")),
        ),
        "evaluate by artist": (
            *("evaluate", classifier, "--by", "artist", "--epochs", 1, "--device", "cpu", "-q"),
            *assigned("folds=2"),
        ),
        "predict": (
            *("predict", classifier, source / "test" / "Bands", "-o", root / "heat"),
            *("--csv", root / "predictions.csv"),
        ),
        "evaluate predictions": (
            *("evaluate", collection, "--predictions", root / "predictions.csv"),
            *("-o", root / "scored", "--against", classifier, "-q"),
        ),
        "atlas": ("atlas", classifier, "--device", "cpu", "-q", *ATLAS),
        "atlas --add": ("atlas", classifier, "--add", source / "test" / "Bands", "--device", "cpu"),
        "atlas --vectors": (
            *("atlas", collection, "--vectors", vectors_of(source, root / "own.csv")),
            *("--device", "cpu", "-q", *ATLAS),
        ),
        "paint": (
            *("paint", runs / "painter", source / "test" / "Bands", "--style", "Columns"),
            *("-o", root / "painted", "--device", "cpu"),
        ),
        "evaluate --pictures": (
            *("evaluate", "--pictures", source / "test", collection, "--classifier", classifier),
            *("-o", root / "scored", "-q", "--device", "cpu", "-s", "bootstrap_samples=100"),
            *("-s", "copying=false", "--sources", source / "train" / "Bands"),
        ),
        "paint from a collection": (
            *("paint", collection, source / "test" / "Bands", "--style", "Columns"),
            *("-o", root / "borrowed", "--pixels", 48, "--show-references"),
        ),
        "paint with a LoRA": (
            *("paint", root / "lora" / "Bands", "--prompt", "a boat", "--style", "Bands"),
            *("-o", root / "words", "--device", "cpu", "-s", "steps=2"),
        ),
        "export": ("export", classifier, "-o", root / "exported", "--card", "-q"),
        "report": ("report", root / "s"),
        "site": ("site", root / "s"),
        "info": ("info", root / "s"),
        "compare": ("compare", classifier, classifier),
        "doctor": ("doctor",),
    }
    return {name: (root, words, call(*words, "--json")) for name, words in calls.items()}


VERBS = (
    "sample",
    "prepare",
    "audit",
    "audit --labels",
    "train classifier",
    "train autoencoder",
    "train painter",
    "train lora",
    "balance",
    "evaluate",
    "evaluate an autoencoder",
    "evaluate a painter",
    "evaluate a LoRA",
    "evaluate by artist",
    "evaluate --pictures",
    "predict",
    "evaluate predictions",
    "atlas",
    "atlas --add",
    "atlas --vectors",
    "paint",
    "paint from a collection",
    "paint with a LoRA",
    "export",
    "report",
    "site",
    "info",
    "compare",
    "doctor",
)
WITH_FINDINGS = ("audit", "train", "balance", "evaluate", "atlas")


def test_the_table_names_every_verb(
    done: Table,
) -> None:
    called = {words[:2] if words[0] == "train" else words[:1] for _, words, _ in done.values()}
    group: Any = typer.main.get_command(app)
    known = {(name,) for name in group.commands if name != "train"}
    known |= {("train", name) for name in group.commands["train"].commands}
    assert called == known - {("study",), ("serve",)}  # tested in test_pipeline and below


@pytest.mark.parametrize("verb", VERBS)
def test_json_is_one_object_and_nothing_else(done: Table, verb: str) -> None:
    _, _, made = done[verb]
    content = made.json
    assert content.keys() >= {"findings", "invalidated"}
    assert (made.status == 1) is content["invalidated"]
    if verb.startswith(WITH_FINDINGS) and verb != "atlas --add":
        assert content["findings"]


def test_predictions_as_a_table_are_those_of_the_json_object(done: Table) -> None:
    root, _, made = done["predict"]
    assert made.json["csv"] == str(root / "predictions.csv")
    with (root / "predictions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(made.json["predictions"]) == 3
    for row, one in zip(rows, made.json["predictions"], strict=True):
        assert (row["path"], row["style"]) == (one["path"], one["style"])
        assert row["set"].split(" | ") == one["set"]
        shares = {style: float(row[style]) for style in one["probabilities"]}
        assert shares == pytest.approx(one["probabilities"], abs=1e-4)
        assert row["probability"] == row[one["style"]]


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_option_or_input_is_one_line_and_status_2(
    done: Table, verb: str, tmp_path: Path
) -> None:
    _, words, _ = done[verb]
    assert "No such option: --colour" in call(*words, "--colour", "red").error
    place = 2 if verb.startswith("train ") else 1
    wrong = [*words[:place], tmp_path / "nowhere", *words[place + 1 :]]
    if verb == "sample":
        wrong = [*words, "-s", "picturs=3"]
    assert call(*wrong, "--json").error


@pytest.mark.parametrize(
    ("verb", "module"),
    [
        ("evaluate a painter", "impasto.evaluation.painter_score.score_painter"),
        ("evaluate a LoRA", "impasto.evaluation.lora_score.score_lora"),
        ("evaluate", "impasto.evaluation.evaluate.evaluate"),
    ],
)
def test_a_finding_that_invalidates_gives_status_1_for_every_kind_of_run(
    done: Table,
    verb: str,
    module: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The painter's and the LoRA's evaluation once left the status at 0."""
    _, words, _ = done[verb]
    home, _, name = module.rpartition(".")
    real = getattr(__import__(home, fromlist=[name]), name)

    def invalidated(run: Path, *more: Any, **options: Any) -> Any:
        made = real(run, *more, **options)
        made.findings.append(INVALID)
        findings.save(Path(run) / "evaluation" / "findings.json", [INVALID])
        return made

    monkeypatch.setattr(module, invalidated)
    made = call(*words, "--json")
    assert made.status == 1 and made.json["invalidated"] is True


@pytest.mark.parametrize(
    ("run", "options", "named"),
    [
        ("painter", ("--by", "artist"), "--by does not apply to a painter"),
        ("painter", ("--size", "tiny"), "--size does not apply to a painter"),
        ("painter", ("--epochs", 3), "--epochs does not apply to a painter"),
        ("classifier", ("--classifier", "x"), "--classifier does not apply to a classifier"),
        ("classifier", ("--epochs", 3), "--epochs does not apply to a classifier without --by"),
        ("classifier", ("--by", "artist", "--collection", "c"), "--collection does not apply"),
        ("ae", ("--by", "artist"), "--by does not apply to an autoencoder"),
        ("../../lora/Bands", ("--size", "tiny"), "--size does not apply to a LoRA"),
    ],
)
def test_options_that_do_not_apply_are_refused_by_name(
    done: Table,
    run: str,
    options: tuple[object, ...],
    named: str,
) -> None:
    root = done["evaluate"][0]
    assert named in call("evaluate", root / "s" / "runs" / run, *options).error


def test_quiet_is_quiet_for_every_kind_of_run(
    done: Table,
) -> None:
    for verb in VERBS:
        _, words, made = done[verb]
        if "-q" in words:
            assert made.err == "", verb


def test_serve_prints_its_address(done: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    root = done["site"][0]
    assert done["site"][2].status == 0
    monkeypatch.setattr(server.StudyServer, "serve_forever", lambda self: None)
    made = call("serve", root / "s", "--port", 0, "--json")
    assert json.loads(made.out)["address"].startswith("http://127.0.0.1:")
    assert "is no study: it is a sample gallery" in call("serve", root / "g", "--port", 0).error
