"""The page's own logic, run in the browser:

places, addresses, tables; each against an obvious other way.
"""

import csv
import io
from collections.abc import Iterator
from importlib.resources import files
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from impasto.images.heat_overlay import heat_overlay
from impasto.images.palette import coloured, mark
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


def test_a_sample_has_no_overlap_and_no_room_left(page: Any) -> None:
    made = page.evaluate(
        RANDOM
        + """(() => {
        const count = 1500, xy = Float32Array.from({ length: 2 * count }, () => next() * 2 - 1);
        const grid = new Impasto.Grid(xy), wanted = new Uint8Array(count).fill(1);
        const ratio = Uint8Array.from({ length: count }, () => 64 + Math.floor(next() * 128));
        const order = Uint32Array.from({ length: count }, (_, row) => (row * 7) % count);
        wanted[3] = 0;
        const rows = Impasto.sample({ grid, wanted, box: [-1, -1, 1, 1], side: 0.11, ratio, order,
          first: 5 });
        return { xy: [...xy], ratio: [...ratio], rows };
      })()"""
    )
    xy, rows = np.reshape(made["xy"], (-1, 2)), made["rows"]
    wide = 2 ** ((np.array(made["ratio"]) - 128) / 64)
    size = 0.11 * np.stack([np.minimum(wide, 1), np.minimum(1 / wide, 1)], 1)
    assert rows[0] == 5 and 3 not in rows and len(rows) > 60
    taken = np.array(rows)

    def overlapping(row: int, others: Any) -> Any:
        return (np.abs(xy[others] - xy[row]) < (size[others] + size[row]) / 2 - 1e-9).all(1)

    for row in rows:
        assert not overlapping(row, taken[taken != row]).any()
    for row in set(range(1500)) - set(rows) - {3}:
        assert overlapping(row, taken).any()


def test_a_region_is_named_only_where_it_exceeds_chance(page: Any) -> None:
    found = page.evaluate(
        RANDOM
        + """((mixed) => {
        const count = 3000, xy = Float32Array.from({ length: 2 * count }, () => next() * 2 - 1);
        const grid = new Impasto.Grid(xy), mask = new Uint8Array(count).fill(1);
        const spread = Int16Array.from({ length: count }, () => Math.floor(next() * 5));
        const corner = (row) => xy[2 * row] > 0.5 && xy[2 * row + 1] > 0.5;
        const heaped = spread.map((group, row) => (corner(row) && next() < 0.8 ? 2 : group));
        const of = (groups) => Impasto.regions(grid, groups, 5, mask, 0.25);
        const [most] = of(heaped);
        const inside = heaped.reduce((sum, group, row) => sum + (corner(row) && group === 2), 0);
        return { none: of(spread), most, inside,
          all: heaped.reduce((sum, _, row) => sum + corner(row), 0) };
      })()"""
    )
    assert found["none"] == []
    most = found["most"]
    assert most["group"] == 2 and most["x"] > 0.5 and most["y"] > 0.5
    assert most["share"] == pytest.approx(found["inside"] / found["all"], abs=0.05)


def test_the_binomial_tail_is_exact(page: Any) -> None:
    for k, n, p in ((3, 10, 0.2), (0, 5, 0.5), (40, 90, 0.3), (7, 7, 0.4)):
        expected = sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
        assert page.evaluate("(a) => Impasto.atLeast(...a)", [k, n, p]) == pytest.approx(expected)


def test_a_grid_keeps_neighbours_together(page: Any) -> None:
    made = page.evaluate(
        RANDOM
        + """(() => {
        const count = 950, xy = Float32Array.from({ length: 2 * count }, () => next() * 2 - 1);
        const cells = [];
        Impasto.gridded([...Array(count).keys()], xy, 35, 28,
          (row, column, line) => { cells[row] = [column, line]; });
        return { xy: [...xy], cells };
      })()"""
    )
    xy, cells = np.reshape(made["xy"], (-1, 2)), np.array(made["cells"])
    assert len({tuple(cell) for cell in cells.tolist()}) == 950
    assert cells.min() == 0 and (cells.max(0) <= (34, 27)).all()
    assert np.corrcoef(xy[:, 0], cells[:, 0])[0, 1] > 0.95
    assert np.corrcoef(xy[:, 1], -cells[:, 1])[0, 1] > 0.95


def test_a_query_is_taken_apart(page: Any) -> None:
    asked = page.evaluate(
        """Impasto.parsed('Claude Monét -water "the bridge" 1880s 1890-1900 1874 -"la la"')"""
    )
    assert asked == {
        "words": ["claude", "monet", "1874"],
        "phrases": ["the bridge"],
        "without": ["water", "la la"],
        "years": [[1880, 1889], [1890, 1900]],
    }
    pairs = {("monnet", "monet"): 1, ("cubsim", "cubism"): 1, ("abc", "abc"): 0, ("ab", "cde"): 3}
    for (one, other), number in pairs.items():
        assert page.evaluate("(a) => Impasto.edits(...a, 5)", [one, other]) == number


SMALL_STUDY = """const study = {
  count: 4, undated: -32768, styles: ["Impressionism", "Post_Impressionism"], style: [1, 0, 1, 0],
  year: [1888, -32768, 1891, 1874], split: [0, 0, 0, 0], site: { splits: ["train"] },
  once: (key, make) => make(),
  read: async () => ({ id: ["a", "b", "c", "d"], artist: ["vincent-van-gogh", "berthe-morisot",
    "paul-gauguin", "claude-monet"], title: ["Starry night", "The cradle", "Impressionism at sea",
    "Impression, sunrise"] }) };"""


