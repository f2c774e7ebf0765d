"""Model card of an export: what it does, its scores beside baselines, its data and its limits."""

from pathlib import Path
from typing import Any, Final, assert_never

from impasto.errors import ImpastoError
from impasto.numerics.formatting import count, estimate, percent, share
from impasto.publish.model_card import RIGHTS, model_card
from impasto.records.evaluation import PRIORS, ClassifierEvaluation
from impasto.records.finding import load
from impasto.records.painter_score import ARM_TITLES, PainterScore
from impasto.records.reconstruction import AutoencoderEvaluation
from impasto.records.run import Run, RunKind
from impasto.release.parts import Parts
from impasto.release.pretrained import OPENERS
from impasto.release.settings import ExportSettings

TASKS: Final[dict[RunKind, str]] = {
    "classifier": "image-classification",
    "autoencoder": "image-feature-extraction",
    "painter": "image-to-image",
}
BASELINES: Final = {
    "majority": "Always the most frequent style",
    "prior_matched": "Guessing in the shares of the prior",
    "colour_histogram": "Colour histograms, logistic regression",
    "artist_oracle": "Each artist's usual style (knows the artist)",
}
NOT_SCORED: Final = "This run was not scored: `impasto evaluate RUN` does it, with baselines."


def card(run: Run, parts: Parts, settings: ExportSettings) -> str:
    """The card, ``README.md``."""
    scores, results = _scores(run)
    head = {
        "license": settings.license,
        "license_name": "see-card" if settings.license == "other" else None,
        "license_link": "README.md" if settings.license == "other" else None,
        "library_name": "transformers",
        "pipeline_tag": TASKS[run.kind],
        "tags": ["art", "painting", "style", "onnx", "impasto"],
        "model-index": [{"name": f"impasto {run.kind}", "results": results}] if results else None,
    }
    styles = run.styles
    paragraphs = [
        f"# {_title(run)}",
        f"{_purpose(run)} Made by impasto {parts.facts['impasto']}, from random weights: nothing "
        "pre-trained is in it.",
        f"Styles: {', '.join(styles)}.",
        "## Use",
        _use(run, parts),
        "## Scores",
        *scores,
        "## Training data",
        _data(run),
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(run, parts)),
        "## Licence",
        f"Licence of the weights: `{settings.license}`. The code is MIT. The rights of the "
        f"training pictures also decide how the weights may be used: {RIGHTS}",
    ]
    return model_card(head, paragraphs)


def _title(run: Run) -> str:
    match run.kind:
        case "classifier":
            return f"Classifier of {len(run.styles)} styles of painting"
        case "autoencoder":
            return "Autoencoder of paintings"
        case "painter":
            return f"Painter in {len(run.styles)} styles"
        case "lora":
            raise AssertionError("a LoRA writes its own card")
        case _:
            assert_never(run.kind)


def _purpose(run: Run) -> str:
    return {
        "classifier": "It names the style of a picture of a painting, with a probability for each "
        "style and a set of styles that holds the true one with a stated frequency.",
        "autoencoder": "It turns pictures into latents and back, and into embeddings for "
        "comparison.",
        "painter": "It paints pictures anew in another style.",
    }[run.kind]


def _use(run: Run, parts: Parts) -> str:
    """Code that runs where only the card's folder is."""
    opener = OPENERS[run.kind]
    name = next(iter(parts.graphs))
    first = "import json\n\n" if run.kind == "classifier" else ""
    session = (
        f"{first}import numpy as np\nimport onnxruntime\nfrom PIL import Image, ImageOps\n\n"
        f'session = onnxruntime.InferenceSession("{name}")\n'
        'image = ImageOps.exif_transpose(Image.open("picture.jpg")).convert("RGB")\n'
        "pictures = np.asarray(image)[None]  # uint8 (1, H, W, 3), of any size\n"
    )
    run_it = {
        "classifier": 'styles = json.loads(session.get_modelmeta().custom_metadata_map["styles"])\n'
        'probabilities = session.run(["probabilities"], {"pictures": pictures})[0][0]\n'
        "print(styles[probabilities.argmax()], probabilities.max())\n",
        "autoencoder": 'latent, embedding = session.run(None, {"pictures": pictures})\n'
        "print(latent.shape, embedding.shape)\n",
        "painter": f"weights = np.eye({len(run.styles)}, dtype=np.float32)[:1]  # the first style\n"
        "strength = np.ones(1, np.float32)\n"
        'given = {"pictures": pictures, "weights": weights, "strength": strength}\n'
        "painted = session.run(None, given)[0]\n"
        'Image.fromarray(painted[0]).save("painted.png")\n',
    }[run.kind]
    return (
        f"```python\n{session}{run_it}```\n\n"
        "Or with transformers, from this folder or from the hub:\n\n"
        f"```python\nfrom transformers import {opener}\n\n"
        f'model = {opener}.from_pretrained(".", trust_remote_code=True)\n```'
    )


