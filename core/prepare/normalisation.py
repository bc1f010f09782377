"""Normalisation learned from training pixels only, kept with the fitted method and undone after."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from bandweave.errors import MethodError
from bandweave.problem import Flags
from bandweave.raster.grid import BLOCK, Pixels, Raster, Window

Kind = Literal["min-max", "percentile", "fixed"]
KINDS: tuple[str, ...] = get_args(Kind)
PERCENTILES = (1.0, 99.0)
_BINS = 1 << 16

Where = Callable[[Window], Flags]
"""Which pixels of a window may be used."""


@dataclass(frozen=True)
class Normalisation:
    """Maps each band linearly so that `lower` becomes 0 and `upper` 1; values may lie outside."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what is not a pair of bounds a band."""
        if len(self.lower) != len(self.upper):
            raise ValueError("it has not as many upper bounds as lower ones")

    def apply(self, pixels: Pixels) -> Pixels:
        """Return (band, row, col) pixels on the normalised scale."""
        lower, upper = self._columns()
        normalised: Pixels = ((pixels - lower) / (upper - lower)).astype(np.float32)
        return normalised

    def undo(self, pixels: Pixels) -> Pixels:
        """Return normalised pixels in the bands' own unit."""
        lower, upper = self._columns()
        restored: Pixels = (pixels * (upper - lower) + lower).astype(np.float32)
        return restored

    def band(self, index: int) -> "Normalisation":
        """Return the normalisation of one band."""
        return Normalisation((self.lower[index],), (self.upper[index],))

    def _columns(self) -> tuple[np.ndarray, np.ndarray]:
        shape = (-1, 1, 1)
        return np.array(self.lower).reshape(shape), np.array(self.upper).reshape(shape)


def fixed(lower: Sequence[float], upper: Sequence[float]) -> Normalisation:
    """Return the normalisation of stated ranges."""
    return Normalisation(tuple(lower), tuple(upper))


def min_max(raster: Raster, where: Where) -> Normalisation:
    """Return each band's smallest and largest usable value, as the paper does.

    A constant band gets a range of 1 above its value; a band without a usable pixel is refused.
    """
    count = len(raster.bands)
    lower, upper = np.full(count, np.inf), np.full(count, -np.inf)
    for values, band in _usable(raster, where):
        lower[band] = min(lower[band], float(values.min()))
        upper[band] = max(upper[band], float(values.max()))
    for band, name in enumerate(raster.bands):
        if not np.isfinite(lower[band]):
            raise MethodError(
                f"Band {name} has no pixel to learn from.",
                "Check the scene for no data, or hide a smaller share of it.",
            )
        if lower[band] == upper[band]:
            upper[band] += 1
    return Normalisation(tuple(lower.tolist()), tuple(upper.tolist()))


def percentile(
    raster: Raster, where: Where, percentiles: tuple[float, float] = PERCENTILES
) -> Normalisation:
    """Return two percentiles of each band's usable values, to 1/65536 of the band's range."""
    extent = min_max(raster, where)
    histograms = np.zeros((len(raster.bands), _BINS), dtype=np.int64)
    for values, band in _usable(raster, where):
        span = (extent.lower[band], extent.upper[band])
        histograms[band] += np.histogram(values, bins=_BINS, range=span)[0]
    cumulative = np.cumsum(histograms, axis=1)
    quantiles = []
    for share in percentiles:
        reached = cumulative >= share / 100 * cumulative[:, -1:]
        fraction = (np.argmax(reached, axis=1) + 0.5) / _BINS
        low, high = np.array(extent.lower), np.array(extent.upper)
        quantiles.append(low + fraction * (high - low))
    lower, upper = quantiles
    upper = np.where(upper > lower, upper, lower + 1)
    return Normalisation(tuple(lower.tolist()), tuple(upper.tolist()))


def _usable(raster: Raster, where: Where) -> Iterator[tuple[np.ndarray, int]]:
    """Yield the finite values that may be used, block by block and band by band."""
    for window in raster.grid.windows(BLOCK):
        pixels, allowed = raster.read(window), where(window)
        for band, values in enumerate(pixels):
            usable = values[allowed & np.isfinite(values)]
            if usable.size:
                yield usable, band
