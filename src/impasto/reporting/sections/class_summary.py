"""Sections on a class's submissions: the table, groups, pairs and equal mistakes."""

from urllib.parse import quote

from impasto.images.palette import ACCENT, INK, MUTED
from impasto.numerics.formatting import count, p_value, percent
from impasto.numerics.metrics import SCORES
from impasto.records.class_comparison import ClassComparison, EqualMistakes
from impasto.reporting.blocks import (
    Block,
    Column,
    Details,
    Inline,
    Link,
    Number,
    Row,
    Section,
    Table,
    columns,
    notice,
    prose,
)
from impasto.reporting.sections.scores import BASELINES, SCORE_TITLES
from impasto.reporting.svg_chart import PHONE, WIDTH, Chart, Sheet, Whisker, quiet, whisker
from impasto.reporting.words import number, points, score, share, whole

LISTED = 20
"""Pairs of submissions in a table of equal mistakes, besides the suspicious ones."""


def sections(made: ClassComparison) -> tuple[Section, ...]:
    """Return the sections on a comparison."""
    return (_table(made), _groups(made), _mistakes(made))


def _table(made: ClassComparison) -> Section:
    title, best = SCORES[made.score].title, made.submissions[0]
    heading = f"{best.name} scores highest"
    alike = [one for one in made.submissions[1:] if set(one.letters) & set(best.letters)]
    if alike:
        heading = f"{best.name} and {count(len(alike), 'other')} cannot be told apart at the top"
    elif len(made.submissions) > 1:
        heading = f"{best.name} is better than every other submission"
    blocks: list[Block] = [prose(_intro(made))]
    if made.refused:
        blocks.append(notice(f"{count(len(made.refused), 'submission')} could not be scored."))
    blocks.append(scores_chart(made))
    heads = (*(SCORE_TITLES[name] for name in _columns(made)), "Missing")
    blocks.append(
        Table(
            "Submissions",
            f"Submissions by {title}; in brackets 95 % intervals of {made.resampled.text}. Two "
            "that share a letter cannot be told apart",
            (
                *columns("Submission", numbers=("Rank",)),
                Column("Group"),
                *columns(numbers=heads),
                Column("Remarks"),
            ),
            tuple(_rows(made)),
            sortable=True,
            look="broad",
        )
    )
    return Section("scores", heading, tuple(blocks), "Scores")


def _intro(made: ClassComparison) -> str:
    simple = {
        BASELINES[name].lower(): scores[made.score].value for name, scores in made.baselines.items()
    }
    beside = ", ".join(f"{name} {percent(value)}" for name, value in simple.items())
    text = (
        f"{count(len(made.submissions), 'submission')} answered the same "
        f"{count(made.pictures, 'picture')}; a picture without an answer counts as wrong."
    )
    return f"{text} Baselines reach {beside}." if beside else text


def _columns(made: ClassComparison) -> list[str]:
    """The scores of the table, the one that is ranked by first."""
    names = [name for name in SCORE_TITLES if all(name in s.scores for s in made.submissions)]
    return sorted(names, key=lambda name: name != made.score)


def _rows(made: ClassComparison) -> list[Row]:
    rows, names = [], _columns(made)
    for one in made.submissions:
        remarks = []
        if one.invalid:
            remarks.append("a finding invalidates this score")
        worse = [BASELINES[name].lower() for name in made.baselines if name not in one.better_than]
        if worse:
            remarks.append(f"not shown to beat {', '.join(worse)}")
        remarks += [f"{code}" for code in one.issues if code in ("IMP330", "IMP331", "IMP332")]
        cells: tuple[Inline, ...] = (
            Link(one.name, f"pages/{quote(one.folder)}.html"),
            whole(one.rank),
            one.letters,
            *(score(one.scores[name]) for name in names),
            whole(one.missing),
            "; ".join(remarks),
        )
        rows.append(Row(cells))
    blanks = ("",) * (len(names) + 3)
    rows += [Row((one.name, *blanks, one.reason)) for one in made.refused]
    for name, scores in made.baselines.items():
        cells = ("", "", *(score(scores.get(each)) for each in names), "", "baseline")
        rows.append(Row((BASELINES[name], *cells)))
    return rows


