"""Is impasto's classifier better than what people use, given the same minutes on the same machine?

Three kinds of network learn from one prepared collection, one after another, each in a process of
    its own: impasto's
classifier with its default recipe, through ``train_classifier`` and ``evaluate`` as anybody would;
the course's three convolutions with Adam; and ResNet-18 with random resized crops, mirroring, SGD
and a cosine that ends with the time. The peers train in float32, as their users run them, and again
in bfloat16 with channels last; their best epoch is chosen on validation, and ResNet-18's resolution
and crops by short trials there. Only training and validation count.

    python benchmarks/peers.py --write          ten minutes each: an hour in all

The test split chooses nothing but the peer that impasto is compared with: the one that does best on
    it.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from impasto.cli.request import read_request
from impasto.collection.collection import Collection, open_collection
from impasto.evaluation.evaluate import evaluate
from impasto.numerics.bootstrap import confusion_estimates, interval
from impasto.numerics.metrics import confusion_matrix, stacked_scores
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from score_table import RESAMPLES, ROOT, opened, parser, percent, told
from timed import PEERS, Look, Precision, Training

PAGE = ROOT / "docs" / "methods" / "classifier.md"
OURS = "impasto"
SCORES = {"macro_f1": "macro-F1", "balanced_accuracy": "balanced accuracy", "accuracy": "accuracy"}
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
Labels = NDArray[np.int64]
Row = dict[str, Any]
Call = Callable[..., Any]


def ours(collection: Path, work: Path, settings: ClassifierSettings, quiet: bool) -> Row:
    """Our classifier trained and evaluated, with its answers on the test pictures by id."""
    opened = open_collection(collection)
    for start in range(
        0, len(opened), 1024
    ):  # once through, so that the pictures lie in memory for it too
        opened.pixels[start : start + 1024].max()
    run = train_classifier(opened, work / "run", settings, progress=not quiet)
    evaluation = evaluate(run.path, collection)
    told = pq.read_table(
        evaluation.path / "predictions.parquet", columns=["id", "predicted"]
    ).to_pydict()
    answers = dict(
        zip(told["id"], opened.vocabulary.encode(told["predicted"]).tolist(), strict=True)
    )
    facts = run.facts
    batch = min(int(run.settings["batch_size"]), len(opened.indices("train")))
    return {
        "resolution": facts["resolution"],
        "precision": facts["precision"],
        "answers": answers,
        "uniform": answers,  # its answers suppose that already
        "epochs": facts["steps_done"] / facts["steps_per_epoch"],
        "best_epoch": facts["best_epoch"],
        "pictures": facts["steps_done"] * batch,
        "seconds": facts["seconds"],
        "parameters": facts["parameters"],
        **machine(),
    }


def theirs(
    collection: Path, name: str, look: Look, precision: Precision, settings: tuple[float, int]
) -> Row:
    """A peer trained for some seconds with a seed, with its answers on the test pictures by id."""
    opened = open_collection(collection)
    training = Training(PEERS[name], opened, look, precision, settings[1])
    done = training(settings[0])
    counts = np.maximum(opened.counts("train"), 0.5)
    ids = np.asarray(opened.column("id"), object)[opened.indices("test")].tolist()
    plain, uniform = done.logits.argmax(1), (done.logits - np.log(counts / counts.sum())).argmax(1)
    kept = {key: value for key, value in asdict(done).items() if key != "logits"}
    return {
        "resolution": training.resolution,
        "precision": precision,
        "answers": dict(zip(ids, plain.tolist(), strict=True)),
        "uniform": dict(zip(ids, uniform.tolist(), strict=True)),
        "parameters": sum(p.numel() for p in training.model.parameters()),
        **kept,
        **machine(),
    }


def machine() -> Row:
    """What the speed hangs on."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        flags = set()
    wanted = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    return {
        "threads": torch.get_num_threads(),
        "features": [name for name in wanted if name in flags],
    }


