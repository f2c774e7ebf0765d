"""The verbs around pre-trained text-to-image models, and the one that paints: train lora, paint."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.cli import output as show
from impasto.cli.options import (
    AsJson,
    Assignments,
    Config,
    Device,
    Quiet,
    Request,
    Seed,
    read_request,
)
from impasto.errors import InputError, RunError
from impasto.records import finding as findings
from impasto.records import run as runs


def register(app: typer.Typer, train_app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    train_app.command()(lora)
    app.command()(paint)


def lora(
    collection: Annotated[Path | None, typer.Argument(help="The collection to learn from.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The run folder to write or resume.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="The pipeline to teach: a folder or a hub name.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", help="Passes; more of them extend a finished run.")
    ] = None,
    per_style: Annotated[
        bool, typer.Option("--per-style", help="An adapter a style, in a folder each.")
    ] = False,
    push: Annotated[
        str | None, typer.Option("--push", help="Upload to this hub repository when done.")
    ] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Teach a pre-trained text-to-image model the styles; the same command resumes a run that was cut off.

    impasto train lora collection -o lora --base stable-diffusion-v1-5/stable-diffusion-v1-5
    """
    from impasto.collection.collection import open_collection  # noqa: PLC0415
    from impasto.training.lora.settings import LoraSettings  # noqa: PLC0415
    from impasto.training.lora.train import train_lora  # noqa: PLC0415

    request = read_request(config, assignments or ())
    settings = request.settings(
        LoraSettings, {"base": base, "epochs": epochs, "device": device, "seed": seed}
    )
    opened, folder = (
        open_collection(collection or request.collection),
        output or request.study / "runs" / "lora",
    )
    if not per_style:
        jobs = [(folder, settings)]
    else:
        names = settings.styles or opened.vocabulary.styles
        jobs = [(folder / name, settings.model_copy(update={"styles": (name,)})) for name in names]
    found: list[findings.Finding] = []
    for path, own in jobs:
        run = train_lora(opened, path, own, progress=not quiet)
        mine = findings.load(run.path / "findings.json")
        found += mine
        show.lora(run, mine, as_json=as_json)
        if push:
            from impasto.diffusion.push_to_hub import push as upload  # noqa: PLC0415

            show.note(
                f"uploaded to {upload(run.path, push if not per_style else f'{push}-{path.name.lower()}')}"
            )
    if findings.spoiled(found):
        raise typer.Exit(1)


def paint(
    run: Annotated[Path, typer.Argument(help="The run that paints.")],
    images: Annotated[
        list[Path] | None, typer.Argument(help="Pictures, or folders of them, to begin with.")
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="What to paint.")] = None,
    styles: Annotated[
        list[str] | None, typer.Option("--style", help="A style, or all; repeatable.")
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path(
        "painted"
    ),
    number: Annotated[int | None, typer.Option("--number", "-n", help="Pictures of each.")] = None,
    strength: Annotated[
        float | None, typer.Option("--strength", help="How much of a picture is painted over.")
    ] = None,
    mix: Annotated[
        str | None, typer.Option("--mix", help="Painter: a mixture, as in Baroque:0.7,Cubism:0.3.")
    ] = None,
    keep_colour: Annotated[
        bool, typer.Option("--keep-colour", help="Painter: keep the colours of the picture.")
    ] = False,
    size: Annotated[int | None, typer.Option("--size", help="Pixels of the shorter side.")] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a picture, one a line.")
    ] = False,
) -> None:
    """Paint in a style: pictures, with a painter's run; words, or words and pictures, with a LoRA's.

    impasto paint painter boat.jpg --style Ukiyo_e -o painted
    """
    request = read_request(config, assignments or ())
    dials: dict[str, Any] = {"styles": styles, "strength": strength, "size": size, "device": device}
    words = {"prompt": prompt, "number": number, "seed": seed}
    mixing = {"mix": mix, "keep_colour": keep_colour or None}
    kind = kind_of(run)
    if kind == "painter":
        _refuse(kind, words)
        _repaint(run, images, request, {**dials, **mixing}, output, as_json=as_json)
    elif kind == "lora":
        _refuse(kind, mixing)
        _diffuse(run, images, request, {**dials, **words}, output, as_json=as_json)
    else:
        raise RunError(
            f"{run} holds a {kind}, which does not paint: give the run of impasto train painter or lora"
        )


def _refuse(kind: str, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if value is not None:
            raise InputError(
                f"--{name.replace('_', '-')} is nothing that a {kind} can do: leave it out"
            )


def _repaint(
    run: Path,
    images: list[Path] | None,
    request: Request,
    dials: Mapping[str, Any],
    output: Path,
    *,
    as_json: bool,
) -> None:
    from impasto.generate.repaint import RepaintSettings, repaint  # noqa: PLC0415

    if not images:
        raise InputError("a painter paints pictures anew: name some, or folders of them")
    painted = repaint(
        run, images, request.settings(RepaintSettings, dials), output=output, aside=show.note
    )
    show.painted(
        [(one.path, {"caption": one.style, **one.how}) for one in painted], as_json=as_json
    )


def _diffuse(
    run: Path,
    images: list[Path] | None,
    request: Request,
    dials: Mapping[str, Any],
    output: Path,
    *,
    as_json: bool,
) -> None:
    from impasto.generate.text_to_image import DiffuseSettings, diffuse  # noqa: PLC0415

    if dials["strength"] is not None and not images:
        raise InputError("--strength is for pictures to begin with: name one, or leave it out")
    painted = diffuse(
        run, images or (), request.settings(DiffuseSettings, dials), output=output, aside=show.note
    )
    show.painted([(one.path, one.how) for one in painted], as_json=as_json)


def scorecard(run: Path, collection: Path | None, request: Request, dials: tuple[Any, ...]) -> None:
    """What ``impasto evaluate`` does with a LoRA run."""
    from impasto.evaluation.lora_score import ScorecardSettings, score_lora  # noqa: PLC0415

    classifier, device, _, as_json = dials
    options = {"classifier": str(classifier) if classifier else None, "paint.device": device}
    settings = request.settings(ScorecardSettings, options)
    done = score_lora(run, settings, collection=collection, announce=show.note)
    show.scorecard(done.result, done.findings, as_json=as_json)


def painter_score(
    run: Path, collection: Path | None, request: Request, dials: tuple[Any, ...]
) -> None:
    """What ``impasto evaluate`` does with a painter's run."""
    from impasto.evaluation.painter_score import PaintingSettings, score_painter  # noqa: PLC0415

    classifier, device, quiet, as_json = dials
    settings = request.settings(
        PaintingSettings, {"judge": str(classifier) if classifier else None, "device": device}
    )
    done = score_painter(
        run, settings, collection=collection, progress=not quiet, announce=show.note
    )
    show.painting(done.result, done.findings, as_json=as_json)


SCORES: Mapping[str, Callable[[Path, Path | None, Request, tuple[Any, ...]], None]] = {
    "lora": scorecard,
    "painter": painter_score,
}


def kind_of(run: Path) -> str:
    """The kind of a run, or of the runs in a folder of several."""
    several = sorted(run.glob("*/run.json")) if not (run / "run.json").is_file() else []
    return runs.open_run(several[0].parent if several else run).kind
