"""The report on painters:

told in words, compared in one table, every style a row, and a slider that can be heard.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import made_up_study as made_up
from impasto.errors import RunError
from impasto.records import finding as findings
from impasto.records.evaluation import ResampledUnits
from impasto.records.finding import Finding
from impasto.records.painter_score import (
    ArmHitRate,
    ArmScore,
    ContentScores,
    CopyScores,
    EvaluatorAccuracy,
    EvaluatorSummary,
    HitRateGains,
    IdentityScores,
    PaintedStyle,
    PainterScore,
    PairGain,
    ShownPair,
    StrengthStep,
    StyleHitRate,
)  # fmt: skip
from impasto.records.record import Interval
from impasto.reporting.report import write_report

SIDE, STRENGTHS = 16, (0.0, 0.25, 0.5, 0.75, 1.0)
HEAD = "## Paintings in other styles"


def spread(value: float, by: float = 0.02) -> Interval:
    return Interval(value=value, low=value - by, high=value + by)


def rates(hit: float, normalised: float) -> dict[str, Interval]:
    return {"hit": spread(hit), "normalised": spread(normalised, 0.05)}


def by_arm(painted: float, ceiling: float) -> dict[str, dict[str, Interval]]:
    return {
        "painted": rates(painted, (painted - 0.1) / (ceiling - 0.1)),
        "histogram": rates(0.2, 0.25),
        "unchanged": rates(0.1, 0),
        "real": {"hit": spread(ceiling), "normalised": spread(1, 0)},
    }


def arms(painted: float, ceiling: float = 0.5) -> tuple[ArmScore, ...]:
    """Four arms; hand-made features give half of the evaluator's hit rates."""
    content = {"painted": kept(0.52), "histogram": kept(0.74), "unchanged": kept(1)}
    apart = {"painted": 7.654, "histogram": 23.6, "unchanged": 75.9}
    changes = {"shifted": 0.01, "blurred": -0.123, "recompressed": 0.0}
    return tuple(
        ArmScore(
            arm=name,  # type: ignore[arg-type]
            rates={
                "network": ArmHitRate(**values, changes=changes),
                "handmade": ArmHitRate(
                    hit=spread(values["hit"].value / 2), normalised=None, changes={}
                ),
            },
            content=content.get(name),
            lattice={2: 6.42, 4: 7.8, 8: 8.2},
            frechet_distance=apart.get(name),
            kernel_distance=0.054 if name == "painted" else None,
            trained_on=0.234 if name == "painted" else None,
            copying=CopyScores(region=0.052, most=0.3, large=0.01, nearest=0.2, source_nearest=0.2)
            if name == "painted"
            else None,
            seconds=None,
        )
        for name, values in by_arm(painted, ceiling).items()
    )


def kept(ssim: float) -> ContentScores:
    return ContentScores(
        ssim=spread(ssim),
        edges=spread(0.61),
        retrieved=spread(0.93),
        colour_shift=spread(12.3, 1),
    )


def steps(shown: int) -> Image.Image:
    """What ``steps.png`` holds:

    places whose red tells the row, and whose green tells the column.
    """
    rows, columns = np.mgrid[:shown, : 1 + len(STRENGTHS)]
    cells = np.stack([40 + 30 * rows, 20 + 40 * columns, np.full_like(rows, 90)], -1).astype(
        np.uint8
    )
    return Image.fromarray(cells.repeat(SIDE, 0).repeat(SIDE, 1))


