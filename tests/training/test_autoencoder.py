"""The autoencoder's trainer:

begins as PCA, learns without labels, and continues where it was cut off.
"""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression

from impasto.collection.collection import SCHEMA, Collection, open_collection
from impasto.errors import CollectionError, SettingsError
from impasto.models.autoencoder import Autoencoder, configured
from impasto.models.preprocess import plain
from impasto.records.run import Run
from impasto.training.augment import AugmentSettings
from impasto.training.autoencoder import train as autoencoder
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.autoencoder.task import AutoencoderTask
from impasto.training.autoencoder.train import train_autoencoder
from impasto.training.ntxent import contrastive_loss

from .conftest import break_off

Stripes = Callable[..., Collection]


def quick(**given: Any) -> AutoencoderSettings:
    base: dict[str, Any] = {
        "size": "tiny",
        "epochs": 2,
        "batch_size": 18,
        "resolution": 32,
        "latent": 12,
        "embedding_dim": 4,
    }
    return AutoencoderSettings(
        **{**base, "precision": "float32", "device": "cpu", "ema_decay": 0.9, **given}
    )


def network(run: Run) -> Autoencoder:
    model = Autoencoder(configured(run.settings))
    model.load_state_dict(load_file(run.weights_path))
    return model.eval()


def pictures(collection: Collection, split: Any, size: int) -> torch.Tensor:
    rows = collection.indices(split)
    return plain(torch.from_numpy(collection.pixels[rows]).permute(0, 3, 1, 2), size)


def validations(run: Run, name: str) -> list[float]:
    return [line[name] for line in run.metrics() if line["event"] == "validation"]


def test_it_begins_as_the_principal_components(stripes: Stripes) -> None:
    collection = stripes()
    model = autoencoder._initialised(collection, configured(quick().model_dump(mode="json"))).eval()
    x = pictures(collection, "train", 32)
    small = torch.nn.functional.avg_pool2d(x, 2).double().numpy()
    mean, components, weights = autoencoder.principal_components(small, 12)
    lengths = np.linalg.norm(components, axis=1, keepdims=True)
    codes = [
        (part.reshape(len(x), -1) - mean) @ (components / lengths**2).T
        for part in (small, small[..., ::-1])
    ]
    flat = [part.flatten(1).numpy() for part in (x, x.flip(3))]
    fitted = LinearRegression().fit(
        np.concatenate(codes), np.concatenate(flat), np.tile(weights, 2)
    )
    with torch.no_grad():
        back = model(x)[0]
    assert back.flatten(1).numpy() == pytest.approx(fitted.predict(codes[0]), abs=1e-3)  # float32
    assert model.encode(x).square().mean(0).tolist() == pytest.approx([1.0] * 12, rel=1e-3)
    assert model.embed(x).norm(dim=1).tolist() == pytest.approx([1.0] * len(x), abs=1e-5)


def test_components_of_pictures_and_their_mirror_images_for_the_mean_of_logarithms() -> None:
    draw = np.random.default_rng(0)
    scales = np.linspace(0.1, 1, 40)[:, None, None, None]  # some pictures are harder than others
    given = scales * draw.normal(size=(40, 3, 4, 4)).cumsum(2).cumsum(3)
    mean, components, weighed = autoencoder.principal_components(given, 5)
    both = np.concatenate((given, given[..., ::-1])).reshape(80, -1)
    weights = np.ones(80)
    for _ in range(autoencoder.ROUNDS):  # the same the long way
        centre = np.average(both, axis=0, weights=weights)
        vectors = np.linalg.eigh(np.cov(both.T, aweights=weights))[1][:, :-6:-1]
        rest = both - centre - (both - centre) @ vectors @ vectors.T
        weights = 1 / (np.square(rest).mean(1) + autoencoder.GOOD)
    assert mean == pytest.approx(centre)
    assert weighed == pytest.approx(weights[:40])
    lengths = np.linalg.norm(components, axis=1, keepdims=True)
    assert np.abs(np.sum(components / lengths * vectors.T, 1)) == pytest.approx(np.ones(5))
    assert lengths[:, 0] == pytest.approx(np.sqrt(np.square((both - centre) @ vectors).mean(0)))


