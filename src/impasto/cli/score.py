"""The verbs that score runs and apply them: balance, evaluate, predict, atlas."""

from pathlib import Path
from typing import Annotated, Any, Literal, assert_never

import typer

from impasto.cli import options as opt
from impasto.cli.messages import note
from impasto.cli.request import alone, read_request, refuse
from impasto.errors import InputError

Run = Annotated[Path | None, typer.Argument(help="The run. Default: study/runs/classifier.")]


@opt.grouped
def balance(
    collection: Annotated[Path | None, opt.collection("study/collection")] = None,
    output: Annotated[
        Path | None, opt.output("The folder to write or to go on with.", "study/balance")
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option("--methods", help="Long-tail methods, with commas. Default: all."),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Trainings of each method. Default: 3.")
    ] = None,
    *,
    network: Annotated[opt.Values, opt.network(opt.size("small"), opt.epochs("50"))],
    device: opt.Device = None,
    common: opt.Common,
) -> None:
    """Compare long-tail methods side by side, over several seeds; the same command resumes.

    impasto balance collection -o balance --methods cap-and-duplicate,logit-adjusted-loss
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    alone("balance")
    request = read_request(common.config, common.assignments)
    options = {
        "methods": _names(methods),
        "seeds": seeds,
        **{f"train.{name}": value for name, value in network.items()},
        "train.device": device,
    }
    settings = request.settings(impasto.LongTailSettings, options)
    made = impasto.balance(
        collection or request.collection,
        output or request.study / "balance",
        settings,
        progress=not common.quiet,
        announce=None if common.quiet else note,
    )
    show.balance(made, as_json=common.as_json)


@opt.grouped
def evaluate(
    run: Run = None,
    collection: opt.OtherCollection = None,
    by: Annotated[
        Literal["artist"] | None,
        typer.Option("--by", help="artist: train the recipe anew, score it on unseen artists."),
    ] = None,
    size: Annotated[opt.Width | None, opt.size("the run's", "With --by.")] = None,
    epochs: Annotated[int | None, opt.epochs("the run's", "With --by: of each training.")] = None,
    classifier: Annotated[
        Path | None,
        typer.Option(
            "--classifier",
            "--evaluator",
            help="Painter, LoRA or pictures: the run that classifies what was painted.",
        ),
    ] = None,
    adapter: Annotated[
        Path | None,
        typer.Option(
            "--adapter",
            help="A LoRA file of any program to score, on the collection named in place of RUN.",
        ),
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="With --adapter: the pipeline that it is for.")
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures",
            metavar="DIR",
            help="Pictures of any program to score, DIR/STYLE/NAME.png, with the collection named "
            "in place of RUN.",
        ),
    ] = None,
    sources: Annotated[
        Path | None,
        typer.Option(
            "--sources",
            metavar="DIR",
            help="With --pictures: their originals, by name. Default: the test pictures.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        opt.output(
            "With --adapter, --pictures or --predictions: the folder to write.", "the file's name"
        ),
    ] = None,
    device: opt.Device = None,
    *,
    foreign: opt.ForeignFile,
    common: opt.Common,
) -> None:
    """Score a run of any kind: classifier, autoencoder, painter or LoRA; or what others made.

    impasto evaluate run

    impasto evaluate --predictions predictions.csv collection --against run

    impasto evaluate --adapter style.safetensors --base MODEL collection --classifier run

    impasto evaluate --pictures stylised collection --classifier run
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    if foreign.predictions is not None:
        elsewhere: dict[str, Any] = {"by": by, "size": size, "epochs": epochs}
        elsewhere |= {"classifier": classifier, "adapter": adapter, "base": base, "device": device}
        elsewhere |= {"pictures": pictures, "sources": sources}
        refuse("--predictions", {**elsewhere, "collection": collection})
        return _score_predictions(foreign, run, output, common)
    refuse("what has no --predictions", {**foreign.values(), "against": foreign.against})
    if adapter is not None:
        refuse("--adapter", {"by": by, "size": size, "epochs": epochs, "collection": collection})
        request = read_request(common.config, common.assignments)
        return _score_adapter(
            adapter,
            run or request.collection,
            output or adapter.with_suffix(""),
            request.settings(
                impasto.AdapterSettings,
                {
                    "base": base,
                    "classifier": str(classifier) if classifier else None,
                    "paint.device": device,
                },
            ),
            common,
        )
    if pictures is not None:
        others = {"collection": collection, "base": base, "by": by, "size": size, "epochs": epochs}
        refuse("--pictures", others)
        request = read_request(common.config, common.assignments)
        named = {
            "classifier": str(classifier) if classifier else None,
            "sources": str(sources) if sources else None,
            "device": device,
        }
        chosen = request.settings(impasto.PictureSettings, named)
        return _score_pictures(pictures, run or request.collection, output, chosen, common)
    refuse("a run", {"base": base, "output": output, "sources": sources})
    from impasto.verbs.inputs import kind_of  # noqa: PLC0415
    from impasto.verbs.scoring import evaluation_settings  # noqa: PLC0415

    request = read_request(common.config, common.assignments)
    place = run or request.run
    kind = kind_of(place)
    training = {"size": size, "epochs": epochs}
    paths = str(classifier) if classifier else None
    options: dict[str, Any]
    match kind:
        case "classifier" if by:
            alone("evaluate --by artist")
            refuse("--by artist", {"classifier": classifier, "collection": collection})
            own = {"train": dict(impasto.open_run(place).settings)}
            request = request.over(own)
            options = {f"train.{name}": value for name, value in training.items()}
            options |= {"train.device": device, "evaluate.device": device}
        case "classifier" | "autoencoder":
            what = "a classifier without --by" if kind == "classifier" else "an autoencoder"
            refuse(what, {"by": by, **training, "classifier": classifier})
            options = {"device": device}
        case "painter":
            refuse(f"a {kind}", {"by": by, **training})
            options = {"evaluator": paths, "device": device}
        case "lora":
            refuse("a LoRA", {"by": by, **training})
            options = {"classifier": paths, "paint.device": device}
        case _:
            assert_never(kind)
    settings = request.settings(evaluation_settings(kind, by), options)
    made = impasto.evaluate(
        place,
        collection,
        settings,
        by=by,
        progress=not common.quiet,
        announce=None if common.quiet else note,
    )
    show.evaluation(made, as_json=common.as_json)


