"""Section of examples: a few pictures of each style."""

from collections.abc import Iterator

from impasto.reporting.blocks import Section, prose
from impasto.reporting.study import StudyRecords
from impasto.reporting.thumbnails import Thumbnails, examples_of


def sections(study: StudyRecords) -> Iterator[Section]:
    """The section of examples."""
    collection = study.collection
    by_style = examples_of(collection, 4 if len(collection.vocabulary) > 16 else 6)
    if by_style:
        caption = "Chosen by their file names alone, test pictures and different artists first."
        block = Thumbnails(by_style, caption, study.command)
        yield Section("examples", "Examples of each style", (block,), "Examples")
    else:
        text = "This collection holds names without pictures."
        yield Section("examples", "No examples", (prose(text),))
