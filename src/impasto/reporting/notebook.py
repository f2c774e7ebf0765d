"""HTML fragment of a result, for notebooks: the report's section on it."""

from importlib.resources import files

from impasto.images.palette import style_sheet
from impasto.records.record import Result
from impasto.reporting.html import section_html
from impasto.reporting.sections import section_of


def render_html(record: Result) -> str:
    """Return the report's section on a result, with its style, as a fragment of HTML."""
    rules = (files("impasto.reporting") / "templates" / "report.css").read_text("utf-8")
    variables = style_sheet().replace(":root", ".impasto")
    body = section_html(section_of(record))
    return f'<div class="impasto"><style>{variables}.impasto {{ {rules} }}</style>\n{body}\n</div>'
