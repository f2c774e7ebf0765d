"""The server: the page and the report on localhost, and nothing else of the study."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from impasto.errors import InputError
from impasto.page.server import server


@pytest.fixture
def address(exported: Any) -> Iterator[str]:
    with server(exported.study) as (running, address):
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield address
        running.shutdown()
        thread.join()


def fetch(address: str) -> tuple[int, bytes, str]:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read(), answer.url
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", address


def test_it_serves_the_page_and_the_report(address: str, exported: Any) -> None:
    root = address.removesuffix("/site/")
    assert root.startswith("http://127.0.0.1:")
    status, content, url = fetch(root)
    assert (status, url) == (200, address)
    assert content == exported.page.read_bytes()
    assert (
        fetch(f"{address}app/app.js?1")[1] == (exported.page.parent / "app" / "app.js").read_bytes()
    )
    assert fetch(f"{root}/report.html")[1] == b"<title>report</title>"


@pytest.mark.parametrize(
    "path", ["collection/pixels.npy", "runs/classifier/run.json", "runs/",
             "site/../collection/styles.json",
             "site/%00", "site/app/%00app.js",
             "site/data/", "site/%2e%2e/collection/styles.json", "../", "sitemap"],
)  # fmt: skip
def test_it_serves_nothing_else(address: str, path: str) -> None:
    assert fetch(address.removesuffix("site/") + path)[0] == 404


def test_it_follows_no_link_out_of_the_study(address: str, exported: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    link = exported.page.parent / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    try:
        assert fetch(f"{address}link/secret.txt")[0] == 404
    finally:
        link.unlink()


def test_a_taken_port_and_a_missing_page_are_one_line(exported: Any, tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"has no page .*: make it with impasto site"),
        server(tmp_path),
    ):
        pass
    with server(exported.study) as (running, _):
        port = running.server_address[1]
        with (
            pytest.raises(InputError, match=rf"port {port} .* is taken: .* --port"),
            server(exported.study, port),
        ):
            pass
