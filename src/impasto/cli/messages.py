"""Notes, errors, and what a command would do. Results are in ``output``, which loads more."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from impasto.config import Settings
from impasto.plain_text import visible


def note(line: str) -> None:
    """Print a line on standard error that is no result."""
    typer.echo(f"impasto: {visible(line)}", err=True)


def complain(line: str) -> int:
    """Print an error on standard error as one line and return the exit status 2."""
    text = visible(" ".join(line.split()))
    typer.secho(f"impasto: error: {text}", fg=typer.colors.RED, err=True)
    return 2


def plan(
    verb: str, sources: Sequence[Path | str], output: Path, settings: Settings, *, as_json: bool
) -> None:
    """Print what a command would do, with every setting; nothing is read or written."""
    values = settings.model_dump(mode="json")
    if as_json:
        names = [str(source) for source in sources]
        typer.echo(json.dumps({"verb": verb, "from": names, "to": str(output), "settings": values}))
        return
    source = ", ".join(map(str, sources)) or "the sample gallery"
    typer.echo(visible(f"would {verb} from {source} to {output}, with"))
    for name, value in _flat(values):
        typer.echo(f"  {name} = {json.dumps(value)}")


def _flat(values: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by dotted name."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value
