"""Sheets of pictures with labels: a row a picture, a column a style."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

GAP, INK, PAPER = 4, "#222222", "white"


def labelled(
    rows: Sequence[Sequence[Image.Image]],
    heads: Sequence[str],
    sides: Sequence[str] = (),
    *,
    cell: int = 128,
) -> Image.Image:
    """Pictures in rows on one white sheet, each fitted into a square of ``cell`` pixels, with a label over each column.

    Args:
        rows: of pictures, each as long as ``heads``.
        heads: the labels of the columns.
        sides: the labels of the rows, at their left; none: no labels.
        cell: height and width of each place in pixels.
    """
    font = ImageFont.load_default(max(9, cell // 11))
    top = int(2 * font.getbbox("Ag")[3]) + 2 * GAP
    left = int(max(map(font.getlength, sides))) + 2 * GAP if sides else 0
    step = cell + GAP
    sheet = Image.new("RGB", (int(left + step * len(heads)), int(top + step * len(rows))), PAPER)
    draw = ImageDraw.Draw(sheet)
    for x, head in enumerate(heads):
        at = (left + x * step + cell / 2, top - GAP)
        draw.multiline_text(
            at, _broken(head, font, cell), INK, font, anchor="md", align="center", spacing=0
        )
    for y, row in enumerate(rows):
        if sides:
            draw.text((left - GAP, top + y * step + cell / 2), sides[y], INK, font, anchor="rm")
        for x, picture in enumerate(row):
            scale = cell / max(picture.size)
            wide, high = (max(1, round(side * scale)) for side in picture.size)
            small = picture.resize((wide, high), Image.Resampling.LANCZOS)
            sheet.paste(
                small, (left + x * step + (cell - wide) // 2, top + y * step + (cell - high) // 2)
            )
    return sheet


def _broken(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """A label on at most two lines, cut off where it is still too long."""
    words, lines = text.replace("_", " ").split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    shown = lines[:2]
    if len(lines) > len(shown):
        shown[-1] += " …"
    return "\n".join(_cut(line, font, width) for line in shown)


def _cut(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    while font.getlength(line) > width and len(line) > 2:
        line = line[:-2] + "…"
    return line
