"""Access to the Hugging Face hub: whether it answers, and what it and its cache can give."""

import re
from pathlib import Path
from typing import Final

from impasto.errors import InputError, MissingExtraError

try:
    from huggingface_hub import constants, errors, get_session, try_to_load_from_cache
except ImportError as missing:
    raise MissingExtraError("access to the hub", "hub") from missing

PATIENCE: Final = 2.0  # seconds that the hub has to answer
# Of whichever client for HTTP the hub's library has; OSError: it is offline, or nobody is logged in
HUB_ERRORS: Final = (errors.HTTPError, OSError)  # type: ignore[attr-defined]


def reaches_hub() -> bool:
    """Whether the hub answers within ``PATIENCE`` seconds."""
    try:
        get_session().head(constants.ENDPOINT, timeout=PATIENCE)
    except HUB_ERRORS:
        return False
    return True


def is_hub_name(name: str) -> bool:
    """Whether a name has the form of those on the hub: ``owner/name``."""
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+", name)) and not name.startswith(("./", "../"))


def require_model(name: str, file: str) -> None:
    """Refuse a model that is no folder and that hub and cache cannot give now, in seconds.

    Args:
        name: a folder or a hub name.
        file: that each model has, such as ``config.json``.

    Raises:
        InputError: naming what is wrong.
    """
    if Path(name).is_dir():
        if not (Path(name) / file).is_file():
            raise InputError(
                f"no model in {name} ({file} is missing): give a folder that save_pretrained wrote"
            )
        return
    if not is_hub_name(name):
        raise InputError(f"no folder {name}: give a folder or a hub name (owner/name)")
    if isinstance(try_to_load_from_cache(name, file), str):
        return
    if constants.HF_HUB_OFFLINE or not reaches_hub():
        raise InputError(
            f"{name} is neither a folder nor in the hub's cache, and {constants.ENDPOINT} cannot "
            "be reached from here: download it elsewhere (hf download NAME --local-dir FOLDER) and "
            "give the folder"
        )
