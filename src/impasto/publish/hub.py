"""Upload to the Hugging Face hub: checked before the work, and of the files that are named."""

import re
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import HfApi, get_token

from impasto.errors import InputError, OutputError
from impasto.hub import HUB_ERRORS, reaches_hub


def require_access(repository: str) -> None:
    """Refuse a repository that could not be written to, before the work that is to go there.

    Raises:
        InputError: it is no name of a repository, nobody is logged in, or the hub is out of reach.
    """
    whole = re.fullmatch(r"[\w.-]+/[\w.-]{1,96}", repository)
    if not whole or "--" in repository or ".." in repository:
        raise InputError(f"--push {repository}: give OWNER/NAME, as in huggan/my-style")
    if get_token() is None:
        raise InputError(f"--push {repository}: nobody is logged in: hf auth login, then repeat")
    if not reaches_hub():
        raise InputError(
            f"--push {repository}: the hub cannot be reached from here: leave --push out, and "
            "upload the folder from elsewhere"
        )
    try:
        HfApi().whoami()
    except HUB_ERRORS as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"--push {repository}: the hub refuses the login ({reason}): hf auth login, then repeat"
        ) from error


def push(folder: Path, repository: str, files: Sequence[str]) -> str:
    """Upload files of a folder, and return the address of the repository.

    Args:
        folder: with the files.
        repository: ``owner/name``; made where it does not exist, and private then.
        files: their names, or patterns of them.

    Raises:
        OutputError: the hub cannot be reached or refuses; the folder is whole all the same.
    """
    api = HfApi()
    try:
        address = api.create_repo(repository, private=True, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, allow_patterns=list(files))
    except Exception as error:  # the hub's client raises a dozen kinds, some of them not its own
        reason = " ".join(str(error).split())[:160]
        raise OutputError(
            f"cannot upload {folder} to {repository} ({reason}): log in with hf auth login, then "
            "repeat"
        ) from error
    return str(address)
