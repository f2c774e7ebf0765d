"""The verbs that train: classifier, autoencoder, painter, lora."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from impasto.cli import options as opt
from impasto.cli import output as show
from impasto.cli.request import Request, alone, read_request
from impasto.config import Settings
from impasto.records.run import Run, RunKind

app = typer.Typer(no_args_is_help=True)


@app.command()
def classifier(
    collection: Annotated[Path | None, opt.collection()] = None,
    output: Annotated[Path | None, opt.output("The run to write.", "study/runs/classifier")] = None,
    size: Annotated[opt.Width | None, opt.size("small")] = None,
    resolution: Annotated[int | None, opt.resolution("128")] = None,
    epochs: Annotated[int | None, opt.epochs("50")] = None,
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
    """Train a classifier of styles; the same command resumes a run that was cut off.

    impasto train classifier collection -o run --size small
    """
    from impasto.training.classifier.settings import ClassifierSettings  # noqa: PLC0415

    options = {
        "size": size,
        "resolution": resolution,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "device": device,
    }
    request = read_request(config, assignments)
    settings = request.settings(ClassifierSettings, options)
    run = _train("classifier", collection, output, request, settings, fresh=fresh, quiet=quiet)
    show.run(run, as_json=as_json)


@app.command()
def autoencoder(
    collection: Annotated[Path | None, opt.collection()] = None,
    output: Annotated[
        Path | None, opt.output("The run to write.", "study/runs/autoencoder")
    ] = None,
    size: Annotated[opt.Width | None, opt.size("small")] = None,
    resolution: Annotated[int | None, opt.resolution("128")] = None,
    epochs: Annotated[int | None, opt.epochs("40")] = None,
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
    """Train an autoencoder, which needs no labels; the same command resumes a run that was cut off.

    impasto train autoencoder collection -o run
    """
    from impasto.training.autoencoder.settings import AutoencoderSettings  # noqa: PLC0415

    options = {
        "size": size,
        "resolution": resolution,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "device": device,
    }
    request = read_request(config, assignments)
    settings = request.settings(AutoencoderSettings, options)
    run = _train("autoencoder", collection, output, request, settings, fresh=fresh, quiet=quiet)
    show.run(run, as_json=as_json)


@app.command()
def painter(
    collection: Annotated[Path | None, opt.collection()] = None,
    output: Annotated[Path | None, opt.output("The run to write.", "study/runs/painter")] = None,
    preset: Annotated[
        Literal["painter", "course"],
        typer.Option("--preset", help="course: the form of the course report, as a baseline."),
    ] = "painter",
    size: Annotated[opt.Width | None, opt.size("small")] = None,
    resolution: Annotated[int | None, opt.resolution("64")] = None,
    epochs: Annotated[int | None, opt.epochs("40")] = None,
    batch_size: Annotated[int | None, opt.batch_size("32")] = None,
    learning_rate: Annotated[float | None, opt.learning_rate("0.001")] = None,
    seed: opt.Seed = None,
    device: opt.Device = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    fresh: opt.Fresh = False,
    quiet: opt.Quiet = False,
    as_json: opt.AsJson = False,
) -> None:
    """Train a painter of pictures in other styles; the same command resumes a run that was cut off.

    impasto train painter collection -o run
    """
    from impasto.training.painter.settings import PRESETS, PainterSettings  # noqa: PLC0415

    options = {
        "size": size,
        "resolution": resolution,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "device": device,
    }
    request = read_request(config, assignments)
    request = request.over(PRESETS[preset].model_dump(exclude_unset=True))
    settings = request.settings(PainterSettings, options)
    run = _train("painter", collection, output, request, settings, fresh=fresh, quiet=quiet)
    show.run(run, as_json=as_json)


@app.command()
def lora(
    collection: Annotated[Path | None, opt.collection()] = None,
    output: Annotated[Path | None, opt.output("The run to write.", "study/runs/lora")] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", help="The pipeline to fine-tune: a folder or a hub name."),
    ] = None,
    resolution: Annotated[int | None, opt.resolution("512")] = None,
    epochs: Annotated[
        int | None, opt.epochs("10", "Passes; more of them extend a finished run.")
    ] = None,
    batch_size: Annotated[int | None, opt.batch_size("4")] = None,
    learning_rate: Annotated[float | None, opt.learning_rate("0.0001")] = None,
    per_style: Annotated[
        bool, typer.Option("--per-style", help="An adapter for each style, in a folder each.")
    ] = False,
    push: Annotated[
        str | None, typer.Option("--push", help="Upload to this hub repository when done.")
    ] = None,
    seed: opt.Seed = None,
    device: opt.Device = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    fresh: opt.Fresh = False,
    quiet: opt.Quiet = False,
    as_json: opt.AsJson = False,
) -> None:
    """Fine-tune a text-to-image model by LoRA; the same command resumes a run that was cut off.

    impasto train lora collection -o lora --base stable-diffusion-v1-5/stable-diffusion-v1-5
    """
    import impasto  # noqa: PLC0415
    from impasto.training.lora.settings import LoraSettings  # noqa: PLC0415

    options = {
        "base": base,
        "resolution": resolution,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "device": device,
    }
    request = read_request(config, assignments)
    settings = request.settings(LoraSettings, options)
    folder = output or request.study / "runs" / "lora"
    jobs = {folder: settings}
    if per_style:
        opened = impasto.open_collection(collection or request.collection)
        styles = settings.styles or opened.vocabulary.styles
        jobs = {folder / name: settings.model_copy(update={"styles": (name,)}) for name in styles}
    made = []
    for place, wanted in jobs.items():
        made.append(_train("lora", collection, place, request, wanted, fresh=fresh, quiet=quiet))
        if push:
            from impasto.diffusion.push_to_hub import push as upload  # noqa: PLC0415

            name = f"{push}-{place.name.lower()}" if per_style else push
            show.note(f"uploaded to {upload(place, name)}")
    if per_style:
        show.loras(folder, made, as_json=as_json)
    else:
        show.lora(made[0], as_json=as_json)


def _train(
    kind: RunKind,
    collection: Path | None,
    output: Path | None,
    request: Request,
    settings: Settings,
    *,
    fresh: bool,
    quiet: bool,
) -> Run:
    import impasto  # noqa: PLC0415

    place = output or request.study / "runs" / kind
    if fresh:
        alone("train --fresh")
    steps = {"announce": show.note} if kind == "painter" and not quiet else {}
    return impasto.train(
        kind,
        collection or request.collection,
        place,
        settings,
        fresh=fresh,
        progress=not quiet,
        **steps,
    )
