"""Atlases of vectors that other programs computed, and of pre-trained encoders."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

import impasto
from impasto.cli.main import app
from impasto.collection.collection import Collection
from impasto.embedding.add_images import add_to_atlas
from impasto.embedding.make_atlas import atlas_folder, make_encoder_atlas, make_vector_atlas
from impasto.embedding.pretrained_encoder import open_encoder
from impasto.embedding.settings import AtlasSettings
from impasto.errors import InputError, RunError
from impasto.files import read_json, write_json
from impasto.records import finding as findings


def _telling(collection: Collection, noise: float) -> np.ndarray:
    """Vectors that tell the style, with noise."""
    rng = np.random.default_rng(0)
    return np.eye(4)[collection.labels] + rng.normal(0, noise, (len(collection), 4))


def test_vectors_that_tell_the_styles_cluster_and_retrieve_them(
    four_styles: Collection, quick: AtlasSettings, tmp_path: Path
) -> None:
    settings = quick.model_copy(update={"clusterings": ("kmeans",)})
    made = make_vector_atlas(
        four_styles.path, _telling(four_styles, 0.05), settings, output=tmp_path / "a"
    )
    assert made.scope == "all"
    assert made.clusterings[0].scores.all.ami.value == pytest.approx(1)
    assert made.retrieval is not None
    for score in made.retrieval.scores.values():
        assert score.mean_average_precision.value == pytest.approx(1, abs=1e-3)
        assert score.pair_auc.value == pytest.approx(1, abs=1e-3)
        assert score.chance is not None
        assert score.chance.mean_average_precision.p < 0.05
    assert made.baselines[0].retrieval.scores["cosine"].chance is None
    assert {one.code: one.outcome for one in made.findings}["IMP506"] == "passed"
    assert "yardstick" not in " ".join(made.verdict)
    again = make_vector_atlas(
        four_styles.path, _telling(four_styles, 0.05), settings, output=tmp_path / "a"
    )
    assert again.inputs == made.inputs


def test_vectors_that_follow_artists_alone_retrieve_no_style(
    four_styles: Collection, quick: AtlasSettings, tmp_path: Path
) -> None:
    """Nearest neighbours share artist and so style; between artists nothing is left."""
    artists = np.unique(four_styles.column("artist"), return_inverse=True)[1]
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(artists.max() + 1, 30))[artists] + rng.normal(
        0, 0.01, (len(artists), 30)
    )
    settings = quick.model_copy(update={"clusterings": ("kmeans",), "probes": False})
    made = make_vector_atlas(four_styles.path, vectors, settings, output=tmp_path / "a")
    assert made.retrieval is not None
    score = made.retrieval.scores["cosine"]
    assert score.mean_average_precision.value < 0.35  # a quarter are of the query's style
    assert 0.4 < score.pair_auc.value < 0.6


def test_new_vectors_are_placed_in_an_atlas_of_vectors(
    four_styles: Collection,
    quick: AtlasSettings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The vector of a painting lies where the painting lies; pictures have no vectors here."""
    settings = quick.model_copy(update={"clusterings": ("kmeans",), "probes": False})
    vectors, rows, folder = _telling(four_styles, 0.5), [7, 150], tmp_path / "a"
    made = make_vector_atlas(four_styles.path, vectors, settings, output=folder)
    np.savez(tmp_path / "new.npz", ids=["x/a.jpg", "x/b.jpg"], vectors=vectors[rows])
    with pytest.raises(SystemExit) as end:
        app(["atlas", str(folder), "--add", str(tmp_path / "new.npz"), "--json"])
    assert end.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert Path(told["table"]) == folder / "added.parquet"
    added = pq.read_table(folder / "added.parquet").to_pylist()
    table = pq.read_table(folder / "atlas.parquet").to_pylist()
    assert [line["id"] for line in added] == ["x/a.jpg", "x/b.jpg"]
    for row, line in zip(rows, added, strict=True):
        assert line["neighbours"][0] == row and line["likeness"][0] > 0.9999
        assert line["neighbour_ids"][0] == four_styles.column("id")[row]
        assert line["cluster_kmeans"] == table[row]["cluster_kmeans"]
        for column in (f"{one.name}_{axis}" for one in made.maps for axis in "xy"):
            assert line[column] == pytest.approx(table[row][column], abs=1e-3)

    np.savez(tmp_path / "short.npz", ids=["a"], vectors=vectors[:1, :3])
    np.savez(tmp_path / "twice.npz", ids=["a", "a"], vectors=vectors[:2])
    np.savez(tmp_path / "broken.npz", ids=["a"], vectors=np.full((1, 4), np.nan))
    for name, message in (
        ("photo.jpg", r"another program, which alone.*in place of .*photo\.jpg"),
        ("short.npz", "vectors of 3 numbers, .* of 4"),
        ("twice.npz", "of one picture"),
        ("broken.npz", "not finite"),
    ):
        with pytest.raises(InputError, match=message):
            add_to_atlas(folder, tmp_path / name)


