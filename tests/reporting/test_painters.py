"""The report on painters:

told in words, compared in one table, every style a row, and a slider that can be heard.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import made_up_study as made_up
from impasto.errors import RunError
from impasto.files.checksums import forget
from impasto.reporting.report import write_report
from made_up_painter_score import SIDE, add_painter, arms, steps

HEAD = "\n## 4 "


def change(run: Path, **values: Any) -> None:
    path = run / "evaluation" / "painting.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    forget(path)  # as if it had been written so


def small(tmp_path: Path, **what: Any) -> Path:
    few = {
        "styles": ("Baroque", "Cubism", "Pop_Art", "Ukiyo_e"),
        "test_each": 4,
        "run": False,
        **what,
    }
    study: Path = made_up.make_study(tmp_path / "study", made_up.MadeUp(**few))
    return study


def section(text: str, head: str = HEAD) -> str:
    return text.split(head)[1].split("\n## ", maxsplit=1)[0]


def cells(markdown: str, name: str) -> list[str]:
    """The cells of the row of a table that begins with a name."""
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_a_painter_is_told_in_words_and_numbers(tmp_path: Path) -> None:
    study = small(tmp_path, styles=made_up.WIKIART, run=True)
    plain = write_report(study)
    before, bare = plain.markdown.read_text(), plain.html.read_text()
    for text in (before, bare):
        assert "No painter has been trained yet" in text
    add_painter(study)
    paths = write_report(study)
    markdown, page = paths.markdown.read_text(), paths.html.read_text()
    told = section(markdown)
    page = page.replace("\N{NO-BREAK SPACE}", " ")
    assert told.startswith(
        "The painter reaches the target style more often than exchanging colours: 42.0 %\n"
    )
    for words in (
        "classifies 58.7 % (56.7–60.7) of real test pictures correctly",
        "48 test pictures were painted in other styles, 144 paintings in all",
        "Hand-made features, a second evaluator, give 21.0 % (19.0–23.0)",
        "by the painter alone that is classified as the target style, is 42.0 % (40.0–44.0)",
        "10.0 % (8.0–12.0) for unchanged pictures (the floor)",
        "20.0 % (18.0–22.0) for colour transfer",
        "50.0 % (48.0–52.0) for real pictures of the style (the ceiling)",
        "The normalised hit rate is 0.80 (0.75–0.85)",
        "by the painter alone beat colour transfer: +22.0 (+17.0 to +27.0) points",
        "For 93.0 % (91.0–95.0) of the paintings the original is the nearest of 1,000 pictures",
        "0.96 (0.94–0.98) in its own style",
        "are nearer to real works of the style than unchanged pictures are (kernel distance less "
        "by +68.2 (+66.2 to +70.2))",
    ):  # fmt: skip
        assert words in told and words in page, words
    painted = [
        "42.0 % (40.0–44.0)",
        "0.80 (0.75–0.85)",
        "21.0 % (19.0–23.0)",
        "–",
        "7.65 (7.15–8.15)",
        "0.52 (0.50–0.54)",
        "0.61 (0.59–0.63)",
    ]
    assert cells(told, "The painter") == [*painted, "93.0 % (91.0–95.0)", "12.3 (11.3–13.3)"]
    assert cells(told, "Real works") == [
        "50.0 % (48.0–52.0)",
        "1.00 (1.00–1.00)",
        "25.0 % (23.0–27.0)",
        "–",
        "–",
        "–",
        "–",
        "–",
        "–",
    ]
    believed = told.split("Changes of the hit rate")[1]
    assert "| The painter | +1.0 / −12.3 / +0.0 | – | 6.4 / 7.8 / 8.2 | 5.2 % | 23.4 % |" in (
        believed.replace("**", "")
    )
    assert cells(told, "Mean probability of the target style") == [
        "10.0 %",
        "17.5 %",
        "25.0 %",
        "32.5 %",
        "40.0 %",
    ]
    assert len([line for line in told.splitlines() if "| 0.054 (0.034–0.074) | – |" in line]) == 27
    assert cells(told, "Baroque")[1:5] == ["42.0 %", "20.0 %", "10.0 %", "50.0 %"]
    for figure in ("strength", "painter-pairs"):
        assert (study / "figures" / f"{figure}.png").is_file()
        assert f"figures/{figure}.png" in told
    assert "Two styles are not painted." in markdown.split("qualify these answers")[1]
    assert (
        "impasto train painter collection" in markdown
        and "impasto evaluate runs/painter" in markdown
    )
    assert "teach.epochs" in markdown and "2.13.0+here" in markdown and "2.13.0+here" in page
    assert page.count('id="repaint"') == 1 and 'href="#repaint"' in page
    # The classifier's own part stays as it was
    assert section(before, "\n## 1 ") == section(markdown, "\n## 1 ")


def test_two_painters_share_a_table_and_the_course_comes_last(tmp_path: Path) -> None:
    study = small(tmp_path)
    for name, painted in (("course", 0.12), ("painter", 0.42)):
        add_painter(study, name, painted=painted)
    markdown = section(write_report(study).markdown.read_text())
    names = ["painter", "course (the course’s form)"]
    folds = re.findall(r"<summary>The score in sentences: (.*?)</summary>", markdown)
    assert folds == names
    assert markdown.startswith("The painter reaches the target style more often")
    assert cells(markdown, "The painter: painter")[0] == "42.0 % (40.0–44.0)"
    assert cells(markdown, "The painter: course (the course’s form)")[0] == "12.0 % (10.0–14.0)"
    assert "Paintings by the painter alone do worse than colour transfer" in markdown
    assert [
        line.split("|")[1].strip()
        for line in markdown.split("Hit rate of each target style")[0].splitlines()
        if line.startswith("| Unchanged")
    ] == ["Unchanged"]
    # Another evaluator has another ceiling
    change(
        study / "runs" / "course",
        arms=[arm.model_dump(mode="json") for arm in arms(0.12, ceiling=0.6)],
    )
    markdown = section(write_report(study).markdown.read_text())
    assert cells(markdown, "Real works: painter")[0] == "50.0 % (48.0–52.0)"
    assert cells(markdown, "Real works: course (the course’s form)")[0] == "60.0 % (58.0–62.0)"
    page = (study / "report.html").read_text()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_it_opens_with_the_grid_and_names_the_works_that_lent_patches(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study)
    works = [
        {"painting": "a.jpg", "style": "Cubism", "artist": "juan-gris", "title": "the siphon",
         "share": 0.6204},
        {"painting": "train/old-bridge.jpg", "style": "Cubism", "share": 0.3796},
    ]  # fmt: skip
    row = {"id": "boat.jpg", "source": "Baroque", "target": "Cubism"}
    paintings = [
        {"arm": "painted", "style": "Cubism"},
        {"arm": "patches", "style": "Cubism", "references": works[:1]},
        {"arm": "finished", "style": "Cubism", "references": works},
    ]
    content = json.loads((run / "evaluation" / "painting.json").read_text())
    for arm, painted in (("finished", 0.45), ("patches", 0.41)):
        (borrowed,) = (one for one in arms(painted) if one.arm == "painted")
        content["arms"].append({**borrowed.model_dump(mode="json"), "arm": arm})
        for style in content["per_style"]:
            for rates in style["rates"].values():
                rates[arm] = rates["painted"]
    near = {"value": 0.25, "low": -0.02, "high": 0.52}
    content["gains"]["network"]["finished"] = {
        "unchanged": {"value": 0.35, "low": 0.3, "high": 0.4},
        "histogram": near,
    }
    content["shown"] = [{**row, "paintings": paintings}] * 3
    change(run, **content)
    shades = {"painted": 30, "patches": 120, "finished": 210}
    for arm, shade in shades.items():
        sheet = Image.new("RGB", (SIDE, 3 * SIDE), (shade, 9, 9))
        sheet.save(run / "evaluation" / "figures" / f"paintings-{arm}.png")
    paths = write_report(study)
    told, page = section(paths.markdown.read_text()), paths.html.read_text()
    assert told.index("2 test pictures in 1 style") < told.index("More strength, more style")
    assert "Painted by painter and patches of real works" in told
    assert 'alt="Baroque as Cubism"' in page and 'alt="The original: Baroque"' in page
    lent = "The siphon by Juan Gris 62 %, Old bridge 38 %".replace(" %", "\N{NO-BREAK SPACE}%")
    assert told.count(f"| Cubism | {lent} |") == 3 and "Row 1, Baroque: boat.jpg" in told
    assert told.startswith(
        "The painter with patches moves pictures towards the style, but is not shown to beat "
        "colours alone: 45.0 %\n"
    )
    assert "by painter and patches of real works that is classified" in told
    assert "By patches of real works alone it is 41.0 % (39.0–43.0)." in told
    assert "By the painter alone it is 42.0 %." in told
    assert "Paintings by painter and patches of real works are not shown to beat colour" in told
    assert "Paintings by the painter alone beat colour transfer" in told
    assert "of 144 repaintings by painter and patches of real works" in page
    folded = page.split("<summary>Whose patches these are")[1].split("</details>")[0]
    assert folded.count(lent) == 3
    more = page.split("<summary>More pictures")[1].split("</details>")[0]
    assert more.index("patches of real works alone") < more.index("by the painter alone")
    for name, shade in (("painted", 210), ("painter-painted-patches", 120)):
        with Image.open(study / "figures" / f"{name}.png") as sheet:
            assert (shade, 9, 9) in {colour for _, colour in sheet.getcolors(1 << 20) or ()}


def test_an_evaluator_that_places_nothing_says_why(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study)
    content = json.loads((run / "evaluation" / "painting.json").read_text())
    for arm in content["arms"]:
        arm["rates"]["network"]["normalised"] = None
    content["evaluators"]["network"]["unplaced"] = "it is no better than hand-made features"
    content["evaluator"]["pictures_shared"] = 7
    change(run, **content)
    markdown = section(write_report(study).markdown.read_text())
    assert cells(markdown, "The painter")[1] == "–"
    assert "The evaluator was trained on 7 of the painter's training pictures" in markdown
    assert "not normalised, because it is no better than hand-made features" in markdown
    assert cells(markdown, "Baroque")[5] == "0.80 (0.75–0.85)"


def test_an_earlier_format_is_named(tmp_path: Path) -> None:
    study = small(tmp_path)
    change(add_painter(study), format=2)
    with pytest.raises(RunError, match=r"earlier impasto \(format 2\): run impasto evaluate again"):
        write_report(study)


def test_a_painter_that_has_not_been_scored_says_so(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study, scored=False)
    path = run / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "state": "running"}))
    paths = write_report(study)
    for text in (paths.markdown.read_text(), paths.html.read_text()):
        assert (
            "painter has not been evaluated yet" in text
            and "training of painter is not finished" in text
        )
        assert "Hit rate, network" not in text


def test_another_collection_is_told(tmp_path: Path) -> None:
    study = small(tmp_path)
    change(add_painter(study), collection_fingerprint="0" * 16)
    paths = write_report(study)
    for text in (paths.markdown.read_text(), paths.html.read_text()):
        assert "score of painter was made on another collection" in text


def test_a_damaged_score_is_named(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study)
    change(run, strength=4)
    with pytest.raises(
        RunError,
        match=r"painting\.json is no score of a painter \(strength.*run impasto evaluate again",
    ):
        write_report(study)
    shutil.rmtree(run)
    run = add_painter(study)
    steps(2).save(run / "evaluation" / "figures" / "steps.png")
    with pytest.raises(
        RunError, match=r"steps\.png does not fit painting\.json: run impasto evaluate again"
    ):
        write_report(study)


def test_without_steps_there_is_no_slider(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study)
    (run / "evaluation" / "figures" / "steps.png").unlink()
    page = write_report(study).html.read_text()
    assert 'class="slider"' not in page and 'type="range"' not in page


def test_the_slider_has_a_name_and_says_where_it_is(tmp_path: Path) -> None:
    study = small(tmp_path)
    add_painter(study)
    page = write_report(study).html.read_text().replace("\N{NO-BREAK SPACE}", " ")
    part = page.split('<div class="slider">')[1].split("</figure>")[0]
    slider = re.search(r"<input[^>]*>", part)
    assert slider and 'type="range"' in slider.group() and 'max="4"' in slider.group()
    own = re.search(r' id="([^"]+)"', slider.group())
    assert (
        own and f'<label for="{own.group(1)}">' in part and f'<output for="{own.group(1)}">' in part
    )
    assert re.findall(r'label="([^"]*)"></option>', part) == [
        f"{number} %" for number in (0, 25, 50, 75, 100)
    ]
    named = re.findall(r'<img[^>]*alt="([^"]*)"', part)
    assert named[:2] == ["Baroque as Cubism, as it is", "Baroque as Cubism, 0 %"]
    assert len(named) == 3 * 6


SHOWN = """() => [...document.querySelectorAll(".slider .row")].map((row) =>
    [...row.querySelectorAll("li")].map((item, at) => item.checkVisibility() ? at : -1)
      .filter((at) => at >= 0))"""


def test_the_slider_shows_the_original_beside_one_strength(browser: Any, tmp_path: Path) -> None:
    study = small(tmp_path)
    add_painter(study)
    page = browser.new_page()
    page.goto(write_report(study).html.as_uri())
    assert page.evaluate(SHOWN) == [[0, 5]] * 3
    slider = page.locator(".slider input")
    for key, step in (("Home", 0), ("ArrowRight", 1), ("End", 4)):
        slider.press(key)
        assert page.evaluate(SHOWN) == [[0, 1 + step]] * 3
        words = f"{25 * step} %"
        assert slider.get_attribute("aria-valuetext") == words
        assert page.locator(".slider output").inner_text() == words
    page.close()


def test_without_javascript_every_strength_is_shown(browser: Any, tmp_path: Path) -> None:
    study = small(tmp_path)
    add_painter(study)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(write_report(study).html.as_uri())
    assert page.locator(".slider li:visible").count() == 3 * 6
    assert not page.locator(".slider input").is_visible()
    context.close()


def test_the_verdict_goes_by_the_paired_gain_over_colours(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study)
    unchanged = {"value": 0.3, "low": 0.2, "high": 0.4}
    for ends, told in (
        ((-0.05, 0.1), "but is not shown to beat colours alone"),
        ((-0.2, -0.1), "but exchanging colours does more"),
    ):
        low, high = ends
        colours = {"value": (low + high) / 2, "low": low, "high": high}
        change(run, gains={"network": {"painted": {"unchanged": unchanged, "histogram": colours}}})
        assert told in section(write_report(study).markdown.read_text()).splitlines()[0]
    no = {"value": 0.0, "low": -0.1, "high": 0.1}
    change(run, gains={"network": {"painted": {"unchanged": no, "histogram": no}}})
    told = section(write_report(study).markdown.read_text()).splitlines()[0]
    assert "is not shown to move pictures towards the style" in told
