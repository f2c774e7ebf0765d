"""Distances between sets of embeddings (kernel distance) and between colours (CIE L*a*b*)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from impasto.numerics.bootstrap import LEVEL, Score

Floats = NDArray[np.float64]
Embeddings = NDArray[np.float32]
Labels = NDArray[np.int64]
Pixels = NDArray[np.uint8]
LEAST: Final = 3  # pictures, or units, of each set from which a distance has an interval


@dataclass(frozen=True, slots=True)
class DistanceEstimate:
    """A distance of two samples, and what each unit adds to its error.

    Attributes:
        value: the distance.
        errors: what each unit adds, ``float64 (units,)``; the variance is the sum of their squares.
        freedom: degrees of freedom of that variance.
    """

    value: float
    errors: Floats
    freedom: float

    @property
    def interval(self) -> Score:
        """The 95 % interval of Student's t; below zero where the distance may be none."""
        wide = float(t.ppf((1 + LEVEL) / 2, self.freedom) * np.sqrt(np.square(self.errors).sum()))
        return {"value": self.value, "low": self.value - wide, "high": self.value + wide}

    def less(self, other: "DistanceEstimate") -> "DistanceEstimate":
        """The difference of two distances, paired: what a unit adds to both cancels out."""
        count = max(len(self.errors), len(other.errors))
        return DistanceEstimate(
            self.value - other.value,
            _padded(self.errors, count) - _padded(other.errors, count),
            min(self.freedom, other.freedom),
        )


def mean_distance(distances: Sequence[DistanceEstimate]) -> DistanceEstimate:
    """The mean of distances whose units are numbered alike."""
    count = max(len(one.errors) for one in distances)
    variances = np.array([np.square(one.errors).sum() for one in distances])
    freedoms = np.array([one.freedom for one in distances])
    return DistanceEstimate(
        float(np.mean([one.value for one in distances])),
        np.mean([_padded(one.errors, count) for one in distances], axis=0),
        _freedom(variances, freedoms),
    )


def kernel_distance(
    made: Embeddings,
    real: Embeddings,
    made_units: Labels | None = None,
    real_units: Labels | None = None,
) -> DistanceEstimate | None:
    """Squared maximum mean discrepancy of two sets ``(N, D)`` and ``(M, D)``, unbiased.

    The cubic kernel of the kernel inception distance (Bińkowski et al. 2018, arXiv:1801.01401), on
    other embeddings than Inception's: comparable within one classifier only. Pairs of pictures of
    one unit are left out within a set, as a picture's pair with itself is: two pictures by one
    artist are alike, and would make sets of few artists seem apart. The variance is the
    jackknife's over units (Arvesen 1969, "Jackknifing U-statistics").

    Args:
        made: pictures of one set.
        real: pictures of the other.
        made_units: the unit of each, ``int64 (N,)``, such as the number of its artist; ``None``:
            each picture is one. A set of fewer than three units is taken picture by picture.
        real_units: likewise; equal numbers are one unit in both sets.

    Returns:
        ``None`` with fewer than three pictures of either.
    """
    if min(len(made), len(real)) < LEAST:
        return None
    first = np.arange(len(made)) if made_units is None else made_units
    apart = int(first.max()) + 1
    second = apart + np.arange(len(real)) if real_units is None else real_units
    past = max(apart, int(second.max()) + 1)
    first, second = _enough_units(first, past), _enough_units(second, past + len(made))
    x, y = (_Sample.make(units) for units in (first, second))
    a, b = made.astype(np.float64), real.astype(np.float64)
    inside_x, without_x = x.within(_kernel(a, a))
    inside_y, without_y = y.within(_kernel(b, b))
    across = y.sums(x.sums(_kernel(a, b)).T).T  # (units of x, units of y)
    whole, pairs = across.sum(), len(a) * len(b)
    apart_x = without_x - 2 * (whole - across.sum(1)) / ((len(a) - x.sizes) * len(b))
    apart_y = without_y - 2 * (whole - across.sum(0)) / ((len(b) - y.sizes) * len(a))
    errors = np.zeros(max(first.max(), second.max()) + 1)
    variances = []
    for sample, apart_from in ((x, apart_x), (y, apart_y)):
        count = len(sample.units)
        each = (apart_from - apart_from.mean()) * np.sqrt((count - 1) / count)
        errors[sample.units] += each
        variances.append(np.square(each).sum())
    counts = np.array([len(x.units), len(y.units)])
    return DistanceEstimate(
        float(inside_x + inside_y - 2 * whole / pairs),
        errors,
        _freedom(np.array(variances), counts - 1.0),
    )


@dataclass(frozen=True, slots=True)
class _Sample:
    """Units of a sample: their numbers and sizes ``(U,)``, and the place of each picture's."""

    units: Labels
    place: Labels
    sizes: Floats

    @classmethod
    def make(cls, units: Labels) -> "_Sample":
        names, place, sizes = np.unique(units, return_inverse=True, return_counts=True)
        return cls(names, place, sizes.astype(np.float64))

    def sums(self, values: Floats) -> Floats:
        """Sums of rows ``(N, K)`` by unit, ``(U, K)``."""
        found = np.zeros((len(self.units), values.shape[1]))
        np.add.at(found, self.place, values)
        return found

    def within(self, kernel: Floats) -> tuple[float, Floats]:
        """Mean kernel ``(N, N)`` of pairs of two units, and without each unit in turn ``(U,)``."""
        table = self.sums(self.sums(kernel).T)
        np.fill_diagonal(table, 0)
        sums, count = table.sum(1), self.sizes.sum()
        pairs = count**2 - np.square(self.sizes).sum()
        without = (sums.sum() - 2 * sums) / (pairs - 2 * self.sizes * (count - self.sizes))
        return float(sums.sum() / pairs), without


def _enough_units(units: Labels, past: int) -> Labels:
    """The units, or a number from ``past`` on for each picture where they are too few."""
    return units if len(np.unique(units)) >= LEAST else past + np.arange(len(units))


def _freedom(variances: Floats, freedoms: Floats) -> float:
    """Degrees of freedom of a sum of variances (Welch 1947, Satterthwaite 1946)."""
    parts = np.square(variances) / freedoms
    return float(variances.sum() ** 2 / parts.sum()) if parts.sum() > 0 else float(freedoms.min())


def _padded(errors: Floats, count: int) -> Floats:
    return np.pad(errors, (0, count - len(errors)))


def _kernel(a: Floats, b: Floats) -> Floats:
    return np.asarray((a @ b.T / a.shape[1] + 1) ** 3)


def colour_difference(pictures: Pixels, others: Pixels) -> Floats:
    """ΔE*ab (1976, D65) between the mean colours of pictures ``(N, H, W, 3)``; 2 is visible."""
    return np.asarray(np.linalg.norm(lab(pictures).mean((1, 2)) - lab(others).mean((1, 2)), axis=1))


def lab(pictures: Pixels) -> Floats:
    """CIE L*a*b* of sRGB ``uint8`` (IEC 61966-2-1, CIE 15:2004), the same shape."""
    values = pictures.astype(np.float64) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ matrix.T / matrix.sum(1)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), -1)
