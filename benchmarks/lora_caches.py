"""Speed of LoRA's training steps with cached latents and embeddings, and with VAE and encoder.

On networks of Stable Diffusion 1.5's shapes with random weights, since the gain hangs on how much
each of them has to do, and not on what it has learned. The same steps of the same training are
timed by turns, in one process.

    python benchmarks/lora_caches.py FOLDER [--resolution 512] [--precision bfloat16] [--steps 4]

FOLDER takes 5 GB: the pipeline, which is made once, a few pictures of the sample gallery, and the
    caches.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

import small_pipeline
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.devices import Precision, autocast
from impasto.gallery.gallery import SampleSettings, paint_gallery
from impasto.training.lora.data import Taught
from impasto.training.lora.settings import LoraSettings
from impasto.training.lora.task import Batch, LoraTask

STYLES = ("Woodcut", "Mosaic")  # a few pictures are enough


def task_of(folder: Path, asked: argparse.Namespace) -> LoraTask:
    """A LoRA training on a few pictures whose caches are filled."""
    paint_gallery(
        folder / "gallery",
        SampleSettings(pictures=64, pixels=asked.resolution, imbalance=1),
        progress=True,
    )
    collection = prepare(folder / "gallery", folder / "collection", PrepareSettings(pixels=64))
    base = folder / "base"
    if not (base / "model_index.json").exists():
        small_pipeline.full_size(["a painting in the style of woodcut"]).save_pretrained(base)
    settings = LoraSettings(
        base=str(base), styles=STYLES, resolution=asked.resolution, batch_size=asked.batch,
        buckets=False,
        precision=asked.precision, device="cpu", epoch_pictures=8, previews=(),
    )  # fmt: skip
    taught, home = Taught.of(collection, settings), folder / "cache"
    return LoraTask(taught, collection, settings, Accelerator(cpu=True), home, progress=True)


def measured(task: LoraTask, steps: int, precision: Precision) -> dict[str, float]:
    """Seconds of a step with the caches, and with VAE and text encoder, after one step of each."""
    pipeline, material, settings = task.base.pipeline, task.material, task.settings
    vae, encoder = pipeline.vae, pipeline.text_encoder
    model = task.adapter().train()  # gives up both
    size = (settings.resolution, settings.resolution)

    def encoded(number: int) -> tuple[Batch, None]:
        rows, _, seeds = material.drawn(number, settings)
        x = np.stack([material.originals.picture(int(row), size) for row in rows])
        with torch.no_grad():
            pixels = torch.from_numpy(x).permute(0, 3, 1, 2).float() / 127.5 - 1
            latents = vae.encode(pixels).latent_dist.mode().float() * vae.config.scaling_factor
            pipeline.register_modules(text_encoder=encoder)
            captions = [material.taught.captions[int(row)] for row in rows]
            family = task.base.family
            text = family.batch(family.encode(pipeline, captions), latents.device, latents.dtype)
            pipeline.register_modules(text_encoder=None)
        return Batch(
            latents, text, size, task.objective.draw(seeds.tolist(), tuple(latents.shape[1:]))
        ), None

    taken = {"cached": 0.0, "encoded": 0.0}
    for number in range(steps + 1):
        for name, make in (("cached", task.batch), ("encoded", encoded)):
            began = time.perf_counter()
            with autocast(torch.device("cpu"), precision):
                loss = task.loss(model, make(number))
            loss.backward()
            model.zero_grad()
            taken[name] += (time.perf_counter() - began) / steps if number else 0.0
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--resolution", type=int, default=512)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    asked = parser.parse_args()
    seconds = measured(task_of(asked.folder, asked), asked.steps, asked.precision)
    told: dict[str, Any] = {name: value for name, value in vars(asked).items() if name != "folder"}
    told |= {"seconds_a_step": seconds, "gain_of_caches": seconds["encoded"] / seconds["cached"]}
    print(json.dumps(told | {"threads": torch.get_num_threads()}, indent=2))


if __name__ == "__main__":
    main()
