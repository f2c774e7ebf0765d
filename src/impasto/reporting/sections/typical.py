"""Section on the most and the least typical test pictures of each style."""

from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import Details, ImageFile, Inline, Section, prose
from impasto.reporting.study import TrainedRun
from impasto.reporting.words import score


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section on the typical works of a run."""
    sheet = run.figure("typical.png")
    if run.evaluation is None or run.explanation is None or sheet is None:
        return None
    text: list[Inline] = [
        "Typical is the test picture whose features lie nearest to the mean of its style’s other "
        "test pictures; atypical the one whose features lie furthest from it."
    ]
    halves = run.explanation.recognised
    if halves:
        text += [" Of the nearer half of each style ", score(halves.nearer), " are recognised, "]
        text += ["of the further half ", score(halves.further), "."]
    caption = (
        "Left the most typical, right the most atypical test pictures of each style, each with the "
        "style that was named."
    )
    picture = ImageFile(sheet, caption, run.evaluation.command)
    works = Details("The works, style by style", (picture,), is_open=True)
    place = run.place
    title, link = place.title("Typical and atypical works"), place.title("Typical works")
    blocks = (prose(*text), works)
    return Section(place.anchor("typical"), title, blocks, link, place.prefix)
