"""Hugging Face hub as a source: label columns first, pictures as they are needed.

Nothing is downloaded whole. A preparation that was cut off continues with the row groups that it
had not yet decoded.
"""

from collections.abc import Mapping

from impasto.collection.entries import Source
from impasto.collection.layouts.hf_parquet import read_parquet_files
from impasto.collection.layouts.style_cells import Several
from impasto.errors import InputError, MissingExtraError

CONVERTED = (
    "refs%2Fconvert%2Fparquet"  # the branch on which the hub keeps every data set as parquet
)


def read_hub(
    name: str, columns: Mapping[str, str] | None = None, several: Several = "first"
) -> Source:
    """The pictures of the data set ``owner/name``.

    Raises:
        MissingExtraError: ``huggingface_hub`` is not installed.
        InputError: the hub cannot be reached, or has no such data set with pictures in parquet.
    """
    return read_parquet_files(parquet_addresses(name), columns, several)


def parquet_addresses(name: str) -> list[str]:
    """The addresses of a data set's parquet files, sorted."""
    try:
        from huggingface_hub import HfFileSystem  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(f"reading {name} from the hub", "hub") from error
    if name.count("/") != 1:
        raise InputError(f"hf:{name}: a data set's name has the form owner/name")
    try:
        system = HfFileSystem()
        for root in (f"datasets/{name}", f"datasets/{name}@{CONVERTED}"):
            if found := sorted(system.glob(f"{root}/**/*.parquet")):
                return [f"hf://{path}" for path in found]
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(
            f"cannot read hf:{name} ({reason}): check the name and the connection, or download it"
        ) from error
    raise InputError(f"hf:{name} has no parquet files")
