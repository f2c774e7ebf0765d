"""The page's own logic, run in the browser:

places, addresses, tables; each against an obvious other way.
"""

import csv
import io
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.images.heat_overlay import heat_overlay
from impasto.images.palette import mark
from impasto.page.export import GENERATED, scripts

RANDOM = "const next = ((s) => () => (s = (s * 48271) % 2147483647) / 2147483647)(7);"


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    """An empty page with all scripts but the one that starts."""
    opened = browser.new_page()
    for name in scripts()[:-1]:
        stored = files("impasto.page") / "static" / name
        text = GENERATED[name]() if name in GENERATED else stored.read_text(encoding="utf-8")
        opened.add_script_tag(content=text)
    yield opened
    opened.close()


def test_the_grid_agrees_with_looking_at_every_painting(page: Any) -> None:
    wrong = page.evaluate(
        RANDOM
        + """(() => {
        const near = () => Math.max(-1, Math.min(1, next() + next() + next() - 1.5));
        const xy = Float32Array.from({ length: 6000 }, near);
        const grid = new Impasto.Grid(xy), rows = [...Array(3000).keys()];
        const far = (row, x, y) => (xy[2 * row] - x) ** 2 + (xy[2 * row + 1] - y) ** 2;
        let wrong = 0;
        for (let i = 0; i < 200; i++) {
          const [x, y, w, h] = [next() * 2.4 - 1.2, next() * 2.4 - 1.2, next(), next()];
          const box = [x, y, x + w, y + h], found = [];
          grid.within(box, (row) => found.push(row));
          const slow = rows.filter((row) => xy[2 * row] >= x && xy[2 * row] <= x + w
            && xy[2 * row + 1] >= y && xy[2 * row + 1] <= y + h);
          if (found.sort((a, b) => a - b).join() !== slow.join()) wrong++;
          const odd = (row) => row % 3 === 0;
          for (const fits of [() => true, odd]) {
            const best = Math.min(...rows.filter(fits).map((row) => far(row, x, y)));
            if (far(grid.nearest(x, y, 4, fits), x, y) !== best) wrong++;
          }
          if (grid.nearest(x, y, 1e-6) !== -1) wrong++;
        }
        return wrong;
      })()"""
    )
    assert wrong == 0


def test_a_lasso_holds_what_lies_in_it(page: Any) -> None:
    inside = (
        "(at) => Impasto.inside([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]], at[0], at[1])"  # an M
    )
    places = {(1, 1): True, (3.5, 3): True, (2, 3): False, (5, 1): False, (2, 0.5): True}
    assert {at: page.evaluate(inside, at) for at in places} == places
    rows = page.evaluate(
        """Impasto.lassoed(
        new Impasto.Grid(Float32Array.from([0, 0, 0.5, 0.5, -0.5, 0.2, 0.9, -0.9])),
        [[-0.6, -0.1], [0.6, -0.1], [0.6, 0.6], [-0.6, 0.6]])"""
    )
    assert rows == [0, 1, 2]


def test_the_camera_keeps_what_is_under_the_hand(page: Any) -> None:
    moved = page.evaluate(
        """(() => { const c = Object.assign(new Impasto.Camera(), { width: 700, height: 500 });
        const before = c.toMap(120, 90); c.zoomAt(120, 90, 3.7); const after = c.toMap(120, 90);
        const there = c.toScreen(...after); return [before, after, there]; })()"""
    )
    assert moved[0] == pytest.approx(moved[1]) and moved[2] == pytest.approx([120, 90])