def apart(function: Call, *arguments: Any) -> Any:
    """Run the function in a process of its own and return its result."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def measure(arguments: argparse.Namespace, work: Path, call: Call = apart) -> Row:
    """All contestants, one after another, with their scores.

    Args:
        arguments: of the command line.
        work: a folder for the collection and impasto's run.
        call: runs a function somewhere.
    """
    settings = read_request(arguments.config, arguments.set or ()).settings(
        ClassifierSettings, {"device": "cpu", "seed": arguments.seed}
    )
    collection = opened(arguments, work, 128)
    budget, rows = (60 * arguments.minutes, arguments.seed), {}
    rows[OURS] = call(ours, collection.path, work, settings, arguments.quiet)
    say(arguments, OURS, rows[OURS])
    trials: dict[str, dict[str, float]] = {}
    for name in PEERS:
        look, trials[name] = chosen(collection, name, arguments, call)
        for precision in PRECISIONS:
            rows[f"{name}, {precision}"] = call(
                theirs, collection.path, name, look, precision, budget
            )
            say(arguments, f"{name}, {precision}", rows[f"{name}, {precision}"])
    return scored(collection, rows, arguments) | {"trials": trials}


def chosen(
    collection: Collection, name: str, arguments: argparse.Namespace, call: Call
) -> tuple[Look, dict[str, float]]:
    """Choose a peer's preprocessing by validation macro-F1 of a short trial of each."""
    looks = PEERS[name].looks
    if len(looks) == 1:
        return looks[0], {}
    budget = (60 * arguments.trial, arguments.seed)
    tried = {
        look: call(theirs, collection.path, name, look, "float32", budget)["validation"]
        for look in looks
    }
    return max(tried, key=lambda look: tried[look]), {
        f"{pixels} px, crops from {share:g}": value for (pixels, share), value in tried.items()
    }


def say(arguments: argparse.Namespace, name: str, row: Row) -> None:
    """A line on standard error, so that an hour's work is seen to go on."""
    if not arguments.quiet:
        seen = f"{row['pictures']:,} pictures in {row['seconds']:.0f} s"
        print(
            f"{name}: {row['resolution']} px, {row['precision']}, {seen}",
            file=sys.stderr,
            flush=True,
        )


def scored(collection: Collection, rows: dict[str, Row], arguments: argparse.Namespace) -> Row:
    """Scores of all contestants with intervals, and impasto's macro-F1 over the best peer's."""
    test, styles = collection.indices("test"), len(collection.vocabulary)
    ids, labels = np.asarray(collection.column("id"), object)[test], collection.labels[test]
    answers = {name: np.array([row["answers"][key] for key in ids]) for name, row in rows.items()}
    contestants: dict[str, Row] = {}
    for name, row in rows.items():
        confusion = confusion_matrix(labels, answers[name], styles)
        found = confusion_estimates(confusion, resamples=RESAMPLES, seed=arguments.seed)
        uniform = confusion_matrix(labels, np.array([row["uniform"][key] for key in ids]), styles)
        even = confusion_estimates(uniform, resamples=RESAMPLES, seed=arguments.seed)["macro_f1"]
        kept = {key: value for key, value in row.items() if key not in ("answers", "uniform")}
        contestants[name] = {
            **kept,
            "scores": {key: found[key] for key in SCORES} | {"even_macro_f1": even},
        }
    peers = [name for name in rows if name != OURS]
    best = max(peers, key=lambda name: contestants[name]["scores"]["macro_f1"]["value"])
    fairest = max(peers, key=lambda name: contestants[name]["scores"]["even_macro_f1"]["value"])
    return {
        "minutes": arguments.minutes,
        "trial_minutes": arguments.trial,
        "styles": styles,
        "train": len(collection.indices("train")),
        "test": len(test),
        "platform": platform.platform(terse=True),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "contestants": contestants,
        "best_peer": best,
        "ratio": ratio(labels, answers[OURS], answers[best], styles, arguments.seed),
        "best_even_peer": fairest,
        "within_budget": contestants[OURS]["seconds"] <= 60 * arguments.minutes,
    }


