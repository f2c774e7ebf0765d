"""Training data of a LoRA: cached latents and text embeddings, and batches of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from impasto.collection.batches import evenly
from impasto.collection.collection import Collection
from impasto.collection.originals import Originals
from impasto.diffusion import buckets
from impasto.diffusion.base import Base
from impasto.diffusion.captions import table_captions, template_captions, with_trigger
from impasto.diffusion.sampling import Sampling, sample
from impasto.errors import CollectionError, SettingsError
from impasto.images.tensors import float_tensor
from impasto.progress import progress_bar
from impasto.state.fingerprint import fingerprint
from impasto.training.imbalance import sampled_shares
from impasto.training.lora.cache import Shelf, address
from impasto.training.lora.folder import TrainingFolder
from impasto.training.lora.settings import LoraSettings, Sampled

Rows = NDArray[np.int64]
PRIOR_STEPS: Final = 30  # of the sampler behind the base's own pictures


@dataclass(frozen=True, slots=True)
class Taught:
    """Pictures and captions of a training, known before any base is opened.

    Attributes:
        train, held: rows of the collection to learn from and to validate on.
        captions: by row.
        weights: how much each row of the collection counts; kohya's repeats, else 1.
        labels: styles of all rows.
        files: captions among them that were written by people, in files or a table.
        digest: of ids and captions.
    """

    train: Rows
    held: Rows
    captions: Mapping[int, str]
    weights: NDArray[np.float64]
    labels: Rows
    files: int
    digest: str

    @classmethod
    def of(
        cls, collection: Collection, settings: LoraSettings, folder: TrainingFolder | None = None
    ) -> "Taught":
        """Select pictures by the settings, and read their captions.

        Raises:
            SettingsError: a style is not in the collection, or a template names an unknown field.
            CollectionError: the styles have no training pictures.
            InputError: the table of captions cannot be used.
        """
        names = list(collection.vocabulary.styles)
        if strangers := sorted(set(settings.styles or ()) - set(names)):
            raise SettingsError(
                f"{collection.path} has no style {strangers[0]}: it has {', '.join(names)}"
            )
        wanted = np.isin(
            collection.labels, [names.index(name) for name in settings.styles or names]
        )
        train, held = (
            rows[wanted[rows]]
            for rows in (collection.indices("train"), collection.indices("validation"))
        )
        if not len(train):
            raise CollectionError(f"{collection.path} has no training pictures of these styles")
        held = evenly(held, settings.held_out) if len(held) else held
        rows, ids = np.concatenate([train, held]), collection.column("id")
        found: dict[int, str] = {}
        if settings.captions:
            found = table_captions(collection, rows, Path(settings.captions))
        elif folder is not None:
            found = {int(row): folder.captions[ids[row]] for row in rows
                     if ids[row] in folder.captions}  # fmt: skip
        left = [int(row) for row in rows if int(row) not in found]
        captions = found | template_captions(collection, left, settings.caption, settings.trigger)
        captions = {row: with_trigger(text, settings.trigger) for row, text in captions.items()}
        weights = np.ones(len(collection))
        if folder is not None:
            weights = np.array([float(folder.repeats[name]) for name in ids])
        listed = [[ids[row], text] for row, text in sorted(captions.items())]
        digest = fingerprint(captions=listed)[:16]
        return cls(train, held, captions, weights, collection.labels, len(found), digest)

    @property
    def pictures(self) -> int:
        """Training pictures in a pass, each as often as it is repeated."""
        return int(self.weights[self.train].sum())

    def shares(self, sampling: Sampled) -> NDArray[np.float64]:
        """Draws of each training picture an epoch: by its repeats, or by its style's share."""
        own = self.weights[self.train]
        if len(set(own.tolist())) > 1:
            return own
        labels = self.labels[self.train]
        counts = np.bincount(labels)
        return np.asarray((sampled_shares(sampling, counts) / np.maximum(counts, 1))[labels])


