"""Answers of a report's first screen: a question each, with its number, its place, its verdict."""

from dataclasses import dataclass
from typing import Final, Literal

from impasto.numerics.formatting import count
from impasto.records.record import Interval

Verdict = Literal["good", "mixed", "poor", "unclear", "invalid", "not run"]
MarkKind = Literal["chance", "colour", "ours", "ceiling"]
FEW: Final = 30
"""Test pictures below which a card says too few to tell."""
VERDICTS: Final[dict[Verdict, str]] = {
    "good": "Yes",
    "mixed": "Partly",
    "poor": "No",
    "unclear": "Unclear",
    "invalid": "Invalid",
    "not run": "Not run",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A value on the scale of an answer, from chance to the ceiling."""

    kind: MarkKind
    label: str
    value: float
    text: str
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    Attributes:
        number: of the question, from 1.
        name: of the question in a word or two.
        question: in full.
        verdict: by which its mark is chosen.
        finding: the answer as a sentence without numbers.
        value: the number as it is printed.
        interval: its interval, as printed.
        unit: what the number is.
        marks: on the scale, from the lowest to the highest kind.
        command: what would answer it, where it was not run.
    """

    number: int
    name: str
    question: str
    verdict: Verdict
    finding: str
    value: str = ""
    interval: str = ""
    unit: str = ""
    marks: tuple[Mark, ...] = ()
    command: str = ""

    @property
    def anchor(self) -> str:
        """Id of its section."""
        return ANCHORS[self.number]

    @property
    def title(self) -> str:
        """The heading of its section: the finding with the number it rests on."""
        if not self.value:
            return self.finding
        return f"{self.finding}: {self.value}"


ANCHORS: Final = {1: "recognise", 2: "imbalance", 3: "cluster", 4: "repaint", 5: "lora"}
NAMES: Final = {
    1: ("Recognise", "Can a network tell the styles apart?"),
    2: ("Imbalance", "Does a remedy for rare styles help?"),
    3: ("Cluster", "Do the styles cluster?"),
    4: ("Repaint", "Can a picture be repainted in another style?"),
    5: ("LoRA", "Can a text-to-image model be taught the styles?"),
}


def not_run(number: int, finding: str, command: str) -> Answer:
    """Return the answer to a question whose stage has not happened."""
    name, question = NAMES[number]
    return Answer(number, name, question, "not run", finding, command=command)


def not_scored(number: int, subject: str, run: str, running: bool) -> Answer:
    """Return the answer of a run that is being trained, or that was not evaluated."""
    state = "is still being trained" if running else "has not been evaluated yet"
    return not_run(number, f"{subject} {state}", f"impasto evaluate {run}")


def exceeds(gain: Interval) -> bool:
    """Whether a paired difference is above zero over its whole interval."""
    return gain.low > 0


def falls_short(gain: Interval) -> bool:
    """Whether a paired difference is below zero over its whole interval."""
    return gain.high < 0


def nearness(gain: Interval, works: str, others: str) -> str:
    """Return the words on a paired difference of kernel distances, only as far as it is shown.

    Args:
        gain: the distance of the others less that of the pictures.
        works: to which both are compared.
        others: what the pictures stand beside.
    """
    if exceeds(gain):
        return f"nearer to {works} than {others}"
    if falls_short(gain):
        return f"further from {works} than {others}"
    return f"not shown to be nearer to {works} than {others}"


def too_few(pictures: int) -> str:
    """Return the beginning of a finding on few test pictures; empty where they are enough."""
    return f"Too few to tell, with {count(pictures, 'test picture')}" if pictures < FEW else ""
