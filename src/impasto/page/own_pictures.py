"""A visitor's own picture: its styles, its place on the map, and itself in other styles.

Pictures are held in memory while they are looked at, and kept nowhere.
"""

import base64
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto.collection.collection import open_collection
from impasto.devices import threads_of_batches
from impasto.embedding.add_images import StoredAtlas
from impasto.errors import ImpastoError, InputError, RunError
from impasto.evaluation.predict import Predictor, PredictSettings
from impasto.generate.repaint import PatchSettings, RepaintSettings, Stylist, target_weights
from impasto.generate.user_pictures import UserPicture, with_proportions
from impasto.images.decode import decode, dimensions
from impasto.records.run import Run, RunKind, open_run

Pixels = NDArray[np.uint8]
Announce = Callable[[str], None]
MEGAPIXELS: Final = 64
"""Of a picture, at most."""
NEIGHBOURS: Final = 8
PLACED_BY: Final = 5
"""Nearest paintings whose mean place a picture takes on a map."""
PAINTED: Final = 256
"""Pixels of the shorter side of a painted picture."""


@dataclass(frozen=True)
class Recognition:
    """The classifier of a study, and the atlas of its embeddings where there is one."""

    predictor: Predictor
    atlas: StoredAtlas | None

    @classmethod
    def open(cls, study: Path, on_skip: Announce) -> "Recognition | None":
        """Open the first trained classifier of a study; ``None`` without one.

        One with an atlas comes before one without.

        Args:
            study: the study's folder.
            on_skip: called with a line about what cannot be opened, or is not evaluated.
        """
        runs = sorted(
            _runs(study, "classifier", on_skip),
            key=lambda run: not (run.path / "atlas" / "atlas.json").is_file(),
        )
        for run in runs:
            try:
                predictor = Predictor.open(run.path, PredictSettings(), on_skip)
            except ImpastoError as error:
                on_skip(f"{run.path.name} is left out: {error}")
                continue
            try:
                return cls(predictor, StoredAtlas.of_run(run))
            except ImpastoError as error:
                on_skip(f"pictures get no place on the map: {error}")
                return cls(predictor, None)
        return None

    @property
    def threads(self) -> int:
        """Threads in which pictures are best recognised at once."""
        return threads_of_batches(self.predictor.network.accelerator.device)

    def decoded(self, data: bytes) -> Pixels:
        """Decode a picture as the classifier takes it, ``uint8 (size, size, 3)``.

        Raises:
            InputError: it is no picture, or has too many pixels.
        """
        _require_size(data)
        return decode(data, self.predictor.size, self.predictor.fit).pixels

    def recognise(self, pictures: Sequence[Pixels]) -> list[dict[str, Any]]:
        """Answers for pictures: styles, the place on each map, the nearest paintings and heat."""
        pixels = np.stack(pictures)
        names = [Path(f"picture-{number}") for number in range(len(pixels))]
        found = self.predictor.explain(names, pixels)
        places = self._places(found.embeddings)
        answers = []
        for prediction, place, heat in zip(found.predictions, places, found.heat, strict=True):
            data = prediction.as_data()
            wanted = ("style", "probabilities", "set", "in_distribution")
            answer = {name: data[name] for name in wanted}
            answers.append({**answer, **place, "heat": _png(Image.fromarray(_bytes(heat)))})
        return answers

    def _places(self, embeddings: NDArray[np.float32]) -> list[dict[str, Any]]:
        """The nearest paintings of each picture, and the mean of their places on each map."""
        if self.atlas is None:
            return [{} for _ in embeddings]
        atlas, ids = self.atlas, self.atlas.table["id"]
        near, cosines = atlas.neighbours(atlas.prepare(embeddings), NEIGHBOURS)
        found = []
        for rows, values in zip(near.tolist(), cosines.tolist(), strict=True):
            neighbours = [
                {"id": ids[row].as_py(), "row": row, "cosine": round(cosine, 4)}
                for row, cosine in zip(rows, values, strict=True)
            ]
            places = {
                name: points[rows[:PLACED_BY]].mean(0).tolist()
                for name, points in self._maps.items()
            }
            run = atlas.folder.parent.name
            found.append({"run": run, "neighbours": neighbours, "places": places})
        return found

    @cached_property
    def _maps(self) -> dict[str, NDArray[np.float32]]:
        """The paintings' places on each map, ``float32 (N, 2)``."""
        assert self.atlas is not None
        return {row.name: self.atlas.points(row.name) for row in self.atlas.content.maps}


