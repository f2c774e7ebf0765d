"""Captions say what is known and nothing else; buckets keep proportions."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from impasto.collection.collection import Collection
from impasto.diffusion.buckets import assign, cropped, shapes
from impasto.diffusion.captions import (
    fill,
    spoken,
    table_captions,
    template_captions,
    with_trigger,
)
from impasto.errors import InputError, SettingsError


def test_parts_in_brackets_go_where_something_is_not_known() -> None:
    template = "[{title}, ]a painting in the style of {style}[ by {artist}]"
    known = {"style": "cubism", "title": "Man, sitting", "artist": None, "year": None}
    assert fill(template, known) == "Man, sitting, a painting in the style of cubism"
    assert fill(template, {**known, "title": None}) == "a painting in the style of cubism"
    with pytest.raises(
        SettingsError, match=r"needs a year for every painting: put it in \[brackets\]"
    ):
        fill("{style} of {year}", known)
    with pytest.raises(SettingsError, match="names 'mood'"):
        fill("a {mood} painting", known)


def test_names_are_spoken() -> None:
    assert spoken("Art_Nouveau_Modern") == "art nouveau modern"


def test_a_collection_is_captioned_by_template_and_by_table(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = make_collection(train=3, test=1, artists=1)
    rows = range(len(collection))
    template = "{title} in the style of {style} by {artist}, {year}"
    made = template_captions(collection, rows, template)
    place = collection.column("style").index("Columns")
    assert made[place].endswith("in the style of columns by Columns Painter 0, 1890")
    ids = collection.column("id")
    path = tmp_path / "captions.csv"
    path.write_text(
        "caption,id\n"
        + "".join(f'"no {i}, of {name}",{name}\n' for i, name in enumerate(reversed(ids)))
    )
    assert table_captions(collection, rows, path) == {
        i: f"no {len(ids) - 1 - i}, of {name}" for i, name in enumerate(ids)
    }
    path.write_text("id,caption\n" + "".join(f"{name},c\n" for name in ids[1:]))
    with pytest.raises(
        InputError, match=f"no caption for 1 of {len(ids)} paintings, {ids[0]} the first"
    ):
        table_captions(collection, rows, path)
    # Pictures that are not learned from need none
    assert len(table_captions(collection, rows[1:], path)) == len(ids) - 1
    path.write_text("id,style\na,b\n")
    with pytest.raises(InputError, match=r"needs the columns id \(or path, file_name\)"):
        table_captions(collection, rows, path)


def test_tables_and_folders_of_captions_as_other_programs_write_them(
    make_collection: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = make_collection(train=3, test=1)
    ids = collection.column("id")
    row = ids.index("train/Bands/train001.jpg")
    table = tmp_path / "metadata.jsonl"
    table.write_text('{"file_name": "train/Bands/train001.jpg", "text": "thin  stripes"}\n')
    assert table_captions(collection, [row], table) == {row: "thin stripes"}
    # A bare name names a picture that no other one shares it with
    table.write_text('{"file_name": "train001.jpg", "text": "stripes"}\n')
    with pytest.raises(InputError, match="no caption for 1 of 1"):
        table_captions(collection, [row], table)
    lone = ids[0]
    folder = tmp_path / "captions"
    (folder / lone).parent.mkdir(parents=True)
    (folder / lone).with_suffix(".txt").write_text("a caption\nof two lines\n")
    assert table_captions(collection, [ids.index(lone)], folder) == {
        ids.index(lone): "a caption of two lines"
    }


def test_a_trigger_word_stands_for_the_style(make_collection: Callable[..., Collection]) -> None:
    collection = make_collection(train=3, test=1)
    row = collection.column("style").index("Bands")
    made = template_captions(collection, [row], "a painting in the style of {style}", "zxbands")
    assert made == {row: "a painting in the style of zxbands"}
    assert with_trigger("a boat, ZXbands", "zxbands") == "a boat, ZXbands"
    assert with_trigger("a boat", "zxbands") == "zxbands, a boat"
    assert with_trigger("a boat", None) == "a boat"


def test_every_picture_goes_to_the_nearest_proportions() -> None:
    known = shapes(512, 64, several=True)
    assert known[0] == (512, 512)
    assert len(set(known)) == len(known)
    assert all(h % 64 == 0 and w % 64 == 0 and abs(h * w / 512**2 - 1) < 0.25 for h, w in known)
    rng = np.random.default_rng(0)
    sizes = [(int(h), int(w)) for h, w in rng.integers(100, 2000, (200, 2))]
    for (height, width), place in zip(sizes, assign(sizes, known), strict=True):
        off = [abs(np.log(width / height) - np.log(w / h)) for h, w in known]
        assert off[place] == min(off)
    assert assign([(None, None)], known) == [0]
    assert shapes(512, 64, several=False) == [(512, 512)]


def test_tall_and_wide_pictures_have_shapes_of_their_own() -> None:
    """A pillar print of 1:4 keeps nearly all of itself, one of 1:8 half."""
    known = shapes(1024, 64, several=True)
    assert {(h, w) for h, w in known} == {(w, h) for h, w in known}
    lost = []
    for size in ((4000, 1000), (1000, 4000), (8000, 1000)):
        shape = known[int(assign([size], known)[0])]
        kept = min(size[0], size[1] * shape[0] / shape[1]) * min(
            size[1], size[0] * shape[1] / shape[0]
        )
        assert cropped(size, shape) == pytest.approx(1 - kept / (size[0] * size[1]))
        lost.append(cropped(size, shape))
    assert max(lost[:2]) < 0.1
    assert 0.4 < lost[2] < 0.6


def test_without_the_extra_the_install_line_is_said() -> None:
    code = (
        "import sys; sys.modules['peft'] = None\n"
        "from impasto.errors import MissingExtraError\n"
        "try: import impasto.diffusion\nexcept MissingExtraError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "-m pip install 'diffusers>=" in done.stdout, done.stderr
