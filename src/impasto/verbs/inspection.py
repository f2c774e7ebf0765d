"""Verbs that look and compare: info, compare, doctor."""

import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from impasto.config import resolve
from impasto.errors import InputError, install_line
from impasto.files import checksums, read_json
from impasto.numerics.formatting import abridged
from impasto.records import run as runs
from impasto.records.place import PlaceKind, place_kind, way_on
from impasto.verbs.inputs import Announce, Thing, folder, open_collection

if TYPE_CHECKING:
    from impasto.collection.collection import Collection
    from impasto.evaluation.compare_class import ClassSettings
    from impasto.records.class_comparison import ClassComparison
    from impasto.records.run_comparison import RunComparison

EXTRAS: Final = {
    "hub": "huggingface_hub",
    "board": "tensorboard",
    "labels": "cleanlab",
    "maps": "umap",
    "lora": "diffusers",
    "notebook": "pandas",
    "web": "uvicorn",
}
"""A package of each extra, by which it is recognised."""
LEAST_FREE: Final = 5 * 2**30  # bytes of disk for a collection, its runs and a study


@dataclass(frozen=True, slots=True)
class Info:
    """Description of a path.

    Attributes:
        path: the path.
        kind: what it is.
        facts: its properties by name; none where files are damaged.
        checked: files whose checksum was compared.
        damaged: those that are not as they were written, each with the reason.
    """

    path: Path
    kind: PlaceKind
    facts: dict[str, str]
    checked: int
    damaged: dict[Path, str] = field(default_factory=dict)


def info(path: Thing, *, check: bool = True) -> Info:
    """Describe a study, a run, a collection, or whatever a path is.

    Args:
        path: any file or folder.
        check: compare it, or the files below it, with their checksums.

    Raises:
        InputError: there is no such path, or what describes it is damaged.
    """
    place = folder(path)
    kind = place_kind(place)
    if kind == "missing":
        raise InputError(f"{place}: there is no such file or folder")
    checked, damaged = _checked(place) if check else (0, {})
    facts = {} if damaged else _facts(place, kind)
    return Info(place, kind, facts, checked, damaged)


def _checked(place: Path) -> tuple[int, dict[Path, str]]:
    """Number of files with a checksum, and the damaged ones, each with the reason."""
    if place.is_dir():
        return checksums.count(place), checksums.damaged_files(place)
    reason = checksums.damage(place)
    return int(checksums.is_noted(place)), {} if reason is None else {place: reason}


def _facts(place: Path, kind: PlaceKind) -> dict[str, str]:
    match kind:
        case "run":
            return _run_facts(place)
        case "collection":
            from impasto.collection.collection import SPLITS, open_collection  # noqa: PLC0415

            found = open_collection(place)
            splits = ", ".join(f"{len(found.indices(split)):,} {split}" for split in SPLITS)
            return {
                "paintings": f"{len(found):,} ({splits})",
                "styles": f"{len(found.vocabulary)}: {abridged(found.vocabulary.styles)}",
                "pixels": str(found.settings.get("pixels")) if found.has_pictures else "names only",
                "sources": ", ".join(found.record.sources),
                "fingerprint": found.fingerprint,
            }
        case "study" | "runs":
            inside = sorted(place.glob("runs/*/run.json" if kind == "study" else "*/run.json"))
            facts = {f"run {one.parent.name}": _run_line(one.parent) for one in inside}
            for name in ("report.html", "site/index.html"):
                if (place / name).is_file():
                    facts[name.split("/")[0].split(".")[0]] = str(place / name)
            return facts
        case _:
            return {"next": way} if (way := way_on(place)) else {}


def _run_facts(place: Path) -> dict[str, str]:
    run = runs.open_run(place)
    created = read_json(place / "run.json").get("created", "–")
    facts = {
        "kind": run.kind,
        "state": _state(run),
        "begun": str(created),
        "collection": f"{run.collection['path']} ({run.collection['fingerprint']})",
        "styles": str(len(run.styles)),
        "settings": ", ".join(
            f"{name}={value}" for name, value in run.settings.items() if not isinstance(value, dict)
        ),
    }
    return facts | {"evaluated": "yes" if run.evaluation_path.is_dir() else "no"}


def _run_line(place: Path) -> str:
    run = runs.open_run(place)
    return f"{run.kind}, {_state(run)}" + (", evaluated" if run.evaluation_path.is_dir() else "")


def _state(run: runs.Run) -> str:
    if run.state == "done":
        return "done"
    lines = run.metrics()
    reached = f"at epoch {lines[-1]['epoch']:.1f}" if lines else "before its first step"
    return f"running, or cut off {reached}: the same command goes on"


