"""How fast is the atlas page with all of WikiArt? A made-up study of 81,446 paintings, in Chromium.

    python benchmarks/atlas_page.py [--pictures N] [--folder DIR] [--study DIR] [--repeat N]

It writes the study (1 GB of made-up pixels) and its page into DIR unless they are there, or takes a
study with a page (--study), opens the page from disk, and measures: the time from opening to the
first whole view, and to the first pictures on it; and the gaps between frames while the mouse drags
the map about, at several zooms. Prints a table for docs/methods/atlas-page.md, the load, and what
drew: without a graphics card Chromium draws in software, on the processor, which is the hard case.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Page, sync_playwright

from impasto.collection.collection import SCHEMA, fingerprint, open_collection
from impasto.collection.vocabulary import Vocabulary
from impasto.files import write_json
from impasto.page.export import write_site
from impasto.records.atlas import Atlas, AtlasMap, AtlasRun, MapName
from impasto.records.collection import CollectionRecord

PICTURES, STYLES, SIZE = 81_446, 27, 64
MAPS: tuple[MapName, ...] = ("umap", "pca")
ZOOMS = (1, 2, 4, 12, 40)  # times the zoom at which everything is seen
STEPS = 90  # mouse movements of a drag
WINDOW = {"width": 1440, "height": 900}

RECORD = """() => {
  window.gaps = [];
  let before = performance.now();
  window.recording = true;
  const tick = (now) => {
    window.gaps.push(now - before);
    before = now;
    if (window.recording) requestAnimationFrame(tick);
  };
  requestAnimationFrame((now) => { before = now; requestAnimationFrame(tick); });
}"""
DRAWN_BY = """() => {
  const gl = document.createElement("canvas").getContext("webgl2");
  const told = gl.getExtension("WEBGL_debug_renderer_info");
  return gl.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
}"""


def make_study(study: Path, pictures: int) -> None:
    """A collection and a run with an atlas of two maps and answers, as the stages write them."""
    generator, collection = np.random.default_rng(0), study / "collection"
    collection.mkdir(parents=True)
    names = [f"Style_{number:02d}" for number in range(STYLES)]
    shares = 0.85 ** np.arange(STYLES)
    labels = generator.choice(STYLES, pictures, p=shares / shares.sum())
    test = generator.random(pictures) < 0.1
    blank: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    rows = [
        {**blank, "id": f"{names[label]}/artist-{row % 1100}_a-made-up-title-of-work-{row}.jpg",
        "style": names[label],
         "split": "test" if test[row] else "train", "artist": f"artist-{row % 1100}",
         "title": f"a made-up title of work {row}",
         "year": 1400 + int(label) * 20 + row % 60 if row % 9 < 5 else None,
         "width": 600 + row % 400, "height": 700,
         "sha256": f"{row:064x}"}
        for row, label in enumerate(labels.tolist())
    ]  # fmt: skip
    table, vocabulary = pa.Table.from_pylist(rows, schema=SCHEMA), Vocabulary.of(names)
    settings = {"pixels": SIZE, "fit": "squash", "seed": 0}
    pq.write_table(table, collection / "paintings.parquet")
    vocabulary.save(collection / "styles.json")
    _paint(collection / "pixels.npy", labels, generator)
    mark = fingerprint(table, vocabulary, settings)
    CollectionRecord(
        sources=("made up",),
        settings=settings,
        split="stratified",
        not_testable=(),
        counts={},
        fingerprint=mark,
        command="",
    ).write(collection / "collection.json")
    _train(study / "runs" / "classifier", table, names, labels, mark, generator)


def _paint(path: Path, labels: Any, generator: np.random.Generator) -> None:
    """Smooth colours of the style's tone with some grain.

    About as heavy as JPEG as paintings are.
    """
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, (len(labels), SIZE, SIZE, 3))
    tones = generator.integers(40, 216, (STYLES, 3))
    for start in range(0, len(labels), 2000):
        part = labels[start : start + 2000]
        coarse = tones[part][:, None, None] + generator.normal(0, 45, (len(part), 8, 8, 3))
        fine = coarse.repeat(SIZE // 8, 1).repeat(SIZE // 8, 2) + generator.normal(
            0, 9, (len(part), SIZE, SIZE, 1)
        )
        pixels[start : start + 2000] = fine.clip(0, 255).astype(np.uint8)
    pixels.flush()


def _train(
    run: Path,
    table: pa.Table,
    names: list[str],
    labels: Any,
    mark: str,
    generator: np.random.Generator,
) -> None:
    (run / "atlas").mkdir(parents=True)
    (run / "evaluation").mkdir()
    record = {"format": 1, "kind": "classifier", "state": "done", "created": "", "command": "",
    "settings": {},
              "styles": names, "collection": {}, "facts": {}}  # fmt: skip
    write_json(run / "run.json", record)
    count, middles = len(labels), generator.normal(0, 6, (3 * STYLES, 2))
    heap = 3 * labels + generator.integers(0, 3, count)
    columns: dict[str, Any] = {"id": table["id"]}
    for name in MAPS:
        points = (middles[heap] + generator.normal(0, 1.6, (count, 2))).astype(np.float32)
        columns |= {f"{name}_x": points[:, 0], f"{name}_y": points[:, 1]}
        middles = generator.normal(0, 6, (3 * STYLES, 2))
    columns |= {axis: columns[f"{MAPS[0]}_{axis}"] for axis in "xy"}
    near = generator.integers(0, count, (count, 12)).astype(np.int32)
    columns["neighbours"] = pa.array(near.tolist(), pa.list_(pa.int32()))
    pq.write_table(pa.table(columns), run / "atlas" / "atlas.parquet")
    none = "no meaning of its own"
    maps = tuple(
        AtlasMap(
            name=name, title=name.upper(), axes=(none, none), trustworthiness=0.9, parameters={}
        )
        for name in MAPS
    )
    Atlas(
        format=3,
        command="impasto atlas run",
        inputs="",
        run=AtlasRun(path="run", kind="classifier", weights=""),
        collection="collection",
        collection_fingerprint=mark,
        supervised=False,
        paintings=count,
        test=0,
        dimensions=1,
        preparation="none",
        settings={},
        environment={},
        maps=maps,
        clusterings=(),
        baselines=(),
        probes=None,
        styles=(),
        captions=(),
        verdict=("Made up.",),
    ).write(run / "atlas" / "atlas.json")
    asked = np.flatnonzero(np.asarray(table["split"].to_pylist()) == "test")
    named = np.where(
        generator.random(len(asked)) < 0.5, labels[asked], generator.integers(0, STYLES, len(asked))
    )
    answers = {"id": table["id"].take(asked), "predicted": [names[i] for i in named],
               "probabilities": list(generator.dirichlet(np.ones(STYLES), len(asked)))}  # fmt: skip
    pq.write_table(pa.table(answers), run / "evaluation" / "predictions.parquet")
    write_json(run / "evaluation" / "metrics.json", {"collection_fingerprint": mark})


def first_view(page: Page, address: str) -> tuple[float, float, float]:
    """Seconds from opening until all paintings are marks, the first are pictures, panels stand."""
    page.goto(address)
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    ready = page.evaluate("performance.now()") / 1000
    name = "performance.getEntriesByName('impasto:first-{}')[0]"
    page.wait_for_function(name.format("pictures"), timeout=60_000)
    marks = (page.evaluate(name.format(what) + ".startTime") for what in ("view", "pictures"))
    first, pictures = marks
    return first / 1000, pictures / 1000, ready


def drag(page: Page, zoom: float) -> list[float]:
    """Milliseconds between frames while the map is dragged in a circle at a zoom."""
    page.evaluate(
        "(zoom) => { const { view } = Impasto.app, { whole } = view.camera; "
        "view.camera.look({ ...whole, z: zoom * whole.z }); view.redraw(); }",
        zoom,
    )
    page.wait_for_timeout(500)
    page.mouse.move(640, 380)
    page.mouse.down()
    page.evaluate(RECORD)
    for step in range(STEPS):
        angle = 2 * np.pi * step / 45
        page.mouse.move(640 + 260 * np.sin(angle), 380 + 200 * np.cos(angle))
        page.wait_for_timeout(16)
    page.evaluate("window.recording = false")
    page.mouse.up()
    return list(page.evaluate("window.gaps"))


def measure(site: Path, repeat: int) -> dict[str, Any]:
    """All measurements, each ``repeat`` times in a fresh window."""
    found: dict[str, Any] = {"first": [], "pictures": [], "ready": []}
    found["drags"] = {zoom: [] for zoom in ZOOMS}
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as running:
        for _ in range(repeat):
            browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport=WINDOW)
            seconds = first_view(page, site.as_uri())
            for name, value in zip(("first", "pictures", "ready"), seconds, strict=True):
                found[name].append(value)
            page.evaluate("Impasto.app.hint.close()")
            page.wait_for_timeout(1500)
            for zoom in ZOOMS:
                found["drags"][zoom].append(drag(page, zoom))
            found["drawn_by"] = page.evaluate(DRAWN_BY)
            browser.close()
    return found


def table(found: dict[str, Any], pictures: int) -> str:
    """The measurements as Markdown."""
    first, shown, ready = found["first"], found["pictures"], found["ready"]
    lines = [
        f"| {pictures:,} paintings, {len(first)} times | median | worst |",
        "| --- | ---: | ---: |",
        f"| first view of all paintings | {np.median(first):.2f} s | {max(first):.2f} s |",
        f"| the first as pictures | {np.median(shown):.2f} s | {max(shown):.2f} s |",
        f"| panels and list, too | {np.median(ready):.2f} s | {max(ready):.2f} s |",
    ]
    for zoom, drags in found["drags"].items():
        gaps = [gap for one in drags for gap in one]
        lines.append(
            f"| between frames, dragging at zoom {zoom} | {np.median(gaps):.0f} ms | "
            f"{max(gaps):.0f} ms |"
        )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return "\n".join(
        [*lines, "", f"Drawn by {found['drawn_by']}; load {load} on {os.cpu_count()} cores."]
    )


def main() -> None:
    """Make what is missing, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "impasto-atlas-page"
    )
    parser.add_argument("--study", type=Path, help="one that is there, instead of a made-up one")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    study = given.study or given.folder / f"study-{given.pictures}"
    if not given.study and not (study / "runs").is_dir():
        make_study(study, given.pictures)
    begun = time.perf_counter()
    page, count = write_site(study).page, len(open_collection(study / "collection"))
    weight = sum(path.stat().st_size for path in page.parent.rglob("*") if path.is_file()) / 1e6
    print(f"written in {time.perf_counter() - begun:.0f} s: {count} paintings, {weight:.1f} MB")
    print(table(measure(page, given.repeat), count))


if __name__ == "__main__":
    main()
