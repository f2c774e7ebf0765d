"""The command line: one thin function per verb, which reads its options, calls the library and prints the result.

Results go to standard output, for people or with ``--json`` as one object; progress and errors go to standard error.
Exit status: 0 done, 1 a finding that spoils the result, 2 an error of the user's input, 130 interrupted.
"""

import os
import sys
from contextlib import redirect_stdout
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from impasto import findings, show
from impasto.errors import ImpastoError, InputError
from impasto.files import WRITE_ERRORS, output_error
from impasto.options import Request, read_request

app = typer.Typer(
    name="impasto",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
train_app = typer.Typer(no_args_is_help=True, help="Train a network from scratch on a collection.")
app.add_typer(train_app, name="train")

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Settings in TOML or JSON; the course's too.")]
Assignments = Annotated[list[str] | None, typer.Option("--set", "-s", help="One setting, as name=value; repeatable.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")]
Seed = Annotated[int | None, typer.Option("--seed", help="The seed of everything random.")]
Device = Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda.")]


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
    pictures: Annotated[int | None, typer.Option("--pictures", "-n", help="How many in all.")] = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Paint a gallery of pictures by code, in learnable styles.

    impasto sample gallery --pictures 900
    """
    from impasto.sample.gallery import SampleSettings, paint_gallery  # noqa: PLC0415

    _alone("sample")
    settings = read_request(config, assignments or ()).settings(SampleSettings, {"pictures": pictures, "seed": seed})
    summary = paint_gallery(directory, settings, progress=not quiet)
    show.gallery(directory, summary, as_json=as_json)


@app.command()
def prepare(
    source: Annotated[list[str] | None, typer.Argument(help="Folders, a table, WikiArt lists or a data set.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The collection to write.")] = None,
    size: Annotated[int | None, typer.Option("--size", help="Stored height and width in pixels.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="auto, given, stratified or artist.")] = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Decode, label and split pictures into a collection.

    impasto prepare paintings -o collection
    """
    from impasto.collection.prepare import PrepareSettings  # noqa: PLC0415
    from impasto.collection.prepare import prepare as run_prepare  # noqa: PLC0415

    _alone("prepare")
    request = read_request(config, assignments or ())
    settings = request.settings(PrepareSettings, {"size": size, "split": split, "seed": seed})
    collection = run_prepare(_source(source, request), output or _collection(request), settings, progress=not quiet)
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

    folder = collection or _collection(read_request(config))
    found = run_audit(folder)
    findings.save(folder / "findings.json", found)
    show.audited(found, folder, as_json=as_json)
    _exit(found)


@train_app.command()
def classifier(
    collection: Annotated[Path | None, typer.Argument(help="The collection to learn from.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The run folder to write or resume.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="tiny, small or base.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="Passes over the training pictures.")] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Train a classifier of styles; the same command resumes a run that was cut off.

    impasto train classifier collection -o run --size small
    """
    from impasto.collection.painting import open_collection  # noqa: PLC0415
    from impasto.training.classifier import ClassifierSettings, train_classifier  # noqa: PLC0415

    request = read_request(config, assignments or ())
    dials = {"size": size, "epochs": epochs, "device": device, "seed": seed}
    settings = request.settings(ClassifierSettings, dials)
    folder = collection or _collection(request)
    run = train_classifier(open_collection(folder), output or _run(request), settings, progress=not quiet)
    found = findings.load(run.path / "findings.json")
    show.run(run, found, as_json=as_json)
    _exit(found)


@app.command()
def evaluate(
    run: Annotated[Path | None, typer.Argument(help="The run.")] = None,
    collection: Annotated[Path | None, typer.Option("--collection", help="Another collection than the run's.")] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    as_json: AsJson = False,
) -> None:
    """Score a run on its test split, beside baselines and with intervals.

    impasto evaluate run
    """
    from impasto.evaluation.evaluate import evaluate as run_evaluate  # noqa: PLC0415
    from impasto.evaluation.settings import EvaluateSettings  # noqa: PLC0415

    request = read_request(config, assignments or ())
    settings = request.settings(EvaluateSettings, {"device": device})
    evaluation = run_evaluate(run or _run(request), collection, settings)
    show.evaluation(evaluation.metrics, evaluation.findings, as_json=as_json)
    _exit(evaluation.findings)


@app.command()
def predict(
    run: Annotated[Path, typer.Argument(help="The run.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A folder for heat maps.")] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a picture, one a line.")] = False,
) -> None:
    """Name the style of pictures, with calibrated probabilities and a heat map.

    impasto predict run painting.jpg -o heatmaps
    """
    from impasto.evaluation.predict import PredictSettings  # noqa: PLC0415
    from impasto.evaluation.predict import predict as run_predict  # noqa: PLC0415

    settings = read_request(config, assignments or ()).settings(PredictSettings, {"device": device})
    predictions = run_predict(run, images, settings, output=output, aside=show.note)
    show.predictions(predictions, as_json=as_json)


@app.command()
def report(
    study: Annotated[Path | None, typer.Argument(help="The study folder.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Write report.md and report.html from the files of a study.

    impasto report study
    """
    from impasto.site.report import write_report  # noqa: PLC0415

    paths = write_report(study or read_request(config).study)
    show.paths({"markdown": paths.markdown, "html": paths.html}, as_json=as_json)


@app.command()
def study(
    source: Annotated[list[str] | None, typer.Argument(help="As for prepare; none: the sample gallery.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The study folder.")] = None,
    size: Annotated[str | None, typer.Option("--size", help="The network: tiny, small or base.")] = None,
    epochs: Annotated[int | None, typer.Option("--epochs", help="Passes over the training pictures.")] = None,
    device: Device = None,
    config: Config = None,
    assignments: Assignments = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Do the whole path in order: prepare, audit, train, evaluate, report; resumable.

    impasto study paintings -o study
    """
    from impasto.study import StudySettings, run_study  # noqa: PLC0415

    _alone("study")
    request = read_request(config, assignments or ())
    dials = {"train.size": size, "train.epochs": epochs, "train.device": device, "evaluate.device": device}
    settings = request.settings(StudySettings, dials)
    pictures = _source(source, request) if source or request.sources else None
    done = run_study(pictures, output or request.study, settings, progress=not quiet, announce=show.note)
    show.study(done.metrics, done.findings, {"study": done.path, "report": done.report}, as_json=as_json)
    _exit(done.findings)


def main() -> None:
    """Run the command line and exit with its status; every error of the user's is one line on standard error."""
    first = os.environ.get("RANK", "0") == "0"  # under torchrun the first process speaks for all
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(sys.stdout if first else nowhere):
        try:
            _called()
        except ImpastoError as error:
            sys.exit(show.complain(str(error)))
        except OSError as error:
            if error.errno not in WRITE_ERRORS:
                raise
            sys.exit(show.complain(str(output_error(Path(error.filename or "standard output"), error))))


def _called() -> None:
    """The command line, its output written out before it counts as done."""
    status: str | int | None = 0
    try:
        app(prog_name="impasto")
    except SystemExit as end:
        status = end.code
    if status == 130:
        show.note("interrupted; the same command goes on from here")
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as with | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _alone(verb: str) -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(f"impasto {verb} is for one process: torchrun is for impasto train and impasto evaluate")


def _exit(found: list[findings.Finding]) -> None:
    if findings.spoiled(found):
        raise typer.Exit(1)


def _source(given: list[str] | None, request: Request) -> str | list[Path | str]:
    """The source named on the command line, else the course file's folders."""
    parts: list[Any] = list(given or request.sources)
    if not parts:
        raise InputError("no source: name a folder of pictures, or a --config with trainingdir and testingdir")
    return str(parts[0]) if len(parts) == 1 else parts


def _collection(request: Request) -> Path:
    return request.study / "collection"


def _run(request: Request) -> Path:
    return request.study / "runs" / "classifier"
