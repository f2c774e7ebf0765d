"""The verbs that read and change nothing: info, compare, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli import options as opt


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


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Evaluated classifiers, the usual one first.")],
    seed: opt.Seed = None,
    as_json: opt.AsJson = False,
) -> None:
    """Compare classifiers on the same test pictures, with paired intervals.

    impasto compare study/runs/classifier other
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    show.comparison(impasto.compare(*runs, seed=seed or 0), as_json=as_json)


def doctor(as_json: opt.AsJson = False) -> None:
    """Check Python, torch, devices, disk, extras and fonts: what works here, and what is missing.

    impasto doctor
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    show.checks(impasto.doctor(), as_json=as_json)
