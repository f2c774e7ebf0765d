"""What a report reads of an autoencoder's run.

How like themselves pictures come back, beside PCA.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from impasto.files import read_json
from impasto.records import finding as findings
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.reporting.reading import read_as

MEASURES: Final = {"psnr": "PSNR in dB", "ssim": "SSIM"}
WHO: Final = {"pca": "PCA, as many numbers", "mean_picture": "The mean picture for all"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Spread(_Part):
    """A mean over test pictures, or of differences, with its 95 % interval."""

    value: float
    low: float
    high: float


class Reconstructed(_Part):
    """The content of an autoencoder's ``metrics.json``."""

    command: str
    collection_fingerprint: str
    pictures: int
    resolution: int
    latent: int
    scores: dict[str, Spread]
    baselines: dict[str, dict[str, Spread]]
    gains_over_pca: dict[str, Spread]

    @property
    def answerers(self) -> dict[str, dict[str, Spread]]:
        """The network first, then its baselines, by the names that are read."""
        return {"The autoencoder": self.scores} | {
            shown: self.baselines[name] for name, shown in WHO.items() if name in self.baselines
        }


@dataclass(frozen=True, slots=True)
class AutoencoderFacts:
    """An autoencoder's run, and its evaluation where there is one.

    Attributes:
        run: the opened run.
        record: ``run.json`` as it stands.
        content: ``None`` where it has not been evaluated.
        found: what training and evaluation found.
        sheet: the evaluation's picture of pictures that came back, where there is one.
    """

    run: Run
    record: Mapping[str, Any]
    content: Reconstructed | None
    found: Sequence[Finding]
    sheet: Path | None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.run.path.name


def read_autoencoder(run: Run) -> AutoencoderFacts:
    """What there is of an autoencoder's run.

    Raises:
        ImpastoError: a file is damaged.
    """
    metrics = run.evaluation_path / "metrics.json"
    evaluated = metrics.exists()
    content = (
        read_as(Reconstructed, metrics, "evaluation", "impasto evaluate") if evaluated else None
    )
    places = [run.path, run.evaluation_path] if evaluated else [run.path]
    files = [place / "findings.json" for place in places if (place / "findings.json").exists()]
    found = [finding for path in files for finding in findings.load(path)]
    sheet = run.evaluation_path / "figures" / "reconstructions.png"
    shown = sheet if evaluated and sheet.exists() else None
    return AutoencoderFacts(run, read_json(run.path / "run.json"), content, found, shown)


def measure(name: str, spread: Spread, *, signed: bool = False) -> str:
    """``22.41 (22.20–22.63)``.

    DB with two digits, SSIM with three; of a gain ``+0.14 (+0.10 to +0.18)``.
    """
    digits = 2 if name == "psnr" else 3
    form = f"{'+' if signed else ''}.{digits}f"
    value, low, high = (
        format(number, form).replace("-", "−") for number in (spread.value, spread.low, spread.high)
    )
    return f"{value} ({low}{' to ' if signed else '–'}{high})"
