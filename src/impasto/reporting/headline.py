"""Headline of a report: its verdict in one sentence, the sentences under it, and key facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from impasto.numerics.formatting import count, duration, percent
from impasto.numerics.metrics import SCORES
from impasto.records.evaluation import (
    MEANINGFUL_TOP_3,
    PRIORS,
    BaselineScores,
    ClassifierEvaluation,
)
from impasto.records.finding import Finding, invalidated
from impasto.reporting.study import StudyRecords, TrainedRun
from impasto.reporting.thumbnails import Example
from impasto.reporting.words import score

SCORE_TITLES: Final = {
    **{name: metric.heading for name, metric in SCORES.items()},
    "top_3": "Top-3 accuracy",
}
BASELINES: Final = {
    "colour_histogram": "Colour histograms",
    "prior_matched": "Guessing by frequency",
    "majority": "The largest style alone",
    "artist_oracle": "Artist oracle",
}


FEW: Final = 30
"""Test pictures below which a report says first that they are too few to tell."""


@dataclass(frozen=True, slots=True)
class Front:
    """The first lines of a report.

    Attributes:
        study: the study's name.
        title: the verdict in one sentence.
        lead: the sentences under it.
        facts: names and values, the sizes of what is reported.
        header: one thumbnail of each style.
        page: whether there is an atlas page to link to.
    """

    study: str
    title: str
    lead: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    header: tuple[Example, ...]
    page: bool


def front(study: StudyRecords, header: tuple[Example, ...], issues: int, *, page: bool) -> Front:
    """Return the first lines of a report on a study."""
    title, lead = headline(study)
    collection = study.collection
    splits = [int(collection.counts(name).sum()) for name in ("train", "validation", "test")]
    facts = [
        ("pictures", f"{len(collection):,}"),
        ("styles", f"{len(collection.vocabulary)}"),
        ("train · validation · test", " · ".join(f"{number:,}" for number in splits)),
    ]
    seconds = study.main.run.facts.get("seconds") if study.main else None
    if seconds is not None:
        facts.append(("training", duration(seconds)))
    facts.append(("findings to read", str(issues)))
    return Front(study.name, title, lead, tuple(facts), header, page)


def headline(study: StudyRecords) -> tuple[str, tuple[str, ...]]:
    """Return the verdict on a study in one sentence, and the sentences under it."""
    styles, main = count(len(study.collection.vocabulary), "style"), study.main
    if main is None:
        pictures = count(len(study.collection), "picture")
        title = f"{pictures} in {styles} are prepared; no network has been trained on them yet"
        return title, ("Train one with impasto train classifier, then write this report again.",)
    if main.evaluation is None:
        state = "is still being trained" if main.running else "has been trained"
        title = f"A network {state} on {styles}; how well it tells them apart has not been measured"
        return f"{title} yet", ("Measure it with impasto evaluate, then write this report again.",)
    return _measured(study, main, main.evaluation)


def _measured(
    study: StudyRecords, main: TrainedRun[ClassifierEvaluation], evaluation: ClassifierEvaluation
) -> tuple[str, tuple[str, ...]]:
    accuracy, simple = evaluation.scores["accuracy"], baselines(evaluation)
    styles = count(len(evaluation.styles), "style")
    result = f"{percent(accuracy.value)} accuracy {score(accuracy).interval}"
    if beats_baselines(evaluation, main.found):
        title = f"The network tells {styles} apart with {result}"
    else:
        title = f"The network is not shown to be better than a baseline at telling {styles} apart"
        title += f": {result}"
    if evaluation.pictures < FEW:
        tested = count(evaluation.pictures, f"{evaluation.split} picture")
        title = (
            f"{tested[0].upper()}{tested[1:]} are too few to tell: {title[0].lower()}{title[1:]}"
        )
    rivals = {"colour_histogram": "colour histograms reach", "majority": "the largest style alone"}
    reached = [
        f"{words} {percent(simple[name].scores['accuracy'].value)}"
        for name, words in rivals.items()
        if name in simple
    ]
    if reached:
        title += f"; {', '.join(reached)}"
    everything = [*study.prepared, *(study.audited or ()), *main.found]
    if not invalidated(everything):
        return title, _lead(evaluation, clean=True)
    codes = ", ".join(sorted({finding.code for finding in everything if finding.invalidates}))
    title = f"A finding invalidates this result ({codes}): {title[0].lower()}{title[1:]}"
    return title, _lead(evaluation, clean=False)


def _lead(evaluation: ClassifierEvaluation, *, clean: bool) -> tuple[str, ...]:
    others = [
        f"{SCORE_TITLES[name].lower().replace('macro-f1', 'macro-F1')} {score(found)}"
        for name, found in evaluation.scores.items()
        if name != "accuracy" and (name != "top_3" or len(evaluation.styles) > MEANINGFUL_TOP_3)
    ]
    apart = " that took no part in training or in any choice" if clean else ""
    pictures = count(evaluation.pictures, f"{evaluation.split} picture")
    matched = evaluation.test_mix.prior
    equal = evaluation.by_prior["uniform"]["accuracy"]
    second = f"; with {PRIORS['uniform']} it is {score(equal).text}" if matched == "train" else ""
    lead = [
        f"Measured on {pictures}{apart}: {', '.join(others)}. "
        f"In brackets: 95 % bootstrap intervals, in per cent, of {evaluation.resampled.text}.",
        f"Accuracy is that of answers with {PRIORS[matched]}, as the test split is mixed{second}.",
    ]
    oracle = evaluation.baselines.get("artist_oracle")
    if oracle is not None:
        reached = oracle.scores["accuracy"]
        ahead = oracle.gains["accuracy"].high < 0
        lead.append(
            "Naming each artist’s usual style, without a look at the picture, would be right for "
            f"{score(reached).text} of them{' – more than the network' if ahead else ''}."
        )
    return tuple(lead)


def baselines(evaluation: ClassifierEvaluation) -> dict[str, BaselineScores]:
    """Return the baselines that apply, in the order of ``BASELINES``."""
    measured = {name: evaluation.baselines.get(name) for name in BASELINES}
    return {name: baseline for name, baseline in measured.items() if baseline is not None}


def beats_baselines(evaluation: ClassifierEvaluation, found: Iterable[Finding]) -> bool:
    """Return whether the network is better than every baseline.

    Finding IMP301 says so; where it is absent, balanced accuracy does. The artist oracle knows who
    painted a picture and is no baseline in this sense.
    """
    outcomes = {finding.code: finding.outcome for finding in found}
    if "IMP301" in outcomes:
        return outcomes["IMP301"] == "passed"
    rivals = [
        baseline.scores["balanced_accuracy"].value
        for name, baseline in baselines(evaluation).items()
        if name != "artist_oracle"
    ]
    return evaluation.scores["balanced_accuracy"].value > max(rivals, default=0.0)