def test_their_mean_psnr_is_above_plain_pcas_on_other_pictures() -> None:
    draw = np.random.default_rng(1)
    smooth = draw.normal(size=(300, 1, 8, 8)).cumsum(2).cumsum(3) / 8
    given = np.exp(draw.normal(size=(300, 1, 1, 1))) * smooth
    known, other = given[:150], given[150:].reshape(150, -1)

    def psnr_of(back: Any) -> float:
        return float(-10 * np.log10(np.square(back - other).mean(1)).mean())

    fitted = PCA(8).fit(known.reshape(150, -1))
    mean, components, _ = autoencoder.principal_components(known, 8)
    directions = components / np.linalg.norm(components, axis=1, keepdims=True)
    ours = psnr_of(mean + (other - mean) @ directions.T @ directions)
    assert ours > psnr_of(fitted.inverse_transform(fitted.transform(other))) + 0.3


def test_code_and_decoder_learn_at_a_share_of_the_manners_rates() -> None:
    settings = quick(learning_rate=0.004, muon_learning_rate=0.02, decoder_lr_scale=0.25)
    model = Autoencoder(configured(settings.model_dump(mode="json")))
    optimizer = autoencoder._optimizer(model, settings)
    peak = {weight: group["peak"] for group in optimizer.param_groups for weight in group["params"]}
    assert (
        sum(len(group["params"]) for group in optimizer.param_groups)
        == len(peak)
        == len(list(model.parameters()))
    )
    found = {name: peak[weight] for name, weight in model.named_parameters()}
    assert {rate for name, rate in found.items() if name.startswith("trunk.")} == {0.004, 0.02}
    assert {rate for name, rate in found.items() if not name.startswith("trunk.")} == {0.001, 0.005}


def test_it_learns_what_the_components_leave_out(stripes: Stripes, run_path: Path) -> None:
    collection = stripes((150, 150, 150), noise=2.0)
    run = train_autoencoder(
        collection,
        run_path,
        quick(epochs=10, ssim_weight=0.0, contrastive_weight=0.0, latent=8, decoder_lr_scale=0.5),
    )
    x = pictures(collection, "validation", 32)
    with torch.no_grad():
        first = autoencoder._initialised(collection, configured(run.settings)).eval()(x)[0]
        last = network(run)(x)[0]
    assert (last - x).square().mean() < 0.9 * (first - x).square().mean()
    assert validations(run, "psnr")[-1] > validations(run, "psnr")[0]
    drawn = sorted(path.name for path in (run_path / "progress").glob("[!.]*"))
    assert drawn == [f"epoch-{number:03d}.png" for number in range(1, 11)]
    assert run.kind == "autoencoder" and run.facts["painted"] == 32


def test_crops_of_one_picture_come_to_be_recognised(
    make_collection: Callable[..., Collection], run_path: Path
) -> None:
    """Measured: 0.80 to 0.82 of chance under three seeds, in both precisions, also with AVX2."""
    collection = make_collection(
        train=(60, 60, 60), test=4, size=40, stored=40, validation_share=0.2
    )
    settings = quick(epochs=6, contrastive_weight=1.0, embedding_dim=8)
    run = train_autoencoder(collection, run_path, settings)
    by_chance = math.log(2 * 18 - 1)  # crops that each might be the other's partner
    contrast = validations(run, "contrast")
    assert contrast[-1] < 0.9 * by_chance
    assert contrast[-1] < contrast[0]


def relabelled(collection: Collection, folder: Path) -> Collection:
    """The same pictures and splits, with shifted styles and black test pictures."""
    folder.mkdir()
    for path in collection.path.glob("[!.]*"):
        (folder / path.name).write_bytes(path.read_bytes())
    styles = collection.vocabulary.styles
    named = [styles[(styles.index(s) + 1) % len(styles)] for s in collection.column("style")]
    place = SCHEMA.get_field_index("style")
    pq.write_table(
        collection.table.set_column(place, SCHEMA.field("style"), pa.array(named)),
        folder / "paintings.parquet",
    )
    pixels = np.array(collection.pixels)
    pixels[collection.indices("test")] = 0
    np.save(folder / "pixels.npy", pixels)
    return open_collection(folder)


def test_it_looks_at_neither_labels_nor_test_pictures(stripes: Stripes, tmp_path: Path) -> None:
    collection = stripes()
    one = train_autoencoder(collection, tmp_path / "one", quick(epochs=1))
    other = train_autoencoder(
        relabelled(collection, tmp_path / "other-labels"), tmp_path / "other", quick(epochs=1)
    )
    assert one.weights_path.read_bytes() == other.weights_path.read_bytes()


