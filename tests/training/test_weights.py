"""Networks of the user's own: trained, evaluated, and asked for again in another program."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import impasto
from impasto import weights
from impasto.errors import RunError, SettingsError
from impasto.training.classifier.train import train_classifier

Make = Callable[..., Any]


class Small(nn.Module):
    """A network of somebody else's."""

    def __init__(self, styles: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 5, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(4))
        self.last = nn.Linear(128, styles)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.last(self.body(x).flatten(1))
        return made


def test_a_network_of_the_users_own_is_trained_and_evaluated(
    stripes: Make, quick: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, module = stripes((40, 40, 40)), Small()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    settings = quick(epochs=8, balance={"logit_adjustment": 1.0})
    run = impasto.train_classifier(collection, tmp_path / "run", settings, network=module)
    assert run.settings["network"] == "own"
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    scores = [line for line in run.metrics() if line["event"] == "validation"]
    assert min(line["loss"] for line in scores) < 0.9 * np.log(3)
    e = impasto.evaluate(run, bootstrap_samples=100, device="cpu")
    assert e.findings
    again = impasto.train_classifier(collection, tmp_path / "run", settings, network=module)
    assert again.state == "done"
    monkeypatch.setattr(weights, "_own", {})  # as in another program
    with pytest.raises(RunError, match=r"no file holds: give it again with impasto.open_run"):
        run.network()
    assert impasto.open_run(run, network=Small()).network()(torch.zeros(2, 3, 32, 32)).shape == (
        2,
        3,
    )


def test_a_network_without_a_logit_for_each_style_is_refused(
    stripes: Make, quick: Make, tmp_path: Path
) -> None:
    with pytest.raises(
        SettingsError, match=r"gives \(2, 5\) for 2 pictures: it must give \(2, 3\)"
    ):
        train_classifier(stripes(), tmp_path / "run", quick(), network=Small(5))
    assert not (tmp_path / "run").exists()
