"""The live display of a training on standard error: epoch, losses, scores, rate and time left."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol


class Display(Protocol):
    """What the loop tells a display."""

    def __call__(self, step: int, shown: Mapping[str, float]) -> None:
        """The training is at ``step``; ``shown`` are numbers to show, kept until they change."""


@contextmanager
def display(total: int, per_epoch: int, *, shown: bool) -> Iterator[Display]:
    """A display of ``total`` steps; one that shows nothing where ``shown`` is false."""
    if not shown:
        yield lambda step, shown: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[numbers]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    latest: dict[str, float] = {}
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as bar:
        task = bar.add_task("training", total=total, epoch="1", numbers="")

        def show(step: int, shown: Mapping[str, float]) -> None:
            latest.update(shown)
            epoch = f"{min(step // per_epoch + 1, -(-total // per_epoch))}/{-(-total // per_epoch)}"
            numbers = "  ".join(f"{name} {_short(value)}" for name, value in latest.items())
            bar.update(task, completed=step, epoch=epoch, numbers=numbers)

        yield show


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.3f}"
