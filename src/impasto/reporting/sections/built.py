"""Part of the appendix on each model: layers, loss, optimiser, epochs, learning curves."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from impasto.images.palette import ACCENT, MUTED, SECOND, THIRD
from impasto.numerics.formatting import count, duration, percent
from impasto.numerics.metrics import SCORES
from impasto.records.run import Run, RunKind
from impasto.reporting.blocks import Block, Details, Row, Section, Table, columns, prose
from impasto.reporting.layers import parts_of
from impasto.reporting.study import StudyRecords, TrainedRun
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import plain, whole

SHARES: Final = {
    **{name: SCORES[name].heading for name in ("balanced_accuracy", "accuracy", "macro_f1")},
    "hit_rate": "Hit rate of the style classifier",
    "ssim": "SSIM of reconstructions",
    "identity_ssim": "SSIM in the own style",
}
"""Scores of a validation that a curve shows, all from 0 to 1."""
MODELS: Final[dict[RunKind, str]] = {
    "classifier": "Classifier",
    "autoencoder": "Autoencoder",
    "painter": "Painter",
    "lora": "LoRA",
}
NETWORKS: Final = {
    "classifier": "impasto’s classifier, a residual network that describes a picture by means and "
    "deviations of its feature maps",
    "residual": "a residual network",
    "in-class": "the course’s network from class",
    "published": "the course’s published network",
    "own": "a network of the user’s own",
}


def section(study: StudyRecords) -> Section:
    """Return what was built, a fold for each run."""
    folds = [fold(run) for run in study.runs]
    blocks: tuple[Block, ...] = tuple(folds) or (prose("No model has been trained yet."),)
    return Section("built", "What was built", blocks)


def fold(run: TrainedRun[Any]) -> Details:
    """Return the part on one run."""
    blocks: list[Block] = [prose(words(run.run))]
    chart = curves_chart(run.run)
    if chart:
        blocks.append(chart)
    else:
        blocks.append(prose("No validation has been made yet, so there are no learning curves."))
    rows = [
        Row((part.name, part.layers, whole(part.weights)))
        for part in parts_of(run.run.weights_path)
    ]
    if rows:
        heads = columns("Part", "Layers", numbers=("Numbers",))
        caption = "Layers by part, read from the weights; with statistics and tables that are not "
        caption += "learned"
        blocks.append(Table(f"Layers of {run.name}", caption, heads, tuple(rows), look="settings"))
    parameters = run.run.facts.get("parameters")
    size = f", {parameters:,} parameters" if parameters else ""
    model = MODELS[run.run.kind]
    title = model if run.title == run.run.kind else f"{model} {run.title}"
    return Details(f"{title}{size}", tuple(blocks), printed=False)


def words(run: Run) -> str:
    """Return a paragraph on how a run was built and trained, from its settings."""
    s, facts = run.settings, run.facts
    parts = [_network(run), _loss(run), _optimiser(run)]
    length = f"{s.get('epochs', '?')} epochs of batches of {s.get('batch_size', '?')}"
    side = s.get("resolution")
    at = f" at {side} × {side} pixels" if side else ""
    trained = f"Trained for {length}{at}, in {facts.get('precision', 'float32')}"
    if facts.get("seconds") is not None:
        trained += f", in {duration(facts['seconds'])}"
    if facts.get("best_epoch") is not None:
        trained += f"; the weights of epoch {facts['best_epoch']:g} were kept"
    return " ".join([*(part for part in parts if part), f"{trained}."])


def _network(run: Run) -> str:
    s = run.settings
    size = s.get("size")
    sized = f" of size {size}" if size else ""
    many = run.facts.get("parameters")
    numbers = f", {many:,} parameters" if many else ""
    match run.kind:
        case "classifier":
            network = NETWORKS.get(str(s.get("network", "classifier")), str(s.get("network")))
            sized = sized if s.get("network", "classifier") in ("classifier", "residual") else ""
            return f"A classifier: {network}{sized}{numbers}."
        case "autoencoder":
            return (
                f"An autoencoder{sized}{numbers}: encoder to {s.get('latent')} numbers, decoder, "
                f"and an embedding of {s.get('embedding_dim')} numbers."
            )
        case "painter":
            form = "the course’s form, a plane of style beside the encoding"
            if s.get("styling") != "plane":
                form = "a U-Net whose decoder is modulated by the style’s embedding"
            return f"A painter{sized}{numbers}: {form}."
        case "lora":
            return (
                f"Adapters of rank {s.get('rank')} beside the {s.get('targets')} layers of a "
                f"pre-trained model{numbers}."
            )
        case _:
            assert_never(run.kind)


def _loss(run: Run) -> str:
    s = run.settings
    match run.kind:
        case "classifier":
            balance = s.get("balance") or {}
            text = f"Loss: {balance.get('loss', 'cross-entropy')}"
            if s.get("label_smoothing"):
                text += f" with label smoothing {s['label_smoothing']:g}"
            if balance.get("logit_adjustment"):
                text += f", logit adjustment {balance['logit_adjustment']:g}"
            if balance.get("sampling", "natural") != "natural":
                text += f", sampling {balance['sampling']}"
            return f"{text}."
        case "autoencoder":
            text = f"Loss: squared error + {s.get('ssim_weight', 0):g} × (1 − MS-SSIM) + "
            text += f"{s.get('contrastive_weight', 0):g} × NT-Xent between crops"
            if s.get("kl_weight"):
                text += f" + {s['kl_weight']:g} × KL divergence"
            return f"{text}."
        case "painter":
            names = {
                "identity_weight": "reconstruction in the own style",
                "content_weight": "content",
                "patch_weight": "sliced Wasserstein distance of patches",
                "feature_weight": "the same of the style classifier’s features",
                "style_weight": "the style classifier’s cross-entropy",
            }
            used = [f"{s[name]:g} × {words}" for name, words in names.items() if s.get(name)]
            return f"Loss: {' + '.join(used)}." if used else ""
        case "lora":
            text = "Loss: squared error of the predicted noise"
            if s.get("min_snr"):
                text += f", min-SNR weights with gamma {s['min_snr']:g}"
            return f"{text}."
        case _:
            assert_never(run.kind)


def _optimiser(run: Run) -> str:
    s = run.settings
    if s.get("learning_rate") is None:
        return ""
    text = f"Optimiser: AdamW, peak learning rate {s['learning_rate']:g}"
    if s.get("muon_learning_rate"):
        text += f", and Muon, {s['muon_learning_rate']:g}, for convolutions and linear layers"
    if s.get("weight_decay"):
        text += f", weight decay {s['weight_decay']:g}"
    if s.get("ema_decay"):
        text += f"; what is kept is the moving average of the weights, decay {s['ema_decay']:g}"
    return f"{text}."


def curves_chart(run: Run) -> Chart | None:
    """Return losses and validation scores over the epochs; ``None`` before the first validation."""
    lines = run.metrics()
    train = [line for line in lines if line["event"] == "train" and line.get("loss") is not None]
    valid = [line for line in lines if line["event"] == "validation"]
    if not valid:
        return None
    best = [line["epoch"] for line in valid if line.get("best")]
    scores = [name for name in SHARES if any(line.get(name) is not None for line in valid)]
    colours = dict(zip(scores, (ACCENT, SECOND, THIRD, MUTED), strict=False))

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(1, 2 if scores else 1, squeeze=False)[0]
        _losses(quiet(panels[0], grid="both"), train, valid)
        if scores:
            quiet(panels[1], grid="both").set_title("Scores on the validation split")
            for name, colour in colours.items():
                points = [(row["epoch"], row[name]) for row in valid if row.get(name) is not None]
                x, y = [point[0] for point in points], [point[1] for point in points]
                panels[1].plot(x, y, "o-", color=colour, markersize=2.6, label=SHARES[name])
            panels[1].set_ylim(bottom=0)
            panels[1].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        for axes in panels:
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_xlim(0, max(line["epoch"] for line in valid) * 1.03)
            if best:
                label = f"kept: epoch {best[-1]:g}"
                axes.axvline(best[-1], color=MUTED, linewidth=1, linestyle=(0, (3, 3)), label=label)
            axes.legend(loc="best")

    ending = f"the last validation loss {plain(round(valid[-1]['loss'], 3))}"
    if scores:
        top = max(line.get(scores[0]) or 0 for line in valid)
        ending += f"; the highest {SHARES[scores[0]].lower()} is {percent(top)}"
    return Chart(
        f"{run.path.name}-curves",
        f"Learning curves of {run.path.name}",
        f"Training and validation loss over {count(len(valid), 'validation')}, {ending}.",
        "The dashed line marks the weights that were kept.",
        (WIDTH if scores else WIDTH / 2, 3.0),
        draw,
        620 if scores else 320,
    )


def _losses(
    axes: Axes, train: Sequence[Mapping[str, Any]], valid: Sequence[Mapping[str, Any]]
) -> None:
    axes.set_title("Loss")
    if train:
        steps = np.asarray([line["step"] for line in train], dtype=float)
        # A train line has its epoch only as a whole number; validations tie steps to epochs.
        ends = np.asarray([[line["step"], line["epoch"]] for line in valid], dtype=float)
        epochs = np.interp(steps, [0, *ends[:, 0]], [0, *ends[:, 1]])
        losses = np.asarray([line["loss"] for line in train], dtype=float)
        parts = np.array_split(np.arange(len(steps)), min(len(steps), 200))
        x, y = ([values[part].mean() for part in parts] for values in (epochs, losses))
        axes.plot(x, y, color=MUTED, linewidth=1, alpha=0.8, label="training")
    x, y = ([line[name] for line in valid] for name in ("epoch", "loss"))
    axes.plot(x, y, "o-", color=ACCENT, markersize=2.6, label="validation")
