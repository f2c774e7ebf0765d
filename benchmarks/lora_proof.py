"""Proof of LoRA without a hub: a small Stable Diffusion learns subjects, an adapter styles.

A gallery painted by code is captioned with what each picture shows, never how. A pipeline of
standard classes (autoencoder, text encoder, denoiser) is trained on that from nothing: the base.
Then ``train_lora`` teaches it the styles by captions that name them, and ``score_lora`` lets a
classifier judge that was trained on another gallery, by other artists. The same is done with twelve
pictures of one style that lie in a folder with captions.

    python benchmarks/lora_proof.py FOLDER [--base-steps 1500] [--epochs 60] [--pictures 24]

Each stage is kept in FOLDER and not made again. The last lines are the numbers, also in
FOLDER/proof.json.
"""

import argparse
import csv
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from diffusers.training_utils import compute_snr
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

import impasto
import small_pipeline
from impasto.collection.collection import Collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.devices import Precision, autocast
from impasto.diffusion.base import open_base
from impasto.diffusion.captions import spoken
from impasto.diffusion.sampling import Sampling, sample
from impasto.evaluation.adapter_score import AdapterSettings, score_adapter
from impasto.evaluation.loaded_classifier import open_classifier
from impasto.evaluation.lora_score import ScorecardSettings, score_lora
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import replacing, write_json
from impasto.gallery.gallery import SampleSettings, paint_gallery, plan
from impasto.gallery.subjects import SUBJECTS
from impasto.generate.text_to_image import DiffuseSettings, open_painter
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.classifier.train import train_classifier
from impasto.training.ema import Average
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.train import train_lora
from impasto.training.muon import make_optimizer

SIDE, LATENT = 64, 16  # pixels of a picture, numbers of a place in its latents
CHANNELS, WIDTH = (64, 128, 128), 128  # of the denoiser, of the words
STYLES = (
    "Woodcut", "Ink_Wash", "Stained_Glass", "Lamplight", "Pointillist", "Colour_Field", "Mosaic",
    "Floating_Print",
)  # fmt: skip
ONE = "Mosaic"  # the style of the second proof
TEACH, JUDGE = 1, 2  # seeds of the two galleries: other artists, other pictures


def settings_of(seed: int) -> SampleSettings:
    """A balanced gallery of all sixteen styles, of which the proof takes some."""
    return SampleSettings(
        pictures=4800,
        pixels=2 * SIDE,
        imbalance=1,
        test_share=0.1,
        artists=12,
        seed=seed,
        workers=1,
    )


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
    made = prepare(
        home,
        folder / f"collection-{seed}",
        PrepareSettings(pixels=SIDE, labels=str(table), workers=1),
    )
    return made, [subject(planned[name].subject) for name in made.column("id")]


def varied(pixels: Tensor) -> Tensor:
    """Pictures ``(B, H, W, 3)`` of bytes and their mirror images, ``(2B, 3, H, W)`` in [-1, 1]."""
    x = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
    return torch.cat((x, x.flip(3))).contiguous(memory_format=torch.channels_last)