def test_what_fits_best_is_found_first(page: Any) -> None:
    def found(query: str) -> list[int]:
        return list(
            page.evaluate(
                f"""(async (query) => {{ {SMALL_STUDY}
                const {{ fits, score }} = await Impasto.searched(study, query);
                const rows = [0, 1, 2, 3].filter(fits);
                return rows.sort((a, b) => score(b) - score(a) || a - b); }})({query!r})"""
            )
        )

    assert found("impressionism") == [1, 3, 0, 2]  # the style of that name before the longer one
    assert found("monnet") == [3] and found("gogh, vincent") == [0]
    assert found("1888") == [0] and found("claude monet 1874") == [3] and found("188") == []
    assert found("1870s") == [3] and found("1888-1891") == [0, 2]
    assert found("impressionism -post") == [1, 3] and found('"at sea"') == [2]
    assert found('"sea at"') == [] and found("cézanne") == []


def test_completions_forgive_a_typing_error(page: Any) -> None:
    def offered(text: str) -> list[list[Any]]:
        return list(
            page.evaluate(
                f"""(async (text) => {{ {SMALL_STUDY}
                const made = await Impasto.completions(study, {{ styles: [] }}, text);
                return made.map((item) => [item.kind, item.label, item.number]); }})({text!r})"""
            )
        )

    assert offered("impr") == [
        ["style", "Impressionism", 2],
        ["style", "Post Impressionism", 2],
    ]
    assert offered("monnet") == [["artist", "Claude Monet", 1]]
    assert offered("gogh") == [["artist", "Vincent Van Gogh", 1]]
    assert offered("1888-1891") == [["years", "1888–1891", 2]]
    assert offered("zzz") == [] and offered(" ") == []


def test_selected_styles_have_colours_of_their_own(page: Any) -> None:
    counts = [5, 9, 9, 1, 8, 7, 30, 2, 6, 6, 4, 10]
    assert page.evaluate("(counts) => Impasto.coloured(counts)", counts) == [
        -1 if place is None else place for place in coloured(counts)
    ]
    places = [-1, 0, 1, -1, 2]
    chosen = page.evaluate("(places) => Impasto.chosenColours(places, [0, 1, 3])", places)
    assert chosen[1:3] == [0, 1] and chosen[4] == 2
    assert len({chosen[0], chosen[1], chosen[3]}) == 3 and min(chosen) >= 0


def test_the_camera_keeps_what_is_under_the_hand(page: Any) -> None:
    moved = page.evaluate(
        """(() => { const c = Object.assign(new Impasto.Camera(), { width: 700, height: 500 });
        const before = c.toMap(320, 240); c.zoomAt(320, 240, 1.7); const after = c.toMap(320, 240);
        const there = c.toScreen(...after);
        return [before, after, there]; })()"""
    )
    assert moved[0] == pytest.approx(moved[1]) and moved[2] == pytest.approx([320, 240])
    fitted = page.evaluate(
        """(() => { const c = Object.assign(new Impasto.Camera(), { width: 700, height: 500 });
        c.bound({ box: [0, 0, 0.5, 0.1], home: [0, 0, 0.5, 0.1], spacing: 0.01 }).look(c.whole);
        const seen = [...c.toScreen(0, 0), ...c.toScreen(0.5, 0.1)];
        c.look({ x: 9, y: 9, z: 1e9 });
        return { seen, x: c.x, y: c.y, apart: 0.01 * c.scale, most: c.z / c.whole.z }; })()"""
    )
    left, low, right, top = fitted["seen"]
    assert 0 < left < 70 and 630 < right < 700 and top < low  # the data fill the window
    assert (left + right, top + low) == pytest.approx((700, 500))
    assert (fitted["x"], fitted["y"]) == pytest.approx((0.5, 0.1))  # nobody gets lost
    assert fitted["apart"] == pytest.approx(420) or fitted["most"] == pytest.approx(4)


def test_an_address_brings_the_state_back(page: Any) -> None:
    state = {
        "run": "a run/ö&=", "map": "tsne", "colour": "cluster:kmeans",
        "styles": ["Pop_Art", "A&B=#%"],
        "group": ["Cluster 1"],
        "q": 'he said "x" & y', "years": [-50, 1900], "cell": ["Baroque", "Rococo"],
        "lasso": {"run": "a", "map": "b", "points": [[0.1, -0.2], [0.3333, 0.4], [-1, 1]]},
        "painting": "Pop Art/a+b #1%20.jpg", "tab": "about",
        "at": {"x": -0.5, "y": 0.25, "z": 12.5}, "heat": True, "layout": "year",
        "beside": "another run", "artists": ["a-b", "c&d"], "subject": "style:Pop_Art",
        "step": 3, "size": 1.5, "sheet": "full", "suspect": "open",
    }  # fmt: skip
    assert set(page.evaluate("Object.keys(Impasto.EMPTY)")) == set(state)
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
    assert registered == [
        "paintings", "painting", "own", "confusion", "painter", "styles", "story",
        "labels", "quiz", "about",
    ]  # fmt: skip
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
