"""Contact sheets hold every picture whole, in its place, with its labels."""

from pathlib import Path

import numpy as np
from PIL import Image

from impasto.images.contact_sheet import contact_sheet, write_png

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "lime": (0, 255, 0)}


def picture(colour: str, width: int = 30, height: int = 20) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def where(sheet: Image.Image, colour: str) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the places of a colour."""
    rows, columns = (np.asarray(sheet) == COLOURS[colour]).all(2).nonzero()
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_without_labels_and_gaps_pictures_stand_side_by_side() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 6, 3), dtype=np.uint8)
    made = np.asarray(contact_sheet([list(row) for row in pixels], gap=0))
    assert np.array_equal(made, pixels.transpose(0, 2, 1, 3, 4).reshape(16, 18, 3))


def test_a_short_row_ends_in_white_and_columns_stand_under_each_other() -> None:
    rows = [[picture("red"), picture("blue", 10)], [picture("lime", 12, 40)]]
    sheet = contact_sheet(rows, gap=5)
    assert sheet.size == (30 + 5 + 10, 20 + 5 + 40)
    assert where(sheet, "red") == (0, 0, 30, 20)
    assert where(sheet, "blue") == (35, 0, 45, 20)
    assert where(sheet, "lime") == (0, 25, 12, 65)
    assert sheet.getpixel((40, 60)) == (255, 255, 255)


def test_labels_stand_outside_the_pictures() -> None:
    rows = [[picture("red"), picture("blue")], [picture("lime"), picture("red")]]
    plain = contact_sheet(rows, cell=64)
    for labels in (
        {"heads": ["Šíma", "Żeromski"]},
        {"sides": ["Ж", "Å"]},
        {"titles": ["Ж", "Å"]},
        {"captions": [[["Ж", "Å"], []], [[], ["ö"]]]},
    ):
        sheet = contact_sheet(rows, cell=64, **labels)
        assert sheet.width * sheet.height > plain.width * plain.height
        for value in COLOURS.values():
            counts = [(np.asarray(one) == value).all(2).sum() for one in (plain, sheet)]
            assert counts[0] == counts[1]
        assert ((np.asarray(sheet) < 128).all(2)).any()  # letters


def test_captions_are_cut_to_the_picture() -> None:
    rows = [[picture("red", 40), picture("blue", 40)]]
    captions = [[["a line far longer than forty pixels"], []]]
    sheet = np.asarray(contact_sheet(rows, captions=captions, gap=6))
    below = (sheet[22:] < 200).all(2)
    assert below.any()
    assert not below[:, 41:].any()


def test_a_png_is_written_into_a_new_folder(tmp_path: Path) -> None:
    write_png(tmp_path / "new" / "sheet.png", picture("red"))
    with Image.open(tmp_path / "new" / "sheet.png") as written:
        assert written.size == (30, 20)
