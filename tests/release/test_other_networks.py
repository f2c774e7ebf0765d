"""Exports of autoencoders and painters, and all three kinds by ``from_pretrained``."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import save
from torch import nn

from impasto.evaluation.predict import predict
from impasto.files import write_bytes
from impasto.generate.tiles import paint_in_tiles
from impasto.models.autoencoder import Autoencoder
from impasto.models.autoencoder import configured as autoencoder_shape
from impasto.models.colour_transfer import colour_statistics
from impasto.models.painter import BANK, Painter
from impasto.models.painter import configured as painter_shape
from impasto.records.run import Run, RunKind, create
from impasto.release.export_run import Exported, export_run
from impasto.release.onnx_files import Graph, write_onnx
from impasto.release.settings import ExportSettings

from .conftest import Released, levels, without

STYLES = ("Bands", "Columns", "Diagonals", "Hatching")
Numbers = np.ndarray[Any, Any]


def run_with(folder: Path, kind: RunKind, settings: dict[str, Any], network: nn.Module) -> Run:
    """A run whose weights were drawn, not trained."""
    place = {"path": "none", "fingerprint": "0123", "pictures": 4, "size": 32, "fit": "squash"}
    run = create(folder, kind, settings=settings, styles=STYLES, collection=place, facts={})
    write_bytes(run.weights_path, save(network.state_dict()))
    return run


@pytest.fixture(scope="module")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Exported, Autoencoder]:
    settings = {"latent": 6, "embedding_dim": 4, "size": "tiny", "resolution": 32, "kl_weight": 0}
    torch.manual_seed(0)
    network = Autoencoder(autoencoder_shape(settings)).eval()
    for weights in (network.components, network.back, network.learned.weight, network.paint.weight):
        nn.init.normal_(weights, std=0.1)
    root = tmp_path_factory.mktemp("autoencoder")
    run = run_with(root / "run", "autoencoder", settings, network)
    return export_run(run, root / "out", ExportSettings(card=True), space=root / "space"), network


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> tuple[Exported, Painter]:
    settings = {"size": "tiny", "styling": "modulation", "embedding": 8, "resolution": 32}
    settings["patch_weight"] = 1.0
    torch.manual_seed(1)
    network = Painter(painter_shape(settings, len(STYLES))).eval()
    colours = torch.rand(len(STYLES) * BANK, 3, 1, 1) * torch.randn(1, 3, 6, 6) * 0.8
    network.bank.copy_(colour_statistics(colours).view(len(STYLES), BANK, 12))
    root = tmp_path_factory.mktemp("painter")
    run = run_with(root / "run", "painter", settings, network)
    return export_run(run, root / "out", ExportSettings(card=True), space=root / "space"), network


def session(folder: Path, name: str) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])


def test_encoder_and_decoder_are_the_networks(
    autoencoder: tuple[Exported, Autoencoder], many_pictures: Path
) -> None:
    exported, network = autoencoder
    pixels = levels(many_pictures / "013.png")[None]  # 64 × 64: halved for the network
    square = torch.from_numpy(np.array(levels(many_pictures / "002.png")))  # 32 × 32: as it is
    x = square.permute(2, 0, 1)[None].float() / 127.5 - 1
    encode, decode = (session(exported.path, f"{name}.onnx") for name in ("encode", "decode"))
    latent, embedding = encode.run(None, {"pictures": square.numpy()[None]})
    with torch.no_grad():
        np.testing.assert_allclose(latent, network.encode(x), atol=1e-4)
        np.testing.assert_allclose(embedding, network.embed(x), atol=1e-5)
        expected = ((network.decode(network.encode(x)).clamp(-1, 1) + 1) * 127.5).round()
    (back,) = decode.run(None, {"latent": np.repeat(latent, 3, 0)})
    assert back.dtype == np.uint8 and back.shape == (3, 32, 32, 3)
    np.testing.assert_allclose(back[2], expected[0].permute(1, 2, 0), atol=1)
    assert encode.run(None, {"pictures": pixels})[0].shape == latent.shape


@pytest.mark.parametrize("name", ["001", "008", "014"])  # wide, large, odd
def test_paint_is_what_the_painter_paints(
    painter: tuple[Exported, Painter], many_pictures: Path, name: str
) -> None:
    exported, network = painter
    pixels = levels(many_pictures / f"{name}.png")
    weights = np.array([[0.5, 0, 0.3, 0]], np.float32)
    given = {"pictures": pixels[None], "weights": weights, "strength": np.full(1, 0.7, np.float32)}
    (painted,) = session(exported.path, "paint.onnx").run(None, given)
    expected = paint_in_tiles(network, pixels, 0.7 * torch.from_numpy(weights[0]))
    assert painted.dtype == np.uint8 and painted.shape == (1, *pixels.shape)
    off = np.abs(painted[0].astype(int) - expected)
    size_at_most = 512  # above, the network's own way goes by tiles
    assert max(pixels.shape) <= size_at_most and off.max() <= 1 and (off > 0).mean() < 0.01
    assert np.abs(expected.astype(int) - pixels).mean() > 2, "an unchanged picture proves little"


def test_cards_and_spaces_work_without_impasto(
    autoencoder: tuple[Exported, Autoencoder],
    painter: tuple[Exported, Painter],
    many_pictures: Path,
    alone: Callable[..., str],
) -> None:
    picture = many_pictures / "008.png"
    for exported, _ in (autoencoder, painter):
        code = (exported.path / "README.md").read_text(encoding="utf-8")
        code = code.split("```python\n")[1].split("```")[0]
        alone(f"import os\nos.chdir({str(exported.path)!r})\n{code}".replace(
            "picture.jpg", str(picture)
        ))  # fmt: skip
        assert "was not scored" in (exported.path / "README.md").read_text(encoding="utf-8")
    spaces = [one.space for one, _ in (autoencoder, painter)]
    code = "sys.path.insert(0, sys.argv[1])\nimport app\nprint(app.{}.size)\n"
    given = (spaces[0], picture), (spaces[1], picture)
    calls = "reconstruct(sys.argv[2])", "paint(sys.argv[2], 'Columns', 0.5)"
    sizes = [alone(code.format(call), *one).strip() for call, one in zip(calls, given, strict=True)]
    assert sizes == ["(32, 32)", "(300, 210)"]


OPENED = """
import json, numpy, torch
from transformers import AutoImageProcessor, AutoModel, AutoModelForImageClassification, pipeline
from PIL import Image
classifier, autoencoder, painter, picture = sys.argv[1:]
image = Image.open(picture).convert("RGB")
pixels = torch.from_numpy(numpy.array(image))[None]
trust = {"trust_remote_code": True}
with torch.no_grad():
    model = AutoModelForImageClassification.from_pretrained(classifier, **trust)
    processor = AutoImageProcessor.from_pretrained(classifier, **trust)
    logits = model(**processor(image, return_tensors="pt")).logits
    shares, _, inside = model.predict(pixels)
    found = {"softmax": logits.softmax(1)[0].tolist(), "shares": shares[0].tolist()}
    found["set"] = [model.config.id2label[i] for i, there in enumerate(inside[0]) if there]
    found["pipeline"] = pipeline("image-classification", model=classifier, **trust)(picture)
    model = AutoModel.from_pretrained(autoencoder, **trust)
    found["latent"] = model.encode(pixels)[0][0].tolist()
    model = AutoModel.from_pretrained(painter, **trust)
    found["painted"] = model(pixels, torch.eye(4)[2:3])[0].tolist()
