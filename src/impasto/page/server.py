"""Server of a study: it takes a port, and answers there until it is interrupted.

It listens on localhost. On any other address it asks every visitor for a token.
"""

import errno
import os
import secrets
import shlex
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from impasto.collection.collection import open_collection
from impasto.errors import InputError, MissingExtraError
from impasto.files.checksums import damaged_files
from impasto.page.decisions_file import DecisionsFile
from impasto.records.place import require_study

if TYPE_CHECKING:
    import uvicorn

HOST: Final = "127.0.0.1"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
GRACE: Final = 3  # seconds that answers under way have at the end
EVERY: Final = ("0.0.0.0", "::")
"""Addresses that stand for every network of the machine."""


@dataclass(frozen=True)
class StudyServer:
    """A server that has its port, ready to run.

    Attributes:
        address: of the page, with the token where one is asked for.
    """

    address: str
    _socket: socket.socket
    _server: "uvicorn.Server"

    def serve_forever(self) -> None:
        """Answer requests until Ctrl-C or SIGTERM, which end it in order."""
        with suppress(KeyboardInterrupt):  # uvicorn raises the signal again when it has ended
            self._server.run(sockets=[self._socket])

    @contextmanager
    def in_background(self) -> Iterator[str]:
        """Answer requests in a thread until the block ends; gives the address."""
        thread = threading.Thread(target=self.serve_forever)
        thread.start()
        try:
            yield self.address
        finally:
            self._server.should_exit = True
            thread.join()


@contextmanager
def server(
    study: Path,
    port: int = 0,
    *,
    host: str = HOST,
    decisions: Path | None = None,
    on_skip: Callable[[str], None] = lambda line: None,
) -> Iterator[StudyServer]:
    """Open a server of a study, ready to ``serve_forever``.

    Args:
        study: the study's folder.
        port: 0 takes any that is free.
        host: the address to listen on; another than localhost asks every visitor for a token.
        decisions: the CSV file that the page's decisions on pictures are written to; ``None``: the
            server writes nothing.
        on_skip: called with a line about what cannot be opened.

    Raises:
        InputError: there is no page, it is damaged, the port is taken, or the file of decisions is
            none.
        OutputError: the file of decisions cannot be written.
        MissingExtraError: Starlette or uvicorn is not installed.
    """
    require_study(study)
    page = study / "site" / "index.html"
    if not page.is_file():
        raise InputError(
            f"{study} has no page (site/index.html is missing): make it with impasto site {study}"
        )
    for path, reason in damaged_files(study / "site").items():
        again = f"run impasto site {shlex.quote(str(study))} again"
        raise InputError(f"{path} is damaged ({reason}): {again}")
    try:
        import starlette  # noqa: F401, PLC0415 – an extra
        import uvicorn  # noqa: PLC0415
    except ImportError as error:
        purpose = f"serving a study (its page opens from disk as well: {page})"
        raise MissingExtraError(purpose, "web") from error
    from impasto.page.web_app import Rules, web_app  # noqa: PLC0415

    file = None if decisions is None else _decisions_file(decisions, study / "collection")

    with _listening(host, port) as listening:
        token = None if host in LOOPBACK else secrets.token_urlsafe(24)
        name = socket.gethostname() if host in EVERY else host
        rules = Rules(LOOPBACK if token is None else None, token)
        app = web_app(study, rules, on_skip, file)
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            lifespan="on",
            timeout_keep_alive=10,
            timeout_graceful_shutdown=GRACE,
        )
        named, query = f"[{name}]" if ":" in name else name, f"?token={token}" if token else ""
        address = f"http://{named}:{listening.getsockname()[1]}/site/{query}"
        yield StudyServer(address, listening, uvicorn.Server(config))


def _decisions_file(path: Path, collection: Path) -> DecisionsFile:
    """The file of decisions on a collection's pictures, which can be written."""
    opened = open_collection(collection)
    known = frozenset(opened.column("id"))
    return DecisionsFile(path, known, frozenset(opened.vocabulary.styles)).check()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that is bound to a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        if os.name == "posix":  # elsewhere it would let two servers take one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(128)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken" if taken else f"cannot be used ({error.strerror})"
            raise InputError(
                f"port {port} of {host} {why}: choose another with --port, or 0 for any free one"
            ) from error
        yield listening
