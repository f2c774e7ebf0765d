"""Fingerprints and differences: the same work is recognised, other work is named."""

from pathlib import Path

import pytest
from pydantic import Field

from impasto.config import Settings
from impasto.state.diff import difference, differences
from impasto.state.fingerprint import done, fingerprint, is_done, not_done


class InnerSettings(Settings):
    size: str = Field("small", description="")
    device: str = Field("auto", description="")


class OuterSettings(Settings):
    train: InnerSettings = Field(InnerSettings(), description="")
    workers: int = Field(0, description="")
    seed: int = Field(0, description="")


def test_a_fingerprint_changes_with_what_changes_the_result() -> None:
    one = fingerprint(settings=OuterSettings(), weights="a")
    assert len(one) == 32 and one == fingerprint(weights="a", settings=OuterSettings())
    free = OuterSettings(workers=7, train=InnerSettings(device="cpu"))
    assert fingerprint(settings=free, weights="a") == one
    others = [
        fingerprint(settings=OuterSettings(seed=1), weights="a"),
        fingerprint(settings=OuterSettings(train=InnerSettings(size="tiny")), weights="a"),
        fingerprint(settings=OuterSettings(), weights="b"),
    ]
    assert len({one, *others}) == 4


def test_a_difference_is_one_line() -> None:
    old, new = OuterSettings(), OuterSettings(train=InnerSettings(size="tiny"), workers=3)
    assert difference(old, new) == 'train.size was "small", now "tiny"'
    assert difference(old, OuterSettings(workers=3)) == ""
    assert differences({"a": None, "b": [1]}, {"a": {"c": 1}, "b": [1, 2]}) == {
        "a": 'was null, now {"c": 1}',
        "b": "was [1], now [1, 2]",
    }


@pytest.mark.parametrize("changed", [{"seed": 1}, {"workers": 1}])
def test_a_stage_knows_whether_it_is_done(tmp_path: Path, changed: dict[str, int]) -> None:
    settings = OuterSettings()
    assert not is_done(tmp_path, settings=settings, weights="a")
    done(tmp_path, settings=settings, weights="a")
    assert is_done(tmp_path, settings=settings, weights="a")
    assert not is_done(tmp_path, settings=settings, weights="b")
    other = settings.model_copy(update=changed)
    assert is_done(tmp_path, settings=other, weights="a") == ("workers" in changed)
    not_done(tmp_path)
    assert not is_done(tmp_path, settings=settings, weights="a")
