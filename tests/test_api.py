"""The Python interface: every public function takes strings, paths and results of earlier verbs."""

import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

import impasto
from impasto.collection.collection import Collection
from impasto.config import Settings
from impasto.errors import ImpastoError, InputError, RunError, SettingsError
from impasto.records.run import Run

QUICK: dict[str, Any] = {"size": "tiny", "epochs": 1, "batch_size": 12, "device": "cpu"}
TABLE = {"size": "tiny", "epochs": 1, "batch_size": 12}
PAINTER = {"style_classifier": TABLE, "evaluator": TABLE}
"""A short training of the painter's style classifier and evaluator."""
LORA: dict[str, Any] = {
    "epochs": 1,
    "epoch_pictures": 2,
    "batch_size": 2,
    "resolution": 32,
    "rank": 2,
    "warmup_steps": 0,
    "preview_every": 0,
    "buckets": False,
    "held_out": 2,
    "device": "cpu",
}
ATLAS: dict[str, Any] = {
    "maps": ["pca"],
    "clusterings": ["kmeans"],
    "permutations": 20,
    "bootstrap_samples": 100,
    "seeds": 2,
    "device": "cpu",
}


class Made:
    """Every verb once, on the results of the verbs before it."""

    def __init__(self, root: Path, source: Path, base: Path) -> None:
        """Call them in order; each takes what an earlier one returned."""
        study = root / "s"
        self.gallery = impasto.sample(root / "g", pictures=64, pixels=32)
        self.collection = impasto.prepare(
            source, study / "collection", pixels=48, workers=1, validation_share=0.2
        )
        self.audit = impasto.audit(self.collection)
        runs = study / "runs"
        self.classifier = impasto.train_classifier(
            self.collection, runs / "classifier", resolution=32, **QUICK
        )
        self.autoencoder = impasto.train_autoencoder(
            self.collection, runs / "autoencoder", resolution=32, latent=8, **QUICK
        )
        self.painter = impasto.train_painter(
            self.collection, runs / "painter", resolution=48, embedding=8, **PAINTER, **QUICK
        )
        self.lora = impasto.train_lora(self.collection, root / "lora", base=str(base), **LORA)
        self.runs = {run.kind: run for run in (self.classifier, self.autoencoder, self.painter)}
        self.root, self.source, self.study = root, source, study


