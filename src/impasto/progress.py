"""Progress bars on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str, total: int, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Show how much is done, with rate and time left; gives the function that advances the bar."""
    if not shown or total == 0:
        yield lambda count: None
        return
    from rich import progress as rich  # noqa: PLC0415 – slow to import
    from rich.console import Console  # noqa: PLC0415

    columns = (
        rich.TextColumn(title),
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.fields[rate]}"),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), refresh_per_second=4) as bar:
        task = bar.add_task(title, total=total, rate="")

        def advance(count: int) -> None:
            bar.update(task, advance=count)
            speed = bar.tasks[0].speed  # None until there are two
            bar.update(task, rate=f"{speed:.0f}/s" if speed else "")

        yield advance
