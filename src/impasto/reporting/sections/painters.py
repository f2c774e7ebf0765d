"""Question 4: can a picture be repainted? Painters beside colour transfer, floor and ceiling."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.patches import Rectangle
from PIL import Image

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
from impasto.reporting.answer_cards import (
    NAMES,
    Answer,
    Mark,
    MarkKind,
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
    Exhibit,
    ExhibitRow,
    Gallery,
    Inline,
    Provenance,
    Row,
    Section,
    Slider,
    Strong,
    Table,
    columns,
    muted,
    notice,
    prose,
)  # fmt: skip
from impasto.reporting.pictures import Paintings, cut
from impasto.reporting.sections.recognise import UNFINISHED
from impasto.reporting.study import COURSE, Place, StudyRecords
from impasto.reporting.svg_chart import WIDTH, Chart, Sheet, quiet
from impasto.reporting.words import distance, measured, number, points, score, share, shown, whole

NUMBER: Final = 4
DARK = 0.55
"""Shade from which a number on it is light."""
FOUND: Final = 0.8
"""Share of originals found again from which the content is called kept, as for IMP313."""
GRID_ROWS: Final = 2
"""Test pictures that are shown in every style."""
SLIDES: Final = 4
"""Test pictures with a slider."""
BY: Final[dict[Arm, str]] = {
    "finished": "by the painter, and patches of real works upon its paintings (what impasto paint "
    "does with a painter)",
    "patches": "with patches of real works alone, without any training",
    "painted": "by the painter alone",
}
"""How the figures were painted, the default first."""
METHOD: Final = Details(
    "Method: what the numbers mean",
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


def answer(study: StudyRecords) -> Answer:
    """Return the answer of the first painter that is not of the course's form."""
    scored = [run for run in study.painters if run.evaluation]
    if scored and scored[0].evaluation:
        return answer_of(scored[0].evaluation)
    if study.painters:
        run = study.painters[0]
        state = "is still being trained" if run.running else "has not been scored yet"
        command = f"impasto evaluate {study.name}/runs/{run.name}"
        return not_run(NUMBER, f"The painter {state}", command)
    command = f"impasto train painter {study.name}/collection -o {study.name}/runs/painter"
    return not_run(NUMBER, "No painter has been trained yet", command)


def answer_of(result: PainterScore) -> Answer:
    """Return the answer of one painter: hit rates of the painter alone, by one evaluator."""
    name, question = NAMES[NUMBER]
    by = evaluator_of(result)
    hit, gains = result.arm("painted").rates[by].hit, result.gains[by]
    content = result.arm("painted").content
    kept = content is not None and content.retrieved.value >= FOUND
    few = too_few(result.sources)
    verdict: Verdict = "poor"
    if few:
        verdict, finding = "mixed", few
    elif exceeds(gains.histogram):
        verdict = "good" if kept else "mixed"
        finding = "The painter reaches the target style more often than exchanging colours"
        finding += "" if kept else ", but loses what the pictures show"
    elif exceeds(gains.unchanged):
        verdict = "mixed"
        finding = "The painter moves pictures towards the style, but "
        worse = falls_short(gains.histogram)
        finding += "exchanging colours does more" if worse else "is not shown to beat colours alone"
    else:
        finding = "The painter is not shown to move pictures towards the style"
    return Answer(
        NUMBER, name, question, verdict, finding, percent(hit.value), score(hit).interval,
        f"taken for the target style, of {count(result.pictures, 'painting')}, by "
        f"{'the network' if by == 'network' else 'hand-made features'}",
        _marks(result, by),
    )  # fmt: skip


def evaluator_of(result: PainterScore) -> EvaluatorName:
    """The network, or hand-made features where the network places nothing and they do."""
    network, handmade = (result.evaluators[name].unplaced for name in ("network", "handmade"))
    usable = "handmade" in result.gains
    return "handmade" if network is not None and handmade is None and usable else "network"


