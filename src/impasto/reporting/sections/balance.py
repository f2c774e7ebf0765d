"""Section on the comparison of long-tail methods."""

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes

from impasto.images.palette import ACCENT, INK, MUTED, RULE
from impasto.numerics.formatting import count, p_value, percent
from impasto.records.balance import GROUPS, PLAIN, BalanceResult
from impasto.records.record import Interval
from impasto.reporting.blocks import (
    Block,
    Details,
    Inline,
    Number,
    Row,
    Section,
    Strong,
    Table,
    columns,
    prose,
)  # fmt: skip
from impasto.reporting.study import Place, StudyRecords
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import points, score, shown, whole

CHARTED = ("balanced_accuracy", "rarest_third", "accuracy")
TESTED = (
    "A picture is gained when more seeds answer it rightly with the method, lost when fewer do. p "
    "is of {test} on these, after Holm’s correction for the number of methods. It speaks of "
    "accuracy and of these networks; the intervals speak of other test pictures and other seeds, "
    "too: {drawn}."
)


def sections(study: StudyRecords) -> Iterator[Section]:
    """The section on the comparison of a study."""
    if study.balance:
        yield section(study.balance, Place(fingerprint=study.collection.fingerprint))


def section(result: BalanceResult, place: Place) -> Section:
    """Return the section on a comparison."""
    headings = {name: title[0].upper() + title[1:] for name, title in result.columns.items()}
    scores = tuple(
        Row(
            (row.name, *(score(row.scores[name]) for name in headings)),
            ours=row.name == result.recommendation.method,
        )
        for row in result.methods
    )
    differences = [
        Row(
            (
                row.name,
                *(points(row.differences[name]) for name in headings),
                whole(row.sign_test.gained),
                whole(row.sign_test.lost),
                Number(p_value(row.sign_test.p_holm).removeprefix("= "), row.sign_test.p_holm),
            )
        )
        for row in result.methods
        if row.differences and row.sign_test
    ]
    seeds, tested = count(len(result.seeds), "seed"), count(result.pictures["test"], "test picture")
    over = "test pictures alone" if len(result.seeds) == 1 else "test pictures and seeds"
    titles = tuple(headings.values())
    blocks: tuple[Block, ...] = (
        *place.other_collection("This comparison", "made on", result.collection_fingerprint),
        prose(Strong("Recommended:"), f" {result.recommendation.text}"),
        prose(result.supposed.replace("'", "’")),
        differences_chart(result),
        Table(
            "Scores of the methods",
            f"Means over {seeds} on {tested}; in brackets the 95 % interval over {over}",
            columns("Method", numbers=titles),
            scores,
            sortable=True,
        ),
        Details(
            "Differences to plain training, with the tests",
            (
                Table(
                    "Differences to plain training",
                    "In points, on the same pictures with the same seeds",
                    columns("Method", numbers=(*titles, "Gained", "Lost", "p")),
                    tuple(differences),
                    sortable=True,
                ),
                prose(TESTED.format(test=result.test_title, drawn=result.resampled.text)),
            ),
        ),
        shares_chart(result),
        Details("What the names mean", _names(result)),
    )
    return Section("remedies", "Long-tail methods", blocks, prefix=place.prefix)


def _names(result: BalanceResult) -> tuple[Block, ...]:
    text: list[Inline] = ["Recall is that of each network’s likeliest style."]
    for name, styles in result.groups.items():
        if styles:
            title, recall = GROUPS[name].capitalize(), ", ".join(map(shown, styles))
            text += [" ", Strong(title), f": the mean recall of {recall}."]
    rows = [
        Row((row.name, "a head" if row.kind == "head" else "a network", row.paper))
        for row in result.methods
    ]
    title, head = "Sources of the methods", columns("Method", "Trains", "Paper")
    return prose(*text), Table(title, title, head, tuple(rows), look="settings")


