"""Section on an autoencoder: reconstruction beside PCA and the mean picture."""

from impasto.numerics.formatting import count
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.reporting.blocks import (
    Block,
    Code,
    MadeBy,
    Row,
    Section,
    Table,
    columns,
    figures,
    prose,
)  # fmt: skip
from impasto.reporting.study import Place, TrainedRun
from impasto.reporting.words import measured

MEASURES = {"psnr": ("PSNR in dB", 2), "ssim": ("SSIM", 3)}
"""Titles of the scores, and their digits."""


def section(run: TrainedRun[AutoencoderEvaluation]) -> Section:
    """The section on an autoencoder."""
    if run.evaluation:
        return reconstruction_section(run.evaluation, run.place)
    text = " measures how well pictures are reconstructed."
    not_yet = "An autoencoder has been trained and not yet evaluated. "
    latent = run.run.settings.get("latent", "few")
    return _section(run.place, latent, prose(not_yet, Code("impasto evaluate"), text))


def reconstruction_section(evaluation: AutoencoderEvaluation, place: Place) -> Section:
    """Return the section on an evaluation of reconstruction."""
    side = evaluation.resolution
    over_pca, by_training = (
        " and ".join(
            f"{measured(gains[name], digits, signed=True)} {unit}"
            for (name, (_, digits)), unit in zip(MEASURES.items(), ("dB", "of SSIM"), strict=True)
        )
        for gains in (evaluation.gains_over_pca, evaluation.gains_by_training)
    )
    text = (
        f"An autoencoder, trained without labels, turns a picture into {evaluation.latent} numbers "
        f"and these into a picture of {side} × {side} pixels. Beside it: as many principal "
        "components of the training pictures and their mirror images, their mean, and the "
        "autoencoder before its training. Picture by picture it differs from PCA by "
        f"{over_pca}; training alone changed it by {by_training}. "
    )
    rows = [
        Row((title, *(measured(scores[m], digits) for m, (_, digits) in MEASURES.items())))
        for title, scores in evaluation.answerers.items()
    ]
    caption = "Test pictures, worst to best, in two bands: as they are, from PCA, from the network."
    return _section(
        place,
        evaluation.latent,
        *place.other_collection(
            "This autoencoder", "evaluated on", evaluation.collection_fingerprint
        ),
        prose(text, MadeBy(evaluation.command)),
        Table(
            "Scores of reconstruction",
            f"Means over {count(evaluation.pictures, 'test picture')}; in brackets 95 % bootstrap "
            f"intervals: {evaluation.resampled.text}",
            columns("Reconstructed by", numbers=[title for title, _ in MEASURES.values()]),
            (Row(rows[0].cells, ours=True), *rows[1:]),
        ),
        *figures(evaluation, {"reconstructions.png": caption}, evaluation.command),
    )


def _section(place: Place, latent: object, *blocks: Block) -> Section:
    title, link = place.title(f"Pictures as {latent} numbers"), place.title("Pictures as numbers")
    return Section(f"autoencoder-{place.number}", title, blocks, link, place.prefix)
