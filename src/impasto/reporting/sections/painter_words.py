"""A painter's score in sentences."""

from typing import Final

from impasto.numerics.formatting import count, percent
from impasto.plain_text import style_title
from impasto.records.painter_score import (
    ARM_TITLES,
    Arm,
    IdentityScores,
    PainterScore,
    PairGain,
)
from impasto.reporting.answer_cards import exceeds, falls_short, nearness
from impasto.reporting.blocks import Block, Details, Strong, muted, prose
from impasto.reporting.words import distance, measured, points, score

BY: Final[dict[Arm, str]] = {
    "finished": "by painter and patches of real works",
    "patches": "by patches of real works alone",
    "painted": "by the painter alone",
}
"""Ways to paint in a sentence, the default of ``impasto paint`` first."""

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
            Strong("Kernel distance"), " to real test pictures of the style, the mean over "
            "styles, in the network’s features, compares under one network only; unbiased, so that "
            "it is about 0 where nothing tells the pictures from real works, and may fall below. ",
            Strong("SSIM"), " of the lightness, and the correlation of the ", Strong("edges"),
            ", are 1 for the original itself. ", Strong("Original found"), ": it is the nearest "
            "of all by where light and dark lie. The ", Strong("colour shift"), " is that of the "
            "mean colour in ΔE*ab; about 2 can be seen.",
        ),
        prose(
            Strong(ARM_TITLES["finished"]), " is the default of impasto paint: patches of real "
            "works upon the paintings of a painter. ",
            Strong(ARM_TITLES["patches"]), " alone take no "
            "training. ",
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


def brief(result: PainterScore) -> str:
    """Return forty to sixty words on a painter."""
    by, arm = result.default_evaluator, result.default_arm
    rates = {one.arm: one.rates[by] for one in result.arms}
    content = result.arm(arm).content
    who = "A network" if by == "network" else "A classifier on hand-made features"
    shared = result.evaluator.pictures_shared
    knows = f"shares {shared:,}" if shared else "saw none"
    text = (
        f"{count(result.sources, 'test picture')} were painted in other styles {BY[arm]}. "
        f"{who} that {knows} of the painter’s training pictures takes {score(rates[arm].hit)} of "
        f"the paintings for the target style, {percent(rates['unchanged'].hit.value)} of unchanged "
        f"pictures, {percent(rates['histogram'].hit.value)} with colours exchanged, and "
        f"{percent(rates['real'].hit.value)} of real works."
    )
    if arm != "painted":
        text += f" By the painter alone it is {percent(rates['painted'].hit.value)}."
    if content:
        text += f" The original is found again for {percent(content.retrieved.value, 0)}."
    return text


def summary(result: PainterScore) -> str:
    """Return a painter's score in words."""
    evaluator, identity, arm = result.evaluator, result.identity, result.default_arm
    shared = evaluator.pictures_shared
    knows = f"was trained on {shared:,} of" if shared else "shares none of"
    network = {one.arm: one.rates["network"] for one in result.arms}
    second = {one.arm: one.rates["handmade"].hit for one in result.arms}
    content = result.arm(arm).content
    place = f"The normalised hit rate is {measured(network[arm].normalised)}."
    if network[arm].normalised is None:
        place = f"It is not normalised, because {result.evaluators['network'].unplaced}."
    others = "".join(
        f"{BY[one].capitalize()} it is {score(network[one].hit)}. "
        for one in BY
        if one != arm and one in network
    )
    return (
        f"The evaluator {knows} the painter's training pictures and classifies "
        f"{score(result.evaluators['network'].accuracy)} of real test pictures correctly. "
        f"{count(result.sources, 'test picture')} were painted in other styles, "
        f"{count(result.pictures, 'painting')} in all. The hit "
        f"rate, the share of paintings {BY[arm]} that is classified as the target style, is "
        f"{score(network[arm].hit)}. {place} {others}It is "
        f"{score(network['unchanged'].hit)} for unchanged pictures (the floor), "
        f"{score(network['histogram'].hit)} for colour transfer, and "
        f"{score(network['real'].hit)} for real pictures of the style (the ceiling). "
        f"{_colours(result)}{_nearer(result)} Hand-made features, a second evaluator, "
        f"give {score(second[arm])}, for unchanged pictures {score(second['unchanged'])} "
        f"and for real ones {score(second['real'])}. For "
        f"{score(content.retrieved if content else None)} of the paintings the original is the "
        f"nearest of {result.searched:,} pictures by lightness.{_kept(identity)}"
    )


def _kept(identity: IdentityScores | None) -> str:
    """A sentence on paintings in the own style and in none, where they were made."""
    if identity is None:
        return ""
    return (
        " The SSIM between a picture and its painting by the painter alone is "
        f"{measured(identity.own_style)} in its own style and {measured(identity.no_style)} in no "
        "style."
    )


def _colours(result: PainterScore) -> str:
    """Sentences on the paired gain over colour transfer of each way to paint."""
    sentences = []
    for arm, words in BY.items():
        if arm not in result.gains["network"]:
            continue
        gain = result.gains["network"][arm].histogram
        if exceeds(gain):
            does = "beat"
        elif falls_short(gain):
            does = "do worse than"
        else:
            does = "are not shown to beat"
        sentences.append(
            f"Paintings {words} {does} colour transfer: {points(gain)} points on the same pictures."
        )
    return " ".join(sentences)


def _nearer(result: PainterScore) -> str:
    """A sentence on whether the default arm lies nearer to real works than unchanged pictures."""
    arm = result.default_arm
    gain = result.arm(arm).nearer
    if gain is None:
        return ""
    does = nearness(gain, "real works of the style", "unchanged pictures are")
    return (
        f" In the network's features paintings {BY[arm]} are {does} (kernel distance less by "
        f"{distance(gain, signed=True)})."
    )


def impressions(result: PainterScore) -> tuple[Block, ...]:
    """Return impressions that follow from the numbers of the default arm."""
    by = result.default_evaluator
    arm = result.default_arm
    content = result.arm(arm).content
    text: list[str] = []
    if content:
        drawing = "keep" if content.edges.value >= 0.5 else "change"
        palette = "visibly change" if content.colour_shift.value > 2 else "keep"
        text.append(
            f"On average paintings {BY[arm]} {drawing} their drawing (correlation of edges "
            f"{measured(content.edges)}) and {palette} their colours (colour shift "
            f"{measured(content.colour_shift, 1)} ΔE)."
        )
    ranked = sorted(result.per_style, key=lambda row: -row.rates[by][arm].gain.value)
    gained = [row for row in ranked if exceeds(row.rates[by][arm].gain)]
    best = ", ".join(
        f"{style_title(row.style)} ({points(row.rates[by][arm].gain)} points)" for row in gained[:3]
    )
    text.append(
        f"Most is gained over unchanged pictures in {best}."
        if best
        else "In no style is a gain over unchanged pictures shown."
    )
    lost = [style_title(row.style) for row in ranked if not exceeds(row.rates[by][arm].gain)]
    if lost and best:
        text.append(f"Not shown to be gained: {', '.join(lost)}.")
    if result.pairs:
        pairs = sorted(result.pairs, key=lambda pair: pair.value)
        text.append(
            f"The largest gain of all pairs by the painter alone: {pair_words(pairs[-1])}; the "
            f"smallest: {pair_words(pairs[0])}."
        )
    eye = "These sentences follow from the numbers. What the eye sees is for the reader to add."
    return prose(" ".join(text)), muted(eye)


def pair_words(pair: PairGain) -> str:
    """Return a pair of styles and its gain in words."""
    return (
        f"{style_title(pair.source)} painted as {style_title(pair.target)}: {points(pair)} points"
    )
