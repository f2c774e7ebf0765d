"""The verb that lets models out: export."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note
from impasto.cli.request import read_request


def export(
    run: Annotated[
        Path, typer.Argument(help="The run of a classifier, an autoencoder or a painter.")
    ],
    output: Annotated[Path | None, opt.output("The folder to write.", "RUN/export")] = None,
    card: Annotated[bool, typer.Option("--card", help="Write the model card, README.md.")] = False,
    space: Annotated[
        Path | None,
        typer.Option(
            "--space", metavar="FOLDER", help="A Gradio program to write: python app.py runs it."
        ),
    ] = None,
    push: Annotated[
        str | None,
        typer.Option(
            "--push", metavar="OWNER/NAME", help="Upload to this hub repository when done."
        ),
    ] = None,
    license: Annotated[
        str | None,
        typer.Option(
            "--license", help="Licence of the weights, in the hub's word. Default: other."
        ),
    ] = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    quiet: opt.Quiet = False,
    as_json: opt.AsJson = False,
) -> None:
    """Write a network for other programs: ONNX with all that predict does, weights, a Space.

    impasto export run -o exported --card
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    settings = read_request(config, assignments).settings(
        impasto.ExportSettings, {"card": card or None, "license": license}
    )
    announce = None if quiet else note
    made = impasto.export(run, output, settings, space=space, push=push, announce=announce)
    show.exported(made, as_json=as_json)
