"""New pictures in an atlas:

near what they are like, on every map, while nothing that is there moves.
"""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.cli.main import app
from impasto.embedding.add_images import add_to_atlas
from impasto.embedding.projection import place, project
from impasto.errors import InputError, RunError
from impasto.files import read_json, write_json


def copied(mapped: Any, folder: Path) -> Path:
    """The run with its atlas, to be written to."""
    return Path(shutil.copytree(mapped.run.path, folder / "run"))


def picture(mapped: Any, row: int, folder: Path) -> Path:
    """A painting of the collection as a file of its own."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{row}.png"
    Image.fromarray(np.asarray(mapped.collection.pixels[row])).save(path)
    return path


def stored(run: Path) -> dict[str, bytes]:
    files = [
        path
        for path in (run / "atlas").rglob("*")
        if path.is_file() and path.name not in ("added.parquet", ".checksums.json")
    ]
    return {str(path): path.read_bytes() for path in files}


def test_a_painting_of_the_atlas_lies_where_it_lay(mapped: Any, tmp_path: Path) -> None:
    run, rows = copied(mapped, tmp_path), (3, 50, 140)
    before = stored(run)
    made = add_to_atlas(
        run, [picture(mapped, row, tmp_path / "given") for row in rows], device="cpu"
    ).to_pylist()
    atlas = pq.read_table(run / "atlas" / "atlas.parquet").to_pylist()
    spread = np.ptp([line["pca_x"] for line in atlas])
    for row, line in zip(rows, made, strict=True):
        assert line["neighbours"][0] == row and line["likeness"][0] > 0.9999
        assert line["neighbour_ids"][0] == atlas[row]["id"]
        assert line["likeness"] == sorted(line["likeness"], reverse=True)
        for column in ("pca_x", "pca_y", "svd_x", "svd_y", "x", "y"):
            assert abs(line[column] - atlas[row][column]) < 1e-3 * spread, column
        assert line["cluster_kmeans"] == atlas[row]["cluster_kmeans"]
    assert stored(run) == before


@pytest.mark.parametrize("name", ["tsne", "umap"])
def test_maps_without_axes_place_by_likeness(name: Any) -> None:
    """New points of three clouds land at the stored places of each."""
    pytest.importorskip({"tsne": "openTSNE", "umap": "umap"}[name])
    generator = np.random.default_rng(0)
    middles = np.eye(3, 8, dtype=np.float32) * 20
    known = np.concatenate([middle + generator.normal(size=(40, 8)) for middle in middles]).astype(
        np.float32
    )
    new = np.concatenate([middle + generator.normal(size=(4, 8)) for middle in middles]).astype(
        np.float32
    )
    points = project(name, known, 0).points + np.float32(
        100
    )  # moved after the fitting: it must be these that are used
    placed = place(name, points, known, new, 0)
    means = np.stack([points[40 * at : 40 * at + 40].mean(0) for at in range(3)])
    nearest = ((placed[:, None] - means) ** 2).sum(2).argmin(1)
    assert nearest.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert np.abs(placed - 100).max() < 3 * np.abs(points - 100).max()


def test_later_pictures_join_earlier_ones_and_a_second_look_replaces_the_first(
    mapped: Any, tmp_path: Path
) -> None:
    run = copied(mapped, tmp_path)
    one, two = (picture(mapped, row, tmp_path / "given") for row in (0, 1))
    add_to_atlas(run, one, device="cpu")
    add_to_atlas(run, [two, one], device="cpu")
    added = run / "atlas" / "added.parquet"
    assert pq.read_table(added)["id"].to_pylist() == [str(two), str(one)]
    add_to_atlas(run, tmp_path / "given", device="cpu")  # a folder, sorted
    assert pq.read_table(added)["id"].to_pylist() == [str(one), str(two)]
    content = read_json(run / "atlas" / "atlas.json")
    write_json(run / "atlas" / "atlas.json", {**content, "inputs": "another atlas"})
    add_to_atlas(run, two, device="cpu")
    assert pq.read_table(added)["id"].to_pylist() == [str(two)]


def test_what_cannot_be_placed_is_named(mapped: Any, tmp_path: Path) -> None:
    run, said = copied(mapped, tmp_path), []
    (tmp_path / "torn.jpg").write_bytes(b"not a picture")
    add_to_atlas(
        run,
        [tmp_path / "torn.jpg", picture(mapped, 0, tmp_path)],
        device="cpu",
        on_skip=said.append,
    )
    assert len(said) == 1 and "torn.jpg is left out" in said[0]
    with pytest.raises(InputError, match=r"no such picture: .*nothing\.png"):
        add_to_atlas(run, tmp_path / "nothing.png", device="cpu")
    with pytest.raises(RunError, match=r"no atlas in .*elsewhere.*impasto atlas RUN"):
        add_to_atlas(run, tmp_path / "torn.jpg", atlas=tmp_path / "elsewhere")
    content = read_json(run / "atlas" / "atlas.json")
    write_json(
        run / "atlas" / "atlas.json", {**content, "run": {**content["run"], "weights": "others"}}
    )
    with pytest.raises(
        RunError, match=r"was made before .* was trained further: run impasto atlas again"
    ):
        add_to_atlas(run, tmp_path / "0.png", device="cpu")


def test_the_verb_prints_one_object(
    mapped: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, given = copied(mapped, tmp_path), picture(mapped, 7, tmp_path / "given")
    with pytest.raises(SystemExit) as end:
        app(["atlas", str(run), "--add", str(given), "--device", "cpu", "--json"])
    assert end.value.code == 0
    told = SimpleNamespace(**json.loads(capsys.readouterr().out))
    assert Path(told.table) == run / "atlas" / "added.parquet"
    assert told.added[0]["neighbours"][0] == 7 and "embedding" not in told.added[0]
