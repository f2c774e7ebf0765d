"""Decisions on labels: made in the page, kept, saved, written by a server, honoured by prepare."""

import csv
import io
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from impasto.collection.collection import Collection, open_collection
from impasto.collection.settings import PrepareSettings
from impasto.collection.sources import read_source
from impasto.errors import InputError
from impasto.page.decisions_file import DecisionsFile
from impasto.page.export import write_site
from impasto.page.server import server
from impasto.records.collection import AuditRecord
from impasto.records.finding import Finding
from impasto.records.label_check import LabelCheck, LabelSuspect

pytest.importorskip("uvicorn", reason="no uvicorn: pip install -e '.[web]'")
SUSPECT_ROWS = (9, 3, 14)
FRAMED = (4, 9)


def check_of(collection: Collection) -> LabelCheck:
    """A check that calls three pictures suspect, the first of them flagged."""
    styles = collection.vocabulary.styles
    suspects = []
    for place, row in enumerate(SUSPECT_ROWS):
        own = int(collection.labels[row])
        suspect = LabelSuspect(
            id=collection.column("id")[row],
            split=collection.column("split")[row],
            style=styles[own],
            likelier=styles[(own + 1) % len(styles)],
            score=0.01 * (place + 1),
            likelier_score=0.9,
            by_picture=0.02,
            artist=None,
            artist_works=0,
            artist_share=None,
            flagged=place == 0,
        )
        suspects.append(suspect)
    return LabelCheck(
        command="impasto audit",
        fingerprint=collection.fingerprint,
        evidence="features",
        run=None,
        folds=5,
        seed=0,
        pictures=len(collection),
        unjudged=0,
        with_artist=0,
        balanced_accuracy=0.5,
        flagged=1,
        suspects=tuple(suspects),
    )