def differences_chart(result: BalanceResult) -> Chart:
    """Return each method's difference to plain training, one panel a score, the largest first."""
    rows = [(row.name, row.differences) for row in result.methods if row.differences]
    rows.sort(key=lambda row: -row[1]["balanced_accuracy"].value)
    best = result.recommendation.method

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(1, len(CHARTED), sharey=True, sharex=True, squeeze=False)[0]
        for axes, key in zip(panels, CHARTED, strict=True):
            title = result.columns[key]
            quiet(axes, grid="x").set_title(title[0].upper() + title[1:])
            axes.axvline(0, color=MUTED, linewidth=1)
            for y, (name, differences) in enumerate(rows):
                gid = sheet.hover(f"{name}, {title}: {points(differences[key])} points")
                _whisker(axes, y, differences[key], gid, chosen=name == best)
            axes.set_xlabel("points against plain training")
        panels[0].set_yticks(range(len(rows)), [name for name, _ in rows])
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        panels[0].tick_params(axis="y", labelcolor=INK)
        for label, (name, _) in zip(panels[0].get_yticklabels(), rows, strict=True):
            label.set_fontweight("bold" if name == best else "normal")

    listed = "; ".join(f"{name} {points(found['balanced_accuracy'])}" for name, found in rows[:3])
    return Chart(
        "remedies",
        "Dots with interval whiskers: differences to plain training, in points. Balanced accuracy, "
        f"highest: {listed}.",
        "Differences to plain training in points, with 95 % intervals; the method in colour was "
        "chosen on validation.",
        result.command,
        (WIDTH, 1.0 + 0.26 * max(len(rows), 1)),
        draw,
        760,
    )


def _whisker(axes: Axes, y: int, found: Interval, gid: str, *, chosen: bool) -> None:
    colour, size = (ACCENT, 6) if chosen else (MUTED, 5)
    ends = [100 * found.low, 100 * found.high]
    axes.plot(ends, [y, y], color=colour, linewidth=2.2, solid_capstyle="round", alpha=0.55)
    axes.plot([100 * found.value], [y], "o", color=colour, markersize=size, gid=gid)


def shares_chart(result: BalanceResult) -> Chart:
    """Return each style's share of the loss, one panel for methods that share it alike."""
    kinds: dict[tuple[float, ...], list[str]] = {}
    for row in result.methods:
        kinds.setdefault(row.distribution.share, []).append(row.name)
    plain = result.method(PLAIN).distribution.share
    order = np.argsort([-n for n in result.train], kind="stable")
    styles = [shown(result.styles[place]) for place in order]
    wide = min(4, len(kinds))
    tall = -(-len(kinds) // wide)

    def draw(sheet: Sheet) -> None:
        panels = sheet.figure.subplots(tall, wide, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (share, names) in zip(panels, kinds.items(), strict=False):
            quiet(axes, grid="x").set_title(_heading(names), fontsize=7.5, fontweight="normal")
            before, after = (100 * np.asarray(values)[order] for values in (plain, share))
            axes.barh(range(len(order)), before, height=0.85, color=RULE)
            for y, bar in enumerate(axes.barh(range(len(order)), after, height=0.4, color=ACCENT)):
                text = f"{styles[y]}: {before[y]:.1f} % before, {after[y]:.1f} % after"
                bar.set_gid(sheet.hover(text))
        for axes in panels[len(kinds) :]:
            axes.set_axis_off()
        panels[0].set_yticks(range(len(order)), styles)
        for axes in panels[::wide]:
            axes.tick_params(axis="y", labelcolor=INK, labelsize=7)
        panels[0].set_ylim(len(order) - 0.4, -0.6)
        label = "share of the loss, per cent; wide and pale: before"
        sheet.figure.supxlabel(label, fontsize=8, color=MUTED)

    return Chart(
        "remedy-shares",
        "Bars of each style's share of the loss, before and after. Before: from "
        f"{percent(plain[order[0]])} of {styles[0]} to {percent(plain[order[-1]])} of "
        f"{styles[-1]}.",
        "How much of the loss is each style's; methods that share it alike stand together, two of "
        "them named.",
        result.command,
        (WIDTH, tall * (0.75 + 0.15 * len(order))),
        draw,
        760,
    )


def _heading(names: Sequence[str]) -> str:
    text = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    return textwrap.fill(text, 34, break_on_hyphens=False)
