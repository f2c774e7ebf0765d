"""LoRA trainer: fine-tunes a pre-trained pipeline on a collection, in the training loop.

RUN/pytorch_lora_weights.safetensors  the adapter, as diffusers reads it
RUN/kohya.safetensors                 the same for ComfyUI and A1111
RUN/README.md                         the model card
RUN/progress/                         previews, each with its adapter
RUN/cache/                            latents and embeddings; made again where deleted
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from impasto.collection.collection import Collection
from impasto.diffusion.adapter import Adapter
from impasto.diffusion.base import family_of
from impasto.diffusion.captions import fill
from impasto.diffusion.memory import memory_advice
from impasto.errors import InputError, RunError, SettingsError
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.training.loop import Plan
from impasto.training.lora.data import MOST_CROPPED, Taught
from impasto.training.lora.export import export
from impasto.training.lora.folder import COLLECTION, TrainingFolder
from impasto.training.lora.settings import LoraSettings, resolved
from impasto.training.lora.task import LoraTask
from impasto.training.trainer import TrainingJob, train

SMALLEST_GAIN = 0.001  # share of the base's held-out loss
GIVEN_BACK = 0.25  # share of the gain over the base whose loss makes IMP202 an issue


def train_lora(
    collection: Collection,
    run: Path | str,
    settings: LoraSettings | None = None,
    *,
    folder: TrainingFolder | None = None,
    resume: bool = True,
    progress: bool = False,
) -> Run:
    """Train a LoRA; a run that was cut off continues, a finished one is returned as it is.

    A finished run is continued, too, when more epochs are asked for and everything else is as it
    was.

    Args:
        collection: to learn from; its test split is never touched.
        run: the folder to write.
        settings: with a base.
        folder: what lies beside the collection's pictures, where it was made from a folder.
        resume: continue what the folder holds; ``False`` refuses a folder that holds a run.
        progress: show a live display on standard error.

    Raises:
        InputError: there is no such base, or its family is not known.
        RunError: base, captions or originals have changed since the run began, or memory did not
            suffice.
        ImpastoError: for all that ``trainer.train`` refuses.
    """
    settings, path = settings or LoraSettings(), Path(run)
    if not settings.base:
        raise InputError(
            "no base to teach: name a pipeline of diffusers, a folder or a hub name, with --base"
        )
    fill(settings.styled, {"prompt": None, "style": ""})  # before anything is loaded
    taught = Taught.of(collection, settings, folder)
    _refuse_changed(path, {"captions": ("other captions", taught.digest)})
    family = family_of(settings.base, settings.opening)
    styles = len(settings.styles or collection.vocabulary.styles)
    settings = resolved(settings, family, taught.pictures, styles, held_out=bool(len(taught.held)))
    job = _Training(taught, collection, path, settings, progress).job()
    advice = (
        f"set gradient_checkpointing=true, or lower batch_size={settings.batch_size} (and raise "
        f"accumulation for it), resolution={settings.resolution} or rank, and train into another "
        "folder, with cache=… of this one"
    )
    with memory_advice(f"training in {path}", advice):
        return train(job, collection, path, resume=resume, progress=progress)


def _refuse_changed(path: Path, now: Mapping[str, tuple[str, str]]) -> None:
    """Refuse to continue a run whose inputs were others: fact, what it is, and its value now."""
    if not (path / "run.json").exists():
        return
    began = runs.open_run(path, "lora").facts
    for fact, (what, value) in now.items():
        if fact in began and began[fact] != value:
            raise RunError(
                f"{path} was started with {what} (digest {began[fact]}, now {value}): restore "
                "what was there, or choose another folder with -o"
            )


class _Training:
    """A training's task and adapter, which the parts of a ``TrainingJob`` share."""

    task: LoraTask
    model: Adapter

    def __init__(
        self,
        taught: Taught,
        collection: Collection,
        path: Path,
        settings: LoraSettings,
        progress: bool,
    ) -> None:
        self.taught, self.collection, self.path = taught, collection, path
        self.settings, self.progress = settings, progress

    def job(self) -> TrainingJob[LoraTask]:
        return TrainingJob(
            kind="lora",
            settings=self.settings,
            task=self._task,
            model=self._model,
            optimizer=self._optimizer,
            facts=self._facts,
            findings=self._findings,
            plan=self._plan,
            export=lambda run: export(self.task, self.model, run, self.settings),
            extends=self.settings.schedule == "constant",  # a cosine has come to its end
            from_scratch=False,
            allowed=frozenset({"seen.parquet", "cache", COLLECTION}),
            validates=False,
        )

    def _task(self, accelerator: Accelerator) -> LoraTask:
        cache = Path(self.settings.cache) if self.settings.cache else self.path / "cache"
        task = self.task = LoraTask(
            self.taught,
            self.collection,
            self.settings,
            accelerator,
            cache,
            progress=self.progress,
        )
        now = self._facts(task)
        _refuse_changed(
            self.path,
            {
                "base_fingerprint": ("another base", now["base_fingerprint"]),
                "originals_digest": ("other originals", now["originals_digest"]),
            },
        )
        return task

    def _model(self) -> nn.Module:
        self.model = self.task.adapter()
        return self.model

    def _optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        kind: Any = torch.optim.AdamW
        if self.settings.optimizer == "adamw8bit":
            try:
                from bitsandbytes.optim import AdamW8bit  # noqa: PLC0415
            except ImportError as error:
                raise SettingsError(
                    "optimizer=adamw8bit needs bitsandbytes: pip install bitsandbytes"
                ) from error
            kind = AdamW8bit
        settings, encoders = self.settings, self.task.base.family.encoders
        rates = {
            False: settings.learning_rate,
            True: settings.text_encoder_learning_rate or settings.learning_rate / 10,
        }
        groups: dict[bool, list[nn.Parameter]] = {False: [], True: []}
        for name, weight in model.named_parameters():
            groups[name.split(".")[-1].split("/")[0] in encoders].append(weight)
        made = kind(
            [
                {"params": weights, "lr": rates[text], "peak": rates[text]}
                for text, weights in groups.items()
                if weights
            ],
            weight_decay=settings.weight_decay,
        )
        assert isinstance(made, torch.optim.Optimizer)
        return made

    def _facts(self, task: LoraTask) -> Mapping[str, Any]:
        material = task.material
        return {
            "family": task.base.family.name,
            "base_fingerprint": task.base.fingerprint,
            "taught": [
                *(task.base.family.encoders if self.settings.text_encoder else ()),
                task.base.family.denoiser,
            ],
            "captions": self.taught.digest,
            "written_captions": self.taught.files,
            "originals": len(material.originals.known),
            "originals_digest": material.digest,
            "changed_originals": len(material.changed),
            "cropped": material.cropped(),
            "enlarged": material.enlarged(),
            "cut_captions": len(task.cut),
            "shapes": [list(shape) for shape in material.shapes],
        }

    def _plan(self, task: LoraTask, run: Run) -> Plan:
        settings = self.settings
        return Plan(
            steps=settings.epochs * task.per_epoch,
            per_epoch=task.per_epoch,
            batch_size=settings.batch_size * settings.accumulation,
            warmup=settings.warmup_steps or 0,
            decay=settings.ema_decay,
            clip=settings.max_grad_norm,
            precision=run.facts["precision"],
            patience=settings.patience,
            seed=settings.seed,
            schedule=settings.schedule,
            accumulation=settings.accumulation,
        )

    def _findings(self, lines: Sequence[Mapping[str, Any]]) -> list[Finding]:
        material, resolution = self.task.material, self.settings.resolution
        small, count, changed = material.enlarged(), len(material.rows), len(material.changed)
        cropped = material.cropped()
        return [
            *_held_out_findings([line for line in lines if "base_loss" in line]),
            Finding(
                "IMP602",
                "issue" if small or cropped else "passed",
                f"{small} of {count} training and validation pictures have fewer pixels than "
                f"resolution={resolution} needs and are enlarged; {cropped} lose more than "
                f"{MOST_CROPPED:.0%} of themselves to its shapes. {len(material.originals.known)} "
                "pictures of the collection have their original files."
                + (f" {changed} originals have changed since they were prepared." * bool(changed)),
                {
                    "enlarged": float(small),
                    "cropped": float(cropped),
                    "pictures": float(count),
                    "changed": float(changed),
                },
            ),
            _cut_finding(self.task),
        ]