@dataclass(frozen=True, slots=True)
class PaintJob:
    """A picture to paint.

    Attributes:
        data: its file's content.
        style: target style.
        strength: from 0, the picture itself, to 1.
    """

    data: bytes
    style: str
    strength: float


@dataclass(frozen=True, slots=True)
class Studio:
    """The painter of a study with patches of its paintings; patches alone where none is trained."""

    styles: tuple[str, ...]
    painter: str | None
    stylist: Stylist

    @classmethod
    def open(cls, study: Path, on_skip: Announce) -> "Studio | None":
        """Open the first trained painter of a study, or its collection; ``None`` without either.

        Args:
            study: the study's folder.
            on_skip: called with a line about what cannot be opened.
        """
        for run in _runs(study, "painter", on_skip):
            try:
                stylist = Stylist.of_run(run, RepaintSettings(pixels=PAINTED))
            except ImpastoError as error:
                on_skip(f"{run.path.name} is left out: {error}")
                continue
            return cls(run.styles, run.path.name, stylist)
        try:
            collection = open_collection(study / "collection")
            stylist = Stylist.of_collection(collection, PatchSettings(pixels=PAINTED))
        except ImpastoError as error:
            on_skip(f"no pictures are painted: {error}")
            return None
        return cls(collection.vocabulary.styles, None, stylist)

    def paint(self, jobs: Sequence[PaintJob]) -> list[bytes]:
        """Painted pictures as JPEG files."""
        return [self._paint(job) for job in jobs]

    def _paint(self, job: PaintJob) -> bytes:
        pixels = with_proportions(job.data, self.stylist.short, longest=4 * PAINTED)
        mark = hashlib.sha256(job.data).hexdigest()
        picture = UserPicture("picture", Path("picture"), pixels, mark)
        wanted = {"styles": (job.style,), "strength": job.strength}
        settings = self.stylist.settings.model_copy(update=wanted)
        (weights,) = target_weights(self.styles, settings).values()
        made = replace(self.stylist, settings=settings).paint(picture, weights)
        buffer = io.BytesIO()
        Image.fromarray(made.pixels).save(buffer, "JPEG", quality=92)
        return buffer.getvalue()

    def require(self, job: PaintJob) -> None:
        """Check a job before it waits.

        Raises:
            InputError: the style is unknown, or the picture has too many pixels or is none.
        """
        if job.style not in self.styles:
            raise InputError(f"no such style: {job.style[:60]}")
        _require_size(job.data)


def _runs(study: Path, kind: RunKind, on_skip: Announce) -> list[Run]:
    """The trained runs of a kind in a study, by name."""
    found = []
    for path in sorted((study / "runs").glob("*/run.json")):
        try:
            run = open_run(path.parent)
        except RunError as error:
            on_skip(f"{path.parent.name} is left out: {error}")
            continue
        if run.kind == kind and run.state == "done":
            found.append(run)
    return found


def _require_size(data: bytes) -> None:
    width, height = dimensions(data)
    if width * height > MEGAPIXELS * 10**6:
        raise InputError(f"the picture has more than {MEGAPIXELS} megapixels: send a smaller one")


def _bytes(heat: NDArray[np.floating]) -> Pixels:
    return np.asarray((heat * 255).round(), np.uint8)


def _png(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)  # 13 % larger, in a sixth of the time
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
