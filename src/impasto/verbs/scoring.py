"""Verbs that score and map runs: balance, evaluate, predict, atlas."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from impasto.config import Settings, resolve
from impasto.errors import InputError
from impasto.records import run as runs
from impasto.records.run import Run, RunKind
from impasto.verbs.inputs import (
    Announce,
    Thing,
    folder,
    image_list,
    kind_of,
    open_collection,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from PIL import Image

    from impasto.collection.collection import Collection
    from impasto.comparison.balance import LongTailSettings
    from impasto.embedding.settings import AtlasSettings
    from impasto.evaluation.adapter_score import AdapterSettings
    from impasto.evaluation.picture_score import PictureSettings
    from impasto.evaluation.predict import Prediction, PredictSettings
    from impasto.evaluation.settings import PredictionsSettings
    from impasto.records.atlas import Atlas
    from impasto.records.balance import BalanceResult
    from impasto.records.evaluation import ClassifierEvaluation
    from impasto.records.evaluations import Evaluation
    from impasto.records.lora_score import LoraScore
    from impasto.records.painter_score import PainterScore


def balance(
    collection: "Collection | Thing",
    output: Thing,
    settings: "LongTailSettings | Mapping[str, Any] | None" = None,
    *,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> "BalanceResult":
    """Compare long-tail methods side by side, over several seeds.

    Args:
        collection: to learn from and to score on.
        output: the folder of the comparison; one that was cut off continues there.
        settings: the defaults where ``None``.
        progress: show each training on standard error.
        announce: called with one line for each training.
        options: single settings by name.
    """
    from impasto.comparison.balance import LongTailSettings  # noqa: PLC0415
    from impasto.comparison.balance import balance as compared  # noqa: PLC0415

    wanted = resolve(LongTailSettings, settings, options)
    return compared(
        open_collection(collection), folder(output), wanted, progress=progress, announce=announce
    )


def evaluate(
    run: Run | Thing,
    collection: "Collection | Thing | None" = None,
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    by: Literal["artist"] | None = None,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> "Evaluation":
    """Score a run of any kind on the test split of its collection.

    Args:
        run: a classifier, an autoencoder, a painter or a LoRA.
        collection: another than the run's own.
        settings: of the class that ``evaluation_settings`` gives for the kind of run.
        by: ``"artist"`` trains a classifier's recipe anew and scores it on unseen artists.
        progress: show trainings on standard error, where there are any.
        announce: called with one line for each stage.
        options: single settings by name.

    Raises:
        InputError: an argument does not apply to this kind of run.
    """
    path, kind = folder(run), kind_of(run)
    cls = evaluation_settings(kind, by)
    if by is not None:
        if collection is not None:
            raise InputError("by artist trains on the run's own collection: give no other")
        from impasto.comparison.by_artist import evaluate_by_artist  # noqa: PLC0415

        own = {"train": dict(runs.open_run(path, "classifier").settings)}
        wanted: Any = resolve(cls, settings or own, options)
        return evaluate_by_artist(path, wanted, progress=progress, announce=announce)
    other = None if collection is None else folder(collection)
    wanted = resolve(cls, settings, options)
    from impasto.evaluation.evaluate import evaluate as evaluated  # noqa: PLC0415

    return evaluated(path, other, wanted, progress=progress, announce=announce)


def evaluate_adapter(
    adapter: Thing,
    collection: "Collection | Thing",
    output: Thing,
    settings: "AdapterSettings | Mapping[str, Any] | None" = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "LoraScore":
    """Score an adapter that any program trained, on a collection.

    Args:
        adapter: a ``.safetensors`` file of kohya's scripts, ai-toolkit, diffusers or impasto.
        collection: with test pictures of the styles.
        output: the folder to write.
        settings: the defaults where ``None``.
        announce: called with one line for each stage.
        options: single settings by name, ``base`` among them.
    """
    from impasto.evaluation.adapter_score import AdapterSettings, score_adapter  # noqa: PLC0415

    wanted = resolve(AdapterSettings, settings, options)
    return score_adapter(
        folder(adapter), folder(collection), folder(output), wanted, announce=announce
    )


def evaluate_pictures(
    pictures: Thing,
    collection: "Collection | Thing",
    output: Thing | None = None,
    settings: "PictureSettings | Mapping[str, Any] | None" = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "PainterScore":
    """Score pictures that any program made in the styles of a collection, as a painter's.

    Args:
        pictures: a folder of folders, each named after a style.
        collection: with test pictures of the styles.
        output: the folder to write; ``pictures/NAME`` beside the collection where ``None``.
        settings: the defaults where ``None``.
        announce: called with one line for each stage, and for what is left out.
        options: single settings by name, ``classifier`` and ``sources`` among them.

    Raises:
        VocabularyError: a folder is no style of the collection.
    """
    from impasto.evaluation.picture_score import PictureSettings, score_pictures  # noqa: PLC0415

    wanted = resolve(PictureSettings, settings, options)
    place = None if output is None else folder(output)
    return score_pictures(folder(pictures), folder(collection), place, wanted, announce=announce)


def evaluate_predictions(
    predictions: Thing,
    collection: "Collection | Thing",
    output: Thing | None = None,
    settings: "PredictionsSettings | Mapping[str, Any] | None" = None,
    *,
    against: "Sequence[Thing]" = (),
    announce: Announce | None = None,
    **options: Any,
) -> "ClassifierEvaluation":
    """Score predictions that any program made, and write a report on them.

    Args:
        predictions: a table (CSV, TSV, parquet, JSON, JSON lines) with a picture and a style a row,
            and perhaps a probability for each style; or a folder of Ultralytics' texts.
        collection: with the pictures that they answer.
        output: the folder to write; ``predictions/NAME`` beside the collection where ``None``, so
            that the report of a study has them.
        settings: the defaults where ``None``.
        against: evaluated runs to compare with, picture by picture.
        announce: called with a line for each thing that a reader must know.
        options: single settings by name.
    """
    from impasto.evaluation.predictions_score import score_predictions  # noqa: PLC0415
    from impasto.evaluation.settings import PredictionsSettings  # noqa: PLC0415
    from impasto.reporting.scored_page import write_scored_page  # noqa: PLC0415

    wanted = resolve(PredictionsSettings, settings, options)
    file, opened = folder(predictions), open_collection(collection)
    beside = opened.path.resolve().parent / "predictions" / file.stem
    place = beside if output is None else folder(output)
    made = score_predictions(
        file,
        opened,
        place,
        wanted,
        against=[folder(one) for one in against],
        announce=announce,
    )
    write_scored_page(made, place)
    return made


def evaluation_settings(kind: RunKind, by: Literal["artist"] | None = None) -> type[Settings]:
    """Return the settings class of an evaluation by the kind of run."""
    if by is None:
        from impasto.evaluation.evaluate import evaluation_settings as of_kind  # noqa: PLC0415

        return of_kind(kind)
    if kind != "classifier":
        raise InputError(f"an evaluation by artist needs a classifier; this run is of kind {kind}")
    from impasto.comparison.by_artist import ByArtistSettings  # noqa: PLC0415

    return ByArtistSettings


def predict(
    run: Run | Thing,
    images: "Thing | Image.Image | NDArray[np.uint8] | Sequence[Any]",
    output: Thing | None = None,
    settings: "PredictSettings | Mapping[str, Any] | None" = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "list[Prediction]":
    """Name the style of pictures, with calibrated probabilities.

    Args:
        run: a classifier.
        images: one or several: paths of pictures or folders, Pillow images, ``uint8 (H, W, 3)``.
        output: a folder for heat maps.
        settings: the defaults where ``None``.
        announce: called with one line for every picture that cannot be read.
        options: single settings by name.
    """
    from impasto.evaluation.predict import PredictSettings  # noqa: PLC0415
    from impasto.evaluation.predict import predict as predicted  # noqa: PLC0415

    wanted = resolve(PredictSettings, settings, options)
    place = None if output is None else folder(output)
    return predicted(folder(run), image_list(images), wanted, output=place, on_skip=announce)


def atlas(
    run: Run | Thing,
    collection: "Collection | Thing | None" = None,
    output: Thing | None = None,
    settings: "AtlasSettings | Mapping[str, Any] | None" = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "Atlas":
    """Embed a collection with a run's network, cluster the vectors, and draw maps.

    Args:
        run: a classifier, an autoencoder or a painter.
        collection: another than the run's own.
        output: the folder to write; ``RUN/atlas`` where ``None``.
        settings: the defaults where ``None``.
        announce: called with one line for each step.
        options: single settings by name.
    """
    from impasto.embedding.make_atlas import make_atlas  # noqa: PLC0415
    from impasto.embedding.settings import AtlasSettings  # noqa: PLC0415

    wanted = resolve(AtlasSettings, settings, options)
    place = None if output is None else folder(output)
    other = None if collection is None else folder(collection)
    return make_atlas(folder(run), other, wanted, output=place, announce=announce)


def atlas_of_vectors(
    collection: "Collection | Thing",
    vectors: "Thing | NDArray[Any]",
    output: Thing | None = None,
    settings: "AtlasSettings | Mapping[str, Any] | None" = None,
    *,
    ids: "Thing | Sequence[str] | None" = None,
    pretrained: bool = False,
    supervised: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> "Atlas":
    """Cluster and map vectors that any program, or a pre-trained encoder, gives a collection.

    Args:
        collection: whose paintings they are of.
        vectors: a file ``.npy``, ``.npz``, ``.safetensors``, ``.parquet`` or ``.csv``; an array
            ``(N, D)``; or ``hf:`` and the hub name or folder of a vision model of transformers.
        output: the folder to write; ``atlases/NAME`` beside the collection where ``None``.
        settings: the defaults where ``None``.
        ids: a file of ids, or the ids; ``None``: those in the file or beside it, and for an array
            the collection's own.
        pretrained: the vectors come from a pre-trained network, a yardstick; an encoder always is.
        supervised: the vectors' network has learnt the styles of the training pictures.
        announce: called with one line for each step.
        options: single settings by name.

    Raises:
        InputError: the vectors cannot be used.
    """
    import numpy as np  # noqa: PLC0415

    encoder = isinstance(vectors, str) and vectors.startswith("hf:")
    if encoder:
        from impasto.hub import require_model  # noqa: PLC0415

        require_model(str(vectors).removeprefix("hf:"), "config.json")  # before what takes seconds
        if ids is not None or supervised:
            raise InputError("ids and supervised do not apply to an encoder: leave them out")
    from impasto.embedding.make_atlas import (  # noqa: PLC0415
        make_encoder_atlas,
        make_vector_atlas,
    )
    from impasto.embedding.settings import AtlasSettings  # noqa: PLC0415

    wanted = resolve(AtlasSettings, settings, options)
    place = None if output is None else folder(output)
    found = folder(collection)
    if encoder:
        return make_encoder_atlas(found, str(vectors), wanted, output=place, announce=announce)
    given: Any = vectors if isinstance(vectors, np.ndarray) else folder(vectors)
    several = isinstance(ids, Sequence) and not isinstance(ids, str)
    named: Any = ids if ids is None or several else folder(cast("Thing", ids))
    return make_vector_atlas(
        found,
        given,
        wanted,
        ids=named,
        pretrained=pretrained,
        supervised=supervised,
        output=place,
        announce=announce,
    )


def add_to_atlas(
    run: Run | Thing,
    images: "Thing | Image.Image | NDArray[np.uint8] | Sequence[Any]",
    output: Thing | None = None,
    *,
    device: Any = "auto",
    announce: Announce | None = None,
) -> "pa.Table":
    """Place pictures in an atlas that is there; no painting of it moves.

    Args:
        run: the run whose atlas it is; or the folder of an atlas of vectors or of an encoder.
        images: as for ``predict``; for an atlas of vectors, files of the pictures' vectors.
        output: the atlas's folder; ``RUN/atlas`` where ``None``.
        device: where the network computes.
        announce: called with one line for every picture that cannot be read.
    """
    from impasto.embedding.add_images import add_to_atlas  # noqa: PLC0415

    place = None if output is None else folder(output)
    return add_to_atlas(
        folder(run), image_list(images), atlas=place, device=device, on_skip=announce
    )
