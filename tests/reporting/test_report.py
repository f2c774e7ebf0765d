"""The report from made-up studies: what it says, what it admits, and that it stands alone."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import made_up_study as made_up
from impasto.errors import CollectionError, InputError, RunError
from impasto.files import read_json, write_json
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.reporting.report import write_report

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
            allowed = ("#", "data:image/") if tag != "a" else ("#", "http")
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
        ]
        return {path.name: path.read_bytes() for path in paths}

    again = made_up.make_study(tmp_path / "study", made_up.MadeUp(styles=FEW, test_each=12))
    write_report(again)
    assert written(again) == written(study)


def test_findings_come_before_scores_and_the_spoiling_ones_first(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, invalidated=True))
    sections = [attributes["id"] for attributes in page.all("section")]
    assert sections[:2] == ["findings", "scores"]
    assert markdown.index("## Findings") < markdown.index("## Scores")
    codes = re.findall(r"^- \*\*(IMP\d+)", markdown, flags=re.M)
    assert codes[0] == "IMP106"
    assert codes.index("IMP101") < codes.index("IMP104")  # an issue stands before what passed


def test_a_spoiled_result_is_called_so_in_the_first_line(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, invalidated=True))
    first = markdown.splitlines()[0]
    assert first.startswith("# A finding invalidates this result (IMP106)")
    assert " ".join(first[2:].split()) in page.text
    assert "took no part in training" not in page.text


def test_a_clean_result_is_not_called_spoiled(page: Page, markdown: str) -> None:
    assert "invalidate" not in page.text.split("Findings", 1)[0]
    assert markdown.startswith("# The network tells 4")
    assert "took no part in training" in page.text


def test_a_network_no_better_than_a_baseline_is_called_so(tmp_path: Path) -> None:
    made = small(tmp_path)
    worse = [Finding("IMP301", "issue", "Colour histograms are as good.")]
    findings.save(made / "runs" / "classifier" / "evaluation" / "findings.json", worse)
    page, markdown = report(made)
    first = "# 12 test pictures are too few to tell: the network is not shown to be better than a"
    assert markdown.startswith(first)
    assert "not shown to be better than a baseline" in page.text


def test_every_figure_has_words_and_the_command_behind_it(
    study: Path, page: Page, markdown: str
) -> None:
    assert all(attributes.get("alt") for attributes in page.all("img"))
    text = (study / "report.html").read_text(encoding="utf-8")
    charts = re.findall(r'<svg class="chart.*?</svg>', text, flags=re.S)
    assert (
        len(charts) == 9
    )  # scores, distribution, curves, styles, confusion, reliability, heat, years, timeline
    assert all(
        re.match(r'<svg[^>]*role="img"[^>]*>\s*<title>\w[^<]{20,}</title>', chart)
        for chart in charts
    )
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text, flags=re.S)
    assert len(captions) == len(page.all("figure")) == 12
    assert all(
        re.search(r"Made by <code>impasto (study|evaluate) [^<]+</code>", caption)
        for caption in captions
    )
    pictures = re.findall(r"!\[([^\]]*)\]\((figures/[^)]+)\)", markdown)
    assert len(pictures) == 13
    assert all(alt and (study / path).is_file() for alt, path in pictures)


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


def test_three_guesses_at_three_styles_are_no_news(tmp_path: Path, page: Page) -> None:
    lead = report(small(tmp_path))[0].text.split("In brackets", 1)[0]
    assert "top-3" not in lead
    assert "top-3" in page.text.split("In brackets", 1)[0]


def test_the_largest_confusion_leads_its_table(study: Path, markdown: str) -> None:
    matrix = read_json(study / "runs" / "classifier" / "evaluation" / "metrics.json")["confusion"]
    pairs = [(n, i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) if i != j]
    most, true, named = max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    table = markdown.split("| True style | Named |")[1].splitlines()
    first = [cell.strip().replace("\\_", " ") for cell in table[2].split("|")[1:4]]
    assert first == [FEW[true].replace("_", " "), FEW[named].replace("_", " "), f"{most} of 12"]


def test_files_set_aside_are_counted_once(page: Page, markdown: str) -> None:
    row = next(line for line in markdown.splitlines() if line.startswith("| Baroque | "))
    assert row.split("|")[3].strip() == "2"
    assert "1 more file was set aside that cannot be assigned" in page.text


def test_stages_that_are_missing_are_named(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, run=False))
    assert (
        "no network has been trained on them yet" in page.text
        and "impasto train classifier" in page.text
    )
    assert "no network has been trained on them yet" in markdown
    assert not [a for a in page.all("section") if str(a.get("id")).startswith("scores")]


def test_a_run_without_evaluation_says_so(tmp_path: Path) -> None:
    page, markdown = report(small(tmp_path, evaluation=False))
    assert "has been trained on 3" in markdown.splitlines()[0]
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
    assert "Artist oracle |" not in markdown and "usual style, without a look" not in markdown


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
    assert (
        "11" in markdown.splitlines()[0]
    )  # the headline is the run that validation prefers, though its test is worse
    ids = [str(attributes["id"]) for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"scores-1", "scores-2"} <= set(ids)


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
    (made / "runs" / "classifier" / "evaluation" / "metrics.json").write_text(content)
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
    assert "remedies" in [attributes["id"] for attributes in page.all("section")]
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
    table = markdown.split("## Long-tail methods")[1]
    assert "Rarest third" in table and "| Few |" not in table  # which no style is


def test_without_a_comparison_there_is_no_section(page: Page, markdown: str) -> None:
    assert "Long-tail methods" not in page.text and "Long-tail methods" not in markdown


def test_a_damaged_comparison_is_named(tmp_path: Path) -> None:
    made = small(tmp_path, balance=True)
    path = made / "balance" / "balance.json"
    write_json(path, {**read_json(path), "methods": [{"name": "plain"}]})
    with pytest.raises(RunError, match=r"balance.json is no comparison \(methods.0"):
        write_report(made)