@dataclass(frozen=True, slots=True)
class Material:
    """The pictures and words of a training.

    Attributes:
        taught: rows, captions and weights.
        originals: where the files are that are larger than what is stored.
        changed: rows whose original has another content than when it was prepared.
        shapes: heights and widths in pixels, and ``shape_of`` each row's place among them.
    """

    taught: Taught
    originals: Originals
    changed: list[int]
    shapes: list[buckets.Shape]
    shape_of: Rows

    @classmethod
    def of(
        cls, taught: Taught, collection: Collection, settings: LoraSettings, step: int
    ) -> "Material":
        """Find the originals of the pictures; sides are multiples of ``step``.

        Raises:
            SettingsError: the resolution is no multiple of ``step``.
        """
        if settings.resolution % step:
            raise SettingsError(
                f"resolution={settings.resolution} must be a multiple of {step} for {settings.base}"
            )
        rows = np.concatenate([taught.train, taught.held]).tolist()
        originals, changed = Originals.of(collection).verified(rows)
        shapes = buckets.shapes(
            settings.resolution, step, several=settings.buckets and bool(originals.known)
        )
        sizes = zip(collection.column("height"), collection.column("width"), strict=True)
        known = [size if row in originals.known else (None, None) for row, size in enumerate(sizes)]
        return cls(taught, originals, changed, shapes, buckets.assign(known, shapes))

    @property
    def digest(self) -> str:
        """Digest of the originals: which of them are there with the content that was prepared."""
        hashes = self.originals.hashes
        there = [[row, hashes[row]] for row in self.rows.tolist() if row in self.originals.known]
        return fingerprint(originals=there)[:16]

    @property
    def rows(self) -> Rows:
        """All rows, ascending."""
        return np.sort(np.concatenate([self.taught.train, self.taught.held]))

    def enlarged(self) -> int:
        """Number of pictures with fewer pixels than they are trained at."""
        collection, count = self.originals.collection, 0
        sizes = list(zip(collection.column("height"), collection.column("width"), strict=True))
        stored = collection.pixels.shape[1:3]
        for row in self.rows:
            size = sizes[row] if row in self.originals.known else stored
            shape = self.shapes[self.shape_of[row]]
            count += min(size[0] / shape[0], size[1] / shape[1]) < 1
        return count

    def drawn(self, index: int, settings: LoraSettings) -> tuple[Rows, NDArray[np.bool_], Rows]:
        """Draw a batch by its number: rows of one shape, dropped captions, and a seed for each row.

        First a shape is drawn by the summed weights of its pictures, then pictures of that shape.
        So a picture's chance depends on its style, or its repeats, alone.
        """
        generator = np.random.default_rng([settings.seed, 1, index])
        share = self.taught.shares(settings.sampling)
        place = self.shape_of[self.taught.train]
        by_shape = np.bincount(place, weights=share)
        shape = generator.choice(len(by_shape), p=by_shape / by_shape.sum())
        inside = np.flatnonzero(place == shape)
        chosen = generator.choice(
            inside, settings.batch_size, p=share[inside] / share[inside].sum()
        )
        silent = generator.random(settings.batch_size) < settings.caption_dropout
        return (
            self.taught.train[chosen],
            silent,
            generator.integers(2**62, size=settings.batch_size),
        )


