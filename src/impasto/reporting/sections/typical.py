"""Part on the most and the least typical test pictures of each style."""

from impasto.numerics.formatting import percent
from impasto.plain_text import style_title
from impasto.records.evaluation import ClassifierEvaluation
from impasto.records.explanation import TypicalWork
from impasto.reporting.blocks import Block, Details, Exhibit, ExhibitRow, Gallery, Inline, prose
from impasto.reporting.pictures import Paintings
from impasto.reporting.study import TrainedRun
from impasto.reporting.words import score


def fold(paintings: Paintings, run: TrainedRun[ClassifierEvaluation]) -> Details | None:
    """Return the part on the typical works of a run."""
    found = run.explanation
    if found is None:
        return None
    text: list[Inline] = [
        "Typical is the test picture whose features lie nearest to the mean of its style’s other "
        "test pictures; atypical the one whose features lie furthest from it."
    ]
    summary = "Typical and atypical works"
    if found.recognised:
        nearer, further = found.recognised.nearer, found.recognised.further
        text += [" Of the nearer half of each style ", score(nearer), " are recognised, "]
        text += ["of the further half ", score(further), "."]
        summary += (
            f": {percent(nearer.value, 0)} of the typical half are recognised, "
            f"{percent(further.value, 0)} of the other"
        )
    blocks: list[Block] = [prose(*text)]
    rows = [
        ExhibitRow(
            style_title(style.style),
            (_work(paintings, style.typical[0], "typical"),
             _work(paintings, style.atypical[0], "atypical")),
        )
        for style in found.styles
        if style.typical
        and style.atypical
        and paintings.holds(style.typical[0].id)
        and paintings.holds(style.atypical[0].id)
    ]  # fmt: skip
    if rows:
        caption = "Left the most typical, right the most atypical test picture of each style."
        name = "typical" if run.place.number == 1 else f"{run.name}-typical"
        blocks.append(Gallery(name, "Typical and atypical works", caption, tuple(rows)))
    return Details(summary, tuple(blocks))


def _work(paintings: Paintings, work: TypicalWork, word: str) -> Exhibit:
    return paintings.named(work.id, f"{word}; its style {percent(work.probability, 0)}")
