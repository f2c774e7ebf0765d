"""The server: the study's page and report, answers about own pictures, and nothing else."""

import io
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from impasto.collection.collection import Collection, open_collection
from impasto.embedding.make_atlas import make_atlas
from impasto.embedding.settings import AtlasSettings
from impasto.errors import CollectionError, InputError
from impasto.evaluation.classifier import evaluate_classifier
from impasto.evaluation.predict import predict
from impasto.page import own_pictures, web_app
from impasto.page.export import write_site
from impasto.page.server import server
from impasto.training.classifier.train import train_classifier
from quick_settings import CLASSIFIER

uvicorn = pytest.importorskip("uvicorn", reason="no uvicorn: pip install -e '.[web]'")


@contextmanager
def running(study: Path, **options: Any) -> Iterator[str]:
    with server(study, **options) as made, made.in_background() as address:
        yield address


@pytest.fixture(scope="module")
def study(four_styles: Collection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose classifier learned four styles of stripes, with its atlas and page."""
    folder = tmp_path_factory.mktemp("served") / "study"
    (folder / "collection").mkdir(parents=True)
    for file in four_styles.path.iterdir():
        (folder / "collection" / file.name).write_bytes(file.read_bytes())
    collection = open_collection(folder / "collection")
    run = train_classifier(collection, folder / "runs" / "classifier", CLASSIFIER)
    evaluate_classifier(run.path)
    few: dict[str, Any] = {"permutations": 20, "seeds": 2, "bootstrap_samples": 100}
    settings = AtlasSettings(maps=("pca",), clusterings=("kmeans",), probes=False, **few)
    make_atlas(run.path, settings=settings)
    write_site(folder)
    (folder / "report.html").write_text("<title>report</title>")
    return folder


@pytest.fixture(scope="module")
def address(study: Path) -> Iterator[str]:
    with running(study) as address:
        yield address


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes
    headers: Any
    url: str

    @property
    def data(self) -> Any:
        return json.loads(self.content)


def ask(address: str, path: str, data: bytes | None = None, **headers: str) -> Answer:
    parts = urlsplit(address)
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}{path}", data, {k.title(): v for k, v in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answer(answer.status, answer.read(), answer.headers, answer.url)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read(), error.headers, error.url)


def file_of(pixels: Any, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, form)
    return buffer.getvalue()


def a_test_picture(study: Path) -> tuple[bytes, str, int]:
    """A test picture as a file, its style and its row."""
    collection = open_collection(study / "collection")
    row = int(collection.indices("test")[0])
    return file_of(collection.pixels[row]), str(collection.column("style")[row]), row


def test_it_serves_the_page_and_the_report(address: str, study: Path) -> None:
    page = ask(address, "/")
    assert (page.status, page.url) == (200, address)
    assert page.content == (study / "site" / "index.html").read_bytes()
    code = ask(address, "/site/app/app.js?1")
    assert code.content == (study / "site" / "app" / "app.js").read_bytes()
    assert ask(address, "/report.html").content == b"<title>report</title>"


@pytest.mark.parametrize(
    "path", ["/collection/pixels.npy", "/runs/classifier/run.json", "/runs/", "/study.json",
             "/site/../collection/styles.json", "/site/..%2fcollection%2fstyles.json",
             "/site/%00", "/site/app/%00app.js", "/site/data/", "//etc/passwd",
             "/site/%2e%2e/collection/styles.json", "/sitemap", "/api", "/api/nothing"],
)  # fmt: skip
def test_it_serves_nothing_else(address: str, path: str) -> None:
    assert ask(address, path).status == 404


def test_it_follows_no_link_out_of_the_study(address: str, study: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    link = study / "site" / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    try:
        assert ask(address, "/site/link/secret.txt").status == 404
    finally:
        link.unlink()


def test_a_picture_is_recognised_as_predict_does_and_placed_beside_itself(
    address: str, study: Path, tmp_path: Path
) -> None:
    picture, style, row = a_test_picture(study)
    answer = ask(address, "/api/predict", picture)
    assert answer.status == 200
    (tmp_path / "picture.png").write_bytes(picture)
    (wanted,) = predict(study / "runs" / "classifier", tmp_path / "picture.png")
    assert answer.data["probabilities"] == pytest.approx(dict(wanted.probabilities), abs=1e-5)
    assert answer.data["style"] == style
    assert answer.data["set"] == list(wanted.members or ())
    near = answer.data["neighbours"]
    assert near[0]["row"] == row
    assert near[0]["cosine"] == pytest.approx(1, abs=1e-3)
    table = open_collection(study / "collection").table
    assert [one["id"] for one in near] == [table["id"][one["row"]].as_py() for one in near]
    assert set(answer.data["places"]) == {"pca"}
    assert answer.data["heat"].startswith("data:image/png;base64,")


def test_requests_at_once_get_their_own_answers(address: str, study: Path) -> None:
    collection = open_collection(study / "collection")
    rows = collection.indices("test")[:12]
    pictures = [file_of(collection.pixels[row]) for row in rows]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda one: ask(address, "/api/predict", one), pictures))
    assert [one.status for one in answers] == [200] * 12
    assert [one.data["neighbours"][0]["row"] for one in answers] == [int(row) for row in rows]


def test_no_second_thread_of_numpys_products_spins_while_it_serves(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    @contextmanager
    def limited(threads: int, user_api: str) -> Iterator[None]:
        told.append((threads, user_api))
        yield
        told.append("lifted")

    monkeypatch.setattr(web_app, "threadpool_limits", limited)
    with running(study) as address:
        assert ask(address, "/api/about").status == 200
        assert told == [(1, "blas")]
    assert told == [(1, "blas"), "lifted"]


def test_a_picture_is_painted_in_a_style_and_strength_0_leaves_it(
    address: str, study: Path
) -> None:
    collection = open_collection(study / "collection")
    row = int(np.flatnonzero(collection.labels == 0)[0])
    picture = file_of(np.kron(collection.pixels[row], np.ones((4, 4, 1))))
    assert ask(address, "/api/about").data["paint"]["styles"] == list(collection.vocabulary.styles)

    def painted(strength: int) -> Any:
        path = f"/api/paint?style={collection.vocabulary.styles[1]}&strength={strength}"
        answer = ask(address, path, picture)
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"), np.float32)

    left, changed = painted(0), painted(1)
    assert left.shape == changed.shape
    assert min(left.shape[:2]) == own_pictures.PAINTED
    original = Image.open(io.BytesIO(picture)).resize(left.shape[1::-1], Image.Resampling.BICUBIC)
    apart = np.abs(left - np.asarray(original, np.float32)).mean()
    assert apart < 8
    assert np.abs(changed - left).mean() > 2 * apart


def test_nothing_of_a_visitor_is_written(address: str, study: Path) -> None:
    def files() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in study.rglob("*") if path.is_file()}

    picture, style, _ = a_test_picture(study)
    ask(address, f"/api/paint?style={style}", picture)  # writes the bank of references once
    before = files()
    assert ask(address, "/api/predict", picture).status == 200
    assert ask(address, f"/api/paint?style={style}", picture).status == 200
    assert files() == before


@pytest.mark.parametrize(
    ("path", "data", "status", "reason"),
    [("/api/predict", b"", 422, "empty"),
     ("/api/predict", b"<svg onload=alert(1)>", 422, "not a picture"),
     ("/api/predict", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, 422, "picture"),
     ("/api/paint?style=../../etc", b"x", 422, "no such style"),
     ("/api/paint?style=Bands&strength=2", b"x", 422, "from 0 to 1"),
     ("/api/paint?style=Bands&strength=nan", b"x", 422, "from 0 to 1")],
)  # fmt: skip
def test_what_is_no_picture_is_refused_with_a_reason(
    address: str, path: str, data: bytes, status: int, reason: str
) -> None:
    answer = ask(address, path, data)
    assert answer.status == status
    assert reason in answer.data["error"]


def test_uploads_are_bounded_in_bytes_and_pixels(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_app, "MEGABYTES", 1)
    answer = ask(address, "/api/predict", b"x" * (2**20 + 1))
    assert (answer.status, "1 MB" in answer.data["error"]) == (413, True)
    monkeypatch.setattr(own_pictures, "MEGAPIXELS", 1)
    small = file_of(np.zeros((1001, 1000, 3)))
    answer = ask(address, "/api/predict", small)
    assert (answer.status, "1 megapixels" in answer.data["error"]) == (422, True)


def test_an_upload_that_never_comes_is_ended(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_app, "UPLOAD_SECONDS", 0.2)
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as slow:
        head = (
            f"POST /api/predict HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 100\r\n\r\nabc"
        )
        slow.sendall(head.encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 408")


def test_too_many_requests_are_told_to_wait(
    address: str, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, _, _ = a_test_picture(study)
    monkeypatch.setattr(web_app, "EACH", 0)
    answer = ask(address, "/api/predict", picture)
    assert (answer.status, answer.headers["retry-after"]) == (429, "2")


def test_a_full_queue_is_told_and_a_late_answer_too(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, style, _ = a_test_picture(study)
    free, begun = threading.Event(), threading.Event()

    def slow(self: Any, job: Any) -> bytes:
        begun.set()
        free.wait(60)
        return b"painted"

    monkeypatch.setattr(own_pictures.Studio, "_paint", slow)
    monkeypatch.setattr(web_app, "CANVASES", 1)
    with running(study) as address, ThreadPoolExecutor(4) as pool:

        def paint() -> Answer:
            return ask(address, f"/api/paint?style={style}", picture)

        first = pool.submit(paint)
        assert begun.wait(60)
        waiting = pool.submit(paint)
        monkeypatch.setattr(web_app, "ANSWER_SECONDS", 0.5)
        others = [paint() for _ in range(3)]  # one may wait where the first two do not
        free.set()
        assert first.result().content == b"painted"
        assert waiting.result().status in (200, 503)
        assert {one.status for one in others} == {503}
        assert any(
            "too many" in one.data["error"] or "no answer" in one.data["error"] for one in others
        )


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [("GET", {"host": "evil.example"}, 421),
     ("POST", {"host": "evil.example"}, 421),
     ("POST", {"origin": "http://evil.example"}, 403),
     ("POST", {"origin": "null"}, 403),
     ("GET", {"origin": "http://evil.example"}, 200)],
)  # fmt: skip
def test_other_sites_are_refused(
    address: str, study: Path, method: str, headers: dict[str, str], status: int
) -> None:
    data = a_test_picture(study)[0] if method == "POST" else None
    path = "/api/predict" if method == "POST" else "/site/"
    assert ask(address, path, data, **headers).status == status


def test_its_own_page_may_send_pictures(address: str, study: Path) -> None:
    parts = urlsplit(address)
    answer = ask(address, "/api/predict", a_test_picture(study)[0], origin=f"http://{parts.netloc}")
    assert answer.status == 200


def test_another_address_than_localhost_asks_for_a_token(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.page.server.LOOPBACK", frozenset({"localhost"}))
    with running(study, host="127.0.0.1") as address:
        token = urlsplit(address).query
        assert token.startswith("token=")
        assert ask(address, "/site/").status == 401
        assert ask(address, "/api/about").status == 401
        assert ask(address, "/site/?token=guess").status == 401
        opened = ask(address, f"/site/?{token}")
        assert opened.status == 200
        cookie = opened.headers["set-cookie"].split(";")[0]
        assert ask(address, "/api/about", cookie=cookie).status == 200
        bearer = f"Bearer {token.removeprefix('token=')}"
        assert ask(address, "/api/about", authorization=bearer).status == 200
        assert ask(address, f"/site/?{token}", host="192.0.2.1:8000").status == 200


def test_a_study_without_weights_serves_its_page_and_says_what_is_left_out(
    study: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    shutil.copytree(study, tmp_path / "copy")
    (tmp_path / "copy" / "runs" / "classifier" / "best.safetensors").unlink()
    with running(tmp_path / "copy", on_skip=lines.append) as address:
        assert ask(address, "/site/").status == 200
        assert ask(address, "/api/about").data["predict"] is None
        answer = ask(address, "/api/predict", b"x")
        assert (answer.status, answer.data["error"]) == (404, "the study has no trained classifier")
    assert any("classifier is left out" in line for line in lines)


def test_a_style_without_training_pictures_is_refused_with_a_reason(
    address: str, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, style, _ = a_test_picture(study)

    def refuse(self: Any, job: Any) -> bytes:
        raise CollectionError("no training picture to take patches from")

    monkeypatch.setattr(own_pictures.Studio, "_paint", refuse)
    answer = ask(address, f"/api/paint?style={style}", picture)
    assert (answer.status, "no training picture" in answer.data["error"]) == (422, True)


def test_ctrl_c_ends_it_in_order(study: Path) -> None:
    command = [sys.executable, "-m", "impasto", "serve", str(study), "--port", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        address = json.loads(running.stdout.readline())["address"]
        assert ask(address, "/site/").status == 200
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 0
        assert [line for line in running.stderr.read().splitlines() if "opening" not in line] == []


def test_a_taken_port_and_a_missing_page_are_one_line(study: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"has no page .*: make it with impasto site"),
        server(tmp_path),
    ):
        pass
    (tmp_path / "run.json").write_text('{"kind": "classifier"}')
    with (
        pytest.raises(InputError, match="is no study: it is a run of kind classifier"),
        server(tmp_path),
    ):
        pass
    with server(study) as made:
        port = urlsplit(made.address).port or 0
        with (
            pytest.raises(InputError, match=rf"port {port} .* is taken: .* --port"),
            server(study, port),
        ):
            pass


DROP = """([bytes, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "dropped.png", {type}));
  document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
}"""


def test_a_dropped_picture_is_answered_on_the_page(address: str, study: Path, browser: Any) -> None:
    picture, style, _ = a_test_picture(study)
    page = browser.new_page()
    try:
        page.goto(address)
        page.wait_for_selector("html[data-ready]", timeout=120_000)
        page.evaluate(DROP, [list(picture), "image/png"])
        panel = page.locator("#panel-own")
        panel.locator(".shares").wait_for(timeout=120_000)
        assert style.replace("_", " ") in panel.locator(".answer").inner_text()
        assert panel.locator(".card").count() == own_pictures.NEIGHBOURS
        assert page.locator(".ties .guest").count() == 1
        panel.locator("#own-paint").click()
        panel.locator(".own-painted img").wait_for(timeout=120_000)
        page.evaluate(DROP, [[1, 2, 3], "image/png"])
        panel.get_by_role("alert").wait_for(timeout=120_000)
        assert "not a picture" in panel.get_by_role("alert").inner_text()
    finally:
        page.close()


def test_from_disk_the_page_says_how_a_picture_is_tried(study: Path, browser: Any) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(f"{(study / 'site' / 'index.html').as_uri()}#tab=own")
        page.wait_for_selector("html[data-ready]", timeout=120_000)
        assert "impasto serve" in page.locator("#panel-own").inner_text()
        assert not [one for one in asked if not one.startswith(("file:", "data:", "blob:"))]
    finally:
        page.close()
