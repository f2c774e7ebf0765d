"""The verb that represents, clusters and maps: atlas."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import output as show
from impasto.cli.options import AsJson, Assignments, Config, Device, Quiet, Seed, read_request
from impasto.config import Device as KnownDevice
from impasto.records import finding as findings


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(atlas)


def atlas(
    run: Annotated[Path | None, typer.Argument(help="The run, of any kind.")] = None,
    collection: Annotated[
        Path | None, typer.Option("--collection", help="Another collection than the run's.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder; none: RUN/atlas.")
    ] = None,
    maps: Annotated[
        str | None, typer.Option("--maps", help="pca, svd, tsne, umap, with commas; none: all.")
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(
            "--add", help="Pictures or folders to place in the atlas there is; repeatable."
        ),
    ] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Represent a collection by a run's network, cluster it, score the clusters against the styles, and draw maps.

    impasto atlas run
    """
    from impasto.embedding.make_atlas import make_atlas  # noqa: PLC0415
    from impasto.embedding.settings import AtlasSettings  # noqa: PLC0415

    request = read_request(config, assignments or ())
    names = [name.strip() for name in maps.split(",") if name.strip()] if maps else None
    settings = request.settings(AtlasSettings, {"maps": names, "device": device, "seed": seed})
    if add:
        return _add(run or request.run, add, output, settings.device, as_json)
    say = (lambda line: None) if quiet else show.note
    made = make_atlas(run or request.run, collection, settings, output=output, announce=say)
    show.atlas(made, as_json=as_json)
    if findings.spoiled(made.findings):
        raise typer.Exit(1)


def _add(
    run: Path, images: list[Path], output: Path | None, device: KnownDevice, as_json: bool
) -> None:
    from impasto.embedding.add_images import ADDED, add_to_atlas  # noqa: PLC0415

    made = add_to_atlas(run, images, atlas=output, device=device, on_skip=show.note)
    show.added(made.to_pylist(), (output or run / "atlas") / ADDED, as_json=as_json)