@pytest.fixture(scope="module")
def straight(shared_stripes: Stripes) -> Callable[[float], tuple[Collection, Run]]:
    """A factory: a collection and, for a weight of the divergence, its uninterrupted run."""
    collection, made = shared_stripes(), dict[float, Run]()

    def make(divergence: float) -> tuple[Collection, Run]:
        if divergence not in made:
            path = collection.path.parent / f"straight-{divergence}"
            made[divergence] = train_autoencoder(collection, path, quick(kl_weight=divergence))
        return collection, made[divergence]

    return make


@pytest.mark.parametrize(
    ("divergence", "method", "call"),
    [
        (0.0, "loss", 7),
        (0.01, "batch", 5),  # variational: noise is drawn
        (0.01, "loss", 7),
        (0.01, "validate", 2),
        (0.01, "illustrate", 1),
    ],
)
def test_broken_off_anywhere_and_continued(
    straight: Callable[[float], tuple[Collection, Run]],
    tmp_path: Path,
    divergence: float,
    method: str,
    call: int,
) -> None:
    (collection, expected), settings = straight(divergence), quick(kl_weight=divergence)
    train = partial(train_autoencoder, collection, tmp_path / "broken", settings)
    break_off(train, AutoencoderTask, method, call)
    broken = train()
    assert broken.weights_path.read_bytes() == expected.weights_path.read_bytes()
    assert validations(broken, "loss") == validations(expected, "loss")
    for path in (expected.path / "progress").glob("[!.]*"):
        assert (broken.path / "progress" / path.name).read_bytes() == path.read_bytes()


def test_variational_draws_only_while_training(stripes: Stripes, run_path: Path) -> None:
    collection = stripes()
    model = network(train_autoencoder(collection, run_path, quick(epochs=1, kl_weight=0.1)))
    x = pictures(collection, "test", 32)
    assert torch.equal(model.encode(x), model.encode(x))
    model.train()
    assert not torch.equal(model.encode(x), model.encode(x))
    divergence = model(x)[1]
    assert divergence.shape == (len(x),) and (divergence > 0).all()


def test_contrastive_loss_agrees_with_a_slow_one() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (
        torch.nn.functional.normalize(torch.randn(5, 3, generator=generator), dim=1)
        for _ in range(2)
    )
    pieces = [*first.numpy(), *second.numpy()]
    total = 0.0
    for i, piece in enumerate(pieces):
        partner = (i + 5) % 10
        others = [math.exp(float(piece @ other) / 0.3) for j, other in enumerate(pieces) if j != i]
        total -= math.log(math.exp(float(piece @ pieces[partner]) / 0.3) / sum(others))
    assert float(contrastive_loss(first, second, 0.3)) == pytest.approx(total / 10, rel=1e-5)


def test_validation_does_not_hang_on_how_pictures_are_batched(stripes: Stripes) -> None:
    from accelerate import Accelerator  # noqa: PLC0415

    collection, settings = stripes(), quick()
    config = configured(settings.model_dump(mode="json"))
    task = AutoencoderTask(collection, settings, config, Accelerator(cpu=True))
    model = autoencoder._initialised(collection, config).eval()
    rows = collection.indices("validation")
    with torch.no_grad():
        whole = task._measured(model, rows)
        parts = [task._measured(model, rows[start : start + 7]) for start in range(0, len(rows), 7)]
    for kind in (0, 1):
        assert torch.allclose(whole[kind], torch.cat([part[kind] for part in parts]), atol=1e-5)


def test_refused_in_one_line(stripes: Stripes, run_path: Path) -> None:
    collection = stripes()
    with pytest.raises(
        CollectionError, match="has 72 training pictures for latent=128 numbers: lower latent"
    ):
        train_autoencoder(collection, run_path, quick(latent=128))
    with pytest.raises(SettingsError, match="resolution=40: an autoencoder's is a multiple of 16"):
        train_autoencoder(stripes(size=40, name="forty"), run_path, quick(resolution=40))
    with pytest.raises(SettingsError, match="crops of two pictures have no embedding in common"):
        quick(crops=AugmentSettings(cutmix=0.5))
    assert not run_path.exists()