def _marks(result: PainterScore, by: EvaluatorName) -> tuple[Mark, ...]:
    kinds: tuple[tuple[MarkKind, Arm, str], ...] = (
        ("chance", "unchanged", "unchanged"),
        ("colour", "histogram", "colours"),
        ("ours", "painted", "painter"),
        ("ceiling", "real", "real works"),
    )
    marks = []
    for kind, arm, label in kinds:
        hit = result.arm(arm).rates[by].hit
        ends = (hit.low, hit.high) if kind == "ours" else None
        marks.append(Mark(kind, label, hit.value, percent(hit.value), ends))
    return tuple(marks)


def section(study: StudyRecords) -> Section:
    """Return the section on all painters of a study."""
    found = answer(study)
    blocks: list[Block] = []
    for run in study.painters:
        if run.running:
            blocks.append(notice(f"The training of {run.title} {UNFINISHED}"))
        beside = any(one.evaluation and "course" in one.evaluation.names for one in study.painters)
        if run.evaluation is None and not (beside and run.run.settings.get("styling") == COURSE):
            text = " paints with it and scores the pictures."
            command = f"impasto evaluate {study.name}/runs/{run.name}"
            blocks.append(notice(f"{run.title} has not been scored yet: ", Code(command), text))
    if not study.painters:
        blocks.append(prose("The command that trains one: ", Code(found.command)))
    scored = [(run.title, run.evaluation, run) for run in study.painters if run.evaluation]
    for name, result, _ in scored:
        subject = f"The score of {name}"
        blocks += Place(fingerprint=study.collection.fingerprint).other_collection(
            subject, "made on", result.collection_fingerprint
        )
    if scored:
        blocks += _body([(name, result) for name, result, _ in scored], study.paintings)
    sources = [
        Provenance(f"training of {run.name}", run.command, f"runs/{run.name}/run.json")
        for run in study.painters
    ]
    sources += [
        Provenance(
            f"score of {run.name}", result.command, f"runs/{run.name}/evaluation/painting.json"
        )
        for _, result, run in scored
    ]
    return Section(found.anchor, found.title, tuple(blocks), found.name, "", NUMBER, tuple(sources))


def painter_section(result: PainterScore, place: Place) -> Section:
    """Return the section on the score of one painter."""
    found = answer_of(result)
    source = Provenance("score", result.command, "evaluation/painting.json")
    blocks = tuple(_body([("The painter", result)], None))
    return Section(found.anchor, found.title, blocks, found.name, place.prefix, NUMBER, (source,))


def _body(scored: Sequence[tuple[str, PainterScore]], paintings: Paintings | None) -> list[Block]:
    main = scored[0][1]
    blocks: list[Block] = [prose(brief(main)), *_gallery(main, paintings, prefix="")]
    several = len(scored) > 1
    numbers: list[Block] = [_arms(scored)]
    for name, result in scored:
        numbers.append(_styles(result, name if several else ""))
    blocks.append(Details("Numbers: every treatment and every target style", tuple(numbers), True))
    blocks.append(Details("Impressions in words", _impressions(main), True))
    for place, (name, result) in enumerate(scored, 1):
        label = f": {name}" if several else ""
        prefix = f"{result.path.parent.name}-"
        blocks.append(Details(f"The score in sentences{label}", (prose(summary(result)),)))
        trust: list[Block] = [_signs(result, name if several else "")]
        trust.append(_strengths(result, name if several else ""))
        blocks.append(Details(f"Whether the hit rates can be believed{label}", tuple(trust)))
        if result.pairs:
            chart = pairs_chart(result, prefix)
            blocks.append(Details(f"Gain for each pair of styles{label}", (chart,)))
        more = _other_arms(result, paintings, prefix)
        if place > 1:
            more = [*_gallery(result, paintings, prefix), *more]
        if more:
            blocks.append(Details(f"More pictures{label}", tuple(more)))
        if lent := _lent(result, _first(result)):
            blocks.append(
                Details(f"Whose patches these are, and how much of each{label}", tuple(lent))
            )
    return [*blocks, METHOD]


