"""The verb that lets models out: export."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from impasto.config import resolve
from impasto.records.run import Run
from impasto.verbs.inputs import Announce, Thing, folder, open_run

if TYPE_CHECKING:
    from impasto.release.export_run import Exported
    from impasto.release.settings import ExportSettings


def export(
    run: Run | Thing,
    output: Thing | None = None,
    settings: "ExportSettings | Mapping[str, Any] | None" = None,
    *,
    space: Thing | None = None,
    push: str | None = None,
    announce: Announce | None = None,
    **options: Any,
) -> "Exported":
    """Write a run's network for other programs: ONNX, and weights for ``from_pretrained``.

    Args:
        run: a classifier, an autoencoder or a painter.
        output: the folder to write; ``RUN/export`` where ``None``.
        settings: the defaults where ``None``.
        space: a folder for a Gradio program around the ONNX file.
        push: upload to this repository of the hub, ``owner/name``, when done.
        announce: called with one line for each file.
        options: single settings by name.
    """
    from impasto.release.export_run import export_run  # noqa: PLC0415
    from impasto.release.settings import ExportSettings  # noqa: PLC0415

    wanted = resolve(ExportSettings, settings, options)
    return export_run(
        open_run(run),
        None if output is None else folder(output),
        wanted,
        space=None if space is None else folder(space),
        push=push,
        announce=announce,
    )
