"""The report on a study, as Markdown and as one HTML file that opens offline, made from the study's files alone.

STUDY/report.md      for reading in a repository; its figures stand in STUDY/figures/
STUDY/report.html    the same, self-contained: figures, styles and script are within the file

The same files give the same bytes: no clock, no random choice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from impasto.files import write_text
from impasto.reporting import tables, words
from impasto.reporting.atlas_part import AtlasFacts, clusters_chart
from impasto.reporting.autoencoders import AutoencoderFacts
from impasto.reporting.charts import (
    confusion_chart,
    curves_chart,
    distribution_chart,
    reliability_chart,
    scores_chart,
    styles_chart,
)
from impasto.reporting.explain_charts import even_border, heat_chart, timeline_chart, years_chart
from impasto.reporting.explained import Explained, history_words, read_explanation
from impasto.reporting.facts import RunFacts, StudyFacts, read_study
from impasto.reporting.loras import LoraFacts
from impasto.reporting.painter_charts import pairs_chart
from impasto.reporting.painter_words import arm_rows, called, told
from impasto.reporting.painters import PainterFacts, require_steps
from impasto.reporting.plates import Plate, picture_of, plate_of
from impasto.reporting.remedies import differences_chart, shares_chart
from impasto.reporting.render import render_html, render_markdown
from impasto.reporting.svg_chart import Chart
from impasto.reporting.thumbnails import Wall, hang, inline_png, write_examples
from impasto.reporting.words import percent

Drawn = tuple[str, Chart, str, str]
"""A key, the chart, its caption, and the command behind it."""
DRAWN = ("confusion", "reliability", "calibration")
"""Beginnings of names of the evaluation's own figures that the report draws itself, from the same numbers."""
LEGIBLE = 0.7
"""Share of the width of a painter's figures at which their labels can still be read."""
EXPLAINED = ("heat", "typical")
"""Sheets that stand in the sections on explanation, not among the pictures worth a look."""


@dataclass(frozen=True, slots=True)
class ReportPaths:
    """The two forms of a report."""

    markdown: Path
    html: Path


@dataclass(frozen=True, slots=True)
class RunPart:
    """A run's part of the report.

    Its facts, tables and figures; ``told`` is its confusions and years in words.
    """

    facts: RunFacts
    plates: Mapping[str, Plate]
    pictures: Sequence[Plate]
    scores: Sequence[tables.ScoreRow]
    confusions: Sequence[tables.Confusion]
    training: Sequence[tuple[str, str]]
    same_collection: bool
    explained: Explained | None
    told: str


@dataclass(frozen=True, slots=True)
class AutoencoderPart:
    """An autoencoder's part of the report.

    Its facts, and the picture of pictures that came back.
    """

    facts: AutoencoderFacts
    sheet: Plate | None


@dataclass(frozen=True, slots=True)
class AtlasPart:
    """An atlas's part of the report: its facts, the chart of its scores, its maps."""

    facts: AtlasFacts
    chart: Plate
    maps: Sequence[Plate]


@dataclass(frozen=True, slots=True)
class PainterPart:
    """A painter's part of the report: its facts, its score in words, and its figures.

    Attributes:
        facts: of the run.
        name: as it is called beside others.
        told: the score in plain words; empty where there is none.
        plates: ``grid``, ``strength`` and ``pairs``, as far as there are.
        steps: what the slider shows, one picture of all; ``None`` where there is none.
    """

    facts: PainterFacts
    name: str
    told: str
    plates: Mapping[str, Plate]
    steps: Plate | None


@dataclass(frozen=True, slots=True)
class LoraPart:
    """A LoRA run's part of the report.

    Its facts, and the sheet of its pictures where there is one.
    """

    facts: LoraFacts
    sheet: Plate | None


def write_report(
    study: Path,
    *,
    collection: Path | None = None,
    runs: Sequence[Path] | None = None,
    page: bool = False,
) -> ReportPaths:
    """The written report of a study.

    Args:
        study: the folder to read and to write ``report.md``, ``report.html`` and ``figures/`` to.
        collection: where the collection is; ``STUDY/collection`` where ``None``.
        runs: the run folders; those under ``STUDY/runs`` where ``None``. Stages that have not
            happened yet are named in the report as missing.
        page: whether an atlas page will stand in ``STUDY/site``; one that does already is linked in
            any case.

    Raises:
        ImpastoError: there is no study or no collection, a file is damaged, or the folder cannot be
            written.
    """
    facts = read_study(Path(study), collection, runs)
    folder = Path(study) / "figures"
    content = _content(facts, folder) | {
        "page": page or (Path(study) / "site" / "index.html").is_file()
    }
    paths = ReportPaths(Path(study) / "report.md", Path(study) / "report.html")
    write_text(paths.markdown, render_markdown(content))
    write_text(paths.html, render_html(content))
    return paths


