"""``label-order.json``: what a classifier would score if the order of its labels were lost."""

from typing import Any, Final, Literal

from impasto.records.record import Interval, Result

FILE: Final = "label-order.json"


class LabelOrder(Result):
    """Accuracy on test pictures with the labels in their order, and in shuffled orders.

    Attributes:
        pictures: test pictures.
        orders: shuffled orders of the styles.
        seed: of the orders.
        kept: accuracy under the order that the network was trained with.
        lost: mean accuracy over the shuffled orders, and the range of 95 % of them.
    """

    format: Literal[1] = 1
    collection_fingerprint: str
    command: str
    pictures: int
    orders: int
    seed: int
    kept: Interval
    lost: Interval

    def rows(self) -> list[dict[str, Any]]:
        """One row with the labels in their order, one without."""
        return [
            {"labels": name, **one.model_dump()}
            for name, one in (("kept", self.kept), ("lost", self.lost))
        ]

    def __repr__(self) -> str:
        return f"<LabelOrder: accuracy {self.kept}, with a lost order {self.lost}>"