@pytest.fixture(scope="module")
def made(
    picture_folder: Callable[..., Path],
    tiny_base: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Made:
    source = picture_folder(train=(16, 14, 12), test=3, artists=3, size=48)
    return Made(tmp_path_factory.mktemp("api"), source, tiny_base())


FORMS: dict[str, Callable[[Any], Any]] = {
    "string": lambda thing: str(getattr(thing, "path", thing)),
    "path": lambda thing: Path(getattr(thing, "path", thing)),
    "result": lambda thing: thing,
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    return FORMS[request.param]


def test_the_table_calls_every_public_function() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    public = [name for name in impasto.__all__ if name[0].islower() and name != "render_html"]
    assert not [name for name in public if f"impasto.{name}(" not in text]


def test_data(made: Made, form: Callable[[Any], Any], tmp_path: Path) -> None:
    assert impasto.sample(FORMS["string"](made.gallery), pictures=64, pixels=32).painted == 0
    again = impasto.sample(FORMS["string"](made.gallery), pictures=64, pixels=32, fresh=True)
    assert again.painted == 64
    again = impasto.prepare(form(made.gallery), str(tmp_path / "c"), {"pixels": 32, "workers": 1})
    assert len(again) == 64
    assert impasto.open_collection(form(again)).fingerprint == again.fingerprint
    assert impasto.audit(form(again)).path == again.path


def test_a_source_is_one_or_several(made: Made, form: Callable[[Any], Any], tmp_path: Path) -> None:
    sides = [form(made.source / side) for side in ("train", "test")]
    assert len(impasto.prepare(sides, tmp_path / "c", pixels=32, workers=1)) == 51


def test_trainings_take_a_collection_and_are_done(
    made: Made, form: Callable[[Any], Any], tmp_path: Path
) -> None:
    """A second call of the same training returns the run that is there."""
    settings = {**QUICK, "resolution": 32}
    run = impasto.train_classifier(
        form(made.collection), form(made.classifier), impasto.ClassifierSettings(**settings)
    )
    assert isinstance(run, Run) and run.path == made.classifier.path
    again = impasto.train("classifier", form(made.collection), form(made.classifier), **settings)
    assert again.weights_fingerprint == run.weights_fingerprint
    impasto.train_autoencoder(form(made.collection), form(made.autoencoder), settings, latent=8)
    impasto.train_painter(
        form(made.collection), form(made.painter), resolution=48, embedding=8, **PAINTER, **QUICK
    )
    base = made.lora.settings["base"]
    assert impasto.train_lora(form(made.collection), form(made.lora), base=base, **LORA).state


def test_every_kind_of_run_is_evaluated(made: Made, form: Callable[[Any], Any]) -> None:
    for run in (made.classifier, made.autoencoder):
        done = impasto.evaluate(form(run), form(made.collection), device="cpu")
        assert done.findings
    done = impasto.evaluate(form(made.painter), per_style=2, bootstrap_samples=100, device="cpu")
    assert done.findings
    judged = {"classifier": str(made.classifier.path), "pictures": 2, "bootstrap_samples": 100}
    done = impasto.evaluate(form(made.lora), None, judged, paint={"steps": 2, "device": "cpu"})
    assert done.findings
    done = impasto.evaluate(form(made.classifier), by="artist", folds=2)
    assert done.findings


def test_a_foreign_adapter_is_evaluated(
    made: Made, form: Callable[[Any], Any], tmp_path: Path
) -> None:
    adapter = made.lora.path / "adapter" / "pytorch_lora_weights.safetensors"
    adapter = next(iter(sorted(made.lora.path.rglob("*lora*.safetensors"))), adapter)
    settings = {"base": made.lora.settings["base"], "pictures": 2, "bootstrap_samples": 100}
    settings |= {"classifier": str(made.classifier.path), "resolution": 32}
    done = impasto.evaluate_adapter(
        form(adapter),
        form(made.collection),
        form(tmp_path / "scored"),
        settings,
        paint={"steps": 2, "device": "cpu"},
    )
    assert done.findings


def test_pictures_of_another_program_are_evaluated(
    made: Made, form: Callable[[Any], Any], tmp_path: Path
) -> None:
    done = impasto.evaluate_pictures(
        form(made.source / "train"),
        form(made.collection),
        form(tmp_path / "scored"),
        {"classifier": str(made.classifier.path), "copying": False},
        bootstrap_samples=100,
        device="cpu",
    )
    assert done.given is not None and done.findings


def test_places_are_looked_at(made: Made, form: Callable[[Any], Any]) -> None:
    assert impasto.info(form(made.classifier)).path == made.classifier.path
    impasto.evaluate(made.classifier, made.collection, device="cpu")
    compared = impasto.compare(form(made.classifier), form(made.classifier))
    assert len(compared.runs) == 2
    assert {check.outcome for check in impasto.doctor(form(made.root))} <= {"ok", "missing"}


def test_foreign_predictions_are_evaluated_and_compared(
    made: Made, form: Callable[[Any], Any], tmp_path: Path
) -> None:
    rows = made.collection.indices("test")
    ids, styles = made.collection.column("id"), made.collection.column("style")
    lines = [f"{ids[row]},{styles[row]}" for row in rows]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["path,style", *lines]))
    done = impasto.evaluate_predictions(
        form(table),
        form(made.collection),
        form(tmp_path / "scored"),
        against=[form(made.classifier)],
        bootstrap_samples=100,
    )
    assert done.scores["accuracy"].value == 1 and done.findings
    compared = impasto.compare(form(made.classifier), form(tmp_path / "scored"))
    assert compared.runs[1].scores["accuracy"].value == 1


def test_balance(made: Made, form: Callable[[Any], Any]) -> None:
    done = impasto.balance(
        form(made.collection),
        form(made.root / "balance"),
        methods=["tau-normalisation"],
        seeds=1,
        train={**QUICK, "resolution": 32},
    )
    assert done.findings


def test_predictions_take_paths_images_and_arrays(made: Made, form: Callable[[Any], Any]) -> None:
    path = sorted((made.source / "test" / "Bands").iterdir())[0]
    image = Image.open(path)
    png = path.parent.parent / "same.png"
    image.save(png)
    ways = [impasto.predict(form(made.classifier), form(png))]
    ways.append(impasto.predict(form(made.classifier), [image]))
    ways.append(impasto.predict(form(made.classifier), np.asarray(image)))
    ways.append(impasto.predict(form(made.classifier), [image.convert("RGBA")]))
    assert len({tuple(way[0].probabilities.items()) for way in ways}) == 1
    with pytest.raises(InputError, match="none of the pictures"):
        impasto.predict(made.classifier, np.zeros((4, 4)))  # type: ignore[arg-type]


def test_vectors_of_another_program_make_an_atlas(
    made: Made, form: Callable[[Any], Any], tmp_path: Path
) -> None:
    vectors = np.asarray(made.collection.pixels).reshape(len(made.collection), -1)[:, ::97]
    done = impasto.atlas_of_vectors(form(made.collection), vectors, form(tmp_path / "a"), ATLAS)
    assert done.run.kind == "vectors"
    np.savez(tmp_path / "own.npz", ids=made.collection.column("id"), vectors=vectors)
    file = form(tmp_path / "own.npz")
    again = impasto.atlas_of_vectors(form(made.collection), file, form(tmp_path / "b"), **ATLAS)
    assert again.clusterings[0].scores == done.clusterings[0].scores


