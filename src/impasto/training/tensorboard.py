"""TensorBoard's files beside metrics.jsonl, where they are wanted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from impasto.errors import MissingExtraError


class Board(Protocol):
    """What the loop tells TensorBoard."""

    def __call__(self, event: str, step: int, numbers: Mapping[str, Any]) -> None:
        """``numbers`` after ``step`` steps, each under ``event/name``."""


def require_board() -> Any:
    """TensorBoard's writer.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("tensorboard=true", "board") from error
    return SummaryWriter


@contextmanager
def board(folder: Path, step: int, *, wanted: bool) -> Iterator[Board]:
    """A writer of event files into ``folder``; one that writes nothing where it is not ``wanted``.

    Args:
        folder: made where it is missing.
        step: the training continues after this step; what earlier files say of later ones is
            hidden.
        wanted: whether to write at all.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    if not wanted:
        yield lambda event, step, numbers: None
        return
    with require_board()(str(folder), purge_step=step + 1 if step else None) as writer:

        def add(event: str, step: int, numbers: Mapping[str, Any]) -> None:
            for name, value in numbers.items():
                writer.add_scalar(f"{event}/{name}", float(value), step)
            writer.flush()

        yield add