def ratio(labels: Labels, mine: Labels, other: Labels, styles: int, seed: int) -> dict[str, float]:
    """Ratio of two macro-F1 with its 95 % interval, paired bootstrap within each style."""
    generator = np.random.default_rng(seed)
    groups = [np.flatnonzero(labels == style) for style in np.unique(labels)]
    draws = np.concatenate(
        [generator.choice(rows, (RESAMPLES, len(rows))) for rows in groups], axis=1
    )

    def scores(answers: Labels, rows: Labels) -> NDArray[np.float64]:
        confusions = np.stack([confusion_matrix(labels[at], answers[at], styles) for at in rows])
        return np.asarray(stacked_scores(confusions)["macro_f1"])

    everything = np.arange(len(labels))[None]
    value = float(scores(mine, everything)[0] / scores(other, everything)[0])
    return {"value": value, **interval(scores(mine, draws) / scores(other, draws))}


def table(measured: Row) -> str:
    """The scores as a Markdown table in per cent, with the conditions of the measurement."""
    heads = [
        *SCORES.values(),
        "macro-F1, styles supposed equally frequent",
        "epochs",
        "pictures seen",
        "training",
    ]
    lines = [
        f"| who answers | pixels | precision | {' | '.join(heads)} |",
        f"|{' --- |' * (len(heads) + 3)}",
    ]
    for name, row in measured["contestants"].items():
        cells = [percent(score) for score in row["scores"].values()]
        cells += [f"{row['epochs']:.1f}", f"{row['pictures']:,}", f"{row['seconds']:.0f} s"]
        shown = f"**{OURS}**" if name == OURS else name.rpartition(", ")[0]
        lines.append(
            f"| {shown} | {row['resolution']} | {row['precision']} | {' | '.join(cells)} |"
        )
    return "\n".join([*lines, "", *sentences(measured)])


def sentences(measured: Row) -> list[str]:
    """What the table says, how it was made, and whether impasto kept to the time."""
    mine, minutes = measured["contestants"][OURS], measured["minutes"]
    found, even = (
        measured["ratio"],
        measured["contestants"][measured["best_even_peer"]]["scores"]["even_macro_f1"],
    )
    kept = "within" if measured["within_budget"] else "**more than**"
    tried = "; ".join(
        f"{name}: " + "; ".join(f"{look}: {value:.3f}" for look, value in looks.items())
        for name, looks in measured["trials"].items()
        if looks
    )
    features = ", ".join(mine["features"]) or "no special instructions"
    return [
        f"impasto's macro-F1 is {found['value']:.2f} times "
        f"({found['low']:.2f}–{found['high']:.2f}, paired bootstrap) "
        f"that of the best peer, {measured['best_peer']}. Where the peers' answers, too, "
        "suppose every style equally "
        f"frequent, the best of them, {measured['best_even_peer']}, has {percent(even)}. The "
        "training took impasto "
        f"{mine['seconds']:.0f} s, {kept} the {60 * minutes:g} s that each peer had.",
        "",
        f"{measured['train']:,} training and {measured['test']:,} test pictures in "
        f"{measured['styles']} styles. "
        f"Validation macro-F1 of the peers' trials, {measured['trial_minutes']:g} minutes each: "
        f"{tried}. "
        f"{measured['cores']} cores, {mine['threads']} threads, {features}; "
        f"{measured['platform']}, "
        f"torch {measured['torch']}.",
    ]


def parse(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    made = parser(__doc__, PAGE, "a folder to make a new folder for impasto's run in")
    made.add_argument(
        "--minutes", type=float, default=10.0, help="of training and validation for each peer"
    )
    made.add_argument(
        "--trial", type=float, help="minutes of each of ResNet-18's trials; a fifth of --minutes"
    )
    made.add_argument(
        "--config", type=Path, help="settings of impasto's training; none: its defaults"
    )
    made.add_argument(
        "--set",
        action="append",
        help="one setting of impasto's training, as name=value; repeatable",
    )
    arguments = made.parse_args(given)
    arguments.trial = arguments.minutes / 5 if arguments.trial is None else arguments.trial
    return arguments


def main() -> None:
    """Measure and print."""
    arguments = parse()
    if arguments.work:
        arguments.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = (
            Path(tempfile.mkdtemp(prefix="peers-", dir=arguments.work))
            if arguments.work
            else Path(temporary)
        )
        measured = measure(arguments, work)
    told(arguments, measured, table, "peers.py", PAGE)


if __name__ == "__main__":
    main()