print(json.dumps(found))
"""


def test_transformers_opens_all_three_without_impasto(
    released: Released,
    autoencoder: tuple[Exported, Autoencoder],
    painter: tuple[Exported, Painter],
    many_pictures: Path,
    tmp_path: Path,
) -> None:
    picture = many_pictures / "001.png"
    folders = [released.exported.path, autoencoder[0].path, painter[0].path]
    done = subprocess.run(
        [sys.executable, "-I", "-c", without("impasto") + OPENED, *map(str, [*folders, picture])],
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True, text=True, check=False, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (one,) = predict(released.run.path, [picture])
    expected = [one.probabilities[style] for style in released.run.styles]
    assert found["softmax"] == pytest.approx(expected, abs=1e-4)
    assert found["shares"] == pytest.approx(expected, abs=1e-4)
    assert tuple(found["set"]) == one.members
    first = found["pipeline"][0]
    assert first["label"] == one.style
    assert first["score"] == pytest.approx(one.probabilities[one.style], abs=1e-4)
    pixels = levels(picture)[None]
    latent, _ = session(folders[1], "encode.onnx").run(None, {"pictures": pixels})
    assert found["latent"] == pytest.approx(latent[0].tolist(), abs=1e-4)
    expected_picture = paint_in_tiles(painter[1], pixels[0], torch.eye(4)[2])
    assert np.abs(np.array(found["painted"]) - expected_picture.astype(int)).max() <= 1


def test_eigenvalues_in_onnx_are_torchs(tmp_path: Path) -> None:
    class Eigen(nn.Module):
        def forward(self, matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            values, vectors = torch.linalg.eigh(matrix)
            return values, vectors

    torch.manual_seed(2)
    x = torch.randn(50, 3, 3)
    matrices = x @ x.mT
    matrices[0] = torch.eye(3)
    matrices[1] = torch.diag(torch.tensor([2.0, 1.0, 2.0]))
    matrices[2] = torch.ones(3, 3)
    matrices[3] = 0
    graph = Graph(Eigen(), {"matrix": matrices}, ("values", "vectors"))
    write_onnx(tmp_path / "eigen.onnx", graph, {})
    values, vectors = session(tmp_path, "eigen.onnx").run(None, {"matrix": matrices.numpy()})
    back = (vectors * values[:, None]) @ vectors.transpose(0, 2, 1)
    np.testing.assert_allclose(back, matrices, atol=1e-5)
    np.testing.assert_allclose(np.sort(values), torch.linalg.eigvalsh(matrices), atol=1e-5)
