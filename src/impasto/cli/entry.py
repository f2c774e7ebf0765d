"""The way into the command line and out of it.

Errors as one line, one voice under torchrun, the exit status.
"""

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import NoReturn

import typer

from impasto.cli import output as show
from impasto.errors import ImpastoError
from impasto.files import WRITE_ERRORS, output_error


def run(app: typer.Typer) -> NoReturn:
    """Run the command line and exit with its status; every error of the user's is one line on standard error."""
    first = os.environ.get("RANK", "0") == "0"  # under torchrun the first process speaks for all
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(sys.stdout if first else nowhere),
    ):
        try:
            _called(app)
        except ImpastoError as error:
            sys.exit(show.complain(str(error)))
        except OSError as error:
            if error.errno not in WRITE_ERRORS:
                raise
            sys.exit(
                show.complain(str(output_error(Path(error.filename or "standard output"), error)))
            )


def _called(app: typer.Typer) -> NoReturn:
    """The command line, its output written out before it counts as done."""
    status: str | int | None = 0
    try:
        app(prog_name="impasto")
    except SystemExit as end:
        status = end.code
    if status == 130:
        show.note("interrupted; the same command goes on from here")
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as with | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