def test_an_address_brings_the_state_back(page: Any) -> None:
    state = {
        "run": "a run/ö&=", "map": "tsne", "colour": "cluster:kmeans",
        "styles": ["Pop_Art", "A&B=#%"],
        "group": ["Cluster 1"],
        "q": 'he said "x" & y', "years": [-50, 1900], "cell": ["Baroque", "Rococo"],
        "lasso": {"run": "a", "map": "b", "points": [[0.1, -0.2], [0.3333, 0.4], [-1, 1]]},
        "painting": "Pop Art/a+b #1%20.jpg", "tab": "about",
        "at": {"x": -0.5, "y": 0.25, "z": 12.5}, "heat": True,
    }  # fmt: skip
    assert page.evaluate("(state) => Impasto.decode('#' + Impasto.encode(state))", state) == state
    page.evaluate(
        "(usual) => { window.store = new Impasto.Store(usual); }", {"run": "r", "map": "m"}
    )
    assert page.evaluate("Impasto.encode(store.state, store.usual)") == ""
    broken = "#years=x~y&at=1_2&lasso=a&lasso=b&lasso=1_2_3&cell=one&heat=0&nonsense=1&q=%E0%A4%A"
    assert set(page.evaluate("(text) => Impasto.decode(text)", broken)) <= {"q"}


def test_a_heat_map_looks_as_in_the_report(page: Any) -> None:
    """The page draws what ``heat_overlay`` draws; a rounding of grey apart."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (6, 8, 3), np.uint8)
    heat = rng.integers(0, 256, (6, 8), np.uint8)
    drawn = page.evaluate(
        """([pixels, values]) => {
        const size = { width: 8, height: 6 };
        const canvas = () => Object.assign(document.createElement("canvas"), size);
        const picture = canvas(), pen = picture.getContext("2d"), image = pen.createImageData(8, 6);
        pixels.forEach((value, i) => { image.data[i] = value; });
        pen.putImageData(image, 0, 0);
        const out = canvas();
        Impasto.glow(out, picture, { width: 8, height: 6, values });
        return [...out.getContext("2d").getImageData(0, 0, 8, 6).data];
      }""",
        [np.dstack([picture, np.full((6, 8), 255)]).ravel().tolist(), heat.ravel().tolist()],
    )
    expected = np.asarray(heat_overlay(Image.fromarray(picture), (heat / 255).astype(np.float32)))
    shown = np.reshape(drawn, (6, 8, 4))[..., :3]
    assert np.abs(shown - expected.astype(int)).max() <= 2


def test_every_panel_is_a_file_that_registers_itself(page: Any) -> None:
    registered = page.evaluate("Impasto.panels().map((panel) => panel.id)")
    assert registered == ["paintings", "painting", "confusion", "painter", "about"]
    folder = files("impasto.page") / "static" / "panels"
    assert sorted(registered) == sorted(Path(entry.name).stem for entry in folder.iterdir())


def test_no_script_has_a_line_of_more_than_a_hundred_characters() -> None:
    for name in scripts():
        if name not in GENERATED:
            text = (files("impasto.page") / "static" / name).read_text(encoding="utf-8")
            assert max(map(len, text.splitlines())) <= 100, name


def test_csv_reads_back_as_it_was_written(page: Any) -> None:
    rows = [
        ["plain", 'say "hi"', "a,b"],
        ["two\nlines", "cr\r\nlf", " spaced "],
        ["\u00a0", "", "日本"],
        ["=1+1", "'", ";"],
    ]
    text = page.evaluate("(rows) => Impasto.csv(rows)", rows)
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows
    assert page.evaluate("Impasto.csv([[null, undefined, 0, 'x']])") == ",,0,x\r\n"


def test_a_style_looks_as_in_the_figures_of_the_report(page: Any) -> None:
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    shown = page.evaluate(
        "[...Array(40).keys()].map((i) => [Impasto.colour(i), Impasto.SHAPES[Impasto.shape(i)]])"
    )
    assert [tuple(look) for look in shown] == [mark(place) for place in range(40)]


def test_thirty_six_groups_look_different_in_both_themes(page: Any) -> None:
    for theme in ("light", "dark"):
        looks = page.evaluate(
            """(theme) => { document.documentElement.dataset.theme = theme;
            const look = (_, i) => `${Impasto.colour(i)} ${Impasto.shape(i)}`;
            return Array.from({ length: 36 }, look); }""",
            theme,
        )
        assert len(set(looks)) == 36
        wall = {"light": "#f4f1ea", "dark": "#141312"}[theme]
        assert min(contrast(look.split()[0], wall) for look in looks) >= 3  # WCAG 1.4.11


def contrast(one: str, other: str) -> float:
    """The contrast of two colours after WCAG 2."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)
