"""What a report reads of the LoRA runs of a study: their course, and their scorecards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.files import read_json
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.lora_score import LoraScore
from impasto.records.run import Run, open_run


@dataclass(frozen=True, slots=True)
class LoraFacts:
    """A LoRA run.

    Its record, the best of its validations, what it found, and its scorecard where there is one.
    """

    run: Run
    record: Mapping[str, Any]
    best: Mapping[str, Any]
    trained: Sequence[Finding]
    card: LoraScore | None
    scored: Sequence[Finding]
    sheet: Path | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.path.name


def read_lora(path: Path) -> LoraFacts:
    """The facts of a LoRA run's folder.

    Raises:
        ImpastoError: there is no such run, or a file is damaged.
    """
    run = open_run(path, "lora")
    kept = [
        line for line in run.metrics() if line.get("event") == "validation" and line.get("best")
    ]
    folder, card = run.evaluation_path, None
    if (folder / "scorecard.json").exists():
        card = LoraScore.read(folder / "scorecard.json", what="scorecard", verb="impasto evaluate")
    sheet = folder / "figures" / "scorecard.png"
    trained = path / "findings.json"
    return LoraFacts(
        run=run,
        record=read_json(path / "run.json"),
        best=kept[-1] if kept else {},
        trained=findings.load(trained) if trained.exists() else (),
        card=card,
        scored=findings.load(folder / "findings.json") if card else (),
        sheet=sheet if card and sheet.exists() else None,
    )