def _scores(run: Run) -> tuple[list[str], list[dict[str, Any]]]:
    """Paragraphs, and the hub's ``results``; a damaged or missing evaluation gives none."""
    folder = run.evaluation_path
    try:
        match run.kind:
            case "classifier":
                return _classified(_read(ClassifierEvaluation, folder / "metrics.json"))
            case "autoencoder":
                return _reconstructed(_read(AutoencoderEvaluation, folder / "metrics.json")), []
            case "painter":
                return _painted(_read(PainterScore, folder / "painting.json")), []
            case "lora":
                return [], []
            case _:
                assert_never(run.kind)
    except ImpastoError:
        return [NOT_SCORED], []


def _read(cls: Any, path: Path) -> Any:
    return cls.read(path, what="evaluation", verb="impasto evaluate")


def _classified(made: ClassifierEvaluation) -> tuple[list[str], list[dict[str, Any]]]:
    columns = made.columns
    rows: list[tuple[str, Any]] = [("**This model**", made)]
    rows += [
        (BASELINES.get(name, name.replace("_", " ")), row)
        for name, row in made.baselines.items()
        if row is not None
    ]
    table = _table(
        ["", *(column.heading for column in columns)],
        [[title, *(share(column.of(row)) for column in columns)] for title, row in rows],
    )
    lines = [
        f"{count(made.pictures, 'picture')} of the {made.split} split of collection "
        f"`{made.collection_fingerprint}`, with 95 % intervals ({made.resampled.text}). Answers "
        f"suppose {PRIORS[made.prior]}, unless a column says otherwise.",
        table,
    ]
    if made.calibration:
        lines.append(
            f"Expected calibration error {percent(made.calibration.ece_after)}; perfect "
            f"calibration would give {percent(made.calibration.ece_perfect)} on as many pictures."
        )
    if made.conformal:
        lines.append(
            f"Conformal sets at {percent(made.conformal.level, 0)}: they hold the true style of "
            f"{percent(made.conformal.coverage)} of the test pictures, with "
            f"{made.conformal.mean_size:.2f} styles on average."
        )
    metrics = [
        {"type": name, "name": column.heading, "value": round(score.value, 4)}
        for column in columns
        if (name := column.name) and (score := column.of(made)) is not None
    ]
    result = {
        "task": {"type": "image-classification"},
        "dataset": {
            "type": "impasto-collection",
            "name": f"collection {made.collection_fingerprint}",
            "split": made.split,
        },
        "metrics": metrics,
    }
    return lines, [result]


def _reconstructed(made: AutoencoderEvaluation) -> list[str]:
    rows = [
        [title, estimate(scores["psnr"]), estimate(scores["ssim"], 3)]
        for title, scores in made.answerers.items()
    ]
    return [
        f"{count(made.pictures, 'picture')} of the {made.split} split at {made.resolution} pixels, "
        f"with 95 % intervals ({made.resampled.text}).",
        _table(["", "PSNR in dB", "SSIM"], rows),
    ]


def _painted(made: PainterScore) -> list[str]:
    evaluators = list(made.evaluators)
    rows = [
        [ARM_TITLES[arm.arm], *(share(arm.rates[name].hit) for name in evaluators)]
        for arm in made.arms
    ]
    return [
        f"{count(made.pictures, 'painting')} of {made.sources} test pictures: the share that is "
        f"classified as the target style, by two evaluators, with 95 % intervals "
        f"({made.resampled.text}). *Unchanged* is the floor, *real works* the ceiling. This file "
        "is *the painter*, without patches.",
        _table(["", *(f"by {name}" for name in evaluators)], rows),
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _data(run: Run) -> str:
    made, counts = run.collection, run.facts.get("train_counts")
    learned = f"{sum(counts):,} pictures" if counts else "pictures"
    smallest = ""
    if counts:
        pairs = sorted(zip(counts, run.styles, strict=True))
        smallest = f", from {pairs[0][0]} of {pairs[0][1]} to {pairs[-1][0]} of {pairs[-1][1]}"
    return (
        f"{learned} of the training split of collection `{made['fingerprint']}`{smallest}. "
        f"Pictures are stored at {made['size']} pixels "
        f"({'cropped to' if made['fit'] == 'crop' else 'squashed into'} squares) and "
        f"learned from at {run.settings['resolution']}. Weights are chosen on the validation "
        "split; the test split chooses nothing."
    )


def _limits(run: Run, parts: Parts) -> list[str]:
    limits = []
    if run.kind == "classifier":
        facts = parts.facts
        limits += [
            f"Probabilities suppose {PRIORS[facts['prior']]}. Where pictures come in other shares, "
            "they are wrong by that much.",
            "Every picture gets a style of the list, also a photograph of a dog: the check for "
            "pictures unlike the training's is `impasto predict`'s alone.",
            "Artists of the training split may stand in the test split: scores on unseen artists "
            "are lower (`impasto evaluate RUN --by artist`).",
        ]
        if not facts["calibrated"]:
            limits.append("Temperature is 1: no evaluation has calibrated these weights.")
    if run.kind == "painter":
        limits.append("Large pictures are painted in one piece and take memory accordingly.")
    if run.kind == "autoencoder":
        limits.append(f"Reconstructions have {parts.facts['painted']} pixels a side.")
    file = run.evaluation_path / "findings.json"
    if file.is_file():
        limits += [one.text for one in load(file) if one.outcome == "issue"]
    return limits
