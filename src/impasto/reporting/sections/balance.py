"""Question 2: does a remedy for rare styles help? The comparison of long-tail methods."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from impasto.images.palette import ACCENT, INK, MUTED, RULE
from impasto.numerics.formatting import count, p_value, percent
from impasto.plain_text import style_title
from impasto.records.balance import GROUPS, PLAIN, BalanceResult
from impasto.records.record import Interval
from impasto.reporting.answer_cards import (
    NAMES,
    Answer,
    Mark,
    Verdict,
    exceeds,
    falls_short,
    not_run,
    too_few,
)
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    Inline,
    Number,
    Provenance,
    Row,
    Section,
    Strong,
    Table,
    columns,
    muted,
    prose,
)  # fmt: skip
from impasto.reporting.study import Place, StudyRecords
from impasto.reporting.svg_chart import PHONE, WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import points, score, whole

NUMBER = 2
KEY = "balanced_accuracy"
CAP = "cap-and-duplicate"
CHARTED = ("balanced_accuracy", "rarest_third", "accuracy")
TESTED = (
    "A picture is gained when more seeds answer it rightly with the method, lost when fewer do. p "
    "is of {test} on these, after Holm’s correction for the number of methods. It speaks of "
    "accuracy and of these networks; the intervals speak of other test pictures and other seeds, "
    "too: {drawn}."
)


def answer(study: StudyRecords) -> Answer:
    """Return the answer of the comparison of a study."""
    if study.balance is None:
        command = f"impasto balance {study.name}/collection -o {study.name}/balance"
        return not_run(NUMBER, "No long-tail method has been compared yet", command)
    return answer_of(study.balance)


def answer_of(result: BalanceResult) -> Answer:
    """Return the answer of a comparison: the method that validation chose, on test pictures."""
    name, question = NAMES[NUMBER]
    best, plain = result.method(result.recommendation.method), result.method(PLAIN)
    gain = best.differences[KEY] if best.differences else None
    before, own = plain.scores[KEY], best.scores[KEY]
    marks = [
        Mark("chance", "chance", 1 / len(result.styles), percent(1 / len(result.styles))),
        Mark("colour", "plain", before.value, percent(before.value)),
    ]
    unit = "points of balanced accuracy against plain training"
    if gain is None:
        return Answer(
            NUMBER, name, question, "mixed", "Plain training does as well as every method",
            percent(before.value), score(before).interval, "balanced accuracy", tuple(marks),
        )  # fmt: skip
    few = too_few(result.pictures["test"])
    verdict: Verdict
    if few:
        verdict, finding = "unclear", few
    elif exceeds(gain):
        verdict, finding = "good", f"{_title(best.name)} helps rare styles, balanced over all"
    elif falls_short(gain):
        verdict, finding = "poor", f"{_title(best.name)} makes it worse"
    else:
        verdict, finding = "mixed", f"{_title(best.name)} is not shown to help"
    marks.append(Mark("ours", best.name, own.value, percent(own.value), (own.low, own.high)))
    cell = points(gain)
    return Answer(
        NUMBER, name, question, verdict, finding, f"{cell.text} points", cell.interval, unit,
        tuple(marks),
    )  # fmt: skip


def _title(name: str) -> str:
    words = name.replace("-", " ")
    return words[:1].upper() + words[1:]


def section(study: StudyRecords) -> Section:
    """Return the section on the comparison of a study."""
    if study.balance:
        place = Place(fingerprint=study.collection.fingerprint)
        return balance_section(study.balance, place, study)
    found = answer(study)
    text = " trains with each method over several seeds and compares them on the same pictures."
    blocks = (prose(Code(found.command), text),)
    return Section(found.anchor, found.title, blocks, found.name, "", NUMBER)


def balance_section(
    result: BalanceResult, place: Place, study: StudyRecords | None = None
) -> Section:
    """Return the section on a comparison."""
    found = answer_of(result)
    numbers: list[Block] = [_scores(result), *_differences(result)]
    blocks: tuple[Block, ...] = (
        *place.other_collection("This comparison", "made on", result.collection_fingerprint),
        prose(summary(result)),
        differences_chart(result),
        Details("Numbers: every method, with the tests", tuple(numbers), True),
        Details("Class distribution before and after each method", (shares_chart(result),), True),
        Details("Method: how it was chosen, and what the names mean", _names(result)),
    )
    source = Provenance("comparison", result.command, "balance/balance.json")
    return Section(found.anchor, found.title, blocks, found.name, place.prefix, NUMBER, (source,))


def summary(result: BalanceResult) -> str:
    """Return forty to sixty words on a comparison."""
    seeds, tested = count(len(result.seeds), "seed"), count(result.pictures["test"], "test picture")
    best, plain = result.method(result.recommendation.method), result.method(PLAIN)
    text = (
        f"Of {count(len(result.methods), 'method')} validation chose {best.name}. On {tested}, "
        f"over {seeds}, "
    )
    if not best.differences:
        return f"{text}its balanced accuracy is {score(plain.scores[KEY])}."
    text += (
        f"balanced accuracy goes from {percent(plain.scores[KEY].value)} to "
        f"{percent(best.scores[KEY].value)}, {points(best.differences[KEY])} points"
    )
    if "rarest_third" in best.differences:
        text += (
            "; mean recall of the rarest third of the styles changes by "
            f"{points(best.differences['rarest_third'])}"
        )
    cap = next((row for row in result.methods if row.name == CAP), None)
    if cap is not None and cap.differences and cap is not best:
        text += (
            ". Capping and duplicating, the course report’s way, changes balanced accuracy by "
            f"{points(cap.differences[KEY])} points"
        )
    return f"{text}."


def _scores(result: BalanceResult) -> Table:
    seeds, tested = count(len(result.seeds), "seed"), count(result.pictures["test"], "test picture")
    over = "test pictures alone" if len(result.seeds) == 1 else "test pictures and seeds"
    rows = tuple(
        Row(
            (row.name, *(score(row.scores[name]) for name in result.columns)),
            ours=row.name == result.recommendation.method,
        )
        for row in result.methods
    )
    return Table(
        "Scores of the methods",
        f"Means over {seeds} on {tested}; in brackets the 95 % interval over {over}",
        columns("Method", numbers=_headings(result)),
        rows,
        sortable=True,
        look="broad",
    )


def _headings(result: BalanceResult) -> tuple[str, ...]:
    return tuple(title[0].upper() + title[1:] for title in result.columns.values())


def _differences(result: BalanceResult) -> list[Block]:
    rows = [
        Row(
            (
                row.name,
                *(points(row.differences[name]) for name in result.columns),
                whole(row.sign_test.gained),
                whole(row.sign_test.lost),
                Number(p_value(row.sign_test.p_holm).removeprefix("= "), row.sign_test.p_holm),
            )
        )
        for row in result.methods
        if row.differences and row.sign_test
    ]
    table = Table(
        "Differences to plain training",
        "In points, on the same pictures with the same seeds",
        columns("Method", numbers=(*_headings(result), "Gained", "Lost", "p")),
        tuple(rows),
        sortable=True,
        look="broad",
    )
    return [table, muted(TESTED.format(test=result.test_title, drawn=result.resampled.text))]


def _names(result: BalanceResult) -> tuple[Block, ...]:
    text: list[Inline] = [
        result.supposed.replace("'", "’"),
        " Recall is that of each network’s likeliest style.",
    ]
    for name, styles in result.groups.items():
        if styles:
            title, recall = GROUPS[name].capitalize(), ", ".join(map(style_title, styles))
            text += [" ", Strong(title), f": the mean recall of {recall}."]
    rows = [
        Row((row.name, "a head" if row.kind == "head" else "a network", row.paper))
        for row in result.methods
    ]
    title, head = "Sources of the methods", columns("Method", "Trains", "Paper")
    why = prose(Strong("Chosen:"), f" {result.recommendation.text}")
    return why, prose(*text), Table(title, title, head, tuple(rows), look="settings")


def differences_chart(result: BalanceResult) -> Chart:
    """Return each method's difference to plain training, one panel a score, the largest first."""
    rows = [(row.name, row.differences) for row in result.methods if row.differences]
    rows.sort(key=lambda row: -row[1]["balanced_accuracy"].value)
    best = result.recommendation.method

    def draw(sheet: Sheet) -> None:
        keys = CHARTED if sheet.wide else CHARTED[:1]
        panels = sheet.figure.subplots(1, len(keys), sharey=True, sharex=True, squeeze=False)[0]
        for axes, key in zip(panels, keys, strict=True):
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
        _claim(result),
        "Dots with interval whiskers: differences to plain training, in points. Balanced accuracy, "
        f"highest: {listed}.",
        "Differences to plain training in points, with 95 % intervals; the method in colour was "
        "chosen on validation.",
        (WIDTH, 1.0 + 0.26 * max(len(rows), 1)),
        draw,
        760,
        (PHONE, 1.0 + 0.26 * max(len(rows), 1)),
    )


def _claim(result: BalanceResult) -> str:
    """Claim that the intervals of balanced accuracy allow."""
    gains = {row.name: row.differences[KEY] for row in result.methods if row.differences}
    better = [name for name, gain in gains.items() if exceeds(gain)]
    if not better:
        return "No method is shown to raise balanced accuracy above plain training’s"
    number = f"{len(better)} of {count(len(gains), 'method')}"
    return f"{number} {'raises' if len(better) == 1 else 'raise'} balanced accuracy"


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
    styles = [style_title(result.styles[place]) for place in order]
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
        "Each style’s share of the loss, before and after",
        "Bars of each style's share of the loss, before and after. Before: from "
        f"{percent(plain[order[0]])} of {styles[0]} to {percent(plain[order[-1]])} of "
        f"{styles[-1]}.",
        "How much of the loss is each style's; methods that share it alike stand together, two of "
        "them named.",
        (WIDTH, tall * (0.75 + 0.15 * len(order))),
        draw,
        760,
    )


def _heading(names: Sequence[str]) -> str:
    text = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    return textwrap.fill(text, 34, break_on_hyphens=False)
