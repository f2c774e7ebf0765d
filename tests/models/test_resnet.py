"""The judge's network: another build than the classifier's, with the same manners."""

import pytest
import torch

from impasto.models.classifiers import build
from impasto.models.resnet import ResidualNetwork


@pytest.mark.parametrize(("resolution", "sides"), [(64, [32, 16, 8]), (128, [32, 16, 8])])
def test_shapes(resolution: int, sides: list[int]) -> None:
    model = build("residual", styles=5, size="tiny", resolution=resolution).eval()
    x = torch.rand(2, 3, resolution, resolution)
    with torch.no_grad():
        assert [tuple(f.shape) for f in model.features(x)] == [
            (2, w, s, s) for w, s in zip((16, 32, 64), sides, strict=True)
        ]
        assert model.embed(x).shape == (2, 64)
        assert torch.equal(model(x), model.head(model.embed(x)))


def test_it_shares_nothing_with_the_classifiers_build() -> None:
    judge, critic = (
        build(name, styles=3, size="small", resolution=64) for name in ("residual", "classifier")
    )
    assert isinstance(judge, ResidualNetwork)
    assert not {
        name for name, _ in judge.named_modules() if "reduce" in name or "descriptor" in name
    }
    assert judge.head.in_features != critic.head.in_features


def test_it_begins_by_answering_nothing_in_particular() -> None:
    torch.manual_seed(0)
    model = build("residual", styles=4, size="small", resolution=64).eval()
    with torch.no_grad():
        shares = model(torch.rand(8, 3, 64, 64) * 2 - 1).softmax(1)
    assert shares.max() < 0.5
