"""Values along a straight line through a raster, at full resolution."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import RasterError
from bandweave.raster.grid import Grid, Pixels, Raster, Window

PIECE = 256
"""Pixels of the line read at once: its windows stay small even where it runs diagonally."""


class Line(NamedTuple):
    """The pixels a line passes, one a step along its longer side."""

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]

    def metres(self, grid: Grid) -> NDArray[np.float64]:
        """Return each pixel's distance from the first along the line, centre to centre."""
        width, height = grid.pixel_metres
        down = (self.rows[-1] - self.rows[0]) * height
        right = (self.cols[-1] - self.cols[0]) * width
        return np.linspace(0.0, float(np.hypot(down, right)), len(self.rows))


def line(start: tuple[int, int], end: tuple[int, int]) -> Line:
    """Return the pixels nearest to the line between two (row, col), both included."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    # halves go up, so that a line and its shifted copy pass the same pixels
    rows, cols = (
        np.floor(np.linspace(first, last, steps + 1) + 0.5).astype(np.intp)
        for first, last in zip(start, end, strict=True)
    )
    return Line(rows, cols)


def profile(raster: Raster, along: Line, bands: Sequence[str]) -> Pixels:
    """Return (band, pixel) values under a line, NaN where no data.

    Raises `RasterError` where the line leaves the grid.
    """
    rows, cols = along
    height, width = raster.grid.shape
    if min(rows.min(), cols.min()) < 0 or rows.max() >= height or cols.max() >= width:
        raise RasterError(f"The line leaves the grid of {height} x {width} pixels.")
    values: Pixels = np.empty((len(bands), len(rows)), np.float32)
    for first in range(0, len(rows), PIECE):
        piece = slice(first, first + PIECE)
        top, left = int(rows[piece].min()), int(cols[piece].min())
        size = int(rows[piece].max()) - top + 1, int(cols[piece].max()) - left + 1
        pixels = raster.read(Window(top, left, *size), bands)
        values[:, piece] = pixels[:, rows[piece] - top, cols[piece] - left]
    return values
