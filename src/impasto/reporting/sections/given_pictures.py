"""Pictures that other programs made, scored as a painter's: a part of question 4."""

from collections.abc import Sequence

from impasto.numerics.formatting import count, percent
from impasto.records.painter_score import PainterScore
from impasto.reporting.answer_cards import exceeds, falls_short, too_few
from impasto.reporting.blocks import Block, Details, ImageFile, Provenance, Strong, prose
from impasto.reporting.sections.painter_tables import (
    arms_table,
    pairs_chart,
    signs_table,
    styles_table,
)
from impasto.reporting.words import measured, points, score, share


def given_blocks(given: Sequence[tuple[str, PainterScore]]) -> list[Block]:
    """Return a paragraph, the pictures and the numbers of each folder of pictures.

    Args:
        given: each with the name of its folder.
    """
    blocks: list[Block] = []
    for name, result in given:
        blocks.append(prose(Strong(f"Pictures of another program, {name}. "), brief(result)))
        sheet = result.path / "figures" / "pictures.png"
        if sheet.is_file():
            caption = "Some of them by target style, each after its original where that is known."
            title = f"{count(result.pictures, 'picture')} of {name}"
            blocks.append(ImageFile(sheet, title, caption, 0, f"pictures-{name}.png"))
        tables = (
            arms_table([(name, result)], of=f"Pictures of {name}"),
            styles_table(result, name),
        )
        blocks.append(Details(f"Numbers: the pictures of {name}", tables, True))
        trust: list[Block] = [signs_table(result, name), prose(copying(result))]
        if result.pairs:
            trust.append(pairs_chart(result, f"{name}-"))
        blocks.append(Details(f"Whether these hit rates can be believed: {name}", tuple(trust)))
    return blocks


def sources(given: Sequence[tuple[str, PainterScore]]) -> list[Provenance]:
    """Return how each was made."""
    return [
        Provenance(f"score of {name}", result.command, f"pictures/{name}/painting.json")
        for name, result in given
    ]


def brief(result: PainterScore) -> str:
    """Return a few sentences on the pictures of another program."""
    given, by = result.given, result.default_evaluator
    assert given is not None
    rates = {arm.arm: arm.rates[by].hit for arm in result.arms}
    gain, content = result.gains[by]["painted"].histogram, result.arm("painted").content
    who = "A network" if by == "network" else "A classifier on hand-made features"
    if exceeds(gain):
        does = "beat"
    elif falls_short(gain):
        does = "do worse than"
    else:
        does = "are not shown to beat"
    floor = "their originals" if given.matched == result.pictures else "originals and stand-ins"
    text = (
        f"{who} takes {score(rates['painted'])} of {count(result.pictures, 'picture')} for the "
        f"target style, {percent(rates['unchanged'].value)} of {floor}, "
        f"{percent(rates['histogram'].value)} with colours exchanged, and "
        f"{percent(rates['real'].value)} of real works. They {does} colour transfer: "
        f"{points(gain)} points."
    )
    if content:
        text += (
            f" The original is known of {given.matched:,}, and found again for "
            f"{percent(content.retrieved.value, 0)} of these; SSIM {measured(content.ssim)}."
        )
    else:
        text += " No original is known, so nothing is said of the content."
    if few := too_few(result.pictures):
        text = f"{few}. {text}"
    left = given.skipped + given.own_style + given.left_out
    if left:
        text += f" Left out: {count(left, 'file')}."
    return text


def copying(result: PainterScore) -> str:
    """Return a sentence on what the pictures share with training pictures."""
    ours, real = result.arm("painted").copying, result.arm("real").copying
    if ours is None or real is None:
        return "The training pictures were not searched for what was copied."
    return (
        "The largest region that a picture shares with one of the training pictures most alike "
        f"covers {share(ours.region)} of it on average and {share(ours.most)} at most, of "
        f"real test pictures {share(real.region)} and {share(real.most)}. The SSIM with the "
        f"nearest of these training pictures is {ours.nearest:.2f}, of the originals "
        f"{ours.source_nearest:.2f}, of real test pictures {real.nearest:.2f}. What was borrowed "
        "from pictures that are alike "
        "neither in layout nor in colours is not found."
    )
