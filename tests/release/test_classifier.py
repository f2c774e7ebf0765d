"""A classifier's export: the answers of ``impasto predict`` where only onnxruntime is installed."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from huggingface_hub import ModelCard
from PIL import Image

from impasto.errors import InputError, MissingExtraError, RunError
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.evaluation.predict import PredictSettings, predict
from impasto.evaluation.settings import EvaluateSettings
from impasto.files.checksums import damage
from impasto.images.decode import decode
from impasto.records.run import Run, open_run
from impasto.release import export_run as exporting
from impasto.release.card import card
from impasto.release.parts import parts_of
from impasto.release.settings import ExportSettings

from .conftest import Released, levels

CONSUMER = """
import json, numpy, onnxruntime, pathlib
from PIL import Image
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
styles = json.loads(session.get_modelmeta().custom_metadata_map["styles"])
found = {}
for path in sorted(pathlib.Path(sys.argv[2]).glob("*.png")):
    pictures = numpy.asarray(Image.open(path).convert("RGB"))[None]
    shares, embedding, inside = session.run(None, {"pictures": pictures})
    found[path.name] = [
        shares[0].tolist(), [s for s, i in zip(styles, inside[0]) if i], embedding[0].tolist()
    ]
print(json.dumps(found))
"""


def session_of(released: Released) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        released.exported.path / "model.onnx", providers=["CPUExecutionProvider"]
    )


def test_onnxruntime_alone_gives_the_answers_of_predict(
    released: Released, many_pictures: Path, alone: Callable[..., str]
) -> None:
    made = predict(released.run.path, many_pictures)
    assert len(made) == 100
    found = json.loads(alone(CONSUMER, released.exported.path / "model.onnx", many_pictures))
    sizes = set()
    for one in made:
        shares, inside, _ = found[one.path.name]
        expected = [one.probabilities[style] for style in released.run.styles]
        assert shares == pytest.approx(expected, abs=1e-4)
        assert tuple(inside) == one.members
        sizes.add(len(inside))
    best = {one.style for one in made}
    assert len(best) > 1, "answers that never change would prove little"


def test_a_batch_has_the_answers_of_its_pictures(released: Released, many_pictures: Path) -> None:
    session = session_of(released)
    paths = [many_pictures / f"{number:03d}.png" for number in (0, 15, 30)]
    batch = np.stack([levels(path) for path in paths])
    together = session.run(None, {"pictures": batch})
    for row, path in enumerate(paths):
        alone = session.run(None, {"pictures": levels(path)[None]})
        for whole, single in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[row], single[0], atol=1e-5)


def test_embeddings_are_the_networks(released: Released, many_pictures: Path) -> None:
    path = many_pictures / "009.png"
    pixels = decode(path.read_bytes(), 32, "squash").pixels[None]
    network = open_classifier(released.run.path, "cpu")
    views = EvaluateSettings().views
    _, features = network.logits_and_features(lambda at: pixels[at], 1, views)
    (embedding,) = session_of(released).run(["embedding"], {"pictures": levels(path)[None]})
    np.testing.assert_allclose(embedding, features, atol=1e-4)


def test_metadata_name_styles_thresholds_and_origins(released: Released) -> None:
    meta = session_of(released).get_modelmeta().custom_metadata_map
    calibration = json.loads((released.run.evaluation_path / "calibration.json").read_text())
    assert json.loads(meta["styles"]) == list(released.run.styles)
    assert json.loads(meta["thresholds"]) == pytest.approx(calibration["thresholds"])
    assert json.loads(meta["temperature"]) == pytest.approx(calibration["temperature"])
    assert meta["prior"] == calibration["prior"]
    assert meta["run"] == calibration["weights"]
    assert meta["collection"] == released.collection.fingerprint
    assert (json.loads(meta["stored"]), json.loads(meta["resolution"])) == (32, 32)
    assert "rights of the training pictures" in meta["licence"]
    onnx.checker.check_model(onnx.load(released.exported.path / "model.onnx"))


def test_files_are_whole_and_listed(released: Released) -> None:
    folder = released.exported.path
    assert {path.name for path in folder.iterdir()} == {*released.exported.files, ".checksums.json"}
    for name in released.exported.files:
        assert damage(folder / name) is None
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    assert damage(folder / "model.onnx")
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[:-1])


def test_the_card_has_a_head_that_the_hub_reads_and_scores_beside_baselines(
    released: Released,
) -> None:
    text = (released.exported.path / "README.md").read_text(encoding="utf-8")
    loaded = ModelCard(text)
    assert loaded.data.license == "other" and loaded.data.license_name == "see-card"
    assert loaded.data.pipeline_tag == "image-classification"
    (metric, *_) = loaded.data.eval_results or []
    metrics = json.loads((released.run.evaluation_path / "metrics.json").read_text())
    assert metric.metric_value == pytest.approx(metrics["scores"]["accuracy"]["value"], abs=1e-3)
    for words in ("Always the most frequent style", "95 % intervals", "styles equally frequent"):
        assert words in text
    shown = 100 * metrics["scores"]["accuracy"]["value"]
    assert f"| {shown:.1f} % (" in text


def test_the_code_of_the_card_runs(
    released: Released, many_pictures: Path, alone: Callable[..., str], tmp_path: Path
) -> None:
    text = (released.exported.path / "README.md").read_text(encoding="utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    code = code.replace("picture.jpg", str(many_pictures / "000.png"))
    printed = alone(f"import os\nos.chdir({str(released.exported.path)!r})\n{code}")
    (one,) = predict(released.run.path, [many_pictures / "000.png"])
    style, share = printed.split()
    assert style == one.style
    assert float(share) == pytest.approx(one.probabilities[style], abs=1e-4)


def test_the_code_of_the_how_to_runs(
    released: Released, many_pictures: Path, alone: Callable[..., str]
) -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "export.md"
    code = page.read_text(encoding="utf-8").split("test_classifier.py -->\n```python\n")[1]
    code = code.split("```")[0].replace("picture.jpg", str(many_pictures / "009.png"))
    code = code.replace("exported/", f"{released.exported.path}/")
    *likely, inside = alone(code).splitlines()
    (one,) = predict(released.run.path, [many_pictures / "009.png"])
    best = [f"{style} {share:.0%}" for style, share in one.probabilities.items()][:3]
    assert likely == best
    assert set(inside.removeprefix("one of: ").split(", ")) == set(one.members or ())


def test_the_space_answers_without_impasto(
    released: Released, many_pictures: Path, alone: Callable[..., str]
) -> None:
    picture = many_pictures.parent / "turned.jpg"  # larger than stored, and lying on its side
    with Image.open(many_pictures / "009.png") as image:
        exif = Image.Exif()
        exif[0x0112] = 6
        image.resize((333, 211)).save(picture, quality=90, exif=exif)
    code = (
        "import json\nsys.path.insert(0, sys.argv[1])\nimport app\n"
        "shares, text = app.predict(sys.argv[2])\nprint(json.dumps([shares, text]))\n"
    )
    shares, text = json.loads(alone(code, released.space, picture))
    (one,) = predict(released.run.path, [picture])
    assert shares == pytest.approx(dict(one.probabilities), abs=1e-4)
    assert text.startswith(f"{', '.join(s for s in shares if s in (one.members or ()))}. ")
    head = ModelCard((released.space / "README.md").read_text(encoding="utf-8")).data
    assert head.sdk == "gradio" and head.app_file == "app.py"  # type: ignore[attr-defined]
    wanted = (released.space / "requirements.txt").read_text().split()
    assert not [line for line in wanted if line.startswith(("impasto", "torch"))]


def test_another_prior_changes_the_offset_and_drops_the_sets(released: Released) -> None:
    parts = parts_of(released.run, ExportSettings(prior="train"), lambda line: None)
    graph = parts.graphs["model.onnx"]
    assert list(graph.outputs) == ["probabilities", "embedding"]
    assert parts.facts["prior"] == "train" and parts.facts["thresholds"] is None
    pixels = released.collection.pixels[:3]
    with torch.no_grad():
        shares, _ = graph.module(torch.from_numpy(np.array(pixels)))
    made = predict(released.run.path, list(pixels), PredictSettings(prior="train"))
    expected = [[one.probabilities[style] for style in released.run.styles] for one in made]
    np.testing.assert_allclose(shares.numpy(), expected, atol=1e-5)


def test_without_an_evaluation_there_are_no_sets_and_a_line_says_so(
    released: Released, tmp_path: Path
) -> None:
    bare = tmp_path / "run"
    shutil.copytree(released.run.path, bare, ignore=shutil.ignore_patterns("evaluation"))
    said: list[str] = []
    parts = parts_of(open_run(bare), ExportSettings(), said.append)
    assert list(parts.graphs["model.onnx"].outputs) == ["probabilities", "embedding"]
    assert parts.facts["calibrated"] is False and parts.facts["temperature"] == 1
    assert len(said) == 1 and "run impasto evaluate first" in said[0]
    text = card(open_run(bare), parts, ExportSettings())
    assert "was not scored" in text and "Temperature is 1" in text


def test_a_missing_extra_names_its_install_line(
    released: Released, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"extra 'export': .*pip install"):
        exporting.export_run(released.run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_lora_names_the_files_that_it_has(released: Released, tmp_path: Path) -> None:
    facts = {"files": ["pytorch_lora_weights.safetensors", "kohya.safetensors"]}
    run = Run(tmp_path, "lora", {}, ("A",), released.run.collection, facts, "done")
    with pytest.raises(RunError, match=r"as they are: pytorch_lora_weights\.safetensors, kohya"):
        exporting.export_run(run, tmp_path / "out")


def test_access_is_checked_before_the_work(released: Released, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give OWNER/NAME"):
        exporting.export_run(released.run, tmp_path / "out", push="style")
    assert not (tmp_path / "out").exists()
