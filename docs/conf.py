"""Settings of the documentation as a site: ``make docs`` writes it to ``build/docs``."""

import re
from importlib.metadata import version as installed
from typing import Any, Final

project = "impasto"
author = project_copyright = "the impasto authors"
version = release = installed("impasto")

extensions = ["myst_parser"]
exclude_patterns = ["README.md"]  # the list of pages for those who read them in a repository
myst_heading_anchors = 4
html_theme = "furo"
html_title = "impasto"
html_show_sphinx = False

COPIES: Final = {
    r"(\.\./)*README\.md": "index.md",
    r"docs/README\.md": "docs/index.md",
    r"(\.\./)*CHANGELOG\.md": "changelog.md",
    r"(\.\./)*CONTRIBUTING\.md": "contributing.md",
}
"""Pages outside of the site that links lead to, each with the page that has its text."""


def setup(app: Any) -> None:
    """Let links lead to the copies, in pages and in what they include."""
    app.connect("source-read", lambda app, name, content: _redirect(content))
    app.connect("include-read", lambda app, path, name, content: _redirect(content))


def _redirect(content: list[str]) -> None:
    for file, page in COPIES.items():
        content[0] = re.sub(rf"\]\({file}\b", f"]({page}", content[0])