def compare(
    *entry: Thing,
    hidden: "Collection | Thing | None" = None,
    output: Thing | None = None,
    settings: "ClassSettings | Mapping[str, Any] | None" = None,
    seed: int = 0,
    announce: Announce | None = None,
    **options: Any,
) -> "RunComparison | ClassComparison":
    """Compare classifiers on the same test pictures, by paired intervals and tests.

    Args:
        entry: two or more evaluated runs, or folders of ``evaluate_predictions``; the first is the
            one that the others are compared with. With ``hidden``: runs, files of predictions and
            folders of them, which are compared with one another.
        hidden: a collection of pictures that all are to answer.
        output: with ``hidden``, the folder to write pages to.
        settings: with ``hidden``; the defaults where ``None``.
        seed: of the draws.
        announce: called with a line for each submission.
        options: with ``hidden``, single settings by name.

    Raises:
        InputError: settings were given without ``hidden``, or no output with it.
    """
    if hidden is None:
        if output is not None or settings is not None or options:
            raise InputError("an output and settings go with hidden: name that collection")
        from impasto.evaluation.compare_runs import compare_runs  # noqa: PLC0415

        return compare_runs([folder(one) for one in entry], seed=seed)
    if output is None:
        raise InputError("a comparison on hidden pictures is written to a folder: name an output")
    from impasto.evaluation.compare_class import ClassSettings, compare_class  # noqa: PLC0415
    from impasto.reporting.class_pages import write_class_pages  # noqa: PLC0415

    wanted = resolve(ClassSettings, settings, options if seed == 0 else {**options, "seed": seed})
    place = folder(output)
    made = compare_class(
        [folder(one) for one in entry], open_collection(hidden), place, wanted, announce=announce
    )
    write_class_pages(made, place, announce=announce)
    return made


@dataclass(frozen=True, slots=True)
class Check:
    """One line of ``doctor``.

    Attributes:
        name: of the thing checked.
        outcome: ``missing`` is something optional, ``wrong`` something that impasto needs.
        text: what was found, and what to do about it.
    """

    name: str
    outcome: Literal["ok", "missing", "wrong"]
    text: str


def doctor(place: Thing = ".") -> list[Check]:
    """Check this installation and machine, and the disk of a folder."""
    return [
        _python(),
        *_torch(),
        _machine(),
        _disk(folder(place)),
        *_extras(),
        _fonts(),
        _browser(),
    ]


def _python() -> Check:
    known = sys.version_info >= (3, 11)
    text = f"{platform.python_version()} on {platform.platform()}, impasto "
    text += f"{metadata.version('impasto')} in {Path(__file__).parents[1]}"
    return Check("python", "ok" if known else "wrong", text)


def _torch() -> list[Check]:
    try:
        import torch  # noqa: PLC0415

        from impasto.devices import device_of, precision_of  # noqa: PLC0415
    except (ImportError, OSError) as error:
        line = "pip install torch --index-url https://download.pytorch.org/whl/cpu"
        return [Check("torch", "wrong", f"cannot be imported ({error}): {line}")]
    device = device_of("auto")
    names = [torch.cuda.get_device_name(one) for one in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("Apple GPU (mps; not tested)")
    text = f"{torch.__version__}, {torch.get_num_threads()} threads"
    found = ", ".join(names) or "no GPU that torch can use"
    return [
        Check("torch", "ok", text),
        Check("devices", "ok", f"{found}; auto takes {device}"),
        Check("precision", "ok", f"auto takes {precision_of('auto', device)} on {device.type}"),
    ]


def _machine() -> Check:
    cores = os.cpu_count() or 1
    text = f"{cores} cores"
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        text += (
            f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB memory"
        )
    return Check("machine", "ok", text)


def _disk(place: Path) -> Check:
    there = next((one for one in (place, *place.resolve().parents) if one.exists()), Path("/"))
    free = shutil.disk_usage(there).free
    text = f"{free / 2**30:.1f} GiB free in {there.resolve()}"
    if free < LEAST_FREE:
        text += ": a study of 80,000 pictures needs 5; choose a folder on another disk with -o"
    return Check("disk", "ok" if free >= LEAST_FREE else "missing", text)


def _extras() -> list[Check]:
    found = []
    for extra, package in EXTRAS.items():
        there = util.find_spec(package) is not None
        text = "installed" if there else f"not installed: {install_line(extra)}"
        found.append(Check(f"extra {extra}", "ok" if there else "missing", text))
    return found


def _fonts() -> Check:
    from PIL import features  # noqa: PLC0415

    from impasto.images.fonts import dejavu  # noqa: PLC0415

    layout = "with" if features.check("raqm") else "without"
    return Check("fonts", "ok", f"{dejavu().name}, {layout} complex layout (raqm)")


def _browser() -> Check:
    path = chromium()
    if path is None:
        return Check("chromium", "missing", "for tests of the page: apt-get install chromium")
    return Check("chromium", "ok", f"{path}, for tests of the page")


def chromium() -> str | None:
    """The path of Chromium, with which tests open the page; ``None`` without it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def as_data(found: Info) -> dict[str, Any]:
    """Plain data of a description."""
    return {
        "path": str(found.path),
        "kind": found.kind,
        "facts": found.facts,
        "checked": found.checked,
        "damaged": {str(path): reason for path, reason in found.damaged.items()},
    }
