"""HTML of a report: one file that opens offline, with styles, script and pictures within it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import assert_never
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from impasto.images.palette import style_sheet
from impasto.numerics.formatting import count
from impasto.reporting import blocks
from impasto.reporting.answer_cards import VERDICTS, Answer, Mark
from impasto.reporting.headline import Front
from impasto.reporting.pictures import data_address, inline_picture
from impasto.reporting.svg_chart import Chart
from impasto.reporting.written import image_name, table_name

SCROLLS = 'tabindex="0" role="group" aria-label'
ATLAS = "site/index.html"


def report_html(
    front: Front, questions: Sequence[blocks.Section], appendix: Sequence[blocks.Section]
) -> str:
    """Return the report as one HTML file."""
    page = ATLAS if front.page else ""
    text = (
        _environment()
        .get_template("report.html.j2")
        .render(
            front=front,
            header_pictures=[
                (data_address(one.image), one.title, _link(one, page)) for one in front.header
            ],
            cards=[answer_card(one) for one in front.answers],
            questions=[(one.anchor, one.link or one.title) for one in questions],
            appendix=[(one.anchor, one.link or one.title) for one in appendix],
            body="\n".join(section_html(one, page=page, files=True) for one in questions),
            rest="\n".join(section_html(one, page=page, files=True) for one in appendix),
            palette=style_sheet(),
        )
    )
    return text.strip() + "\n"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of sections without a report's first screen.

    Attributes:
        title: its heading.
        facts: a line above it.
        command: that wrote it.
        sections: in their order.
    """

    title: str
    facts: str
    command: str
    sections: tuple[blocks.Section, ...]


def page_html(page: Page) -> str:
    """Return a page as one HTML file."""
    text = (
        _environment()
        .get_template("page.html.j2")
        .render(
            title=page.title,
            facts=page.facts,
            command=page.command,
            body="\n".join(section_html(one) for one in page.sections),
            palette=style_sheet(),
        )
    )
    return text.strip() + "\n"


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("impasto.reporting", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )


def answer_card(answer: Answer) -> str:
    """Return the card of an answer on the first screen."""
    word = VERDICTS[answer.verdict]
    look = answer.verdict.replace(" ", "-")
    head = (
        f'<h2><a href="#{answer.anchor}">{answer.number} {escape(answer.name)}</a></h2>\n'
        f'<p class="verdict {look}"><span class="dot" aria-hidden="true"></span>{word}</p>\n'
    )
    if answer.verdict == "not run":
        body = f"<p>{escape(answer.finding)}.</p>\n<p><code>{escape(answer.command)}</code></p>"
    else:
        body = (
            f'<p class="value">{escape(answer.value)} '
            f"<small>{escape(answer.interval)}</small></p>\n"
            f'<p class="unit">{escape(answer.unit)}</p>\n{_scale(answer.marks)}\n'
            f"<p>{escape(answer.finding)}.</p>"
        )
    return f'<article class="card {look}">\n{head}{body}\n</article>'


def _scale(marks: Sequence[Mark]) -> str:
    """The values of an answer on one line, from chance to the ceiling, with a list of them."""
    if not marks:
        return ""
    top = max(1e-9, *(max(mark.value, *(mark.interval or (0.0,))) for mark in marks))
    parts = ['<line class="axis" x1="0" y1="12" x2="200" y2="12"/>']
    for mark in marks:
        x = 6 + 188 * min(max(mark.value / top, 0.0), 1.0)
        if mark.interval:
            low, high = (6 + 188 * min(max(end / top, 0.0), 1.0) for end in mark.interval)
            parts.append(f'<line class="span" x1="{low:.1f}" y1="12" x2="{high:.1f}" y2="12"/>')
        parts.append(_shape(mark, x))
    items = "".join(
        f'<div class="{mark.kind}"><dt>{escape(mark.label)}</dt><dd>{escape(mark.text)}</dd></div>'
        for mark in marks
    )
    return (
        f'<svg class="scale" viewBox="0 0 200 24" aria-hidden="true">{"".join(parts)}</svg>'
        f'<dl class="marks">{items}</dl>'
    )


def _shape(mark: Mark, x: float) -> str:
    match mark.kind:
        case "chance":
            return f'<line class="chance" x1="{x:.1f}" y1="4" x2="{x:.1f}" y2="20"/>'
        case "colour":
            return f'<rect class="colour" x="{x - 4:.1f}" y="8" width="8" height="8"/>'
        case "ours":
            return f'<circle class="ours" cx="{x:.1f}" cy="12" r="6"/>'
        case "ceiling":
            points = f"{x - 5:.1f},12 {x:.1f},7 {x + 5:.1f},12 {x:.1f},17"
            return f'<polygon class="ceiling" points="{points}"/>'
        case _:
            assert_never(mark.kind)