def _content(facts: StudyFacts, folder: Path) -> dict[str, Any]:
    """Everything that the templates show; draws the figures on the way."""
    rows, homeless = tables.census(facts)
    made = facts.collection.record.command
    counts = {
        name: [getattr(row, name) for row in rows] for name in ("train", "validation", "test")
    }
    counts["set aside"] = [row.set_aside for row in rows]
    chart = distribution_chart(facts.collection.vocabulary.styles, counts)
    caption = "Pictures of each style, found and divided; the number at the end of a bar is what was found."
    walls = hang(facts.collection, 4 if len(facts.collection.vocabulary) > 16 else 6)
    if walls:
        write_examples(walls, folder / "examples.png")
    found = tables.judgements(facts)
    return {
        "facts": facts,
        "verdict": words.verdict(facts),
        "issues": [judged for judged in found if judged.finding.outcome == "issue"],
        "others": [judged for judged in found if judged.finding.outcome != "issue"],
        "census": rows,
        "homeless": homeless,
        "distribution": plate_of(chart, folder, caption, made),
        "collection_command": made,
        "walls": walls,
        "frieze": _frieze(walls),
        "runs": [_run_part(run, facts, folder, len(facts.runs) > 1) for run in facts.runs],
        "autoencoders": [
            _autoencoder_part(run, folder, len(facts.autoencoders) > 1)
            for run in facts.autoencoders
        ],
        "atlases": [_atlas_part(atlas, folder, len(facts.atlases) > 1) for atlas in facts.atlases],
        "loras": [LoraPart(lora, _card_sheet(lora, folder)) for lora in facts.loras],
        "painters": [_painter_part(painter, folder) for painter in facts.painters],
        "arms": arm_rows(facts.painters),
        "balance": _balance_plates(facts, folder),
        "settings": tables.settings_tables(facts),
        "commands": tables.commands(facts),
        "sources": tables.sources(facts),
        "environments": [*facts.runs, *facts.autoencoders, *facts.loras, *facts.painters],
    }


def _run_part(run: RunFacts, facts: StudyFacts, folder: Path, several: bool) -> RunPart:
    prefix = f"{run.name}-" if several else ""
    evaluation, explained = run.evaluation, None
    drawn = _drawn(run)
    sheets: dict[str, Plate] = {}
    if evaluation:
        explained = read_explanation(run.run.evaluation_path / "explanation.json")
        drawn += _explained(explained, evaluation.command) if explained else []
        sheets = {
            path.stem: picture_of(path, folder, prefix, evaluation.command) for path in _shown(run)
        }
    plates = {key: plate_of(chart, folder, text, made, prefix) for key, chart, text, made in drawn}
    return RunPart(
        facts=run,
        plates=plates | {name: sheet for name, sheet in sheets.items() if name in EXPLAINED},
        pictures=[sheet for name, sheet in sheets.items() if name not in EXPLAINED],
        scores=tables.score_rows(evaluation) if evaluation else [],
        confusions=tables.confusions(evaluation) if evaluation else [],
        training=tables.training_facts(run),
        same_collection=run.run.collection.get("fingerprint") == facts.collection.fingerprint,
        explained=explained,
        told=history_words(explained.history) if explained else "",
    )