def painting(styles: list[str], mark: str, name: str, painted: float) -> PainterScore:
    """The content of ``painting.json``."""
    return PainterScore(
        command=f"impasto evaluate runs/{name}",
        environment={},
        collection_fingerprint=mark,
        styling="modulation",
        resolution=SIDE,
        sources=48,
        pictures=144,
        resampled=ResampledUnits(unit="artists", count=20, unknown=3),
        evaluator=EvaluatorSummary(
            run="evaluator", network="residual", pictures_shared=0, artists_shared=0,
            test_pictures_seen=0,
        ),
        evaluator_gain=spread(0.1),
        evaluators={
            "network": EvaluatorAccuracy(accuracy=spread(0.587), unplaced=None),
            "handmade": EvaluatorAccuracy(accuracy=spread(0.487), unplaced="it is blind"),
        },
        arms=arms(painted),
        left_out={},
        gains={
            "network": HitRateGains(unchanged=spread(0.2), histogram=spread(painted - 0.2, 0.05))
        },
        searched=1000,
        per_style=tuple(
            PaintedStyle(
                style=style,
                train=5 + n,
                rates={
                    evaluator: {
                        arm: StyleHitRate(**values, gain=spread(0))
                        for arm, values in by_arm(painted, 0.5).items()
                    }
                    for evaluator in ("network", "handmade")
                },
                kernel_distance={"painted": 0.054, "unchanged": None},
            )
            for n, style in enumerate(styles)
        ),
        pairs=tuple(
            PairGain(
                source=a, target=b, pictures=12, p=0.01, **dict(spread(0.3 if a < b else -0.2, 0.1))
            )
            for a in styles
            for b in styles
            if a != b
        ),
        identity=IdentityScores(own_style=spread(0.96), no_style=spread(0.97)),
        strength=tuple(
            StrengthStep(strength=s, hit=s / 2, probability=0.1 + 0.3 * s, ssim=0.95 - 0.4 * s)
            for s in STRENGTHS
        ),
        shown=tuple(
            ShownPair(id="x.jpg", source=styles[n],
            target=styles[(n + 1) % len(styles)]) for n in range(3)
        ),
    )  # fmt: skip


def add_painter(
    study: Path, name: str = "painter", *, painted: float = 0.42, scored: bool = True
) -> Path:
    """A painter's run as training and scoring write it; ``course`` has the course's form."""
    run = study / "runs" / name
    run.mkdir(parents=True)
    collection = json.loads((study / "collection" / "collection.json").read_text())
    styles = json.loads((study / "collection" / "styles.json").read_text())["styles"]
    record = {
        "format": 1, "kind": "painter", "state": "done", "created": "2026-11-25",
        "command": f"impasto train painter collection -o runs/{name}", "styles": styles,
        "settings": {"styling": "plane" if name == "course" else "modulation",
        "teach": {"epochs": 3}},
        "collection": {"path": "collection", "fingerprint": collection["fingerprint"],
        "pictures": 9},
        "facts": {}, "environment": {"torch": "2.13.0+here"},
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(record))
    (run / "metrics.jsonl").write_text("")
    findings.save(
        run / "findings.json", [Finding("IMP201", "passed", "No over-fitting of the painter.")]
    )
    if scored:
        figures = run / "evaluation" / "figures"
        figures.mkdir(parents=True)
        for figure in ("grid", "strength"):
            Image.new("RGB", (60, 40), "teal").save(figures / f"{figure}.png")
        steps(3).save(figures / "steps.png")
        content = painting(styles, collection["fingerprint"], name, painted)
        content.write(run / "evaluation" / "painting.json")
        findings.save(
            run / "evaluation" / "findings.json",
            [Finding("IMP311", "issue", "Two styles are not painted.")],
        )
    return run


def change(run: Path, **values: Any) -> None:
    path = run / "evaluation" / "painting.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


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
    return text.split(f"{head}\n")[1].split("\n## ", maxsplit=1)[0]


