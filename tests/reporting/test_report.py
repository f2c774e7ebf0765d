"""The report from made-up studies: what it says, what it admits, and that it stands alone."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

import made_up_study as made_up
from impasto.errors import CollectionError, InputError, RunError
from impasto.files import read_json, write_json
from impasto.files.checksums import CHECKSUMS, forget
from impasto.records.evaluation import ClassifierEvaluation
from impasto.reporting.blocks import Row, Table, columns
from impasto.reporting.report import write_report
from impasto.reporting.sections.confusions import similar_order
from impasto.reporting.sections.per_style import styles_chart
from impasto.reporting.written import as_csv

FEW = ("Baroque", "Cubism", "Pop_Art", "Ukiyo_e")
VOID = {"meta", "img", "link", "br", "input", "hr", "base"}


class Page(HTMLParser):
    """A page's tags in order, with the text that each holds, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not set(self.open) & {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def report(study: Path) -> tuple[Page, str]:
    """The page, and the Markdown text."""
    paths = write_report(study)
    page = Page(paths.html.read_text(encoding="utf-8"))
    assert not page.open
    return page, paths.markdown.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole study of four styles with its report; not to be changed."""
    made: Path = made_up.make_study(
        tmp_path_factory.mktemp("whole") / "study", made_up.MadeUp(styles=FEW, test_each=12)
    )
    write_report(made)
    return made


@pytest.fixture(scope="module")
def page(study: Path) -> Page:
    return Page((study / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def markdown(study: Path) -> str:
    return (study / "report.md").read_text(encoding="utf-8")


def small(tmp_path: Path, **what: Any) -> Path:
    made: Path = made_up.make_study(
        tmp_path / "study", made_up.MadeUp(styles=FEW[:3], test_each=4, **what)
    )
    return made


def test_the_page_loads_nothing_from_outside(study: Path, page: Page) -> None:
    assert not {tag for tag, _ in page.tags} & {"link", "iframe", "object", "embed", "base"}
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset", "poster", "data"):
            address = attributes.get(name)
            allowed = ("#", "figures/", "tables/") if tag == "a" else ("data:image/", "#")
            assert address is None or address.startswith(allowed), (tag, name, address[:80])
    text = (study / "report.html").read_text(encoding="utf-8")
    assert "@import" not in text and not re.search(r"url\((?!#)", text)
    assert not re.search(r"\bfetch\(|XMLHttpRequest|import\(", text)


def test_ids_are_unique_and_every_inner_link_leads_somewhere(page: Page) -> None:
    ids = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        target = attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids, target


def test_the_same_files_give_the_same_bytes(study: Path, tmp_path: Path) -> None:
    def written(folder: Path) -> dict[str, bytes]:
        paths = [
            folder / "report.md",
            folder / "report.html",
            *sorted((folder / "figures").iterdir()),
            *sorted((folder / "tables").iterdir()),
        ]
        return {path.name: path.read_bytes() for path in paths}

    again = made_up.make_study(tmp_path / "study", made_up.MadeUp(styles=FEW, test_each=12))
    write_report(again)
    assert written(again) == written(study)


QUESTIONS = ["recognise", "imbalance", "cluster", "repaint", "lora"]


def cards(page: Page) -> dict[str, str]:
    """The text of the cards of the first screen, by their names."""
    text = page.text.split("Before you quote this")[0]
    names = ("Recognise", "Imbalance", "Cluster", "Repaint", "LoRA")
    starts = [text.index(f"{number} {name}") for number, name in enumerate(names, 1)]
    return {
        name: text[start:end]
        for name, start, end in zip(names, starts, [*starts[1:], None], strict=True)
    }


def test_the_first_screen_answers_five_questions(page: Page, markdown: str) -> None:
    found = cards(page)
    assert len(page.all("article")) == 5
    assert "better than colour" in found["Recognise"]
    for mark in ("chance 25.0 %", "colour 31.7 %", "artist known 81.0 %"):
        assert mark in found["Recognise"]
    for name, command in (
        ("Imbalance", "impasto balance study/collection -o study/balance"),
        ("Repaint", "impasto train painter study/collection -o study/runs/painter"),
        ("LoRA", "impasto train lora study/collection -o study/runs/lora --base MODEL"),
        ("Cluster", "impasto atlas study/runs/classifier"),
    ):
        assert command in found[name] and f"`{command}`" in markdown
        assert found[name].count("Not run") == 1
    anchors = [attributes["href"] for attributes in page.all("a")]
    assert [anchor for anchor in anchors if anchor and anchor[1:] in QUESTIONS][1:6] == [
        f"#{name}" for name in QUESTIONS
    ]


def test_the_questions_stand_in_order_before_the_limits_and_the_appendix(page: Page) -> None:
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections == [
        *QUESTIONS, "findings", "built", "collection", "checks", "made", "glossary"
    ]  # fmt: skip


def test_at_most_three_warnings_the_invalidating_one_first(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, invalidated=True))
    told = page.text.split("Before you quote this")[1].split("Recognise")[0]
    assert told.split("training pictures")[0].strip() == "Some test pictures are also"
    assert told.count(".") == 3 and "2 more" in told
    lines = markdown.split("**Before you quote this**")[1].split("\n## ")[0].strip().splitlines()
    assert len(lines) == 3
    codes = re.findall(r"^- \*\*(IMP\d+)", markdown, flags=re.M)
    assert codes[0] == "IMP106"
    assert codes.index("IMP101") < codes.index("IMP104")  # an issue stands before what passed


def test_a_spoiled_result_is_called_so_in_the_first_line(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, invalidated=True))
    first = markdown.splitlines()[0]
    assert first == "# A finding invalidates this result (IMP106)"
    assert first[2:] in page.text
    assert "Invalid" in cards(page)["Recognise"]


def gains(study: Path, name: str, low: float, high: float) -> None:
    """Give the paired gain over a baseline another interval."""
    path = study / "runs" / "classifier" / "evaluation" / "metrics.json"
    data = read_json(path)
    gain = {"value": (low + high) / 2, "low": low, "high": high}
    data["baselines"][name]["gains"]["balanced_accuracy"] = gain
    write_json(path, data)


@pytest.mark.parametrize(
    ("name", "ends", "verdict", "said"),
    [
        ("colour_histogram", (-0.01, 0.2), "No", "not shown to be better than colour histograms"),
        ("artist_oracle", (-0.2, -0.01), "Partly", "but worse than the artist’s name would"),
        ("artist_oracle", (-0.2, 0.01), "Partly", "but is not shown to beat the artist’s name"),
        ("artist_oracle", (0.01, 0.2), "Yes", "tells styles apart better than colour does"),
    ],
)
def test_the_verdict_goes_by_paired_intervals(
    tmp_path: Path, name: str, ends: tuple[float, float], verdict: str, said: str
) -> None:
    made = made_up.make_study(tmp_path / "study", made_up.MadeUp(styles=FEW, test_each=12))
    gains(made, name, *ends)
    page, markdown = report(made)
    card = cards(page)["Recognise"]
    assert card.startswith(f"1 Recognise {verdict} ")
    assert said in card and said in markdown.splitlines()[0]
    # Word and number are of one score, and the heading has both
    value = read_json(made / "runs/classifier/evaluation/metrics.json")["scores"]
    number = f"{100 * value['balanced_accuracy']['value']:.1f} %"
    assert number in card
    assert re.search(rf"^## 1 .*{said}: {number}$", markdown, flags=re.M)


def test_too_few_test_pictures_are_said_first(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path))  # 12 test pictures
    assert markdown.startswith("# Too few to tell, with 12 test pictures")
    assert "Too few to tell" in cards(page)["Recognise"]
    assert "Unclear" in cards(page)["Recognise"] and "Partly" not in cards(page)["Recognise"]


def test_every_figure_has_words_and_lies_beside_the_report_in_all_forms(
    study: Path, page: Page, markdown: str
) -> None:
    assert all(attributes.get("alt") for attributes in page.all("img"))
    assert all(attributes.get("loading") == "lazy" for attributes in page.all("img")[len(FEW) :])
    text = (study / "report.html").read_text(encoding="utf-8")
    charts = re.findall(r'<svg class="chart.*?</svg>', text, flags=re.S)
    assert all(
        re.match(r'<svg[^>]*role="img"[^>]*>\s*<title>\w[^<]{20,}</title>', chart)
        for chart in charts
    )
    captions = re.findall(r"<figcaption><b>(.*?)</b>(.*?)</figcaption>", text, flags=re.S)
    assert len(captions) == len(page.all("figure"))
    assert all(title and words.strip() for title, words in captions)
    drawn = {"styles", "confusion", "reliability", "heat-mean", "timeline", "confusion-years"}
    drawn |= {"classifier-curves", "distribution"}
    files = {path.name for path in (study / "figures").iterdir()} - {CHECKSUMS}
    assert {path.rpartition(".")[0] for path in files if path.endswith(".svg")} == drawn
    assert files == {f"{name}.{end}" for name in drawn for end in ("svg", "png")} | {
        "errors.png", "examples.png", "typical.png"
    }  # fmt: skip
    linked = [str(attributes["href"]) for attributes in page.all("a")]
    assert all((study / link).is_file() for link in linked if link.startswith(("fig", "tab")))
    assert {link.removeprefix("figures/") for link in linked if link.startswith("fig")} == files
    pictures = re.findall(r"!\[([^\]]*)\]\((figures/[^)]+)\)", markdown)
    assert len(pictures) == len(drawn) + 3
    assert all(alt and (study / path).is_file() for alt, path in pictures)


def test_every_table_lies_beside_the_report_with_its_numbers_in_full(
    study: Path, page: Page
) -> None:
    linked = [str(a["href"]) for a in page.all("a") if str(a.get("href")).startswith("tables/")]
    files = {f"tables/{path.name}" for path in (study / "tables").glob("[!.]*")}
    assert set(linked) == files
    with (study / "tables" / "recognise-scores-of-each-style.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    metrics = read_json(study / "runs" / "classifier" / "evaluation" / "metrics.json")
    assert [row["Style"] for row in rows] == ["Baroque", "Cubism", "Pop Art", "Ukiyo-e"]
    for row, wanted in zip(rows, metrics["per_style"], strict=True):
        assert float(row["Recall"]) == pytest.approx(wanted["recall"], rel=1e-5)
        low, high = (float(end) for end in row["Recall, 95 % interval"].split("–"))
        found = wanted["recall_interval"]
        assert (low, high) == pytest.approx((100 * found["low"], 100 * found["high"]), abs=0.06)


def test_a_table_computes_nothing_in_a_spreadsheet() -> None:
    cells = ("=1+1", "+1", "-x", "@a", "fine")
    table = Table("T", "", columns("A"), tuple(Row((cell,)) for cell in cells))
    assert as_csv(table).splitlines() == ["A", "'=1+1", "'+1", "'-x", "'@a", "fine"]


def test_commands_and_data_stand_once_a_section(page: Page, markdown: str) -> None:
    assert "Made by" not in page.text and "Made by" not in markdown
    part = markdown.split("## 1 ")[1].split("\n## ", maxsplit=1)[0]
    assert part.count("impasto evaluate study/runs/classifier") == 1
    assert "`runs/classifier/evaluation/metrics.json`" in part


def test_the_matrix_puts_styles_together_that_are_confused() -> None:
    # 0 and 3 are taken for each other, so are 1 and 2
    matrix = np.array([[5, 0, 0, 5], [0, 6, 4, 0], [0, 5, 5, 0], [4, 0, 0, 6]])
    order = similar_order(matrix)
    assert abs(order.index(0) - order.index(3)) == abs(order.index(1) - order.index(2)) == 1


def test_pictures_and_confusions_lead_to_the_page(tmp_path: Path) -> None:
    made = small(tmp_path)
    paths = write_report(made, page=True)
    page = Page(paths.html.read_text(encoding="utf-8"))
    links = [str(attributes["href"]) for attributes in page.all("a") if "href" in attributes]
    paintings = {link for link in links if link.startswith("site/index.html#painting=")}
    named = {parse_qs(link.partition("#")[2])["painting"][0] for link in paintings}
    ids = pq.read_table(made / "collection" / "paintings.parquet")["id"].to_pylist()
    assert named and named <= set(ids)
    cells = [link for link in links if "tab=confusions" in link]
    query = parse_qs(cells[0].partition("#")[2])
    assert query["run"] == ["classifier"] and set(query["cell"]) <= set(FEW)
    text = paths.html.read_text(encoding="utf-8")
    chart = re.search(r'<svg class="chart"[^>]*role="group".*?</svg>', text, flags=re.S)
    assert chart and all("aria-label" in tag for tag in re.findall(r"<a [^>]*>", chart.group()))


def test_what_was_built_is_told_from_the_run(study: Path, page: Page, markdown: str) -> None:
    part = markdown.split("## What was built")[1].split("\n## ", maxsplit=1)[0]
    for words in (
        "impasto’s classifier", "1,600,000 parameters", "20 epochs of batches of",
        "in bfloat16, in 9 min 41 s; the weights of epoch 18 were kept", "classifier-curves.png",
    ):  # fmt: skip
        assert words in part


def test_layers_are_read_from_the_weights(tmp_path: Path) -> None:
    made = small(tmp_path)
    weights = {
        "stem.weight": np.zeros((8, 3, 3, 3), np.float32),
        "stages.0.first.weight": np.zeros((4, 8, 1, 1), np.float32),
        "stages.0.second.weight": np.zeros((4, 8, 1, 1), np.float32),
        "stages.0.norm.weight": np.zeros(8, np.float32),
        "stages.0.norm.bias": np.zeros(8, np.float32),
        "stages.0.norm.running_mean": np.zeros(8, np.float32),
        "head.weight": np.zeros((3, 4), np.float32),
        "head.bias": np.zeros(3, np.float32),
    }
    save_file(weights, made / "runs" / "classifier" / "best.safetensors")
    _, markdown = report(made)
    assert "| head | linear, 4 → 3 | 15 |" in markdown
    layers = "normalisation of 8, 2 × convolution 1 × 1, 8 → 4"
    rows = [line for line in markdown.splitlines() if line.startswith("| stages.0 |")]
    assert len(rows) == 1 and rows[0].endswith("| 80 |")
    assert sorted(rows[0].split("|")[2].strip().split(", ")) == sorted(layers.split(", "))
    (made / "runs" / "classifier" / "best.safetensors").write_bytes(b"no weights")
    with pytest.raises(RunError, match=r"best\.safetensors is damaged"):
        write_report(made)


def test_every_label_of_a_region_points_at_something(page: Page) -> None:
    ids = {attributes.get("id") for _, attributes in page.tags}
    regions = [attributes for attributes in page.all("section") if "aria-labelledby" in attributes]
    assert regions and all(attributes["aria-labelledby"] in ids for attributes in regions)
    assert len(page.all("h1")) == 1


def test_numbers_equal_the_metrics(study: Path, page: Page, markdown: str) -> None:
    metrics = read_json(study / "runs" / "classifier" / "evaluation" / "metrics.json")
    whole = [metrics, *(metrics["baselines"][name] for name in page_order())]
    rows = [row["scores"] for row in whole]
    shown = [float(str(attributes["value"])) for attributes in page.all("data")]
    order = (
        ("train", "accuracy"),
        ("uniform", "accuracy"),
        ("uniform", "balanced_accuracy"),
        ("uniform", "macro_f1"),
        ("train", "top_3"),
    )
    wanted = [
        row["by_prior"][prior][name]["value"]
        for row in whole
        for prior, name in order
        if name in row["by_prior"][prior]
    ]
    assert "Accuracy, styles as frequent as in training" in page.text
    assert "Accuracy, styles equally frequent" in page.text
    assert "40 artists and 3 pictures by unknown ones drawn again" in page.text
    assert shown[: len(wanted)] == pytest.approx(wanted, abs=0)
    for row in rows:
        value, low, high = (100 * row["accuracy"][name] for name in ("value", "low", "high"))
        words = f"{value:.1f} % ({low:.1f}–{high:.1f})"
        assert words in markdown
        assert " ".join(words.split()) in page.text
    for style in metrics["per_style"]:
        assert style["recall"] in shown
    assert f"{metrics['pictures']} test pictures" in markdown


def page_order() -> tuple[str, ...]:
    return ("colour_histogram", "prior_matched", "majority", "artist_oracle")


def test_the_largest_confusion_leads_its_table(study: Path, markdown: str) -> None:
    matrix = read_json(study / "runs" / "classifier" / "evaluation" / "metrics.json")["confusion"]
    pairs = [(n, i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j]
    most, true, named = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    table = markdown.split("| True style | Named |")[1].splitlines()
    first = [cell.strip().replace("\\_", " ") for cell in table[2].split("|")[1:4]]
    assert first == [FEW[true].replace("_", " "), FEW[named].replace("_", " "), f"{most} of 12"]


def test_files_set_aside_are_counted_once(page: Page, markdown: str) -> None:
    census = markdown.split("Pictures of each style before and after")[1]
    row = next(line for line in census.splitlines() if line.startswith("| Baroque | "))
    assert row.split("|")[3].strip() == "2"
    assert "1 more file was set aside that cannot be assigned" in page.text


def test_stages_that_are_missing_are_named(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, run=False))
    assert (
        "no network has been trained on them yet" in page.text
        and "impasto train classifier" in page.text
    )
    assert "no network has been trained on them yet" in markdown
    assert "Not run" in cards(page)["Recognise"]


def test_pictures_of_a_gallery_are_said_to_be_painted_by_code(tmp_path: Path) -> None:
    study = small(tmp_path, run=False)
    assert "painted by code" not in report(study)[1]
    (study / "gallery").mkdir()
    write_json(study / "gallery" / "gallery.json", {})
    page, markdown = report(study)
    assert "styles, painted by code: " in page.text and "titles and years are made up" in markdown


def test_a_chart_names_all_styles_that_are_recognised_least(study: Path) -> None:
    file = study / "runs" / "classifier" / "evaluation" / "metrics.json"
    found = ClassifierEvaluation.read(file, what="evaluation", verb="impasto evaluate")
    recalls = [0.5, 0.5, *[0.75] * (len(found.per_style) - 3), 1.0]
    rows = tuple(
        row.model_copy(update={"recall": recall})
        for row, recall in zip(found.per_style, recalls, strict=True)
    )
    title = styles_chart(found.model_copy(update={"per_style": rows})).title
    least = FEW[0].replace("_", " ")
    assert title.endswith(f"recognised most often, {least} and 1 other style least")


def test_a_run_without_evaluation_says_so(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, evaluation=False))
    assert "has been trained; how well" in markdown.splitlines()[0]
    assert "has not been evaluated yet" in page.text and "has not been evaluated yet" in markdown


def test_a_training_that_was_cut_off_says_so(tmp_path: Path) -> None:
    made = small(tmp_path, evaluation=False)
    path = made / "runs" / "classifier" / "run.json"
    write_json(path, {**read_json(path), "state": "running"})
    (made / "runs" / "classifier" / "metrics.jsonl").write_text('{"event": "train", "step": 1, "ep')
    page, markdown = report(made)
    assert "is still being trained" in markdown.splitlines()[0]
    assert "not finished" in page.text and "no learning curves" in page.text


def test_a_collection_without_audit_says_so(tmp_path: Path) -> None:
    made = small(tmp_path)
    (made / "collection" / "audit.json").unlink()
    page, markdown = report(made)
    assert "has not been audited yet" in page.text and "has not been audited yet" in markdown


def test_names_without_pictures_still_give_a_report(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, pictures=False, run=False))
    assert "names without pictures" in page.text and "names without pictures" in markdown
    assert not page.all("img")
    assert not (tmp_path / "study" / "figures" / "examples.png").exists()


def test_unknown_artists_leave_the_oracle_out_and_say_so(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, artists=False))
    assert "the artists are not known" in page.text.lower()
    assert "| Artist oracle |" not in markdown and "artist known" not in markdown


def test_another_collection_than_the_trained_one_is_told(tmp_path: Path) -> None:
    made = small(tmp_path)
    path = made / "runs" / "classifier" / "run.json"
    write_json(
        path,
        {**read_json(path), "collection": {"path": "x", "fingerprint": "0" * 16, "pictures": 1}},
    )
    page, markdown = report(made)
    assert (
        "trained on another collection" in page.text and "trained on another collection" in markdown
    )


HOSTILE = (
    "<script>alert(1)</script>",
    'Quote"><img src=x onerror=alert(2)>',
    "Pipe | [a](http://b) `c` *d*",
    "日本 $x_1$",
)


def test_hostile_names_stay_words(tmp_path: Path) -> None:
    made = made_up.make_study(tmp_path / "a <b> & 'c'", made_up.MadeUp(styles=HOSTILE, test_each=3))
    page, markdown = report(made)
    assert len(page.all("script")) == 1
    assert all(
        str(attributes.get("src")).startswith("data:image/") for attributes in page.all("img")
    )
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    for style in HOSTILE:
        assert " ".join(style.replace("_", " ").split()) in page.text
    assert not re.search(r"(?<!\\)<(script|img)", markdown)
    assert "(http://b)" not in markdown.replace(
        "\\](http", ""
    )  # a bracket that is escaped begins no link
    widths = {
        len(re.findall(r"(?<!\\)\|", line))
        for line in markdown.splitlines()
        if "test" in line or "onerror" in line
    }
    assert 7 in widths  # the census' rows keep their six cells


def test_two_runs_stand_side_by_side_and_validation_picks_the_first(tmp_path: Path) -> None:
    made = small(tmp_path)
    first, second = made / "runs" / "classifier", made / "runs" / "second"
    second.mkdir()
    for path in (p for p in first.rglob("*") if p.is_file()):
        target = second / path.relative_to(first)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    metrics = second / "evaluation" / "metrics.json"
    better = read_json(metrics)
    better["validation"]["scores"]["balanced_accuracy"] = 0.7
    better["scores"]["accuracy"]["value"] = 0.111
    write_json(metrics, better)
    page, markdown = report(made)
    # The answers are of the run that validation prefers, though its test is worse
    assert "11.1 %" in markdown.split("## 1 ")[1].split("**")[0]
    ids = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert "The same of second" in page.text or "The same of classifier" in page.text
    table = markdown.split("| Who answers |")[1]
    assert "| classifier |" in table and "| second |" in table


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "metrics.json"),
        ("[]", "metrics.json"),
        ('{"format": 4, "split": "test"}', "metrics.json is no evaluation (pictures"),
    ],
)
def test_damaged_metrics_are_one_line_that_names_the_file(
    tmp_path: Path, content: str, told: str
) -> None:
    made = small(tmp_path)
    path = made / "runs" / "classifier" / "evaluation" / "metrics.json"
    path.write_text(content)
    forget(path)  # as an earlier version left it
    with pytest.raises((RunError, InputError)) as caught:
        write_report(made)
    assert told in str(caught.value) and "\n" not in str(caught.value)
    assert not (made / "report.html").exists()


def test_damaged_metrics_of_the_wrong_type_are_a_run_error(tmp_path: Path) -> None:
    made = small(tmp_path)
    path = made / "runs" / "classifier" / "evaluation" / "metrics.json"
    write_json(path, {**read_json(path), "confusion": "none"})
    with pytest.raises(
        RunError, match=r"metrics\.json is no evaluation \(confusion.*run impasto evaluate again"
    ):
        write_report(made)


def test_damaged_lines_of_training_are_a_run_error(tmp_path: Path) -> None:
    made = small(tmp_path)
    (made / "runs" / "classifier" / "metrics.jsonl").write_text(
        "no json\n" + json.dumps({"event": "train"}) + "\n"
    )
    with pytest.raises(RunError, match=r"metrics\.jsonl is damaged"):
        write_report(made)


def test_no_study_and_no_collection_name_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="impasto study"):
        write_report(tmp_path / "nowhere")
    with pytest.raises(CollectionError, match="impasto prepare"):
        write_report(tmp_path)


def test_a_comparison_of_remedies_gets_its_section(tmp_path: Path) -> None:
    made = small(tmp_path, balance=True)
    page, markdown = report(made)
    compared = read_json(made / "balance" / "balance.json")
    assert "Too few to tell, with 24 test pictures" in cards(page)["Imbalance"]
    assert "+6.7 points" in cards(page)["Imbalance"] and "Unclear" in cards(page)["Imbalance"]
    assert (
        compared["recommendation"]["text"] in page.text
        and compared["recommendation"]["text"] in markdown
    )
    told = [float(str(attributes["value"])) for attributes in page.all("data")]
    for row in compared["methods"]:
        assert all(score["value"] in told for score in row["scores"].values())
        assert f"| {row['name']} | {100 * row['scores']['accuracy']['value']:.1f} % (" in markdown
    assert "+6.7 (+3.7 to +9.7)" in page.text and "−2.1 (−5.1 to +0.9)" in markdown
    assert "< 0.001" in markdown.replace("\\<", "<") and "0.340" in markdown
    for name in ("remedies", "remedy-shares"):
        assert (made / "figures" / f"{name}.png").is_file()
        assert f"(figures/{name}.png)" in markdown
    assert (
        "IMP401" in page.text and "impasto balance study/collection -o study/balance" in page.text
    )
    table = markdown.split("\n## 2 ")[1]
    assert "Rarest third" in table and "| Few |" not in table  # which no style is


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ((0.01, 0.1), "Focal loss helps rare styles"),
        ((-0.01, 0.1), "Focal loss is not shown to help"),
        ((-0.1, -0.01), "Focal loss makes it worse"),
    ],
)
def test_the_method_is_called_better_by_its_interval(
    tmp_path: Path, ends: tuple[float, float], told: str
) -> None:
    made = small(tmp_path, balance=True)
    path = made / "balance" / "balance.json"
    data = read_json(path)
    low, high = ends
    data["pictures"]["test"] = 240
    data["methods"][1]["differences"]["balanced_accuracy"] = {
        "value": (low + high) / 2, "low": low, "high": high
    }  # fmt: skip
    write_json(path, data)
    page, markdown = report(made)
    assert told in cards(page)["Imbalance"]
    assert re.search(rf"^## 2 {told}.*: [+−][\d.]+ points$", markdown, flags=re.M)


def test_without_a_comparison_there_is_no_section(page: Page, markdown: str) -> None:
    for text in (page.text, markdown):
        assert "No long-tail method has been compared yet" in text and "plain training" not in text


def test_a_damaged_comparison_is_named(tmp_path: Path) -> None:
    made = small(tmp_path, balance=True)
    path = made / "balance" / "balance.json"
    write_json(path, {**read_json(path), "methods": [{"name": "plain"}]})
    with pytest.raises(RunError, match=r"balance.json is no comparison \(methods.0"):
        write_report(made)
