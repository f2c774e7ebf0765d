"""The verbs that write and show pages: report, site, serve."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import output as show
from impasto.cli.options import AsJson, Config, read_request

Study = Annotated[Path | None, typer.Argument(help="The study folder.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (report, site, serve):
        app.command()(verb)


def report(study: Study = None, config: Config = None, as_json: AsJson = False) -> None:
    """Write report.md and report.html from the files of a study.

    impasto report study
    """
    from impasto.reporting.write_report import write_report  # noqa: PLC0415

    paths = write_report(study or read_request(config).study)
    show.paths({"markdown": paths.markdown, "html": paths.html}, as_json=as_json)


def site(study: Study = None, config: Config = None, as_json: AsJson = False) -> None:
    """Write the atlas page of a study, a folder that opens from disk: the paintings as a map to walk around in.

    impasto site study
    """
    from impasto.page.export import write_site  # noqa: PLC0415

    paths = write_site(study or read_request(config).study)
    show.paths({"page": paths.page, "table": paths.table}, as_json=as_json)


def serve(
    study: Study = None,
    port: Annotated[
        int, typer.Option("--port", help="Of localhost; 0: any free one.", min=0, max=65535)
    ] = 8000,
    browser: Annotated[bool, typer.Option("--open", help="Open it in the browser, too.")] = False,
    config: Config = None,
) -> None:
    """Serve the atlas page and the report of a study on localhost, until Ctrl-C.

    impasto serve study --port 8000
    """
    from impasto.page.server import server  # noqa: PLC0415

    with server(study or read_request(config).study, port) as (running, address):
        typer.echo(address)
        if browser:
            typer.launch(address)
        running.serve_forever()