class Library:
    """Latents and text embeddings of a training, cached in a folder."""

    def __init__(
        self, base: Base, material: Material, settings: LoraSettings, folder: Path
    ) -> None:
        self.base, self.material, self.settings = base, material, settings
        rows, place = material.rows, material.shape_of
        depends = {
            "base": base.fingerprint,
            "collection": material.originals.collection.fingerprint,
            "originals": material.digest,
            "resolution": settings.resolution,
            "buckets": settings.buckets,
            "rows": rows.tolist(),
        }
        home = address(folder, depends)
        self.rows = [rows[place[rows] == shape] for shape in range(len(material.shapes))]
        self.latents = [
            Shelf(home, f"latents-{h}x{w}", len(inside))
            for (h, w), inside in zip(material.shapes, self.rows, strict=True)
        ]
        prior = [settings.prior_prompt] if settings.prior_weight else []
        self.words = sorted({"", *prior, *(material.taught.captions[int(row)] for row in rows)})
        home_of_text = address(folder, {"base": base.fingerprint, "captions": self.words})
        self.text = Shelf(
            home_of_text, "embeddings", 0 if settings.text_encoder else len(self.words)
        )
        depends_prior = {
            "base": base.fingerprint,
            "resolution": settings.resolution,
            "prior": prior,
            "seed": settings.seed,
        }
        count = settings.prior_pictures if prior else 0
        self.prior = Shelf(address(folder, depends_prior) if prior else home, "prior", count)
        self.place = {int(row): number for inside in self.rows for number, row in enumerate(inside)}
        self.word = {word: number for number, word in enumerate(self.words)}

    def fill(self, accelerator: Accelerator, *, progress: bool) -> None:
        """Make all rows that are missing; the processes share the work.

        Raises:
            OutputError: the disk has no room for it.
        """
        share = accelerator.process_index, accelerator.num_processes
        shown, pipeline = progress and accelerator.is_main_process, self.base.pipeline
        with torch.no_grad():
            if any(shelf.missing() for shelf in self.latents):
                # In float32: some autoencoders overflow in half precision
                vae = pipeline.vae.to(accelerator.device, torch.float32)
                with progress_bar(
                    "latents", sum(len(s.missing()) for s in self.latents) * 32, shown=shown
                ) as advance:
                    for shape, shelf in enumerate(self.latents):
                        shelf.fill(partial(self._encode, vae, shape), advance, share)
            if self.text.missing():
                for name in [
                    name for name in pipeline.components if name.startswith("text_encoder")
                ]:
                    if getattr(pipeline, name) is not None:
                        getattr(pipeline, name).to(accelerator.device)
                with progress_bar(
                    "embeddings", len(self.text.missing()) * 32, shown=shown
                ) as advance:
                    self.text.fill(
                        lambda start, stop: self.embedded(self.words[start:stop]), advance, share
                    )
            if self.prior.missing():
                pipeline.to(accelerator.device)
                with progress_bar(
                    "the base's own pictures", self.prior.count, shown=shown
                ) as advance:
                    self.prior.fill(self._own, advance, share)
        accelerator.wait_for_everyone()

    def latent(self, row: int) -> Tensor:
        """A painting's latent, ``(C, h, w)``."""
        shape = int(self.material.shape_of[row])
        return self.latents[shape].row(self.place[int(row)])["latent"]

    def embeddings(self, captions: list[str]) -> Mapping[str, Tensor]:
        """Embeddings of captions from the cache."""
        rows = [self.text.row(self.word[caption]) for caption in captions]
        return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}

    def embedded(self, captions: list[str]) -> dict[str, Tensor]:
        """Encode captions now, without the cache."""
        return self.base.family.encode(self.base.pipeline, captions)

    def _encode(self, vae: Any, shape: int, start: int, stop: int) -> dict[str, Tensor]:
        size, rows = self.material.shapes[shape], self.rows[shape][start:stop]
        pixels = np.stack([self.material.originals.picture(int(row), size) for row in rows])
        x = float_tensor(pixels, vae.device)
        # The mode, since the distribution's deviation is next to 0
        parts = [vae.encode(part).latent_dist.mode() for part in torch.split(x, 8)]
        shift = getattr(vae.config, "shift_factor", None) or 0.0
        return {"latent": (torch.cat(parts) - shift) * vae.config.scaling_factor}

    def _own(self, start: int, stop: int) -> dict[str, Tensor]:
        side, seeds = self.settings.resolution, range(start, stop)
        how = Sampling(PRIOR_STEPS, self.settings.guidance, (side, side))
        words = {"prompt": [self.settings.prior_prompt] * len(seeds)}
        return {
            "latent": torch.stack(
                sample(self.base.pipeline, words, seeds, how, output_type="latent")
            )
        }
