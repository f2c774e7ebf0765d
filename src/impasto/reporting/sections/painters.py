"""Section on painters: repainted pictures beside colour transfer, floor and ceiling."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.patches import Rectangle

from impasto.errors import RunError
from impasto.images.palette import ACCENT, ALARM, INK, MUTED, PAPER, RULE
from impasto.numerics.formatting import count, percent
from impasto.records.painter_score import (
    ARM_TITLES,
    EVALUATOR_TITLES,
    PAINTINGS,
    TREATMENT_TITLES,
    Arm,
    ArmHitRate,
    EvaluatorName,
    PainterScore,
    PairGain,
)  # fmt: skip
from impasto.records.painting import Borrowed
from impasto.records.record import Interval
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    Heading,
    ImageFile,
    Inline,
    MadeBy,
    Prose,
    Row,
    Section,
    Slider,
    Strong,
    Table,
    columns,
    notice,
    prose,
)  # fmt: skip
from impasto.reporting.sections.training import UNFINISHED
from impasto.reporting.study import COURSE, Place, StudyRecords
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.thumbnails import inline_picture
from impasto.reporting.words import distance, measured, number, points, score, share, shown, whole

LEGIBLE = 0.7
"""Share of the width of a painter's figures at which their labels can still be read."""
DARK = 0.55
"""Shade from which a number on it is light."""
BY: Final[dict[Arm, str]] = {
    "finished": "by the painter, and patches of real works upon its paintings (what impasto paint "
    "does with a painter)",
    "patches": "with patches of real works alone, without any training",
    "painted": "by the painter alone",
}
"""How the figures were painted, the default first."""
PAINTED = "Test pictures, a row each: left as they are, then painted in every style "
RISING = (
    "Test pictures, a row each: left as they are, then at rising strength in the style named at "
    "the left, painted "
)
MEANINGS = Details(
    "What the numbers mean",
    (
        prose(
            Strong("Hit rate"), " is the share of pictures that an evaluator classifies as the "
            "target style, the mean over styles. There are two of different kinds: a network, and "
            "logistic regression on hand-made features of colour, spectrum and edges. Neither has "
            "seen a picture that the painter was trained on. ",
            Strong("Normalised"), ": 0 is what unchanged pictures give, 1 what real pictures of "
            "the style do; a dash where these two hardly differ, or where the network is no "
            "better than hand-made features on real pictures. The ",
            Strong("Fréchet distance"), " to real test pictures of the style, the mean over "
            "styles, in the network’s features, compares under one network only; it has no "
            "interval, and fewer pictures make it larger. ",
            Strong("SSIM"), " of the lightness, and the correlation of the ", Strong("edges"),
            ", are 1 for the original itself. ", Strong("Original found"), ": it is the nearest "
            "of all by where light and dark lie. The ", Strong("colour shift"), " is that of the "
            "mean colour in ΔE*ab; about 2 can be seen.",
        ),
        prose(
            Strong(ARM_TITLES["histogram"]), ": the picture with the colour histogram of a "
            "training picture of the style, drawn at random. A painter that is no better has "
            "learnt a palette. Painting should leave the originals recognisable, so that much of "
            "each of these two is wanted: the hit rate, and the originals found. ",
            Strong(ARM_TITLES["adversarial"]), " are changed by projected gradient until the "
            "painter’s style classifier takes them for the style, at the painter’s SSIM: their "
            "hit rate is what an adversarial attack reaches.",
        ),
    ),
)  # fmt: skip


