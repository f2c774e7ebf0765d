"""LoRA trainer: fine-tunes a pre-trained pipeline on a collection, in the training loop.

RUN/pytorch_lora_weights.safetensors  the adapter, as diffusers reads it
RUN/kohya.safetensors                 the same for ComfyUI and A1111
RUN/README.md                         the model card
RUN/progress/                         previews, each with its adapter
RUN/cache/                            latents and embeddings; made again where deleted
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn

from impasto.collection.collection import Collection
from impasto.diffusion.adapter import Adapter
from impasto.diffusion.captions import fill
from impasto.errors import ImpastoError, InputError, RunError, SettingsError
from impasto.records import run as runs
from impasto.records.finding import Finding
from impasto.records.run import Run
from impasto.training.loop import Plan
from impasto.training.lora.data import Taught
from impasto.training.lora.export import export
from impasto.training.lora.folder import COLLECTION, TrainingFolder
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.task import LoraTask
from impasto.training.trainer import TrainingJob, train

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
    fill(settings.styled, {"prompt": "", "style": ""})  # before anything is loaded
    taught = Taught.of(collection, settings, folder)
    _refuse_changed(path, {"captions": ("other captions", taught.digest)})
    try:
        job = _Training(taught, collection, path, settings, progress).job()
        return train(job, collection, path, resume=resume, progress=progress)
    except ImpastoError:
        raise
    except (torch.OutOfMemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise RunError(
            f"out of memory in {path}: set gradient_checkpointing=true, or lower "
            f"batch_size={settings.batch_size} (and raise accumulation for it), "
            f"resolution={settings.resolution} or rank, and train into another folder"
        ) from error


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
        made = kind(
            model.parameters(),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
        )
        for group in made.param_groups:
            group["peak"] = self.settings.learning_rate
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
            "enlarged": material.enlarged(),
            "shapes": [list(shape) for shape in material.shapes],
        }

    def _plan(self, task: LoraTask, run: Run) -> Plan:
        settings = self.settings
        return Plan(
            steps=settings.epochs * task.per_epoch,
            per_epoch=task.per_epoch,
            batch_size=settings.batch_size * settings.accumulation,
            warmup=settings.warmup_steps,
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
        return [
            *_held_out_findings([line for line in lines if "base_loss" in line]),
            Finding(
                "IMP602",
                "issue" if small else "passed",
                f"{small} of {count} training and validation pictures have fewer pixels than "
                f"resolution={resolution} needs and are enlarged. {len(material.originals.known)} "
                "pictures of the collection have their original files."
                + (f" {changed} originals have changed since they were prepared." * bool(changed)),
                {"enlarged": float(small), "pictures": float(count), "changed": float(changed)},
            ),
        ]


def _held_out_findings(validations: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """IMP202 and IMP601, on the held-out loss."""
    if not validations:
        text = "No pictures were held out, so there is no held-out loss."
        return [Finding(code, "not applicable", text) for code in ("IMP202", "IMP601")]
    lowest = min(float(line["loss"]) for line in validations)
    last, bare = float(validations[-1]["loss"]), float(validations[-1]["base_loss"])
    # Most of a denoising loss is irreducible: the rise is compared with the gain over the base
    risen = last - lowest > GIVEN_BACK * max(bare - lowest, 0)
    improved = math.isfinite(lowest) and lowest < bare
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
            f"The lowest held-out loss is {lowest:.4f}; the base alone has {bare:.4f}.",
            {"lowest": lowest, "base": bare},
        ),
    ]
