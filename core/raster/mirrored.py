"""Reading beyond a raster's edges: its pixels mirrored, as often as needed."""

import numpy as np

from bandweave.raster.grid import Pixels, Raster, Window


def read_reflected(raster: Raster, window: Window) -> Pixels:
    """Read a window that may reach beyond the raster, mirrored about the edge pixels."""
    height, width = raster.grid.shape
    rows = _reflected(window.row, window.height, height)
    cols = _reflected(window.col, window.width, width)
    top, left = int(rows.min()), int(cols.min())
    inside = Window(top, left, int(rows.max()) - top + 1, int(cols.max()) - left + 1)
    pixels = raster.read(inside)
    if inside == window:
        return pixels
    return pixels[:, (rows - top)[:, None], cols - left]


def _reflected(start: int, count: int, size: int) -> np.ndarray:
    """Return indices into 0..size-1 for start..start+count-1, mirrored as often as needed."""
    if size == 1:
        return np.zeros(count, dtype=np.intp)
    period = 2 * (size - 1)
    folded = np.arange(start, start + count) % period
    return np.minimum(folded, period - folded)
