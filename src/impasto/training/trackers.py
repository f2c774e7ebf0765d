"""Experiment trackers through Accelerate: TensorBoard, Weights & Biases, MLflow and others."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from accelerate import Accelerator

from impasto.errors import MissingExtraError, SettingsError

Tracker = Literal[
    "none",
    "tensorboard",
    "wandb",
    "trackio",
    "mlflow",
    "comet_ml",
    "aim",
    "clearml",
    "dvclive",
    "swanlab",
]
PROJECT: Final = "impasto"


def require_tracker(name: Tracker) -> None:
    """Refuse a tracker whose package is not installed.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        SettingsError: another tracker's package is not installed.
    """
    if name == "none" or find_spec(name) is not None:
        return
    if name == "tensorboard":
        raise MissingExtraError("tracker=tensorboard", "board")
    raise SettingsError(f"tracker={name} needs its package: pip install {name.replace('_', '-')}")


@contextmanager
def tracked(
    accelerator: Accelerator, folder: Path, settings: Mapping[str, Any], step: int
) -> Iterator[None]:
    """Open the accelerator's trackers for a run and finish them at the end.

    Args:
        accelerator: with ``log_with`` and the run's folder as ``project_dir``.
        folder: of the run; local files of trackers lie in it, named after the tracker.
        settings: of the run, recorded by trackers other than TensorBoard.
        step: the training continues after this step; TensorBoard hides events of later ones.
    """
    names = [str(name) for name in accelerator.log_with]
    local = str(folder / names[0]) if names else ""
    options: dict[str, dict[str, Any]] = {
        "tensorboard": {"purge_step": step + 1 if step else None},
        "wandb": {"dir": str(folder), "name": folder.name},
        "mlflow": {"logging_dir": local, "run_name": folder.name},
        "dvclive": {"dir": local},
        "swanlab": {"logdir": local},
    }
    board = names == ["tensorboard"]
    accelerator.init_trackers(
        "tensorboard" if board else PROJECT, None if board else dict(settings), options
    )
    try:
        yield
    finally:
        if accelerator.is_main_process:
            for tracker in accelerator.trackers:
                tracker.finish()