def sections(study: StudyRecords) -> Iterator[Section]:
    """The section on all painters of a study."""
    blocks: list[Block] = []
    scored: list[tuple[str, PainterScore]] = []
    several = len(study.painters) > 1
    waiting: list[Block] = []
    summaries: list[Block] = []
    for run in study.painters:
        baseline = run.run.settings.get("styling") == COURSE
        name = f"{run.name} (the course’s form)" if baseline else run.name
        if run.running:
            waiting.append(notice(f"The training of {name} {UNFINISHED}"))
        if run.evaluation is None:
            text = " paints with it and scores the pictures."
            waiting.append(
                notice(f"{name} has not been scored yet: ", Code("impasto evaluate"), text)
            )
        else:
            scored.append((name, run.evaluation))
            summaries += _summary(run.evaluation, name if several else "", run.place)
    prefixes = [f"{result.path.parent.name}-" for _, result in scored]
    for place, ((name, result), prefix) in enumerate(zip(scored, prefixes, strict=True), 1):
        if several:
            blocks.append(Heading(name, f"painter-{place}"))
        blocks += _pictures(result, place, prefix)
    if scored:
        blocks += [_outcome(scored), *summaries, _arms(scored), MEANINGS]
    for place, ((name, result), prefix) in enumerate(zip(scored, prefixes, strict=True), 1):
        if several:
            blocks.append(Heading(f"{name}: style by style", f"painter-{place}-styles"))
        blocks += _numbers(result, prefix)
    if waiting or blocks:
        yield Section("painters", "Paintings in other styles", (*waiting, *blocks))


def painter_section(result: PainterScore, place: Place) -> Section:
    """Return the section on the score of one painter."""
    scored = [("", result)]
    blocks = [*_pictures(result, 1), _outcome(scored), *_summary(result, "", place)]
    blocks += [_arms(scored), MEANINGS, *_numbers(result)]
    return Section("painters", "Paintings in other styles", tuple(blocks))


def _outcome(scored: Sequence[tuple[str, PainterScore]]) -> Heading:
    """Finding on the best painter in a line, beside the numbers of real works."""
    result = max((result for _, result in scored), key=lambda one: _best(one)[1])
    best, hit = _best(result)
    rates = result.arm(best).rates
    real = result.arm("real").rates
    return Heading(
        f"{ARM_TITLES[best]}: {percent(hit)} are classified as the target style by the network, "
        f"{percent(rates['handmade'].hit.value)} by hand-made features; of real works "
        f"{percent(real['network'].hit.value)} and {percent(real['handmade'].hit.value)}",
        "painters-outcome",
    )


def _best(result: PainterScore) -> tuple[Arm, float]:
    """The arm that ``impasto paint`` takes, and its hit rate by the network."""
    arm: Arm = "finished" if "finished" in result.names else "painted"
    return arm, result.arm(arm).rates["network"].hit.value


def _summary(result: PainterScore, name: str, place: Place) -> list[Block]:
    subject = f"The score of {name}" if name else f"The score of {place.name}"
    paragraph: list[Inline] = [summary(result), " ", MadeBy(result.command)]
    if name:
        paragraph = [Strong(f"{name}."), " ", *paragraph]
    return [
        *place.other_collection(subject, "made on", result.collection_fingerprint),
        Prose(tuple(paragraph)),
    ]


def summary(result: PainterScore) -> str:
    """Return a painter's score in words."""
    evaluator, identity = result.evaluator, result.identity
    shared = evaluator.pictures_shared
    knows = f"was trained on {shared:,} of" if shared else "shares none of"
    network = {arm.arm: arm.rates["network"] for arm in result.arms}
    painted, content = network["painted"], result.arm("painted").content
    place = f"The normalised hit rate is {measured(painted.normalised)}."
    if painted.normalised is None:
        place = f"It is not normalised, because {result.evaluators['network'].unplaced}."
    second = {arm.arm: arm.rates["handmade"].hit for arm in result.arms}
    return (
        f"The evaluator {knows} the painter's training pictures and classifies "
        f"{score(result.evaluators['network'].accuracy)} of real test pictures correctly. "
        f"{count(result.sources, 'test picture')} were painted in other styles, "
        f"{count(result.pictures, 'painting')} in all. The hit "
        f"rate, the share classified as the target style, is {score(painted.hit)}. "
        f"{_with_patches(network)}It is "
        f"{score(network['unchanged'].hit)} for unchanged pictures (the floor), "
        f"{score(network['histogram'].hit)} for colour transfer, and "
        f"{score(network['real'].hit)} for real pictures of the style (the ceiling). {place} "
        f"{_colours(result.gains['network'].histogram)} Hand-made features, a second evaluator, "
        f"give {score(second['painted'])}, for unchanged pictures {score(second['unchanged'])} "
        f"and for real ones {score(second['real'])}. For "
        f"{score(content.retrieved if content else None)} of the paintings the original is the "
        f"nearest of {result.searched:,} pictures by lightness. The SSIM between a picture and its "
        f"painting is {measured(identity.own_style)} in its own style and "
        f"{measured(identity.no_style)} in no style."
    )


