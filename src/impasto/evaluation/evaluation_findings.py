"""What an evaluation says about itself: the findings IMP301 to IMP309."""

from collections.abc import Mapping, Sequence
from typing import Any

from impasto.records.finding import Finding

LARGE_ERROR = 0.05  # expected calibration error from which IMP303 is an issue
# test pictures a style from which IMP306 is passed; works under two styles from which IMP309 is
# judged
ENOUGH = 10
SIGNIFICANT = 0.05  # p-value from which IMP308 is an issue


def evaluation_findings(
    metrics: Mapping[str, Any],
    explanation: Mapping[str, Any],
    seen: Sequence[str],
    *,
    finished: bool,
) -> list[Finding]:
    """The findings on an evaluation.

    Args:
        metrics: the content of ``metrics.json``.
        explanation: the content of ``explanation.json``.
        seen: ids of test pictures that the run was trained or chosen on.
        finished: whether its training came to its end.
    """
    return [
        _baselines(metrics),
        _oracle(metrics),
        _calibration(metrics),
        _unlearned(metrics),
        seen_finding(seen, metrics["pictures"]),
        _small(metrics),
        finished_finding(finished=finished),
        _history(explanation["history"]),
        _second_guesses(explanation["second_guesses"]),
    ]


def _baselines(metrics: Mapping[str, Any]) -> Finding:
    mine = metrics["scores"]["balanced_accuracy"]
    others = {
        name: scores["balanced_accuracy"]
        for name, scores in metrics["baselines"].items()
        if scores and name != "artist_oracle"  # which needs more than the picture: IMP302
    }
    if not others:
        return Finding(
            "IMP301",
            "not applicable",
            "The collection has no training pictures for a baseline to learn from.",
        )
    name, best = max(others.items(), key=lambda item: item[1]["value"])
    # Better than luck: the whole interval lies above the baseline's score
    beaten = mine["low"] > best["value"]
    text = (
        f"Balanced accuracy is {mine['value']:.1%} ({mine['low']:.1%} to {mine['high']:.1%}); the best baseline, "
        f"{name.replace('_', ' ')}, has {best['value']:.1%}."
    )
    numbers = {
        "balanced_accuracy": mine["value"],
        "low": mine["low"],
        "best_baseline": best["value"],
    }
    return Finding("IMP301", "passed" if beaten else "issue", text, numbers, [{"baseline": name}])


def _oracle(metrics: Mapping[str, Any]) -> Finding:
    oracle = metrics["baselines"].get("artist_oracle")
    if not oracle:
        return Finding(
            "IMP302", "not applicable", "No test picture's artist is known from training."
        )
    mine, its = metrics["scores"]["accuracy"]["value"], oracle["accuracy"]["value"]
    text = f"Accuracy is {mine:.1%}; answering each artist's usual style, without the picture, has {its:.1%}."
    return Finding(
        "IMP302", "passed" if mine > its else "issue", text, {"accuracy": mine, "oracle": its}
    )


def _calibration(metrics: Mapping[str, Any]) -> Finding:
    found = metrics["calibration"]
    if found is None:
        return Finding(
            "IMP303", "not applicable", "There was no validation picture to fit a temperature on."
        )
    error, before = found["ece_after"], found["ece_before"]
    text = (
        f"The expected calibration error is {error:.3f} at temperature {found['temperature']:.2f}; "
        f"it was {before:.3f} without."
    )
    numbers = {"ece_after": error, "ece_before": before, "temperature": found["temperature"]}
    return Finding("IMP303", "issue" if error > LARGE_ERROR else "passed", text, numbers)


def _unlearned(metrics: Mapping[str, Any]) -> Finding:
    rows = [row for row in metrics["per_style"] if row["test"]]
    never = [{"style": row["style"], "train": row["train"]} for row in rows if not row["recall"]]
    names = ", ".join(str(row["style"]) for row in never)
    text = f"{len(never)} of {len(rows)} styles are never recognised: {names}." if never else ""
    well = f"All {len(rows)} styles are recognised at least once."
    return Finding(
        "IMP304", "issue" if never else "passed", text or well, {"styles": float(len(never))}, never
    )


def seen_finding(seen: Sequence[str], pictures: int) -> Finding:
    """IMP305.

    The ids of test pictures, of ``pictures`` in all, that the run was trained or chosen on.
    """
    share = len(seen) / pictures
    text = f"The run was trained or chosen on {len(seen)} of the {pictures} test pictures ({share:.1%})."
    well = f"The run has seen none of the {pictures} test pictures."
    items = [{"id": name} for name in seen[:200]]
    numbers = {"pictures": float(len(seen)), "share": share}
    return Finding("IMP305", "issue" if seen else "passed", text if seen else well, numbers, items)


def finished_finding(*, finished: bool) -> Finding:
    """IMP307: whether the training came to its end."""
    text = (
        "The training came to its end."
        if finished
        else "The training was cut off; these are its weights so far."
    )
    return Finding("IMP307", "passed" if finished else "issue", text)


def _small(metrics: Mapping[str, Any]) -> Finding:
    few = [
        {"style": row["style"], "test": row["test"]}
        for row in metrics["per_style"]
        if row["test"] < ENOUGH
    ]
    names = ", ".join(f"{row['style']} ({row['test']})" for row in few)
    text = f"{len(few)} styles have fewer than {ENOUGH} test pictures: {names}." if few else ""
    well = f"Every style has at least {ENOUGH} test pictures."
    return Finding(
        "IMP306", "issue" if few else "passed", text or well, {"styles": float(len(few))}, few
    )


def _history(history: Mapping[str, Any]) -> Finding:
    used = [row["style"] for row in history["years"] if row["used"]]
    found, pairs = history["correlation"], len(history["pairs"])
    if found is None:
        text = (
            f"{len(used)} of {len(history['years'])} styles have {history['dated_from']} dated works and test "
            "pictures: too few to compare, or nothing was confused."
        )
        return Finding("IMP308", "not applicable", text)
    follows = found["value"] < 0 and found["p_value"] < SIGNIFICANT
    text = (
        f"Over {pairs} pairs of {len(used)} dated styles, confusion and the gap in median years correlate by "
        f"{found['value']:.2f} ({found['low']:.2f} to {found['high']:.2f}); p = {found['p_value']:.3f}."
    )
    numbers = {name: found[name] for name in ("value", "low", "high", "p_value")} | {
        "styles": float(len(used))
    }
    return Finding("IMP308", "passed" if follows else "issue", text, numbers)


def _second_guesses(found: Mapping[str, Any]) -> Finding:
    works, taught = found["works"], found["taught"]
    aside = f" {taught} more have a copy in training and do not count." if taught else ""
    if works < ENOUGH:
        text = f"{works or 'No'} test works stand under two styles, where {ENOUGH} would tell something.{aside}"
        return Finding(
            "IMP309", "not applicable", text, {"works": float(works), "taught": float(taught)}
        )
    rate, expected, more = (found["scores"][name] for name in ("rate", "expected", "difference"))
    text = (
        f"Of {works} test works under two styles, the second guess is the second label for {rate['value']:.1%}; second "
        f"guesses on others would give {expected['value']:.1%} (difference {more['low']:.1%} to {more['high']:.1%})."
        f"{aside}"
    )
    numbers = {
        "works": float(works),
        "taught": float(taught),
        "rate": rate["value"],
        "expected": expected["value"],
    }
    return Finding("IMP309", "passed" if more["low"] > 0 else "issue", text, numbers)
