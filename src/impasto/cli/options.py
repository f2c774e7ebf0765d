"""Options that several verbs share, each written once.

An option that is not given is ``None`` and leaves the setting as it is. The defaults that the help
shows are those of the settings classes; a test compares them.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Settings in TOML or JSON; the course's too."
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="NAME=VALUE",
        help="One setting; repeatable. All names: docs/reference.md.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Remove what is there and start over.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything random. Default: 0.")]
Device = Annotated[
    str | None,
    typer.Option(
        "--device", help="auto, cpu, cuda, cuda:N or mps. Default: auto.", metavar="DEVICE"
    ),
]
Width = Literal["tiny", "small", "base"]
OtherCollection = Annotated[
    Path | None, typer.Option("--collection", help="Another collection than the run's own.")
]


def collection(place: str = "STUDY/collection") -> Any:
    """The collection as an argument."""
    return typer.Argument(help=f"The collection. Default: {place}.")


def output(what: str, default: str) -> Any:
    """The folder to write."""
    return typer.Option("-o", "--output", help=f"{what} Default: {default}.", metavar="FOLDER")


def size(default: str, what: str = "Size of the network.") -> Any:
    """The size of a network."""
    return typer.Option("--size", help=f"{what} Default: {default}.")


def epochs(default: str, what: str = "Passes over the training pictures.") -> Any:
    """The length of a training."""
    return typer.Option("--epochs", help=f"{what} Default: {default}.")


def batch_size(default: str) -> Any:
    """Pictures in a step."""
    return typer.Option("--batch-size", help=f"Pictures in a step. Default: {default}.")


def learning_rate(default: str) -> Any:
    """The peak learning rate."""
    return typer.Option("--learning-rate", "--lr", help=f"Peak learning rate. Default: {default}.")


def resolution(default: str) -> Any:
    """Pixels that a network learns from."""
    return typer.Option(
        "--resolution",
        help=f"Height and width that it learns from, in pixels. Default: {default}.",
    )
