"""Settings of an export."""

from pydantic import Field

from impasto.config import Settings
from impasto.records.evaluation import Prior


class ExportSettings(Settings):
    """Settings of an export."""

    prior: Prior | None = Field(
        None,
        description="classifier: how frequent styles are supposed to be; none: as evaluated",
    )
    license: str = Field(
        "other",
        description="licence of the weights, in the hub's word (mit, cc-by-4.0, …) for the card",
    )
    card: bool = Field(False, description="write the model card, README.md")
