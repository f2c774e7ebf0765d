"""The command line in this process: no second import of torch for each command."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from impasto.cli.main import run


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        assert self.status in (0, 1), self.err
        made = json.loads(self.out)
        assert isinstance(made, dict)
        return made

    @property
    def error(self) -> str:
        """The error of a refused command: one line, nothing on standard output, status 2."""
        assert (self.status, self.out) == (2, ""), self
        lines = self.err.splitlines()
        assert lines[-1].startswith("impasto: error: ") and "Traceback" not in self.err
        assert sum(line.startswith("impasto: error: ") for line in lines) == 1
        return lines[-1].removeprefix("impasto: error: ")


def call(*arguments: object) -> Done:
    """Run a command in this process."""
    words, out, err = [str(word) for word in arguments], io.StringIO(), io.StringIO()
    program, sys.argv = sys.argv, ["impasto", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run(words)
    finally:
        sys.argv = program
    return Done(status, out.getvalue(), err.getvalue())


@pytest.fixture
def impasto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Done]]:
    """The command line, called in an empty folder."""
    monkeypatch.chdir(tmp_path)
    yield call
