"""Parts on predictions of another program: what was scored, and comparisons with own runs."""

from dataclasses import replace

from impasto.numerics.formatting import count, p_value, percent
from impasto.records.evaluation import ClassifierEvaluation, PredictionSource
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    Number,
    Row,
    Table,
    columns,
    definitions,
    notice,
    prose,
)
from impasto.reporting.sections import confusions, per_style
from impasto.reporting.sections.calibration import bins_table, reliability_chart
from impasto.reporting.sections.scores import SCORE_TITLES
from impasto.reporting.words import points, score, whole


def blocks(
    evaluation: ClassifierEvaluation, source: PredictionSource, name: str = ""
) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    """Return the parts before and after the scores of predictions.

    Args:
        evaluation: of the predictions.
        source: the file that they come from.
        name: before the names of figures and the titles of tables, where there are several.
    """
    before: list[Block] = []
    if source.missing or source.foreign:
        before.append(notice(_unanswered(source)))
    after: list[Block] = []
    if source.against:
        after.append(paired_table(evaluation, source))
    after.append(Details("Numbers: every style", tuple(per_style.tables(evaluation)), printed=True))
    after.append(_confusions(evaluation, name))
    if evaluation.calibration:
        after.append(_calibration(evaluation, name))
    after.append(rows_table(source))
    return tuple(before), tuple(_titled(block, name) for block in after)


def _titled(block: Block, name: str) -> Block:
    """A block whose tables have a name of their own, by which their files are called."""
    if isinstance(block, Table) and name:
        return replace(block, title=f"{block.title}, {name}")
    if isinstance(block, Details):
        return replace(block, blocks=tuple(_titled(inner, name) for inner in block.blocks))
    return block


def _unanswered(source: PredictionSource) -> str:
    total, parts = source.answered + source.missing, []
    if source.missing:
        rule = "count as wrong answers" if source.missing_rule == "wrong" else "are left out"
        share = percent(source.missing / total)
        parts.append(f"{source.missing:,} of {total:,} pictures ({share}) have no row and {rule}.")
    if source.foreign:
        parts.append(f"{source.foreign:,} answers name no style of the collection and are wrong.")
    return " ".join(parts)


def paired_table(evaluation: ClassifierEvaluation, source: PredictionSource) -> Table:
    """Return the paired differences to own runs."""
    names = [name for name in evaluation.scores if name in source.against[0].gains]
    rows = []
    for one in source.against:
        cells = [
            cell for name in names for cell in (score(one.scores[name]), points(one.gains[name]))
        ]
        rows.append(Row((Code(one.run), *cells, Number(p_value(one.p), one.p))))
    heads = [
        text
        for name in names
        for text in (SCORE_TITLES[name], f"{SCORE_TITLES[name]}, difference in points")
    ]
    return Table(
        "Beside own runs",
        "Own runs on the same pictures, each score under the prior that it is read under, and the "
        "file's scores less theirs; p is of the difference in balanced accuracy, with the signs of "
        f"the artists' differences flipped. 95 % intervals of {evaluation.resampled.text}",
        columns("Run", numbers=(*heads, "p")),
        tuple(rows),
        look="broad",
    )


def _confusions(evaluation: ClassifierEvaluation, name: str) -> Block:
    rows = confusions.confusions(evaluation)
    most = confusions.most_frequent(evaluation) or "no picture was confused"
    figure = f"{name}-confusion" if name else "confusion"
    inner: list[Block] = [confusions.confusion_chart(evaluation, name=figure)]
    if rows:
        head = columns("True style", "Named", numbers=("Pictures", "Share"))
        caption = "The most frequent confusions, by share of the true style"
        inner.append(Table("Most frequent confusions", caption, head, tuple(rows)))
    return Details(f"Confusions: {most}", tuple(inner))


def _calibration(evaluation: ClassifierEvaluation, name: str) -> Block:
    found = evaluation.calibration
    assert found is not None
    off = found.ece_after > found.ece_perfect_99
    state = "miscalibrated" if off else "consistent with calibrated ones"
    text = (
        f"The expected calibration error of the file's probabilities is "
        f"{percent(found.ece_after)}. On as many pictures with these confidences perfect "
        f"calibration would give {percent(found.ece_perfect)}, at most "
        f"{percent(found.ece_perfect_99)} in 99 % of cases. The negative log-likelihood is "
        f"{found.nll_after:.3f} nats, the Brier score {found.brier_after:.3f}; lower is better."
    )
    summary = f"Calibration: the probabilities are {state}, error {percent(found.ece_after)}"
    chart = reliability_chart(found, f"{name}-reliability" if name else "reliability")
    return Details(summary, (prose(text), chart, bins_table(found)))


def rows_table(source: PredictionSource) -> Block:
    """Return what became of the rows of the file."""
    counts = (
        ("rows that could be read", source.rows),
        ("pictures answered", source.answered),
        ("pictures without a row", source.missing),
        ("rows that could not be read", source.unreadable),
        ("rows that name no picture, or several", source.unknown),
        ("rows that repeat another one", source.repeated),
        ("rows on other splits, left out", source.other_splits),
        ("pictures that it was trained on, left out", source.trained_on),
        ("answers that name no style", source.foreign),
    )
    table = Table(
        "Rows of the file",
        "Rows of the file, and what became of them",
        columns("What", numbers=("Number",)),
        tuple(Row((name, "not known" if n is None else whole(n))) for name, n in counts),
    )
    inner: list[Block] = [table]
    if source.notes:
        notes = [(str(number), text) for number, text in enumerate(source.notes, 1)]
        inner.append(definitions("Notes on how the file was read", notes))
    inner.append(prose("File ", Code(source.file), ", SHA-256 ", Code(source.digest), "."))
    return Details(f"The file: {count(source.answered, 'picture')} answered", tuple(inner))
