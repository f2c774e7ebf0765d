"""Findings on a painter's score: IMP311 to IMP320, beside IMP305 and IMP307."""

from dataclasses import asdict, dataclass, replace
from typing import Final

from impasto.collection.collection import Collection
from impasto.evaluation.evaluation_findings import finished_finding, overlap_finding
from impasto.numerics.formatting import count
from impasto.records.finding import Finding, Outcome
from impasto.records.painter_score import (
    EVALUATOR_TITLES,
    PAINTINGS,
    TREATMENT_TITLES,
    ArmScore,
    PainterScore,
)
from impasto.records.run import Run

FOUND: Final = 0.8  # share of originals retrieved from which IMP313 is passed
ALIKE: Final = 0.6  # SSIM in the own style from which IMP314 is passed
DIP: Final = 0.02  # loss of the target style's probability at more strength that IMP316 ignores
UNSTABLE: Final = 0.05  # change of a hit rate beyond that of real works that IMP317 ignores
PEAK: Final = 1.5  # decibels above real works that IMP318 ignores
FEWEST: Final = 30  # pictures of another program below which a hit rate tells nothing
RATES: Final = ("IMP311", "IMP312", "IMP317")
"""Findings that rest on hit rates of the pictures."""
COPIED: Final = 0.05  # share of pictures with a large borrowed region that IMP319 ignores


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
        _stable(score),
        _lattice(score),
        _copied(score),
        _beyond_handmade(score),
    ]


def given_findings(score: PainterScore) -> list[Finding]:
    """Return the findings on the score of another program's pictures."""
    found = [
        _effect(score),
        _colour(score),
        _content(score),
        _independent(score),
        _stable(score),
        _lattice(score),
        _copied(score),
        _beyond_handmade(score),
    ]
    if score.pictures >= FEWEST:
        return found
    few = f"Too few to tell: {count(score.pictures, 'picture')}. "
    return [
        replace(one, outcome="not applicable", text=few + one.text) if one.code in RATES else one
        for one in found
    ]


def _outcome(passed: bool) -> Outcome:
    return "passed" if passed else "issue"


def _ours(score: PainterScore) -> str:
    """The arm that the findings judge, in a sentence."""
    if score.given is not None:
        return "the pictures"
    return {"finished": "painter and patches", "painted": "the painter"}[score.default_arm]


def _paintings(score: PainterScore) -> list[ArmScore]:
    return [arm for arm in score.arms if arm.arm in PAINTINGS]


def _effect(score: PainterScore) -> Finding:
    """IMP311: the gain over unchanged pictures, style by style."""
    rows, arm, by = score.per_style, score.default_arm, score.default_evaluator
    gains = {row.style: row.rates[by][arm].gain for row in rows}
    low = {style: gain for style, gain in gains.items() if gain.low <= 0}
    hit, floor, ceiling = (
        score.arm(name).rates[by].hit.value for name in (arm, "unchanged", "real")
    )
    between = score.arm(arm).rates[by].normalised
    place = f"not normalised, because {score.evaluators[by].unplaced}"
    numbers = {"hit": hit, "floor": floor, "ceiling": ceiling}
    if between is not None:
        place = f"normalised {between.value:.2f} ({between.low:.2f} to {between.high:.2f})"
        numbers["normalised"] = between.value
    who = "The network classifies" if by == "network" else "Hand-made features classify"
    made = "" if score.given is not None else f" by {_ours(score)}"
    text = (
        f"{who} {hit:.1%} of the paintings{made} as their target style, {floor:.1%} of unchanged "
        f"pictures and {ceiling:.1%} of real ones: {place}. In {len(rows) - len(low)} of "
        f"{len(rows)} styles the 95 % interval of the gain excludes 0."
    )
    if arm != "painted":
        text += f" By the painter alone it is {score.arm('painted').rates[by].hit.value:.1%}."
    items = [{"style": style, "gain": gain.value} for style, gain in low.items()]
    return Finding("IMP311", _outcome(not low), text, numbers, items)


def _colour(score: PainterScore) -> Finding:
    """IMP312: the gain over the exchange of colours."""
    arm, by = score.default_arm, score.default_evaluator
    gain = score.gains[by][arm].histogram
    other = score.arm("histogram").rates[by].hit.value
    text = (
        f"Colour transfer alone hits {other:.1%}; the gain of {_ours(score)} over it "
        f"is {gain.value:+.1%} ({gain.low:+.1%} to {gain.high:+.1%})."
    )
    if arm != "painted":
        alone = score.gains[by]["painted"].histogram
        text += (
            f" That of the painter alone is {alone.value:+.1%} ({alone.low:+.1%} to "
            f"{alone.high:+.1%})."
        )
    numbers = {"gain": gain.value, "histogram": other}
    return Finding("IMP312", _outcome(gain.low > 0), text, numbers)


def _content(score: PainterScore) -> Finding:
    kept = score.arm(score.default_arm).content
    if kept is None:
        return Finding("IMP313", "not applicable", "No picture has an original of its name.")
    share = kept.retrieved
    text = (
        f"For {share.value:.1%} ({share.low:.1%} to {share.high:.1%}) of the paintings the "
        f"original is the nearest of {score.searched:,} pictures by lightness."
    )
    outcome = _outcome(share.low >= FOUND)
    if share.value == 1 and share.low < FOUND:
        outcome, text = "not applicable", f"{text} These are too few pictures to tell."
    return Finding("IMP313", outcome, text, {"retrieved": share.value})


def _identity(score: PainterScore) -> Finding:
    assert score.identity is not None
    own, none = score.identity.own_style.value, score.identity.no_style.value
    text = (
        f"Painted in their own style, pictures keep an SSIM of {own:.2f}; in none, of {none:.2f}."
    )
    numbers = {"own_style": own, "no_style": none}
    return Finding("IMP314", _outcome(own >= ALIKE), text, numbers)


