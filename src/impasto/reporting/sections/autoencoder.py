"""Part on an autoencoder: reconstruction beside PCA, before training, and the mean picture."""

from impasto.numerics.formatting import count
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.reporting.answer_cards import exceeds, falls_short
from impasto.reporting.blocks import (
    Block,
    Code,
    Details,
    ImageFile,
    Provenance,
    Row,
    Section,
    Table,
    columns,
    prose,
)
from impasto.reporting.study import Place, StudyRecords
from impasto.reporting.words import measured

MEASURES = {"psnr": ("PSNR in dB", 2), "ssim": ("SSIM", 3)}
"""Titles of the scores, and their digits."""


def folds(study: StudyRecords) -> list[Block]:
    """Return the part on each autoencoder of a study."""
    made: list[Block] = []
    for run in study.autoencoders:
        if run.evaluation:
            blocks = _blocks(run.evaluation, run.place)
            made.append(Details(f"{_title(run.name)}: {_outcome(run.evaluation)}", blocks))
        else:
            text = f"{run.name} has been trained and not yet evaluated. "
            command = f"impasto evaluate {study.name}/runs/{run.name}"
            more = " measures how well pictures are reconstructed."
            made.append(prose(text, Code(command), more))
    return made


def sources(study: StudyRecords) -> list[Provenance]:
    """Return what the autoencoders of a study rest on."""
    made = []
    for run in study.autoencoders:
        made.append(Provenance(f"training of {run.name}", run.command, f"runs/{run.name}/run.json"))
        if run.evaluation:
            file = f"runs/{run.name}/evaluation/metrics.json"
            made.append(Provenance(f"evaluation of {run.name}", run.evaluation.command, file))
    return made


def reconstruction_section(evaluation: AutoencoderEvaluation, place: Place) -> Section:
    """Return the section on one evaluation of reconstruction."""
    source = Provenance("evaluation", evaluation.command, "evaluation/metrics.json")
    title = f"Pictures as {evaluation.latent} numbers: {_outcome(evaluation)}"
    return Section("autoencoder", title, _blocks(evaluation, place), sources=(source,))


def _title(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"


def _outcome(evaluation: AutoencoderEvaluation) -> str:
    gain = evaluation.gains_over_pca["psnr"]
    words = "not shown to reconstruct better than PCA"
    if exceeds(gain):
        words = "reconstructs better than PCA"
    elif falls_short(gain):
        words = "reconstructs worse than PCA"
    return f"{words}, {measured(gain, 2, signed=True)} dB"


def _blocks(evaluation: AutoencoderEvaluation, place: Place) -> tuple[Block, ...]:
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
        f"{over_pca}; training alone changed it by {by_training}."
    )
    rows = [
        Row((title, *(measured(scores[m], digits) for m, (_, digits) in MEASURES.items())))
        for title, scores in evaluation.answerers.items()
    ]
    table = Table(
        "Scores of reconstruction",
        f"Means over {count(evaluation.pictures, 'test picture')}; in brackets 95 % bootstrap "
        f"intervals: {evaluation.resampled.text}",
        columns("Reconstructed by", numbers=[title for title, _ in MEASURES.values()]),
        (Row(rows[0].cells, ours=True), *rows[1:]),
    )
    blocks: list[Block] = [
        *place.other_collection(
            "This autoencoder", "evaluated on", evaluation.collection_fingerprint
        ),
        prose(text),
        table,
    ]
    sheet = next((one for one in evaluation.figures if one.name == "reconstructions.png"), None)
    if sheet:
        caption = "Test pictures, from the worst to the best, in two bands. In each band from top "
        caption += "to bottom: as they are, from PCA, from the network."
        title = f"Test pictures, and what {evaluation.latent} numbers give back"
        blocks.append(ImageFile(sheet, title, caption))
    return tuple(blocks)
