"""Findings IMP603 to IMP605 on the score of a LoRA."""

from collections.abc import Mapping
from typing import Any, Final

from impasto.records.finding import Finding

ARMS: Final = ("adapter", "base")
COPIES: Final = (
    3.0  # times the share among real held-out pictures from which likenesses are an issue
)


def card_findings(result: Mapping[str, Any]) -> list[Finding]:
    """IMP603 to IMP605, from the content of ``scorecard.json``."""
    rows = result["per_style"]
    low = [row for row in rows if row["accuracy"] <= (row["floor"] or 0)]
    items = [
        {"style": row["style"], "accuracy": row["accuracy"], "floor": row["floor"]} for row in low
    ]
    mine, floor = (result["scores"][arm]["accuracy"] for arm in ARMS)
    taught = (
        f"{mine['value']:.1%} ({mine['low']:.1%} to {mine['high']:.1%}) of the pictures are seen as of the style asked "
        f"for; {floor['value']:.1%} without the adapter. {len(rows) - len(low)} of {len(rows)} styles lie above that."
    )
    copies = result["copies"]
    many = copies["share"] > COPIES * copies["expected"] and len(copies["near"]) > 1
    copied = (
        f"{len(copies['near'])} pictures ({copies['share']:.1%}) are more like a training picture than 99 % of real "
        f"held-out pictures are (correlation above {copies['limit']:.2f})."
    )
    numbers_ = {"accuracy": mine["value"], "floor": floor["value"], "below": float(len(low))}
    made = [
        Finding("IMP603", "issue" if low else "passed", taught, numbers_, items),
        Finding(
            "IMP604",
            "issue" if many else "passed",
            copied,
            {"share": copies["share"]},
            copies["near"][:200],
        ),
    ]
    keep = result["kept"]
    if keep is None:
        return [
            *made,
            Finding("IMP605", "not applicable", "One style or one seed cannot be compared."),
        ]
    if mine["low"] <= floor["value"]:
        return [
            *made,
            Finding(
                "IMP605",
                "not applicable",
                "The styles are not told apart: pictures are alike for that.",
            ),
        ]
    share = keep["share"]
    told = (
        f"Pictures of one prompt and seed in two styles are more alike than others in {share['value']:.1%} of pairs "
        f"({share['low']:.1%} to {share['high']:.1%}); 50 % would be chance."
    )
    return [
        *made,
        Finding(
            "IMP605", "passed" if share["low"] > 0.5 else "issue", told, {"share": share["value"]}
        ),
    ]
