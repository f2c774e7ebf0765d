"""Verbs that make pictures and pages: paint, report, site, serve, study."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, assert_never

from impasto.config import Settings, merged, resolve
from impasto.errors import InputError, RunError
from impasto.recipes import Recipe
from impasto.recipes import recipe as settings_of_recipe
from impasto.records.place import way_on
from impasto.records.run import Run
from impasto.verbs.inputs import (
    Announce,
    Thing,
    folder,
    image_list,
    kind_of,
    open_collection,
    source_paths,
)

if TYPE_CHECKING:
    from impasto.collection.collection import Collection
    from impasto.page.export import SitePaths
    from impasto.pipeline import Study, StudySettings
    from impasto.records.painting import Painted
    from impasto.reporting.report import ReportPaths


PaintKind = Literal["painter", "lora", "collection", "references"]
"""Source of a style: a trained painter, a LoRA, a collection's paintings, or any pictures."""


def paint(
    run: "Run | Collection | Thing | None",
    images: "Thing | Sequence[Thing]" = (),
    output: Thing = "painted",
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "Sequence[Painted]":
    """Paint in a style: pictures anew, or words with a LoRA.

    Args:
        run: a painter; a collection, whose paintings lend their patches without any training; a
            LoRA, or a folder with a LoRA for each style; ``None``: the pictures in ``references``
            lend their patches.
        images: pictures, or folders of them, to begin with; only a LoRA needs none.
        output: the folder to write.
        settings: of the class that ``painting_settings`` gives for the kind.
        announce: called with one line for every picture that cannot be read.
        options: single settings by name.
    """
    kind = paint_kind(run)
    wanted: Any = resolve(painting_settings(kind), settings, options)
    pictures, place = image_list(images), folder(output)
    if kind == "lora":
        from impasto.generate.text_to_image import diffuse  # noqa: PLC0415

        return diffuse(folder(_given(run)), pictures, wanted, output=place, on_skip=announce)
    from impasto.generate import repaint  # noqa: PLC0415

    if not pictures:
        raise InputError(f"{_PAINTED_BY[kind]} paints pictures anew: name some, or folders of them")
    if kind == "painter":
        path = folder(_given(run))
        return repaint.repaint(path, pictures, wanted, output=place, on_skip=announce)
    if kind == "collection":
        found = open_collection(_given(run))
        return repaint.repaint_from_collection(
            found, pictures, wanted, output=place, on_skip=announce
        )
    if kind == "references":
        if not wanted.references:
            raise InputError(
                "no run, no collection and no references: name one of them to paint with"
            )
        return repaint.repaint_like(pictures, wanted, output=place, on_skip=announce)
    assert_never(kind)


_PAINTED_BY: Final[Mapping[PaintKind, str]] = {
    "painter": "a painter",
    "lora": "a LoRA",
    "collection": "a collection",
    "references": "a reference",
}


def _given(run: "Run | Collection | Thing | None") -> "Run | Collection | Thing":
    assert run is not None
    return run


def paint_kind(run: "Run | Collection | Thing | None") -> PaintKind:
    """Return what paints: the kind of a run, a collection, or references alone.

    Raises:
        RunError: it is no collection and no run, or a run of a kind that does not paint.
    """
    if run is None:
        return "references"
    if not isinstance(run, Run) and (folder(run) / "collection.json").is_file():
        return "collection"
    path = folder(run)
    if not any(any(path.glob(mark)) for mark in ("run.json", "*/run.json")):
        raise RunError(
            f"no run and no collection in {path}: "
            + (
                way_on(path)
                or "impasto prepare makes a collection to paint with, impasto train painter a run"
            )
        )
    match kind := kind_of(run):
        case "painter" | "lora":
            return kind
        case "classifier" | "autoencoder":
            raise RunError(
                f"{folder(run)} holds a run of kind {kind}, which does not paint: give the run of "
                "impasto train painter or impasto train lora, or a collection"
            )
        case _:
            assert_never(kind)


def painting_settings(kind: PaintKind) -> type[Settings]:
    """Return the settings class of ``paint`` by what paints."""
    match kind:
        case "painter":
            from impasto.generate.repaint import RepaintSettings  # noqa: PLC0415

            return RepaintSettings
        case "collection" | "references":
            from impasto.generate.repaint import PatchSettings  # noqa: PLC0415

            return PatchSettings
        case "lora":
            from impasto.generate.text_to_image import DiffuseSettings  # noqa: PLC0415

            return DiffuseSettings
        case _:
            assert_never(kind)


def report(study: "Study | Thing", hand_in: Thing | None = None) -> "ReportPaths":
    """Write ``report.md`` and ``report.html`` from the files of a study.

    Args:
        study: its folder.
        hand_in: a folder to write the course's assignment to, part by part.
    """
    from impasto.reporting.report import write_report  # noqa: PLC0415

    return write_report(folder(study), hand_in=None if hand_in is None else folder(hand_in))


def site(study: "Study | Thing", *, parquet: bool = False) -> "SitePaths":
    """Write the atlas page of a study, a folder that opens from disk.

    Args:
        study: with an atlas.
        parquet: write ``site/atlas.parquet`` too, for Embedding Atlas and the like.
    """
    from impasto.page.export import write_site  # noqa: PLC0415

    return write_site(folder(study), parquet=parquet)


def serve(
    study: "Study | Thing",
    port: int = 8000,
    *,
    host: str = "127.0.0.1",
    decisions: Thing | None = None,
    announce: Announce | None = None,
    on_skip: Announce | None = None,
) -> None:
    """Serve a study until interrupted: its page and report, and answers about one's own pictures.

    Args:
        study: with a page.
        port: 0 takes any that is free.
        host: the address to listen on; another than localhost asks every visitor for a token.
        decisions: the CSV file that the page's decisions on pictures are written to; ``None``: the
            server writes nothing.
        announce: called with the address once the server listens.
        on_skip: called with one line for each run that cannot be opened.

    Raises:
        InputError: there is no page, or the port is taken.
        MissingExtraError: Starlette or uvicorn is not installed.
    """
    from impasto.page.server import server  # noqa: PLC0415

    opened = server(
        folder(study),
        port,
        host=host,
        decisions=None if decisions is None else folder(decisions),
        on_skip=on_skip or (lambda line: None),
    )
    with opened as running:
        if announce is not None:
            announce(running.address)
        running.serve_forever()


def study(
    source: "Thing | Sequence[Thing] | None" = None,
    output: Thing = "study",
    settings: "StudySettings | Mapping[str, Any] | None" = None,
    *,
    recipe: Recipe | None = None,
    fresh: bool = False,
    progress: bool = False,
    announce: Announce | None = None,
    **options: Any,
) -> "Study":
    """Do the whole path in order: prepare, audit, train, evaluate, map, report.

    Args:
        source: as for ``prepare``; ``None``: the sample gallery.
        output: the study's folder; one that was cut off continues there.
        settings: of every stage; the defaults where ``None``.
        recipe: settings of all stages by name, over which ``settings`` as a table and ``options``
            are laid.
        fresh: remove the study that is in the folder, and begin it anew.
        progress: show each stage's progress on standard error.
        announce: called with one line as each stage begins.
        options: single settings by name, tables as mappings: ``train={"epochs": 3}``.
    """
    from impasto.pipeline import StudySettings, run_study  # noqa: PLC0415

    if recipe is not None:
        given = resolve(StudySettings, settings, {}).model_dump(mode="json", exclude_unset=True)
        settings = merged(settings_of_recipe(recipe), given)
    wanted = resolve(StudySettings, settings, options)
    pictures = None if source is None else source_paths(source)
    return run_study(
        pictures, folder(output), wanted, fresh=fresh, progress=progress, announce=announce
    )
