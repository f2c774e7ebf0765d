"""``comparison.json``: answers of many to the same hidden pictures, side by side."""

from typing import Any, Literal

from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import PairedScore, ResampledUnits, ScoreTable, flat_scores
from impasto.records.record import Interval, Record, Result


class Submission(Record):
    """A run, or a file of predictions, among those compared.

    Attributes:
        name: of the file or folder, made unique.
        file: its path.
        folder: of its evaluation and its page, a name within ``submissions`` and ``pages``.
        scores: with 95 % intervals, each under the prior that it is read under.
        rank: from 1 by the score that is compared; equal scores share one.
        letters: of the groups that it is in.
        better_than: baselines that it is shown to be better than.
        missing: pictures without an answer, which count as wrong.
        issues: codes of its findings that are issues.
        invalid: whether one of them invalidates its score.
    """

    name: str
    file: str
    folder: str
    scores: ScoreTable
    rank: int
    letters: str
    better_than: tuple[str, ...]
    missing: int
    issues: tuple[str, ...]
    invalid: bool


class Refusal(Record):
    """A submission that could not be scored, and why, in a line."""

    name: str
    file: str
    reason: str


class SubmissionPair(Record):
    """The paired difference of two submissions in the score that is compared.

    Attributes:
        one: the name of the one with the higher score.
        other: the name of the other.
        gain: its score less the other's.
        p: two-sided, from signs that are flipped an artist at a time.
        corrected: by Holm's correction over all pairs.
    """

    one: str
    other: str
    gain: Interval
    p: float
    corrected: float


class EqualMistakes(Record):
    """Wrong answers that two submissions share.

    Attributes:
        one, other: their names.
        agreement: share of pictures with the same answer.
        wrong: pictures that at least one of them has wrong.
        both_wrong: pictures that both have wrong.
        shared: pictures that both have wrong in the same way.
        expected: of these, where both err as the others in the class do.
        corrected: p of at least as many, by Holm's correction over all pairs.
        suspicious: whether nearly all of ``wrong`` is ``shared``, and p is small.
    """

    one: str
    other: str
    agreement: float
    wrong: int
    both_wrong: int
    shared: int
    expected: float
    corrected: float
    suspicious: bool


class ClassComparison(Result):
    """Submissions on the same hidden pictures: scores, groups, paired tests, equal mistakes.

    Attributes:
        command: that made it.
        collection: the hidden pictures.
        collection_fingerprint: of it.
        split: pictures that were scored.
        pictures: how many.
        styles: of the collection.
        resampled: units of the intervals and tests.
        score: the score that is compared and ranked by.
        level: of the corrected tests.
        baselines: scores of each, under the prior that each is read under.
        submissions: the best first.
        refused: those that could not be scored.
        groups: names of submissions that cannot be told apart, a letter each.
        pairs: every pair of submissions.
        mistakes: every pair of submissions with a mistake.
    """

    format: Literal[1] = 1
    command: str
    collection: str
    collection_fingerprint: str
    split: str
    pictures: int
    styles: tuple[str, ...]
    resampled: ResampledUnits
    score: PairedScore
    level: float
    baselines: dict[str, ScoreTable]
    submissions: tuple[Submission, ...]
    refused: tuple[Refusal, ...]
    groups: tuple[tuple[str, ...], ...]
    pairs: tuple[SubmissionPair, ...]
    mistakes: tuple[EqualMistakes, ...]

    @property
    def suspicious(self) -> list[EqualMistakes]:
        """Pairs of submissions that share suspiciously many mistakes, the most equal first."""
        found = [one for one in self.mistakes if one.suspicious]
        return sorted(found, key=lambda one: -one.shared / one.wrong)

    def rows(self) -> list[dict[str, Any]]:
        """A row a submission, the best first, then the refused ones."""
        scored = [
            {"name": one.name, "rank": one.rank, "group": one.letters, "missing": one.missing}
            | flat_scores(one.scores)
            | {"problem": ""}
            for one in self.submissions
        ]
        return [*scored, *({"name": one.name, "problem": one.reason} for one in self.refused)]

    def __repr__(self) -> str:
        title = SCORES[self.score].title
        return (
            f"<ClassComparison: {len(self.submissions)} submissions by {title} on {self.pictures} "
            f"pictures, {len(self.refused)} refused>"
        )
