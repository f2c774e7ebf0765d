"""The guided tour of the page: saved views with captions, from a Markdown file.

STUDY/story.md        by the study's authors; where there is none, one is generated
STUDY/site/story.md   the one that the page shows, to copy and to change

A step is a heading of the second level, a link to a view (the part of the page's address after
``#``) and one or more paragraphs::

    ## Near means alike

    [view](#map=tsne)

    Every picture is a painting. The network found neighbours alike.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import numpy as np

from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.page.atlas_data import Predictions, RunAtlas

FILE: Final = "story.md"
FEWEST: Final = 5
"""Test pictures of a style below which a share of it is no example."""
Step = tuple[str, dict[str, str | list[str]], str]
"""Title, view and caption of a step."""
_VIEW: Final = re.compile(r"\[[^\]]*\]\(#?([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Story:
    """A tour as Markdown.

    Attributes:
        text: the file's.
        path: the file, for messages.
    """

    text: str
    path: Path

    def steps(self) -> list[dict[str, str | list[str]]]:
        """Each step's ``title``, ``view`` (after ``#``) and ``text`` (paragraphs).

        Raises:
            InputError: the file has no step, or a step has no view or no caption.
        """
        parts = re.split(r"^##\s+", self.text, flags=re.MULTILINE)[1:]
        if not parts:
            raise InputError(f"{self.path} has no step: begin each with a line like '## Title'")
        return [self._step(part) for part in parts]

    def _step(self, part: str) -> dict[str, str | list[str]]:
        title, _, body = part.partition("\n")
        paragraphs = [" ".join(lines.split()) for lines in re.split(r"\n\s*\n", body)]
        views = [found for text in paragraphs if (found := _VIEW.fullmatch(text))]
        captions = [text for text in paragraphs if text and not _VIEW.fullmatch(text)]
        if len(views) != 1 or not captions:
            raise InputError(
                f"{self.path}: the step '{title.strip()}' needs one line like "
                "'[view](#style=Baroque)' and a caption below it"
            )
        return {"title": title.strip(), "view": views[0][1], "text": captions}


def read_story(study: Path, collection: Collection, runs: Sequence[RunAtlas]) -> Story:
    """Read the tour of a study, or generate one.

    Raises:
        InputError: the file cannot be read as UTF-8.
    """
    path = study / FILE
    if not path.is_file():
        return Story(generated(collection, runs), study / "site" / FILE)
    try:
        return Story(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from error


def generated(collection: Collection, runs: Sequence[RunAtlas]) -> str:
    """Markdown of a tour from what the study holds: six steps where all of it is known."""
    main = next(run for run in runs if run.table is not None)
    answers = next((run.answers for run in runs if run.answers), None)
    steps: list[Step] = [
        (
            "Near means alike",
            {"run": main.name},
            "Every picture is a painting. Two of them lie near each other where the network finds "
            "them alike. Drag and zoom; click a painting to see its neighbours.",
        )
    ]
    if answers:
        steps += _recognised(collection, answers)
    else:
        steps += _years_step(collection)
    steps += _artist_step(collection)
    if answers:
        steps.append(
            (
                "Now you",
                {"tab": "quiz"},
                "Guess the style of ten test pictures, against the network and against somebody "
                "who knows only the name of the painter.",
            )
        )
    lines = ["# A tour of this study"]
    for title, view, caption in steps:
        lines.append(f"## {title}\n\n[view](#{urlencode(view, doseq=True)})\n\n{caption}")
    return "\n\n".join(lines) + "\n"


def _recognised(collection: Collection, answers: Predictions) -> list[Step]:
    """The style that is recognised best, and the most frequent confusion."""
    styles, truth = collection.vocabulary.styles, collection.labels[answers.rows]
    counts = np.bincount(truth, minlength=len(styles))
    right = np.bincount(truth[truth == answers.predicted], minlength=len(styles))
    share = np.where(counts >= FEWEST, right / np.maximum(counts, 1), -1)
    steps: list[Step] = []
    if share.max() > 0:
        best = int(share.argmax())
        steps.append(
            (
                f"{_spaced(styles[best])} is recognised best",
                {"style": styles[best]},
                f"The network names {right[best]} of its {counts[best]} test pictures rightly. "
                "They need not lie together: look how far the style spreads.",
            )
        )
    if worst := worst_confusion(collection, answers):
        cell, number = worst
        steps.append(
            (
                f"{_spaced(cell[0])} is taken for {_spaced(cell[1])}",
                {"tab": "confusion", "cell": list(cell)},
                f"{number} test pictures of {_spaced(cell[0])} are named {_spaced(cell[1])}, the "
                "most frequent mistake. Would you have named them rightly?",
            )
        )
    steps.append(
        (
            "Right and wrong",
            {"colour": "error"},
            f"{int((truth == answers.predicted).sum())} of {len(truth)} test pictures are named "
            "rightly. Only test pictures were asked about; the rest is ground.",
        )
    )
    return steps


def worst_confusion(
    collection: Collection, answers: Predictions
) -> tuple[tuple[str, str], int] | None:
    """The most frequent pair of true and named style, and its number; ``None`` if all is right."""
    truth = collection.labels[answers.rows]
    wrong = truth != answers.predicted
    pairs = zip(truth[wrong].tolist(), answers.predicted[wrong].tolist(), strict=True)
    counted = sorted(Counter(pairs).items(), key=lambda item: (-item[1], item[0]))
    if not counted:
        return None
    (true, named), number = counted[0]
    styles = collection.vocabulary.styles
    return (styles[true], styles[named]), number


def frequent_artist(collection: Collection) -> str | None:
    """The artist with the most paintings, the first by name of equals."""
    counts = Counter(artist for artist in collection.column("artist") if artist)
    return min(counts, key=lambda artist: (-counts[artist], artist)) if counts else None


def frequent_decade(collection: Collection) -> tuple[int, int] | None:
    """First and last year of the decade with the most paintings."""
    decades = Counter(year // 10 for year in collection.column("year") if year is not None)
    if not decades:
        return None
    decade = min(decades, key=lambda value: (-decades[value], value))
    return 10 * decade, 10 * decade + 9


def _years_step(collection: Collection) -> list[Step]:
    decade = frequent_decade(collection)
    if decade is None:
        return []
    first, last = decade
    return [
        (
            f"The years {first} to {last}",
            {"layout": "year", "years": f"{first}~{last}"},
            "The same paintings by year. No other ten years have more of them here.",
        )
    ]


def _artist_step(collection: Collection) -> list[Step]:
    artist = frequent_artist(collection)
    if artist is None:
        return []
    return [
        (
            f"One painter: {_spaced(artist).title()}",
            {"artist": artist},
            "The painter with the most pictures of this collection. Where a painter's pictures lie "
            "together, the network may know the hand rather than the style.",
        )
    ]


def _spaced(name: str) -> str:
    return re.sub(r"[_-]+", " ", name)
