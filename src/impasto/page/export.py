"""The atlas page: a static folder that opens from disk, made from the files of a study alone.

STUDY/site/index.html      the page
STUDY/site/app/            its scripts and styles, as they stand in this package
STUDY/site/data/           what it shows, as scripts; loaded when they are first needed
STUDY/site/story.md        the guided tour that it shows; STUDY/story.md replaces the generated one
STUDY/site/atlas.parquet   where it is wanted: the same as a table with pictures, for Embedding
                           Atlas and the like

The same files give the same bytes.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from impasto.collection.audit import PICTURE_RULES, label_check
from impasto.collection.collection import SPLITS, Collection, open_collection
from impasto.errors import InputError
from impasto.files import write_bytes, write_text
from impasto.files.checksums import CHECKSUMS, forget
from impasto.images.palette import page_script, style_sheet
from impasto.page import sprites
from impasto.page.atlas_data import RunAtlas, atlas_files, neighbour_rows, read_runs
from impasto.page.embedding_atlas import write_embedding
from impasto.page.facts import site_facts
from impasto.page.lora_data import write_loras
from impasto.page.painter_data import write_painters
from impasto.page.scripts import ScriptFolder, encoded
from impasto.page.story import read_story
from impasto.records.collection import AuditRecord
from impasto.records.label_check import LabelCheck
from impasto.records.place import require_study

UNDATED: Final = -32768
"""Stands for a year that is not known; as in static/data.js."""
STYLES: Final = ("palette.css", "page.css", "panels.css")
CORE: Final = (
    "store.js", "address.js", "decisions.js", "geometry.js", "layouts.js", "data.js",
    "palette.js", "colours.js", "search.js", "filters.js", "sample.js", "regions.js",
    "pictures.js", "shaders.js", "renderer.js", "dom.js", "overview.js", "mapview.js",
    "gestures.js", "legend.js", "timeline.js", "searchbox.js", "hint.js", "sheet.js", "flat.js",
    "panel.js",
)  # fmt: skip
"""Scripts in the order in which they are loaded; the panels and app.js follow."""
GENERATED: Final = {"palette.css": style_sheet, "palette.js": page_script}
"""Files that are written from the palette."""


@dataclass(frozen=True, slots=True)
class SitePaths:
    """The page, and the table beside it where it was wanted."""

    page: Path
    table: Path | None


def scripts() -> list[str]:
    """Return the page's scripts in the order in which they are loaded.

    Every file of static/panels is a panel that registers itself.
    """
    panels = sorted(path.name for path in (files("impasto.page") / "static" / "panels").iterdir())
    return [*CORE, *(f"panels/{name}" for name in panels if name.endswith(".js")), "app.js"]


def has_atlas(study: Path) -> bool:
    """Whether a study has an atlas, without which there is nothing to show."""
    return bool(atlas_files(Path(study)))


def write_site(study: Path, *, parquet: bool = False) -> SitePaths:
    """Write the page of a study.

    Args:
        study: the folder.
        parquet: write ``atlas.parquet`` too, for other programs.

    Raises:
        InputError: no run has an atlas.
        ImpastoError: there is no collection, an atlas is damaged or of another one, or the folder
            cannot be written.
    """
    study = Path(study)
    require_study(study)
    collection = open_collection(study / "collection")
    runs = read_runs(study, collection)
    main = next((run for run in runs if run.table is not None), None)
    if main is None:
        first = next((study / "runs").glob("*/run.json"), None)
        advised = first.parent if first else study / "runs" / "classifier"
        raise InputError(
            f"no run in {study / 'runs'} has an atlas: "
            f"make one with impasto atlas {advised}, then repeat"
        )
    site, name = study / "site", study.resolve().name
    folder = ScriptFolder(site / "data")
    orders = _write_pictures(folder, collection, main.maps()[0][1])
    _write_paintings(folder, collection, orders)
    for place, run in enumerate(runs):
        _write_run(folder, place, run)
    check = label_check(collection)
    if check is not None:
        _write_suspects(folder, collection, check)
    report = "../report.html" if (study / "report.html").is_file() else None
    painters = write_painters(folder, study / "runs", collection)
    levels = picture_levels(collection)
    loras = write_loras(folder, study / "runs", collection)
    facts = site_facts(name, collection, runs, levels, report)
    suspects = None if check is None else {"flagged": check.flagged, "pictures": check.pictures}
    checks = _named_pictures(collection)
    added = {"painters": painters, "loras": loras, "suspects": suspects, "checks": checks}
    folder.add("site", {**facts, **added})
    story = read_story(study, collection, runs)
    folder.add("story", story.steps())
    write_text(site / "story.md", story.text)
    table = site / "atlas.parquet"
    if parquet:
        write_embedding(table, collection, main)
    else:
        table.unlink(missing_ok=True)
    loaded = scripts()
    for file in (*STYLES, *loaded):
        _write_app_file(file, site / "app" / file)
    _remove_stale(site / "data", folder.names)
    _remove_stale(site / "app", {*STYLES, *loaded})
    content = {
        "name": name,
        "size": f"{len(collection):,} paintings, {len(collection.vocabulary)} styles",
        "version": folder.digest,
        "report": report,
        "sheets": STYLES,
        "scripts": loaded,
    }
    write_text(site / "index.html", _render(content))
    return SitePaths(site / "index.html", table if parquet else None)


def _render(content: dict[str, Any]) -> str:
    """The frame of the page; its scripts fill it."""
    loader = PackageLoader("impasto.page", "templates")
    environment = Environment(
        loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
    return environment.get_template("page.html.j2").render(content).strip() + "\n"


def picture_levels(collection: Collection) -> tuple[sprites.Level, sprites.Level]:
    """The small and the large size of a collection's pictures."""
    return sprites.levels(len(collection), int(collection.pixels.shape[1]))