def _independent(score: PainterScore) -> Finding:
    by, accuracy = score.evaluator, score.evaluators["network"].accuracy.value
    if score.given is not None:
        text = (
            f"What the pictures' maker learnt from is not known. The evaluator ({by.network}) was "
            f"trained on {by.test_pictures_seen} of the originals, and classifies {accuracy:.1%} "
            "of real test pictures correctly, the mean over styles."
        )
        outcome: Outcome = "issue" if by.test_pictures_seen else "not applicable"
        return Finding("IMP315", outcome, text, {"seen": float(by.test_pictures_seen)})
    text = (
        f"The evaluator ({by.network}) shares {by.pictures_shared} training pictures and "
        f"{by.artists_shared} known artists with painter and style classifier, was trained on "
        f"{by.test_pictures_seen} of the painted test pictures, and classifies {accuracy:.1%} of "
        "real ones correctly, the mean over styles."
    )
    alike = by.network == "classifier"
    passed = not by.pictures_shared and not alike and not by.test_pictures_seen
    numbers = {"shared": float(by.pictures_shared), "artists_shared": float(by.artists_shared)}
    return Finding("IMP315", _outcome(passed), text, numbers)


def _monotone(score: PainterScore) -> Finding:
    steps = [row.probability for row in score.strength]
    dips = [low - high for low, high in zip(steps[1:], steps, strict=False)]
    shown = ", ".join(f"{row.strength:.0%}: {row.probability:.2f}" for row in score.strength)
    text = f"The evaluator's probability of the target style by strength: {shown}."
    numbers = {"first": steps[0], "last": steps[-1]}
    return Finding("IMP316", _outcome(min(dips) >= -DIP), text, numbers)


@dataclass(frozen=True, slots=True)
class _Change:
    """Change of an arm's hit rate under a treatment, beside that of real works."""

    arm: str
    evaluator: str
    treatment: str
    change: float
    real: float

    @property
    def difference(self) -> float:
        return abs(self.change - self.real)


def _stable(score: PainterScore) -> Finding:
    """IMP317: hit rates of paintings change as those of real works do."""
    real = score.arm("real")
    changes = [
        _Change(
            score.title(arm.arm),
            EVALUATOR_TITLES[evaluator],
            TREATMENT_TITLES[kind],
            change,
            real.rates[evaluator].changes[kind],
        )
        for arm in _paintings(score)
        for evaluator, rate in arm.rates.items()
        for kind, change in rate.changes.items()
    ]
    most = max(changes, key=lambda one: one.difference)
    text = (
        f"The largest difference is that of {most.arm}, {most.treatment}, classified by "
        f"{most.evaluator}: the hit rate changes by {100 * most.change:+.1f} points, "
        f"that of real works by {100 * most.real:+.1f}."
    )
    items = [asdict(one) for one in changes if one.difference > UNSTABLE]
    return Finding("IMP317", _outcome(not items), text, {"difference": most.difference}, items)


def _lattice(score: PainterScore) -> Finding:
    """IMP318: spectral peaks of paintings at small periods, beside real works."""
    real = score.arm("real").lattice
    items = [
        {"arm": score.title(arm.arm), "period": period, "peak": peak, "real": real[period]}
        for arm in _paintings(score)
        for period, peak in arm.lattice.items()
        if peak > real[period] + PEAK
    ]
    parts = [
        f"{score.title(arm.arm)} {' / '.join(f'{peak:.1f}' for peak in arm.lattice.values())}"
        for arm in (*_paintings(score), score.arm("real"))
    ]
    periods = ", ".join(map(str, real))
    text = f"Peaks at periods of {periods} pixels, in dB: {'; '.join(parts)}."
    most = max(
        peak - real[period] for arm in _paintings(score) for period, peak in arm.lattice.items()
    )
    return Finding("IMP318", _outcome(not items), text, {"above_real": most}, items)


def _copied(score: PainterScore) -> Finding:
    """IMP319: large borrowed regions."""
    arms = [(arm.arm, arm.copying) for arm in score.arms if arm.copying is not None]
    if not arms:
        text = "No pictures were painted with patches."
        if score.given is not None:
            text = "The training pictures were not searched."
        return Finding("IMP319", "not applicable", text)
    parts = [
        f"{score.title(name)}: {copying.region:.1%} on average, {copying.most:.1%} at most, more "
        f"than a quarter in {copying.large:.1%} of the pictures; SSIM with the nearest reference "
        f"{copying.nearest:.2f}, of the originals {copying.source_nearest:.2f}"
        for name, copying in arms
    ]
    most = max(copying.large for name, copying in arms if name != "real")
    text = f"Share of a picture that is one connected borrowed region. {'. '.join(parts)}."
    return Finding("IMP319", _outcome(most <= COPIED), text, {"large": most})


def _beyond_handmade(score: PainterScore) -> Finding:
    """IMP320: the evaluator against hand-made features, on real pictures."""
    ours, other = (score.evaluators[evaluator].accuracy for evaluator in ("network", "handmade"))
    gain = score.evaluator_gain
    text = (
        f"Balanced accuracy on real test pictures: evaluator {ours.value:.1%} ({ours.low:.1%} to "
        f"{ours.high:.1%}), hand-made features {other.value:.1%} ({other.low:.1%} to "
        f"{other.high:.1%}); on the same pictures a difference in points of {gain.points}."
    )
    numbers = {"network": ours.value, "handmade": other.value, "low": gain.low}
    return Finding("IMP320", _outcome(gain.low > 0), text, numbers)
