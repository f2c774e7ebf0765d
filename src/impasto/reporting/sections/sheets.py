"""Section of pictures from a classifier's evaluation: sure errors and confusions."""

from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import ImageFile, Section
from impasto.reporting.study import TrainedRun

SHEETS = {
    "worst.png": "The wrong answers that the network was surest of: the true style, and the style "
    "that was named.",
    "confused.png": "Pictures of the most frequent confusions, one confusion a row.",
}


def section(run: TrainedRun[ClassifierEvaluation]) -> Section | None:
    """The section of pictures of a run."""
    if run.evaluation is None:
        return None
    command, place = run.evaluation.command, run.place
    pictures = tuple(
        ImageFile(path, caption, command)
        for name, caption in SHEETS.items()
        if (path := run.figure(name))
    )
    if not pictures:
        return None
    title, link = place.title("Pictures of errors"), place.title("Pictures")
    return Section(place.anchor("pictures"), title, pictures, link, place.prefix)
