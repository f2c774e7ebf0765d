"""The atlas page: a static folder that opens from disk, made from the files of a study alone.

STUDY/site/index.html      the page
STUDY/site/app/            its scripts and styles, as they stand in this package
STUDY/site/data/           what it shows, as scripts; loaded where they are looked at
STUDY/site/atlas.parquet   the same as a table with pictures, for Embedding Atlas and the like

The same files give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from impasto.collection.collection import SPLITS, Collection, open_collection
from impasto.errors import InputError
from impasto.files import replacing, write_text
from impasto.images.palette import page_script, style_sheet
from impasto.page import sprites as sheets
from impasto.page.atlas_data import RunAtlas, read_runs
from impasto.page.atlas_words import axes, clustering_title, score_tables
from impasto.page.embedding_atlas import write_embedding
from impasto.page.scripts import ScriptFolder, encoded

FORMAT: Final = 1
UNDATED: Final = -32768
"""Stands for a year that is not known; as in static/data.js."""
STYLES: Final = ("palette.css", "page.css", "panels.css")
SCRIPTS: Final = (
    "store.js", "address.js", "geometry.js", "data.js", "palette.js", "colours.js", "filters.js", "pictures.js", "shaders.js",
    "renderer.js", "mapview.js", "gestures.js", "dom.js", "legend.js", "timeline.js", "painting.js", "panels.js",
    "app.js",
)  # fmt: skip
"""In the order in which they are loaded."""
GENERATED: Final = {"palette.css": style_sheet, "palette.js": page_script}
"""Files that this package holds as data, not as text."""


@dataclass(frozen=True, slots=True)
class SitePaths:
    """The page, and the table beside it."""

    page: Path
    table: Path


def has_atlas(study: Path) -> bool:
    """Whether any run of a study has an atlas, without which there is nothing to show."""
    return any((Path(study) / "runs").glob("*/atlas/atlas.json"))


def write_site(study: Path) -> SitePaths:
    """The written page of a study.

    Raises:
        InputError: no run has an atlas.
        ImpastoError: there is no collection, an atlas is damaged or of another one, or the folder
            cannot be written.
    """
    study = Path(study)
    collection = open_collection(study / "collection")
    runs = read_runs(study / "runs", collection)
    main = next((run for run in runs if run.table is not None), None)
    if main is None:
        first = next(
            (study / "runs").glob("*/run.json"), study / "runs" / "classifier" / "run.json"
        ).parent
        raise InputError(
            f"no run in {study / 'runs'} has an atlas: make one with impasto atlas {first}, then repeat"
        )
    site, rows = study / "site", sheets.order(*main.maps()[0][1].T)
    folder = ScriptFolder(site / "data")
    levels = _write_pictures(folder, collection, rows)
    _write_paintings(folder, collection, rows)
    for place, run in enumerate(runs):
        _write_run(folder, place, run)
    report = "../report.html" if (study / "report.html").is_file() else None
    folder.add("site", _facts(study, collection, runs, levels, report))
    write_embedding(site / "atlas.parquet", collection, main)
    for name in (*STYLES, *SCRIPTS):
        if name in GENERATED:
            write_text(site / "app" / name, GENERATED[name]())
        else:
            _copy(name, site / "app" / name)
    _sweep(site / "data", folder.names)
    _sweep(site / "app", {*STYLES, *SCRIPTS})
    content = {
        "name": _name(study),
        "version": folder.digest,
        "report": report,
        "sheets": STYLES,
        "scripts": SCRIPTS,
    }
    write_text(site / "index.html", _render(content))
    return SitePaths(site / "index.html", site / "atlas.parquet")


def _render(content: dict[str, Any]) -> str:
    """The frame of the page; its scripts fill it."""
    loader = PackageLoader("impasto.page", "templates")
    environment = Environment(
        loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
    return environment.get_template("page.html.j2").render(content).strip() + "\n"


def _name(study: Path) -> str:
    return study.resolve().name


def _write_pictures(
    folder: ScriptFolder, collection: Collection, rows: Any
) -> tuple[sheets.Level, sheets.Level]:
    levels = sheets.levels(len(collection), int(collection.pixels.shape[1]))
    for place, level in enumerate(levels):
        for number, jpeg in enumerate(sheets.sheets(collection.pixels, rows, level)):
            folder.add(f"sheets/{place}/{number}", sheets.text_of(jpeg))
    return levels


def _write_paintings(folder: ScriptFolder, collection: Collection, rows: Any) -> None:
    place = np.empty(len(rows), np.int64)
    place[rows] = np.arange(len(rows))
    years = [UNDATED if year is None else year for year in collection.column("year")]
    columns = {
        "style": encoded(collection.labels, "i2"),
        "split": encoded(
            np.array([SPLITS.index(split) for split in collection.column("split")]), "u1"
        ),
        "year": encoded(np.array(years), "i2"),
        "ratio": encoded(_ratios(collection), "u1"),
        "place": encoded(place, "u4"),
    }
    folder.add("paintings", columns)
    artists = sorted({artist for artist in collection.column("artist") if artist})
    known = {artist: at for at, artist in enumerate(artists)}
    at = [known.get(artist, -1) for artist in collection.column("artist")]
    words = {
        "id": collection.column("id"),
        "title": collection.column("title"),
        "artist": at,
        "artists": artists,
    }
    folder.add("words", words)


def _ratios(collection: Collection) -> Any:
    """The originals' width to height as 64ths of an octave about 128; panoramas keep their room within bounds."""
    if collection.settings.get("fit") != "squash":
        return np.full(len(collection), 128)
    width, height = (
        np.array([v or 1 for v in collection.column(name)], float) for name in ("width", "height")
    )
    return np.round(128 + 64 * np.log2(np.clip(width / height, 0.4, 2.5)))


