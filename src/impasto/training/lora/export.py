"""Export of a finished LoRA run: the adapter in two formats, checked by loading, and its card."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from impasto.diffusion.adapter import KOHYA, NAME, Adapter, load_file_into, write, write_foreign
from impasto.diffusion.captions import fill, style_words
from impasto.errors import RunError
from impasto.files import verify, write_text
from impasto.publish.model_card import RIGHTS, model_card
from impasto.records.run import Run
from impasto.training import checkpoint
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.task import LoraTask

CLOSE = 0.02  # of the prediction's size: half precision may change it by the order of sums


def export(task: LoraTask, adapter: Adapter, run: Run, settings: LoraSettings) -> dict[str, Any]:
    """Write the run's adapter, load it as anybody would, and describe it; facts for ``run.json``.

    The base's networks are as they came from the hub afterwards.

    Raises:
        RunError: a file that was written does not give the same answers when it is loaded.
        OutputError: the folder cannot be written.
    """
    verify(run.weights_path, "train again into another folder", refusal=RunError)
    kept = load_file(run.weights_path) if settings.keep == "best" else _last(run)
    adapter.load_state_dict(kept)
    write(adapter, run.path / NAME)
    files = [NAME, write_foreign(adapter, run.path, metadata(task, run, settings))]
    expected = _answer(task, adapter)
    pipeline = task.base.pipeline
    pipeline.unload_lora_weights()
    # Diffusers reads DoRA in its own format alone
    for name in files[:1] if settings.dora else files:
        load_file_into(pipeline, run.path / name)
        off = float(
            (_answer(task, None) - expected).abs().max() / expected.abs().max().clamp(min=1e-9)
        )
        pipeline.unload_lora_weights()
        if not off < CLOSE:
            raise RunError(
                f"{run.path / name} predicts otherwise when it is loaded (by {off:.1%}): report "
                "this defect"
            )
    digest = hashlib.sha256((run.path / NAME).read_bytes()).hexdigest()
    facts = {"adapter": NAME, "adapter_sha256": digest, "files": files,
             "reloaded": files[:1] if settings.dora else files}  # fmt: skip
    write_text(run.path / "README.md", card(run, settings, facts))
    return facts


def _last(run: Run) -> Mapping[str, Tensor]:
    return checkpoint.average_of(run.checkpoint_path)


@torch.no_grad()
def _answer(task: LoraTask, adapter: Adapter | None) -> Tensor:
    """Prediction for a noisy painting; without an adapter, that of the pipeline."""
    row = task.taught.train[0]
    latent = task.library.latent(int(row))[None]
    batch = task._batch([latent[0]], [task.taught.captions[int(row)]], [1])
    noisy, times, _ = task.objective.noisy(batch.latents, batch.draws)
    family, pipeline = task.base.family, task.base.pipeline
    dtype = task.base.denoiser.dtype
    if adapter is not None:
        adapter.eval()
        for network in adapter.networks.values():
            network.eval()
    text = batch.text
    if isinstance(text, list):
        text = family.batch(family.encode(pipeline, text), noisy.device, dtype)
    network = task.base.denoiser
    return family.predict(network, noisy.to(dtype), times, text, batch.size).float()


def metadata(task: LoraTask, run: Run, settings: LoraSettings) -> dict[str, str]:
    """Metadata of the file for other programs, under kohya's and the model specification's names.

    It holds nothing that another training of the same settings would not have.
    """
    family, base = task.base.family, task.base
    architecture, version = family.architecture, family.version
    predicts = task.objective.predicts
    second = (
        architecture == "stable-diffusion-v1" and base.denoiser.config.cross_attention_dim > 768
    )
    if second:
        wide = predicts == "v_prediction"
        architecture = "stable-diffusion-v2-768-v" if wide else "stable-diffusion-v2-512"
        version = "sd_v2_v" if wide else "sd_v2"
    styles = list(settings.styles or run.styles)
    words = [style_words(style, settings.trigger) for style in styles]
    counts = {word: int((task.taught.labels[task.taught.train] == run.styles.index(style)).sum())
              for word, style in zip(words, styles, strict=True)}  # fmt: skip
    side = f"{settings.resolution}x{settings.resolution}"
    own = {
        "ss_base_model_version": version,
        "ss_v2": str(second),
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(settings.rank),
        "ss_network_alpha": str(settings.alpha or float(settings.rank)),
        "ss_output_name": ", ".join(words),
        "ss_resolution": f"({settings.resolution}, {settings.resolution})",
        "ss_num_train_images": str(len(task.taught.train)),
        "ss_learning_rate": str(settings.learning_rate),
        "ss_tag_frequency": json.dumps({"styles": counts}),
        "ss_training_comment": f"impasto, base fingerprint {base.fingerprint}",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": f"{architecture}/lora",
        "modelspec.implementation": "diffusers",
        "modelspec.title": ", ".join(words),
        "modelspec.resolution": side,
        "modelspec.trigger_phrase": ", ".join(words),
    }
    if not family.flow:
        own["modelspec.prediction_type"] = "v" if predicts == "v_prediction" else "epsilon"
    return own


def card(run: Run, settings: LoraSettings, facts: Mapping[str, Any]) -> str:
    """The model card, ``README.md``."""
    validations = [line for line in run.metrics() if "base_loss" in line]
    scores = "No pictures were held out, so there is no held-out loss."
    if validations:
        best = min(validations, key=lambda line: float(line["loss"]))
        scores = (
            f"Held-out loss {best['loss']:.5f} at step {best['step']}; the base alone "
            f"{best['base_loss']:.5f}."
        )
    styles = settings.styles or run.styles
    how = {
        name: value
        for name, value in settings.model_dump(mode="json").items()
        if value not in (None, (), [])
    }
    local = Path(settings.base).exists()  # a path of this machine is nobody's business
    if local:
        how["base"] = Path(settings.base).name
    for name in ("cache", "captions", "device", "base_config", "vae"):
        how.pop(name, None)
    example = _example(settings, styles[0])
    head = {
        "base_model": None if local else settings.base,
        "library_name": "diffusers",
        "instance_prompt": style_words(styles[0], settings.trigger),
        "widget": [{"text": example}],
        "tags": ["lora", "text-to-image"],
    }
    what = styles[0] if len(styles) == 1 else f"{len(styles)} styles"
    lines = [
        f"# A LoRA of {what}",
        f"For {run.facts['family']}, base `{how['base']}` (`{run.facts['base_fingerprint']}`). "
        "Made by impasto.",
        *_pictures(run),
        _snippet(how["base"], example, facts["adapter"], local=local),
        f"`{facts['files'][1]}` is the same for {_readers(facts['files'][1])}, with its strength "
        "in it: use it at 1. Less paints closer to the base.",
        "## Data",
        f"{sum(run.facts['train_counts'])} pictures were learned from, of collection "
        f"`{run.collection['fingerprint']}`. Weights are trained on the training split and chosen "
        f"on the validation split; the test split is not used. Styles: {', '.join(styles)}.",
        f"Captions: {run.facts['written_captions']} as written, the others by "
        f"`{settings.caption}`; {settings.caption_dropout:.0%} of the pictures without one. "
        f"{run.facts['originals']} pictures of the collection came from their original files, the "
        "others from stored squares.",
        "## Scores",
        f"{scores} Scores of each style: `evaluation/scorecard.json`, written by "
        "`impasto evaluate`.",
        "## Settings",
        "\n".join(f"- {name}: `{value}`" for name, value in sorted(how.items())),
        "## Licence",
        "The adapter works with its base alone, whose licence binds its use. The rights of the "
        f"training pictures also decide whether its pictures may be published: {RIGHTS}",
    ]
    return model_card(head, lines)


def _snippet(base: str, example: str, adapter: str, *, local: bool) -> str:
    """Code that paints with the adapter in diffusers alone, run where the card is."""
    imports = "import sys\n\n" if local else ""
    place = f"sys.argv[1])  # the folder or file of {base}" if local else f'"{base}")'
    return (
        f"```python\n{imports}from diffusers import DiffusionPipeline\n\n"
        f"pipeline = DiffusionPipeline.from_pretrained({place}\n"
        f'pipeline.load_lora_weights(".", weight_name="{adapter}")\n'
        f'pipeline(prompt={json.dumps(example)}).images[0].save("painting.png")\n```'
    )


def _readers(name: str) -> str:
    return "ComfyUI, A1111 and kohya's scripts" if name == KOHYA else "ComfyUI"


def _pictures(run: Run) -> list[str]:
    """The last preview, where there is one."""
    made = sorted((run.path / "progress").glob("*.png"))
    return [f"![Pictures of the training]({made[-1].relative_to(run.path)})"] if made else []


def _example(settings: LoraSettings, style: str) -> str:
    words = style_words(style, settings.trigger)
    return fill(settings.styled, {"prompt": "a boat at sea", "style": words})