def test_atlas_paint_and_pages(made: Made, form: Callable[[Any], Any], tmp_path: Path) -> None:
    pictures = made.source / "test" / "Bands"
    every = form is FORMS["result"]  # every kind of run in one form, one of them in every form
    for run in made.runs.values() if every else (made.classifier,):
        assert impasto.atlas(form(run), form(made.collection), **ATLAS).findings
    assert len(impasto.add_to_atlas(form(made.classifier), form(pictures), device="cpu")) == 3
    painted = impasto.paint(form(made.painter), form(pictures), form(tmp_path), styles=["Columns"])
    assert len(painted) == 3
    words = {"prompt": "a boat", "steps": 2, "device": "cpu"}
    assert impasto.paint(form(made.lora), (), str(tmp_path / "l"), words)[0].path.is_file()
    if form is not FORMS["path"] or not (made.study / "site").exists():  # what a result is, too
        assert impasto.report(form(made.study)).html.is_file()
        assert impasto.site(form(made.study)).page.is_file()

    def stop(address: str) -> None:
        assert address.startswith("http://127.0.0.1:")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        impasto.serve(form(made.study), 0, announce=stop)


def test_a_network_is_exported(made: Made, tmp_path: Path) -> None:
    done = impasto.export(
        str(made.classifier.path), str(tmp_path / "out"), license="mit", card=True
    )
    assert done.path == tmp_path / "out" and done.kind == "classifier"
    assert {"model.onnx", "README.md", "config.json"} <= set(done.files)
    assert 'license: "mit"' in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_a_trained_network_and_its_preprocessing(made: Made, form: Callable[[Any], Any]) -> None:
    run = impasto.open_run(form(made.classifier), "classifier")
    pictures = sorted((made.source / "test" / "Bands").iterdir())
    network = run.network()
    with torch.no_grad():
        logits = network(network.preprocess(pictures))
    assert isinstance(network, torch.nn.Module) and not network.training
    assert logits.shape == (3, 3)
    with pytest.raises(RunError, match=r"it is a study: its runs are .*classifier"):
        impasto.open_run(form(made.study))
    for kind, other in made.runs.items():
        assert isinstance(impasto.load_network(form(other)), torch.nn.Module), kind
    with pytest.raises(RunError, match="holds a LoRA"):
        made.lora.network()


def test_a_collection_is_a_dataset(made: Made) -> None:
    batches = DataLoader(made.collection.dataset("train", transform="float"), batch_size=8)
    pictures, labels = next(iter(batches))
    assert pictures.shape == (8, 3, 48, 48) and labels.shape == (8,)


def test_a_study_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr("impasto.pipeline.run_study", lambda *a, **b: asked.update(a=a, b=b))
    impasto.study("paintings", str(tmp_path), train={"epochs": 3}, leave_out=["page"])
    source, place, settings = asked["a"]
    assert (source, place, settings.train.epochs) == ("paintings", tmp_path, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: impasto.train_classifier(c, "r", epoch=3), "did you mean 'epochs'"),
        (lambda c: impasto.train_classifier(c, "r", size="tny"), "size"),
        (lambda c: impasto.train_classifier(c, "r", {"size": "tny"}), "size"),
        (lambda c: impasto.ClassifierSettings(size="tny"), "size"),
        (lambda c: impasto.study("p", "s", trian={}), "did you mean 'train'"),
    ],
)
def test_bad_settings_are_one_kind_of_error(
    made: Made, call: Callable[[Collection], Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        call(made.collection)


def test_what_is_no_thing_is_refused_in_one_line(made: Made) -> None:
    with pytest.raises(ImpastoError, match="a int is no path"):
        impasto.evaluate(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="by artist needs a classifier"):
        impasto.evaluate(made.painter, by="artist")
    with pytest.raises(RunError, match="does not paint"):
        impasto.paint(made.classifier, "x.jpg")


def test_settings_classes_and_version_are_public() -> None:
    assert impasto.__version__ == version("impasto")
    classes = [getattr(impasto, name) for name in impasto.__all__ if name.endswith("Settings")]
    assert classes and all(issubclass(cls, Settings) for cls in classes)


def test_verbs_stay_functions_whatever_is_imported() -> None:
    for module in pkgutil.walk_packages(impasto.__path__, "impasto."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in impasto.__all__:
        if name[0].islower() and name != "__version__":
            assert callable(getattr(impasto, name)), name
