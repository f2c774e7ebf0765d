"""The verb that paints: paint."""

from pathlib import Path
from typing import Annotated, Any, assert_never

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note
from impasto.cli.request import read_request, refuse
from impasto.errors import InputError, SettingsError


def paint(
    run: Annotated[
        Path,
        typer.Argument(
            help="What paints: a painter's run, a collection, or a LoRA. "
            "Left out with --reference, where the pictures follow at once."
        ),
    ],
    images: Annotated[
        list[Path] | None, typer.Argument(help="Pictures, or folders of them, to begin with.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", help="LoRA: what to paint.")
    ] = None,
    negative: Annotated[
        str | None, typer.Option("--negative", help="LoRA: what to lead the pictures away from.")
    ] = None,
    height: Annotated[
        int | None, typer.Option("--height", help="LoRA: in pixels, instead of --pixels.")
    ] = None,
    width: Annotated[
        int | None, typer.Option("--width", help="LoRA: in pixels, instead of --pixels.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", help="LoRA: pictures at a time. Default: 1.")
    ] = None,
    scale: Annotated[
        float | None,
        typer.Option("--scale", help="LoRA: strength of the adapter; 0: the base. Default: 1.0."),
    ] = None,
    styles: Annotated[
        list[str] | None, typer.Option("--style", help="A style, or all; repeatable.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path(
        "painted"
    ),
    number: Annotated[
        int | None,
        typer.Option("--number", "-n", help="LoRA: pictures of each. Default: 1."),
    ] = None,
    strength: Annotated[
        float | None,
        typer.Option(
            "--strength",
            help="How much of a picture is painted over. Default: 0.6 for a LoRA, else 1.",
        ),
    ] = None,
    mix: Annotated[
        str | None, typer.Option("--mix", help="A mixture of styles: Baroque:0.7,Cubism:0.3.")
    ] = None,
    boldness: Annotated[
        int | None,
        typer.Option("--boldness", help="How large strokes and shapes become, 0 to 5. Default: 2."),
    ] = None,
    finish: Annotated[
        str | None,
        typer.Option(
            "--finish",
            help="Painter: patches of real paintings upon it, or none. Default: patches.",
        ),
    ] = None,
    references: Annotated[
        list[Path] | None,
        typer.Option(
            "--reference",
            help="A picture, or a folder of them, to take patches from instead; repeatable.",
        ),
    ] = None,
    show_references: Annotated[
        bool,
        typer.Option("--show-references", help="Draw the paintings that the patches come from."),
    ] = False,
    keep_colour: Annotated[
        bool, typer.Option("--keep-colour", help="Keep the colours of the picture.")
    ] = False,
    pixels: Annotated[
        int | None,
        typer.Option(
            "--pixels", help="Of the shorter side. Default: the run's resolution, or 256."
        ),
    ] = None,
    size: Annotated[str | None, typer.Option("--size", help="Now --pixels.", hidden=True)] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="LoRA: seed of the first picture.")
    ] = None,
    device: opt.Device = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    as_json: opt.AsJson = False,
) -> None:
    """Paint in a style: pictures anew; with a LoRA words, or words and pictures.

    impasto paint collection boat.jpg --style Ukiyo_e -o painted
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415
    from impasto.verbs.results import paint_kind, painting_settings  # noqa: PLC0415

    if size is not None:
        raise SettingsError(f"--size is the size of a network: pixels are --pixels {size}")
    source: Path | None = run
    if references and _holds_pictures(run):
        source, images = None, [run, *(images or ())]
    kind = paint_kind(source)
    for_lora = {
        "prompt": prompt,
        "negative": negative,
        "height": height,
        "width": width,
        "number": number,
        "batch_size": batch_size,
        "scale": scale,
        "seed": seed,
    }
    for_pictures = {
        "mix": mix,
        "boldness": boldness,
        "references": references,
        "show_references": show_references or None,
        "keep_colour": keep_colour or None,
    }
    options: dict[str, Any] = {"styles": styles, "strength": strength, "pixels": pixels}
    match kind:
        case "painter":
            refuse("a painter", for_lora)
            options |= for_pictures | {"finish": finish, "device": device}
        case "collection" | "references":
            what = "a collection" if kind == "collection" else "references"
            refuse(what, for_lora | {"finish": finish, "device": device})
            if kind == "collection" and references:
                raise InputError("--reference replaces a collection: leave one of them out")
            options |= for_pictures
        case "lora":
            refuse("a LoRA", for_pictures | {"finish": finish})
            options |= for_lora | {"device": device}
            if strength is not None and not images:
                raise InputError("--strength is for pictures to begin with: name one")
        case _:
            assert_never(kind)
    settings = read_request(config, assignments).settings(painting_settings(kind), options)
    made = impasto.paint(source, images or (), output, settings, announce=note)
    show.painted(output, made, as_json=as_json)


def _holds_pictures(path: Path) -> bool:
    """Whether a path is no run and no collection, and so is taken for pictures."""
    marks = ("run.json", "*/run.json", "collection.json")
    return not any(any(path.glob(mark)) for mark in marks)
