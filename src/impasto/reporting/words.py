"""The report's words: numbers as they are printed, and the verdict as one sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from impasto.records.finding import Finding, spoiled
from impasto.reporting.facts import Baseline, Evaluated, RunFacts, Score, StudyFacts

NBSP: Final = "\u00a0"
SCORES: Final = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro-F1",
    "top_3": "Top-3 accuracy",
}
BASELINES: Final = {
    "colour_histogram": "Colour histograms",
    "prior_matched": "Guessing by frequency",
    "majority": "The largest style alone",
    "artist_oracle": "Artist oracle",
}
Tone = Literal["good", "poor", "spoiled", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The report's first lines.

    Attributes:
        title: the verdict in one sentence.
        lead: the sentences under it.
        tone: whether it is good news.
    """

    title: str
    lead: tuple[str, ...]
    tone: Tone


def shown(style: str) -> str:
    """A style's name as it is read: underscores are spaces, and what would break a line is gone."""
    text = "".join(
        char if char.isprintable() or char == NBSP else " " for char in style.replace("_", " ")
    )
    return text.strip() or style


def percent(share: float | None, digits: int = 1) -> str:
    """``0.523`` as ``52.3 %``; a dash where there is no number."""
    return "–" if share is None else f"{100 * share:.{digits}f}{NBSP}%"


def rounded(share: float) -> str:
    """``0.523`` as ``52 %``, ``0.077`` as ``7.7 %``: two digits are enough for a headline."""
    return percent(share, 0 if share >= 0.0995 else 1)


def interval(score: Score) -> str:
    """``(48–56)``: the interval in per cent, without the sign; empty where there is none."""
    if score.low is None or score.high is None:
        return ""
    return f"({100 * score.low:.0f}–{100 * score.high:.0f})"


def spread(score: Score | None) -> str:
    """``0.123 (0.110–0.135)``: a score that is no share; a dash where there is none."""
    return "–" if score is None else f"{score.value:.3f}{NBSP}({score.low:.3f}–{score.high:.3f})"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 style``, ``13 styles``, ``81,444 pictures``."""
    return f"{number:,}{NBSP}{noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """``9 min 41 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}{NBSP}h"] * bool(hours) + [f"{minutes}{NBSP}min"] * bool(hours or minutes)
    return " ".join([*parts, f"{rest}{NBSP}s"] if not hours else parts)


def baselines(evaluation: Evaluated) -> dict[str, Baseline]:
    """The baselines that were measured, the strongest kind first; unknown ones last."""
    order = [*BASELINES, *sorted(evaluation.baselines.keys() - BASELINES.keys())]
    measured = {name: evaluation.baselines.get(name) for name in order}
    return {name: baseline for name, baseline in measured.items() if baseline is not None}


def baseline_name(name: str) -> str:
    """A baseline's name as it is read."""
    return BASELINES.get(name, name.replace("_", " ").capitalize())


def verdict(facts: StudyFacts) -> Verdict:
    """The first lines of a report on ``facts``."""
    styles, main = count(len(facts.collection.vocabulary), "style"), facts.main
    pictures = count(len(facts.collection), "picture")
    if main is None:
        title = f"{pictures} in {styles} are prepared; no network has been trained on them yet"
        return Verdict(
            title,
            ("Train one with impasto train classifier, then write this report again.",),
            "unknown",
        )
    if main.evaluation is None:
        state = "is still being trained" if main.run.state == "running" else "has been trained"
        title = (
            f"A network {state} on {styles}; how well it tells them apart has not been measured yet"
        )
        return Verdict(
            title, ("Measure it with impasto evaluate, then write this report again.",), "unknown"
        )
    return _measured(facts, main, main.evaluation)


def _measured(facts: StudyFacts, main: RunFacts, evaluation: Evaluated) -> Verdict:
    accuracy, simple = evaluation.scores["accuracy"], baselines(evaluation)
    rivals = [
        f"{BASELINES[name][0].lower()}{BASELINES[name][1:]} {'reach ' if name == 'colour_histogram' else ''}"
        f"{rounded(simple[name].accuracy.value)}"
        for name in ("colour_histogram", "majority")
        if name in simple
    ]
    score = f"{rounded(accuracy.value)} accuracy {interval(accuracy)}".rstrip()
    styles = count(len(evaluation.styles), "style")
    if beats_baselines(evaluation, main.evaluated):
        title, tone = f"The network tells {styles} apart with {score}; {', '.join(rivals)}", "good"
    else:
        title, tone = (
            f"The network is no better than a baseline at telling {styles} apart: {score}",
            "poor",
        )
        title = f"{title}; {', '.join(rivals)}"
    everything = [*facts.found, *(main.trained or ()), *main.evaluated]
    if spoiled(everything):
        codes = ", ".join(sorted({finding.code for finding in everything if finding.spoils}))
        return Verdict(
            f"A finding spoils this result ({codes}): {title[0].lower()}{title[1:]}",
            _lead(evaluation, clean=False),
            "spoiled",
        )
    return Verdict(
        title.removesuffix("; "),
        _lead(evaluation, clean=True),
        "good" if tone == "good" else "poor",
    )


def _lead(evaluation: Evaluated, *, clean: bool) -> tuple[str, ...]:
    others = [
        f"{SCORES[name].lower().replace('macro-f1', 'macro-F1')} {percent(score.value)} {interval(score)}".rstrip()
        for name in ("balanced_accuracy", "macro_f1", "top_3")
        if (score := evaluation.scores.get(name))
        and (name != "top_3" or len(evaluation.styles) > 3)
    ]
    apart = " that took no part in training or in any choice" if clean else ""
    lead = [
        f"Measured on {count(evaluation.pictures, evaluation.split + ' picture')}{apart}: {', '.join(others)}. "
        f"In brackets: 95{NBSP}% bootstrap intervals, in per cent."
    ]
    oracle = evaluation.baselines.get("artist_oracle")
    if oracle is not None:
        ahead = (
            " – more than the network"
            if oracle.accuracy.value > evaluation.scores["accuracy"].value
            else ""
        )
        lead.append(
            "Naming each artist’s usual style, without a look at the picture, would be right for "
            f"{percent(oracle.accuracy.value)} of them{ahead}."
        )
    return tuple(lead)


def beats_baselines(evaluation: Evaluated, found: Iterable[Finding]) -> bool:
    """Whether the network is better than every baseline: by finding IMP301, or by balanced accuracy where it is absent.

    The artist oracle knows who painted a picture and is no baseline in this sense.
    """
    outcomes: Mapping[str, str] = {finding.code: finding.outcome for finding in found}
    if "IMP301" in outcomes:
        return outcomes["IMP301"] == "passed"
    rivals = [
        b.balanced_accuracy.value
        for name, b in baselines(evaluation).items()
        if name != "artist_oracle"
    ]
    return evaluation.scores["balanced_accuracy"].value > max(rivals, default=0.0)
