"""The exported page:

every picture where the page looks for it, the same bytes each time, nothing strange lost.
"""

import base64
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.collection.collection import Collection
from impasto.errors import InputError, RunError
from impasto.files import read_json, write_json
from impasto.page import sprites
from impasto.page.export import has_atlas, write_site
from impasto.page.scripts import script

from .conftest import write_vector_atlas


def data(site: Path, key: str) -> Any:
    """The value that a data script hands over."""
    text = (site / "data" / f"{key}.js").read_text(encoding="ascii")
    found = re.fullmatch(r"Impasto\.receive\((\".*?\"),(.*)\);\n", text, flags=re.S)
    assert found and json.loads(found[1]) == key
    return json.loads(found[2])


def numbers(text: str, kind: str) -> Any:
    return np.frombuffer(base64.b64decode(text), kind)


def test_every_picture_stands_where_the_page_looks_for_it(exported: Any) -> None:
    site, pixels = exported.page.parent, np.asarray(exported.collection.pixels)
    for number, level in enumerate(data(site, "site")["levels"]):
        place = numbers(data(site, "paintings")[("small", "large")[number]], "<u4")
        assert sorted(place) == list(range(len(pixels)))
        tile, across = level["tile"], level["across"]
        read = [
            base64.b64decode(data(site, f"sheets/{number}/{n}")) for n in range(level["sheets"])
        ]
        papers = [np.asarray(Image.open(io.BytesIO(jpeg))) for jpeg in read]
        assert all(paper.shape == (tile * across, tile * across, 3) for paper in papers)
        seen, stored = [], []
        for row in range(len(pixels)):
            sheet, inner = divmod(int(place[row]), across**2)
            top, left = (tile * part for part in divmod(inner, across))
            seen.append(papers[sheet][top : top + tile, left : left + tile].astype(float))
            stored.append(
                np.asarray(
                    Image.fromarray(pixels[row]).resize((tile, tile), Image.Resampling.BOX), float
                )
            )
        seen, stored = (np.array(pictures)[:, ::4, ::4] for pictures in (seen, stored))
        apart = np.abs(seen[:, None] - stored[None]).mean((2, 3, 4))
        assert (
            apart.argmin(1) == np.arange(len(pixels))
        ).all()  # of all the pictures it is like its own the most
        assert apart.diagonal().max() < 8


def test_a_sheet_holds_what_lies_together() -> None:
    x, y = (part.ravel().astype(np.float32) for part in np.meshgrid(np.arange(32), np.arange(32)))
    rows = sprites.z_order(x, y)
    for start in range(0, len(rows), 64):
        part = rows[start : start + 64]
        assert np.ptp(x[part]) < 9 and np.ptp(y[part]) < 9


def test_the_first_sheet_is_a_sample_of_the_whole_map() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 1, (2, 5000)).astype(np.float32)
    x[:4000] *= 0.1  # most lie in a tenth of the map
    rows = sprites.z_order(x, y)
    order = sprites.opening_order(rows, x, y, 100)
    assert sorted(order) == list(range(5000))
    first = order[:100]
    assert (x[first] > 0.1).sum() > 50  # by chance it would be about 18
    rest = [row for row in rows.tolist() if row not in set(first.tolist())]
    assert order[100:].tolist() == rest


