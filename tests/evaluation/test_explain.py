"""Grad-CAM looks where the network must have looked."""

import numpy as np
import torch
from PIL import Image

from impasto.evaluation.explain import grad_cam, overlay
from impasto.models.classifier import Classifier, ClassifierConfig


def test_heat_lies_where_the_difference_is() -> None:
    torch.manual_seed(0)
    model = Classifier(ClassifierConfig(2, "tiny"))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(0)

    def batch(count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Grey noise; style 1 has a chequered patch in one of the four quarters."""
        x = 0.2 * torch.randn(count, 3, 64, 64, generator=generator)
        y, quarter = (torch.randint(0, top, (count,), generator=generator) for top in (2, 4))
        tile = torch.sign(torch.sin(torch.arange(32) * 1.6))
        for i in range(count):
            top, left = int(quarter[i]) // 2 * 32, int(quarter[i]) % 2 * 32
            x[i, :, top : top + 32, left : left + 32] += y[i] * tile * tile[:, None] * 0.8
        return x, y, quarter

    for _ in range(30):
        x, y, _ = batch(32)
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    x, y, quarter = batch(24)
    hits = []
    for i in torch.nonzero(y).flatten().tolist():
        heat = grad_cam(model, x[i : i + 1], 1)
        assert heat.shape == (64, 64)
        assert heat.min() >= 0
        assert heat.max() == 1
        parts = heat.reshape(2, 32, 2, 32).mean((1, 3)).ravel()
        hits.append(parts.argmax() == int(quarter[i]))
    assert np.mean(hits) > 0.8  # chance is a quarter


def test_overlay_keeps_hot_places_coloured_and_greys_cold_ones() -> None:
    picture = Image.new("RGB", (40, 30), (200, 30, 30))
    heat = np.zeros((16, 16), np.float32)
    heat[:, 8:] = 0.5
    mixed = np.asarray(overlay(picture, heat), float)
    assert mixed.shape == (30, 40, 3)
    assert np.ptp(mixed[15, 2]) < 5  # grey
    assert np.ptp(mixed[15, 37]) > 100
