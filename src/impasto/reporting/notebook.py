"""HTML fragment of a result, for notebooks: the report's section on it."""

import zlib
from dataclasses import replace
from importlib.resources import files

from impasto.images.palette import style_sheet
from impasto.records.record import Result
from impasto.reporting.html import section_html
from impasto.reporting.sections import section_of


def render_html(record: Result) -> str:
    """Return the report's section on a result, with its style, as a fragment of HTML."""
    section = section_of(record)
    # Several results on a page: the ids of each are its own.
    mark = f"{zlib.crc32(repr(record.rows()).encode()):08x}"
    body = section_html(
        replace(section, anchor=f"{section.anchor}-{mark}", prefix=f"{section.prefix}{mark}-")
    )
    return f'<div class="impasto"><style>{_style()}</style>\n{body}\n</div>'


def _style() -> str:
    """The report's style, nested so that it holds within the fragment alone."""
    rules = (files("impasto.reporting") / "templates" / "report.css").read_text("utf-8")
    for page in ("body {", ":root {"):
        rules = rules.replace(page, "& {")
    own = "& { padding: 0 1em; } table { color: inherit; } section { padding: .8rem 0; border: 0; }"
    return f"{style_sheet().replace(':root', '.impasto')}.impasto {{ {rules} {own} }}"