def _score_pictures(
    pictures: Path, collection: Path, output: Path | None, settings: Any, common: opt.Common
) -> None:
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    announce = None if common.quiet else note
    made = impasto.evaluate_pictures(pictures, collection, output, settings, announce=announce)
    show.evaluation(made, as_json=common.as_json)


def _score_predictions(
    foreign: opt.ForeignFile, collection: Path | None, output: Path | None, common: opt.Common
) -> None:
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    file = foreign.predictions
    assert file is not None
    request = read_request(common.config, common.assignments)
    made = impasto.evaluate_predictions(
        file,
        collection or request.collection,
        output,
        request.settings(impasto.PredictionsSettings, foreign.values()),
        against=foreign.against or (),
        announce=None if common.quiet else note,
    )
    show.evaluation(made, as_json=common.as_json)


def _score_adapter(
    adapter: Path, collection: Path, output: Path, settings: Any, common: opt.Common
) -> None:
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    announce = None if common.quiet else note
    made = impasto.evaluate_adapter(adapter, collection, output, settings, announce=announce)
    show.evaluation(made, as_json=common.as_json)


def predict(
    run: Annotated[Path, typer.Argument(help="The run of a classifier.")],
    images: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    output: Annotated[Path | None, opt.output("A folder for heat maps.", "no heat maps")] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="A table to write: path, style, probabilities."),
    ] = None,
    device: opt.Device = None,
    config: opt.Config = None,
    assignments: opt.Assignments = None,
    as_json: opt.AsJson = False,
) -> None:
    """Name the style of pictures, with calibrated probabilities and a heat map.

    impasto predict run painting.jpg -o heatmaps
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415
    from impasto.evaluation.predict import write_csv  # noqa: PLC0415

    request = read_request(config, assignments)
    settings = request.settings(impasto.PredictSettings, {"device": device})
    made = impasto.predict(run, images, output, settings, announce=note)
    if csv is not None:
        write_csv(csv, made)
    show.predictions(run, made, as_json=as_json, csv=csv)


@opt.grouped
def atlas(
    run: Run = None,
    collection: opt.OtherCollection = None,
    output: Annotated[Path | None, opt.output("The folder to write.", "RUN/atlas")] = None,
    maps: Annotated[
        str | None,
        typer.Option("--maps", help="pca, svd, tsne, umap, with commas. Default: all."),
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(
            "--add",
            help="Place pictures in the atlas that is there; repeatable. For one of vectors: a "
            "file of new vectors, and the atlas's folder in place of RUN.",
        ),
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(
            "--vectors",
            metavar="FILE",
            help="Vectors of another program (.npy, .npz, .safetensors, .parquet, .csv), of the "
            "collection named in place of RUN.",
        ),
    ] = None,
    ids: Annotated[
        Path | None,
        typer.Option(
            "--ids", metavar="FILE", help="With --vectors: a file of ids. Default: those beside it."
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="hf:NAME",
            help="A vision model of transformers, hub name or folder, for the collection named in "
            "place of RUN.",
        ),
    ] = None,
    pretrained: Annotated[
        bool,
        typer.Option(
            "--pretrained",
            help="With --vectors: they come from a pre-trained network, a yardstick.",
        ),
    ] = False,
    supervised: Annotated[
        bool,
        typer.Option(
            "--supervised",
            help="With --vectors: their network has learnt the styles of the training pictures.",
        ),
    ] = False,
    seed: opt.Seed = None,
    device: opt.Device = None,
    *,
    common: opt.Common,
) -> None:
    """Embed a collection by a run's network, cluster it, compare with the styles, draw maps.

    impasto atlas run

    impasto atlas collection --vectors dino.npy --pretrained
    """
    import impasto  # noqa: PLC0415
    from impasto.cli import output as show  # noqa: PLC0415

    request = read_request(common.config, common.assignments)
    place = run or request.run
    options = {"maps": _names(maps), "device": device, "seed": seed}
    settings = request.settings(impasto.AtlasSettings, options)
    announce = None if common.quiet else note
    if vectors is not None or encoder is not None:
        what = "--vectors" if encoder is None else "--encoder"
        refuse(what, {"add": add or None, "collection": collection})
        if encoder is not None:
            refuse(what, {"vectors": vectors, "ids": ids, "supervised": supervised or None})
        found = impasto.atlas_of_vectors(
            run or request.collection,
            vectors or encoder_name(encoder),
            output,
            settings,
            ids=ids,
            pretrained=pretrained,
            supervised=supervised,
            announce=announce,
        )
        return show.atlas(found, as_json=common.as_json)
    foreign = {"ids": ids, "pretrained": pretrained or None, "supervised": supervised or None}
    refuse("a run", foreign)
    if add:
        refuse("atlas --add", {"maps": maps, "seed": seed, "collection": collection})
        rows = impasto.add_to_atlas(place, add, output, device=settings.device, announce=note)
        own = place if output is None and (place / "atlas.json").is_file() else place / "atlas"
        return show.added(rows.to_pylist(), output or own, as_json=common.as_json)
    made = impasto.atlas(place, collection, output, settings, announce=announce)
    show.atlas(made, as_json=common.as_json)


def encoder_name(text: str | None) -> str:
    """The name of an encoder with its prefix, which distinguishes it from a file.

    Raises:
        InputError: it has none.
    """
    if text is None or not text.startswith("hf:"):
        raise InputError(f"unknown encoder {text!r}: give hf:OWNER/NAME or hf:FOLDER")
    return text


def _names(text: str | None) -> list[str] | None:
    """Names with commas between them, as a list."""
    return [name.strip() for name in text.split(",") if name.strip()] if text else None