def _write_pictures(folder: ScriptFolder, collection: Collection, points: Any) -> list[Any]:
    """Write the sheets of both sizes.

    Returns:
        The rows of each size in the order in which they stand in its sheets.
    """
    levels, (x, y) = picture_levels(collection), points.T
    rows = sprites.z_order(x, y)
    orders = [sprites.opening_order(rows, x, y, levels[0].each), rows]
    for place, (level, order) in enumerate(zip(levels, orders, strict=True)):
        for number, jpeg in enumerate(sprites.sheets(collection.pixels, order, level)):
            folder.add(f"sheets/{place}/{number}", sprites.text_of(jpeg))
    return orders


def _write_paintings(folder: ScriptFolder, collection: Collection, orders: list[Any]) -> None:
    places = [np.argsort(order) for order in orders]
    years = [UNDATED if year is None else year for year in collection.column("year")]
    columns = {
        "style": encoded(collection.labels, "i2"),
        "split": encoded(
            np.array([SPLITS.index(split) for split in collection.column("split")]), "u1"
        ),
        "year": encoded(np.array(years), "i2"),
        "ratio": encoded(_ratios(collection), "u1"),
        "small": encoded(places[0], "u4"),
        "large": encoded(places[1], "u4"),
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


def _write_suspects(folder: ScriptFolder, collection: Collection, check: LabelCheck) -> None:
    """Write the paintings whose label looks wrong, the most suspect first."""
    rows = {name: row for row, name in enumerate(collection.column("id"))}
    places = {style: place for place, style in enumerate(collection.vocabulary.styles)}
    listed = check.suspects
    shares = {
        name: encoded(np.round([65535 * getattr(one, name) for one in listed]), "u2")
        for name in ("score", "likelier_score")
    }
    columns = {
        "rows": encoded(np.array([rows[one.id] for one in listed]), "i4"),
        "likelier": encoded(np.array([places[one.likelier] for one in listed]), "i2"),
        "flagged": encoded(np.array([one.flagged for one in listed]), "u1"),
    }
    folder.add("suspects", {**columns, **shares})


def _named_pictures(collection: Collection) -> list[dict[str, Any]]:
    """Rules of the audit on single pictures, each with the rows that it names."""
    path = collection.path / "audit.json"
    if not path.is_file():
        return []
    audit = AuditRecord.read(path, what="audit", verb="impasto audit")
    if audit.fingerprint != collection.fingerprint:
        return []
    rows = {name: row for row, name in enumerate(collection.column("id"))}
    return [
        {
            "code": one.code,
            "name": one.kind.name,
            "rows": encoded(np.array([rows[item["id"]] for item in one.items]), "i4"),
        }
        for one in audit.findings
        if one.code in PICTURE_RULES and one.items
    ]


def _ratios(collection: Collection) -> Any:
    """Width to height of the originals, log2 in 64ths about 128; panoramas are bounded."""
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
        if run.neighbours:
            folder.add(f"runs/{place}/neighbours", encoded(neighbour_rows(run.table), "i4"))
        if run.likeness is not None:
            cosines = np.round(run.likeness.clip(0, 1) * 65535)
            folder.add(f"runs/{place}/likeness", encoded(cosines, "u2"))
    if answers := run.answers:
        shares = encoded(np.round(answers.probabilities * 65535), "u2")
        named = {
            "rows": encoded(answers.rows, "i4"),
            "predicted": encoded(answers.predicted, "i2"),
            "oracle": encoded(answers.oracle, "i2"),
        }
        folder.add(f"runs/{place}/answers", {**named, "probabilities": shares})
        if answers.heat is not None:
            folder.add(f"runs/{place}/heat", encoded(answers.heat, "u1"))
        if answers.second_heat is not None:
            folder.add(f"runs/{place}/second-heat", encoded(answers.second_heat, "u1"))


def _write_app_file(name: str, path: Path) -> None:
    if name in GENERATED:
        write_text(path, GENERATED[name]())
        return
    write_bytes(path, (files("impasto.page") / "static" / name).read_bytes())


def _remove_stale(folder: Path, wanted: set[str]) -> None:
    """Remove files of an earlier export that this one did not write."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name != CHECKSUMS and path.relative_to(folder).as_posix() not in wanted:
            path.unlink(missing_ok=True)
            forget(path)
