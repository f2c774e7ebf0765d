"""The remedies for imbalance by their standard names: where each comes from, what it changes against plain training.

Plain training draws every picture equally often, its loss is cross-entropy, and no picture is mixed
with another; all else is as in the settings given. A remedy of kind ``training`` trains a network
of its own; one of kind ``head`` gives the plain network a new last layer.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.config import merged, parse
from impasto.errors import SettingsError
from impasto.training.classifier.settings import ClassifierSettings

PLAIN = "plain"
FEWEST = 5  # epochs of a capped training
NATURAL: Mapping[str, Any] = {
    "balance": {
        "sampling": "natural",
        "weights": "none",
        "drw_start": 0.0,
        "loss": "cross-entropy",
        "logit_adjustment": 0.0,
    },
    "augment": {"cutmix": 0.0, "mixup": 0.0, "partners": "batch"},
}
"""What makes a training plain."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to treat frequent and rare styles.

    Attributes:
        paper: where it comes from.
        kind: what it trains: a network, or the head of the plain network.
        changes: settings laid over those of plain training.
        recipe: laid over the settings as given, instead of over plain training.
    """

    paper: str
    kind: Literal["training", "head"] = "training"
    changes: Mapping[str, Any] = field(default_factory=dict)
    recipe: bool = False


REMEDIES: Mapping[str, Remedy] = {
    PLAIN: Remedy("the yardstick: every picture equally often, cross-entropy"),
    "cap-and-duplicate": Remedy(
        "the course's report: every style cut or duplicated to one number of pictures, for good",
        changes={"balance": {"sampling": "cap-and-duplicate"}},
    ),
    "inverse-frequency-sampling": Remedy(
        "Kang et al. 2020, arXiv:1910.09217, class-balanced sampling",
        changes={"balance": {"sampling": "inverse-frequency"}},
    ),
    "square-root-sampling": Remedy(
        "Mahajan et al. 2018, arXiv:1805.00932",
        changes={"balance": {"sampling": "square-root"}},
    ),
    "progressively-balanced-sampling": Remedy(
        "Kang et al. 2020, arXiv:1910.09217, from natural to balanced",
        changes={"balance": {"sampling": "progressive"}},
    ),
    "class-weighted-loss": Remedy(
        "King and Zeng 2001, Logistic regression in rare events data",
        changes={"balance": {"weights": "inverse-frequency"}},
    ),
    "effective-number-loss": Remedy(
        "Cui et al. 2019, arXiv:1901.05555",
        changes={"balance": {"weights": "effective-number"}},
    ),
    "focal-loss": Remedy(
        "Lin et al. 2017, arXiv:1708.02002", changes={"balance": {"loss": "focal"}}
    ),
    "ldam-loss": Remedy("Cao et al. 2019, arXiv:1906.07413", changes={"balance": {"loss": "ldam"}}),
    "ldam-loss-deferred": Remedy(
        "Cao et al. 2019, arXiv:1906.07413, LDAM-DRW: effective-number weights in the last fifth",
        changes={"balance": {"loss": "ldam", "weights": "effective-number", "drw_start": 0.8}},
    ),
    "logit-adjusted-loss": Remedy(
        "Menon et al. 2021, arXiv:2007.07314", changes={"balance": {"logit_adjustment": 1.0}}
    ),
    "mixup": Remedy("Zhang et al. 2018, arXiv:1710.09412", changes={"augment": {"mixup": 0.5}}),
    "balanced-mixup": Remedy(
        "Galdran et al. 2021, arXiv:2109.09850",
        changes={"augment": {"mixup": 0.5, "partners": "balanced"}},
    ),
    "cutmix": Remedy("Yun et al. 2019, arXiv:1905.04899", changes={"augment": {"cutmix": 0.5}}),
    "balanced-cutmix": Remedy(
        "Park et al. 2022, arXiv:2112.00412, context-rich minority oversampling",
        changes={"augment": {"cutmix": 0.5, "partners": "balanced"}},
    ),
    "recipe": Remedy(
        "the settings as given, with all that they hold against imbalance", recipe=True
    ),
    "post-hoc-logit-adjustment": Remedy("Menon et al. 2021, arXiv:2007.07314", "head"),
    "tau-normalisation": Remedy("Kang et al. 2020, arXiv:1910.09217", "head"),
    "classifier-re-training": Remedy("Kang et al. 2020, arXiv:1910.09217, cRT", "head"),
    "learnable-weight-scaling": Remedy("Kang et al. 2020, arXiv:1910.09217, LWS", "head"),
}


def chosen(names: Sequence[str]) -> dict[str, Remedy]:
    """The remedies of these names in the catalogue's order; plain training, their yardstick, is always among them.

    Raises:
        SettingsError: a name is unknown; the nearest known one is named.
    """
    for name in names:
        if name not in REMEDIES:
            near = difflib.get_close_matches(name, REMEDIES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(REMEDIES)}"
            raise SettingsError(f"remedies: no remedy is called {name!r}: {hint}")
    return {name: remedy for name, remedy in REMEDIES.items() if name in names or name == PLAIN}


def settings_of(
    remedy: Remedy, given: ClassifierSettings, counts: NDArray[np.int64]
) -> ClassifierSettings:
    """The settings of a training with a remedy; of one of kind ``head`` those of the plain network under it.

    A capped and duplicated epoch has pictures of its own number: as many epochs are made as give
        the same number of
    steps, so that no remedy wins or loses by the length of its training. Where that would be fewer
    than ``FEWEST``, which rounding would make unequal, the cap is lowered. Nor does patience end
    one of them early.

    Args:
        remedy: of the catalogue.
        given: the settings of the comparison.
        counts: training pictures a style, ``int64 (styles,)``.
    """
    given = given.model_copy(update={"patience": 0})
    changes = {} if remedy.recipe else merged(NATURAL, remedy.changes)
    settings = parse(ClassifierSettings, merged(given.model_dump(mode="json"), changes), "a remedy")
    if remedy.recipe or settings.balance.sampling != "cap-and-duplicate":
        return settings
    pictures, styles = given.epochs * int(counts.sum()), int((counts > 0).sum())
    cap = max(1, min(settings.balance.per_style, pictures // (FEWEST * styles)))
    epochs = max(1, round(pictures / (cap * styles)))
    return settings.model_copy(
        update={"epochs": epochs, "balance": settings.balance.model_copy(update={"per_style": cap})}
    )
