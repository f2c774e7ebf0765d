"""The templates, filled.

HTML with everything escaped by default, Markdown with its own marks escaped.
"""

import html
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from impasto.images.palette import style_sheet
from impasto.reporting import atlas_part as atlas
from impasto.reporting import autoencoders, by_artist, painter_words, remedies, words
from impasto.reporting.tables import plain

_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~$])")


class Marked(str):
    """Markdown that has been escaped already."""


def render_html(content: Mapping[str, Any]) -> str:
    """The page as one HTML file."""
    environment = _environment(autoescape=True)
    environment.filters["svg"] = Markup
    return environment.get_template("report.html.j2").render(content).strip() + "\n"


def render_markdown(content: Mapping[str, Any]) -> str:
    """The report as GitHub-flavoured Markdown."""
    environment = _environment(finalize=escape_markdown)
    environment.filters["code"] = code
    environment.filters["raw"] = Marked
    environment.filters["tagged"] = lambda value: Marked(html.escape(value))
    environment.filters["link"] = lambda name: Marked(
        re.sub(r"[^\w./-]", lambda c: f"%{ord(c.group()):02X}", name)
    )
    text = environment.get_template("report.md.j2").render(content)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def escape_markdown(value: Any) -> Any:
    """``value`` so that Markdown shows it as it is, also in a table's cell; what is no text stays as it is."""
    if not isinstance(value, str) or isinstance(value, Marked):
        return value
    return Marked(_MARKS.sub(r"\\\1", " ".join(value.splitlines())))


def code(value: str) -> Marked:
    """``value`` as a code span, fenced by more backticks than it holds; pipes are escaped for tables."""
    text = " ".join(value.splitlines()).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if "`" in text else ""
    return Marked(f"{fence}{pad}{text}{pad}{fence}")


def _environment(**options: Any) -> Environment:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader(f"impasto.{name}", "templates") for name in ("reporting", "page")]
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        **options,
    )
    environment.filters |= {
        "count": words.count,
        "distance": painter_words.distance,
        "duration": words.duration,
        "ends": painter_words.ends,
        "difference": by_artist.difference,
        "interval": words.interval,
        "percent": words.percent,
        "percent0": partial(words.percent, digits=0),
        "p_value": remedies.p_value,
        "plain": plain,
        "points": remedies.points,
        "ranged": painter_words.ranged,
        "shown": words.shown,
        "signed": painter_words.signed,
        "spread": words.spread,
    }
    environment.globals |= {
        "SCORES": words.SCORES,
        "palette": style_sheet(),
        "MEASURES": autoencoders.MEASURES,
        "measure": autoencoders.measure,
    }
    environment.globals |= {"CLUSTERED": atlas.COLUMNS, "ARMS": painter_words.ARMS}
    return environment
