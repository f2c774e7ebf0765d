"""The command line: one thin function per verb, which reads its options, calls the library and prints the result.

Results go to standard output, for people or with ``--json`` as one object; progress and errors go
to standard error.
Exit status: 0 done, 1 a finding that spoils the result, 2 an error of the user's input, 130
    interrupted.
"""

import os
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from impasto.cli import embedding as cli_atlas
from impasto.cli import entry
from impasto.cli import generation as cli_paint
from impasto.cli import output as show
from impasto.cli import pages as cli_site
from impasto.cli import training as cli_train
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
from impasto.errors import InputError
from impasto.records import finding as findings
from impasto.records import run as runs

app = typer.Typer(
    name="impasto",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(no_args_is_help=True, help="Train a network on a collection.")
app.add_typer(train_app, name="train")

cli_train.register(train_app)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Learn art styles from paintings, from scratch, with results that a sceptic believes."""
    if version:
        typer.echo(metadata.version("impasto"))
        raise typer.Exit


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="The folder to paint into.")],
    pictures: Annotated[
        int | None, typer.Option("--pictures", "-n", help="How many in all.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Paint a gallery of pictures by code, in learnable styles.

    impasto sample gallery --pictures 900
    """
    from impasto.gallery.gallery import SampleSettings, paint_gallery  # noqa: PLC0415

    _alone("sample")
    settings = read_request(config, assignments or ()).settings(
        SampleSettings, {"pictures": pictures, "seed": seed}
    )
    summary = paint_gallery(directory, settings, progress=not quiet)
    show.gallery(directory, summary, as_json=as_json)


@app.command()
def prepare(
    source: Annotated[
        list[str] | None, typer.Argument(help="Folders, a table, WikiArt lists or a data set.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The collection to write.")
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", help="Stored height and width in pixels.")
    ] = None,
    split: Annotated[
        str | None, typer.Option("--split", help="auto, given, stratified or artist.")
    ] = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Decode, label and split pictures into a collection.

    impasto prepare paintings -o collection
    """
    from impasto.collection.prepare import prepare as run_prepare  # noqa: PLC0415
    from impasto.collection.settings import PrepareSettings  # noqa: PLC0415

    _alone("prepare")
    request = read_request(config, assignments or ())
    settings = request.settings(PrepareSettings, {"size": size, "split": split, "seed": seed})
    collection = run_prepare(
        request.source(source), output or request.collection, settings, progress=not quiet
    )
    show.collection(collection, as_json=as_json)


@app.command()
def audit(
    collection: Annotated[Path | None, typer.Argument(help="The collection.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Look for leakage, imbalance and damage; exit status 1 when a finding spoils an evaluation.

    impasto audit collection
    """
    from impasto.collection.audit import audit as run_audit  # noqa: PLC0415
    from impasto.collection.collection import open_collection  # noqa: PLC0415

    folder = collection or read_request(config).collection
    opened = open_collection(folder)
    both = [*opened.findings, *run_audit(opened).findings]
    found = sorted(both, key=lambda finding: finding.code)
    show.audited(found, folder, as_json=as_json)
    _exit(found)


@app.command()
def balance(
    collection: Annotated[
        Path | None, typer.Argument(help="The collection to learn from and to score on.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder to write or to go on with.")
    ] = None,
    remedies: Annotated[
        str | None, typer.Option("--remedies", help="Names, with commas; none: all of them.")
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", help="Trainings of each remedy.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="tiny, small or base.")] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", help="Passes over the training pictures.")
    ] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compare remedies for imbalance side by side, over several seeds; the same command goes on where it was.

    impasto balance collection -o balance --remedies cap-and-duplicate,logit-adjusted-loss
    """
    from impasto.collection.collection import open_collection  # noqa: PLC0415
    from impasto.comparison.balance import RemediesSettings  # noqa: PLC0415
    from impasto.comparison.balance import balance as run_balance  # noqa: PLC0415

    _alone("balance")
    request = read_request(config, assignments or ())
    names = [name.strip() for name in remedies.split(",") if name.strip()] if remedies else None
    dials = {
        "remedies": names,
        "seeds": seeds,
        "train.size": size,
        "train.epochs": epochs,
        "train.device": device,
    }
    settings = request.settings(RemediesSettings, dials)
    opened, folder = (
        open_collection(collection or request.collection),
        output or request.study / "balance",
    )
    done = run_balance(opened, folder, settings, progress=not quiet, announce=show.note)
    show.balance(done.result, done.findings, done.path, as_json=as_json)
    _exit(done.findings)


@app.command()
def evaluate(
    run: Annotated[Path | None, typer.Argument(help="The run.")] = None,
    collection: Annotated[
        Path | None, typer.Option("--collection", help="Another collection than the run's.")
    ] = None,
    by: Annotated[
        Literal["artist"] | None, typer.Option("--by", help="artist: its recipe on unseen artists.")
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="With --by: tiny, small or base.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", help="With --by: of each training.")
    ] = None,
    classifier: Annotated[
        Path | None, typer.Option("--classifier", help="Of what paints: the judge's run.")
    ] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Score a run: a classifier on its test split or, by artist, its recipe; a painter or a LoRA by what it paints.

    impasto evaluate run
    """
    from impasto.evaluation.evaluate import evaluate as run_evaluate  # noqa: PLC0415
    from impasto.evaluation.settings import EvaluateSettings  # noqa: PLC0415

    request = read_request(config, assignments or ())
    kind, dials = cli_paint.kind_of(run or request.run), (classifier, device, quiet, as_json)
    if kind in cli_paint.SCORES:
        return cli_paint.SCORES[kind](run or request.run, collection, request, dials)
    if by:
        return _by_artist(
            run or request.run, collection, request, (size, epochs, device, quiet, as_json)
        )
    if size or epochs:
        raise InputError("--size and --epochs are for --by artist: an evaluation trains nothing")
    settings = request.settings(EvaluateSettings, {"device": device})
    evaluation = run_evaluate(run or request.run, collection, settings)
    show.evaluation(evaluation.metrics, evaluation.findings, as_json=as_json)
    _exit(evaluation.findings)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="The run.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A folder for heat maps.")
    ] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a picture, one a line.")
    ] = False,
) -> None:
    """Name the style of pictures, with calibrated probabilities and a heat map.

    impasto predict run painting.jpg -o heatmaps
    """
    from impasto.evaluation.predict import PredictSettings  # noqa: PLC0415
    from impasto.evaluation.predict import predict as run_predict  # noqa: PLC0415

    settings = read_request(config, assignments or ()).settings(PredictSettings, {"device": device})
    predictions = run_predict(run, images, settings, output=output, aside=show.note)
    show.predictions(predictions, as_json=as_json)


