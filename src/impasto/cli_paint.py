"""The verbs around pre-trained text-to-image models, and the one that paints: train lora, paint."""

from pathlib import Path
from typing import Annotated, Any

import typer

from impasto import findings, runs, show
from impasto.errors import InputError, RunError
from impasto.options import AsJson, Assignments, Config, Device, Quiet, Request, Seed, read_request


def register(app: typer.Typer, train_app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    train_app.command()(lora)
    app.command()(paint)


def lora(
    collection: Annotated[Path | None, typer.Argument(help="The collection to learn from.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The run folder to write or resume.")] = None,
    base: Annotated[str | None, typer.Option("--base", help="The pipeline to teach: a folder or a hub name.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="Passes; more of them extend a finished run.")] = None,
    per_style: Annotated[bool, typer.Option("--per-style", help="An adapter a style, in a folder each.")] = False,
    push: Annotated[str | None, typer.Option("--push", help="Upload to this hub repository when done.")] = None,
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
    from impasto.collection.painting import open_collection  # noqa: PLC0415
    from impasto.training.lora import train_lora  # noqa: PLC0415
    from impasto.training.lora_settings import LoraSettings  # noqa: PLC0415

    request = read_request(config, assignments or ())
    settings = request.settings(LoraSettings, {"base": base, "epochs": epochs, "device": device, "seed": seed})
    opened, folder = open_collection(collection or request.collection), output or request.study / "runs" / "lora"
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
            from impasto.diffusion.share import push as upload  # noqa: PLC0415

            show.note(f"uploaded to {upload(run.path, push if not per_style else f'{push}-{path.name.lower()}')}")
    if findings.spoiled(found):
        raise typer.Exit(1)


def paint(
    run: Annotated[Path, typer.Argument(help="The run that paints.")],
    images: Annotated[list[Path] | None, typer.Argument(help="Pictures to begin with; none: from the prompt.")] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="What to paint.")] = None,
    styles: Annotated[list[str] | None, typer.Option("--style", help="A style, or all; repeatable.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")] = Path("painted"),
    number: Annotated[int | None, typer.Option("--number", "-n", help="Pictures of each.")] = None,
    strength: Annotated[float | None, typer.Option("--strength", help="How much of a picture is painted over.")] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a picture, one a line.")] = False,
) -> None:
    """Paint pictures in a style: from words, or from words and a picture.

    impasto paint lora --prompt "a boat at sea" --style Impressionism -o painted
    """
    kind = kind_of(run)
    if kind != "lora":
        raise RunError(f"{run} holds a {kind}, which does not paint: give the run of impasto train lora")
    from impasto.generate.diffuse import DiffuseSettings, diffuse  # noqa: PLC0415

    dials: dict[str, Any] = {"prompt": prompt, "styles": styles, "number": number, "strength": strength}
    request = read_request(config, assignments or ())
    settings = request.settings(DiffuseSettings, {**dials, "device": device, "seed": seed})
    if strength is not None and not images:
        raise InputError("--strength is for pictures to begin with: name one, or leave it out")
    painted = diffuse(run, images or (), settings, output=output, aside=show.note)
    show.painted([(one.path, one.how) for one in painted], as_json=as_json)


def scorecard(run: Path, collection: Path | None, request: Request, dials: tuple[Any, ...]) -> None:
    """What ``impasto evaluate`` does with a LoRA run."""
    from impasto.compare.scorecard import ScorecardSettings, score_lora  # noqa: PLC0415

    classifier, device, as_json = dials
    options = {"classifier": str(classifier) if classifier else None, "paint.device": device}
    settings = request.settings(ScorecardSettings, options)
    done = score_lora(run, settings, collection=collection, announce=show.note)
    show.scorecard(done.result, done.findings, as_json=as_json)


def kind_of(run: Path) -> str:
    """The kind of a run, or of the runs in a folder of several."""
    several = sorted(run.glob("*/run.json")) if not (run / "run.json").is_file() else []
    return runs.open_run(several[0].parent if several else run).kind
