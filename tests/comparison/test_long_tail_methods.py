"""The catalogue: names, what each changes, and that no remedy trains longer than another."""

import numpy as np
import pytest

from impasto.comparison.long_tail_methods import METHODS, PLAIN, chosen, settings_of
from impasto.errors import SettingsError
from impasto.training.augment import AugmentSettings
from impasto.training.classifier.settings import ClassifierSettings

COUNTS = np.array([1000, 400, 100])
GIVEN = ClassifierSettings(size="tiny", epochs=12, seed=5, augment=AugmentSettings(flip=False))


def changed(one: dict[str, object], other: dict[str, object], place: str = "") -> set[str]:
    found: set[str] = set()
    for name, mine in one.items():
        its = other[name]
        if isinstance(mine, dict) and isinstance(its, dict):
            found |= changed(mine, its, f"{place}{name}.")
        elif mine != its:
            found.add(place + name)
    return found


def test_plain_training_treats_no_style_better() -> None:
    plain = settings_of(METHODS[PLAIN], GIVEN, COUNTS)
    assert (plain.balance.sampling, plain.balance.weights, plain.balance.loss) == (
        "natural",
        "none",
        "cross-entropy",
    )
    assert plain.balance.logit_adjustment == plain.augment.cutmix == plain.augment.mixup == 0
    assert changed(plain.model_dump(), GIVEN.model_dump()) == {
        "balance.logit_adjustment",
        "augment.cutmix",
    }


@pytest.mark.parametrize(
    "name", [name for name, remedy in METHODS.items() if remedy.kind == "training"]
)
def test_a_remedy_changes_its_own_settings_and_no_other(name: str) -> None:
    remedy = METHODS[name]
    mine, plain = (
        settings_of(remedy, GIVEN, COUNTS).model_dump(),
        settings_of(METHODS[PLAIN], GIVEN, COUNTS).model_dump(),
    )
    own = {f"{table}.{key}" for table, values in remedy.changes.items() for key in values}
    differing = changed(mine, plain) - {"epochs"}
    assert differing == (
        own if name != "recipe" else {"balance.logit_adjustment", "augment.cutmix"}
    )
    assert bool(differing) == (name != PLAIN)


def test_every_training_goes_on_to_its_end() -> None:
    hasty = GIVEN.model_copy(update={"patience": 3})
    assert {settings_of(remedy, hasty, COUNTS).patience for remedy in METHODS.values()} == {0}


def test_the_recipe_is_what_was_given() -> None:
    assert settings_of(METHODS["recipe"], GIVEN, COUNTS) == GIVEN


def test_heads_stand_on_plain_training() -> None:
    for remedy in METHODS.values():
        if remedy.kind == "head":
            assert settings_of(remedy, GIVEN, COUNTS) == settings_of(METHODS[PLAIN], GIVEN, COUNTS)


def test_capped_and_duplicated_epochs_are_as_many_as_make_the_same_steps() -> None:
    capped = settings_of(METHODS["cap-and-duplicate"], GIVEN, COUNTS)
    shown = 3 * capped.balance.per_style  # pictures an epoch
    assert capped.epochs * shown == pytest.approx(12 * 1500, rel=0.03)


@pytest.mark.parametrize(("epochs", "count"), [(1, 40), (5, 4), (12, 40)])
def test_a_cap_that_is_too_large_for_the_training_is_lowered(epochs: int, count: int) -> None:
    counts = np.full(8, count)
    capped = settings_of(
        METHODS["cap-and-duplicate"], GIVEN.model_copy(update={"epochs": epochs}), counts
    )
    assert capped.epochs >= 5 and capped.balance.per_style < 300
    assert capped.epochs * capped.balance.per_style == pytest.approx(epochs * count, rel=0.1)


def test_plain_is_always_there_and_first() -> None:
    assert list(chosen(["tau-normalisation", "mixup"])) == [PLAIN, "mixup", "tau-normalisation"]
    assert next(iter(METHODS)) == PLAIN


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        SettingsError,
        match=r"no long-tail method is called 'focal-los': did you mean 'focal-loss'\?",
    ):
        chosen(["plain", "focal-los"])
    with pytest.raises(SettingsError, match=r"known are plain, cap-and-duplicate, "):
        chosen(["xyz"])
