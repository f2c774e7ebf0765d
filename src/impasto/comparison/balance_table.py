"""Table of a comparison of long-tail methods: aligned lines, and ``balance.md``."""

from collections.abc import Iterator, Sequence

from impasto.numerics.formatting import fitted
from impasto.records.balance import TITLES, BalanceResult, MethodScores


def as_lines(result: BalanceResult, width: int | None = None) -> list[str]:
    """Return the table as lines of ``width``: scores in per cent, differences in brackets."""
    rows: list[Sequence[str]] = [["method", *(title.lower() for title in result.columns.values())]]
    rows += [[row.name, *(_short(row, name) for name in result.columns)] for row in result.methods]
    return fitted(rows, width)


def _short(row: MethodScores, name: str) -> str:
    text = f"{100 * row.scores[name].value:.1f}"
    if row.differences is None:
        return text
    return f"{text} ({100 * row.differences[name].value:+.1f})"


def as_markdown(result: BalanceResult) -> str:
    """Return the whole page."""
    parts = (_opening(result), _scores(result), _differences(result), _distribution(result))
    return "\n".join(line for part in parts for line in part) + "\n"


def _opening(result: BalanceResult) -> Iterator[str]:
    pictures = result.pictures
    yield "# Long-tail methods, side by side"
    yield ""
    yield f"**Recommended:** {result.recommendation.text}"
    yield ""
    yield (
        f"{len(result.styles)} styles; {pictures['train']:,} training, "
        f"{pictures['validation']:,} validation, {pictures['test']:,} test pictures; seeds "
        f"{', '.join(map(str, result.seeds))}. Made by `{result.command}`."
    )
    yield ""
    for name, styles in result.groups.items():
        if styles:
            yield f"- *{TITLES[name]}*: {', '.join(styles)}"
    yield ""


def _header(first: str, columns: Sequence[str]) -> Iterator[str]:
    yield f"| {first} | {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * len(columns)}"


def _heading(title: str, text: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield text
    yield ""


def _scores(result: BalanceResult) -> Iterator[str]:
    over = " and seeds" if len(result.seeds) > 1 else " alone: one seed says nothing of others"
    yield from _heading(
        "Scores",
        f"Means over the seeds, with 95 % intervals over test pictures{over}: "
        f"{result.resampled.text}. Groups: the mean recall of their styles. {result.supposed}",
    )
    yield from _header("method", ["trains", *result.columns.values()])
    for row in result.methods:
        cells = [str(row.scores[name]) for name in result.columns]
        trains = "a head" if row.kind == "head" else "a network"
        yield f"| {row.name} | {trains} | {' | '.join(cells)} |"
    yield ""


def _differences(result: BalanceResult) -> Iterator[str]:
    yield from _heading(
        "Differences to plain training",
        "In points, on the same pictures with the same seeds, with 95 % intervals. A picture is "
        "gained when more seeds answer it rightly with the method, lost when fewer do; p is of "
        f"{result.test_title} on these, alone and after Holm's correction for the number of "
        "methods.",
    )
    yield from _header("method", [*result.columns.values(), "gained", "lost", "p", "p (Holm)"])
    for row in result.methods:
        if row.differences is not None and row.sign_test is not None:
            test, differences = row.sign_test, row.differences
            cells = [differences[name].points for name in result.columns]
            cells += [str(test.gained), str(test.lost), f"{test.p:.2g}", f"{test.p_holm:.2g}"]
            yield f"| {row.name} | {' | '.join(cells)} |"
    yield ""


def _distribution(result: BalanceResult) -> Iterator[str]:
    yield from _heading(
        "Pictures a style, before and after",
        "How many pictures of each style an epoch shows, the mean over the training; in brackets "
        "the style's share of the loss, in per cent, where weights or mixing make it another. "
        "Methods with the same numbers stand together.",
    )
    kinds: dict[tuple[tuple[float, ...], tuple[float, ...]], list[str]] = {}
    for row in result.methods:
        shown = row.distribution
        kinds.setdefault((shown.pictures, shown.share), []).append(row.name)
    yield from _header("style", [", ".join(names) for names in kinds.values()])
    for style in sorted(range(len(result.styles)), key=lambda style: -result.train[style]):
        cells = [_shown(pictures, share, style) for pictures, share in kinds]
        yield f"| {result.styles[style]} | {' | '.join(cells)} |"


def _shown(pictures: Sequence[float], share: Sequence[float], style: int) -> str:
    alone = pictures[style] / sum(pictures)
    text = f"{pictures[style]:,.0f}"
    return text if abs(share[style] - alone) < 5e-4 else f"{text} ({100 * share[style]:.1f})"
