"""The verbs that look and compare: info, compare, doctor."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note
from impasto.cli.request import read_request, refuse


def info(
    path: Annotated[Path, typer.Argument(help="A study, a run, a collection, or any path.")],
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Compare files with their checksums.")
    ] = True,
    as_json: opt.AsJson = False,
) -> None:
    """Describe a study, a run or a collection, and compare its files with their checksums.

    impasto info study
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    show.info(impasto.info(path, check=check), as_json=as_json)


@opt.grouped
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Evaluated classifiers, the usual one first. With --hidden: runs, tables of "
            "predictions, and folders of them."
        ),
    ],
    hidden: Annotated[
        Path | None,
        typer.Option(
            "--hidden",
            metavar="COLLECTION",
            help="Pictures that all are to answer: a class's exam.",
        ),
    ] = None,
    output: Annotated[
        Path | None, opt.output("With --hidden: the folder to write.", "compared")
    ] = None,
    score: Annotated[
        Literal["balanced_accuracy", "accuracy"] | None,
        typer.Option("--score", help="To rank and test by. Default: balanced_accuracy."),
    ] = None,
    seed: opt.Seed = None,
    device: opt.Device = None,
    *,
    foreign: opt.Foreign,
    common: opt.Common,
) -> None:
    """Compare classifiers on the same test pictures, with paired intervals and tests.

    impasto compare study/runs/classifier other

    impasto compare submissions --hidden exam -o compared
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    options = {"score": score, "seed": seed, "device": device, **foreign.values()}
    if hidden is None:
        refuse("runs without --hidden", {"output": output, **options, "seed": None})
        return show.comparison(impasto.compare(*runs, seed=seed or 0), as_json=common.as_json)
    request = read_request(common.config, common.assignments)
    made = impasto.compare(
        *runs,
        hidden=hidden,
        output=output or Path("compared"),
        settings=request.settings(impasto.ClassSettings, options),
        announce=None if common.quiet else note,
    )
    show.comparison(made, as_json=common.as_json)


def doctor(as_json: opt.AsJson = False) -> None:
    """Check Python, torch, devices, disk, extras and fonts: what works here, and what is missing.

    impasto doctor
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    show.checks(impasto.doctor(), as_json=as_json)
