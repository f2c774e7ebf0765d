"""Training data of a LoRA: cached latents and text embeddings, and batches of them."""

from collections.abc import Mapping, Sequence
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
from impasto.diffusion.captions import (
    fill,
    style_words,
    table_captions,
    template_captions,
    with_trigger,
)
from impasto.diffusion.families import Row
from impasto.diffusion.memory import Together, memory_advice, place, release
from impasto.diffusion.sampling import Sampling, sample
from impasto.errors import CollectionError, SettingsError
from impasto.images.tensors import float_tensor
from impasto.progress import progress_bar
from impasto.state.fingerprint import fingerprint
from impasto.training.imbalance import sampled_shares
from impasto.training.lora.cache import CHUNK, Shelf, address
from impasto.training.lora.folder import TrainingFolder
from impasto.training.lora.settings import STYLES_SHOWN, LoraSettings, Sampled

Rows = NDArray[np.int64]
PRIOR_STEPS: Final = 30  # of the sampler behind the base's own pictures
MOST_CROPPED: Final = 0.3  # share of a picture that may be lost without a finding


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
        """Relative frequency of each training picture: by its repeats, or by its style's share."""
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
        styles: those that are taught.
        originals: where the files are that are larger than what is stored.
        changed: rows whose original has another content than when it was prepared.
        shapes: heights and widths in pixels, and ``shape_of`` each row's place among them.
    """

    taught: Taught
    styles: list[str]
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
        styles = list(settings.styles or collection.vocabulary.styles)
        return cls(taught, styles, originals, changed, shapes, buckets.assign(known, shapes))

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

    def cropped(self) -> int:
        """Number of pictures that lose more than ``MOST_CROPPED`` to the proportions of a shape."""
        count = 0
        for row in self.rows.tolist():
            if row in self.originals.known:
                shape = self.shapes[self.shape_of[row]]
                count += buckets.cropped(self.originals.sizes[row], shape) > MOST_CROPPED
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
        rows, shape_of = material.rows, material.shape_of
        depends = {
            "base": base.fingerprint,
            "collection": material.originals.collection.fingerprint,
            "originals": material.digest,
            "resolution": settings.resolution,
            "buckets": settings.buckets,
            "rows": rows.tolist(),
        }
        home = address(folder, depends)
        self.rows = [rows[shape_of[rows] == shape] for shape in range(len(material.shapes))]
        self.latents = [
            Shelf(home, f"latents-{h}x{w}", len(inside))
            for (h, w), inside in zip(material.shapes, self.rows, strict=True)
        ]
        prior = [settings.prior_prompt] if settings.prior_weight else []
        own = {material.taught.captions[int(row)] for row in rows}
        self.words = sorted({"", *prior, *own})
        home_of_text = address(folder, {"base": base.fingerprint, "captions": self.words})
        count = 0 if settings.text_encoder else len(self.words)
        self.text = {
            name: Shelf(home_of_text, name, count)
            for name in base.family.encoders_of(base.pipeline)
        }
        self.exact: dict[str, list[Row]] = {}
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

        One network at a time is on the device. The autoencoder goes back to the processor's memory
        for previews; a text encoder that is not trained is given up once it has read all captions.

        Raises:
            OutputError: the disk has no room for it.
            RunError: memory does not suffice.
        """
        share = accelerator.process_index, accelerator.num_processes
        shown, pipeline = progress and accelerator.is_main_process, self.base.pipeline
        with torch.no_grad():
            if self.prior.missing():
                self._fill_prior(accelerator, share, shown=shown)
            if any(shelf.missing() for shelf in self.latents):
                self._fill_latents(accelerator.device, share, shown=shown)
            for name, shelf in self.text.items():
                if shelf.missing() or self._previewed():
                    self._fill_text(name, shelf, accelerator.device, share, shown=shown)
        if not self.settings.text_encoder:
            pipeline.register_modules(**dict.fromkeys(self.text))
            release()
        accelerator.wait_for_everyone()

    def _fill_latents(self, device: torch.device, share: tuple[int, int], *, shown: bool) -> None:
        count = sum(len(shelf.missing()) for shelf in self.latents) * CHUNK
        together = Together(device)
        # In float32: some autoencoders overflow in half precision
        before = self.base.pipeline.vae.dtype
        with (
            memory_advice("encoding pictures", f"lower resolution={self.settings.resolution}, or "
                          "encode on the processor with --device cpu once and share cache=…"),
            progress_bar("latents", count, shown=shown) as advance,
        ):  # fmt: skip
            vae = self.base.pipeline.vae.to(device, torch.float32)
            for shape, shelf in enumerate(self.latents):
                shelf.fill(partial(self._encode, vae, shape, together), advance, share)
        self.base.pipeline.vae.to("cpu", before)
        release()

    def _fill_text(
        self, name: str, shelf: Shelf, device: torch.device, share: tuple[int, int], *, shown: bool
    ) -> None:
        family, pipeline = self.base.family, self.base.pipeline
        advice = f"the base's {name} does not fit: encode with --device cpu once and share cache=…"
        if name in family.optional:
            advice += f", or leave it out with --set 'without=[\"{name}\"]'"
        with (
            memory_advice("encoding captions", advice),
            progress_bar("embeddings", len(shelf.missing()) * CHUNK, shown=shown) as advance,
        ):
            if not _is_quantised(getattr(pipeline, name)):
                getattr(pipeline, name).to(device)
            if previewed := self._previewed():
                rows = family.encode_with(pipeline, name, previewed)
                self.exact[name] = [{key: part.cpu() for key, part in row.items()} for row in rows]
            shelf.fill(
                lambda start, stop: family.encode_with(pipeline, name, self.words[start:stop]),
                advance,
                share,
            )
        if not _is_quantised(getattr(pipeline, name)):
            getattr(pipeline, name).to("cpu")
        release()

    def _fill_prior(self, accelerator: Accelerator, share: tuple[int, int], *, shown: bool) -> None:
        pipeline = self.base.pipeline
        with (
            memory_advice("painting the base's own pictures", "set prior_weight=0, or lower "
                          f"resolution={self.settings.resolution}"),
            progress_bar("the base's own pictures", self.prior.count, shown=shown) as advance,
        ):  # fmt: skip
            how = place(pipeline, accelerator.device, self.settings.offload)
            self.prior.fill(self._own, advance, share)
            if how != "none":
                pipeline.remove_all_hooks()
            pipeline.to("cpu")
        release()

    def _previewed(self) -> list[str]:
        """Captions whose embeddings are kept as they are, and not in half precision."""
        if self.settings.text_encoder or not self.settings.preview_every:
            return []
        return ["", *preview_captions(self.settings, self.material.styles)]

    def previewed(self) -> list[Row]:
        """Embeddings of the empty caption and of those of previews, as the encoders gave them."""
        family, pipeline = self.base.family, self.base.pipeline
        return [
            family.join(pipeline, {name: rows[number] for name, rows in self.exact.items()})
            for number in range(len(self._previewed()))
        ]

    def latent(self, row: int) -> Tensor:
        """A painting's latent, ``(C, h, w)``."""
        shape = int(self.material.shape_of[row])
        return self.latents[shape].row(self.place[int(row)])["latent"]

    def embeddings(self, captions: list[str]) -> list[Row]:
        """Embeddings of captions from the cache."""
        family, pipeline = self.base.family, self.base.pipeline
        return [
            family.join(
                pipeline,
                {name: shelf.row(self.word[caption]) for name, shelf in self.text.items()},
            )
            for caption in captions
        ]

    def _encode(
        self, vae: Any, shape: int, together: Together, start: int, stop: int
    ) -> list[dict[str, Tensor]]:
        size, rows = self.material.shapes[shape], self.rows[shape][start:stop].tolist()
        made: list[dict[str, Tensor]] = []
        while len(made) < len(rows):
            with together.measured() as count:
                part = rows[len(made) : len(made) + count]
                pixels = np.stack([self.material.originals.picture(row, size) for row in part])
                latents = self.base.family.to_latent(vae, float_tensor(pixels, vae.device))
                made += [{"latent": latent.cpu()} for latent in latents]
        return made

    def _own(self, start: int, stop: int) -> list[dict[str, Tensor]]:
        side, seeds = self.settings.resolution, range(start, stop)
        size = (side, side)
        how = Sampling(PRIOR_STEPS, self.settings.guided, size)
        made = []
        for seed in seeds:  # one at a time, as memory allows
            words = {"prompt": [self.settings.prior_prompt]}
            (latent,) = sample(self.base, words, [seed], how, output_type="latent")
            own = self.base.family.from_sampled(self.base.pipeline, latent, size)
            made.append({"latent": own.cpu()})
        return made


def _is_quantised(network: Any) -> bool:
    """Whether a network was loaded in few bits, and so lies on its device already."""
    return getattr(network, "quantization_method", None) is not None


def preview_captions(settings: LoraSettings, styles: Sequence[str]) -> list[str]:
    """The captions of previews: those of the settings, or one for each of the first styles."""
    if settings.previews is not None:
        return list(settings.previews)
    return [
        fill(settings.styled, {"prompt": None, "style": style_words(style, settings.trigger)})
        for style in styles[:STYLES_SHOWN]
    ]
