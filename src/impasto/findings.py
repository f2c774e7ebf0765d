"""Findings: coded judgements with the numbers behind them.

Every stage that judges something (``prepare``, ``audit``, ``train``, ``evaluate``) says so in findings. A code never
changes its meaning; ``CATALOGUE`` is the list of all of them, and the reference page is generated from it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from impasto.files import damaged_error, read_json, write_json

Outcome = Literal["issue", "passed", "not applicable"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code asks, and whether an issue of that kind spoils an evaluation."""

    code: str
    name: str
    question: str
    remedy: str
    spoils: bool = False
    tolerance: float = 0.0  # share of the test pictures up to which an issue does not yet spoil


_KINDS = (
    Kind(
        "IMP101",
        "set-aside-files",
        "Could every file be read and labelled?",
        "Look at the files by name; repair them or leave them out.",
    ),
    Kind(
        "IMP102",
        "tiny-pictures",
        "Is every picture at least as large as it is stored?",
        "Leave them out, or prepare at a smaller --size.",
    ),
    Kind(
        "IMP103",
        "constant-pictures",
        "Does every picture show more than one colour?",
        "Look at them by name; most are placeholders and should go.",
    ),
    Kind(
        "IMP104",
        "exact-duplicates",
        "Does every picture stand once within its split and style?",
        "Keep one copy of each.",
    ),
    Kind(
        "IMP105",
        "near-duplicates",
        "Is no picture a near copy of another in its split?",
        "Keep one of each pair, or accept that it counts twice.",
    ),
    Kind(
        "IMP106",
        "duplicates-across-splits",
        "Is no test picture also (nearly) a training picture?",
        "Prepare again with --split stratified or --split artist, which keep copies on one side.",
        spoils=True,
        tolerance=0.02,  # a score then moves by less than its interval is wide
    ),
    Kind(
        "IMP107",
        "two-styles",
        "Does every picture carry one style?",
        "Nothing to repair: such pictures are honest ambiguity, and bound the accuracy that can be reached.",
    ),
    Kind(
        "IMP108",
        "artists-on-both-sides",
        "Is no test artist also a training artist?",
        "Prepare with --split artist to measure styles instead of artists; read the artist oracle beside the score.",
    ),
    Kind(
        "IMP109",
        "class-imbalance",
        "Is the largest style less than ten times the smallest in training?",
        "Read balanced accuracy and macro-F1, not accuracy alone.",
    ),
    Kind(
        "IMP110",
        "empty-styles",
        "Has every style pictures in training and in test?",
        "Add pictures, merge the style into another, or leave it out.",
        spoils=True,
    ),
    Kind(
        "IMP111",
        "vocabulary-mismatch",
        "Do all sources name the same styles in the same order?",
        "Rename the folders, or give an alias in the class file.",
        spoils=True,
    ),
    Kind(
        "IMP112",
        "not-testable-styles",
        "Have enough artists worked in every style to divide them?",
        "Add artists, or read those styles' rows as not tested.",
    ),
    Kind(
        "IMP113",
        "repaired-names",
        "Are all file names properly encoded?",
        "Nothing to repair by hand: the names were read as they were meant.",
    ),
    Kind(
        "IMP114",
        "names-only",
        "Were the pictures found beside their names?",
        "Give the folder that holds the pictures; names alone can be audited but not trained on.",
    ),
    Kind(
        "IMP201",
        "no-learning",
        "Did the validation score end above the majority baseline?",
        "Train longer, lower the learning rate, and audit the collection.",
    ),
    Kind(
        "IMP202",
        "over-fitting",
        "Is the last validation loss close to the best one?",
        "Stop earlier, or regularise more.",
    ),
    Kind(
        "IMP301",
        "worse-than-baseline",
        "Is the balanced accuracy better than every baseline's?",
        "Do not use this classifier; train longer or find out what the baseline sees.",
    ),
    Kind(
        "IMP302",
        "artist-oracle-ahead",
        "Does the classifier know more than each artist's usual style?",
        "Measure on an artist-disjoint split before speaking of styles.",
    ),
    Kind(
        "IMP303",
        "miscalibrated",
        "Are the probabilities calibrated (ECE at most 0.05 after temperature)?",
        "Read the probabilities as ranks only, or enlarge the validation split.",
    ),
    Kind(
        "IMP304",
        "unlearned-styles",
        "Is every testable style recognised at all?",
        "Add pictures of these styles or balance the training.",
    ),
    Kind(
        "IMP305",
        "seen-in-training",
        "Has the run seen none of the test pictures?",
        "Train a new run on this collection.",
        spoils=True,
    ),
    Kind(
        "IMP306",
        "small-test-set",
        "Are there at least ten test pictures for every style?",
        "Read the intervals; enlarge the test split.",
    ),
    Kind(
        "IMP307",
        "unfinished-training",
        "Had the training come to its end?",
        "Repeat the train command, which goes on where it was, and evaluate again.",
    ),
    Kind(
        "IMP308",
        "confusion-without-history",
        "Are styles confused the more, the closer in time they lie?",
        "Do not read its confusions as nearness in time; few dated styles may also hide a link.",
    ),
    Kind(
        "IMP309",
        "second-label-unseen",
        "Is its second guess on works under two styles their second label more often than on others?",
        "Do not read its second guesses as second labels.",
    ),
    Kind(
        "IMP310",
        "no-better-than-pca",
        "Do pictures come back better than from as many principal components, clear of zero?",
        "Train longer, or use PCA, which is simpler.",
    ),
    Kind(
        "IMP401",
        "balance-helps",
        "Does the remedy for imbalance that validation chose beat plain training on test pictures, clear of zero?",
        "Train plainly, or compare over more seeds; more pictures of the rare styles help most.",
    ),
    Kind(
        "IMP402",
        "artist-gap",
        "Does the score hold on artists that the training never saw?",
        "State the artist-disjoint score beside the ordinary one; the network knows hands as well as styles.",
    ),
)

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in _KINDS}