def test_a_file_with_missing_and_unknown_ids_makes_an_atlas_of_the_rest(
    four_styles: Collection, quick: AtlasSettings, tmp_path: Path
) -> None:
    ids, vectors = four_styles.column("id"), _telling(four_styles, 1.0)
    given = [*ids[3:], "a.jpg", "b.jpg", "c.jpg"]
    np.savez(tmp_path / "own.npz", id=np.array(given), embeddings=np.roll(vectors, -3, 0))
    said: list[str] = []
    made = impasto.atlas_of_vectors(
        four_styles, tmp_path / "own.npz", tmp_path / "a", quick, pretrained=True, supervised=True,
        clusterings=["kmeans"], announce=said.append,
    )  # fmt: skip
    assert (made.paintings, made.unmatched.paintings, made.unmatched.vectors) == (
        len(ids) - 3,
        3,
        3,
    )
    assert made.collection_fingerprint == four_styles.fingerprint
    assert pq.read_table(made.path / "atlas.parquet")["id"].to_pylist() == ids[3:]
    assert made.scope == "test"
    assert "yardstick" in made.verdict[0]
    assert "3 paintings without a vector" in made.verdict[0]
    assert any("no vector for 3 paintings" in line for line in said)
    assert findings.load(made.path / "findings.json")
    assert made.name == "own"


def test_the_default_folder_stands_beside_the_collection(four_styles: Collection) -> None:
    place = atlas_folder(four_styles, "dino")
    assert place == four_styles.path.resolve().parent / "atlases" / "dino"


@pytest.fixture(scope="module")
def tiny_vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision transformer with random weights, as transformers saves it."""
    transformers: Any = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("vit") / "tiny-vit"
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.ViTConfig(**sizes, intermediate_size=16, image_size=16, patch_size=8)
    transformers.ViTModel(config).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        '{"image_processor_type": "ViTImageProcessor", "do_resize": true, "do_normalize": true, '
        '"do_rescale": true, "size": {"height": 16, "width": 16}, "image_mean": [0.5, 0.5, 0.5], '
        '"image_std": [0.5, 0.5, 0.5], "resample": 2, "rescale_factor": 0.00392156862745098}'
    )
    return folder


def test_an_encoder_is_a_yardstick(
    tiny_vit: Path, four_styles: Collection, quick: AtlasSettings, tmp_path: Path
) -> None:
    settings = quick.model_copy(update={"clusterings": ("kmeans",), "probes": False})
    made = make_encoder_atlas(four_styles.path, f"hf:{tiny_vit}", settings, output=tmp_path / "a")
    assert made.pretrained
    assert made.run.kind == "encoder"
    assert (made.dimensions, made.preparation, made.name) == (16, "unit", "tiny-vit")
    assert "pre-trained, a yardstick" in made.verdict[0]

    row = 101
    Image.fromarray(np.asarray(four_styles.pixels[row])).save(tmp_path / "new.png")
    (line,) = add_to_atlas(tmp_path / "a", tmp_path / "new.png", device="cpu").to_pylist()
    assert line["id"] == str(tmp_path / "new.png")
    assert line["neighbours"][0] == row and line["likeness"][0] > 0.9999
    other = read_json(tmp_path / "a" / "atlas.json")
    other["run"]["weights"] = "others"
    write_json(tmp_path / "a" / "atlas.json", other)
    with pytest.raises(RunError, match="was made with other weights of"):
        add_to_atlas(tmp_path / "a", tmp_path / "new.png", device="cpu")


def test_a_pooling_layer_that_the_file_lacks_is_not_used(tiny_vit: Path, tmp_path: Path) -> None:
    """Such as DINO's: transformers would fill it with random numbers."""
    transformers: Any = pytest.importorskip("transformers")
    model = transformers.ViTModel.from_pretrained(tiny_vit, add_pooling_layer=False).eval()
    model.save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_bytes(
        (tiny_vit / "preprocessor_config.json").read_bytes()
    )
    pictures = np.random.default_rng(0).integers(0, 255, (2, 16, 16, 3), np.uint8)
    found = open_encoder(f"hf:{tmp_path}", "cpu").encode(pictures)
    x = (pictures.transpose(0, 3, 1, 2) / 255 - 0.5) / 0.5
    with torch.no_grad():
        first = model(torch.from_numpy(x).float()).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(found, first, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dino", "unknown encoder"),
        ("hf:/no/folder", "no folder"),
        ("hf:{}", "config.json is missing"),
    ],
)
def test_encoders_that_are_not_there_are_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        open_encoder(name.format(tmp_path))
