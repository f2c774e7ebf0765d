"""HTML of a report: one file that opens offline, with styles, script and pictures within it."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import assert_never

from jinja2 import Environment, PackageLoader, StrictUndefined

from impasto.images.palette import style_sheet
from impasto.numerics.formatting import count
from impasto.reporting import blocks
from impasto.reporting.headline import Front
from impasto.reporting.svg_chart import Chart
from impasto.reporting.thumbnails import Thumbnails, data_address, inline_picture
from impasto.reporting.words import shown

SCROLLS = 'tabindex="0" role="region" aria-label'


def report_html(front: Front, sections: Sequence[blocks.Section]) -> str:
    """Return the report as one HTML file."""
    environment = Environment(
        loader=PackageLoader("impasto.reporting", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    text = environment.get_template("report.html.j2").render(
        front=front,
        header_pictures=[(data_address(one.image), one.caption) for one in front.header],
        links=[(section.anchor, section.link or section.title) for section in sections],
        body="\n".join(section_html(section) for section in sections),
        palette=style_sheet(),
    )
    return text.strip() + "\n"


def section_html(section: blocks.Section) -> str:
    """Return a section as an element of a page."""
    anchor = escape(section.anchor)
    return (
        f'<section id="{anchor}" aria-labelledby="{anchor}-title">\n'
        f'<h2 id="{anchor}-title">{escape(section.title)}</h2>\n'
        f"{_blocks(section.blocks, section.prefix)}\n</section>"
    )


def _blocks(parts: Iterable[blocks.Block], prefix: str) -> str:
    return "\n".join(_block(part, prefix) for part in parts)


def _block(block: blocks.Block, prefix: str) -> str:  # noqa: PLR0911 – one for each kind
    match block:
        case blocks.Prose():
            tone = "" if block.tone == "plain" else f' class="{block.tone}"'
            return f"<p{tone}>{''.join(map(_inline, block.parts))}</p>"
        case blocks.Table():
            return _table(block)
        case Chart():
            return _figure(_scrolling(block.svg(prefix)), block.caption, block.command)
        case blocks.ImageFile():
            return _picture(block)
        case Thumbnails():
            return _thumbnails(block)
        case blocks.Slider():
            return _slider(block)
        case blocks.FindingEntry():
            return _finding(block)
        case blocks.Heading():
            return f'<h3 id="{escape(block.anchor)}">{escape(block.text)}</h3>'
        case blocks.Details():
            state = " open" if block.is_open else ""
            summary = f"<summary>{escape(block.summary)}</summary>"
            return f"<details{state}>{summary}\n{_blocks(block.blocks, prefix)}\n</details>"
        case _:
            assert_never(block)


def _inline(part: blocks.Inline) -> str:
    match part:
        case str():
            return escape(part)
        case blocks.Code():
            return f"<code>{escape(part.text)}</code>"
        case blocks.Strong():
            return f"<b>{escape(part.text)}</b>"
        case blocks.MadeBy():
            return f'<span class="made">Made by <code>{escape(part.command)}</code>.</span>'
        case blocks.Number():
            text = escape(part.text)
            if part.value is not None:
                text = f'<data value="{part.value}">{text}</data>'
            return f"{text} <small>{escape(part.interval)}</small>" if part.interval else text
        case _:
            assert_never(part)


def _table(table: blocks.Table) -> str:
    kinds = [' class="number"' if c.kind == "number" else "" for c in table.columns]

    def row(part: blocks.Row) -> str:
        cells = []
        for place, (cell, kind) in enumerate(zip(part.cells, kinds, strict=True)):
            if place == 0 and table.look != "items":
                cells.append(f'<th scope="row">{_inline(cell)}</th>')
            else:
                cells.append(f"<td{kind}>{_inline(cell)}</td>")
        ours = ' class="ours"' if part.ours else ""
        return f"<tr{ours}>{''.join(cells)}</tr>"

    names = ["sortable"] * table.sortable + [table.look] * (table.look != "scores")
    look = f' class="{" ".join(names)}"' if names else ""
    anchor = f' id="{escape(table.anchor)}"' if table.anchor else ""
    heads = "".join(
        f'<th scope="col"{kind}>{escape(column.title)}</th>'
        for column, kind in zip(table.columns, kinds, strict=True)
    )
    footer = f"<tfoot>{row(table.footer)}</tfoot>\n" if table.footer else ""
    body = "\n".join(map(row, table.rows))
    return (
        f'<div class="scroll" {SCROLLS}="{escape(table.title)}"><table{look}{anchor}>\n'
        f"<caption>{escape(table.caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n{footer}</table></div>"
    )


def _figure(content: str, caption: str, command: str) -> str:
    words = f"{escape(caption)} {_inline(blocks.MadeBy(command))}"
    return f"<figure>\n{content}\n<figcaption>{words}</figcaption>\n</figure>"


def _scrolling(content: str) -> str:
    return f'<div class="plot" {SCROLLS}="Figure, scrolls in a narrow window">{content}</div>'


def _picture(picture: blocks.ImageFile) -> str:
    least = f' style="min-width:{picture.least_width}px"' if picture.least_width else ""
    image = f'<img class="plate"{least} {_source(picture.path)} alt="{escape(picture.caption)}">'
    content = _scrolling(image) if picture.least_width else image
    return _figure(content, picture.caption, picture.command)


def _source(path: Path) -> str:
    address, width, height = inline_picture(path)
    return f'src="{address}" width="{width}" height="{height}"'


def _thumbnails(thumbnails: Thumbnails) -> str:
    walls = []
    for style_name, examples in thumbnails.by_style.items():
        items = []
        for example in examples:
            width, height = example.image.size
            items.append(
                f'<li style="--ratio:{width / height:.3f}">'
                f'<img src="{data_address(example.image)}" width="{width}" height="{height}" '
                f'alt="{escape(f"{shown(style_name)}: {example.caption}")}" '
                f'title="{escape(example.caption)}"></li>'
            )
        hung = f'<ul class="hang">{"".join(items)}</ul>'
        walls.append(f'<div class="wall"><h3>{escape(shown(style_name))}</h3>\n{hung}</div>\n')
    caption = f"{escape(thumbnails.caption)} {_inline(blocks.MadeBy(thumbnails.command))}"
    return f'<p>{caption}</p>\n<div class="walls">\n{"".join(walls)}</div>'


def _slider(slider: blocks.Slider) -> str:
    number, most, last = slider.number, len(slider.strengths) - 1, escape(slider.strengths[-1])
    options = "".join(
        f'<option value="{place}" label="{escape(strength)}"></option>'
        for place, strength in enumerate(slider.strengths)
    )
    canvas = f'<canvas width="{slider.side}" height="{slider.side}" role="img" aria-label='
    items = "\n".join(
        f'<li>{canvas}"{escape(source)}, as it is"></canvas>'
        f'{canvas}"{escape(source)}, painted as {escape(target)}"></canvas>'
        f"<span>{escape(source)}</span><span>as {escape(target)}</span></li>"
        for source, target in slider.pairs
    )
    plain = f'\n<div class="plain">{_picture(slider.plain)}</div>' if slider.plain else ""
    return (
        '<div class="steps">\n<figure class="slider">\n'
        f'<div class="reach"><label for="strength-{number}">Strength of the style</label>'
        f'<input type="range" id="strength-{number}" min="0" max="{most}" step="1" '
        f'value="{most}" list="strengths-{number}">'
        f'<output for="strength-{number}">{last}</output>\n'
        f'<datalist id="strengths-{number}">{options}</datalist></div>\n'
        f'<ul class="hung">\n{items}\n</ul>\n'
        f'<img class="sheet" hidden {_source(slider.sheet)} '
        'alt="The pictures that the slider shows.">\n'
        "<figcaption>Test pictures, at the left as they are, at the right painted in another style "
        f"as strongly as the slider says; at 0 % in none. {_inline(blocks.MadeBy(slider.command))}"
        f"</figcaption>\n</figure>{plain}\n</div>"
    )


def _finding(entry: blocks.FindingEntry) -> str:
    finding = entry.finding
    tag = f'<span class="tag">{finding.code}</span>'
    stage = f'<span class="muted">({escape(entry.stage)})</span>'
    if finding.outcome != "issue":
        return (
            f'<p class="passed">{tag}<b>{escape(finding.title)}.</b> {escape(finding.text)} '
            f"{stage}</p>"
        )
    look, ending = (
        (" invalidates", " – invalidates the result") if finding.invalidates else ("", "")
    )
    items = ""
    if entry.items:
        summary = f"<summary>{count(len(finding.items), 'item')}</summary>"
        items = f"\n<details>{summary}\n{_table(entry.items)}</details>"
    return (
        f'<article class="finding{look}">\n<h3>{tag}{escape(finding.title)}{ending}</h3>\n'
        f"<p>{escape(finding.text)}</p>\n"
        f'<p class="remedy"><b>What to do:</b> {escape(finding.kind.remedy)} {stage}</p>'
        f"{items}\n</article>"
    )
