"""Pictures of LoRA runs on the page: those of the latest score, by style."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.collection.collection import Collection
from impasto.errors import InputError
from impasto.page.export import write_site
from impasto.page.lora_data import SHOWN, SIDE
from impasto.records.lora_score import LoraScore

COLOURS = {"Baroque": (200, 40, 30), "Pop_Art": (20, 90, 210)}


def write_lora(run: Path, fingerprint: str) -> None:
    """Six pictures of each style in its colour, the even ones as wide as they are high."""
    run.mkdir(parents=True)
    record = {
        "format": 1, "kind": "lora", "state": "done", "created": "2026-11-25", "command": "",
        "settings": {}, "styles": [*COLOURS], "facts": {}, "environment": {},
        "collection": {"path": "collection", "fingerprint": fingerprint, "pictures": 9},
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(record))
    for style, colour in COLOURS.items():
        folder = run / "evaluation" / "pictures" / "0123" / "adapter" / style
        folder.mkdir(parents=True)
        for seed in range(6):
            size = (320, 320) if seed % 2 == 0 else (320, 160)
            Image.new("RGB", size, colour).save(folder / f"{seed + 8}.png")
    (run / "evaluation" / "scorecard.json").write_text("{}")


def data(site: Path, key: str) -> Any:
    text = (site / "data" / f"{key}.js").read_text(encoding="ascii")
    return json.loads(text.split(",", 1)[1].removesuffix(");\n"))


@pytest.fixture
def study(
    site_study: Callable[..., Collection], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A study with a scored LoRA of two styles."""
    collection = site_study(tmp_path)
    write_lora(tmp_path / "runs" / "lora", collection.fingerprint)
    score = LoraScore.model_construct(
        collection_fingerprint=collection.fingerprint, styles=tuple(COLOURS)
    )
    monkeypatch.setattr(LoraScore, "read", lambda *_args, **_named: score)
    return tmp_path


def test_pictures_stand_where_the_page_looks_for_them(study: Path) -> None:
    site = write_site(study).page.parent
    (lora,) = data(site, "site")["loras"]
    assert lora == {
        "place": 0, "name": "lora", "side": SIDE, "each": [SHOWN, SHOWN], "styles": [0, 2],
    }  # fmt: skip
    sheet = Image.open(io.BytesIO(base64.b64decode(data(site, "loras/0"))))
    pixels = np.asarray(sheet, float)
    for row, colour in enumerate(COLOURS.values()):
        for column in range(SHOWN):
            cell = pixels[row * SIDE :, column * SIDE :][:SIDE, :SIDE]
            assert np.abs(cell[SIDE // 2, SIDE // 2] - colour).max() < 6
            edge = colour if column % 2 == 0 else (255, 255, 255)
            assert np.abs(cell[8, SIDE // 2] - edge).max() < 6


def test_a_damaged_picture_is_named(study: Path) -> None:
    home = study / "runs" / "lora" / "evaluation" / "pictures" / "0123" / "adapter"
    (home / "Pop_Art" / "8.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"8\.png does not hold a picture of impasto evaluate"):
        write_site(study)
