"""What a painter's score says about itself.

The findings IMP311 to IMP316, beside IMP305 and IMP307.
"""

from collections.abc import Mapping
from typing import Any, Final

from impasto.collection.collection import Collection
from impasto.collection.run_collection import training_hashes
from impasto.evaluation.evaluation_findings import finished_finding, seen_finding
from impasto.evaluation.painter_score_numbers import divides
from impasto.records.finding import Finding
from impasto.records.run import Run

ARMS: Final = ("painted", "histogram", "unchanged")
FOUND: Final = 0.8  # share of originals found among all from which IMP313 is passed
ALIKE: Final = 0.6  # SSIM in the own style from which IMP314 is passed
DIP: Final = (
    0.02  # of the judge's probability that a stronger painting may lose before IMP316 is an issue
)


def painting_findings(result: Mapping[str, Any], run: Run, found: Collection) -> list[Finding]:
    """The findings on the content of ``painting.json``."""
    trained, chosen = training_hashes(run)
    hashes, ids = found.column("sha256"), found.column("id")
    test = found.indices("test")
    seen = [ids[row] for row in test if hashes[row] in trained | chosen]
    return [
        seen_finding(seen, len(test)),
        finished_finding(finished=run.state == "done"),
        _effect(result),
        _colour(result),
        _content(result),
        _identity(result),
        _independent(result),
        _monotone(result),
    ]


def _effect(result: Mapping[str, Any]) -> Finding:
    rows, scores = result["per_style"], result["scores"]
    low = [row for row in rows if row["painted"]["gain"]["low"] <= 0]
    hit, floor, ceiling = (scores[arm]["hit"]["value"] for arm in ("painted", "unchanged", "real"))
    between = scores["painted"]["normalised"]
    way = "too little between these to say how far it went."
    if divides(scores["real"]["normalised"]["value"]):
        way = f"{between['value']:.2f} ({between['low']:.2f} to {between['high']:.2f}) of the way."
    text = (
        f"The judge sees the style asked for in {hit:.1%} of painted pictures, in {floor:.1%} of unchanged and in "
        f"{ceiling:.1%} of real ones: {way} "
        f"{len(rows) - len(low)} of {len(rows)} styles gain, clear of zero."
    )
    items = [{"style": row["style"], "gain": row["painted"]["gain"]["value"]} for row in low]
    numbers = {"hit": hit, "floor": floor, "ceiling": ceiling, "normalised": between["value"]}
    return Finding("IMP311", "issue" if low else "passed", text, numbers, items)


def _colour(result: Mapping[str, Any]) -> Finding:
    gain, other = result["gains"]["histogram"], result["scores"]["histogram"]["hit"]["value"]
    text = (
        f"Exchanging the colours alone hits {other:.1%}; the painter is better by {gain['value']:+.1%} "
        f"({gain['low']:+.1%} to {gain['high']:+.1%})."
    )
    return Finding(
        "IMP312",
        "passed" if gain["low"] > 0 else "issue",
        text,
        {"gain": gain["value"], "histogram": other},
    )


def _content(result: Mapping[str, Any]) -> Finding:
    share, among = result["content"]["painted"]["retrieved"], result["searched"]
    text = (
        f"Of {share['value']:.1%} ({share['low']:.1%} to {share['high']:.1%}) of painted pictures the original is the "
        f"nearest among {among:,} by where light and dark lie."
    )
    return Finding(
        "IMP313",
        "passed" if share["low"] >= FOUND else "issue",
        text,
        {"retrieved": share["value"]},
    )


def _identity(result: Mapping[str, Any]) -> Finding:
    own, none = (result["identity"][name]["value"] for name in ("own_style", "no_style"))
    text = (
        f"Painted in their own style, pictures keep an SSIM of {own:.2f}; in none, of {none:.2f}."
    )
    return Finding(
        "IMP314", "passed" if own >= ALIKE else "issue", text, {"own_style": own, "no_style": none}
    )


def _independent(result: Mapping[str, Any]) -> Finding:
    judge = result["evaluator"]
    shared, alike = judge["pictures_shared"], judge["network"] == "classifier"
    text = (
        f"The judge ({judge['network']}) shares {shared} pictures with painter and critic, was trained on "
        f"{judge['test_pictures_seen']} of those painted, and names {judge['accuracy']:.1%} of real ones rightly."
    )
    ok = not shared and not alike and not judge["test_pictures_seen"]
    return Finding("IMP315", "passed" if ok else "issue", text, {"shared": float(shared)})


def _monotone(result: Mapping[str, Any]) -> Finding:
    steps = [row["probability"] for row in result["strength"]]
    dips = [low - high for low, high in zip(steps[1:], steps, strict=False)]
    shown = ", ".join(
        f"{row['strength']:.0%}: {row['probability']:.2f}" for row in result["strength"]
    )
    text = f"The judge's probability of the style asked for, by strength: {shown}."
    return Finding(
        "IMP316",
        "issue" if min(dips) < -DIP else "passed",
        text,
        {"first": steps[0], "last": steps[-1]},
    )
