"""Take the screenshots of docs/figures: report, atlas page and server of a study.

make demo
python docs/make_screenshots.py demo/study

It needs the extra ``dev`` and Chromium. Give it the sample gallery's study only: the pictures are
published with the documentation.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from impasto.page.server import server
from impasto.verbs.inspection import chromium

FIGURES: Final = Path(__file__).parent / "figures"
PICTURE: Final = "test/Flat_Gouache/renzo-giloghi_rooftops-of-grannoy-1962.jpg"
"""A painting of the gallery: opened in the page, and dropped onto it."""
WIDTH: Final = 1280
SETTLED: Final = 2500  # milliseconds until nothing moves
PATIENCE: Final = 120_000  # milliseconds until the server has read the study
HIDE: Final = "document.querySelector('#hint .close')?.click()"
"""Closes what a first visit shows."""


def main(study: Path) -> None:
    """Take every screenshot."""
    with sync_playwright() as playwright, server(study) as made, made.in_background() as address:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        with shown(browser, (study / "report.html").resolve().as_uri(), 860) as page:
            save(page, "report")
        with shown(browser, address, 820) as page:
            page.evaluate(HIDE)
            save(page, "page")
        with shown(browser, f"{address}#tab=own", 820) as page:
            page.evaluate(HIDE)
            page.set_input_files("#panel-own input[type=file]", study / "gallery" / PICTURE)
            page.locator("#panel-own .shares").wait_for(timeout=PATIENCE)
            save(page, "own-picture")
        with shown(browser, f"{address}#tab=painting&painting={PICTURE}&heat=1", 820) as page:
            page.evaluate(HIDE)
            save(page, "painting")
        browser.close()


@contextmanager
def shown(browser: Browser, address: str, height: int) -> Iterator[Page]:
    """An address in a window of its own, in the light colour scheme."""
    page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light")
    try:
        page.goto(address, timeout=PATIENCE)
        page.wait_for_timeout(SETTLED)
        yield page
    finally:
        page.close()


def save(page: Page, name: str) -> None:
    """Write the window as ``docs/figures/NAME.jpg``."""
    page.wait_for_timeout(SETTLED)
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    image.save(FIGURES / f"{name}.jpg", quality=82, optimize=True, progressive=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