def scores_chart(made: ClassComparison) -> Chart:
    """Return each submission's score with its interval, the best first, beside baselines."""
    rows, title = made.submissions, SCORES[made.score].title

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot(), grid="x")
        for name in ("colour_histogram", "artist_oracle"):
            if name in made.baselines:
                value = made.baselines[name][made.score].value
                axes.axvline(value, color=MUTED, linewidth=1, linestyle=(0, (3, 3)), zorder=0)
                words = "colour" if name == "colour_histogram" else "artist known"
                axes.text(value, -0.75, words, color=MUTED, size=7.5, ha="center", va="bottom")
        for y, one in enumerate(rows):
            found = one.scores[made.score]
            look = Whisker(found.value, found.low, found.high, y, ACCENT, "o", 5.5)
            whisker(sheet, axes, look, f"{one.name}: {found}")
        axes.set_xlim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_yticks(range(len(rows)), [f"{one.name}  {one.letters}" for one in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.4, -0.7)

    return Chart(
        "submissions",
        f"{SCORES[made.score].heading} of every submission",
        f"{SCORES[made.score].heading} with 95 % intervals, the best first; the table gives the "
        "same numbers.",
        f"Dots: {title} with 95 % intervals. Dashed lines: baselines. Letters: two submissions "
        "that share one cannot be told apart.",
        (WIDTH, 0.8 + 0.235 * len(rows)),
        draw,
        620,
        (PHONE, 0.8 + 0.22 * len(rows)),
    )


def _groups(made: ClassComparison) -> Section:
    total = len(made.pairs)
    different = sum(one.corrected < made.level for one in made.pairs)
    title = f"Tests tell {different:,} of {count(total, 'pair')} apart"
    if not total:
        return Section(
            "groups", "There is nothing to compare", (prose("One submission."),), "Groups"
        )
    text = (
        f"Every pair is tested on the same pictures: the signs of the artists' differences in "
        f"{SCORES[made.score].title} are flipped, which two equally good submissions would not "
        f"feel. Over all {count(total, 'pair')} the chance of any false difference is at most "
        f"{percent(made.level, 0)} (Holm). Within a group no two are told apart; that does not "
        "make them equal."
    )
    rows = [
        Row((_letters(made, group), whole(len(group)), ", ".join(group))) for group in made.groups
    ]
    table = Table(
        "Groups",
        "Groups of submissions that cannot be told apart",
        (Column("Group"), Column("Submissions", "number"), Column("Names")),
        tuple(rows),
        look="items",
    )
    pairs = Table(
        "Pairs",
        "Every pair: the first less the second, in points, with the 95 % interval of "
        f"{made.resampled.text}",
        columns("First", "Second", numbers=("Difference", "p", "p, corrected")),
        tuple(
            Row((one.one, one.other, points(one.gain), _p(one.p), _p(one.corrected)))
            for one in made.pairs
        ),
        sortable=True,
        look="items",
    )
    fold = Details(f"{count(total, 'pair')} with their tests", (pairs,))
    return Section("groups", title, (prose(text), table, fold), "Groups")


def _letters(made: ClassComparison, group: tuple[str, ...]) -> str:
    """The letter that all of a group share."""
    shared = [{letter for letter in one.letters} for one in made.submissions if one.name in group]
    return "".join(sorted(set.intersection(*shared)))


def _p(value: float) -> Number:
    return Number(p_value(value), value)


def _mistakes(made: ClassComparison) -> Section:
    found = made.suspicious
    title = "No two submissions share nearly all of their mistakes"
    if found:
        verb = "shares" if len(found) == 1 else "share"
        title = f"{count(len(found), 'pair')} of submissions {verb} nearly all of their mistakes"
    text = (
        "Of the pictures that either of two has wrong, how many both have wrong in the same way. "
        "Expected is the number where two err as the others in the class do on each picture. "
        "Models that learned from the same pictures share mistakes; a pair is named where at least "
        "90 % are shared and chance is excluded. An equal file, equal weights and an equal recipe "
        "without chance in it look alike here: it is a reason to ask, no proof."
    )
    rest = sorted(
        (one for one in made.mistakes if not one.suspicious and one.wrong),
        key=lambda one: -one.shared / one.wrong,
    )
    blocks: list[Block] = [prose(text)]
    if found:
        blocks.append(_mistakes_table("Suspicious pairs", found))
    if rest:
        table = _mistakes_table("Other pairs", rest[:LISTED])
        blocks.append(Details(f"The most equal of {count(len(rest), 'other pair')}", (table,)))
    return Section("mistakes", title, tuple(blocks), "Equal mistakes")


def _mistakes_table(title: str, found: list[EqualMistakes]) -> Table:
    rows = [
        Row(
            (
                one.one,
                one.other,
                share(one.agreement),
                whole(one.wrong),
                whole(one.shared),
                number(one.expected, 0),
                share(one.shared / one.wrong),
                _p(one.corrected),
            )
        )
        for one in found
    ]
    heads = (
        *("Equal answers", "Either wrong", "Equal mistakes", "Expected", "Share"),
        "p, corrected",
    )
    return Table(title, title, columns("First", "Second", numbers=heads), tuple(rows), look="items")
