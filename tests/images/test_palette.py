"""One source of colours and shapes: of figures, report and page."""

import json
import re
from importlib.resources import files

import pytest

from impasto.images import palette


def test_thirty_six_styles_have_a_look_of_their_own() -> None:
    assert len({palette.mark(place) for place in range(36)}) == 36
    assert len(palette.DARK_COLOURS) == len(palette.COLOURS)


def test_the_script_holds_the_looks_of_the_figures() -> None:
    content = json.loads(palette.page_script().removeprefix("Impasto.PALETTE = ").rstrip(";\n"))
    light, shapes = content["colours"]["light"], content["shapes"]
    for place in range(40):
        found = (light[place % len(light)], shapes[place % len(shapes)])
        assert found == palette.mark(place)


def test_both_themes_define_every_variable() -> None:
    light, dark, system = palette.style_sheet().splitlines()
    names = [set(re.findall(r"--([a-z]+):", line)) for line in (light, dark, system)]
    assert names[1] == names[2] == set(palette.DARK) == set(palette.LIGHT)
    assert names[0] == names[1] | set(palette.FACES)


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("impasto.page", "static/page.css"),
        ("impasto.page", "static/colours.js"),
        ("impasto.reporting", "templates/report.css"),
    ],
)
def test_no_other_file_defines_a_colour_of_the_palette(package: str, name: str) -> None:
    text = (files(package) / name).read_text(encoding="utf-8").split("@media print")[0].lower()
    known = {*palette.LIGHT.values(), *palette.DARK.values(), *palette.COLOURS, *palette.YEARS}
    assert not [colour for colour in known if colour in text]
