"""The verb to begin with: study."""

from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli import options as opt
from impasto.cli import output as show
from impasto.cli.request import alone, read_request


def study(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="As for prepare. Default: the sample gallery."),
    ] = None,
    output: Annotated[Path | None, opt.output("The study folder.", "study")] = None,
    size: Annotated[
        opt.Width | None, opt.size("small", "Size of classifier and autoencoder.")
    ] = None,
    resolution: Annotated[int | None, opt.resolution("128")] = None,
    epochs: Annotated[
        int | None, opt.epochs("50 and 40", "Passes of classifier and autoencoder.")
    ] = None,
    batch_size: Annotated[int | None, opt.batch_size("128")] = None,
    learning_rate: Annotated[float | None, opt.learning_rate("0.003")] = None,
    seed: opt.Seed = None,
    device: opt.Device = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    fresh: opt.Fresh = False,
    quiet: opt.Quiet = False,
    as_json: opt.AsJson = False,
) -> None:
    """Do the whole path in order: prepare, audit, train, evaluate, report; resumable.

    impasto study paintings -o study
    """
    import impasto  # noqa: PLC0415

    alone("study")
    trained = {
        "size": size,
        "resolution": resolution,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
    }
    options: dict[str, Any] = {
        f"{stage}.{name}": value
        for stage in ("train", "autoencoder")
        for name, value in trained.items()
    }
    stages = ("train", "autoencoder", "evaluate", "atlas", "paint")
    options |= {f"{stage}.device": device for stage in stages}
    options |= {f"{stage}.seed": seed for stage in ("sample", "prepare", *stages)}
    request = read_request(config, assignments)
    settings = request.settings(impasto.StudySettings, options)
    made = impasto.study(
        request.source(source) if source or request.sources else None,
        output or request.study,
        settings,
        fresh=fresh,
        progress=not quiet,
        announce=None if quiet else show.note,
    )
    show.study(made, as_json=as_json)
