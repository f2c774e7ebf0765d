"""Export: a run's network as files that other programs run.

DIR/model.onnx                      classifier: pictures to probabilities, embedding, conformal set
DIR/encode.onnx, decode.onnx        autoencoder
DIR/paint.onnx                      painter
DIR/model.safetensors, config.json  the weights for ``from_pretrained`` (release/pretrained.py)
DIR/README.md                       the model card, where one is asked for
SPACE/                              a Gradio program around the ONNX file, where one is asked for
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.errors import MissingExtraError
from impasto.files import make_folder, write_text
from impasto.records.run import Run, RunKind, open_run
from impasto.release.card import card
from impasto.release.onnx_files import require_extra, write_onnx
from impasto.release.parts import parts_of
from impasto.release.pretrained import write_pretrained
from impasto.release.settings import ExportSettings
from impasto.release.space import write_space

Announce = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """Result of an export.

    Attributes:
        path: the folder.
        kind: of the run.
        files: names of the files in it.
        facts: metadata of the ONNX files.
        space: the folder of the Gradio program; ``None`` where none was asked for.
        address: of the hub's repository; ``None`` where nothing was uploaded.
    """

    path: Path
    kind: RunKind
    files: tuple[str, ...]
    facts: dict[str, Any]
    space: Path | None
    address: str | None


def export_run(
    run: Run | Path | str,
    output: Path | None = None,
    settings: ExportSettings | None = None,
    *,
    space: Path | None = None,
    push: str | None = None,
    announce: Announce | None = None,
) -> Exported:
    """Write a run's network for other programs.

    Args:
        run: of a classifier, an autoencoder or a painter.
        output: the folder to write; ``RUN/export`` where ``None``.
        settings: the defaults where ``None``.
        space: a folder for a Gradio program around the ONNX file.
        push: upload to this repository of the hub, ``owner/name``; it gets the card, too.
        announce: called with one line for each file, and for a run without an evaluation.

    Raises:
        RunError: there is no network to export, or it is not to be had as ONNX.
        MissingExtraError: the packages that write ONNX are not installed, or for ``push`` the
            hub's.
        InputError: the repository could not be written to.
        OutputError: a folder cannot be written.
    """
    settings, tell = settings or ExportSettings(), announce or (lambda line: None)
    opened = run if isinstance(run, Run) else open_run(run)
    require_extra()
    if push is not None:
        _require_access(push)
    parts = parts_of(opened, settings, tell)
    folder = make_folder(output or opened.path / "export")
    files = []
    for name, graph in parts.graphs.items():
        tell(f"writing {folder / name}")
        write_onnx(folder / name, graph, parts.facts)
        files.append(name)
    if opened.settings.get("network") != "own":  # nobody else has the code of such a network
        files += write_pretrained(folder, parts, opened.kind)
    if settings.card or push is not None:
        write_text(folder / "README.md", card(opened, parts, settings))
        files.append("README.md")
    if space is not None:
        write_space(space, folder, opened, parts, settings)
    address = None
    if push is not None:
        from impasto.publish.hub import push as upload  # noqa: PLC0415 – optional

        address = upload(folder, push, files)
    return Exported(folder, opened.kind, tuple(files), dict(parts.facts), space, address)


def _require_access(repository: str) -> None:
    try:
        from impasto.publish.hub import require_access  # noqa: PLC0415 – optional
    except ImportError as missing:
        raise MissingExtraError("--push", "hub") from missing
    require_access(repository)
