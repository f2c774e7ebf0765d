"""The course's two networks on real paintings, with its label-order bug and without.

Prepares the paintings (or takes a collection), trains both networks on impasto's loop in the
course's way – Adam, plain cross-entropy, no augmentation, no average – and scores them on the test
split. The bug is made again by reading the network's answers in shuffled orders of the styles, as
an evaluation does whose class list comes out of a ``set()``.

    python benchmarks/course_baseline.py --epochs 15 --write
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from impasto.collection.collection import Collection
from impasto.models.classifiers import NetworkName, build
from impasto.models.preprocess import plain
from impasto.numerics.bootstrap import confusion_estimates, interval
from impasto.numerics.metrics import confusion_matrix, stacked_scores
from impasto.records.run import Run
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.imbalance import BalanceSettings
from impasto.training.pixel_batches import Pictures
from score_table import RESAMPLES, ROOT, UNCHANGED, opened, parser, percent, told

PAGE = ROOT / "docs" / "methods" / "course-baseline.md"
NETWORKS: tuple[NetworkName, ...] = ("in-class", "published")
SCORES = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "macro_f1": "macro-F1"}
Scores = dict[str, dict[str, float]]


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
        augment=UNCHANGED,
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
    collection = opened(arguments, work, arguments.resolution)
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
        cells = [percent(scores[score]) for score in SCORES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sizes = " and ".join(f"{count:,}" for count in measured["parameters"].values())
    about = (
        f"{measured['train']:,} training and {measured['test']:,} test pictures in "
        f"{measured['styles']} styles at "
        f"{measured['resolution']}² pixels; epochs: {measured['epochs']}; parameters: {sizes}."
    )
    return "\n".join([*lines, "", about])


def parse(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    work = "a folder to keep collection and runs in; none: a temporary one"
    made = parser(__doc__, PAGE, work)
    made.add_argument(
        "--epochs", type=int, default=15, help="passes over the training pictures, for each network"
    )
    made.add_argument(
        "--resolution",
        type=int,
        default=128,
        help="what the networks see, in pixels; the course: 416",
    )
    made.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    return made.parse_args(given)


def main() -> None:
    """Measure and print."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as temporary:
        measured = measure(arguments, arguments.work or Path(temporary))
    told(arguments, measured, table, "course_baseline.py", PAGE)


if __name__ == "__main__":
    main()
