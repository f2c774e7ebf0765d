"""The atlas page in a real browser, opened from disk:

what a visitor does, and that nothing is asked of the network.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from impasto.collection.collection import Collection
from impasto.page.export import write_site

WIDE = {"width": 1280, "height": 800}
# Remarks on speed: on the software renderer, and on this test's own reading of what was drawn
HARMLESS = (
    "GL Driver Message",
    "Automatic fallback to software WebGL",
    "Canvas2D: Multiple readback",
)


class Visit:
    """A window on a page; it holds every complaint of the browser and every address asked for."""

    def __init__(self, browser: Any, page: Path, **given: Any) -> None:
        self.context = browser.new_context(
            **{"viewport": WIDE, "reduced_motion": "reduce", **given}
        )
        self.context.set_default_timeout(180_000)  # a busy machine is slow, not wrong
        self.page = self.context.new_page()
        self.site, self.complaints, self.asked = page, [], []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(
            text in message.text for text in HARMLESS
        ):
            self.complaints.append(message.text)

    def open(self, address: str = "") -> Any:
        self.page.goto(address or self.site.as_uri())
        self.page.wait_for_selector("html[data-ready=yes]")
        return self.page

    def settle(self) -> str:
        """The address, once it has followed the state."""
        self.page.wait_for_function(
            """() => { const { view, store } = Impasto.app, is = view.view();
            const at = store.state.at ?? view.camera.whole;
            return Object.keys(is).every((name) => Math.abs(is[name] - at[name]) < 1e-4); }"""
        )
        self.page.wait_for_function(
            """() => { const { store } = Impasto.app;
            return location.hash.slice(1) === Impasto.encode(store.state, store.usual); }"""
        )
        return str(self.page.url)

    def meant(self) -> list[int]:
        self.page.wait_for_function("Impasto.app.found && !Impasto.app.pending")
        return list(self.page.evaluate("Impasto.app.found.rows"))

    def spot(self, row: int) -> tuple[float, float]:
        """Where a painting is in the window."""
        script = """(row) => {
            const { view } = Impasto.app, box = view.holder.getBoundingClientRect();
            const [x, y] = view.camera.toScreen(view.grid.xy[2 * row], view.grid.xy[2 * row + 1]);
            return [x + box.left, y + box.top]; }"""
        x, y = self.page.evaluate(script, row)
        return x, y


@pytest.fixture
def visit(browser: Any, exported: Any) -> Iterator[Callable[..., Visit]]:
    """Open a window on the exported page; there may be no complaint, nor a request elsewhere."""
    made: list[Visit] = []

    def go(page: Path | None = None, **given: Any) -> Visit:
        made.append(Visit(browser, page or exported.page, **given))
        return made[-1]

    yield go
    for window in made:
        window.context.close()
        assert window.complaints == []
        root = window.site.parent.as_uri()
        assert [url for url in window.asked if not url.startswith((root, "data:", "blob:"))] == []


def rows_by(collection: Collection, name: str, value: object) -> list[int]:
    return [row for row, other in enumerate(collection.column(name)) if other == value]


def test_it_opens_from_disk_and_draws_every_painting(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window = visit()
    page = window.open()
    assert page.title() == "study – impasto atlas"
    assert (
        page.locator("#panel-paintings h2").inner_text() == f"{len(exported.collection)} paintings"
    )
    # Few paintings have room to be shown at once: their own colours stand on the map
    page.wait_for_function("Impasto.app.view.renderer.layers[0].layerOf[0] >= 0")
    row = rows_by(exported.collection, "style", "Cubism")[-1]
    page.evaluate("(row) => Impasto.app.view.choose(row)", row)
    page.wait_for_function("(row) => Impasto.app.view.renderer.pictured[row]", arg=row)
    read = """(row) => {
        const { view } = Impasto.app, gl = view.renderer.gl, out = new Uint8Array(4);
        const dense = view.canvas.width / view.camera.width;
        view.draw(performance.now());
        const [x, y] = view.camera.toScreen(view.grid.xy[2 * row], view.grid.xy[2 * row + 1]);
        const [, h] = view.extent(row), left = Math.round(x * dense);
        const bottom = view.canvas.height - Math.round((y - h / 2) * dense);
        gl.readPixels(left, bottom, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, out);
        return [...out];
      }"""
    shown = page.evaluate(read, row)
    assert np.abs(np.array(shown[:3], float) - exported.collection.pixels[row][12, 24]).max() < 16


def test_search_finds_artists_titles_and_styles_whatever_their_marks(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    page.fill("#search", '"Artist 2-1"')
    page.wait_for_function("Impasto.app.store.state.q === '\"Artist 2-1\"'")
    assert window.meant() == rows_by(collection, "artist", "artist-2-1")
    assert page.locator("#filters .chips").inner_text() == '“"Artist 2-1"” ×'
    for text, row in (('said "no"', 0), ("</script>", 1), ("no break", 2), ("日本", 5)):
        page.fill("#search", text)
        page.wait_for_function("(text) => Impasto.app.store.state.q === text", arg=text)
        assert window.meant() == [row]
    page.fill("#search", "ukiyo")
    page.wait_for_function("Impasto.app.store.state.q === 'ukiyo'")
    assert window.meant() == rows_by(collection, "style", "Ukiyo_e")
    year = next(year for year in collection.column("year") if year)
    page.fill("#search", f"{year - 1}-{year + 1} -ukiyo")
    page.wait_for_function("Impasto.app.store.state.q.endsWith('-ukiyo')")
    assert window.meant() == [
        row
        for row, (other, style) in enumerate(
            zip(collection.column("year"), collection.column("style"), strict=True)
        )
        if other and abs(other - year) <= 1 and style != "Ukiyo_e"
    ]
    page.fill("#search", "cubsim")
    page.get_by_text("cubsim read as cubism").wait_for()
    assert window.meant() == rows_by(collection, "style", "Cubism")
    page.fill("#search", "no such thing")
    page.get_by_text("No painting fits.").wait_for()


def test_the_search_completes_styles_and_artists(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    page.focus("#search")
    page.keyboard.type("cub")
    page.wait_for_selector("#completions:not([hidden]) li")
    assert page.locator("#completions li").first.inner_text().split("\n") == [
        "style",
        "Cubism",
        str(len(rows_by(collection, "style", "Cubism"))),
    ]
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "completion-0"
    page.keyboard.press("Enter")
    page.wait_for_function("Impasto.app.store.state.styles.length && !Impasto.app.pending")
    assert window.meant() == rows_by(collection, "style", "Cubism")
    page.keyboard.type("artist 1 2")
    artist = page.locator("#completions li").filter(has_text="Artist 1 2").first
    artist.wait_for()
    artist.click()
    page.wait_for_function("Impasto.app.store.state.artists.length && !Impasto.app.pending")
    assert page.evaluate("Impasto.app.store.state.artists") == ["artist-1-2"]
    assert page.locator("#filters .chips li").count() == 2


def test_a_painting_tells_what_is_known_of_it(visit: Callable[..., Visit], exported: Any) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    row = int(collection.indices("test")[2])  # every third is taken for the next style
    page.mouse.click(*window.spot(row))
    page.wait_for_function("Impasto.app.store.state.painting")
    chosen = page.evaluate("Impasto.app.store.state.painting")
    row = collection.column("id").index(chosen)  # where two lie over each other, the upper one
    panel = page.locator("#panel-painting")
    panel.locator("h2").wait_for()
    title, artist = collection.column("title")[row], collection.column("artist")[row]
    assert panel.locator("h2").inner_text().lower() == title.replace("\n", " ").lower()
    assert panel.locator(".artist").inner_text().lower().replace(" ", "-") == artist
    assert panel.locator(".facts").inner_text().split("\n")[1].strip() == collection.column(
        "style"
    )[row].replace("_", " ")
    assert panel.locator(".near .card").count() == 12
    assert page.locator("#map .ties line").count() == 12
    panel.locator(".hung").click()
    large = page.locator("dialog.large")
    large.wait_for()
    page.keyboard.press("Escape")
    large.wait_for(state="detached")
    assert page.evaluate("Impasto.app.row") == row  # the key closed the dialog alone
    first = int(panel.locator(".near .card").first.get_attribute("data-row"))
    panel.locator(".near .card").first.click()
    page.wait_for_function("(row) => Impasto.app.row === row", arg=first)
    asked = int(collection.indices("test")[2])
    page.evaluate("(id) => Impasto.app.set({ painting: id })", collection.column("id")[asked])
    panel.locator(".shares li").first.wait_for()
    assert "70 %" in panel.locator(".shares li").first.inner_text()
    panel.get_by_label("Where the network looked").focus()
    page.keyboard.press("End")
    glow = """(at) => { const pen = document.querySelector(".hung .heat").getContext("2d");
        return [...pen.getImageData(at[0], at[1], 1, 1).data]; }"""
    page.wait_for_function(
        """() => { const pen = document.querySelector(".hung .heat").getContext("2d");
        return pen.getImageData(8, 8, 1, 1).data[3] > 0; }"""
    )
    size = page.evaluate(
        """() => { const heat = document.querySelector(".hung .heat");
        return [heat.width, heat.height]; }"""
    )
    hot, cold = page.evaluate(glow, [8, 8]), page.evaluate(glow, [size[0] - 8, size[1] - 8])
    assert (
        hot[0] - hot[2] > 60 and cold[0] == cold[1] == cold[2]
    )  # heat is in the upper left corner
    panel.get_by_role("button", name="its second guess").click()  # its heat is in the opposite one
    page.wait_for_function(
        """(at) => { const pen = document.querySelector(".hung .heat").getContext("2d");
        const [r, , b] = pen.getImageData(at[0], at[1], 1, 1).data; return r - b > 60; }""",
        arg=[size[0] - 8, size[1] - 8],
    )


def test_a_cell_of_the_confusion_matrix_is_its_paintings(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    page.get_by_role("tab", name="Confusions").click()
    page.get_by_role("button", name="Baroque, named Cubism").click()
    test = collection.indices("test")
    expected = [
        int(row) for at, row in enumerate(test) if at % 3 == 2 and collection.labels[row] == 0
    ]
    page.wait_for_function("Impasto.app.store.state.cell")
    assert window.meant() == expected
    assert page.locator('.confusion [aria-label^="Baroque, named Cubism"]').inner_text() == str(
        len(expected)
    )
    assert page.locator("#panel-confusion .card").count() == min(len(expected), 12)
    total = """() => [...document.querySelectorAll(".confusion button")]
        .reduce((sum, cell) => sum + Number(cell.textContent), 0)"""
    assert page.evaluate(total) == len(test)  # the cell itself filters no other
    # Filters count for the matrix, and stand over every panel
    page.evaluate("Impasto.app.set({ styles: ['Cubism'], cell: null })")
    page.wait_for_function("Impasto.app.store.state.styles.length && !Impasto.app.pending")
    cubist = [row for row in test if collection.column("style")[row] == "Cubism"]
    page.wait_for_function(f"({total})() === {len(cubist)}")
    assert page.locator("#filters .chips").inner_text() == "Cubism ×"


def test_a_lasso_selects_and_is_saved(visit: Callable[..., Visit], exported: Any) -> None:
    window, collection = visit(accept_downloads=True), exported.collection
    page = window.open()
    page.click("#lasso")
    spots = np.array([window.spot(row) for row in rows_by(collection, "style", "Ukiyo_e")])
    left, top, right, bottom = *(spots.min(0) - 12), *(spots.max(0) + 12)
    page.mouse.move(left, top)
    page.mouse.down()
    for corner in ((right, top), (right, bottom), (left, bottom), (left, top + 4)):
        page.mouse.move(*corner, steps=12)
    page.mouse.up()
    page.wait_for_function("Impasto.app.store.state.lasso")
    assert window.meant() == rows_by(
        collection, "style", "Ukiyo_e"
    )  # each style is a heap of its own
    page.evaluate("Impasto.app.set({ lasso: null, q: 'Artist 0-0' })")
    page.wait_for_function("!Impasto.app.store.state.lasso")
    meant = window.meant()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    read = list(
        csv.DictReader(
            io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8"), newline="")
        )
    )
    assert [line["id"] for line in read] == [collection.column("id")[row] for row in meant]
    assert [line["title"] for line in read] == [collection.column("title")[row] for row in meant]
    assert [line["year"] for line in read] == [
        str(collection.column("year")[row] or "") for row in meant
    ]


def test_a_link_shows_the_same_thing(visit: Callable[..., Visit], exported: Any) -> None:
    window = visit()
    page = window.open()
    page.select_option("#colour", "cluster:kmeans")
    page.select_option("#map-name", "pca")
    page.wait_for_function("Impasto.app.store.state.map === 'pca' && !Impasto.app.pending")
    page.evaluate("Impasto.app.view.draw(performance.now())")
    page.focus("#map")
    for key in ("+", "+", "ArrowRight", "ArrowUp", "s"):
        page.keyboard.press(key)
    page.evaluate(
        "(id) => Impasto.app.set({ painting: id, tab: 'painting' })",
        exported.collection.column("id")[1],
    )
    address, meant = window.settle(), window.meant()
    assert 0 < len(meant) < len(exported.collection)
    other = visit()
    followed = other.open(address)
    assert other.meant() == meant
    look = """() => { const { view, store, row } = Impasto.app;
        return [view.view(), store.state, row, document.querySelector("#colour").value]; }"""
    seen, shared = followed.evaluate(look), page.evaluate(look)
    for axis in "xyz":  # the address keeps five digits
        assert seen[0][axis] == pytest.approx(shared[0][axis], abs=1e-4)
    assert seen[2] == 1
    assert seen[1:] == shared[1:]
    followed.get_by_role("heading", name="</script><b>bold</b>").wait_for()
    # A link that is pasted into an open window is followed, too
    page.goto(f"{exported.page.as_uri()}#style=Cubism&years=1810~1830")
    page.wait_for_function("Impasto.app.store.state.years && !Impasto.app.pending")
    years, styles = (exported.collection.column(name) for name in ("year", "style"))
    wanted = [
        r for r, year in enumerate(years) if year and 1810 <= year <= 1830 and styles[r] == "Cubism"
    ]
    assert window.meant() == wanted


def test_the_keyboard_is_enough(visit: Callable[..., Visit], exported: Any) -> None:
    window = visit()
    page = window.open()
    page.keyboard.press("/")
    page.keyboard.type("artist 1-2")
    page.keyboard.press("Enter")
    page.wait_for_function("Impasto.app.store.state.q === 'artist 1-2' && !Impasto.app.pending")
    assert page.evaluate("document.querySelector('#announced').textContent").startswith(
        str(len(window.meant()))
    )
    first = page.locator("#panel-paintings .wall button").first
    for _ in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("(card) => card === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function("Impasto.app.row >= 0")
    row = page.evaluate("Impasto.app.row")
    page.focus("#map")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_function("Impasto.app.row === -1 && !Impasto.app.found.any")
    page.keyboard.press("Enter")  # the one in the middle
    page.wait_for_function("Impasto.app.row >= 0")
    row = page.evaluate("Impasto.app.row")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_function("(row) => Impasto.app.row !== row", arg=row)
    x = "(row) => Impasto.app.view.grid.xy[2 * row]"
    assert page.evaluate(x, page.evaluate("Impasto.app.row")) > page.evaluate(x, row)
    page.get_by_role("tab", name="Painting", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("Impasto.app.store.state.tab === 'confusion'")


def test_runs_maps_and_years_can_be_switched(visit: Callable[..., Visit], exported: Any) -> None:
    window = visit(reduced_motion="no-preference")
    page = window.open()
    before = page.evaluate("[...Impasto.app.view.grid.xy]")
    page.select_option("#run", "autoencoder")
    page.wait_for_function("Impasto.app.view.moving")  # paintings are on their way
    between = page.evaluate("[...Impasto.app.view.positions()]")
    page.wait_for_function("!Impasto.app.view.moving")
    after = page.evaluate("[...Impasto.app.view.positions()]")
    assert after not in (before, between)
    page.select_option(
        "#colour", "error"
    )  # it has no answers of its own: the classifier's are shown
    page.get_by_text("named wrongly").wait_for()
    judged = set(exported.collection.indices("test").tolist())
    page.wait_for_function("Impasto.app.view.renderer.rows.length > 0")
    assert set(page.evaluate("Impasto.app.view.renderer.rows")) <= judged  # the rest is ground
    page.get_by_label("From year").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("Impasto.app.store.state.years && !Impasto.app.pending")
    first = min(year for year in exported.collection.column("year") if year)
    years = exported.collection.column("year")
    assert window.meant() == [row for row, year in enumerate(years) if year and year > first]


def test_every_layout_gives_each_painting_its_place(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    for label in ("Grid", "By style", "By year"):
        page.get_by_label(label, exact=True).check(force=True)
        page.wait_for_function("Impasto.app.view.grid.cell > 0 && !Impasto.app.pending")
        page.wait_for_function(
            "(key) => Impasto.app.store.state.layout === key",
            arg=label.removeprefix("By ").lower(),
        )
        xy = np.reshape(page.evaluate("[...Impasto.app.view.grid.xy]"), (-1, 2))
        cell = page.evaluate("Impasto.app.view.grid.cell")
        apart = np.abs(xy[:, None] - xy[None]).max(2) + np.eye(len(xy))
        assert apart.min() > 0.99 * cell  # no two in one place
        page.wait_for_function("Impasto.app.view.renderer.rows.length > 0")
        window.settle()
        if label == "By style":
            for style in collection.vocabulary.styles:
                inside = xy[rows_by(collection, "style", style)]
                others = np.delete(xy, rows_by(collection, "style", style), 0)
                (left, low), (right, top) = inside.min(0), inside.max(0)
                within = (others >= (left, low)).all(1) & (others <= (right, top)).all(1)
                assert not within.any()
        if label == "By year":
            dated = [r for r, year in enumerate(collection.column("year")) if year]
            x, years = xy[dated, 0], np.array([collection.column("year")[r] for r in dated])
            order = np.argsort(x)
            decade = years[order] // 10
            assert (np.diff(np.maximum.accumulate(decade)) >= 0).all()
            assert np.corrcoef(x, years)[0, 1] > 0.9


def test_pictures_do_not_overlap_and_stay_while_the_map_is_moved(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window = visit()
    page = window.open()
    page.wait_for_function("Impasto.app.view.renderer.rows.length > 0")
    drawn = """() => { const { view } = Impasto.app, { rows } = view.renderer;
        return rows.map((row) => [row, ...view.camera.toScreen(view.grid.xy[2 * row],
          view.grid.xy[2 * row + 1]), ...view.extent(row)]); }"""
    boxes = np.array(page.evaluate(drawn))
    gaps = np.abs(boxes[:, None, 1:3] - boxes[None, :, 1:3]) - (
        boxes[:, None, 3:] + boxes[None, :, 3:]
    )
    np.fill_diagonal(gaps.max(2), 1)
    overlapping = (gaps.max(2) < -0.01) & ~np.eye(len(boxes), dtype=bool)
    assert not overlapping.any()
    # No painting that is left out would have found room
    left = set(range(len(exported.collection))) - set(boxes[:, 0].astype(int).tolist())
    half = boxes[:, 3:].max()
    for row in sorted(left)[:20]:
        x, y = page.evaluate(
            """(row) => Impasto.app.view.camera.toScreen(Impasto.app.view.grid.xy[2 * row],
            Impasto.app.view.grid.xy[2 * row + 1])""",
            row,
        )
        assert (np.abs(boxes[:, 1:3] - (x, y)).max(1) < 2 * half + 0.01).any()
    page.evaluate("Impasto.app.view.camera.panBy(15, 10); Impasto.app.view.draw(performance.now())")
    assert set(page.evaluate("Impasto.app.view.renderer.rows")) == set(boxes[:, 0].astype(int))


def test_a_double_click_zooms_and_opens_nothing(visit: Callable[..., Visit], exported: Any) -> None:
    window = visit()
    page = window.open()
    before = page.evaluate("Impasto.app.view.camera.z")
    page.mouse.dblclick(*window.spot(rows_by(exported.collection, "style", "Cubism")[0]))
    page.wait_for_timeout(400)
    assert page.evaluate("Impasto.app.row") == -1
    assert page.evaluate("Impasto.app.view.camera.z") > 1.5 * before
    page.locator("#map .overview").wait_for()  # what part of the map is seen
    page.evaluate("Impasto.app.view.camera.look({ x: 0, y: 0, z: 99 }); Impasto.app.view.redraw()")
    back = page.locator("#map .back")  # the heaps lie on a circle: in its middle is nothing
    back.wait_for()
    back.click()
    back.wait_for(state="hidden")


def test_back_undoes_what_was_chosen(visit: Callable[..., Visit], exported: Any) -> None:
    window, ids = visit(), exported.collection.column("id")
    page = window.open()
    for patch in (
        {"styles": ["Cubism"]},
        {"painting": ids[3], "tab": "painting"},
        {"painting": ids[4]},
    ):
        page.evaluate("(patch) => Impasto.app.set(patch)", patch)
        window.settle()
    page.evaluate("Impasto.app.view.camera.panBy(30, 0); Impasto.app.view.redraw()")
    page.wait_for_function("location.hash.includes('at=')")  # a pan is no step of its own
    state = "Impasto.app.store.state"
    page.go_back()
    page.wait_for_function("(id) => Impasto.app.store.state.painting === id", arg=ids[3])
    page.go_back()
    page.wait_for_function("Impasto.app.store.state.painting === null")
    assert page.evaluate(f"{state}.styles") == ["Cubism"]
    page.go_back()
    page.wait_for_function("Impasto.app.store.state.styles.length === 0")
    page.go_forward()
    page.wait_for_function("Impasto.app.store.state.styles.length === 1")


def test_the_theme_and_the_closed_hint_are_kept(visit: Callable[..., Visit]) -> None:
    window = visit(color_scheme="light")
    page = window.open()
    assert page.locator("#hint").is_visible()
    page.locator("#hint .tries button").first.click()  # a live example
    page.wait_for_function("Impasto.app.store.state.artists.length === 1")
    page.click("#theme")
    page.goto(window.site.as_uri())
    page.wait_for_selector("html[data-ready=yes][data-theme=dark]")
    assert not page.locator("#hint").is_visible()
    page.click("#help")
    assert page.locator("#hint").is_visible()


def test_two_runs_share_one_selection(visit: Callable[..., Visit], exported: Any) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    page.select_option("#beside", "autoencoder")
    page.wait_for_function("Impasto.app.beside?.grid && !Impasto.app.pending")
    first, second = (
        page.evaluate(f"[...Impasto.app.{name}.grid.xy]") for name in ("view", "beside")
    )
    assert first != second
    page.locator("#legend .group").filter(has_text="Cubism").click()
    page.wait_for_function("Impasto.app.store.state.styles.length && !Impasto.app.pending")
    wanted = rows_by(collection, "style", "Cubism")
    for name in ("view", "beside"):
        mask = page.evaluate(f"[...Impasto.app.{name}.mask]")
        assert [row for row, value in enumerate(mask) if value] == wanted
    page.evaluate("(id) => Impasto.app.set({ painting: id })", collection.column("id")[wanted[0]])
    page.wait_for_function("document.querySelectorAll('.across line').length === 1")
    assert page.evaluate("[Impasto.app.view.chosen, Impasto.app.beside.chosen]") == [
        wanted[0],
        wanted[0],
    ]
    # Pointing at a style shows it alone, on both maps
    page.evaluate("Impasto.app.set({ styles: [] })")
    page.wait_for_function("!Impasto.app.store.state.styles.length && !Impasto.app.pending")
    page.locator("#legend .group").filter(has_text="Baroque").hover()
    for name in ("view", "beside"):
        meant = page.evaluate(f"[...Impasto.app.{name}.renderer.wanted]")
        assert [row for row, value in enumerate(meant) if value] == rows_by(
            collection, "style", "Baroque"
        )
    page.select_option("#colour", "year")  # the legend is another one: nothing is pointed at
    page.wait_for_function("Impasto.app.grouping.kind === 'year' && !Impasto.app.pending")
    assert all(page.evaluate("[...Impasto.app.view.renderer.wanted]"))
    near = [set(page.evaluate(f"Impasto.app.{name}.near")) for name in ("view", "beside")]
    text = page.locator("#panel-painting .note").filter(has_text="Run autoencoder")
    assert f"finds {len(near[0] & near[1])} of them, too" in text.inner_text()


def test_the_quiz_counts_you_the_network_and_the_oracle(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window, collection = visit(), exported.collection
    page = window.open(f"{exported.page.as_uri()}#tab=quiz")
    styles, guessed, rows = collection.vocabulary.styles, 0, []
    for number in range(10):
        page.get_by_role("heading", name=f"Which style? {number + 1} of 10").wait_for()
        page.get_by_role("group", name="Styles").get_by_role("button", name="Cubism").click()
        shown = page.locator("#panel-quiz .verdicts li")
        shown.first.wait_for()
        truth = page.locator(".guesses .truth").inner_text().replace(" ", "_")
        guessed += truth == "Cubism"
        rows.append((truth, shown.nth(1).inner_text()))
        page.locator("#panel-quiz .next").click()
    network = sum(f": {truth.replace('_', ' ')} ✓" in said for truth, said in rows)
    result = page.locator("#panel-quiz h2")
    result.wait_for()
    assert result.inner_text().startswith(f"{guessed} of 10 right.")
    text = page.locator("#panel-quiz p").first.inner_text()
    assert f"The network has {network}," in text
    assert f"guessing gives {10 / len(styles):.1f}" in text
    own = page.locator(".small-matrix").first.locator("td.hit, td.miss").all_inner_texts()
    assert sum(map(int, own)) == 10


def test_the_tour_shows_its_views(visit: Callable[..., Visit], exported: Any) -> None:
    window = visit()
    page = window.open(f"{exported.page.as_uri()}#tab=story")
    page.get_by_text("1 of 6").wait_for()
    page.get_by_role("button", name="Next ›").click()
    page.wait_for_function("Impasto.app.store.state.styles.length === 1")
    page.get_by_text("2 of 6").wait_for()
    page.get_by_role("button", name="Next ›").click()
    page.wait_for_function("Impasto.app.store.state.cell && !Impasto.app.pending")
    assert page.evaluate("Impasto.app.store.state.styles") == []  # each view stands for itself
    assert 0 < len(window.meant()) < len(exported.collection)


def test_styles_and_artists_have_pages(visit: Callable[..., Visit], exported: Any) -> None:
    window, collection = visit(), exported.collection
    page = window.open(f"{exported.page.as_uri()}#tab=styles&subject=style%3ACubism")
    panel = page.locator("#panel-styles")
    panel.get_by_role("heading", name="Cubism").wait_for()
    rows = rows_by(collection, "style", "Cubism")
    assert f"{len(rows)} paintings" in panel.inner_text()
    test = [row for row in collection.indices("test").tolist() if row in rows]
    at = {int(row): place for place, row in enumerate(collection.indices("test"))}
    right = sum(at[row] % 3 != 2 for row in test)
    assert f"{right} of {len(test)} test pictures are named rightly" in panel.inner_text()
    artist = panel.locator(".bars-of .link").filter(has_text="Artist").first
    name = artist.inner_text().lower().replace(" ", "-")
    artist.click()
    page.wait_for_function("Impasto.app.store.state.subject?.startsWith('artist:')")
    own = rows_by(collection, "artist", name)
    panel.get_by_text(f"{len(own)} paintings (").wait_for()


def test_without_webgl_everything_but_the_map_is_there(
    visit: Callable[..., Visit], exported: Any
) -> None:
    window, collection = visit(), exported.collection
    window.page.add_init_script(
        """const own = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind === "webgl2" ? null : own.call(this, kind, ...rest); };"""
    )
    page = window.open()
    page.get_by_text("it offers no WebGL 2").wait_for()
    page.locator("#legend .group").filter(has_text="Cubism").click()
    page.wait_for_function("Impasto.app.store.state.styles.length && !Impasto.app.pending")
    wanted = rows_by(collection, "style", "Cubism")
    assert page.locator("#flat .wall button").count() == min(len(wanted), 120)
    page.locator("#flat .wall button").first.click()
    page.locator("#panel-painting h2").wait_for()
    page.get_by_role("tab", name="Confusions").click()
    page.locator(".confusion button").first.wait_for()
    page.get_by_role("tab", name="Quiz").click()
    page.locator(".guesses button").first.wait_for()


def test_axe_finds_nothing(visit: Callable[..., Visit], exported: Any) -> None:
    window, axe = visit(color_scheme="light"), Axe()
    page = window.open()

    def check(what: str) -> None:
        found = axe.run(page, options={"preload": False}).response["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == [], what

    check("the first view")
    row = exported.collection.column("id")[int(exported.collection.indices("test")[0])]
    page.evaluate("Impasto.app.set({ styles: ['Cubism'] })")
    for tab in ("painting", "labels", "confusion", "styles", "story", "quiz", "about"):
        page.evaluate("([tab, painting]) => Impasto.app.set({ tab, painting })", [tab, row])
        page.wait_for_function("!Impasto.app.pending")
        page.locator(f"#panel-{tab} h2").first.wait_for()
        check(tab)
    page.click("#theme")
    page.fill("#search", "cub")
    page.wait_for_selector("#completions:not([hidden]) li")
    check("the completions, dark")


def test_on_a_phone_panels_open_from_below(visit: Callable[..., Visit]) -> None:
    window = visit(
        viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    page = window.open()

    def height() -> float:
        return float(page.locator("#right").bounding_box()["height"]) / 740

    assert height() < 0.2
    page.get_by_role("tab", name="Legend").tap()
    page.wait_for_function("Impasto.app.store.state.sheet === 'half'")
    assert page.locator("#legend").is_visible() and page.locator("#left").is_visible()
    assert 0.4 < height() < 0.6
    window.settle()
    page.get_by_role("button", name="Cubism").tap()
    page.get_by_role("tab", name="Paintings").tap()
    page.locator("#panel-paintings .wall button").first.tap()
    panel = page.locator("#panel-painting")
    panel.locator("h2").wait_for()
    picture, title = panel.locator(".hung").bounding_box(), panel.locator("h2").bounding_box()
    assert picture["y"] < title["y"] and picture["y"] < 740  # the picture comes first
    page.locator(".grip").tap()
    page.wait_for_function("Impasto.app.store.state.sheet === 'full'")
    assert height() > 0.8
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    window.settle()
    while page.evaluate("Impasto.app.store.state.sheet") != "peek":
        before = page.url
        page.go_back()
        page.wait_for_function("(url) => location.href !== url", arg=before)
        page.wait_for_function(
            "location.hash.slice(1) === Impasto.encode(Impasto.app.store.state, "
            "Impasto.app.store.usual)"
        )
    assert height() < 0.2  # Back has closed the sheet, and is still on the page


def test_what_is_not_known_is_said(
    visit: Callable[..., Visit], site_study: Callable[..., Collection], tmp_path: Path
) -> None:
    site_study(tmp_path, evaluation=False, artists=False)
    window = visit(write_site(tmp_path).page)
    page = window.open()
    page.select_option("#colour", "error")
    page.get_by_text("No run of this study has been evaluated, so there are no errors").wait_for()
    page.get_by_role("tab", name="Confusions").click()
    page.get_by_text("nothing was confused yet").wait_for()
    page.get_by_role("tab", name="Paintings").click()
    page.locator("#panel-paintings .wall button").first.click()
    page.locator("#panel-painting").get_by_text("Unknown artist", exact=True).first.wait_for()
