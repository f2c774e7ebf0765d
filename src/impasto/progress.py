"""Progress on standard error: a bar on a terminal, plain lines in logs and notebooks."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Final

BAR: Final = 10  # characters
SECONDS: Final = 10.0  # between two plain lines of a count


@dataclass(slots=True)
class Bar:
    """A line of progress.

    Attributes:
        total: steps or pictures in all.
        label: text in front of a number done, as ``epoch 3/50``.
        done: of ``total``.
        numbers: shown after the time left, the most important first.
        first: number done when it began, which says nothing of the speed.
    """

    total: int
    label: Callable[[int], str]
    done: int = 0
    numbers: Mapping[str, str] = field(default_factory=dict)
    first: int | None = None
    began: float = field(default_factory=lambda: time.monotonic())  # noqa: PLW0108 – looked up late

    def left(self) -> str:
        """Time left, as ``0:02:05``; dashes before anything was done."""
        made = self.done - (self.first or 0)
        if made <= 0:
            return "-:--:--"
        seconds = (time.monotonic() - self.began) * (self.total - self.done) / made
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"

    def line(self, width: int, *, bar: bool = True) -> str:
        """Text of at most ``width`` columns; numbers that do not fit are left out."""
        share = self.done / max(self.total, 1)
        filled = round(BAR * share)
        drawn = " " + "━" * filled + "─" * (BAR - filled) if bar else ""
        text = f"{self.label(self.done)} {share:4.0%}{drawn} {self.left()} left"
        for name, value in self.numbers.items():
            if len(text) + len(name) + len(value) + 3 > width:
                break
            text += f"  {name} {value}"
        return text[:width]


@contextmanager
def progress_bar(what: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Progress of pictures in work; yields the function that adds a number of them.

    Args:
        what: the work, as ``decoding``.
        total: pictures in all.
        shown: whether to show anything.
    """
    if not shown or not total:
        yield lambda count: None
        return
    bar = Bar(total, lambda done: f"{what} {done}/{total}")
    last = bar.began
    with _terminal(bar) as live:

        def advance(count: int) -> None:
            nonlocal last
            bar.done += count
            now = time.monotonic()
            bar.numbers = {"pictures/s": f"{bar.done / max(now - bar.began, 1e-9):.0f}"}
            if not live and now - last >= SECONDS:
                last = now
                _write(bar)

        yield advance
        if not live:
            _write(bar)


@contextmanager
def training_progress(
    total: int, per_epoch: int, *, shown: bool
) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Progress of a training; yields the function that takes the step and numbers to show.

    Numbers stay until they change. Without a terminal, a line is written whenever ``validation`` is
    among them.
    """
    if not shown:
        yield lambda step, numbers: None
        return
    epochs = -(-total // per_epoch)

    def label(step: int) -> str:
        return f"epoch {min(max(step - 1, 0) // per_epoch + 1, epochs)}/{epochs}"

    latest: dict[str, float] = {}
    bar = Bar(total, label)
    with _terminal(bar) as live:

        def show(step: int, numbers: Mapping[str, float]) -> None:
            bar.first = step - 1 if bar.first is None else bar.first
            bar.done = step
            latest.update(numbers)
            later = ("loss", "validation", "pictures/s")
            order = sorted(latest, key=lambda name: (name in later and later.index(name) + 1, name))
            bar.numbers = {name: _short(latest[name]) for name in order}
            if not live and "validation" in numbers:
                _write(bar)

        yield show


def _terminal(bar: Bar) -> AbstractContextManager[object]:
    """A bar that refreshes itself on a terminal; ``None`` where standard error is none."""
    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(stderr=True)

    def drawn() -> Text:
        return Text(bar.line(console.width - 1), no_wrap=True, overflow="crop")

    return Live(get_renderable=drawn, console=console, refresh_per_second=2)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.3f}"


def _write(bar: Bar) -> None:
    """A plain line of a log."""
    sys.stderr.write(bar.line(200, bar=False) + "\n")
    sys.stderr.flush()
