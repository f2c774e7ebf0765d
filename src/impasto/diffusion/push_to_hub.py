"""Upload of an adapter to the Hugging Face hub."""

from pathlib import Path

from huggingface_hub import HfApi

from impasto.diffusion.adapter import KOHYA, NAME
from impasto.errors import OutputError


def push(run: Path, repository: str) -> str:
    """Upload a run's adapter, card and previews, and return the address of the repository.

    Args:
        run: a finished run's folder.
        repository: ``owner/name``; made where it does not exist, and private then.

    Raises:
        OutputError: the hub cannot be reached or refuses; the run's folder is whole all the same.
    """
    api = HfApi()
    try:
        address = api.create_repo(repository, private=True, exist_ok=True)
        kept = [NAME, KOHYA, "README.md", "progress/*.png"]
        api.upload_folder(repo_id=repository, folder_path=run, allow_patterns=kept)
    except Exception as error:  # the hub's client raises a dozen kinds, some of them not its own
        reason = " ".join(str(error).split())[:160]
        raise OutputError(
            f"cannot upload {run} to {repository} ({reason}): log in with hf auth login, then "
            "repeat"
        ) from error
    return str(address)
