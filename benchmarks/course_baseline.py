"""The course's two networks on real paintings, with its label-order bug and without.

Prepares the paintings (or takes a collection), trains both networks on impasto's loop in the
course's way – Adam, plain cross-entropy, no augmentation, no average – and scores them on the test
split. The bug is made again by reading the network's answers in shuffled orders of the styles, as
an evaluation does whose class list comes out of a ``set()``.

    python benchmarks/course_baseline.py --epochs 15 --write
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from impasto.collection.collection import Collection, open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.models.classifiers import NetworkName, build
from impasto.models.preprocess import plain
from impasto.numerics.bootstrap import confusion_estimates, interval
from impasto.numerics.metrics import confusion_matrix, stacked_scores
from impasto.records.run import Run
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.imbalance import BalanceSettings
from impasto.training.pixel_batches import Pictures

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "methods" / "course-baseline.md"
BEGIN, END = (
    "<!-- benchmarks/course_baseline.py: begin -->",
    "<!-- benchmarks/course_baseline.py: end -->",
)
NETWORKS: tuple[NetworkName, ...] = ("in-class", "published")
SCORES = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "macro_f1": "macro-F1"}
RESAMPLES = 1000
Scores = dict[str, dict[str, float]]

AT_REST = AugmentSettings(
    crop_scale=(1.0, 1.0),
    crop_ratio=1.0,
    flip=False,
    brightness=0.0,
    contrast=0.0,
    saturation=0.0,
    cutmix=0.0,
)


def settings(network: NetworkName, arguments: argparse.Namespace) -> ClassifierSettings:
    """The course's training settings; the schedule is impasto's."""
    return ClassifierSettings(
        network=network,
        epochs=arguments.epochs,
        batch_size=64,
        learning_rate=1e-3,
        muon_learning_rate=0.0,
        weight_decay=0.0,
        label_smoothing=0.0,
        balance=BalanceSettings(logit_adjustment=0.0),
        ema_decay=0.0,
        resolution=arguments.resolution,
        precision="float32",
        augment=AT_REST,
        device=arguments.device,
        seed=arguments.seed,
    )


@torch.no_grad()
def answers(
    run: Run, network: NetworkName, collection: Collection, rows: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Predict the output position of each row, ``int64 (N,)``."""
    resolution = int(run.settings["resolution"])
    model = build(network, styles=len(run.styles), size="tiny", resolution=resolution).eval()
    model.load_state_dict(load_file(run.weights_path))
    parts = [rows[start : start + 256] for start in range(0, len(rows), 256)]
    named = [
        model(plain(Pictures.gather(collection, part), resolution)).argmax(1) for part in parts
    ]
    return torch.cat(named).numpy()


def with_the_bug(confusion: NDArray[np.int64], seed: int) -> Scores:
    """Scores when the answers are read in another order of the styles than the network learned.

    The mean over a thousand shuffled orders, and the interval in which 95 % of them lie.
    """
    generator, styles = np.random.default_rng(seed), len(confusion)
    shuffled = np.stack([confusion[:, generator.permutation(styles)] for _ in range(RESAMPLES)])
    drawn = stacked_scores(shuffled)
    return {
        name: {"value": float(values.mean()), **interval(values)} for name, values in drawn.items()
    }


def measure(arguments: argparse.Namespace, work: Path) -> dict[str, Any]:
    """All scores, by what was scored."""
    source = Path(arguments.paintings)
    if (source / "collection.json").is_file():
        collection = open_collection(source)
    else:
        size = PrepareSettings(pixels=arguments.resolution)
        collection = prepare(source, work / "collection", size, progress=not arguments.quiet)
    rows, styles = collection.indices("test"), len(collection.vocabulary)
    labels, most = collection.labels[rows], int(collection.counts("train").argmax())
    majority = confusion_matrix(labels, np.full_like(labels, most), styles)
    scores = {
        f"majority class ({collection.vocabulary.styles[most]})": intervals(
            majority, arguments.seed
        )
    }
    parameters = {}
    for network in NETWORKS:
        wanted = settings(network, arguments)
        run = train_classifier(collection, work / network, wanted, progress=not arguments.quiet)
        confusion = confusion_matrix(labels, answers(run, network, collection, rows), styles)
        scores[f"{network}, label-order bug"] = with_the_bug(confusion, arguments.seed)
        scores[network] = intervals(confusion, arguments.seed)
        parameters[network] = run.facts["parameters"]
    return {
        "epochs": arguments.epochs,
        "resolution": arguments.resolution,
        "styles": styles,
        "train": len(collection.indices("train")),
        "test": len(rows),
        "parameters": parameters,
        "scores": scores,
    }


def intervals(confusion: NDArray[np.int64], seed: int) -> Scores:
    """The three scores of a confusion matrix with 95 % bootstrap intervals."""
    found = confusion_estimates(confusion, resamples=RESAMPLES, seed=seed)
    return {name: dict(found[name]) for name in SCORES}


def table(measured: dict[str, Any]) -> str:
    """The scores as a Markdown table, in per cent, with what they were measured on."""
    lines = [f"| | {' | '.join(SCORES.values())} |", f"| --- |{' --- |' * len(SCORES)}"]
    for name, scores in measured["scores"].items():
        cells = [
            f"{100 * s['value']:.1f} % ({100 * s['low']:.1f}–{100 * s['high']:.1f})"
            for s in map(scores.get, SCORES)
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sizes = " and ".join(f"{count:,}" for count in measured["parameters"].values())
    about = (
        f"{measured['train']:,} training and {measured['test']:,} test pictures in "
        f"{measured['styles']} styles at "
        f"{measured['resolution']}² pixels; epochs: {measured['epochs']}; parameters: {sizes}."
    )
    return "\n".join([*lines, "", about])


def write(text: str) -> None:
    """Put the table between its marks on the page."""
    page = PAGE.read_text(encoding="utf-8")
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    PAGE.write_text(f"{head}{BEGIN}\n{text}\n{END}{tail}", encoding="utf-8")


def parse(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    paintings = ROOT.parent / "shared" / "paintings"
    parser.add_argument(
        "--paintings", default=paintings, help="a folder of paintings by style, or a collection"
    )
    parser.add_argument(
        "--work", type=Path, help="a folder to keep collection and runs in; none: a temporary one"
    )
    parser.add_argument(
        "--epochs", type=int, default=15, help="passes over the training pictures, for each network"
    )
    parser.add_argument(
        "--resolution",
        type=int,
        default=128,
        help="what the networks see, in pixels; the course: 416",
    )
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress display")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of the table"
    )
    parser.add_argument(
        "--write", action="store_true", help="put the table into docs/methods/course-baseline.md"
    )
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as temporary:
        measured = measure(arguments, arguments.work or Path(temporary))
    print(json.dumps(measured) if arguments.json else table(measured))
    if arguments.write:
        command = " ".join(["python benchmarks/course_baseline.py", *sys.argv[1:]])
        write(f"`{command}`:\n\n{table(measured)}")


if __name__ == "__main__":
    main()
