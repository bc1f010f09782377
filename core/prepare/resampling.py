"""Interpolation at fractional pixel positions, written so that results cannot depend on windows.

Positions are in pixels of the whole source, with 0 at its upper left corner and 0.5 at the first
pixel's centre. A window of the source comes with its place in the whole, so a weight is computed
from the same numbers whichever window it was read in. GDAL's warper approximates positions over
the window it is given (within 0.125 pixels by default), which shows as seams.

No data has no weight: the remaining weights are renormalised. A result is NaN where the source
pixel at the position itself is no data or there is none (`average`: where less than half of the
footprint has data), so that no data neither spreads nor shrinks.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Resampled

Positions = NDArray[np.float64]
EDGE = 1e-6
"""Pixels: a position this close below a pixel's edge counts as on it, whatever the rounding."""


class Patch(NamedTuple):
    """Source pixels, where their upper left one is in the source, and the source's shape."""

    pixels: Pixels
    corner: tuple[int, int]
    shape: tuple[int, int]


def reach(how: Resampled, scale: float) -> float:
    """Return how many source pixels away from a position its value may come from.

    `scale` is how many source pixels one target pixel spans; only the average widens with it.
    """
    fixed = {Resampled.NEAREST: 0.5, Resampled.BILINEAR: 1.0, Resampled.CUBIC: 2.0}
    return fixed.get(how, 0.5 * max(1.0, scale))


def resample(
    patch: Patch, rows: Positions, cols: Positions, how: Resampled, scale: tuple[float, float]
) -> Pixels:
    """Return (band, row, col) values at positions, NaN outside the source.

    `rows` and `cols` broadcast to (row, col); the patch holds all pixels within `reach` of them.
    `scale` is how many source pixels a target pixel spans along rows and columns.
    """
    if how is Resampled.NEAREST:
        return _nearest(patch, rows, cols)
    from bandweave.prepare import resampling_kernels as compiled

    kernels = {
        Resampled.BILINEAR: compiled.TRIANGLE,
        Resampled.CUBIC: compiled.CUBIC,
        Resampled.AVERAGE: compiled.BOX,
    }
    shape = np.broadcast_shapes(rows.shape, cols.shape)
    values: Pixels = np.full((len(patch.pixels), *shape), np.nan, np.float32)
    compiled.interpolate(
        np.ascontiguousarray(patch.pixels),
        patch.corner,
        patch.shape,
        np.ascontiguousarray(rows),
        np.ascontiguousarray(cols),
        kernels[how],
        (reach(how, scale[0]), reach(how, scale[1])),
        EDGE,
        values,
    )
    return values


def _nearest(patch: Patch, rows: Positions, cols: Positions) -> Pixels:
    taken, inside = [], []
    for positions, corner, whole, held in zip(
        (rows, cols), patch.corner, patch.shape, patch.pixels.shape[1:], strict=True
    ):
        pixel = np.floor(positions + EDGE).astype(np.intp)
        inside.append((pixel >= 0) & (pixel < whole))
        taken.append(np.clip(pixel - corner, 0, held - 1))
    values: Pixels = patch.pixels[:, taken[0], taken[1]]
    return np.where(inside[0] & inside[1], values, np.float32(np.nan))
