"""Torch datasets of a split: pictures and labels as stored, in one process or several."""

import pickle
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from impasto.collection.collection import Collection


@pytest.fixture(scope="module")
def collection(make_collection: Callable[..., Collection]) -> Collection:
    return make_collection(train=8, test=2)


def test_items_are_pictures_and_labels(collection: Collection) -> None:
    data, rows = collection.dataset("train"), collection.indices("train")
    assert isinstance(data, Dataset) and len(data) == len(rows)
    for place, row in enumerate(rows):
        picture, label = data[place]
        assert picture.dtype == torch.uint8 and picture.shape == (3, 32, 32)
        assert np.array_equal(picture.permute(1, 2, 0).numpy(), collection.pixels[row])
        assert label == collection.labels[row] and isinstance(label, int)


def test_pictures_are_scaled_or_transformed(collection: Collection) -> None:
    plain, scaled = collection.dataset("test"), collection.dataset("test", transform="float")
    expected = plain[0][0].double() / 255 * 2 - 1
    assert scaled[0][0].dtype == torch.float32
    assert torch.allclose(scaled[0][0].double(), expected, atol=1e-6)
    means = collection.dataset("test", transform=lambda picture: picture.float().mean())
    assert means[1][0] == plain[1][0].float().mean()


def test_several_workers_read_the_same(collection: Collection) -> None:
    data = collection.dataset("train", transform="float")
    here = [batch for batch in DataLoader(data, batch_size=5)]
    there = DataLoader(data, batch_size=5, num_workers=2)
    for (x, y), (a, b) in zip(here, there, strict=True):
        assert torch.equal(x, a) and torch.equal(y, b)


def test_a_pickled_dataset_holds_no_pixels(collection: Collection) -> None:
    data = collection.dataset("train")
    assert len(pickle.dumps(data)) < 4000
    again = pickle.loads(pickle.dumps(data))
    assert torch.equal(again[3][0], data[3][0])


def test_a_collection_needs_no_torch() -> None:
    code = "import sys, impasto.collection.prepare; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_collection_is_shown_in_short(collection: Collection) -> None:
    shown = repr(collection)
    assert shown.startswith("Collection(30 paintings, 3 styles, 21 train, 3 validation, 6 test")
    assert str(collection.path) in shown and "\n" not in shown
    table = collection._repr_html_()
    assert "<th>Bands</th><td>7</td><td>1</td><td>2</td>" in table
