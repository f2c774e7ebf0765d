"""Findings on a painter's score: IMP311 to IMP316, beside IMP305 and IMP307."""

from typing import Final

from impasto.collection.collection import Collection
from impasto.evaluation.evaluation_findings import finished_finding, overlap_finding
from impasto.records.finding import Finding, Outcome
from impasto.records.painter_score import PainterScore
from impasto.records.run import Run

ARMS: Final = ("painted", "histogram", "unchanged")
FOUND: Final = 0.8  # share of originals retrieved from which IMP313 is passed
ALIKE: Final = 0.6  # SSIM in the own style from which IMP314 is passed
DIP: Final = 0.02  # loss of the target style's probability at more strength that IMP316 ignores


def painting_findings(score: PainterScore, run: Run, found: Collection) -> list[Finding]:
    """Return the findings on a painter's score."""
    return [
        overlap_finding(run, found),
        finished_finding(run),
        _effect(score),
        _colour(score),
        _content(score),
        _identity(score),
        _independent(score),
        _monotone(score),
    ]


def _outcome(passed: bool) -> Outcome:
    return "passed" if passed else "issue"


def _effect(score: PainterScore) -> Finding:
    rows, arms = score.per_style, score.scores
    low = [row for row in rows if row.painted.gain.low <= 0]
    hit, floor, ceiling = arms.painted.hit.value, arms.unchanged.hit.value, arms.real.hit.value
    between = arms.painted.normalised
    place = "floor and ceiling are too close to place it between them"
    if arms.placed:
        place = f"normalised {between.value:.2f} ({between.low:.2f} to {between.high:.2f})"
    text = (
        f"The evaluator classifies {hit:.1%} of the paintings as their target style, {floor:.1%} "
        f"of unchanged pictures and {ceiling:.1%} of real ones: {place}. In "
        f"{len(rows) - len(low)} of {len(rows)} styles the 95 % interval of the gain excludes 0."
    )
    items = [{"style": row.style, "gain": row.painted.gain.value} for row in low]
    numbers = {"hit": hit, "floor": floor, "ceiling": ceiling, "normalised": between.value}
    return Finding("IMP311", _outcome(not low), text, numbers, items)


def _colour(score: PainterScore) -> Finding:
    gain, other = score.gains.histogram, score.scores.histogram.hit.value
    text = (
        f"Colour transfer alone hits {other:.1%}; the painter is better by {gain.value:+.1%} "
        f"({gain.low:+.1%} to {gain.high:+.1%})."
    )
    numbers = {"gain": gain.value, "histogram": other}
    return Finding("IMP312", _outcome(gain.low > 0), text, numbers)


def _content(score: PainterScore) -> Finding:
    share = score.content["painted"].retrieved
    text = (
        f"For {share.value:.1%} ({share.low:.1%} to {share.high:.1%}) of the paintings the "
        f"original is the nearest of {score.searched:,} pictures by lightness."
    )
    return Finding("IMP313", _outcome(share.low >= FOUND), text, {"retrieved": share.value})


def _identity(score: PainterScore) -> Finding:
    own, none = score.identity.own_style.value, score.identity.no_style.value
    text = (
        f"Painted in their own style, pictures keep an SSIM of {own:.2f}; in none, of {none:.2f}."
    )
    numbers = {"own_style": own, "no_style": none}
    return Finding("IMP314", _outcome(own >= ALIKE), text, numbers)


def _independent(score: PainterScore) -> Finding:
    by = score.evaluator
    text = (
        f"The evaluator ({by.network}) shares {by.pictures_shared} training pictures with painter "
        f"and style classifier, was trained on {by.test_pictures_seen} of the painted test "
        f"pictures, and classifies {by.accuracy:.1%} of real ones correctly."
    )
    alike = by.network == "classifier"
    passed = not by.pictures_shared and not alike and not by.test_pictures_seen
    return Finding("IMP315", _outcome(passed), text, {"shared": float(by.pictures_shared)})


def _monotone(score: PainterScore) -> Finding:
    steps = [row.probability for row in score.strength]
    dips = [low - high for low, high in zip(steps[1:], steps, strict=False)]
    shown = ", ".join(f"{row.strength:.0%}: {row.probability:.2f}" for row in score.strength)
    text = f"The evaluator's probability of the target style by strength: {shown}."
    numbers = {"first": steps[0], "last": steps[-1]}
    return Finding("IMP316", _outcome(min(dips) >= -DIP), text, numbers)