def _drawn(run: RunFacts) -> list[Drawn]:
    """The charts of a run's course and scores."""
    trained, evaluation = str(run.record.get("command", "not recorded")), run.evaluation
    drawn: list[Drawn] = []
    if curves := curves_chart(run):
        drawn.append(
            ("curves", curves, "The dashed line marks the weights that were kept.", trained)
        )
    if evaluation:
        made = evaluation.command
        caption = "Dots are scores in per cent, lines their 95 % bootstrap intervals."
        drawn.append(("scores", scores_chart(evaluation), caption, made))
        caption = "Recall and precision; in brackets the training pictures, by which the styles are ordered."
        drawn.append(("styles", styles_chart(evaluation), caption, made))
        caption = (
            "Rows are true styles; numbers are test pictures, the shade is their share of the row."
        )
        drawn.append(("confusion", confusion_chart(evaluation), caption, made))
        if evaluation.calibration:
            caption = "On the dashed line, confidence can be taken at its word; the larger a dot, the more pictures."
            drawn.append(("reliability", reliability_chart(evaluation.calibration), caption, made))
    return drawn


def _explained(explained: Explained, made: str) -> list[Drawn]:
    """The charts of an explanation that have something to show."""
    texts = {
        "heat-mean": "Where in the picture each style’s evidence lies on average, darker for more. Evenly spread, "
        f"{percent(even_border(explained), 0)} of it would lie in the border.",
        "timeline": "Dots are median years, lines the middle half of the dated works, whose number is in brackets.",
        "confusion-years": "A dot is a pair of styles: how far apart in time, how often taken for each other.",
    }
    charts = (
        heat_chart(explained),
        timeline_chart(explained.history),
        years_chart(explained.history),
    )
    return [(chart.name, chart, texts[chart.name], made) for chart in charts if chart]


def _balance_plates(facts: StudyFacts, folder: Path) -> Mapping[str, Plate]:
    """The figures of the comparison of remedies; none where there is no comparison."""
    if facts.balance is None:
        return {}
    content = facts.balance.content
    gains = "Differences to plain training in points, with 95 % intervals; the remedy in colour was chosen on validation."
    shares = "How much of the loss is each style's; remedies that share it alike stand together, two of them named."
    charts = {
        "differences": (differences_chart(content), gains),
        "shares": (shares_chart(content), shares),
    }
    return {
        key: plate_of(chart, folder, caption, content.command)
        for key, (chart, caption) in charts.items()
    }


def _autoencoder_part(facts: AutoencoderFacts, folder: Path, several: bool) -> AutoencoderPart:
    sheet = None
    if facts.sheet and facts.content:
        sheet = picture_of(
            facts.sheet, folder, f"{facts.name}-" if several else "", facts.content.command
        )
    return AutoencoderPart(facts, sheet)


def _card_sheet(lora: LoraFacts, folder: Path) -> Plate | None:
    if lora.sheet is None or lora.card is None:
        return None
    return picture_of(lora.sheet, folder, f"{lora.name}-", lora.card.command)


def _painter_part(facts: PainterFacts, folder: Path) -> PainterPart:
    content, prefix, steps = facts.content, f"{facts.name}-", None
    if content is None:
        return PainterPart(facts, called(facts), "", {}, None)
    plates, made = {}, content.command
    for name in ("grid", "strength"):
        if name in facts.figures:
            plate = picture_of(facts.figures[name], folder, prefix, made)
            plates[name] = replace(plate, narrow=round(LEGIBLE * plate.width))
    if content.pairs:
        caption = "Points gained over doing nothing; bold where the 95 % interval is clear of zero."
        plates["pairs"] = plate_of(pairs_chart(content), folder, caption, made, prefix)
    if content.shown and (path := facts.figures.get("steps")):
        source, width, height = inline_png(path)
        require_steps(content, path, (width, height))
        steps = Plate(
            path.name, "The pictures that the slider shows.", "", made, "", source, width, height
        )
    return PainterPart(facts, called(facts), told(content), plates, steps)


def _shown(run: RunFacts) -> list[Path]:
    return [path for path in run.pictures if not path.stem.startswith(DRAWN)]


def _atlas_part(atlas: AtlasFacts, folder: Path, several: bool) -> AtlasPart:
    prefix, made = f"{atlas.name}-" if several else "", atlas.content.command
    caption = "How far clusters agree with the styles, with 95 % intervals; squares are what the run stands beside."
    maps = [
        replace(picture_of(path, folder, prefix, made), caption=text, alt=text)
        for path, text in atlas.pictures.items()
    ]
    return AtlasPart(atlas, plate_of(clusters_chart(atlas), folder, caption, made, prefix), maps)


def _frieze(walls: Sequence[Wall]) -> list[Any]:
    """One picture a style for the head of the page."""
    return [wall.examples[0] for wall in walls if wall.examples]
