"""The verb that paints: paint."""

from pathlib import Path
from typing import Annotated, Any, assert_never

import typer

from impasto.cli import options as opt
from impasto.cli import output as show
from impasto.cli.request import read_request
from impasto.cli.score import refuse
from impasto.errors import InputError, SettingsError


def paint(
    run: Annotated[Path, typer.Argument(help="The run of a painter or a LoRA.")],
    images: Annotated[
        list[Path] | None, typer.Argument(help="Pictures, or folders of them, to begin with.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", "-p", help="LoRA: what to paint.")
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
            help="How much of a picture is painted over. Default: 1 for a painter, 0.6 for a LoRA.",
        ),
    ] = None,
    mix: Annotated[
        str | None, typer.Option("--mix", help="Painter: a mixture, as in Baroque:0.7,Cubism:0.3.")
    ] = None,
    keep_colour: Annotated[
        bool, typer.Option("--keep-colour", help="Painter: keep the colours of the picture.")
    ] = False,
    pixels: Annotated[
        int | None,
        typer.Option("--pixels", help="Of the shorter side. Default: the run's resolution."),
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
    """Paint in a style: pictures anew with a painter; words, or words and pictures, with a LoRA.

    impasto paint painter boat.jpg --style Ukiyo_e -o painted
    """
    import impasto  # noqa: PLC0415
    from impasto.verbs.inputs import kind_of  # noqa: PLC0415
    from impasto.verbs.results import painting_settings  # noqa: PLC0415

    if size is not None:
        raise SettingsError(f"--size is the size of a network: pixels are --pixels {size}")
    kind = kind_of(run)
    cls = painting_settings(kind, run)
    for_lora = {"prompt": prompt, "number": number, "seed": seed}
    for_painter = {"mix": mix, "keep_colour": keep_colour or None}
    options: dict[str, Any] = {
        "styles": styles,
        "strength": strength,
        "pixels": pixels,
        "device": device,
    }
    match kind:
        case "painter":
            refuse("a painter", for_lora)
            options |= for_painter
        case "lora":
            refuse("a LoRA", for_painter)
            options |= for_lora
            if strength is not None and not images:
                raise InputError("--strength is for pictures to begin with: name one")
        case "classifier" | "autoencoder":
            raise AssertionError("painting_settings refuses these")
        case _:
            assert_never(kind)
    settings = read_request(config, assignments).settings(cls, options)
    made = impasto.paint(run, images or (), output, settings, announce=show.note)
    show.painted(output, made, as_json=as_json)
