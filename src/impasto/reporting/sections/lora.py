"""Section on a LoRA adapter: training, and its score beside the base and real works."""

from pathlib import PurePath

from impasto.records.lora_score import LoraScore
from impasto.reporting.blocks import (
    Block,
    Code,
    MadeBy,
    Number,
    Row,
    Section,
    Table,
    columns,
    figures,
    notice,
    prose,
)  # fmt: skip
from impasto.reporting.sections.training import UNFINISHED
from impasto.reporting.study import Place, TrainedRun
from impasto.reporting.words import number, score, share, shown


def section(run: TrainedRun[LoraScore]) -> Section:
    """The section on a LoRA run."""
    blocks: list[Block] = []
    if run.running:
        blocks.append(notice(f"This training {UNFINISHED}"))
    validations = [line for line in run.run.metrics() if line.get("event") == "validation"]
    best = [line for line in validations if line.get("best")]
    if best:
        base, loss = PurePath(run.run.settings["base"]).name, best[-1]
        text = f" ({run.run.facts['family']}). No pictures were held out. "
        if "base_loss" in loss:
            text = (
                f" ({run.run.facts['family']}). Held-out loss {loss['loss']:.4f}; the base alone "
                f"{loss['base_loss']:.4f}. "
            )
        blocks.append(prose("Base ", Code(base), text, MadeBy(run.command)))
    if run.evaluation:
        blocks += _score(run.evaluation, run.place)
    else:
        text = " paints with it and scores the pictures."
        blocks.append(
            notice("This adapter has not been scored yet: ", Code("impasto evaluate"), text)
        )
    return _section(run.place, blocks)


def lora_section(result: LoraScore, place: Place) -> Section:
    """Return the section on the score of an adapter."""
    return _section(place, _score(result, place))


def _section(place: Place, blocks: list[Block]) -> Section:
    title, link = place.title("A text-to-image model fine-tuned with LoRA"), place.title("LoRA")
    return Section(f"lora-{place.number}", title, tuple(blocks), link, f"{place.name}-")


def _score(result: LoraScore, place: Place) -> list[Block]:
    text = (
        f"{result.pictures} pictures of each style by the same prompts and seeds, with the adapter "
        "and without it, classified by "
    )
    rows = [
        Row(
            (
                shown(row.style),
                *map(share, (row.accuracy, row.floor, row.ceiling)),
                *map(_distance, (row.kernel_distance.adapter, row.kernel_distance.base)),
                number(row.nearest),
            )
        )
        for row in result.per_style
    ]
    means = (score(result.scores[arm]["accuracy"]) for arm in ("adapter", "base", "real"))
    distances = map(_distance, (result.kernel_distance.adapter, result.kernel_distance.base))
    numbers = (
        "With adapter", "Base alone", "Real works", "Distance", "Base’s distance", "Nearest",
    )  # fmt: skip
    caption = (
        "A style a row, as in the table: pictures with the adapter, by the base alone, and real "
        "works."
    )
    return [
        *place.other_collection("This scorecard", "made on", result.collection_fingerprint),
        prose(text, Code(result.evaluator), ". ", MadeBy(result.command)),
        Table(
            "Scorecard of every style",
            "Share of its pictures in which each style is recognised; kernel distance to real "
            "works, without an interval and noisy for few pictures; likeness to the nearest "
            "training picture",
            columns("Style", numbers=numbers),
            tuple(rows),
            Row(("All", *means, *distances, "")),
            sortable=True,
        ),
        *figures(result, {"scorecard.png": caption}, result.command),
    ]


def _distance(value: float | None) -> Number:
    return Number("–" if value is None else f"{value:.3g}", value)
