"""Statistics of bands and radar together, and radar brought to the scale of what it replaces.

Everything is learned in streaming passes over the known pixels where radar is known too, so that
a scene of any size takes the memory of one window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import MethodError
from bandweave.methods.radar import RANGE_DB
from bandweave.problem import TrainingPair
from bandweave.raster.grid import BLOCK, Pixels, Raster

Kind = Literal["moments", "histogram"]
FLAT_DB = 1e-4
"""Radar whose standard deviation is smaller, in decibels, is constant but for rounding."""
BINS = 1 << 16
LEVELS = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, 1025))
"""Shares of pixels at which two histograms are matched, dense where few pixels are: at the ends."""

Vector = NDArray[np.float64]


class BandStatistics(NamedTuple):
    """Means, covariances and extents of the bands and, last, of radar in decibels."""

    pixels: int
    means: Vector
    covariance: Vector
    """(variable, variable), population covariance."""
    extent: Vector
    """(variable, 2): smallest and largest value."""

    def component(self, weights: Vector, offset: float) -> tuple[float, float]:
        """Return mean and standard deviation of `offset` + `weights` x bands."""
        mean = offset + float(weights @ self.means[:-1])
        variance = float(weights @ self.covariance[:-1, :-1] @ weights)
        return mean, float(np.sqrt(max(variance, 0.0)))

    def bounds(self, weights: Vector, offset: float) -> tuple[float, float]:
        """Return two values between which `offset` + `weights` x bands lies everywhere."""
        ends = weights[:, None] * self.extent[:-1]
        return offset + float(ends.min(axis=1).sum()), offset + float(ends.max(axis=1).sum())

    @property
    def radar(self) -> tuple[float, float]:
        """Mean and standard deviation of radar, in decibels."""
        return float(self.means[-1]), float(np.sqrt(max(self.covariance[-1, -1], 0.0)))


def band_statistics(pair: TrainingPair, radar: Raster) -> BandStatistics:
    """Return the statistics of a pair's known bands and one band of radar.

    Windows are merged as in Chan, Golub and LeVeque 1983. Raises `MethodError` where no pixel has
    both.
    """
    from bandweave.methods import matching_kernels as compiled

    size = len(pair.target.bands) + 1
    extent = np.stack([np.full(size, np.inf), np.full(size, -np.inf)], axis=1)
    count, means, scatter = 0, np.zeros(size), np.zeros((size, size))
    for optical, backscatter in _windows(pair, radar):
        shift = _anywhere(optical, backscatter)
        sums, products = np.zeros(size), np.zeros((size, size))
        n = compiled.statistics_sums(optical, backscatter, shift, extent, sums, products)
        if not n:
            continue
        products = np.triu(products) + np.triu(products, 1).T
        window_means = sums / n
        difference = shift + window_means - means
        scatter += products - n * np.outer(window_means, window_means)
        scatter += np.outer(difference, difference) * (count * n / (count + n))
        means = means + difference * (n / (count + n))
        count += n
    if not count:
        raise MethodError(
            "No pixel has both radar and visible optical data.", "Check where the layers overlap."
        )
    return BandStatistics(count, means, scatter / count, extent)


def _windows(pair: TrainingPair, radar: Raster) -> Iterator[tuple[Pixels, Pixels]]:
    """Yield the known bands (band, row, col) and radar (row, col), window by window."""
    for window in radar.grid.windows(BLOCK):
        yield (
            np.ascontiguousarray(pair.target.read(window)),
            np.ascontiguousarray(radar.read(window)[0]),
        )


def _anywhere(optical: Pixels, radar: Pixels) -> Vector:
    """Return some pixel's values, 0 where the first row tells none: sums stay small about it."""
    line = np.concatenate([optical[:, 0], radar[:1]]).astype(np.float64)
    known = np.isfinite(line)
    means: Vector = np.where(known, line, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return means


@dataclass(frozen=True)
class Matching:
    """Brings radar in decibels to the scale of a component: a line, or a curve through knots."""

    slope: float = 0.0
    intercept: float = 0.0
    knots: tuple[float, ...] = ()
    """Decibels in rising order; empty where radar follows the line."""
    values: tuple[float, ...] = ()
    """The curve at the knots; it is straight between them and flat beyond."""

    def __post_init__(self) -> None:
        """Refuse a curve that is none."""
        rising = all(first < second for first, second in pairwise(self.knots))
        if len(self.knots) != len(self.values) or not rising:
            raise ValueError("its knots make no curve")

    def apply(self, radar: Pixels | Vector) -> Vector:
        """Return (row, col) radar on the component's scale; NaN stays."""
        if not self.knots:
            return radar.astype(np.float64) * self.slope + self.intercept
        matched: Vector = np.interp(radar, self.knots, self.values)
        return matched


class Component(NamedTuple):
    """What radar replaces: `offset` + `weights` x bands."""

    weights: Vector
    offset: float = 0.0


def match(
    kind: Kind,
    pair: TrainingPair,
    radar: Raster,
    known: BandStatistics,
    components: list[Component],
) -> tuple[Matching, ...]:
    """Return how radar is matched to each component; nothing where radar is constant.

    `moments` gives radar the component's mean and standard deviation; `histogram` gives it the
    component's distribution (Gonzalez and Woods, Digital Image Processing, 3.3.2). Radar that is
    the same everywhere tells nothing that could be put in place of anything.
    """
    mean, spread = known.radar
    if spread < FLAT_DB:
        return ()
    if kind == "moments":
        found = []
        for weights, offset in components:
            wanted_mean, wanted_spread = known.component(weights, offset)
            slope = wanted_spread / spread
            found.append(Matching(slope, wanted_mean - slope * mean))
        return tuple(found)
    return _curves(pair, radar, known, components)


def _curves(
    pair: TrainingPair, radar: Raster, known: BandStatistics, components: list[Component]
) -> tuple[Matching, ...]:
    """Return the curves that take radar's distribution to each component's."""
    spans = [known.bounds(*component) for component in components]
    spans = [(low, high) if high > low else (low - 0.5, low + 0.5) for low, high in spans]
    counts = np.zeros((len(components), BINS), np.int64)
    radar_counts = np.zeros(BINS, np.int64)
    for optical, backscatter in _windows(pair, radar):
        both = np.isfinite(optical).all(axis=0) & np.isfinite(backscatter)
        radar_counts += np.histogram(backscatter[both], BINS, RANGE_DB)[0]
        values = optical[:, both].astype(np.float64)
        for index, (weights, offset) in enumerate(components):
            counts[index] += np.histogram(offset + weights @ values, BINS, spans[index])[0]
    knots, place = np.unique(_quantiles(radar_counts, RANGE_DB), return_inverse=True)
    shared = np.bincount(place)
    curves = [
        np.bincount(place, _quantiles(counts[index], span)) / shared
        for index, span in enumerate(spans)
    ]
    return tuple(
        Matching(knots=tuple(knots.tolist()), values=tuple(curve.tolist())) for curve in curves
    )


def _quantiles(counts: NDArray[np.int64], span: tuple[float, float]) -> Vector:
    """Return the values that `LEVELS` of the counted pixels do not exceed."""
    edges = np.linspace(*span, BINS + 1)
    cumulative = np.concatenate([[0], np.cumsum(counts)]) / counts.sum()
    # an empty bin reaches no share; a bin with pixels reaches its own evenly
    upper = np.flatnonzero(counts) + 1
    bin_ = upper[np.minimum(np.searchsorted(cumulative[upper], LEVELS), len(upper) - 1)]
    below, reached = cumulative[bin_ - 1], cumulative[bin_]
    part = np.clip((LEVELS - below) / (reached - below), 0.0, 1.0)
    values: Vector = edges[bin_ - 1] + part * (edges[bin_] - edges[bin_ - 1])
    return values
