"""A sign of life on a terminal: after two silent seconds, a line that counts them.

The line is taken away before anything else is printed. Logs get none.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

PATIENCE: Final = 2.0  # seconds without output
INTERVAL: Final = 0.5  # seconds between two looks


class _Spoken:
    """A stream that tells when it was written to; all else is the stream's own."""

    def __init__(self, stream: TextIO, pulse: "_Pulse") -> None:
        self._stream, self._pulse = stream, pulse

    def write(self, text: str) -> int:
        with self._pulse.lock:
            self._pulse.clear()
            return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Pulse:
    """The line, and the moment of the last output."""

    def __init__(self, terminal: TextIO) -> None:
        self.terminal, self.lock = terminal, threading.RLock()
        self.last, self.width = time.monotonic(), 0

    def clear(self) -> None:
        """Take the line away, and begin to count anew."""
        if self.width:
            self.terminal.write(f"\r{' ' * self.width}\r")
            self.width = 0
        self.last = time.monotonic()

    def beat(self) -> None:
        """Show the line where nothing was printed for too long."""
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
        sys.stdout = _Spoken(sys.stdout, pulse)
    sys.stderr = _Spoken(terminal, pulse)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        ended.set()
        thread.join()
        pulse.clear()
