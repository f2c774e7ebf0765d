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
            const at = store.state.at ?? { x: 0, y: 0, z: 1 };
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
    page.fill("#search", "Artist 2-1")
    page.wait_for_function("Impasto.app.store.state.q === 'Artist 2-1'")
    columns = (collection.column(name) for name in ("artist", "title", "style"))
    texts = [" ".join(parts).lower() for parts in zip(*columns, strict=True)]
    assert window.meant() == [
        row for row, text in enumerate(texts) if all(word in text for word in ("artist", "2", "1"))
    ]
    assert page.locator("#panel-paintings .chips").inner_text() == "“Artist 2-1” ×"
    for text, row in (('said "no"', 0), ("</script>", 1), ("no break", 2), ("日本", 5)):
        page.fill("#search", text)
        page.wait_for_function("(text) => Impasto.app.store.state.q === text", arg=text)
        assert window.meant() == [row]
    page.fill("#search", "ukiyo")
    page.wait_for_function("Impasto.app.store.state.q === 'ukiyo'")
    assert window.meant() == rows_by(collection, "style", "Ukiyo_e")
    page.fill("#search", "no such thing")
    page.get_by_text("No painting fits.").wait_for()


def test_a_painting_tells_what_is_known_of_it(visit: Callable[..., Visit], exported: Any) -> None:
    window, collection = visit(), exported.collection
    page = window.open()
    row = int(collection.indices("test")[2])  # every third is taken for the next style
    page.mouse.click(*window.spot(row))
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
    first = int(panel.locator(".near .card").first.get_attribute("data-row"))
    panel.locator(".near .card").first.click()
    page.wait_for_function("(row) => Impasto.app.row === row", arg=first)
    asked = int(collection.indices("test")[2])
    page.evaluate("(id) => Impasto.app.set({ painting: id })", collection.column("id")[asked])
    panel.locator(".shares li").first.wait_for()
    assert "70 %" in panel.locator(".shares li").first.inner_text()
    panel.get_by_role("button", name="Where the network looked").click()
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
    assert page.get_by_role("button", name="Baroque, named Cubism").inner_text() == str(
        len(expected)
    )
    assert page.locator("#panel-confusion .card").count() == min(len(expected), 12)
    total = sum(int(text) for text in page.locator(".confusion button").all_inner_texts())
    assert total == len(test)


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
    first = page.locator("#panel-paintings .card").first
    for _ in range(30):
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
    page.get_by_label("From year").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("Impasto.app.store.state.years && !Impasto.app.pending")
    first = min(year for year in exported.collection.column("year") if year)
    years = exported.collection.column("year")
    assert window.meant() == [row for row, year in enumerate(years) if year and year > first]


def test_on_a_phone_panels_open_from_below(visit: Callable[..., Visit]) -> None:
    window = visit(
        viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    page = window.open()
    assert not page.locator("#panel-paintings").is_visible()
    page.get_by_role("tab", name="Legend").tap()
    assert page.locator("#legend").is_visible() and page.locator("#years").is_visible()
    page.get_by_role("button", name="Cubism").tap()
    page.get_by_role("tab", name="Paintings").tap()
    page.locator("#panel-paintings .card").first.tap()
    page.locator("#panel-painting h2").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


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
    page.locator("#panel-paintings .card").first.click()
    page.locator("#panel-painting").get_by_text("Unknown artist", exact=True).first.wait_for()