def level(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    """The learning rates of a step: warm-up, level, and the last two fifths down to nothing."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * min(1.0, (step + 1) / 100, (1 - step / steps) / 0.4)


def autoencoder_of(path: Path, pixels: Tensor, steps: int, precision: Precision) -> AutoencoderKL:
    """Train an autoencoder of 4 × 4 pixels to sixteen numbers; scale its latents to variance 1."""
    if (path / "config.json").exists():
        found: AutoencoderKL = AutoencoderKL.from_pretrained(path)
        return found
    vae = small_pipeline.vae((16, 32, 64), LATENT).to(memory_format=torch.channels_last).train()
    optimizer = make_optimizer(vae, 2e-3, 0.02, 0.0)  # AdamW alone takes more than twice as long
    draws = torch.Generator().manual_seed(0)
    said = Said("autoencoder", steps)
    for step in range(steps):
        level(optimizer, step, steps)
        x = varied(pixels[torch.randint(len(pixels), (8,), generator=draws)])
        with autocast(x.device, precision):
            back = vae.decode(vae.encode(x).latent_dist.mode()).sample
        loss = (back.float() - x).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        said(step, loss)
    vae.eval()
    with torch.no_grad():
        vae.register_to_config(scaling_factor=1 / float(encoded(vae, pixels[:256]).std()))
    vae.save_pretrained(path)
    return vae


@torch.no_grad()
def encoded(vae: AutoencoderKL, pixels: Tensor) -> Tensor:
    """Latents of pictures and then of their mirror images, not scaled."""
    parts = [vae.encode(part).latent_dist.mode() for part in torch.split(varied(pixels), 64)]
    return torch.cat(parts)


class Said:
    """One line every hundredth step: the mean loss since the last one, and the time."""

    def __init__(self, name: str, steps: int) -> None:
        self.name, self.steps, self.losses, self.began = (
            name,
            steps,
            list[float](),
            time.perf_counter(),
        )

    def __call__(self, step: int, loss: Tensor) -> None:
        """After a step."""
        self.losses.append(loss.item())
        if (step + 1) % 100 == 0 or step + 1 == self.steps:
            took = time.perf_counter() - self.began
            print(
                f"{self.name} {step + 1}/{self.steps}  {np.mean(self.losses):.4f}  {took:.0f} s",
                flush=True,
            )
            self.losses.clear()


def base_of(folder: Path, teach: Collection, shown: list[str], asked: argparse.Namespace) -> Path:
    """The base: trained from nothing to paint subjects, with no word on styles."""
    path = folder / "base"
    if (path / "model_index.json").exists():
        return path
    torch.manual_seed(0)
    said = [
        f"{what} in the style of {spoken(style)}"
        for what in map(subject, SUBJECTS)
        for style in STYLES
    ]
    words = small_pipeline.tokenizer(said)
    rows, precision = teach.indices("train"), asked.precision
    pixels = torch.from_numpy(np.asarray(teach.pixels[rows]))
    vae = autoencoder_of(folder / "autoencoder", pixels, asked.vae_steps, precision)
    latents = encoded(vae, pixels) * vae.config.scaling_factor
    text = frozen_text_encoder(words)
    unet = (
        small_pipeline.unet(CHANNELS, SIDE // 4, WIDTH, LATENT)
        .to(memory_format=torch.channels_last)
        .train()
    )
    captions = ["", *map(subject, SUBJECTS)]
    with torch.no_grad():
        known = text(words(captions, padding="max_length", return_tensors="pt").input_ids)[0]
    place = torch.tensor([captions.index(shown[row]) for row in rows]).repeat(2)
    average, optimizer = Average(unet, 0.998), make_optimizer(unet, 1e-3, 0.02, 0.01)
    noise_of = DDPMScheduler.from_config(DDIMScheduler(**small_pipeline.SCHEDULE).config)
    draws, tell = torch.Generator().manual_seed(0), Said("base", asked.base_steps)
    for step in range(asked.base_steps):
        level(optimizer, step, asked.base_steps)
        picked = torch.randint(len(latents), (asked.batch,), generator=draws)
        x, silent = latents[picked], torch.rand(asked.batch, generator=draws) < 0.1
        noise, times = (
            torch.randn(x.shape, generator=draws),
            torch.randint(0, 1000, (asked.batch,), generator=draws),
        )
        noisy = noise_of.add_noise(x, noise, times).contiguous(memory_format=torch.channels_last)
        with autocast(x.device, precision):
            predicted = unet(noisy, times, known[place[picked].masked_fill(silent, 0)]).sample
        snr = compute_snr(noise_of, times)
        each = (predicted.float() - noise).square().mean((1, 2, 3))
        loss = (snr.clamp(max=5) / snr * each).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimizer.step()
        average.update(unet, step)
        tell(step, loss)
    denoiser = cast(UNet2DConditionModel, average.model)
    small_pipeline.stable_diffusion(words, text, vae, denoiser).save_pretrained(path)
    return path


def frozen_text_encoder(words: CLIPTokenizer) -> CLIPTextModel:
    """A text encoder that separates all words, also those that the base never meets.

    It stays as it is, as Stable Diffusion's does. Learning along with the denoiser it would come to
    see the subjects alone, and hand on all other words as one.
    """
    text = small_pipeline.text_encoder(words, WIDTH).requires_grad_(False)
    text.get_input_embeddings().weight.normal_()
    return text


@torch.no_grad()
def heeds_subjects(base: Path, teach: Collection, shown: list[str]) -> dict[str, float]:
    """Squared error of the base on test pictures with the right caption, another and none."""
    pipeline = open_base(str(base)).pipeline
    rows, draws = teach.indices("test"), torch.Generator().manual_seed(0)
    pixels = torch.from_numpy(np.asarray(teach.pixels[rows]))
    x = encoded(pipeline.vae, pixels)[: len(rows)] * pipeline.vae.config.scaling_factor
    noise_of = DDPMScheduler.from_config(pipeline.scheduler.config)
    noise, times = (
        torch.randn(x.shape, generator=draws),
        torch.randint(0, 1000, (len(x),), generator=draws),
    )
    kinds = sorted(set(shown))
    other = {kind: kinds[(number + 1) % len(kinds)] for number, kind in enumerate(kinds)}
    said = {
        "own": [shown[row] for row in rows],
        "another's": [other[shown[row]] for row in rows],
        "none": [""] * len(x),
    }
    errors = {}
    for name, captions in said.items():
        tokens = pipeline.tokenizer(captions, padding="max_length", return_tensors="pt").input_ids
        told = pipeline.text_encoder(tokens)[0]
        predicted = pipeline.unet(noise_of.add_noise(x, noise, times), times, told).sample
        errors[name] = float((predicted - noise).square().mean())
    return errors


def given_back(vae: AutoencoderKL, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures ``(N, H, W, 3)`` as the autoencoder gives them back.

    The most that the base could paint of them.
    """
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        parts = [
            vae.decode(vae.encode(part).latent_dist.mode()).sample for part in torch.split(x, 64)
        ]
    painted = ((torch.cat(parts).clamp(-1, 1) + 1) * 127.5).round().byte()
    return painted.permute(0, 2, 3, 1).numpy()


def judged_by(
    folder: Path, base: Path, epochs: int, precision: Precision
) -> tuple[Path, Callable[..., Any]]:
    """A classifier of the other gallery, trained on pictures and on their reconstructions.

    What the base paints has passed that autoencoder, which blurs the finest dots and lines. A judge
    of real pictures alone takes such blur for another style.

    Returns:
        The run, and what tells the share of pictures of one style that it recognises after they
        were given back.
    """
    judge, _ = collection_of(folder, JUDGE)
    vae = AutoencoderKL.from_pretrained(base / "vae").eval()
    home = folder / "judging"
    if not (home / "collection" / "collection.json").exists():
        for split in ("train", "validation", "test"):
            rows = judge.indices(split)
            real = np.asarray(judge.pixels[rows])
            for kind, pixels in (("real", real), ("back", given_back(vae, real))):
                for row, picture in zip(rows, pixels, strict=True):
                    place = (
                        home
                        / "pictures"
                        / ("test" if split == "test" else "train")
                        / judge.column("style")[row]
                    )
                    place.mkdir(parents=True, exist_ok=True)
                    Image.fromarray(picture).save(place / f"{row}-{kind}.png")
    both = prepare(home / "pictures", home / "collection", PrepareSettings(pixels=SIDE, workers=1))
    quick: dict[str, Any] = {"resolution": SIDE, "device": "cpu", "precision": precision}
    settings = ClassifierSettings(
        size="tiny", epochs=epochs, batch_size=64, first_resolution=32, **quick
    )
    run = train_classifier(both, home / "judge", settings, progress=True).path

    def recognised(teach: Collection) -> dict[str, float]:
        rows = teach.indices("test")
        seen, labels = given_back(vae, np.asarray(teach.pixels[rows])), teach.labels[rows]
        logits, _ = open_classifier(run, "cpu").logits_and_features(
            lambda part: seen[part], len(rows), EvaluateSettings().views
        )
        right = logits.argmax(1) == labels
        return {
            style: float(right[labels == place].mean())
            for place, style in enumerate(teach.vocabulary.styles)
        }

    return run, recognised


def digest(folder: Path) -> str:
    """SHA-256 of all files of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def zero_is_the_base(folder: Path, base: Path) -> bool:
    """Whether the adapter at scale 0 paints the base's very pictures."""
    how = Sampling(10, 2.0, (SIDE, SIDE))
    words = {"prompt": ["a portrait in the style of woodcut"]}
    painter = open_painter(folder / "lora", DiffuseSettings(prompt="a portrait", device="cpu"))
    painter.scaled(0.0)
    pictures = [
        sample(opened, words, [3], how)[0] for opened in (painter.base, open_base(str(base)))
    ]
    return pictures[0].tobytes() == pictures[1].tobytes()


def one_style(
    folder: Path, base: Path, teach: Collection, shown: list[str], judge: Path,
    asked: argparse.Namespace,
) -> dict[str, Any]:  # fmt: skip
    """Twelve pictures of one style from a folder with captions, judged as the eight are.

    The captions say what each picture shows; the trigger word stands for the style.
    """
    pictures = folder / "one" / f"10_{ONE}"
    rows = teach.indices("train")
    rows = rows[np.asarray(teach.column("style"))[rows] == ONE][:12]
    pictures.mkdir(parents=True, exist_ok=True)
    for row in rows:
        source = folder / f"gallery-{TEACH}" / teach.column("id")[row]
        (pictures / f"{row}{source.suffix}").write_bytes(source.read_bytes())
        (pictures / f"{row}.txt").write_text(shown[row])
    run = impasto.train_lora(
        pictures, folder / "one" / "lora", base=str(base), trigger=spoken(ONE), rank=16,
        targets=asked.one_targets, batch_size=16, steps=asked.one_steps, epoch_pictures=1600,
        learning_rate=asked.one_rate, weight_decay=0.0, buckets=False, preview_every=0,
        resolution=SIDE, guidance=3.0, device="cpu", precision=asked.precision,
        caption="in the style of {style}",
    )  # fmt: skip
    settings = AdapterSettings(
        base=str(base), classifier=str(judge), prompts=tuple(map(subject, SUBJECTS)),
        pictures=max(asked.pictures, 48), batch_size=16, resolution=SIDE, styles=(ONE,),
        styled="{style}[, {prompt}]", paint=DiffuseSettings(steps=25, device="cpu", guidance=3.0),
    )  # fmt: skip
    file = run.path / "pytorch_lora_weights.safetensors"
    card = score_adapter(file, teach.path, folder / "one" / "scored", settings, announce=print)
    (row,) = card.per_style
    return {
        "style": ONE, "pictures": len(rows), "accuracy": row.accuracy, "base": row.floor,
        "nearest": row.nearest, "steps": run.facts["steps"],
    }  # fmt: skip


def main() -> None:
    """Everything in order."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vae-steps", type=int, default=1200)
    parser.add_argument("--base-steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--judge-epochs", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--one-steps", type=int, default=400)
    parser.add_argument("--one-rate", type=float, default=2e-3)
    parser.add_argument("--one-targets", default="all")
    asked = parser.parse_args()
    folder: Path = asked.folder
    teach, shown = collection_of(folder, TEACH)
    base = base_of(folder, teach, shown, asked)
    subjects = heeds_subjects(base, teach, shown)
    print("squared error of the base, told the own subject, another, none:", subjects, flush=True)
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
    judge, recognised = judged_by(folder, base, asked.judge_epochs, asked.precision)
    quick: dict[str, Any] = {"resolution": SIDE, "device": "cpu", "precision": asked.precision}
    settings = LoraSettings(
        base=str(base), captions=str(table), rank=32, targets="all", batch_size=asked.batch,
        epochs=asked.epochs,
        learning_rate=asked.rate, warmup_steps=50, weight_decay=0.0, schedule="cosine",
        ema_decay=0.99,
        buckets=False,
        epoch_pictures=len(teach.indices("train")), styled="[{prompt} ]in the style of {style}",
        preview_every=max(1, asked.epochs // 4), guidance=3.0, keep="last", held_out=96, **quick,
    )  # fmt: skip
    began = time.perf_counter()
    run = train_lora(teach, folder / "lora", settings, progress=True)
    scoring = ScorecardSettings(
        classifier=str(judge), prompts=tuple(map(subject, SUBJECTS)), pictures=asked.pictures,
        batch_size=16,
        paint=DiffuseSettings(steps=25, device="cpu"),
    )  # fmt: skip
    card = score_lora(run.path, settings=scoring, announce=print).model_dump(mode="json")
    scores = {arm: card["scores"][arm]["accuracy"] for arm in ("adapter", "base", "real")}
    result = {
        "one_style": one_style(folder, base, teach, shown, judge, asked),
        "accuracy": scores,
        "above_the_base": scores["adapter"]["value"] - scores["base"]["value"],
        "below_floor": [
            row["style"] for row in card["per_style"] if row["accuracy"] <= row["floor"]
        ],
        "per_style": [
            {k: row[k] for k in ("style", "accuracy", "floor", "ceiling")}
            for row in card["per_style"]
        ],
        "recognised_after_the_autoencoder": recognised(teach),
        "base_error_told": subjects,
        "base_untouched": digest(base) == before,
        "scale_0_is_the_base": zero_is_the_base(folder, base),
        "asked": {name: value for name, value in vars(asked).items() if name != "folder"},
        "seconds_of_lora_and_scoring": round(time.perf_counter() - began),
    }
    write_json(folder / "proof.json", result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    torch.backends.cuda.enable_flash_sdp(
        False
    )  # on the CPU, too: backward for few words it takes ten times as long
    main()
