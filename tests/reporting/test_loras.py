"""The report on LoRA runs:

every style a row beside floor and ceiling, findings among the others, no more changed.
"""

import json
from pathlib import Path

import pytest
from PIL import Image

import made_up_study as made_up
from impasto.errors import RunError
from impasto.files import write_text
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.lora_score import ArmDistances, CopyCheck, LoraScore, LoraStyleScore
from impasto.records.record import Interval
from impasto.reporting.report import write_report


def add_lora(study: Path, *, scored: bool = True) -> Path:
    """A LoRA run as training and scoring write it."""
    run = study / "runs" / "lora"
    run.mkdir(parents=True)
    collection = json.loads((study / "collection" / "collection.json").read_text())
    styles = json.loads((study / "collection" / "styles.json").read_text())["styles"]
    record = {
        "format": 1, "kind": "lora", "state": "done", "created": "2026-11-25",
        "command": "impasto train lora collection", "settings": {"base": "/somewhere/small-base"},
        "styles": styles,
        "collection": {"path": "collection", "fingerprint": collection["fingerprint"],
        "pictures": 9},
        "facts": {"family": "Stable Diffusion"}, "environment": {},
    }  # fmt: skip
    write_text(run / "run.json", json.dumps(record))
    line = {
        "event": "validation",
        "step": 3,
        "epoch": 1,
        "loss": 0.5,
        "base_loss": 0.6,
        "best": True,
        "seconds": 1,
    }
    (run / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    findings.save(run / "findings.json", [Finding("IMP601", "passed", "The held-out loss fell.")])
    if scored:
        means = {"accuracy": Interval(value=0.75, low=0.7, high=0.8)}
        near = ArmDistances(
            adapter=Interval(value=0.25, low=-0.05, high=0.55), base=None, nearer=None
        )
        LoraScore(
            command="impasto evaluate runs/lora",
            collection_fingerprint=collection["fingerprint"],
            evaluator="classifier",
            base="small-base",
            pictures=16,
            prompts=(),
            styles=tuple(styles),
            scores={arm: means for arm in ("adapter", "base", "real")},
            kernel_distance=ArmDistances(
                adapter=Interval(value=0.2, low=0.1, high=0.3),
                base=Interval(value=0.9, low=0.7, high=1.1),
                nearer=Interval(value=0.7, low=0.45, high=0.95),
            ),
            per_style=tuple(
                LoraStyleScore(
                    style=style,
                    train=5,
                    test=2,
                    accuracy=0.5 + 0.01 * n,
                    floor=0.125,
                    ceiling=None,
                    gained=7,
                    lost=1,
                    p=0.04,
                    kernel_distance=near,
                    nearest=0.66,
                )
                for n, style in enumerate(styles)
            ),
            confusion=(),
            copies=CopyCheck(
                limit=0.9, left_out=0, share=0.0, expected=0.01, near=(), aligned=(), all=()
            ),
            kept=None,
        ).write(run / "evaluation" / "scorecard.json")
        figures = run / "evaluation" / "figures"
        figures.mkdir(parents=True)
        Image.new("RGB", (40, 30), "teal").save(figures / "scorecard.png")
        findings.save(
            run / "evaluation" / "findings.json",
            [Finding("IMP604", "issue", "Four pictures are copies.")],
        )
    return run


def test_every_style_has_a_row_beside_floor_and_ceiling(tmp_path: Path) -> None:
    study = made_up.make_study(tmp_path / "study", made_up.MadeUp(styles=made_up.WIKIART[:6]))
    plain = write_report(study).markdown.read_text()
    add_lora(study)
    report = write_report(study)
    markdown, page = report.markdown.read_text(), report.html.read_text()
    section = markdown.split("## 5 The adapter is not shown to paint the styles better: 75.0 %")[1]
    section = section.split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ") and "12.5" in line]
    assert len(rows) == 6
    assert "50.0" in rows[0]
    assert "75.0" in section.split("| All |")[1]
    assert (study / "figures" / "lora-scorecard.png").is_file()
    assert "small-base" in section
    assert "/somewhere" not in section
    assert all("| 0.250 (−0.050 to 0.550) | – |" in row for row in rows)
    assert "0.200 (0.100–0.300) | 0.900 (0.700–1.100)" in section.split("| All |")[1]
    nearer = "are nearer to real works than the base's (kernel distance less by +0.700"
    assert f"{nearer} (+0.450 to +0.950))" in section
    assert "Four pictures are copies." in markdown
    assert "impasto evaluate runs/lora" in markdown
    assert page.count('id="lora"') == 1
    assert 'href="#lora"' in page
    assert "Scorecard of every style" in page
    # The classifier's own parts stay as they were
    assert plain.split("\n## 1 ")[1].split("\n## ")[0] in markdown


def test_an_adapter_without_a_scorecard_says_so(tmp_path: Path) -> None:
    study = made_up.make_study(tmp_path / "study", made_up.MadeUp(run=False))
    add_lora(study, scored=False)
    markdown = write_report(study).markdown.read_text()
    assert "has not been evaluated yet" in markdown
    assert "No network has been trained yet" in markdown


def test_a_damaged_scorecard_is_named(tmp_path: Path) -> None:
    study = made_up.make_study(tmp_path / "study", made_up.MadeUp(run=False))
    run = add_lora(study)
    write_text(run / "evaluation" / "scorecard.json", '{"format": 2}')
    with pytest.raises(RunError, match=r"scorecard\.json is no scorecard"):
        write_report(study)