def _with_patches(rates: Mapping[Arm, ArmHitRate]) -> str:
    """Hit rates of patches upon the paintings, and of patches alone, where both were painted."""
    if "finished" not in rates or "patches" not in rates:
        return ""
    return (
        f"With patches of real works upon the paintings it is {score(rates['finished'].hit)}, with "
        f"patches alone {score(rates['patches'].hit)}. "
    )


def _colours(gain: Interval) -> str:
    if gain.low > 0:
        return f"The painter beats colour transfer by {points(gain)} points."
    does = "Colour transfer does better"
    if gain.high >= 0:
        does = "The painter does not clearly beat colour transfer"
    return f"{does}: the painter's gain over it is {points(gain)} points."


def _arms(scored: Sequence[tuple[str, PainterScore]]) -> Table:
    """All painters, then what they stand beside: once where it is the same for all."""
    rows: list[Row] = []
    for arm, title in ARM_TITLES.items():
        ours = arm in PAINTINGS
        known = [(name, _arm(result, arm)) for name, result in scored if arm in result.names]
        if not known:
            continue
        if len(scored) == 1 or (not ours and all(cells == known[0][1] for _, cells in known)):
            rows.append(Row((title, *known[0][1]), ours))
        else:
            rows += [Row((f"{title}: {name}", *cells), ours) for name, cells in known]
    numbers = (
        "Hit rate, network", "Normalised", "Hit rate, hand-made", "Normalised, hand-made",
        "Fréchet distance", "SSIM", "Edges", "Original found", "Colour shift",
    )  # fmt: skip
    return Table(
        "Paintings, and what they stand beside",
        "Shares that two evaluators classify as the target style, and what is left of the "
        f"originals; in brackets 95 % bootstrap intervals: {scored[0][1].resampled.text}",
        columns("Pictures", numbers=numbers),
        tuple(rows),
        look="broad",
    )


def _arm(result: PainterScore, name: Arm) -> tuple[Inline, ...]:
    arm = result.arm(name)
    kept = arm.content
    rates: list[Inline] = []
    for evaluator in EVALUATOR_TITLES:
        rate = arm.rates[evaluator]
        rates += [score(rate.hit), measured(rate.normalised)]
    return (
        *rates,
        distance(arm.frechet_distance),
        measured(kept.ssim if kept else None),
        measured(kept.edges if kept else None),
        score(kept.retrieved if kept else None),
        measured(kept.colour_shift if kept else None, 1),
    )


def _signs(result: PainterScore) -> Table:
    """Adversarial patterns and copying: treatments, lattices, borrowed regions, training."""
    rows = []
    for arm in result.arms:
        cells: list[Inline] = [
            _changed(result, arm.arm, evaluator) for evaluator in EVALUATOR_TITLES
        ]
        cells.append(" / ".join(f"{peak:.1f}" for peak in arm.lattice.values()))
        cells.append(share(arm.copying.region) if arm.copying else "–")
        cells.append(share(arm.trained_on) if arm.trained_on is not None else "–")
        rows.append(Row((ARM_TITLES[arm.arm], *cells), arm.arm in PAINTINGS))
    kinds = ", ".join(title.lower().replace("jpeg", "JPEG") for title in TREATMENT_TITLES.values())
    periods = ", ".join(str(period) for period in result.arm("real").lattice)
    numbers = (
        "Changes, network", "Changes, hand-made", "Lattice in dB", "Largest borrowed region",
        "Trained on these",
    )  # fmt: skip
    return Table(
        "Whether the hit rates can be believed",
        f"Changes of the hit rate in points, {kinds}; spectral peaks at periods of {periods} "
        "pixels; share of a picture that is one borrowed region; balanced accuracy on real "
        "pictures of hand-made features that were fitted on these pictures",
        columns("Pictures", numbers=numbers),
        tuple(rows),
        look="broad",
    )


