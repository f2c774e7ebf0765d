"""The verbs that write and show reports and pages: report, site, serve."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note
from impasto.cli.request import read_request

Study = Annotated[Path | None, typer.Argument(help="The study folder. Default: study.")]


def report(
    study: Study = None,
    hand_in: Annotated[
        Path | None,
        typer.Option(
            "--hand-in",
            metavar="FOLDER",
            help="A folder for the course's assignment, part by part. Default: none.",
        ),
    ] = None,
    config: opt.Config = None,
    as_json: opt.AsJson = False,
) -> None:
    """Write report.md and report.html from the files of a study, with all figures and tables.

    impasto report study
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    made = impasto.report(study or read_request(config).study, hand_in)
    written = {"markdown": made.markdown, "html": made.html}
    if made.hand_in is not None:
        written["hand_in"] = made.hand_in
    show.files(written, as_json=as_json)


def site(
    study: Study = None,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write atlas.parquet too, for other programs.")
    ] = False,
    config: opt.Config = None,
    as_json: opt.AsJson = False,
) -> None:
    """Write the atlas page of a study: a folder that opens from disk, the paintings as a map.

    impasto site study
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    made = impasto.site(study or read_request(config).study, parquet=parquet)
    paths = {"page": made.page}
    if made.table is not None:
        paths["table"] = made.table
    show.files(paths, as_json=as_json)


def serve(
    study: Study = None,
    port: Annotated[
        int, typer.Option("--port", help="Port of localhost; 0: any free one.", min=0, max=65535)
    ] = 8000,
    host: Annotated[
        str,
        typer.Option(
            "--host", help="Address to listen on; another than localhost asks for a token."
        ),
    ] = "127.0.0.1",
    decisions: Annotated[
        Path | None,
        typer.Option(
            "--decisions",
            metavar="TABLE",
            help="Write the page's decisions on pictures to this CSV file.",
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open it in the browser, too.")] = False,
    config: opt.Config = None,
    as_json: opt.AsJson = False,
) -> None:
    """Serve a study until Ctrl-C: page, report, and answers about your own pictures.

    impasto serve study --port 8000
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    def listening(address: str) -> None:
        show.address(address, as_json=as_json)
        if browser:
            typer.launch(address)

    place = study or read_request(config).study
    note(f"opening {place}")
    impasto.serve(place, port, host=host, decisions=decisions, announce=listening, on_skip=note)
