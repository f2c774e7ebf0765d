"""Pictures of a study's LoRA runs for the page: some of every style, as they were scored.

data/loras/N.js   one JPEG: a style a row, a picture a column
"""

import io
from pathlib import Path
from typing import Any, Final

from PIL import Image

from impasto.collection.collection import Collection
from impasto.files import damaged_error
from impasto.page.scripts import ScriptFolder
from impasto.page.sprites import text_of
from impasto.path_names import path_names
from impasto.records.lora_score import LoraScore

SIDE: Final = 160
"""Height and width of a picture in pixels."""
SHOWN: Final = 4
"""Pictures of a style."""
QUALITY: Final = 85


def write_loras(folder: ScriptFolder, runs: Path, collection: Collection) -> list[dict[str, Any]]:
    """Write pictures of all scored LoRA runs of a study.

    Args:
        folder: the page's data.
        runs: the study's.
        collection: scores of other collections are left out.

    Returns:
        Each run's place, name, size and number of a style's pictures, and styles (positions in the
        vocabulary) in the order of the rows.

    Raises:
        ImpastoError: a score or a picture is damaged.
    """
    facts: list[dict[str, Any]] = []
    folders = path_names(collection.vocabulary.styles)
    for path in sorted(runs.glob("*/evaluation/scorecard.json")):
        score = LoraScore.read(path, what="score of a LoRA", verb="impasto evaluate")
        home = _latest(path.parent / "pictures")
        if score.collection_fingerprint != collection.fingerprint or home is None:
            continue
        files = {style: _numbered(home / folders[style])[:SHOWN] for style in score.styles}
        styles = [style for style in score.styles if files[style]]
        if not styles:
            continue
        sheet = Image.new("RGB", (SIDE * SHOWN, SIDE * len(styles)))
        for row, style in enumerate(styles):
            for column, file in enumerate(files[style]):
                sheet.paste(_picture(file), (SIDE * column, SIDE * row))
        buffer = io.BytesIO()
        sheet.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
        place = len(facts)
        folder.add(f"loras/{place}", text_of(buffer.getvalue()))
        facts.append(
            {
                "place": place,
                "name": path.parent.parent.name,
                "side": SIDE,
                "each": [len(files[style]) for style in styles],
                "styles": [collection.vocabulary.index(style) for style in styles],
            }
        )
    return facts


def _latest(pictures: Path) -> Path | None:
    """The folder of the pictures that were painted last; ``None`` where there are none."""
    homes = [home / "adapter" for home in pictures.glob("*") if (home / "adapter").is_dir()]
    return max(homes, key=lambda home: home.stat().st_mtime, default=None)


def _numbered(folder: Path) -> list[Path]:
    """Pictures by the number of their seed."""
    return sorted(
        (path for path in folder.glob("*.png") if path.stem.isdecimal()),
        key=lambda path: int(path.stem),
    )


def _picture(path: Path) -> Image.Image:
    """A picture in the middle of a square, no larger than it was painted."""
    try:
        with Image.open(path) as image:
            small = image.convert("RGB")
    except OSError as error:
        raise damaged_error(path, "a picture of impasto evaluate", error) from error
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (SIDE, SIDE), "white")
    square.paste(small, ((SIDE - small.width) // 2, (SIDE - small.height) // 2))
    return square
