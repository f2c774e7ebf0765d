"""Catalogue of long-tail methods: source, and settings changed against plain training.

Plain training draws every picture equally often, its loss is cross-entropy, and no picture is mixed
with another; all else is as in the settings given. A method of kind ``training`` trains a network
of its own; one of kind ``head`` gives the plain network a new last layer.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.config import merged, parse
from impasto.errors import SettingsError
from impasto.records.balance import PLAIN
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.imbalance import BalanceSettings

HeadMethod = Literal[
    "post-hoc-logit-adjustment",
    "tau-normalisation",
    "classifier-re-training",
    "learnable-weight-scaling",
]
FEWEST = 5  # epochs of a capped training
DIALS: Final = frozenset(
    {"per_style", "effective_beta", "focal_gamma", "ldam_margin", "ldam_scale"}
)
"""Settings of imbalance that act under a method only; all others are switches."""
OFF: Final[Mapping[str, Any]] = {"logit_adjustment": 0.0}
"""Switches whose default is not off."""
PLAIN_CHANGES: Final[Mapping[str, Any]] = {
    "balance": {
        name: OFF.get(name, setting.default)
        for name, setting in BalanceSettings.model_fields.items()
        if name not in DIALS
    },
    "augment": {"cutmix": 0.0, "mixup": 0.0, "partners": "batch"},
}
"""Changes that make a training plain: every switch off."""


@dataclass(frozen=True, slots=True)
class LongTailMethod:
    """One way to treat frequent and rare styles.

    Attributes:
        paper: its source.
        changes: settings laid over those of plain training.
        recipe: laid over the settings as given, instead of over plain training.
        head: the head that it gives the plain network; ``None``: it trains a network.
        balanced_head: whether that head is trained on every style equally often.
    """

    paper: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    recipe: bool = False
    head: HeadMethod | None = None
    balanced_head: bool = False

    @property
    def kind(self) -> Literal["training", "head"]:
        """The part that it trains: a network, or the head of the plain network."""
        return "training" if self.head is None else "head"


METHODS: Mapping[str, LongTailMethod] = {
    PLAIN: LongTailMethod("the reference: every picture equally often, cross-entropy"),
    "cap-and-duplicate": LongTailMethod(
        "the course's report: every style cut or duplicated to one number of pictures, for good",
        changes={"balance": {"sampling": "cap-and-duplicate"}},
    ),
    "inverse-frequency-sampling": LongTailMethod(
        "Kang et al. 2020, arXiv:1910.09217, class-balanced sampling",
        changes={"balance": {"sampling": "inverse-frequency"}},
    ),
    "square-root-sampling": LongTailMethod(
        "Mahajan et al. 2018, arXiv:1805.00932",
        changes={"balance": {"sampling": "square-root"}},
    ),
    "progressively-balanced-sampling": LongTailMethod(
        "Kang et al. 2020, arXiv:1910.09217, from natural to balanced",
        changes={"balance": {"sampling": "progressive"}},
    ),
    "class-weighted-loss": LongTailMethod(
        "King and Zeng 2001, Logistic regression in rare events data",
        changes={"balance": {"weights": "inverse-frequency"}},
    ),
    "effective-number-loss": LongTailMethod(
        "Cui et al. 2019, arXiv:1901.05555",
        changes={"balance": {"weights": "effective-number"}},
    ),
    "focal-loss": LongTailMethod(
        "Lin et al. 2017, arXiv:1708.02002", changes={"balance": {"loss": "focal"}}
    ),
    "ldam-loss": LongTailMethod(
        "Cao et al. 2019, arXiv:1906.07413", changes={"balance": {"loss": "ldam"}}
    ),
    "ldam-loss-deferred": LongTailMethod(
        "Cao et al. 2019, arXiv:1906.07413, LDAM-DRW: effective-number weights in the last fifth",
        changes={"balance": {"loss": "ldam", "weights": "effective-number", "drw_start": 0.8}},
    ),
    "logit-adjusted-loss": LongTailMethod(
        "Menon et al. 2021, arXiv:2007.07314", changes={"balance": {"logit_adjustment": 1.0}}
    ),
    "mixup": LongTailMethod(
        "Zhang et al. 2018, arXiv:1710.09412", changes={"augment": {"mixup": 0.5}}
    ),
    "balanced-mixup": LongTailMethod(
        "Galdran et al. 2021, arXiv:2109.09850",
        changes={"augment": {"mixup": 0.5, "partners": "balanced"}},
    ),
    "cutmix": LongTailMethod(
        "Yun et al. 2019, arXiv:1905.04899", changes={"augment": {"cutmix": 0.5}}
    ),
    "balanced-cutmix": LongTailMethod(
        "Park et al. 2022, arXiv:2112.00412, context-rich minority oversampling",
        changes={"augment": {"cutmix": 0.5, "partners": "balanced"}},
    ),
    "recipe": LongTailMethod(
        "the settings as given, with all that they hold against imbalance", recipe=True
    ),
    "post-hoc-logit-adjustment": LongTailMethod(
        "Menon et al. 2021, arXiv:2007.07314", head="post-hoc-logit-adjustment"
    ),
    "tau-normalisation": LongTailMethod(
        "Kang et al. 2020, arXiv:1910.09217", head="tau-normalisation"
    ),
    "classifier-re-training": LongTailMethod(
        "Kang et al. 2020, arXiv:1910.09217, cRT",
        head="classifier-re-training",
        balanced_head=True,
    ),
    "learnable-weight-scaling": LongTailMethod(
        "Kang et al. 2020, arXiv:1910.09217, LWS",
        head="learnable-weight-scaling",
        balanced_head=True,
    ),
}


def chosen(names: Sequence[str]) -> dict[str, LongTailMethod]:
    """Return the methods of these names in the catalogue's order, plain training among them.

    Raises:
        SettingsError: a name is unknown; the nearest known one is named.
    """
    for name in names:
        if name not in METHODS:
            near = difflib.get_close_matches(name, METHODS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(METHODS)}"
            raise SettingsError(f"methods: no long-tail method is called {name!r}: {hint}")
    return {name: method for name, method in METHODS.items() if name in names or name == PLAIN}


def settings_of(
    method: LongTailMethod, given: ClassifierSettings, counts: NDArray[np.int64]
) -> ClassifierSettings:
    """Return the settings of a training with a method; under a head, of the plain network.

    A capped and duplicated epoch has pictures of its own number: as many epochs are made as give
    the same number of steps, so that no method wins or loses by the length of its training. Where
    that would be fewer than ``FEWEST``, which rounding would make unequal, the cap is lowered. Nor
    does patience end one of them early.

    Args:
        method: of the catalogue.
        given: the settings of the comparison.
        counts: training pictures a style, ``int64 (styles,)``.
    """
    given = given.model_copy(update={"patience": 0})
    changes = {} if method.recipe else merged(PLAIN_CHANGES, method.changes)
    data = merged(given.model_dump(mode="json"), changes)
    settings = parse(ClassifierSettings, data, "a long-tail method")
    if method.recipe or settings.balance.sampling != "cap-and-duplicate":
        return settings
    pictures, styles = given.epochs * int(counts.sum()), int((counts > 0).sum())
    cap = max(1, min(settings.balance.per_style, pictures // (FEWEST * styles)))
    epochs = max(1, round(pictures / (cap * styles)))
    return settings.model_copy(
        update={"epochs": epochs, "balance": settings.balance.model_copy(update={"per_style": cap})}
    )
