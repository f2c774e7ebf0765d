"""A terminal is never silent for long, and the line leaves no trace."""

import io
import sys
import time

import pytest

from impasto.cli import heartbeat


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let the streams be a terminal; called in a test, since pytest changes them before it."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setattr(sys, "stdout", made)
    monkeypatch.setattr(heartbeat, "PATIENCE", 0.02)
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.01)
    return made


def seen(text: str) -> list[str]:
    """The lines that are left on a terminal."""
    lines = []
    for line in text.split("\n"):
        shown: list[str] = []
        for part in line.split("\r"):
            shown[: len(part)] = part
        lines.append("".join(shown).rstrip())
    return lines


def wait_for(terminal: Terminal, text: str) -> None:
    end = time.monotonic() + 30
    while text not in terminal.getvalue() and time.monotonic() < end:
        time.sleep(0.01)


def test_silence_is_counted_and_the_line_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    with heartbeat.heartbeat(shown=True):
        wait_for(terminal, "working, ")
        sys.stdout.write("a result\n")
        sys.stderr.write("a note\n")
    assert "working" in terminal.getvalue()
    assert seen(terminal.getvalue()) == ["a result", "a note", ""]
    assert sys.stderr is terminal


@pytest.mark.parametrize("shown", [True, False])
def test_logs_and_quiet_commands_get_none(monkeypatch: pytest.MonkeyPatch, shown: bool) -> None:
    terminal = on_terminal(monkeypatch)
    if shown:
        monkeypatch.setattr(terminal, "isatty", lambda: False)
    with heartbeat.heartbeat(shown=shown):
        time.sleep(0.1)
    assert terminal.getvalue() == ""