@dataclass(frozen=True, slots=True)
class Finding:
    """One judgement.

    Attributes:
        code: a key of ``CATALOGUE``.
        outcome: ``issue``, ``passed`` or ``not applicable``.
        text: one or two sentences with the numbers in them.
        numbers: the same numbers by name, for programs; ``share`` is the share of the test pictures concerned.
        items: the things it speaks of (at most a few hundred), each a flat mapping such as
            ``{"id": ..., "reason": ...}``.
    """

    code: str
    outcome: Outcome
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    items: Sequence[Mapping[str, Any]] = ()

    def __post_init__(self) -> None:
        """Refuse a code that is not in the catalogue."""
        if self.code not in CATALOGUE:
            raise KeyError(f"unknown finding code {self.code}")

    @property
    def kind(self) -> Kind:
        """The catalogue's entry."""
        return CATALOGUE[self.code]

    @property
    def spoils(self) -> bool:
        """Whether this finding makes a test score untrustworthy."""
        concerned = self.numbers.get("share", 1.0)
        return self.outcome == "issue" and self.kind.spoils and concerned > self.kind.tolerance


def spoiled(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings makes a test score untrustworthy (exit status 1)."""
    return any(finding.spoils for finding in findings)


def as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """The findings as plain JSON data, each with its ``name`` and ``spoils`` beside its fields."""
    return [{**asdict(f), "name": f.kind.name, "spoils": f.spoils} for f in findings]


def save(path: Path, findings: Iterable[Finding]) -> None:
    """Write findings as JSON, whole or not at all."""
    write_json(path, {"format": 1, "findings": as_data(findings)})


def load(path: Path) -> list[Finding]:
    """The findings of a file written by ``save``.

    Raises:
        InputError: the file is missing or damaged, or holds codes of a newer impasto.
    """
    data = read_json(path)
    try:
        return [
            Finding(row["code"], row["outcome"], row["text"], row["numbers"], row["items"]) for row in data["findings"]
        ]
    except (KeyError, TypeError) as error:
        raise damaged_error(path, "findings", error) from error
