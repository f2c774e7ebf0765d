"""The verbs that train: classifier, autoencoder, painter, lora."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note, plan
from impasto.cli.request import Request, S, alone, read_request
from impasto.config import Settings
from impasto.path_names import path_names

if TYPE_CHECKING:
    from impasto.records.run import Run, RunKind

app = typer.Typer(no_args_is_help=True)
Collection = Annotated[Path | None, opt.collection()]


def run(kind: "RunKind") -> Any:
    """The folder of a run to write."""
    return opt.output("The run to write.", f"study/runs/{kind}")


@app.command()
@opt.grouped
def classifier(
    collection: Collection = None,
    output: Annotated[Path | None, run("classifier")] = None,
    *,
    network: Annotated[opt.Values, opt.network(opt.size("small"), opt.epochs("50"))],
    common: opt.Training,
) -> None:
    """Train a classifier of styles; the same command resumes a run that was cut off.

    impasto train classifier collection -o run --size small
    """
    from impasto.training.classifier.settings import ClassifierSettings  # noqa: PLC0415

    _one("classifier", ClassifierSettings, collection, output, network, common)


@app.command()
@opt.grouped
def autoencoder(
    collection: Collection = None,
    output: Annotated[Path | None, run("autoencoder")] = None,
    *,
    network: Annotated[opt.Values, opt.network(opt.size("small"), opt.epochs("40"))],
    common: opt.Training,
) -> None:
    """Train an autoencoder, which needs no labels; the same command resumes a run that was cut off.

    impasto train autoencoder collection -o run
    """
    from impasto.training.autoencoder.settings import AutoencoderSettings  # noqa: PLC0415

    _one("autoencoder", AutoencoderSettings, collection, output, network, common)


@app.command()
@opt.grouped
def painter(
    collection: Collection = None,
    output: Annotated[Path | None, run("painter")] = None,
    *,
    preset: Annotated[
        Literal["painter", "course"],
        typer.Option("--preset", help="course: the form of the course report, as a baseline."),
    ] = "painter",
    network: Annotated[
        opt.Values,
        opt.network(
            opt.size("small"),
            opt.epochs("5"),
            resolution="128",
            batch_size="16",
            learning_rate="0.002",
        ),
    ],
    common: opt.Training,
) -> None:
    """Train a painter of pictures in other styles; the same command resumes a run that was cut off.

    impasto train painter collection -o run
    """
    from impasto.training.painter.settings import PRESETS, PainterSettings  # noqa: PLC0415

    base = PRESETS[preset].model_dump(exclude_unset=True)
    _one("painter", PainterSettings, collection, output, network, common, base)


@app.command()
@opt.grouped
def lora(
    collection: Annotated[
        Path | None,
        typer.Argument(help="The collection, or a folder of pictures. Default: STUDY/collection."),
    ] = None,
    output: Annotated[Path | None, run("lora")] = None,
    *,
    base: Annotated[
        str | None,
        typer.Option("--base", help="The pipeline to fine-tune: a folder or a hub name."),
    ] = None,
    trigger: Annotated[
        str | None, typer.Option("--trigger", help="A word for the style, put into captions.")
    ] = None,
    network: Annotated[
        opt.Values,
        opt.network(
            None,
            opt.epochs("0", "Epochs; more of them extend a finished run; 0: by the pictures."),
            resolution="0",
            batch_size="4",
            learning_rate="0.0001",
        ),
    ],
    per_style: Annotated[
        bool, typer.Option("--per-style", help="An adapter for each style, in a folder each.")
    ] = False,
    push: Annotated[
        str | None, typer.Option("--push", help="Upload to this hub repository when done.")
    ] = None,
    common: opt.Training,
) -> None:
    """Fine-tune a text-to-image model by LoRA; the same command resumes a run that was cut off.

    A folder of pictures is enough, also of one style, with .txt captions beside them.

    impasto train lora collection -o lora --base stable-diffusion-v1-5/stable-diffusion-v1-5
    """
    from impasto.cli import output as show  # noqa: PLC0415
    from impasto.training.lora.settings import LoraSettings  # noqa: PLC0415

    request, settings = _asked(LoraSettings, {"base": base, "trigger": trigger, **network}, common)
    folder = output or request.study / "runs" / "lora"
    if common.dry_run:
        from_, to = collection or request.collection, folder / "<style>" if per_style else folder
        return plan("train lora", [from_], to, settings, as_json=common.as_json)
    if push:
        from impasto.publish.hub import require_access  # noqa: PLC0415

        require_access(push)  # before hours of work
    jobs = {folder: settings}
    if per_style:
        known = _styles(collection or request.collection)
        styles = settings.styles or known
        folders = path_names([*known, *styles])
        jobs = {
            folder / folders[name]: settings.model_copy(update={"styles": (name,)})
            for name in styles
        }
    made = []
    for place, wanted in jobs.items():
        made.append(_train("lora", collection, place, request, wanted, common))
        if push:
            from impasto.diffusion.adapter import SHARED  # noqa: PLC0415
            from impasto.publish.hub import push as upload  # noqa: PLC0415

            name = f"{push}-{place.name.lower()}" if per_style else push
            note(f"uploaded to {upload(place, name, SHARED)}")
    if per_style:
        show.loras(folder, made, as_json=common.as_json)
    else:
        show.lora(made[0], as_json=common.as_json)


def _styles(source: Path) -> tuple[str, ...]:
    """The styles of a collection, or of a folder of pictures to fine-tune on."""
    import impasto  # noqa: PLC0415
    from impasto.collection.sources import read_to_fine_tune  # noqa: PLC0415
    from impasto.training.lora.folder import is_training_folder  # noqa: PLC0415

    if is_training_folder(source):
        return read_to_fine_tune(source).styles
    return impasto.open_collection(source).vocabulary.styles


def _one(
    kind: "RunKind",
    cls: type[Settings],
    collection: Path | None,
    output: Path | None,
    network: opt.Values,
    common: opt.Training,
    base: Mapping[str, Any] | None = None,
) -> None:
    """Train one run, with other settings than ``base`` only where they are asked for; show it."""
    from impasto.cli import output as show  # noqa: PLC0415

    request, settings = _asked(cls, network, common, base)
    if common.dry_run:
        from_, to = collection or request.collection, output or request.study / "runs" / kind
        return plan(f"train {kind}", [from_], to, settings, as_json=common.as_json)
    made = _train(kind, collection, output, request, settings, common)
    show.run(made, as_json=common.as_json)


def _asked(
    cls: type[S], options: opt.Values, common: opt.Training, base: Mapping[str, Any] | None = None
) -> tuple[Request, S]:
    request = read_request(common.config, common.assignments).over(base or {})
    options = {**options, "seed": common.seed, "device": common.device}
    return request, request.settings(cls, options)


def _train(
    kind: "RunKind",
    collection: Path | None,
    output: Path | None,
    request: Request,
    settings: Settings,
    common: opt.Training,
) -> "Run":
    import impasto  # noqa: PLC0415
    from impasto.records.run import where_it_stands  # noqa: PLC0415

    folder = output or request.study / "runs" / kind
    if common.fresh:
        alone("train --fresh")
    elif not common.quiet and (line := where_it_stands(folder)):
        note(line)
    steps = {"announce": note} if kind in ("painter", "lora") and not common.quiet else {}
    return impasto.train(
        kind,
        collection or request.collection,
        folder,
        settings,
        fresh=common.fresh,
        progress=not common.quiet,
        **steps,
    )