cli_atlas.register(app)


@app.command()
def study(
    source: Annotated[
        list[str] | None, typer.Argument(help="As for prepare; none: the sample gallery.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The study folder.")] = None,
    size: Annotated[
        str | None, typer.Option("--size", help="The network: tiny, small or base.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", help="Passes over the training pictures.")
    ] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Do the whole path in order: prepare, audit, train, evaluate, report; resumable.

    impasto study paintings -o study
    """
    from impasto.pipeline import StudySettings, run_study  # noqa: PLC0415

    _alone("study")
    request = read_request(config, assignments or ())
    dials = {
        "train.size": size,
        "train.epochs": epochs,
        "train.device": device,
        "evaluate.device": device,
    }
    dials |= {"autoencoder.device": device, "atlas.device": device, "paint.device": device}
    settings = request.settings(StudySettings, dials)
    pictures = request.source(source) if source or request.sources else None
    done = run_study(
        pictures, output or request.study, settings, progress=not quiet, announce=show.note
    )
    made = {"study": done.path, "report": done.report} | ({"page": done.page} if done.page else {})
    show.study(done.metrics, done.findings, made, as_json=as_json)
    _exit(done.findings)


cli_paint.register(app, train_app)
cli_site.register(app)


def main() -> None:
    """Run the command line and exit with its status."""
    entry.run(app)


def _by_artist(
    run: Path, collection: Path | None, request: Request, dials: tuple[Any, ...]
) -> None:
    from impasto.comparison.by_artist import ByArtistSettings, evaluate_by_artist  # noqa: PLC0415

    _alone("evaluate --by artist")
    if collection:
        raise InputError("--by artist trains on the run's own collection: leave --collection out")
    size, epochs, device, quiet, as_json = dials
    own = request.over({"train": dict(runs.open_run(run, "classifier").settings)})
    options = {
        "train.size": size,
        "train.epochs": epochs,
        "train.device": device,
        "evaluate.device": device,
    }
    settings = own.settings(ByArtistSettings, options)
    done = evaluate_by_artist(run, settings, progress=not quiet, announce=show.note)
    show.by_artist(done.result, done.findings, done.path, as_json=as_json)


def _alone(verb: str) -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(
            f"impasto {verb} is for one process: torchrun is for impasto train and impasto evaluate"
        )


def _exit(found: list[findings.Finding]) -> None:
    if findings.spoiled(found):
        raise typer.Exit(1)
