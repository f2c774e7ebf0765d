"""``balance.json`` as a page to read.

Recommendation, table, differences, and who is shown how often.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from impasto.comparison.balance_choice import RAREST
from impasto.comparison.long_tail_methods import PLAIN
from impasto.numerics.formatting import aligned, number, p_value, points, share
from impasto.numerics.metrics import SCORES

Result = Mapping[str, Any]
HEADS = {
    **{name: metric.title for name, metric in SCORES.items()},
    **{name: name for name in ("many", "medium", "few")},
    RAREST: "rarest third",
}


def columns(result: Result) -> list[str]:
    """The scores that a table shows: the three, and the groups of styles that are not empty."""
    return [
        *SCORES,
        *(name for name in ("many", "medium", "few", RAREST) if result["groups"][name]),
    ]


def as_lines(result: Result) -> list[str]:
    """The table as aligned lines for a terminal.

    Scores in per cent, the difference to plain training behind them.
    """
    names = columns(result)
    rows: list[Sequence[str]] = [["remedy", *(HEADS[name] for name in names)]]
    for row in result["remedies"]:
        rows.append([row["name"], *(_short(row, name) for name in names)])
    return aligned(rows)


def _short(row: Mapping[str, Any], name: str) -> str:
    text = number(100 * row["scores"][name]["value"], 1)
    if row["differences"] is None:
        return text
    return f"{text} ({number(100 * row['differences'][name]['value'], 1, signed=True)})"


def as_markdown(result: Result) -> str:
    """The whole page."""
    return (
        "\n".join(
            [*_opening(result), *_scores(result), *_differences(result), *_distribution(result)]
        )
        + "\n"
    )


def _opening(result: Result) -> Iterator[str]:
    pictures, seeds = result["pictures"], result["seeds"]
    yield "# Remedies for imbalance, side by side"
    yield ""
    yield f"**Recommended:** {result['recommendation']['text']}"
    yield ""
    yield (
        f"{len(result['styles'])} styles; {pictures['train']:,} training, {pictures['validation']:,} validation, "
        f"{pictures['test']:,} test pictures; seeds {', '.join(map(str, seeds))}. Made by `{result['command']}`."
    )
    yield ""
    for name, styles in result["groups"].items():
        if styles:
            yield f"- *{HEADS[name]}*: {', '.join(styles)}"
    yield ""


def _scores(result: Result) -> Iterator[str]:
    names, one = columns(result), len(result["seeds"]) == 1
    yield "## Scores"
    yield ""
    yield (
        "Means over the seeds, in per cent, with 95 % intervals over test pictures"
        f"{' alone: one seed says nothing of others' if one else ' and seeds'}. "
        "Groups: the mean recall of their styles. Answers are each network's likeliest style."
    )
    yield ""
    yield f"| remedy | trains | {' | '.join(HEADS[name] for name in names)} |"
    yield f"| --- | --- |{' ---: |' * len(names)}"
    for row in result["remedies"]:
        cells = (share(row["scores"][name]) for name in names)
        yield f"| {row['name']} | {'a head' if row['kind'] == 'head' else 'a network'} | {' | '.join(cells)} |"
    yield ""


def _differences(result: Result) -> Iterator[str]:
    names = columns(result)
    yield "## Differences to plain training"
    yield ""
    yield (
        "In points, on the same pictures with the same seeds, with 95 % intervals. A picture is gained when more seeds "
        "answer it rightly with the remedy, lost when fewer do; p is of McNemar's exact test on these, alone and after "
        "Holm's correction for the number of remedies."
    )
    yield ""
    yield f"| remedy | {' | '.join(HEADS[name] for name in names)} | gained | lost | p | p (Holm) |"
    yield f"| --- |{' ---: |' * (len(names) + 4)}"
    for row in result["remedies"]:
        if row["name"] != PLAIN:
            cells = [points(row["differences"][name]) for name in names]
            test = row["mcnemar"]
            cells += [
                str(test["gained"]),
                str(test["lost"]),
                p_value(test["p"]),
                p_value(test["p_holm"]),
            ]
            yield f"| {row['name']} | {' | '.join(cells)} |"
    yield ""


def _distribution(result: Result) -> Iterator[str]:
    yield "## Pictures a style, before and after"
    yield ""
    yield (
        "How many pictures of each style an epoch shows, the mean over the training; in brackets the style's share of "
        "the loss, in per cent, where weights or mixing make it another. Remedies with the same numbers stand together."
    )
    yield ""
    kinds: dict[tuple[Any, ...], list[str]] = {}
    for row in result["remedies"]:
        shown = row["distribution"]
        kinds.setdefault((tuple(shown["pictures"]), tuple(shown["share"])), []).append(row["name"])
    order = sorted(range(len(result["styles"])), key=lambda style: -result["train"][style])
    heads = [", ".join(names) for names in kinds.values()]
    yield f"| style | {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * len(heads)}"
    for style in order:
        cells = [_shown(pictures, share, style) for pictures, share in kinds]
        yield f"| {result['styles'][style]} | {' | '.join(cells)} |"


def _shown(pictures: Sequence[float], share: Sequence[float], style: int) -> str:
    alone = pictures[style] / sum(pictures)
    text = f"{pictures[style]:,.0f}"
    return text if abs(share[style] - alone) < 5e-4 else f"{text} ({100 * share[style]:.1f})"
