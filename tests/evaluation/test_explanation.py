"""What an evaluation writes beyond scores agrees with its predictions."""

import json
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from impasto.evaluation.grad_cam import heat_maps
from impasto.evaluation.loaded_classifier import open_classifier
from quick_settings import STYLES

from .conftest import Trained


def written(trained: Trained) -> dict[str, Any]:
    return dict(json.loads((trained.evaluation.path / "explanation.json").read_text()))


def test_the_surest_are_recognised_and_no_other_is_surer(trained: Trained) -> None:
    table = pq.read_table(trained.evaluation.path / "predictions.parquet").to_pylist()
    for place, row in enumerate(written(trained)["styles"]):
        mine = [r for r in table if r["style"] == r["predicted"] == STYLES[place]]
        order = sorted(mine, key=lambda r: -r["probabilities"][place])
        assert row["style"] == STYLES[place]
        assert row["surest"] == [r["id"] for r in order[:4]]
        chances = {r["id"]: r["probabilities"][place] for r in table}
        for work in row["typical"] + row["atypical"]:
            assert work["probability"] == pytest.approx(chances[work["id"]])
            assert f"/{STYLES[place]}/" in work["id"]
        likeness = [w["likeness"] for w in row["typical"] + row["atypical"][::-1]]
        assert likeness == sorted(likeness, reverse=True)


def test_mean_heat_is_the_mean_of_the_maps_of_the_styles_test_pictures(trained: Trained) -> None:
    row = written(trained)["styles"][2]
    collection = trained.collection
    test = collection.indices("test")
    mine = test[collection.labels[test] == 2]
    maps = heat_maps(
        open_classifier(trained.run.path, "cpu"),
        np.asarray(collection.pixels[mine]),
        np.full(len(mine), 2),
    )
    mean = maps.reshape(len(mine), 8, 4, 8, 4).mean((0, 2, 4))
    mean /= mean.mean()
    assert row["heated"] == len(mine)
    assert np.array(row["heat"]) == pytest.approx(mean, abs=2e-3)
    edge = np.ones((8, 8), bool)
    edge[1:-1, 1:-1] = False
    assert row["border"] == pytest.approx(mean[edge].sum() / mean.sum(), abs=1e-3)


def test_years_come_from_the_names_of_all_splits(trained: Trained) -> None:
    years = written(trained)["confusion_vs_years"]["years"]
    assert [row["dated"] for row in years] == [72, 57, 42, 36]
    assert {(row["median"], row["low"], row["high"]) for row in years} == {(1890.0, 1890.0, 1890.0)}
    assert written(trained)["confusion_vs_years"]["correlation"] is None  # four styles


def test_both_sheets_hold_a_row_a_style(trained: Trained) -> None:
    shown = [len(row["surest"]) for row in written(trained)["styles"]]
    with Image.open(trained.evaluation.path / "figures" / "heat.png") as heat:
        assert heat.height == 194 * sum(map(bool, shown)) - 10
        assert heat.width == 276 * max(shown) - 10
    with Image.open(trained.evaluation.path / "figures" / "typical.png") as typical:
        assert typical.height == 194 * len(STYLES) - 10
