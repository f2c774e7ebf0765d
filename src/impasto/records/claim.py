"""Record of the settings and inputs that work was begun with: ``study.json`` and others."""

from typing import Any, Literal

from impasto.records.record import Record


class ClaimRecord(Record):
    """Settings and inputs that the work in a folder was begun with.

    Attributes:
        format: of this file.
        inputs: what the work depends on beside settings, such as a study's source.
        settings: of the stage.
        command: the command line that began it.
        environment: versions of Python and of the packages that compute.
    """

    format: Literal[2] = 2
    inputs: dict[str, Any]
    settings: dict[str, Any]
    command: str
    environment: dict[str, str]
