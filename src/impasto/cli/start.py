"""The verb to begin with: study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note, plan
from impasto.cli.request import alone, read_request
from impasto.recipes import Recipe
from impasto.recipes import recipe as settings_of_recipe


@opt.grouped
def study(
    source: Annotated[
        list[str] | None,
        typer.Argument(help="As for prepare. Default: the sample gallery."),
    ] = None,
    output: Annotated[Path | None, opt.output("The study folder.", "study")] = None,
    recipe: Annotated[
        Recipe | None,
        typer.Option("--recipe", help="course: every part of the course's assignment."),
    ] = None,
    *,
    network: Annotated[
        opt.Values,
        opt.network(
            opt.size("small", "Size of every network."),
            opt.epochs(
                "50, 40 and 5", "Passes of every training: classifier, autoencoder, painter."
            ),
        ),
    ],
    reading: opt.Reading,
    common: opt.Training,
) -> None:
    """Do the whole path in order: prepare, audit, train, evaluate, report; resumable.

    impasto study paintings -o study
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    alone("study")
    options: dict[str, Any] = {
        f"{stage}.{name}": value
        for stage in ("train", "autoencoder")
        for name, value in network.items()
    }
    options |= {f"prepare.{name}": value for name, value in reading.values().items()}
    stages = ("train", "autoencoder", "evaluate", "atlas", "paint")
    options |= {f"{stage}.device": common.device for stage in stages}
    options |= {f"{stage}.seed": common.seed for stage in ("sample", "prepare", *stages)}
    request = read_request(common.config, common.assignments)
    if recipe is not None:
        request = request.over(settings_of_recipe(recipe))
    # Wanted by the file or --set alone; an option would ask for the stage
    if isinstance(request.values.get("painter"), Mapping):
        options |= {f"painter.{name}": network[name] for name in ("size", "epochs")}
        options |= {"painter.seed": common.seed, "painter.device": common.device}
    settings = request.settings(impasto.StudySettings, options)
    given = request.source(source) if source or request.sources else None
    folder = output or request.study
    if common.dry_run:
        parts = [] if given is None else given if isinstance(given, list) else [given]
        return plan("study", parts, folder, settings, as_json=common.as_json)
    made = impasto.study(
        given,
        folder,
        settings,
        fresh=common.fresh,
        progress=not common.quiet,
        announce=None if common.quiet else note,
    )
    show.study(made, as_json=common.as_json)
