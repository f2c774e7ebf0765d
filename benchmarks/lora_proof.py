"""Does LoRA teach styles? A proof without a hub: a small Stable Diffusion learns subjects, then an adapter styles.

A gallery painted by code is captioned with what each picture shows, never how. A pipeline of standard classes is
trained on that from nothing: the base. Then ``train_lora`` teaches it the styles by captions that name them, and
``score_lora`` lets a classifier judge that was trained on another gallery, by other artists.

    python benchmarks/lora_proof.py FOLDER [--base-steps 4000] [--epochs 20] [--pictures 24]

Each stage is kept in FOLDER and not made again. The last lines are the numbers, also in FOLDER/proof.json.
"""

import argparse
import csv
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.training_utils import compute_snr

import small_pipeline
from impasto.collection.painting import Collection
from impasto.collection.prepare import PrepareSettings, prepare
from impasto.compare.scorecard import ScorecardSettings, score_lora
from impasto.diffusion.base import open_base
from impasto.diffusion.captions import spoken
from impasto.diffusion.sampling import Sampling, sample
from impasto.files import replacing, write_json
from impasto.generate.diffuse import DiffuseSettings, open_painter
from impasto.sample.gallery import SampleSettings, paint_gallery, plan
from impasto.sample.subjects import SUBJECTS
from impasto.training.averaging import Average
from impasto.training.classifier import ClassifierSettings, train_classifier
from impasto.training.lora import train_lora
from impasto.training.lora_settings import LoraSettings
from impasto.training.lora_task import LoraTask

SIDE = 32
STYLES = (
    "Woodcut", "Ink_Wash", "Stained_Glass", "Lamplight", "Pointillist", "Colour_Field", "Mosaic", "Floating_Print",
)  # fmt: skip
TEACH, JUDGE = 1, 2  # seeds of the two galleries: other artists, other pictures
BATCH = 16


def settings_of(seed: int) -> SampleSettings:
    """A balanced gallery of all sixteen styles, of which the proof takes some."""
    return SampleSettings(pictures=4800, size=2 * SIDE, imbalance=1, test_share=0.1, artists=12, seed=seed, workers=1)


def subject(name: str) -> str:
    """``still life`` with its article."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def collection_of(folder: Path, seed: int) -> tuple[Collection, list[str]]:
    """The prepared gallery, the proof's styles alone, and what each picture shows."""
    home = folder / f"gallery-{seed}"
    paint_gallery(home, settings_of(seed), progress=True)
    planned = {one.path: one for one in plan(settings_of(seed)) if one.style in STYLES}
    table = folder / f"labels-{seed}.csv"
    with replacing(table) as temporary, temporary.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["path", "style", "split"])
        rows.writerows([path, one.style, path.split("/")[0]] for path, one in planned.items())
    made = prepare(home, folder / f"collection-{seed}", PrepareSettings(size=SIDE, labels=str(table), workers=1))
    return made, [subject(planned[name].subject) for name in made.column("id")]


def base_of(folder: Path, teach: Collection, shown: list[str], steps: int) -> Path:
    """The base: trained from nothing to paint subjects, with no word on styles; the pixels are its latents."""
    path = folder / "base"
    if (path / "model_index.json").exists():
        return path
    torch.manual_seed(0)
    said = [f"{what} in the style of {spoken(style)}" for what in map(subject, SUBJECTS) for style in STYLES]
    words = small_pipeline.tokenizer(said)
    text, vae = small_pipeline.text_encoder(words), small_pipeline.identity_vae()
    unet = small_pipeline.unet((24, 48, 64), SIDE, 64, 3).to(memory_format=torch.channels_last)
    rows = teach.indices("train")
    pixels = torch.from_numpy(np.asarray(teach.pixels[rows])).permute(0, 3, 1, 2)
    tokens = words([*(shown[row] for row in rows), ""], padding="max_length", return_tensors="pt").input_ids
    both = torch.nn.ModuleDict({"unet": unet, "text": text}).train()
    average, optimizer = Average(both, 0.998), torch.optim.AdamW(both.parameters(), 2e-3, weight_decay=0.01)
    noise_of, generator = (
        DDPMScheduler.from_config(DDIMScheduler(**small_pipeline.SCHEDULE).config),
        torch.Generator().manual_seed(0),
    )
    losses, began = [], time.perf_counter()
    for step in range(steps):
        left = 1 - step / steps
        for group in optimizer.param_groups:  # warm-up, level, and the last two fifths down to nothing
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 100, left / 0.4)
        picked = torch.randint(len(rows), (BATCH,), generator=generator)
        x = (pixels[picked].float() / 127.5 - 1) * vae.config.scaling_factor
        noise, times = torch.randn(x.shape, generator=generator), torch.randint(0, 1000, (BATCH,), generator=generator)
        silent = torch.rand(BATCH, generator=generator) < 0.1
        told = text(tokens[torch.where(silent, len(rows), picked)])[0]
        snr = compute_snr(noise_of, times)
        each = F.mse_loss(unet(noise_of.add_noise(x, noise, times), times, told).sample, noise, reduction="none")
        loss = (snr.clamp(max=5) / snr * each.mean((1, 2, 3))).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        average.update(both, step)
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            print(
                f"base {step + 1}/{steps}  {np.mean(losses[-50:]):.4f}  {time.perf_counter() - began:.0f} s", flush=True
            )
    made = average.model
    small_pipeline.stable_diffusion(words, made["text"], vae, made["unet"]).save_pretrained(path)
    return path


