"""The files of other stages, read as what a report expects of them."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from impasto.errors import RunError
from impasto.files import read_json

P = TypeVar("P", bound=BaseModel)


def read_as(cls: type[P], path: Path, what: str, verb: str) -> P:
    """The content of a JSON file.

    Args:
        cls: what it must hold.
        path: the file.
        what: its name in an error, as in "is no evaluation".
        verb: the command that writes it.

    Raises:
        InputError: the file is missing or not JSON.
        RunError: it holds something else.
    """
    try:
        return cls.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"{path} is no {what} ({place}: {first['msg']}): run {verb} again"
        ) from error