@pytest.fixture(scope="module")
def study(site_study: Callable[..., Collection], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suspects") / "study"
    collection = site_study(folder)
    check_of(collection).write(collection.path / "labels.json")
    framed = [{"id": collection.column("id")[row]} for row in FRAMED]
    named = Finding("IMP121", "issue", "Two.", items=framed)
    AuditRecord(fingerprint=collection.fingerprint, judged=(named,)).write(
        collection.path / "audit.json"
    )
    write_site(folder)
    return folder


@pytest.fixture(scope="module")
def served(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study without its runs, which hold no weights that a server could open."""
    folder = tmp_path_factory.mktemp("served") / "study"
    shutil.copytree(study, folder)
    shutil.rmtree(folder / "runs")
    return folder


@contextmanager
def running(study: Path, **options: Any) -> Iterator[str]:
    with server(study, **options) as made, made.in_background() as address:
        yield address


@pytest.fixture
def window(browser: Any) -> Iterator[Any]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce", accept_downloads=True
    )
    context.set_default_timeout(60_000)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-ready=yes]")


def saved(page: Any) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save decisions.csv").click()
    return list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))


def test_suspects_are_filtered_decided_by_keyboard_and_saved(window: Any, study: Path) -> None:
    page, collection = window, open_collection(study / "collection")
    ids = [collection.column("id")[row] for row in SUSPECT_ROWS]
    styles = collection.vocabulary.styles
    likelier = styles[(collection.labels[SUSPECT_ROWS[1]] + 1) % len(styles)]
    address = (study / "site" / "index.html").as_uri()
    opened(page, address)
    page.get_by_role("tab", name="Labels").click()
    page.get_by_role("button", name="Undecided suspects").click()
    walls = page.locator("#panel-labels .wall button")
    shown = walls.evaluate_all("(all) => all.map((one) => Number(one.dataset.row))")
    assert shown == list(SUSPECT_ROWS)
    walls.first.click()
    page.wait_for_function("(id) => Impasto.app.store.state.painting === id", arg=ids[0])
    assert "Suspect 1 of 3" in page.locator("#panel-painting .decide").inner_text()
    page.keyboard.press("x")
    page.wait_for_function("(id) => Impasto.app.store.state.painting === id", arg=ids[1])
    page.wait_for_function("() => document.querySelector('#relabel-to')?.value")
    page.keyboard.press("r")
    page.wait_for_function("(id) => Impasto.app.store.state.painting === id", arg=ids[2])
    page.get_by_role("button", name="Keep").click()
    page.wait_for_function("Impasto.app.decisions.count === 3 && !Impasto.app.pending")
    page.wait_for_selector("[data-decide=keep][aria-pressed=true]")
    page.get_by_role("tab", name="Labels").click()
    assert "1 kept, 1 to exclude, 1 to relabel" in page.locator("#panel-labels").inner_text()
    assert saved(page) == [
        {"id": ids[0], "decision": "exclude", "style": "", "note": ""},
        {"id": ids[1], "decision": "relabel", "style": likelier, "note": ""},
        {"id": ids[2], "decision": "keep", "style": "", "note": ""},
    ]
    # Another visit finds them again; a decision is taken back by its own button
    opened(page, f"{address}#tab=labels&suspect=decided")
    page.reload()
    page.wait_for_selector("html[data-ready=yes]")
    assert sorted(page.evaluate("Impasto.app.found.rows")) == sorted(SUSPECT_ROWS)
    page.evaluate("(id) => Impasto.app.set({ painting: id, tab: 'painting' })", ids[2])
    page.click("[data-decide=keep][aria-pressed=true]")
    page.wait_for_function("Impasto.app.decisions.count === 2")


def test_pictures_that_the_audit_named_are_filtered_and_marked(window: Any, study: Path) -> None:
    opened(window, f"{(study / 'site' / 'index.html').as_uri()}#tab=labels")
    window.get_by_role("button", name="Named by the audit").click()
    window.wait_for_function("Impasto.app.found.any && !Impasto.app.pending")
    assert sorted(window.evaluate("Impasto.app.found.rows")) == sorted(FRAMED)
    window.evaluate("Impasto.app.choose(4)")
    window.wait_for_selector(".decide:has-text('The audit: framed pictures.')")


def test_the_map_is_coloured_by_the_check(window: Any, study: Path) -> None:
    opened(window, (study / "site" / "index.html").as_uri())
    window.select_option("#colour", "suspect")
    window.wait_for_function("Impasto.app.grouping?.kind === 'suspect'")
    groups = window.evaluate("[...Impasto.app.grouping.of]")
    assert {row: group for row, group in enumerate(groups) if group >= 0} == dict(
        zip(SUSPECT_ROWS, (0, 1, 1), strict=True)
    )


def test_a_saved_table_is_loaded_again_and_nonsense_is_named(
    window: Any, study: Path, tmp_path: Path
) -> None:
    opened(window, f"{(study / 'site' / 'index.html').as_uri()}#tab=labels")
    table = tmp_path / "decisions.csv"
    table.write_text(
        '\ufeffid,note,Decision\r\n"a, ""b"".jpg",two\u00a0words,Exclude\r\nc.jpg,,\r\n'
    )
    window.set_input_files("#panel-labels input[type=file]", table)
    window.wait_for_function("Impasto.app.decisions.count === 1")
    rows = saved(window)
    assert rows == [
        {"id": 'a, "b".jpg', "decision": "exclude", "style": "", "note": "two\u00a0words"}
    ]
    table.write_text("path,label\na.jpg,Cubism\n")
    window.set_input_files("#panel-labels input[type=file]", table)
    window.wait_for_selector("#panel-labels [role=status]:has-text('no table of decisions')")


def test_decisions_of_a_served_page_are_written_and_honoured_by_prepare(
    window: Any, served: Path, tmp_path: Path
) -> None:
    collection, file = open_collection(served / "collection"), tmp_path / "decisions.csv"
    ids = [collection.column("id")[row] for row in SUSPECT_ROWS]
    with running(served, decisions=file) as address:
        opened(window, f"{address}#tab=labels")
        window.evaluate("(id) => Impasto.app.set({ painting: id, tab: 'painting' })", ids[0])
        window.click("[data-decide=exclude]")
        window.wait_for_selector("[data-decide=exclude][aria-pressed=true]")
        window.evaluate("(id) => Impasto.app.set({ painting: id })", ids[1])
        window.wait_for_selector("[data-decide=relabel][aria-pressed=false]")
        window.select_option("#relabel-to", "Ukiyo_e")
        window.wait_for_selector("[data-decide=relabel][aria-pressed=true]")
        with file.open(newline="") as text:
            rows = {row["id"]: row for row in csv.DictReader(text)}
        assert rows[ids[0]]["decision"] == "exclude"
        assert (rows[ids[1]]["decision"], rows[ids[1]]["style"]) == ("relabel", "Ukiyo_e")
    # The source that these ids are paths in
    for number, name in enumerate(collection.column("id")):
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_bytes(b"%d" % number)
    table = tmp_path / "source" / "table.csv"
    with table.open("w", newline="") as text:
        lines = zip(collection.column("id"), collection.column("style"), strict=True)
        csv.writer(text).writerows([("path", "style"), *lines])
    found = read_source(table, PrepareSettings(decisions=str(file)))
    styles = {entry.id: entry.style for entry in found.entries}
    assert ids[0] not in styles and styles[ids[1]] == "Ukiyo_e"
    assert len(styles) == len(collection) - 1
    assert len(found.decided) == 2


def posted(address: str, content: bytes, **headers: str) -> tuple[int, Any]:
    parts = urlsplit(address)
    given = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}/api/decisions", content, given
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_nothing_is_written_without_a_file_or_by_another_site(served: Path, tmp_path: Path) -> None:
    name = open_collection(served / "collection").column("id")[0]
    decision = json.dumps({"id": name, "decision": "exclude", "style": "", "note": ""}).encode()
    with running(served) as address:
        before = sorted(served.rglob("*"))  # the server keeps references when it starts
        status, answer = posted(address, decision)
        assert status == 403 and "--decisions FILE" in answer["error"]
    assert sorted(served.rglob("*")) == before
    file = tmp_path / "decisions.csv"
    with running(served, decisions=file) as address:
        assert posted(address, decision, Origin="http://evil.example")[0] == 403
        assert posted(address, decision, **{"Content-Type": "text/plain"})[0] == 415
        assert posted(address, b"no json")[0] == 422
        assert posted(address, b"x" * (65 * 1024))[0] == 413
        for wrong in (
            {"id": "../gone.jpg", "decision": "exclude"},
            {"id": name, "decision": "drop"},
            {"id": name, "decision": "relabel"},
            {"id": name, "decision": "relabel", "style": "No_style"},
            {"id": name, "decision": "exclude", "path": "/etc/passwd"},
            {"id": name, "decision": 3},
        ):
            assert posted(address, json.dumps(wrong).encode())[0] == 422, wrong
        assert file.read_text() == "id,decision,style,note\n"
        assert posted(address, decision) == (200, {"file": "decisions.csv", "rows": 1})


def test_a_table_of_suspects_keeps_its_rows_and_columns(tmp_path: Path) -> None:
    table = tmp_path / "label_suspects.csv"
    table.write_text("id,decision,style,note,score\na,,Cubism,odd,0.1\nb,keep,,,0.2\n")
    file = DecisionsFile(table, {"a", "b", "c"}, {"Cubism", "Pop"}).check()
    assert [row["id"] for row in file.decided()] == ["b"]
    file.put({"id": "a", "decision": "relabel", "style": "Pop", "note": ""})
    file.put({"id": "c", "decision": "exclude"})
    file.put({"id": "b", "decision": ""})
    with table.open(newline="") as text:
        rows = list(csv.DictReader(text))
    assert [
        (row["id"], row["decision"], row["style"], row["note"], row["score"]) for row in rows
    ] == [
        ("a", "relabel", "Pop", "odd", "0.1"),
        ("b", "", "", "", "0.2"),
        ("c", "exclude", "", "", ""),
    ]


def test_a_file_that_is_no_table_of_decisions_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "decisions.csv"
    table.write_text("id;decision\na;keep\n")
    with pytest.raises(InputError, match="no table of decisions with commas"):
        DecisionsFile(table, {"a"}, {"Cubism"}).check()
    assert table.read_text() == "id;decision\na;keep\n"


def test_a_check_of_other_labels_marks_nothing(study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "s")
    collection = open_collection(tmp_path / "s" / "collection")
    check = check_of(collection).model_copy(update={"fingerprint": "0" * 16})
    check.write(collection.path / "labels.json")
    write_site(tmp_path / "s")
    assert not (tmp_path / "s" / "site" / "data" / "suspects.js").exists()
    assert '"suspects":null' in (tmp_path / "s" / "site" / "data" / "site.js").read_text()
