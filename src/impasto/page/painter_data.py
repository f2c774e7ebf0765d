"""Paintings of a study's painters for the page: in every style, and whose patches they are.

data/painters/N.js        the pictures, their paintings by arm, and what these borrow
data/painters/N/ARM.js    the paintings of an arm as one JPEG: a picture a row, a style a column
data/painters/N/steps.js  the pictures at rising strength: the original, then every strength
"""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image

from impasto.collection.collection import Collection
from impasto.errors import RunError
from impasto.files import damaged_error
from impasto.page.scripts import ScriptFolder
from impasto.records.painter_score import ARM_TITLES, PAINTINGS, Arm, PainterScore
from impasto.records.painting import Borrowed
from impasto.records.run import open_run

QUALITY: Final = 88


def write_painters(
    folder: ScriptFolder, runs: Path, collection: Collection
) -> list[dict[str, Any]]:
    """Write the paintings of all scored painters of a study.

    Args:
        folder: the page's data.
        runs: the study's.
        collection: scores of other collections are left out.

    Returns:
        Each painter's place, name and size of a picture.

    Raises:
        RunError: a score is damaged, or its figures do not fit it.
    """
    places = {name: row for row, name in enumerate(collection.column("id"))}
    facts: list[dict[str, Any]] = []
    for path in sorted(runs.glob("*/evaluation/painting.json")):
        score = PainterScore.read(path, what="score of a painter", verb="impasto evaluate")
        if score.collection_fingerprint != collection.fingerprint or not score.shown:
            continue
        run, key = open_run(path.parent.parent), f"painters/{len(facts)}"
        paintings = _by_arm(score)
        if not paintings:
            continue
        styles = list(next(iter(paintings.values()))[0])
        shape = (len(score.shown), len(styles))
        for arm in paintings:
            sheet = path.parent / "figures" / f"paintings-{arm}.png"
            folder.add(f"{key}/{arm}", _jpeg(sheet, score.resolution, shape))
        steps = path.parent / "figures" / "steps.png"
        shape = (len(score.shown), 1 + len(score.strength))
        folder.add(f"{key}/steps", _jpeg(steps, score.resolution, shape))
        folder.add(
            key,
            {
                "command": score.command,
                "arms": [{"name": arm, "title": ARM_TITLES[arm]} for arm in paintings],
                "styles": [collection.vocabulary.index(style) for style in styles],
                "pictures": [places[pair.id] for pair in score.shown],
                "targets": [collection.vocabulary.index(pair.target) for pair in score.shown],
                "strengths": [step.strength for step in score.strength],
                "borrowed": {
                    arm: [[_borrowed(row[style], places) for style in styles] for row in rows]
                    for arm, rows in paintings.items()
                },
            },
        )
        facts.append({"place": len(facts), "name": run.path.name, "side": score.resolution})
    return facts


def _by_arm(score: PainterScore) -> dict[Arm, list[dict[str, tuple[Borrowed, ...]]]]:
    """Works that lent patches: for each arm, the default first, pictures, then styles."""
    arms = {one.arm for pair in score.shown for one in pair.paintings}
    return {
        arm: [
            {one.style: one.references for one in pair.paintings if one.arm == arm}
            for pair in score.shown
        ]
        for arm in reversed(PAINTINGS)
        if arm in arms
    }


def _borrowed(works: Sequence[Borrowed], places: Mapping[str, int]) -> list[tuple[int, float]]:
    """Rows of the works in the collection, with their shares."""
    return [(places[work.painting], work.share) for work in works]


def _jpeg(path: Path, side: int, shape: tuple[int, int]) -> str:
    """A figure as base64 JPEG."""
    rows, columns = shape
    try:
        with Image.open(path) as image:
            pixels = image.convert("RGB")
    except OSError as error:
        raise damaged_error(path, "a figure of impasto evaluate", error) from error
    if pixels.size != (side * columns, side * rows):
        raise RunError(f"{path} does not fit painting.json: run impasto evaluate again")
    buffer = io.BytesIO()
    pixels.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
