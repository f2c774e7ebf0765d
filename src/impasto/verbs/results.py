"""Verbs that make pictures and pages: paint, report, site, serve, study."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from impasto.config import Settings, resolve
from impasto.errors import InputError, RunError
from impasto.records.run import Run, RunKind
from impasto.verbs.inputs import Announce, Thing, folder, image_list, kind_of, source_paths

if TYPE_CHECKING:
    from impasto.page.export import SitePaths
    from impasto.pipeline import Study, StudySettings
    from impasto.records.painting import Painted
    from impasto.reporting.report import ReportPaths


def paint(
    run: Run | Thing,
    images: "Thing | Sequence[Thing]" = (),
    output: Thing = "painted",
    settings: Settings | Mapping[str, Any] | None = None,
    *,
    announce: Announce | None = None,
    **options: Any,
) -> "Sequence[Painted]":
    """Paint in a style: pictures anew with a painter, words or pictures with a LoRA.

    Args:
        run: a painter, a LoRA, or a folder with a LoRA for each style.
        images: pictures, or folders of them, to begin with; a painter needs some.
        output: the folder to write.
        settings: of the class that ``painting_settings`` gives for the kind of run.
        announce: called with one line for every picture that cannot be read.
        options: single settings by name.
    """
    kind = kind_of(run)
    wanted: Any = resolve(painting_settings(kind, folder(run)), settings, options)
    pictures = image_list(images)
    if kind == "painter":
        from impasto.generate.repaint import repaint  # noqa: PLC0415

        if not pictures:
            raise InputError("a painter paints pictures anew: name some, or folders of them")
        return repaint(folder(run), pictures, wanted, output=folder(output), on_skip=announce)
    from impasto.generate.text_to_image import diffuse  # noqa: PLC0415

    return diffuse(folder(run), pictures, wanted, output=folder(output), on_skip=announce)


def painting_settings(kind: RunKind, run: Path) -> type[Settings]:
    """Return the settings class of ``paint`` by the kind of run.

    Raises:
        RunError: this kind does not paint.
    """
    match kind:
        case "painter":
            from impasto.generate.repaint import RepaintSettings  # noqa: PLC0415

            return RepaintSettings
        case "lora":
            from impasto.generate.text_to_image import DiffuseSettings  # noqa: PLC0415

            return DiffuseSettings
        case "classifier" | "autoencoder":
            raise RunError(
                f"{run} holds a {kind}, which does not paint: "
                "give the run of impasto train painter or impasto train lora"
            )
        case _:
            assert_never(kind)


def report(study: "Study | Thing") -> "ReportPaths":
    """Write ``report.md`` and ``report.html`` from the files of a study."""
    from impasto.reporting.report import write_report  # noqa: PLC0415

    return write_report(folder(study))


def site(study: "Study | Thing") -> "SitePaths":
    """Write the atlas page of a study, a folder that opens from disk."""
    from impasto.page.export import write_site  # noqa: PLC0415

    return write_site(folder(study))


def serve(study: "Study | Thing", port: int = 8000, *, announce: Announce | None = None) -> None:
    """Serve the atlas page and the report of a study on localhost, until interrupted.

    Args:
        study: with a page.
        port: 0 takes any that is free.
        announce: called with the address once the server listens.
    """
    from impasto.page.server import server  # noqa: PLC0415

    with server(folder(study), port) as (running, address):
        if announce is not None:
            announce(address)
        running.serve_forever()


def study(
    source: "Thing | Sequence[Thing] | None" = None,
    output: Thing = "study",
    settings: "StudySettings | Mapping[str, Any] | None" = None,
    *,
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
        fresh: remove the study that is in the folder, and begin it anew.
        progress: show each stage's progress on standard error.
        announce: called with one line as each stage begins.
        options: single settings by name, tables as mappings: ``train={"epochs": 3}``.
    """
    from impasto.pipeline import StudySettings, run_study  # noqa: PLC0415

    wanted = resolve(StudySettings, settings, options)
    pictures = None if source is None else source_paths(source)
    return run_study(
        pictures, folder(output), wanted, fresh=fresh, progress=progress, announce=announce
    )