def cells(markdown: str, name: str) -> list[str]:
    """The cells of the row of a table that begins with a name."""
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_a_painter_is_told_in_words_and_numbers(tmp_path: Path) -> None:
    study = small(tmp_path, styles=made_up.WIKIART, run=True)
    plain = write_report(study)
    before, bare = plain.markdown.read_text(), plain.html.read_text()
    assert HEAD not in before and "painters" not in bare.split("</style>")[1]
    add_painter(study)
    paths = write_report(study)
    markdown, page = paths.markdown.read_text(), paths.html.read_text()
    told = section(markdown)
    for words in (
        "classifies 58.7 % (56.7–60.7) of real test pictures correctly",
        "48 test pictures were painted in other styles, 144 paintings in all",
        "Hand-made features, a second evaluator, give 21.0 % (19.0–23.0)",
        "classified as the target style, is 42.0 % (40.0–44.0)",
        "10.0 % (8.0–12.0) for unchanged pictures (the floor)",
        "20.0 % (18.0–22.0) for colour transfer",
        "50.0 % (48.0–52.0) for real pictures of the style (the ceiling)",
        "The normalised hit rate is 0.80 (0.75–0.85)",
        "beats colour transfer by +22.0 (+17.0 to +27.0)",
        "For 93.0 % (91.0–95.0) of the paintings the original is the nearest of 1,000 pictures",
        "0.96 (0.94–0.98) in its own style",
    ):  # fmt: skip
        assert words in told and words in page, words
    painted = [
        "42.0 % (40.0–44.0)",
        "0.80 (0.75–0.85)",
        "21.0 % (19.0–23.0)",
        "–",
        "7.65",
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
    assert len([line for line in told.splitlines() if "| 0.054 | – |" in line]) == 27
    assert cells(told, "Baroque")[1:5] == ["42.0 %", "20.0 %", "10.0 %", "50.0 %"]
    for figure in ("grid", "strength", "pairs"):
        assert (
            study / "figures" / f"painter-{figure}.png"
        ).is_file() and f"figures/painter-{figure}.png" in told
    assert "Two styles are not painted." in section(markdown, "## Findings")
    assert (
        "impasto train painter collection" in markdown
        and "impasto evaluate runs/painter" in markdown
    )
    assert "teach.epochs" in markdown and "2.13.0+here" in markdown and "2.13.0+here" in page
    assert page.count('id="painters"') == page.count('href="#painters"') == 1
    # The classifier's own parts stay as they were
    assert section(before, "## Style by style") == section(markdown, "## Style by style")


def test_two_painters_share_a_table_and_the_course_comes_last(tmp_path: Path) -> None:
    study = small(tmp_path)
    for name, painted in (("course", 0.12), ("painter", 0.42)):
        add_painter(study, name, painted=painted)
    markdown = section(write_report(study).markdown.read_text())
    heads = re.findall(r"^### (.*)$", markdown, flags=re.M)
    names = ["painter", "course (the course’s form)"]
    assert heads[:2] == names and heads[3:] == [f"{name}: style by style" for name in names]
    assert heads[2] == (
        "The painter: 42.0 % are classified as the target style by the network, 21.0 % by "
        "hand-made features; of real works 50.0 % and 25.0 %"
    )
    assert cells(markdown, "The painter: painter")[0] == "42.0 % (40.0–44.0)"
    assert cells(markdown, "The painter: course (the course’s form)")[0] == "12.0 % (10.0–14.0)"
    assert "Colour transfer does better" in markdown
    assert [
        line.split("|")[1].strip()
        for line in markdown.split("Changes of the hit rate")[0].splitlines()
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
    content["shown"] = [{**row, "paintings": paintings}] * 3
    change(run, **content)
    for arm in ("painted", "patches"):
        Image.new("RGB", (60, 40)).save(run / "evaluation" / "figures" / f"grid-{arm}.png")
    paths = write_report(study)
    told, page = section(paths.markdown.read_text()), paths.html.read_text()
    assert told.strip().startswith(
        "![Test pictures, a row each: left as they are, then painted in every style by the "
        "painter, and patches of real works upon its paintings"
    )
    lent = "The siphon by Juan Gris 62 %, Old bridge 38 %".replace(" %", "\N{NO-BREAK SPACE}%")
    assert told.count(f"| Cubism | {lent} |") == 3 and "Row 1, Baroque: boat.jpg" in told
    assert "upon the paintings it is 45.0 % (43.0–47.0), with patches alone 41.0 %" in told
    assert (
        "### Painter and patches: 45.0 % are classified as the target style by the network" in told
    )
    folded = page.split("<summary>Whose patches these are")[1].split("</details>")[0]
    assert folded.count(lent) == 3
    for words in ("The same with patches of real works alone", "The same by the painter alone"):
        assert f"<summary>{words}" in page
    assert (study / "figures" / "painter-grid-patches.png").is_file()


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
            "painter has not been scored yet" in text
            and "training of painter is not finished" in text
        )
        assert "Fréchet" not in text


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


def test_without_steps_the_plain_figure_stands(tmp_path: Path) -> None:
    study = small(tmp_path)
    run = add_painter(study)
    (run / "evaluation" / "figures" / "steps.png").unlink()
    page = write_report(study).html.read_text()
    assert 'class="steps"' not in page and 'type="range"' not in page
    assert "at rising strength in the style named at the left" in page


def test_the_slider_has_a_name_and_says_where_it_is(tmp_path: Path) -> None:
    study = small(tmp_path)
    add_painter(study)
    page = write_report(study).html.read_text()
    part = page.split('<div class="steps">')[1].split("</figure>")[0]
    slider = re.search(r"<input[^>]*>", part)
    assert slider and 'type="range"' in slider.group() and 'max="4"' in slider.group()
    own = re.search(r' id="([^"]+)"', slider.group())
    assert (
        own and f'<label for="{own.group(1)}">' in part and f'<output for="{own.group(1)}">' in part
    )
    assert re.findall(r'label="([^"]*)"></option>', part) == [
        f"{number} %" for number in (0, 25, 50, 75, 100)
    ]
    named = re.findall(r'<canvas[^>]*role="img" aria-label="([^"]*)"', part)
    assert named[:2] == ["Baroque, as it is", "Baroque, painted as Cubism"] and len(named) == 6
    assert "url(" not in part and page.count("data:image/png;base64") >= 1


MIDDLES = """() => [...document.querySelectorAll(".steps canvas")].map((canvas) =>
    [...canvas.getContext("2d")
        .getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data].slice(0, 2))"""


def test_the_slider_moves_what_is_painted_and_nothing_else(browser: Any, tmp_path: Path) -> None:
    study = small(tmp_path)
    add_painter(study)
    context = browser.new_context(viewport={"width": 400, "height": 800})
    context.set_default_timeout(180_000)  # a busy machine is slow, not wrong
    page, asked, complaints = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(write_report(study).html.as_uri())
    page.wait_for_selector(".steps.live")
    assert not page.is_visible(".plain") and page.is_visible(".slider")

    def told(step: int) -> None:
        expected = [
            [40 + 30 * row, 20 + 40 * column] for row in range(3) for column in (0, 1 + step)
        ]
        assert page.evaluate(MIDDLES) == expected
        words = f"{100 * STRENGTHS[step]:.0f} %"
        assert (
            page.text_content(".steps output")
            == page.get_attribute(".steps input", "aria-valuetext")
            == words
        )
        canvas = page.locator(".steps canvas").nth(1)
        assert canvas.get_attribute("aria-label") == f"Baroque, painted as Cubism, at {words}"

    told(4)
    page.focus(".steps input")
    for step in (3, 2, 1, 0):
        page.keyboard.press("ArrowLeft")
        told(step)
    page.keyboard.press("End")
    told(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert not complaints and all(address.startswith(("file:", "data:")) for address in asked)
    page.emulate_media(media="print")
    assert page.is_visible(".plain") and not page.is_visible(".slider")
    context.close()


def test_without_javascript_the_plain_figure_is_shown(browser: Any, tmp_path: Path) -> None:
    study = small(tmp_path)
    add_painter(study)
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(180_000)  # a busy machine is slow, not wrong
    page = context.new_page()
    page.goto(write_report(study).html.as_uri())
    assert page.is_visible(".plain img") and not page.is_visible(".slider")
    context.close()
