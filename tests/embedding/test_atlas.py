"""An atlas, whole:

what it writes is true of the run and the collection, and a killed one goes on.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from sklearn.metrics import normalized_mutual_info_score

from impasto.collection.collection import Collection
from impasto.embedding import embed
from impasto.embedding import make_atlas as module
from impasto.embedding.make_atlas import make_atlas
from impasto.embedding.settings import AtlasSettings
from impasto.errors import CollectionError, RunError
from impasto.models.classifiers import build
from impasto.models.preprocess import plain
from impasto.records import finding as findings
from impasto.records.atlas import Atlas
from impasto.training.autoencoder.train import train_autoencoder
from quick_settings import AUTOENCODER


def test_embeddings_are_what_the_network_gives(mapped: Any) -> None:
    vectors = np.load(mapped.atlas.path / "embeddings.npy")
    model = build("classifier", styles=4, size="tiny", resolution=32)
    model.load_state_dict(load_file(mapped.run.weights_path))
    model.eval()
    for row in (0, 77, len(vectors) - 1):
        picture = torch.from_numpy(np.array(mapped.collection.pixels[row])).permute(2, 0, 1)[None]
        with torch.no_grad():
            np.testing.assert_allclose(
                model.embed(plain(picture, 32))[0].numpy(), vectors[row], atol=1e-4
            )
    by_id = pq.read_table(mapped.atlas.path / "embeddings.parquet").to_pydict()
    assert by_id["id"] == mapped.collection.column("id")
    np.testing.assert_array_equal(np.asarray(by_id["embedding"], np.float32), vectors)


def test_the_table_has_a_row_a_painting_in_order(mapped: Any) -> None:
    table = pq.read_table(mapped.atlas.path / "atlas.parquet").to_pydict()
    for name in ("id", "style", "split", "artist", "title", "year"):
        assert table[name] == mapped.collection.column(name)
    assert (table["x"], table["y"]) == (
        table["pca_x"],
        table["pca_y"],
    )  # the main map, without t-SNE and UMAP
    names = [row.name for row in mapped.atlas.clusterings]
    assert {f"cluster_{name}" for name in names} == {
        name for name in table if name.startswith("cluster_")
    }
    for row, near in enumerate(table["neighbours"]):
        assert len(set(near) - {row}) == 12
    styles = np.asarray(table["style"])
    alike = np.mean([styles[near] == styles[row] for row, near in enumerate(table["neighbours"])])
    assert alike > 0.5  # of four styles


def test_scores_are_of_the_clusters_in_the_table(mapped: Any) -> None:
    table = pq.read_table(mapped.atlas.path / "atlas.parquet").to_pydict()
    for row in mapped.atlas.clusterings:
        slow = normalized_mutual_info_score(table["style"], table[f"cluster_{row.name}"])
        assert row.scores.all.nmi.value == pytest.approx(slow)
    own, pixels = mapped.atlas.clusterings[0].scores.all, mapped.atlas.baselines[1].scores.all
    assert own.nmi.value > pixels.nmi.value
    assert mapped.atlas.probes.linear_probe.scores.balanced_accuracy.value > 0.5


def test_a_supervised_network_is_scored_on_test_pictures(mapped: Any) -> None:
    verdict = mapped.atlas.verdict
    assert "rest on the 48 test pictures" in verdict[0]
    assert f"{mapped.atlas.clusterings[0].scores.test.nmi.value:.3f}" in verdict[1]
    found = findings.load(mapped.atlas.path / "findings.json")
    assert [finding.code for finding in found] == [
        "IMP501",
        "IMP502",
        "IMP503",
        "IMP504",
        "IMP505",
        "IMP506",
    ]
    assert found[0].outcome == "passed"
    assert mapped.atlas.findings == found


def test_figures_stand_beside_their_captions(mapped: Any) -> None:
    files = {figure.file for figure in mapped.atlas.captions}
    assert files == {path.name for path in (mapped.atlas.path / "figures").glob("[!.]*")}
    assert files == {path.name for path in mapped.atlas.figures}
    assert "map-styles.png" in files


def test_the_file_is_what_is_returned(mapped: Any) -> None:
    path = mapped.atlas.path / "atlas.json"
    assert Atlas.read(path, what="atlas", verb="impasto atlas") == mapped.atlas
    assert not (mapped.atlas.path / ".work").exists()


def test_rows_hold_every_clustering_with_its_scores(mapped: Any) -> None:
    rows = mapped.atlas.rows()
    assert [row["clustering"] for row in rows][:1] == ["k-means, as many as styles"]
    assert len(rows) == len(mapped.atlas.clusterings) + 2
    nmi = mapped.atlas.clusterings[0].scores.test.nmi
    assert (rows[0]["nmi"], rows[0]["nmi_low"], rows[0]["nmi_high"]) == (
        nmi.value,
        nmi.low,
        nmi.high,
    )
    assert len(repr(mapped.atlas)) < 600


def test_a_done_atlas_is_not_made_again(
    mapped: Any, quick: AtlasSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "embed_collection", lambda *a: pytest.fail("encoded again"))
    assert make_atlas(mapped.run.path, settings=quick) == mapped.atlas


def test_a_killed_atlas_goes_on(
    mapped: Any, quick: AtlasSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        embed, "CHUNK", 50
    )  # some processors round otherwise in batches of another size
    unbroken = make_atlas(mapped.run.path, settings=quick, output=tmp_path / "unbroken")
    opened, seen = module.encoder, []

    def dying(limit: int) -> Callable[..., Any]:
        def encoder(run: Any, device: Any) -> Any:
            encode = opened(run, device)

            def counted(pictures: Any) -> Any:
                if len(seen) == limit:
                    raise KeyboardInterrupt
                seen.append(len(pictures))
                return encode(pictures)

            return counted

        return encoder

    monkeypatch.setattr(module, "encoder", dying(2))
    with pytest.raises(KeyboardInterrupt):
        make_atlas(mapped.run.path, settings=quick, output=tmp_path / "atlas")
    assert not (tmp_path / "atlas" / "atlas.json").exists()
    monkeypatch.setattr(module, "encoder", dying(-1))
    again = make_atlas(mapped.run.path, settings=quick, output=tmp_path / "atlas")
    assert sum(seen) == len(mapped.collection)  # every painting once
    for name in ("atlas.parquet", "embeddings.parquet"):
        assert pq.read_table(again.path / name).equals(pq.read_table(unbroken.path / name))
    assert again.clusterings == unbroken.clusterings


def test_what_cannot_be_mapped_is_refused(
    mapped: Any, quick: AtlasSettings, make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    few = make_collection(styles=mapped.collection.vocabulary.styles, train=3, test=1)
    with pytest.raises(CollectionError, match="too few paintings for an atlas"):
        make_atlas(mapped.run.path, few.path, quick, output=tmp_path / "a")
    with pytest.raises(RunError, match="no run in"):
        make_atlas(tmp_path / "nowhere", settings=quick)


def test_an_autoencoder_knows_no_style_and_keeps_its_geometry(
    mapped: Any, quick: AtlasSettings, tmp_path: Path
) -> None:
    small = AUTOENCODER.model_copy(update={"epochs": 1, "latent": 16, "embedding_dim": 12})
    run = train_autoencoder(mapped.collection, tmp_path / "run", small)
    only = quick.model_copy(update={"clusterings": ("kmeans",), "probes": False, "maps": ("pca",)})
    made = make_atlas(run.path, settings=only)
    assert (made.preparation, made.dimensions) == ("none", 12)
    assert "without style labels" in made.verdict[0]
    vectors = np.load(made.path / "embeddings.npy")
    table = pq.read_table(made.path / "atlas.parquet").to_pydict()
    gaps = [
        np.linalg.norm(points[0] - points[1])
        for points in (vectors, np.stack([table["x"], table["y"]], 1))
    ]
    assert gaps[1] <= gaps[0] + 1e-4  # a projection of the vectors as they are
    assert made.probes is None