def _cut_finding(task: LoraTask) -> Finding:
    """IMP606, on captions that the text encoders do not read to their end."""
    ids, cut = task.material.originals.collection.column("id"), task.cut
    count = len(task.material.rows)
    text = f"The text encoders read all {count} captions to their end."
    if cut:
        row, tokens, limit = max(cut, key=lambda one: one[1])
        text = (
            f"{len(cut)} of {count} captions are longer than the text encoders read; the longest, "
            f"of {ids[row]}, has {tokens} tokens, of which {limit} are read. Shorten them, or put "
            "what matters first."
        )
    return Finding(
        "IMP606",
        "issue" if cut else "passed",
        text,
        {"cut": float(len(cut)), "pictures": float(count)},
        [{"id": ids[row], "tokens": tokens, "read": limit} for row, tokens, limit in cut[:200]],
    )


def _held_out_findings(validations: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """IMP202 and IMP601, on the held-out loss."""
    if not validations:
        text = "No pictures were held out, so there is no held-out loss."
        return [Finding(code, "not applicable", text) for code in ("IMP202", "IMP601")]
    lowest = min(float(line["loss"]) for line in validations)
    last, bare = float(validations[-1]["loss"]), float(validations[-1]["base_loss"])
    # Most of a denoising loss is irreducible: the rise is compared with the gain over the base
    risen = last - lowest > GIVEN_BACK * max(bare - lowest, 0)
    best = min(validations, key=lambda line: float(line["loss"]))
    gain, low, high = (float(best[name]) for name in ("gain", "gain_low", "gain_high"))
    improved = low > 0 and gain >= SMALLEST_GAIN
    return [
        Finding(
            "IMP202",
            "issue" if risen else "passed",
            f"The last held-out loss is {last:.4f}; the lowest was {lowest:.4f}.",
            {"last": last, "lowest": lowest},
        ),
        Finding(
            "IMP601",
            "passed" if improved else "issue",
            f"The adapter lowers the held-out loss by {gain:.2%} ({low:.2%} to {high:.2%}, over "
            f"pictures), from {bare:.4f} to {lowest:.4f}; a gain counts from {SMALLEST_GAIN:.1%} "
            "on where its interval excludes 0.",
            {"lowest": lowest, "base": bare, "gain": gain, "low": low, "high": high},
        ),
    ]
