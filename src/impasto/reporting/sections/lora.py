"""Question 5: can a text-to-image model be taught the styles? LoRA beside its base."""

from pathlib import PurePath
from typing import Final

from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.lora_score import LoraScore
from impasto.reporting.answer_cards import (
    NAMES,
    Answer,
    Mark,
    MarkKind,
    Verdict,
    nearness,
    not_run,
    not_scored,
    too_few,
)
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    ImageFile,
    Provenance,
    Row,
    Section,
    Strong,
    Table,
    columns,
    notice,
    prose,
)  # fmt: skip
from impasto.reporting.sections.recognise import UNFINISHED
from impasto.reporting.study import Place, StudyRecords, TrainedRun
from impasto.reporting.words import distance, number, score, share

NUMBER: Final = 5
ARMS: Final[tuple[tuple[MarkKind, str, str], ...]] = (
    ("chance", "base", "base alone"),
    ("ours", "adapter", "with LoRA"),
    ("ceiling", "real", "real works"),
)
METHOD: Final = Details(
    "Method: how pictures by a text-to-image model are scored",
    (
        prose(
            "Pictures of every style are painted from the same prompts and seeds by the model with "
            "the adapter and without it, and classified by a network of this study. The ",
            Strong("kernel distance"), " compares their features with those of real test pictures. "
            "A picture that correlates with a training picture more than real test pictures do is "
            "named as a copy. Arms count as different where their 95 % intervals do not overlap.",
        ),
    ),
)  # fmt: skip


def answer(study: StudyRecords) -> Answer:
    """Return the answer of the first LoRA run that has been scored."""
    scored = [run.evaluation for run in study.loras if run.evaluation]
    if scored:
        return answer_of(scored[0])
    if study.loras:
        run = study.loras[0]
        return not_scored(NUMBER, "The LoRA", f"{study.name}/runs/{run.name}", run.running)
    command = f"impasto train lora {study.name}/collection -o {study.name}/runs/lora --base MODEL"
    return not_run(NUMBER, "No text-to-image model has been fine-tuned", command)


def answer_of(result: LoraScore) -> Answer:
    """Return the answer of one LoRA."""
    name, question = NAMES[NUMBER]
    own, base = (result.scores[arm]["accuracy"] for arm in ("adapter", "base"))
    painted = result.pictures * len(result.styles)
    few = too_few(painted).replace("test picture", "painted picture")
    verdict: Verdict
    if few:
        verdict, finding = "unclear", few
    elif own.low > base.high:
        verdict, finding = "good", "With the adapter the styles are recognised more often"
    elif own.high < base.low:
        verdict, finding = "poor", "The base alone is recognised more often than the adapter"
    else:
        verdict, finding = "mixed", "The adapter is not shown to paint the styles better"
    marks = tuple(
        Mark(kind, label, one.value, percent(one.value), (one.low, one.high) if arm == "adapter"
             else None)
        for kind, arm, label in ARMS
        if (one := result.scores.get(arm, {}).get("accuracy"))
    )  # fmt: skip
    return Answer(
        NUMBER, name, question, verdict, finding, percent(own.value), score(own).interval,
        f"taken for their style, of {count(painted, 'painted picture')}", marks,
    )  # fmt: skip


def section(study: StudyRecords) -> Section:
    """Return the section on all LoRA runs of a study."""
    found = answer(study)
    blocks: list[Block] = []
    if not study.loras:
        text = " fine-tunes a model, such as Stable Diffusion 1.5, on the styles of this study."
        blocks.append(prose(Code(found.command), text))
    sources: list[Provenance] = []
    for run in study.loras:
        blocks += _run(study, run)
        sources.append(
            Provenance(f"training of {run.name}", run.command, f"runs/{run.name}/run.json")
        )
        if run.evaluation:
            file = f"runs/{run.name}/evaluation/scorecard.json"
            sources.append(Provenance(f"score of {run.name}", run.evaluation.command, file))
    if sources:
        blocks.append(METHOD)
    return Section(found.anchor, found.title, tuple(blocks), found.name, "", NUMBER, tuple(sources))