def _changed(result: PainterScore, name: Arm, evaluator: EvaluatorName) -> str:
    changes = result.arm(name).rates[evaluator].changes
    values = [f"{100 * change:+.1f}".replace("-", "−") for change in changes.values()]
    return " / ".join(values) or "–"


def _pictures(result: PainterScore, place: int, prefix: str = "") -> list[Block]:
    """Grid and slider as ``impasto paint`` paints; folded the other arms, and who lent patches."""
    figures = {path.name: path for path in result.figures}
    drawn = {one.arm for pair in result.shown for one in pair.paintings}
    first: Arm = "finished" if "finished" in drawn else "painted"
    blocks: list[Block] = []
    plain, command = None, result.command
    if "grid.png" in figures:
        caption = f"{PAINTED}{BY[first]}."
        blocks.append(_legible(figures["grid.png"], caption, command, prefix))
    if lent := _lent(result, first):
        blocks.append(Details("Whose patches these are, and how much of each", tuple(lent)))
    if "strength.png" in figures:
        caption = f"{RISING}{BY[first]}."
        plain = _legible(figures["strength.png"], caption, command, prefix)
    if result.shown and "steps.png" in figures:
        blocks.append(_slider(result, figures["steps.png"], plain, place))
    elif plain:
        blocks.append(plain)
    for arm, words in BY.items():
        if arm != first and f"grid-{arm}.png" in figures:
            grid = _legible(figures[f"grid-{arm}.png"], f"{PAINTED}{words}.", command, prefix)
            blocks.append(Details(f"The same {words}", (grid,)))
    return blocks


def _lent(result: PainterScore, arm: Arm) -> list[Block]:
    """A table for each shown picture: the works that lent patches to its paintings."""
    tables: list[Block] = []
    for row, pair in enumerate(result.shown, 1):
        rows = [
            Row((shown(one.style), ", ".join(map(_work, one.references))))
            for one in pair.paintings
            if one.arm == arm and one.references
        ]
        if rows:
            name = f"Row {row}, {shown(pair.source)}: {pair.id}"
            heads = columns("Painted in", "With patches of")
            tables.append(Table(name, name, heads, tuple(rows), look="settings"))
    return tables


def _work(work: Borrowed) -> str:
    """A work that lent patches: title, artist and share of the picture."""
    name = (work.title or Path(work.painting).stem).replace("-", " ")
    by = f" by {work.artist.replace('-', ' ').title()}" if work.artist else ""
    return f"{name[:1].upper()}{name[1:]}{by} {percent(work.share, 0)}".replace(
        " %", "\N{NO-BREAK SPACE}%"
    )


def _numbers(result: PainterScore, prefix: str = "") -> list[Block]:
    blocks: list[Block] = [_signs(result), _strengths(result), _styles(result)]
    if result.pairs:
        blocks.append(Details("Gain for each pair of styles", (pairs_chart(result, prefix),)))
    return blocks


def _legible(path: Path, caption: str, command: str, prefix: str) -> ImageFile:
    _, width, _ = inline_picture(path)
    return ImageFile(path, caption, command, round(LEGIBLE * width), f"{prefix}{path.name}")


def _slider(result: PainterScore, sheet: Path, plain: ImageFile | None, place: int) -> Slider:
    side = result.resolution
    _, width, height = inline_picture(sheet)
    if (width, height) != (side * (1 + len(result.strength)), side * len(result.shown)):
        raise RunError(f"{sheet} does not fit painting.json: run impasto evaluate again")
    strengths = tuple(percent(step.strength, 0) for step in result.strength)
    pairs = tuple((shown(pair.source), shown(pair.target)) for pair in result.shown)
    return Slider(sheet, side, strengths, pairs, result.command, plain, place)


