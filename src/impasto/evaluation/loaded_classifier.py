"""A trained classifier as evaluation and prediction use it.

Opened from its run folder, fed pictures in batches.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import Tensor

from impasto.config import Device
from impasto.evaluation.settings import Views
from impasto.models.classifiers import StyleNetwork
from impasto.models.course_baseline import CourseNetwork
from impasto.models.preprocess import plain
from impasto.numerics.calibration import UNSEEN
from impasto.records.run import Run, open_run
from impasto.weights import accelerator_on, classifier_of

Floats = NDArray[np.float32]
BATCH = 128


@dataclass(frozen=True, slots=True)
class Network:
    """A classifier ready to look at pictures.

    Attributes:
        run: where it comes from.
        model: in evaluation mode, on its device.
        accelerator: the processes that share the work.
        resolution: height and width that it sees, in pixels.
        prior: the styles' effective shares in its training, after what was done for the rare,
            ``float64 (styles,)``.
        shares: the styles' shares of the training pictures, likewise; neither is ever quite zero.
        adjustment: the factor τ of the log prior in its loss: so much of the prior its logits leave
            out.
    """

    run: Run
    model: StyleNetwork
    accelerator: Accelerator
    resolution: int
    prior: NDArray[np.float64]
    shares: NDArray[np.float64]
    adjustment: float

    def look(
        self, fetch: Callable[[NDArray[np.int64]], NDArray[np.uint8]], count: int, views: Views
    ) -> tuple[Floats, Floats]:
        """Logits and representations of ``count`` pictures, each process looking at its share of them.

        Args:
            fetch: pictures by position, ``uint8 (B, H, W, 3)``.
            count: how many there are.
            views: what is averaged over.

        Returns:
            ``float32 (count, styles)`` and ``float32 (count, D)``, equal on every process.
        """
        if count == 0:
            return np.empty((0, len(self.run.styles)), np.float32), np.empty((0, 0), np.float32)
        here, processes = self.accelerator.process_index, self.accelerator.num_processes
        mine = np.arange(here, count, processes)
        parts = [
            self._batch(fetch(mine[start : start + BATCH]), views)
            for start in range(0, len(mine), BATCH)
        ]
        shares = [(mine, [np.concatenate(kind) for kind in zip(*parts, strict=True)])]
        if processes > 1:
            shares = gather_object(shares)
        filled = [(rows, arrays) for rows, arrays in shares if len(rows)]
        order = np.argsort(np.concatenate([rows for rows, _ in filled]), kind="stable")
        logits, embedded = (
            np.concatenate([arrays[kind] for _, arrays in filled])[order] for kind in (0, 1)
        )
        return logits, embedded

    @torch.no_grad()
    def _batch(self, pictures: NDArray[np.uint8], views: Views) -> tuple[Floats, Floats]:
        # The course's networks take one resolution only
        scales = (1.0,) if isinstance(self.model, CourseNetwork) else views.scales
        seen = [self.input(pictures, scale) for scale in scales]
        seen += [x.flip(3) for x in seen] if views.flip else []
        embedded = torch.stack([self.model.embed(x).float() for x in seen])  # (views, B, D)
        logits = self.model.head(embedded).mean(0)
        return logits.cpu().numpy(), embedded.mean(0).cpu().numpy()

    def input(self, pictures: NDArray[np.uint8], scale: float = 1.0) -> Tensor:
        """Pictures ``uint8 (B, H, W, 3)`` as the network takes them, ``float32 (B, 3, R, R)`` in [-1, 1]."""
        resolution = (
            max(32, round(self.resolution * scale / 8) * 8) if scale != 1 else self.resolution
        )
        writable = np.require(pictures, requirements="W")  # torch warns of others
        return plain(
            torch.from_numpy(writable).permute(0, 3, 1, 2).to(self.accelerator.device), resolution
        )


def open_network(path: Path, device: Device = "auto") -> Network:
    """The classifier of a run folder, with its best weights.

    Raises:
        RunError: there is no classifier's run, it has no weights yet, or they are damaged.
        SettingsError: there is no such device.
    """
    run = open_run(path, "classifier")
    settings, facts = run.settings, run.facts
    accelerator = accelerator_on(device)
    model = classifier_of(run, accelerator.device)
    counts = np.maximum(np.asarray(facts["train_counts"], np.float64), UNSEEN)
    shares = counts / counts.sum()
    # Runs of before there were remedies to choose from have no prior of their own, and one setting
    # less deep
    prior = np.asarray(facts.get("prior", shares), np.float64)
    adjustment = float(settings.get("balance", settings)["logit_adjustment"])
    return Network(run, model, accelerator, int(settings["resolution"]), prior, shares, adjustment)
