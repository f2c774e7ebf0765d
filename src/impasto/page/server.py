"""Server of a study's page and report on localhost, and of nothing else."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from impasto.errors import InputError

HOST: Final = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    """Serves ``site/`` and ``report.html`` of a study; all other paths are not found."""

    def do_GET(self) -> None:
        """Send a file; the root leads to the page."""
        if self.path in ("/", "/site"):
            self.send_response(302)
            self.send_header("Location", "/site/")
            self.end_headers()
        else:
            super().do_GET()

    def translate_path(self, path: str) -> str:
        """Return the file of an address; "" for all that is not the page or the report."""
        study, found = Path(self.directory), Path(super().translate_path(path))
        if "\0" in str(found) or not found.resolve().is_relative_to(study.resolve()):
            return ""  # no name of a file, or a link that leads out of the study
        return (
            str(found)
            if found == study / "report.html" or study / "site" in (found, *found.parents)
            else ""
        )

    def list_directory(self, path: Any) -> None:
        """Folders are not listed."""
        self.send_error(404)

    def end_headers(self) -> None:
        """Forbid the cache, so that a new export shows."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextmanager
def server(study: Path, port: int = 0) -> Iterator[tuple[ThreadingHTTPServer, str]]:
    """Open a server of a study's page, ready to ``serve_forever``, with its address.

    Args:
        study: the study's folder.
        port: 0 takes any that is free.

    Raises:
        InputError: there is no page, or the port is taken.
    """
    if not (study / "site" / "index.html").is_file():
        raise InputError(
            f"{study} has no page (site/index.html is missing): make it with impasto site {study}"
        )

    def handler(*args: Any) -> _Handler:
        return _Handler(*args, directory=str(study))

    try:
        made = ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        why = (
            "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        )
        raise InputError(
            f"port {port} of {HOST} {why}: choose another with --port, or 0 for any free one"
        ) from error
    with made:
        yield made, f"http://{HOST}:{made.server_address[1]}/site/"