def section_html(section: blocks.Section, *, page: str = "", files: bool = False) -> str:
    """Return a section as an element of a page.

    Args:
        section: to render.
        page: address of the atlas page, to which paintings lead; empty: to none.
        files: whether figures and tables lie as files beside the page.
    """
    anchor = escape(section.anchor)
    look = "question" if section.number else "part"
    number = f'<span class="number">{section.number}</span> ' if section.number else ""
    renderer = _HtmlRenderer(section, page, files)
    return (
        f'<section id="{anchor}" class="{look}" aria-labelledby="{anchor}-title">\n'
        f'<h2 id="{anchor}-title">{number}{_unbroken(section.title)}</h2>\n'
        f"{renderer.all(section.blocks)}\n{renderer.sources()}</section>"
    )


def _unbroken(text: str) -> str:
    """Text whose units do not part from their numbers."""
    return escape(text).replace(" %", "\u00a0%")


def _link(exhibit: blocks.Exhibit, page: str) -> str:
    if not page or not exhibit.painting:
        return ""
    return f"{page}#{urlencode({'painting': exhibit.painting})}"


@dataclass(frozen=True, slots=True)
class _HtmlRenderer:
    """Renderer of the blocks of one section."""

    section: blocks.Section
    page: str
    files: bool

    def all(self, parts: Iterable[blocks.Block]) -> str:
        return "\n".join(map(self.block, parts))

    def block(self, block: blocks.Block) -> str:  # noqa: PLR0911 – one for each kind
        match block:
            case blocks.Prose():
                tone = "" if block.tone == "plain" else f' class="{block.tone}"'
                return f"<p{tone}>{''.join(map(_inline, block.parts))}</p>"
            case blocks.Table():
                return self.table(block)
            case Chart():
                drawing = block.svg(self.section.prefix)
                content = f'<div class="plot" {SCROLLS}="{escape(block.title)}">{drawing}</div>'
                if block.small:
                    small = block.svg(self.section.prefix, small=True)
                    content = f'<div class="wide">{content}</div><div class="small">{small}</div>'
                names = [f"{self.section.prefix}{block.name}.{end}" for end in ("svg", "png")]
                return self.figure(block.title, block.caption, content, names)
            case blocks.ImageFile():
                return self.image(block)
            case blocks.Gallery():
                return self.gallery(block)
            case blocks.Slider():
                return self.slider(block)
            case blocks.FindingEntry():
                return self.finding(block)
            case blocks.Details():
                look = ' class="printed"' if block.printed else ""
                summary = f"<summary>{_unbroken(block.summary)}</summary>"
                return f"<details{look}>{summary}\n{self.all(block.blocks)}\n</details>"
            case _:
                assert_never(block)

    def sources(self) -> str:
        """The commands and the files that the section rests on, folded."""
        if not self.section.sources:
            return ""
        rows = "\n".join(
            f'<tr><th scope="row">{escape(one.stage)}</th><td><code>{escape(one.command)}</code>'
            f"</td><td><code>{escape(one.file)}</code></td></tr>"
            for one in self.section.sources
        )
        heads = "".join(f'<th scope="col">{name}</th>' for name in ("Stage", "Command", "Data"))
        name = f"Commands behind: {self.section.link or self.section.title}"
        return (
            "<details><summary>Command and data</summary>\n"
            f'<div class="scroll" {SCROLLS}="{escape(name)}"><table class="settings">'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n</details>\n"
        )

    def figure(self, title: str, caption: str, content: str, names: Sequence[str] = ()) -> str:
        saved = ""
        if self.files and names:
            links = " · ".join(
                f'<a href="figures/{quote(name)}" download>{name.rpartition(".")[2].upper()}</a>'
                for name in names
            )
            saved = f' <span class="saved">{links}</span>'
        words = f"<b>{_unbroken(title)}</b> {_unbroken(caption)}{saved}"
        return f"<figure>\n<figcaption>{words}</figcaption>\n{content}\n</figure>"

    def image(self, image: blocks.ImageFile) -> str:
        address, width, height = inline_picture(image.path)
        least = f' style="min-width:{image.least_width}px"' if image.least_width else ""
        content = (
            f'<img class="whole"{least} loading="lazy" src="{address}" width="{width}" '
            f'height="{height}" alt="{escape(image.title)}">'
        )
        if image.least_width:
            content = f'<div class="plot" {SCROLLS}="{escape(image.title)}">{content}</div>'
        return self.figure(image.title, image.caption, content, [image_name(self.section, image)])

    def gallery(self, gallery: blocks.Gallery, control: str = "") -> str:
        rows = "\n".join(
            f'<div class="row">{self.label(row.label)}<ul>'
            f"{''.join(map(self.exhibit, row.exhibits))}</ul></div>"
            for row in gallery.rows
        )
        content = f'{control}<div class="gallery {gallery.look}">\n{rows}\n</div>'
        name = f"{self.section.prefix}{gallery.name}.png"
        return self.figure(gallery.title, gallery.caption, content, [name])

    def label(self, text: str) -> str:
        return f'<p class="label">{escape(text)}</p>' if text else ""

    def exhibit(self, exhibit: blocks.Exhibit) -> str:
        width, height = exhibit.image.size
        picture = (
            f'<img loading="lazy" src="{data_address(exhibit.image)}" width="{width}" '
            f'height="{height}" alt="{escape(exhibit.words)}">'
        )
        if link := _link(exhibit, self.page):
            picture = f'<a href="{escape(link)}">{picture}</a>'
        lines = [_unbroken(text) for text in (exhibit.title, exhibit.note) if text]
        words = f"<span>{'<br>'.join(lines)}</span>" if lines else ""
        return f'<li style="--ratio:{width / height:.3f}">{picture}{words}</li>'

    def slider(self, slider: blocks.Slider) -> str:
        number, most = slider.number, len(slider.strengths) - 1
        last = escape(slider.strengths[-1])
        options = "".join(
            f'<option value="{place}" label="{escape(strength)}"></option>'
            for place, strength in enumerate(slider.strengths)
        )
        control = (
            f'<div class="reach"><label for="strength-{number}">Strength of the style</label>'
            f'<input type="range" id="strength-{number}" min="0" max="{most}" step="1" '
            f'value="{most}" list="strengths-{number}">'
            f'<output for="strength-{number}">{last}</output>\n'
            f'<datalist id="strengths-{number}">{options}</datalist></div>'
        )
        figure = self.gallery(slider.plain, control)
        return f'<div class="slider">\n{figure}\n</div>'

    def table(self, table: blocks.Table) -> str:
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
        saved = ""
        if self.files:
            address = f"tables/{quote(table_name(self.section, table))}"
            saved = f' <a class="saved" href="{address}" download>CSV</a>'
        return (
            f'<div class="scroll" {SCROLLS}="{escape(table.title)}"><table{look}{anchor}>\n'
            f"<caption>{_unbroken(table.caption)}{saved}</caption>\n<thead><tr>{heads}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n{footer}</table></div>"
        )

    def finding(self, entry: blocks.FindingEntry) -> str:
        finding = entry.finding
        tag = f'<span class="tag">{finding.code}</span>'
        stages = ", ".join(entry.stages)
        stage = f'<span class="muted">({escape(stages)})</span>'
        if finding.outcome != "issue":
            return (
                f'<p class="passed">{tag}<b>{escape(finding.title)}.</b> {_unbroken(finding.text)} '
                f"{stage}</p>"
            )
        look, ending = (
            (" invalidates", " – invalidates the result") if finding.invalidates else ("", "")
        )
        items = f"\n{self.table(entry.items)}" if entry.items else ""
        number = f", {count(len(finding.items), 'item')}" if finding.items else ""
        return (
            f'<details class="finding{look}" id="{finding.code}"><summary>{tag}'
            f"{escape(finding.title)}{ending}{number}</summary>\n<p>{_unbroken(finding.text)}</p>\n"
            f'<p class="remedy"><b>What to do:</b> {escape(finding.kind.remedy)} {stage}</p>'
            f"{items}\n</details>"
        )


def _inline(part: blocks.Inline) -> str:
    match part:
        case str():
            return _unbroken(part)
        case blocks.Code():
            return f"<code>{escape(part.text)}</code>"
        case blocks.Strong():
            return f"<b>{escape(part.text)}</b>"
        case blocks.Link():
            return f'<a href="{escape(part.address)}">{escape(part.text)}</a>'
        case blocks.Number():
            text = _unbroken(part.text)
            if part.value is not None:
                text = f'<data value="{part.value}">{text}</data>'
            return f"{text} <small>{escape(part.interval)}</small>" if part.interval else text
        case _:
            assert_never(part)
