"""The command line: one thin function for each verb, grouped by what it is for.

A verb reads its options, calls the function of the same name in ``impasto`` and prints the result.
Results go to standard output, for people or with ``--json`` as one object; progress and errors go
to standard error. Exit status: 0 done, 1 a finding invalidates the result, 2 an error in the user's
input, 130 interrupted.
"""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from impasto.cli import data, generate, inspection, release, score, start, tell, train
from impasto.cli.heartbeat import heartbeat
from impasto.cli.messages import complain, note
from impasto.errors import ImpastoError
from impasto.files import WRITE_ERRORS, output_error

GROUPS: dict[str, tuple[Callable[..., None], ...]] = {
    "Start here": (start.study,),
    "Data": (data.sample, data.prepare, data.audit),
    "Train": (),  # a group of its own, see below
    "Look and score": (score.evaluate, score.balance, score.predict, score.atlas),
    "Generate": (generate.paint,),
    "Tell": (tell.report, tell.site, tell.serve),
    "Let out": (release.export,),
    "Help": (inspection.info, inspection.compare, inspection.doctor),
}


class Verbs(TyperGroup):
    """The verbs in the order of the groups."""

    def list_commands(self, ctx: Any) -> list[str]:
        """List the names; ``train`` stands with its group."""
        names = [verb.__name__ for verbs in GROUPS.values() for verb in verbs]
        names.insert(1 + len(GROUPS["Data"]), "train")
        return names


app = typer.Typer(
    name="impasto",
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for panel, verbs in GROUPS.items():
    for verb in verbs:
        app.command(rich_help_panel=panel)(verb)
app.add_typer(
    train.app,
    name="train",
    help="Train a classifier, an autoencoder, a painter or a LoRA on a collection.",
    rich_help_panel="Train",
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and stop.")
    ] = False,
) -> None:
    """Learn art styles from paintings, from scratch, with results that a sceptic believes.

    Begin with: impasto study
    """
    if version:
        typer.echo(metadata.version("impasto"))
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; errors of the user's are one line."""
    ended = _ended_as_interrupted()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a code page of Windows lacks most letters
            stream.reconfigure(errors="backslashreplace")
    first = os.environ.get("RANK", "0") == "0"  # under torchrun the first process prints for all
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(sys.stdout if first else nowhere),
        heartbeat(shown=first and not {"-q", "--quiet", "serve"} & {*arguments}),
    ):
        try:
            status = _called(arguments)
            _flush()
            if status == 130 and ended:
                status = 128 + ended[-1]
            return status
        except ImpastoError as error:
            return complain(str(error))
        except OSError as error:
            if error.errno not in WRITE_ERRORS:
                raise
            return complain(str(output_error(Path(error.filename or "standard output"), error)))


def _ended_as_interrupted() -> list[int]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does: after the step, with a checkpoint.

    Returns the list of the signals received, which fills as they arrive.
    """
    came: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.raise_signal(signal.SIGINT)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, end)
    return came


def _called(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        status = command.main(list(arguments), prog_name="impasto", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # a usage error, of whichever click typer brings
            raise
        message = error.format_message().rstrip(".")  # empty where the help was printed instead
        return complain(f"{message}: see impasto --help") if message else 0
    if status == 130:
        note("interrupted; the same command goes on from here")
    return int(status or 0)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has had enough, as with | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
