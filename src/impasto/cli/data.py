"""The verbs that make and check data: sample, prepare, audit."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note
from impasto.cli.request import alone, read_request
from impasto.errors import SettingsError


def sample(
    directory: Annotated[Path, typer.Argument(help="The folder to paint into.")],
    pictures: Annotated[
        int | None,
        typer.Option("--pictures", "-n", help="Pictures in all. Default: 900."),
    ] = None,
    seed: opt.Seed = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    fresh: opt.Fresh = False,
    quiet: opt.Quiet = False,
    as_json: opt.AsJson = False,
) -> None:
    """Paint a gallery of pictures by code, in learnable styles.

    impasto sample gallery --pictures 900
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    alone("sample")
    options = {"pictures": pictures, "seed": seed}
    settings = read_request(config, assignments).settings(impasto.SampleSettings, options)
    made = impasto.sample(directory, settings, fresh=fresh, progress=not quiet)
    show.gallery(directory, made, as_json=as_json)


@opt.grouped
def prepare(
    source: Annotated[
        list[str] | None, typer.Argument(help="Folders, tables, collections or data sets.")
    ] = None,
    output: Annotated[
        Path | None, opt.output("The collection to write.", "study/collection")
    ] = None,
    pixels: Annotated[
        int | None,
        typer.Option("--pixels", help="Stored height and width. Default: 128."),
    ] = None,
    split: Annotated[
        Literal["auto", "given", "stratified", "artist"] | None,
        typer.Option("--split", help="How pictures are divided. Default: auto."),
    ] = None,
    size: Annotated[int | None, typer.Option("--size", help="Now --pixels.", hidden=True)] = None,
    seed: opt.Seed = None,
    *,
    reading: opt.Reading,
    common: opt.Common,
) -> None:
    """Decode, label and split pictures into a collection.

    Several sources are merged, but for two folders: those are training and test.

    impasto prepare paintings -o collection
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    alone("prepare")
    if size is not None:
        note("--size of prepare is now called --pixels")
        if pixels is not None:
            raise SettingsError("--size and --pixels are one: leave one")
        pixels = size
    request = read_request(common.config, common.assignments)
    options = {"pixels": pixels, "split": split, "seed": seed, **reading.values()}
    settings = request.settings(impasto.PrepareSettings, options)
    folder = output or request.collection
    made = impasto.prepare(request.source(source), folder, settings, progress=not common.quiet)
    show.collection(made, as_json=common.as_json)


def audit(
    collection: Annotated[Path | None, opt.collection("study/collection")] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="RUN",
            help="Look for wrong labels: by a classifier's run, or by features alone (features).",
        ),
    ] = None,
    device: opt.Device = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    quiet: opt.Quiet = False,
    as_json: opt.AsJson = False,
) -> None:
    """Look for leakage, imbalance, damage and wrong labels in a collection.

    impasto audit collection

    impasto audit collection --labels run
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    alone("audit")
    request = read_request(config, assignments)
    folder = collection or request.collection
    opened = impasto.open_collection(folder)
    if labels is None:
        if assignments or device:
            raise SettingsError("--set and --device are of the check of labels: give --labels RUN")
        made = impasto.audit(opened)
    else:
        settings = request.settings(impasto.LabelCheckSettings, {"device": device})
        announce = None if quiet else note
        made = impasto.audit(opened, labels=labels, settings=settings, announce=announce)
    found = sorted([*opened.findings, *made.findings], key=lambda one: one.code)
    show.audited(found, folder, None if labels is None else made.labels, as_json=as_json)
