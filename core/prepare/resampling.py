"""Interpolation at fractional pixel positions, written so that results cannot depend on windows.

Positions are in pixels of the whole source, with 0 at its upper left corner and 0.5 at the first
pixel's centre. A window of the source comes with its place in the whole, so a tap's weight is
computed from the same two numbers whichever window it was read in. GDAL's warper approximates
positions over the window it is given (0.125 pixels by default), which shows as seams.

No data has no weight: the remaining weights are renormalised. A result is NaN where the source
pixel at the position itself is no data (`average`: where less than half of the footprint has any),
so that no data neither spreads nor shrinks.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.raster import Pixels
from core.scene import Resampled

Positions = NDArray[np.float64]
EDGE = 1e-6
"""Pixels: a position this close below a pixel's edge counts as on it, whatever the rounding."""


class Patch(NamedTuple):
    """Source pixels and where their upper left pixel is in the whole source."""

    pixels: Pixels
    row: int
    col: int


class Tap(NamedTuple):
    """One neighbour of every position along one axis."""

    pixel: NDArray[np.intp]
    """Into the patch, clipped to it."""
    weight: NDArray[np.float64]
    """0 outside the patch."""


def reach(how: Resampled, scale: float) -> float:
    """Return how many source pixels away from a position its value may come from.

    `scale` is how many source pixels one target pixel spans; kernels widen when it exceeds 1.
    """
    widened = max(1.0, scale)
    radius = {Resampled.BILINEAR: 1.0, Resampled.CUBIC: 2.0, Resampled.AVERAGE: 0.5}
    return radius.get(how, 0.5) * widened


def resample(
    patch: Patch, rows: Positions, cols: Positions, how: Resampled, scale: tuple[float, float]
) -> Pixels:
    """Return (band, row, col) values at positions; `rows` and `cols` broadcast to (row, col).

    `scale` is how many source pixels a target pixel spans along rows and columns.
    """
    height, width = patch.pixels.shape[1:]
    own_row = _own(rows, patch.row, height)
    own_col = _own(cols, patch.col, width)
    at_position = patch.pixels[:, own_row.pixel, own_col.pixel]
    inside = (own_row.weight * own_col.weight) > 0
    if how is Resampled.NEAREST:
        return np.where(inside, at_position, np.float32(np.nan))
    taps = _box_taps if how is Resampled.AVERAGE else _kernel_taps(how)
    filled = np.nan_to_num(patch.pixels, nan=0.0)
    known = np.isfinite(patch.pixels)
    total = np.zeros(at_position.shape)
    mass = np.zeros(at_position.shape)
    across = list(taps(cols, patch.col, width, scale[1]))
    for down in taps(rows, patch.row, height, scale[0]):
        for right in across:
            weight = down.weight * right.weight
            total += weight * filled[:, down.pixel, right.pixel]
            mass += weight * known[:, down.pixel, right.pixel]
    enough = mass >= 0.5 - EDGE if how is Resampled.AVERAGE else inside & ~np.isnan(at_position)
    values: Pixels = np.full(at_position.shape, np.nan, np.float32)
    np.divide(total, mass, out=values, where=enough, casting="same_kind")
    return values


def _own(positions: Positions, start: int, size: int) -> Tap:
    return _tap(np.floor(positions + EDGE).astype(np.intp), np.ones(1), start, size)


def _tap(pixel: NDArray[np.intp], weight: NDArray[np.float64], start: int, size: int) -> Tap:
    index = pixel - start
    inside = (index >= 0) & (index < size)
    return Tap(np.clip(index, 0, size - 1), np.where(inside, weight, 0.0))


Taps = Callable[[Positions, int, int, float], Iterator[Tap]]


def _kernel_taps(how: Resampled) -> Taps:
    """Return the taps of a kernel, widened when the source is finer than the target."""
    kernel = _triangle if how is Resampled.BILINEAR else _cubic

    def taps(positions: Positions, start: int, size: int, scale: float) -> Iterator[Tap]:
        widened = max(1.0, scale)
        radius = reach(how, scale)
        count = math.ceil(2 * radius)
        first = np.ceil(positions - radius - 0.5).astype(np.intp)
        offsets = [first + number for number in range(count)]
        weights = [kernel((pixel + 0.5 - positions) / widened) for pixel in offsets]
        whole = sum(weights)
        for pixel, weight in zip(offsets, weights, strict=True):
            yield _tap(pixel, weight / whole, start, size)

    return taps


def _box_taps(positions: Positions, start: int, size: int, scale: float) -> Iterator[Tap]:
    """Yield the pixels a target pixel covers, weighted by the covered share of its side."""
    half = max(1.0, scale) / 2
    low, high = positions - half, positions + half
    first = np.floor(low).astype(np.intp)
    for number in range(math.ceil(2 * half) + 1):
        pixel = first + number
        covered = np.minimum(pixel + 1, high) - np.maximum(pixel, low)
        yield _tap(pixel, np.maximum(covered, 0.0) / (2 * half), start, size)


def _triangle(distance: Positions) -> Positions:
    return np.maximum(0.0, 1.0 - np.abs(distance))


def _cubic(distance: Positions) -> Positions:
    """Cubic convolution with a = -0.5 (Keys 1981, doi 10.1109/TASSP.1981.1163711)."""
    x = np.abs(distance)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
