"""The normalised head: directions alone, in full precision."""

import math

import pytest
import torch

from impasto.models.classifiers import build
from impasto.models.cosine import CosineHead


def test_logits_are_scaled_cosines() -> None:
    head, generator = CosineHead(5, 3, 20.0), torch.Generator().manual_seed(0)
    x = torch.randn(4, 5, generator=generator)
    made = head(x).detach()
    for row, vector in enumerate(x.tolist()):
        for style, weight in enumerate(head.weight.tolist()):
            dot = sum(a * b for a, b in zip(vector, weight, strict=True))
            cosine = dot / (math.hypot(*vector) * math.hypot(*weight))
            assert float(made[row, style]) == pytest.approx(20 * cosine, abs=1e-4)
    torch.testing.assert_close(head(7 * x), made)
    torch.testing.assert_close(
        head(x.reshape(2, 2, 5)), made.reshape(2, 2, 3)
    )  # several views of each picture


def test_it_stays_precise_under_autocast() -> None:
    head, x = (
        CosineHead(64, 3, 30.0),
        torch.randn(8, 64, generator=torch.Generator().manual_seed(0)),
    )
    with torch.autocast("cpu", torch.bfloat16):
        made = head(x.bfloat16())
    torch.testing.assert_close(made, head(x.bfloat16().float()))


@pytest.mark.parametrize("network", ["classifier", "published"])
def test_every_network_can_have_one(network: str) -> None:
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    model = build(network, styles=4, size="tiny", resolution=32, head_scale=10.0).eval()  # type: ignore[arg-type]
    cosines = model.head(model.embed(x)).detach() / 10
    assert float(cosines.abs().max()) <= 1 + 1e-6
    torch.testing.assert_close(model(x).detach().softmax(1), (10 * cosines).softmax(1))