def _strengths(result: PainterScore) -> Table:
    steps = result.strength
    return Table(
        "Scores by strength",
        "Scores of the painter alone at rising strength, each picture in one other style",
        columns("Strength", numbers=[percent(step.strength, 0) for step in steps]),
        (
            Row(("Mean probability of the target style", *(share(s.probability) for s in steps))),
            Row(("Hit rate", *(share(step.hit) for step in steps))),
            Row(("SSIM with the original", *(number(step.ssim) for step in steps))),
        ),
    )


def _styles(result: PainterScore) -> Table:
    rows = []
    for row in result.per_style:
        network, second = row.rates["network"], row.rates["handmade"]
        rows.append(
            Row(
                (
                    shown(row.style),
                    whole(row.train),
                    *(share(network[name].hit.value) for name in result.names),
                    measured(network["painted"].normalised),
                    share(second["painted"].hit.value),
                    measured(second["painted"].normalised),
                    distance(row.kernel_distance.get("painted")),
                    distance(row.kernel_distance.get("unchanged")),
                )
            )
        )
    titles = (
        "Train", *(ARM_TITLES[name] for name in result.names), "Normalised",
        "The painter, hand-made", "Normalised, hand-made", "Distance", "Distance unchanged",
    )  # fmt: skip
    return Table(
        "Every target style",
        "Hit rate of each target style, and kernel distances to its real test pictures",
        columns("Style", numbers=titles),
        tuple(rows),
        sortable=True,
        look="broad",
    )


def pairs_chart(result: PainterScore, prefix: str) -> Chart:
    """Return the gain in hit rate over unchanged pictures, for each pair of styles."""
    sources = list(dict.fromkeys(pair.source for pair in result.pairs))
    targets = list(dict.fromkeys(row.style for row in result.per_style))

    def draw(sheet: Sheet) -> None:
        axes = quiet(sheet.figure.add_subplot())
        wide, high = len(targets), len(sources)
        axes.add_patch(Rectangle((-0.5, -0.5), wide, high, facecolor=RULE, alpha=0.35))
        for pair in result.pairs:
            x, y = targets.index(pair.target), sources.index(pair.source)
            size, gid = min(1.0, abs(pair.value)), sheet.hover(_words(pair))
            colour, corner = ACCENT if pair.value > 0 else ALARM, (x - 0.5, y - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, alpha=0.94 * size, gid=gid))
            axes.text(
                x, y, f"{100 * pair.value:.0f}".replace("-", "−"), ha="center", va="center",
                gid=gid, color=PAPER if size > DARK else INK, size=7.5,
                weight="bold" if pair.clear else "normal",
            )  # fmt: skip
        axes.set_xticks(range(wide), list(map(shown, targets)), rotation=90 if wide > 4 else 0)
        axes.set_yticks(range(high), list(map(shown, sources)))
        axes.tick_params(labelcolor=INK, labeltop=True, labelbottom=False)
        axes.set(xlim=(-0.5, wide - 0.5), ylim=(high - 0.5, -0.5), aspect="equal")
        axes.set_ylabel("style of the picture")
        axes.set_title("target style", fontweight="normal", color=MUTED, fontsize=8.5, loc="center")

    most = max(result.pairs, key=lambda pair: pair.value)
    least = min(result.pairs, key=lambda pair: pair.value)
    side = min(WIDTH, 3.2 + 0.33 * len(targets))
    return Chart(
        f"{prefix}pairs",
        f"Gain over unchanged pictures for {count(len(result.pairs), 'pair')} of styles. Most: "
        f"{_words(most)}; least: {_words(least)}.",
        "Points gained over unchanged pictures; bold where ten or more pictures were painted and "
        f"an exact sign test, corrected for {count(len(result.pairs), 'pair')}, has p < 0.05.",
        result.command,
        (side, side * 0.98),
        draw,
        480 if len(targets) <= 13 else 780,
    )


def _words(pair: PairGain) -> str:
    return f"{shown(pair.source)} painted as {shown(pair.target)}: {points(pair)} points"
