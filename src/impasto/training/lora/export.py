"""Export of a finished LoRA run: the adapter in two formats, checked by loading, and its card."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from impasto.diffusion.adapter import KOHYA, NAME, Adapter, write, write_kohya
from impasto.diffusion.captions import fill, style_words
from impasto.errors import RunError
from impasto.files import write_text
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
    kept = load_file(run.weights_path) if settings.keep == "best" else _last(run)
    adapter.load_state_dict(kept)
    write(adapter, run.path / NAME)
    files = [NAME, *([KOHYA] if write_kohya(adapter, run.path / KOHYA) else [])]
    expected = _answer(task, adapter)
    pipeline = task.base.pipeline
    pipeline.unload_lora_weights()
    for name in files:
        pipeline.load_lora_weights(str(run.path), weight_name=name)
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
    facts = {"adapter": NAME, "adapter_sha256": digest, "reloaded": files}
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
    text = family.encode(pipeline, batch.text) if isinstance(batch.text, list) else batch.text
    text = {name: tensor.to(dtype) for name, tensor in text.items()}
    return family.predict(task.base.denoiser, noisy.to(dtype), times, text, batch.size).float()


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
        if value not in (None, ())
    }
    head = [
        "---",
        f"base_model: {settings.base}",
        "library_name: diffusers",
        "tags:",
        "- lora",
        "- text-to-image",
    ]
    if Path(settings.base).exists():  # a path of this machine is nobody's business
        head.pop(1)
        how["base"] = Path(settings.base).name
    for name in ("cache", "captions", "device"):
        how.pop(name, None)
    lines = [
        *head,
        "---",
        f"# A LoRA of {len(styles)} styles",
        f"For {run.facts['family']}, base `{how['base']}` (`{run.facts['base_fingerprint']}`). "
        "Made by impasto.",
        "```python\nfrom diffusers import DiffusionPipeline\n\n"
        f'pipeline = DiffusionPipeline.from_pretrained("{how["base"]}")\n'
        f'pipeline.load_lora_weights(".", weight_name="{facts["adapter"]}")\n'
        f'pipeline("{_example(settings, styles[0])}").images[0].save("painting.png")\n```',
        "`kohya.safetensors`, where it is there, is the same for ComfyUI and A1111.",
        "## Data",
        f"{run.collection['pictures']} pictures, collection `{run.collection['fingerprint']}`. "
        "Weights are trained on the training split and chosen on the validation split; the test "
        f"split is not used. Styles: {', '.join(styles)}.",
        f"Captions: {'from a table' if settings.captions else '`' + settings.caption + '`'}; "
        f"{settings.caption_dropout:.0%} of the pictures without one. "
        f"{run.facts['originals']} pictures came from their original files, the others from stored "
        "squares.",
        "## Scores",
        f"{scores} Scores of each style: `evaluation/scorecard.json`, written by "
        "`impasto evaluate`.",
        "## Settings",
        "\n".join(f"- {name}: `{value}`" for name, value in sorted(how.items())),
        "## Licence",
        "The adapter works with its base alone, whose licence binds its use. The rights of the "
        "training pictures also decide whether its pictures may be published: works of artists who "
        "died less than 70 years ago are protected in many countries.",
    ]
    return "\n\n".join(["\n".join(lines[: len(head) + 1]), *lines[len(head) + 1 :]]) + "\n"


def _example(settings: LoraSettings, style: str) -> str:
    words = style_words(style, settings.trigger)
    return fill(settings.styled, {"prompt": "a boat at sea", "style": words})
