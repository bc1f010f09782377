"""Makes an image as a coarser sensor would have seen it, and interpolates that back.

The sensor is a Gaussian low-pass whose gain at the coarse Nyquist frequency is that of a typical
multispectral instrument (Aiazzi et al. 2006), sampled at the centres of square cells counted from
the grid's upper left corner. Back on the grid, samples are interpolated by cubic convolution, so
that both together shift nothing. Either gives the same pixel whichever window it is computed in.

Pixels without data have no weight. A cell that reaches beyond the grid is sampled from what is
inside; samples are NaN where no pixel in reach has data.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandweave.prepare.resampling import Patch, reach, resample
from bandweave.raster.grid import BLOCK, Grid, Pixels, Raster, Window, band_indices, inside
from bandweave.raster.scene import Resampled
from bandweave.raster.virtual import scratch

COARSE = "coarse"
"""Name of the layer that holds the samples, each repeated over its cell."""
GAIN = 0.3
"""At the coarse Nyquist frequency; doi 10.14358/PERS.72.5.591."""
REACH = 2.0
"""Cells between a cell's centre and the farthest pixel that counts: four standard deviations."""


def sigma(factor: int) -> float:
    """Return the Gaussian's standard deviation in pixels for cells of `factor` pixels."""
    return factor * math.sqrt(-2 * math.log(GAIN)) / math.pi


def degraded(raster: Raster, factor: int) -> Pixels:
    """Return the samples (band, cell row, cell col) of a raster, streaming over it."""
    from bandweave.prepare import degradation_kernels as compiled

    rows, cols = (-(-size // factor) for size in raster.grid.shape)
    samples = scratch((len(raster.bands), rows, cols))
    taps, lead = _taps(factor)
    side = max(1, BLOCK // factor)
    for row in range(0, rows, side):
        for col in range(0, cols, side):
            tall, wide = min(side, rows - row), min(side, cols - col)
            cells = Window(row * factor, col * factor, tall * factor, wide * factor)
            window = _clipped(cells.grown(lead), raster.grid)
            part = np.full((len(raster.bands), tall, wide), np.nan, np.float32)
            corner = (cells.row - window.row, cells.col - window.col)
            pixels = np.ascontiguousarray(raster.read(window))
            compiled.sample(pixels, corner, factor, taps, lead, part)
            samples[:, row : row + tall, col : col + wide] = part
    return samples


def _taps(factor: int) -> tuple[NDArray[np.float64], int]:
    """Return the weights along one axis, and how many of them come before the cell."""
    centre = (factor - 1) / 2
    pixels = np.arange(math.ceil(centre - REACH * factor), math.floor(centre + REACH * factor) + 1)
    weights = np.exp(-0.5 * ((pixels - centre) / sigma(factor)) ** 2)
    return weights, int(-pixels[0])


def _clipped(window: Window, grid: Grid) -> Window:
    top, left = max(window.row, 0), max(window.col, 0)
    bottom, right = min(window.stop[0], grid.height), min(window.stop[1], grid.width)
    return Window(top, left, bottom - top, right - left)


def samples_of(repeated: Raster, factor: int) -> Pixels:
    """Return the samples (band, cell row, cell col) of a raster that repeats each over its cell."""
    rows, cols = (-(-size // factor) for size in repeated.grid.shape)
    samples = scratch((len(repeated.bands), rows, cols))
    for window in repeated.grid.windows(max(1, BLOCK // factor) * factor):
        first = repeated.read(window)[:, ::factor, ::factor]
        row, col = window.row // factor, window.col // factor
        samples[:, row : row + first.shape[1], col : col + first.shape[2]] = first
    return samples


@dataclass(frozen=True, eq=False)
class CellRaster:
    """Samples of square cells on the grid that the cells were counted on."""

    samples: Pixels
    """(band, cell row, cell col)."""
    factor: int
    """A cell's side in pixels."""
    grid: Grid
    bands: tuple[str, ...]
    how: Resampled
    """`NEAREST` repeats each sample over its cell, `CUBIC` interpolates between them."""

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands; NaN in empty cells."""
        window = inside(self.grid, window)
        whole = (self.samples.shape[1], self.samples.shape[2])
        margin = math.ceil(reach(self.how, 1 / self.factor))
        top, left = (max(0, start // self.factor - margin) for start in window[:2])
        bottom, right = (-(-stop // self.factor) + margin for stop in window.stop)
        near = self.samples[:, top:bottom, left:right][band_indices(self.bands, bands)]
        rows, cols = (
            (np.arange(start, stop) + 0.5) / self.factor
            for start, stop in zip(window[:2], window.stop, strict=True)
        )
        patch = Patch(np.asarray(near), (top, left), whole)
        scale = (1 / self.factor, 1 / self.factor)
        return resample(patch, rows[:, None], cols[None, :], self.how, scale)
