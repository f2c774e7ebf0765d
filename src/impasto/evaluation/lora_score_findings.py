"""Findings IMP603 to IMP605 on the score of a LoRA."""

from typing import Final

from impasto.records.finding import Finding, Outcome
from impasto.records.lora_score import LoraScore

COPIES: Final = 3.0  # times the share of real test pictures above the limit that is an issue
SIGNIFICANT: Final = 0.05  # p value from which a style is not above the base
SHOWN: Final = 200  # likenesses in a finding, at most


def lora_findings(score: LoraScore) -> list[Finding]:
    """Return the findings on the score of a LoRA."""
    return [_above_floor(score), _copies(score), _composition(score)]


def _above_floor(score: LoraScore) -> Finding:
    rows = score.per_style
    low = [row for row in rows if row.p >= SIGNIFICANT]
    adapter, base = (score.scores[arm]["accuracy"] for arm in ("adapter", "base"))
    text = (
        f"The evaluator assigns {adapter.value:.1%} ({adapter.low:.1%} to {adapter.high:.1%}) of "
        f"the adapter's pictures and {base.value:.1%} of the base's to their target style. "
        f"The adapter is above the base in {len(rows) - len(low)} of {len(rows)} styles, by an "
        "exact sign test on pictures of one prompt and seed, corrected for the number of styles."
    )
    values = {"accuracy": adapter.value, "floor": base.value, "below": float(len(low))}
    items = [
        {"style": row.style, "accuracy": row.accuracy, "floor": row.floor, "p": row.p}
        for row in low
    ]
    return Finding("IMP603", "issue" if low else "passed", text, values, items)


def _copies(score: LoraScore) -> Finding:
    copies = score.copies
    many = copies.share > COPIES * copies.expected and len(copies.near) > 1
    aligned, mirrored = len(copies.aligned), sum(row.mirrored for row in copies.aligned)
    text = (
        f"{aligned} painted pictures are near duplicates of a training picture once aligned with "
        f"it, {mirrored} of them mirrored. "
    )
    if copies.limit is None:
        text += "Every test picture is a copy of a training picture, so there is no limit to set."
    else:
        text += (
            f"{len(copies.near)} ({copies.share:.1%}) correlate above {copies.limit:.2f} with a "
            "training picture; 1 % of real test pictures do"
        )
        text += (
            f" ({copies.left_out} copies of training pictures left out)."
            if copies.left_out
            else "."
        )
    items = [row.model_dump() for row in (*copies.aligned, *copies.near)[:SHOWN]]
    outcome: Outcome = "issue" if many or aligned else "passed"
    values = {"share": copies.share, "aligned": float(aligned)}
    return Finding("IMP604", outcome, text, values, items)


def _composition(score: LoraScore) -> Finding:
    adapter, base = (score.scores[arm]["accuracy"] for arm in ("adapter", "base"))
    if score.kept is None:
        text = "The comparison takes at least two styles and two seeds."
        return Finding("IMP605", "not applicable", text)
    if adapter.low <= base.value:
        text = "The adapter's styles do not differ from the base's, so their pictures are similar."
        return Finding("IMP605", "not applicable", text)
    share = score.kept.share
    text = (
        "Pictures of one prompt and seed in two styles are more similar than pictures of different "
        f"seeds in {share.value:.1%} of pairs ({share.low:.1%} to {share.high:.1%}); chance is "
        "50 %."
    )
    outcome: Outcome = "passed" if share.low > 0.5 else "issue"
    return Finding("IMP605", outcome, text, {"share": share.value})
