"""Heartbeat on a terminal: after a while without output, a line that counts the seconds.

The line is erased before anything else is printed. Nothing is written to logs.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

PATIENCE: Final = 1.25  # seconds without output; with the start, no two seconds are silent
INTERVAL: Final = 0.25  # seconds between two checks


class _WatchedStream:
    """A stream whose writes erase the line and restart the count."""

    def __init__(self, stream: TextIO, pulse: "_Pulse") -> None:
        self._stream, self._pulse = stream, pulse

    def write(self, text: str) -> int:
        with self._pulse.lock:
            self._pulse.clear()
            return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Pulse:
    """The line on the terminal, and the time of the last output."""

    def __init__(self, terminal: TextIO) -> None:
        self.terminal, self.lock = terminal, threading.RLock()
        self.last, self.width = time.monotonic(), 0

    def clear(self) -> None:
        """Erase the line and restart the count."""
        if self.width:
            self.terminal.write(f"\r{' ' * self.width}\r")
            self.width = 0
        self.last = time.monotonic()

    def beat(self) -> None:
        """Show the line if nothing was printed for ``PATIENCE`` seconds."""
        with self.lock:
            silent = time.monotonic() - self.last
            if silent < PATIENCE:
                return
            text = f"working, {round(silent)} s"
            self.terminal.write(f"\r{text.ljust(self.width)}")
            self.terminal.flush()
            self.width = len(text)


@contextmanager
def heartbeat(*, shown: bool) -> Iterator[None]:
    """Show the line while the block is silent, where standard error is a terminal."""
    terminal = sys.stderr
    if not shown or not terminal.isatty():
        yield
        return
    pulse, ended = _Pulse(terminal), threading.Event()

    def beat() -> None:
        while not ended.wait(INTERVAL):
            pulse.beat()

    streams = sys.stdout, sys.stderr
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    if sys.stdout.isatty():
        sys.stdout = _WatchedStream(sys.stdout, pulse)
    sys.stderr = _WatchedStream(terminal, pulse)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        ended.set()
        thread.join()
        pulse.clear()
