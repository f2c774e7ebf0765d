"""``metrics.json`` of an autoencoder: PSNR and SSIM beside PCA and the mean picture."""

from typing import Any, Final, Literal

from impasto.records.evaluation import ResampledUnits, ScoreTable, flat_scores
from impasto.records.record import Result

RECONSTRUCTION_TITLES: Final = {
    "autoencoder": "The autoencoder",
    "before_training": "The same before training",
    "pca": "PCA of pictures and mirror images, as many numbers",
    "mean_picture": "The mean picture for all",
}


class AutoencoderEvaluation(Result):
    """Reconstruction of test pictures by an autoencoder, beside PCA and the mean picture.

    Each table of scores holds ``psnr`` in dB and ``ssim``. ``gains_by_training`` are over the
    autoencoder before its training, its principal components and linear decoder. ``resampled`` is
    what the intervals draw again.
    """

    format: Literal[3] = 3
    kind: Literal["autoencoder"] = "autoencoder"
    split: str
    pictures: int
    resampled: ResampledUnits
    resolution: int
    latent: int
    collection_fingerprint: str
    command: str
    environment: dict[str, str]
    scores: ScoreTable
    baselines: dict[str, ScoreTable]
    gains_over_pca: ScoreTable
    gains_by_training: ScoreTable
    fitted_on: int

    @property
    def better_baseline(self) -> str:
        """PCA or the autoencoder before its training, whichever has the higher PSNR."""
        return max(("pca", "before_training"), key=lambda name: self.baselines[name]["psnr"].value)

    @property
    def answerers(self) -> dict[str, ScoreTable]:
        """The autoencoder's scores, then its baselines', by their titles."""
        tables = {"autoencoder": self.scores, **self.baselines}
        return {
            title: tables[name] for name, title in RECONSTRUCTION_TITLES.items() if name in tables
        }

    def rows(self) -> list[dict[str, Any]]:
        """The autoencoder's scores and each baseline's, with the ends of their intervals."""
        return [{"name": name, **flat_scores(table)} for name, table in self.answerers.items()]

    def __repr__(self) -> str:
        psnr, ssim = self.scores["psnr"], self.scores["ssim"]
        scores = f"PSNR {psnr.value:.2f} dB, SSIM {ssim.value:.3f}"
        return f"<AutoencoderEvaluation: {self.pictures} {self.split} pictures, {scores}>"