def digest(folder: Path) -> str:
    """SHA-256 of all files of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def caches(teach: Collection, settings: LoraSettings, folder: Path, steps: int = 12) -> dict[str, float]:
    """Training steps a second with the caches, and with VAE and text encoder in the loop, by turns."""
    settings = settings.model_copy(update={"text_encoder": False})  # what is taught cannot be cached
    task = LoraTask(teach, settings, Accelerator(cpu=True), folder / "lora" / "cache", progress=False)
    pipeline, rows, captions = task.base.pipeline, task.material.train, task.material.captions
    vae, encoder = pipeline.vae, pipeline.text_encoder
    model = task.adapter().train()

    def encoded(number: int) -> Any:
        (batch, none), pictures = task.batch(number), rows[number * 4 % len(rows) :][: settings.batch_size]
        pixels = np.stack([task.material.originals.picture(int(row), (SIDE, SIDE)) for row in pictures])
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.no_grad():
            latents = vae.encode(x).latent_dist.mode() * vae.config.scaling_factor
            pipeline.text_encoder = encoder
            text = task.library.embedded([captions[row] for row in pictures])
            pipeline.text_encoder = None
        return type(batch)(latents, text, batch.size, batch.draws), none

    taken = {"cached": 0.0, "encoded": 0.0}
    for number in range(steps + 1):
        for name, make in (("cached", task.batch), ("encoded", encoded)):
            began = time.process_time()
            task.loss(model, make(number)).backward()
            model.zero_grad()
            taken[name] += (time.process_time() - began) if number else 0.0  # the first one warms up
    return {name: steps / seconds for name, seconds in taken.items()}


def zero_is_the_base(folder: Path, base: Path) -> bool:
    """Whether the adapter at scale 0 paints the base's very pictures."""
    how = Sampling(10, 2.0, (SIDE, SIDE))
    words = {"prompt": ["a portrait in the style of woodcut"]}
    painter = open_painter(folder / "lora", DiffuseSettings(prompt="a portrait", device="cpu"))
    painter.scaled(0.0)
    pictures = [
        sample(pipeline, words, [3], how)[0] for pipeline in (painter.base.pipeline, open_base(str(base)).pipeline)
    ]
    return pictures[0].tobytes() == pictures[1].tobytes()


def main() -> None:
    """Everything in order."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base-steps", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--judge-epochs", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=24)
    asked = parser.parse_args()
    folder: Path = asked.folder
    teach, shown = collection_of(folder, TEACH)
    judge, _ = collection_of(folder, JUDGE)
    base = base_of(folder, teach, shown, asked.base_steps)
    before = digest(base)
    table = folder / "captions.csv"
    with replacing(table) as temporary, temporary.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "caption"])
        styles = teach.column("style")
        rows.writerows(
            [name, f"{what} in the style of {spoken(style)}"]
            for name, what, style in zip(teach.column("id"), shown, styles, strict=True)
        )
    quick: dict[str, Any] = {"resolution": SIDE, "device": "cpu", "precision": "float32"}
    judging = ClassifierSettings(size="tiny", epochs=asked.judge_epochs, batch_size=64, first_resolution=SIDE, **quick)
    train_classifier(judge, folder / "judge", judging, progress=True)
    settings = LoraSettings(
        base=str(base), captions=str(table), rank=32, targets="all", batch_size=BATCH, epochs=asked.epochs,
        learning_rate=5e-3, warmup_steps=50, text_encoder=True, weight_decay=0.0, schedule="cosine", ema=0.99,
        buckets=False,
        preview_every=max(1, asked.epochs // 4), guidance=3.0, keep="last", held_out=96, **quick,
    )  # fmt: skip
    began = time.perf_counter()
    run = train_lora(teach, folder / "lora", settings, progress=True)
    scoring = ScorecardSettings(
        classifier=str(folder / "judge"), prompts=tuple(map(subject, SUBJECTS)), pictures=asked.pictures, batch_size=16,
        paint=DiffuseSettings(steps=25, device="cpu"),
    )  # fmt: skip
    card = score_lora(run.path, scoring, announce=print).result
    scores = {arm: card["scores"][arm]["accuracy"] for arm in ("adapter", "base", "real")}
    speed = caches(teach, settings, folder)
    result = {
        "accuracy": scores,
        "above_the_base": scores["adapter"]["value"] - scores["base"]["value"],
        "below_floor": [row["style"] for row in card["per_style"] if row["accuracy"] <= row["floor"]],
        "per_style": [{k: row[k] for k in ("style", "accuracy", "floor", "ceiling")} for row in card["per_style"]],
        "base_untouched": digest(base) == before,
        "scale_0_is_the_base": zero_is_the_base(folder, base),
        "steps_per_second": speed,
        "gain_of_caches": speed["cached"] / speed["encoded"],
        "asked": {name: value for name, value in vars(asked).items() if name != "folder"},
        "seconds_of_lora_and_scoring": round(time.perf_counter() - began),
    }
    write_json(folder / "proof.json", result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