def brief(result: PainterScore) -> str:
    """Return forty to sixty words on a painter."""
    by = evaluator_of(result)
    rates = {arm.arm: arm.rates[by] for arm in result.arms}
    content = result.arm("painted").content
    who = "A network" if by == "network" else "A classifier on hand-made features"
    shared = result.evaluator.pictures_shared
    knows = f"shares {shared:,}" if shared else "saw none"
    text = f"{count(result.sources, 'test picture')} were painted in other styles. {who} that "
    text += f"{knows} of the painter’s training pictures takes "
    text += (
        f"{score(rates['painted'].hit)} of the paintings for the target style, "
        f"{percent(rates['unchanged'].hit.value)} of unchanged pictures, "
        f"{percent(rates['histogram'].hit.value)} with colours exchanged, and "
        f"{percent(rates['real'].hit.value)} of real works."
    )
    if "finished" in rates:
        text += f" With patches of real works it is {percent(rates['finished'].hit.value)}."
    if content:
        text += f" The original is found again for {percent(content.retrieved.value, 0)}."
    return text


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


def _signs(result: PainterScore, name: str) -> Table:
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
    title = "Whether the hit rates can be believed"
    return Table(
        f"{title}: {name}" if name else title,
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


def _first(result: PainterScore) -> Arm:
    """The arm that ``impasto paint`` takes, where its pictures were drawn."""
    drawn = {one.arm for pair in result.shown for one in pair.paintings}
    return "finished" if "finished" in drawn else "painted"


def _gallery(result: PainterScore, paintings: Paintings | None, prefix: str) -> list[Block]:
    """Test pictures in every style as ``impasto paint`` paints, and at rising strength."""
    first = _first(result)
    blocks: list[Block] = []
    grid = _grid(result, first, paintings, f"{prefix}painted")
    if grid:
        blocks.append(grid)
    slider = _slider(result, first, prefix)
    if slider:
        blocks.append(slider)
    return blocks


def _grid(result: PainterScore, arm: Arm, paintings: Paintings | None, name: str) -> Gallery | None:
    """The first test pictures, each as it is and in every style by an arm."""
    sheet = result.path / "figures" / f"paintings-{arm}.png"
    styles = (
        [one.style for one in result.shown[0].paintings if one.arm == arm] if result.shown else []
    )
    if not styles or not sheet.is_file():
        return None
    cells = cut(sheet, result.resolution, (len(result.shown), len(styles)))
    originals = _steps(result)
    rows = []
    for at, pair in enumerate(result.shown[:GRID_ROWS]):
        there = paintings is not None and paintings.holds(pair.id)
        known = paintings.named(pair.id).title if paintings is not None and there else ""
        link = pair.id if there else ""
        exhibits = [
            Exhibit(image, shown(style), "", link, f"{shown(pair.source)} as {shown(style)}")
            for image, style in zip(cells[at], styles, strict=True)
        ]
        if originals:
            words = f"The original: {shown(pair.source)}"
            exhibits.insert(0, Exhibit(originals[at][0], "As it is", "", link, words))
        label = f"{shown(pair.source)}: {known}" if known else shown(pair.source)
        rows.append(ExhibitRow(label, tuple(exhibits)))
    title = f"{count(len(rows), 'test picture')} in {count(len(styles), 'style')}"
    caption = f"Painted {BY[arm]}. Can the styles be told apart?"
    return Gallery(name, title, caption, tuple(rows), "grid")


def _steps(result: PainterScore) -> list[list[Image.Image]]:
    """Rows of pictures at rising strength, each after its original; none where not drawn."""
    sheet = result.path / "figures" / "steps.png"
    if not result.shown or not sheet.is_file():
        return []
    return cut(sheet, result.resolution, (len(result.shown), 1 + len(result.strength)))


def _slider(result: PainterScore, arm: Arm, prefix: str) -> Slider | None:
    rows = _steps(result)
    if not rows:
        return None
    strengths = tuple(percent(step.strength, 0) for step in result.strength)
    pairs = tuple((shown(pair.source), shown(pair.target)) for pair in result.shown[:SLIDES])
    walls = tuple(
        ExhibitRow(
            f"{source} as {target}",
            tuple(
                Exhibit(image, words, "", "", f"{source} as {target}, {words}")
                for image, words in zip(images, ("as it is", *strengths), strict=True)
            ),
        )
        for (source, target), images in zip(pairs, rows, strict=False)
    )
    title = "More strength, more style"
    caption = f"Test pictures at rising strength of another style, painted {BY[arm]}."
    plain = Gallery(f"{prefix}strength", title, caption, walls, "grid")
    number = 1 if not prefix else 2 + zlib.crc32(prefix.encode())
    return Slider(strengths, pairs, plain, number)


def _other_arms(result: PainterScore, paintings: Paintings | None, prefix: str) -> list[Block]:
    made = (
        _grid(result, arm, paintings, f"{prefix}painted-{arm}")
        for arm in BY
        if arm != _first(result)
    )
    return [grid for grid in made if grid]


def _impressions(result: PainterScore) -> tuple[Block, ...]:
    """Impressions that follow from the numbers, in words; the eye's part is left to readers."""
    by = evaluator_of(result)
    arm = result.arm("painted")
    content = arm.content
    text: list[str] = []
    if content:
        drawing = "keep their drawing" if content.edges.value >= 0.5 else "change their drawing"
        palette = "change their colours visibly" if content.colour_shift.value > 2 else "keep them"
        text.append(
            f"On average the pictures {drawing} (correlation of edges {measured(content.edges)}) "
            f"and {palette} (colour shift {measured(content.colour_shift, 1)} ΔE)."
        )
    ranked = sorted(result.per_style, key=lambda row: -row.rates[by]["painted"].gain.value)
    gained = [row for row in ranked if exceeds(row.rates[by]["painted"].gain)]
    best = ", ".join(
        f"{shown(row.style)} ({points(row.rates[by]['painted'].gain)} points)" for row in gained[:3]
    )
    text.append(
        f"Most is gained over unchanged pictures in {best}."
        if best
        else "In no style is a gain over unchanged pictures shown."
    )
    lost = [shown(row.style) for row in ranked if not exceeds(row.rates[by]["painted"].gain)]
    if lost and best:
        text.append(f"Not shown to be gained: {', '.join(lost)}.")
    if result.pairs:
        pairs = sorted(result.pairs, key=lambda pair: pair.value)
        text.append(
            f"The largest gain of all pairs: {_words(pairs[-1])}; the smallest: {_words(pairs[0])}."
        )
    eye = "These sentences follow from the numbers. What the eye sees is for the reader to add."
    return prose(" ".join(text)), muted(eye)


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


def _strengths(result: PainterScore, name: str) -> Table:
    steps = result.strength
    return Table(
        f"Scores by strength: {name}" if name else "Scores by strength",
        "Scores of the painter alone at rising strength, each picture in one other style",
        columns("Strength", numbers=[percent(step.strength, 0) for step in steps]),
        (
            Row(("Mean probability of the target style", *(share(s.probability) for s in steps))),
            Row(("Hit rate", *(share(step.hit) for step in steps))),
            Row(("SSIM with the original", *(number(step.ssim) for step in steps))),
        ),
    )


def _styles(result: PainterScore, name: str) -> Table:
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
        f"Every target style: {name}" if name else "Every target style",
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
        f"Most is gained by {_words(most)}",
        f"Gain over unchanged pictures for {count(len(result.pairs), 'pair')} of styles. Most: "
        f"{_words(most)}; least: {_words(least)}.",
        "Points gained over unchanged pictures; bold where ten or more pictures were painted and "
        f"an exact sign test, corrected for {count(len(result.pairs), 'pair')}, has p < 0.05.",
        (side, side * 0.98),
        draw,
        480 if len(targets) <= 13 else 780,
    )


def _words(pair: PairGain) -> str:
    return f"{shown(pair.source)} painted as {shown(pair.target)}: {points(pair)} points"