def lora_section(result: LoraScore, place: Place) -> Section:
    """Return the section on the score of an adapter."""
    found = answer_of(result)
    source = Provenance("score", result.command, "evaluation/scorecard.json")
    blocks = (*_score(result, place), METHOD)
    return Section(found.anchor, found.title, blocks, found.name, "", NUMBER, (source,))


def _nearer(result: LoraScore) -> str:
    """A sentence on whether the adapter's pictures lie nearer to real works than the base's."""
    gain = result.kernel_distance.nearer
    if gain is None:
        return ""
    does = nearness(gain, "real works", "the base's")
    return (
        f" In its features the adapter's pictures are {does} (kernel distance less by "
        f"{distance(gain, signed=True)})."
    )


def _run(study: StudyRecords, run: TrainedRun[LoraScore]) -> list[Block]:
    blocks: list[Block] = []
    if run.running:
        blocks.append(notice(f"The training of {run.name} {UNFINISHED}"))
    validations = [line for line in run.run.metrics() if line.get("event") == "validation"]
    best = [line for line in validations if line.get("best")]
    if best:
        base, loss = PurePath(run.run.settings["base"]).name, best[-1]
        text = f" ({run.run.facts['family']}). No pictures were held out."
        if "base_loss" in loss:
            text = (
                f" ({run.run.facts['family']}). Held-out loss {loss['loss']:.4f}; the base alone "
                f"{loss['base_loss']:.4f}."
            )
        blocks.append(prose("Base ", Code(base), text))
    if run.evaluation:
        blocks += _score(run.evaluation, run.place)
    else:
        text = " paints with it and scores the pictures."
        command = f"impasto evaluate {study.name}/runs/{run.name}"
        blocks.append(notice(f"{run.name} has not been evaluated yet: ", Code(command), text))
    return blocks


def _score(result: LoraScore, place: Place) -> list[Block]:
    text = (
        f"{result.pictures} pictures of each style by the same prompts and seeds, with the adapter "
        "and without it, classified by "
    )
    rows = [
        Row(
            (
                style_title(row.style),
                *map(share, (row.accuracy, row.floor, row.ceiling)),
                *map(distance, (row.kernel_distance.adapter, row.kernel_distance.base)),
                number(row.nearest),
            )
        )
        for row in result.per_style
    ]
    means = (score(result.scores[arm]["accuracy"]) for arm in ("adapter", "base", "real"))
    distances = map(distance, (result.kernel_distance.adapter, result.kernel_distance.base))
    numbers = (
        "With adapter", "Base alone", "Real works", "Distance", "Base’s distance", "Nearest",
    )  # fmt: skip
    table = Table(
        f"Scorecard of {place.name}" if place.several else "Scorecard of every style",
        "Share of its pictures in which each style is recognised; kernel distance to real "
        "works with its 95 % interval; likeness to the nearest training picture",
        columns("Style", numbers=numbers),
        tuple(rows),
        Row(("All", *means, *distances, "")),
        sortable=True,
        look="broad",
    )
    apart = _nearer(result)
    blocks: list[Block] = [
        *place.other_collection("This scorecard", "made on", result.collection_fingerprint),
        prose(text, Code(result.evaluator), f".{apart}"),
    ]
    sheet = next((one for one in result.figures if one.name == "scorecard.png"), None)
    if sheet:
        caption = "A style a row, in the order of the table: pictures with the adapter, by the "
        caption += "base alone, and real works."
        name = f"{place.name}-scorecard.png" if place.name else "scorecard.png"
        blocks.append(ImageFile(sheet, "With the adapter, without it, and real", caption, 0, name))
    return [*blocks, Details("Numbers: the scorecard", (table,), True)]
