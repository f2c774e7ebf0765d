"""The verbs that train from scratch: train classifier, train autoencoder, train painter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from impasto.cli import output as show
from impasto.cli.options import AsJson, Assignments, Config, Device, Quiet, Seed, read_request
from impasto.records import finding as findings
from impasto.records.run import Run

Collection = Annotated[Path | None, typer.Argument(help="The collection to learn from.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="The run folder to write or resume.")
]
Size = Annotated[str | None, typer.Option("--size", help="tiny, small or base.")]
Epochs = Annotated[int | None, typer.Option("--epochs", help="Passes over the training pictures.")]


def register(train_app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (classifier, autoencoder, painter):
        train_app.command()(verb)


def classifier(
    collection: Collection = None,
    output: Output = None,
    size: Size = None,
    epochs: Epochs = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a classifier of styles; the same command resumes a run that was cut off.

    impasto train classifier collection -o run --size small
    """
    from impasto.collection.collection import open_collection  # noqa: PLC0415
    from impasto.training.classifier.settings import ClassifierSettings
    from impasto.training.classifier.train import train_classifier  # noqa: PLC0415

    request = read_request(config, assignments or ())
    dials = {"size": size, "epochs": epochs, "device": device, "seed": seed}
    settings = request.settings(ClassifierSettings, dials)
    folder = open_collection(collection or request.collection)
    _done(
        train_classifier(folder, output or request.run, settings, progress=not quiet),
        as_json=as_json,
    )


def autoencoder(
    collection: Collection = None,
    output: Output = None,
    size: Size = None,
    epochs: Epochs = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train an autoencoder, which needs no labels; the same command resumes a run that was cut off.

    impasto train autoencoder collection -o run
    """
    from impasto.collection.collection import open_collection  # noqa: PLC0415
    from impasto.training.autoencoder.settings import AutoencoderSettings
    from impasto.training.autoencoder.train import train_autoencoder  # noqa: PLC0415

    request = read_request(config, assignments or ())
    dials = {"size": size, "epochs": epochs, "device": device, "seed": seed}
    settings = request.settings(AutoencoderSettings, dials)
    folder = open_collection(collection or request.collection)
    path = output or request.study / "runs" / "autoencoder"
    _done(train_autoencoder(folder, path, settings, progress=not quiet), as_json=as_json)


def painter(
    collection: Collection = None,
    output: Output = None,
    preset: Annotated[
        Literal["painter", "course"],
        typer.Option("--preset", help="course: its form, as a baseline."),
    ] = "painter",
    size: Size = None,
    epochs: Epochs = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a painter of pictures in other styles; the same command resumes a run that was cut off.

    impasto train painter collection -o run
    """
    from impasto.collection.collection import open_collection  # noqa: PLC0415
    from impasto.training.painter.train import PRESETS, PainterSettings, train_painter  # noqa: PLC0415

    request = read_request(config, assignments or ()).over(
        PRESETS[preset].model_dump(exclude_unset=True)
    )
    dials = {"size": size, "epochs": epochs, "device": device, "seed": seed}
    settings = request.settings(PainterSettings, dials)
    folder = open_collection(collection or request.collection)
    path = output or request.study / "runs" / "painter"
    _done(train_painter(folder, path, settings, progress=not quiet), as_json=as_json)


def _done(run: Run, *, as_json: bool) -> None:
    found: Sequence[findings.Finding] = findings.load(run.path / "findings.json")
    show.run(run, found, as_json=as_json)
    if findings.spoiled(found):
        raise typer.Exit(1)