def test_the_folder_holds_a_table_only_where_it_is_wanted(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    site_study(tmp_path)
    made = write_site(tmp_path, parquet=True)
    assert made.table is not None and made.table.is_file()
    assert write_site(tmp_path).table is None
    assert not (tmp_path / "site" / "atlas.parquet").exists()


def test_the_oracle_answers_each_artists_usual_style(exported: Any) -> None:
    site, collection = exported.page.parent, exported.collection
    answers = data(site, "runs/0/answers")
    artists, labels = collection.column("artist"), collection.labels
    train = collection.indices("train").tolist()
    for row, answer in zip(
        numbers(answers["rows"], "<i4").tolist(),
        numbers(answers["oracle"], "<i2").tolist(),
        strict=True,
    ):
        own = [int(labels[other]) for other in train if artists[other] == artists[row]]
        assert answer == -1 if not own else own.count(answer) == max(map(own.count, own))


def test_neighbours_have_their_likeness(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    count = len(site_study(tmp_path))
    vectors = np.random.default_rng(2).normal(0, 1, (count, 5)).astype(np.float32)
    np.save(tmp_path / "runs" / "classifier" / "atlas" / "embeddings.npy", vectors)
    site = write_site(tmp_path).page.parent
    assert [run["likeness"] for run in data(site, "site")["runs"]] == [True, False]
    near = numbers(data(site, "runs/0/neighbours"), "<i4").reshape(count, -1)
    stored = numbers(data(site, "runs/0/likeness"), "<u2").reshape(near.shape) / 65535
    for row in (0, count // 2):
        for other, value in zip(near[row], stored[row], strict=True):
            one, two = vectors[row].astype(float), vectors[other].astype(float)
            cosine = one @ two / np.sqrt((one @ one) * (two @ two))
            assert value == pytest.approx(max(cosine, 0), abs=1e-4)


def test_the_most_frequent_styles_have_colours(exported: Any) -> None:
    assert data(exported.page.parent, "site")["colours"] == [0, 1, 2, 3]


def test_a_study_without_a_tour_has_one_made(exported: Any) -> None:
    site, collection = exported.page.parent, exported.collection
    steps = data(site, "story")
    assert len(steps) == 6
    views = [parse_qs(step["view"]) for step in steps]
    assert set(views[1]["style"]) <= set(collection.vocabulary.styles)
    true, named = views[2]["cell"]
    assert true != named and {true, named} <= set(collection.vocabulary.styles)
    assert views[4]["artist"][0] in collection.column("artist")
    assert views[5]["tab"] == ["quiz"]
    text = (site / "story.md").read_text(encoding="utf-8")
    assert all(f"## {step['title']}" in text for step in steps)


def test_the_tour_of_the_authors_is_shown(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    site_study(tmp_path)
    written = "# Ours\n\n## A < b\n\n[view](#style=Cubism)\n\nFirst\nline.\n\nSecond.\n"
    (tmp_path / "story.md").write_text(written, encoding="utf-8")
    site = write_site(tmp_path).page.parent
    assert data(site, "story") == [
        {"title": "A < b", "view": "style=Cubism", "text": ["First line.", "Second."]}
    ]
    assert (site / "story.md").read_text(encoding="utf-8") == written
    for broken, problem in (
        ("no step", "has no step"),
        ("## One\n\nNo view.", "'One' needs one line like"),
        ("## Two\n\n[view](#q=a)\n", "and a caption below it"),
    ):
        (tmp_path / "story.md").write_text(broken, encoding="utf-8")
        with pytest.raises(InputError, match=problem):
            write_site(tmp_path)
    (tmp_path / "story.md").write_bytes(b"## \xff")
    with pytest.raises(InputError, match="is not UTF-8"):
        write_site(tmp_path)


def test_twice_the_same_bytes(exported: Any, tmp_path: Path) -> None:
    shutil.copytree(exported.study, tmp_path / "study")
    stale = [
        tmp_path / "study" / "site" / name
        for name in ("data/runs/7/map-0.js", "data/sheets/0/99.js", "app/old.js")
    ]
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    again = write_site(tmp_path / "study").page.parent
    files = sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    first = exported.page.parent
    assert files == sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert all((again / path).read_bytes() == (first / path).read_bytes() for path in files)


def test_strange_titles_survive(exported: Any) -> None:
    words = data(exported.page.parent, "words")
    assert words["title"] == exported.collection.column("title")
    assert words["id"] == exported.collection.column("id")
    artists = [None if at < 0 else words["artists"][at] for at in words["artist"]]
    assert artists == exported.collection.column("artist")


def test_no_data_ends_its_script() -> None:
    text = script("words", ['</script><!-- "\\', "\u2028\u00a0", "\ud800"])
    assert "<" not in text and text.isascii() and text.count("\n") == 1
    inner = text.removeprefix('Impasto.receive("words",').removesuffix(");\n")
    assert json.loads(inner) == ['</script><!-- "\\', "\u2028\u00a0", "\ud800"]


def test_the_columns_are_the_studys(exported: Any) -> None:
    site, collection = exported.page.parent, exported.collection
    columns, facts = data(site, "paintings"), data(site, "site")
    assert (numbers(columns["style"], "<i2") == collection.labels).all()
    years = [None if year == -32768 else year for year in numbers(columns["year"], "<i2").tolist()]
    assert years == collection.column("year")
    splits = [facts["splits"][at] for at in numbers(columns["split"], "u1")]
    assert splits == collection.column("split")
    assert [run["name"] for run in facts["runs"]] == [
        "classifier",
        "autoencoder",
    ]  # the one that can answer first
    assert [made["name"] for made in facts["runs"][0]["maps"]] == [
        "tsne",
        "pca",
    ]  # the main map first
    assert facts["runs"][0]["clusterings"][0] == {"name": "kmeans", "title": "k-means (4)"}
    found = {made["caption"].split(":")[0]: made["lines"] for made in facts["runs"][0]["tables"]}
    assert [line[1] and line[1]["value"] for line in found["Clusters against styles"]] == [
        0.2,
        0.1,
    ]  # on test pictures
    assert ["Pop Art", 0.333, 0.1, "yes"] in found["Best cluster of each style"]
    table = pq.read_table(exported.study / "runs" / "classifier" / "atlas" / "atlas.parquet")
    xy = numbers(data(site, "runs/0/map-0"), "<f4").reshape(-1, 2)
    assert np.array_equal(xy, np.stack([table["x"].to_numpy(), table["y"].to_numpy()], 1))
    near = numbers(data(site, "runs/0/neighbours"), "<i4").reshape(-1, 12)
    assert near.tolist() == table["neighbours"].to_pylist()
    answers = data(site, "runs/0/answers")
    said = pq.read_table(
        exported.study / "runs" / "classifier" / "evaluation" / "predictions.parquet"
    )
    styles = collection.vocabulary.styles
    assert [styles[at] for at in numbers(answers["predicted"], "<i2")] == said[
        "predicted"
    ].to_pylist()
    shares = numbers(answers["probabilities"], "<u2").reshape(-1, len(styles)) / 65535
    assert np.abs(shares - np.array(said["probabilities"].to_pylist())).max() < 1e-4


def test_the_table_opens_elsewhere(exported: Any, tmp_path: Path) -> None:
    shutil.copytree(exported.study, tmp_path / "study")
    table = pq.read_table(write_site(tmp_path / "study", parquet=True).table)
    assert {
        "id",
        "x",
        "y",
        "image",
        "style",
        "artist",
        "title",
        "year",
        "predicted",
        "tsne_x",
        "cluster_kmeans",
    } <= {*table.column_names}
    assert table["title"].to_pylist() == exported.collection.column("title")
    row = 20
    picture = table["image"][row].as_py()
    assert picture["path"] == exported.collection.column("id")[row]
    image = Image.open(io.BytesIO(picture["bytes"]))
    width, height = (exported.collection.table[name][row].as_py() for name in ("width", "height"))
    assert image.width / image.height == pytest.approx(width / height, rel=0.02)
    stored = Image.fromarray(np.asarray(exported.collection.pixels[row])).resize(image.size)
    assert np.abs(np.asarray(image, float) - np.asarray(stored, float)).mean() < 8
    asked = [name is not None for name in table["predicted"].to_pylist()]
    assert asked == [split == "test" for split in exported.collection.column("split")]


def test_the_tables_neighbours_have_the_form_of_embedding_atlas(
    exported: Any, tmp_path: Path
) -> None:
    """Its documentation: ``{"ids": [...], "distances": [...]}``, ids are rows from 0."""
    shutil.copytree(exported.study, tmp_path / "study")
    vectors = np.random.default_rng(0).normal(size=(len(exported.collection), 6)).astype(np.float32)
    atlas = tmp_path / "study" / "runs" / "classifier" / "atlas"
    np.save(atlas / "embeddings.npy", vectors)
    found = pq.read_table(write_site(tmp_path / "study", parquet=True).table)["neighbors"]
    given = pq.read_table(atlas / "atlas.parquet")["neighbours"]
    for row in (0, 11):
        near = found[row].as_py()
        assert near.keys() == {"ids", "distances"}
        assert near["ids"] == given[row].as_py()
        a, b = vectors[row], vectors[near["ids"][2]]
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert near["distances"][2] == pytest.approx(1 - cosine, abs=1e-5)


def test_vectors_of_others_stand_beside_the_runs_with_all_paintings(
    exported: Any, tmp_path: Path
) -> None:
    study, collection = tmp_path / "study", exported.collection
    shutil.copytree(exported.study, study)
    shutil.rmtree(study / "site")
    made = write_vector_atlas(study, collection, without=5)
    site = write_site(study).page.parent
    facts = data(site, "site")["runs"]
    run = next(run for run in facts if run["name"] == "dino")
    assert run is facts[-1]
    assert (run["kind"], run["pretrained"], run["likeness"]) == ("encoder", True, True)
    assert [other["pretrained"] for other in facts[:-1]] == [False] * (len(facts) - 1)
    assert "5, lie in a block below the map" in run["verdict"][-1]
    table, count = pq.read_table(made / "atlas.parquet"), len(collection)
    points = numbers(data(site, f"runs/{run['place']}/map-0"), "<f4").reshape(count, 2)
    own = np.stack([table[f"tsne_{axis}"].to_numpy() for axis in "xy"], 1)
    main = np.stack([table[axis].to_numpy() for axis in "xy"], 1)
    assert np.array_equal(own, main)
    np.testing.assert_array_equal(points[: count - 5], own)
    assert (points[-5:, 1] < own[:, 1].min()).all()
    clusters = numbers(data(site, f"runs/{run['place']}/cluster-0"), "<i2")
    assert clusters[: count - 5].tolist() == table["cluster_kmeans"].to_pylist()
    assert set(clusters[-5:].tolist()) == {-1}
    near = numbers(data(site, f"runs/{run['place']}/neighbours"), "<i4").reshape(count, -1)
    assert near[3].tolist() == table["neighbours"][3].as_py()
    assert (near[-5:] == -1).all()


def test_what_is_missing_is_said(site_study: Callable[..., Collection], tmp_path: Path) -> None:
    site_study(tmp_path, evaluation=False, artists=False)
    facts = data(write_site(tmp_path).page.parent, "site")
    assert not any(run["answers"] for run in facts["runs"]) and facts["known"]["artist"] == 0
    assert facts["report"] is None
    for run in ("classifier", "autoencoder"):
        shutil.rmtree(tmp_path / "runs" / run / "atlas")
    assert not has_atlas(tmp_path)
    with pytest.raises(
        InputError, match=r"no run in .* has an atlas: make one with impasto atlas .*, then repeat"
    ):
        write_site(tmp_path)


def test_an_atlas_of_other_paintings_is_refused(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    site_study(tmp_path)
    atlas = tmp_path / "runs" / "autoencoder" / "atlas"
    table = pq.read_table(atlas / "atlas.parquet")
    pq.write_table(table.slice(1), atlas / "atlas.parquet")
    with pytest.raises(
        RunError, match=r"is of another collection than .*: run impasto atlas .* again"
    ):
        write_site(tmp_path)
    pq.write_table(table.drop_columns(["tsne_x"]), atlas / "atlas.parquet")
    with pytest.raises(RunError, match=r"has no column tsne_x: run impasto atlas .* again"):
        write_site(tmp_path)
    (atlas / "atlas.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match=r"atlas\.parquet cannot be read .*: run impasto atlas"):
        write_site(tmp_path)


def test_answers_to_other_paintings_are_not_shown(
    site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    site_study(tmp_path)
    path = tmp_path / "runs" / "classifier" / "evaluation" / "metrics.json"
    write_json(path, {**read_json(path), "collection_fingerprint": "another"})
    assert not any(run["answers"] for run in data(write_site(tmp_path).page.parent, "site")["runs"])