def _write_run(folder: ScriptFolder, place: int, run: RunAtlas) -> None:
    for number, (_, points) in enumerate(run.maps()):
        folder.add(f"runs/{place}/map-{number}", encoded(points, "f4"))
    if run.facts and run.table is not None:
        for number, made in enumerate(run.facts.clusterings):
            folder.add(
                f"runs/{place}/cluster-{number}",
                encoded(run.table[f"cluster_{made.name}"].to_numpy(), "i2"),
            )
        if near := _neighbours(run):
            flat = np.full((run.table.num_rows, near), -1, np.int64)
            for row, others in enumerate(run.table["neighbours"].to_pylist()):
                flat[row, : len(others)] = others
            folder.add(f"runs/{place}/neighbours", encoded(flat, "i4"))
    if answers := run.answers:
        shares = encoded(np.round(answers.probabilities * 65535), "u2")
        named = {"rows": encoded(answers.rows, "i4"), "predicted": encoded(answers.predicted, "i2")}
        folder.add(f"runs/{place}/answers", {**named, "probabilities": shares})
        if answers.heat is not None:
            folder.add(f"runs/{place}/heat", encoded(answers.heat, "u1"))


def _neighbours(run: RunAtlas) -> int:
    """How many neighbours a painting has at most."""
    if run.table is None or "neighbours" not in run.table.column_names:
        return 0
    return max((len(others) for others in run.table["neighbours"].to_pylist()), default=0)


def _facts(
    study: Path,
    collection: Collection,
    runs: Sequence[RunAtlas],
    levels: Sequence[sheets.Level],
    report: str | None,
) -> dict[str, Any]:
    years = [year for year in collection.column("year") if year is not None]
    known = {
        name: sum(value is not None for value in collection.column(name))
        for name in ("artist", "title", "year")
    }
    return {
        "format": FORMAT,
        "name": _name(study),
        "command": "impasto site",
        "report": report,
        "count": len(collection),
        "styles": list(collection.vocabulary.styles),
        "splits": list(SPLITS),
        "known": known,
        "years": [min(years), max(years)] if years else None,
        "levels": [
            {"tile": level.tile, "across": level.across, "sheets": level.sheets} for level in levels
        ],
        "runs": [_run_facts(place, run) for place, run in enumerate(runs)],
    }


def _run_facts(place: int, run: RunAtlas) -> dict[str, Any]:
    facts, heat = run.facts, run.answers.heat if run.answers else None
    clusterings = facts.clusterings if facts else ()
    return {
        "place": place,
        "name": run.name,
        "kind": run.run.kind,
        "supervised": facts is not None and facts.supervised,
        "maps": [
            {
                "name": made.name,
                "title": made.title,
                "axes": axes(made.axes),
                "trustworthiness": made.trustworthiness,
            }
            for made, _ in run.maps()
        ],
        "clusterings": [
            {"name": made.name, "title": clustering_title(made)} for made in clusterings
        ],
        "verdict": list(facts.verdict) if facts else [],
        "tables": score_tables(facts) if facts else [],
        "answers": run.answers is not None,
        "heat": None if heat is None else list(heat.shape[1:]),
        "neighbours": _neighbours(run),
    }


def _copy(name: str, path: Path) -> None:
    content = (files("impasto.page") / "static" / name).read_bytes()
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _sweep(folder: Path, wanted: set[str]) -> None:
    """Take away what an earlier export left: files of ours that this one did not write."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in wanted:
            path.unlink(missing_ok=True)
