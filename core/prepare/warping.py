"""The one place where rasters are warped from grid to grid.

A `WarpedRaster` is computed window by window when read, and any window equals the same window of
the whole, bit for bit: a pixel's position in the source follows from its place in the whole target
grid alone. Radar is converted to power before it is warped, since decibels do not average.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rasterio import Env
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.warp import transform

from bandweave.errors import RasterError
from bandweave.prepare.resampling import Patch, Positions, reach, resample
from bandweave.raster.grid import Grid, Pixels, Raster, Window, lattice_shift
from bandweave.raster.scene import Resampled

NODE_STEP = 16
"""Target pixels between exactly transformed positions; those between are interpolated linearly,
which at 10 m is wrong by some 1e-5 pixels (Earth's curvature over 160 m; measured: below 3e-4
even in Mercator at 62 degrees north)."""
TARGET_LIMIT = 1024 * 1024
SOURCE_LIMIT = 4096 * 4096
"""Pixels computed and source pixels read at once; a window of more is computed in halves."""
OUTSIDE = -1e12
WEB_MERCATOR = CRS.from_epsg(3857)
WEB_MERCATOR_TURN = 2 * math.pi * 6_378_137.0
PROJ_ERRORS = (RasterioError, CPLE_BaseError, ValueError)
"""What rasterio raises where positions cannot be transformed."""


@dataclass(frozen=True, eq=False)
class WarpedRaster:
    """A raster on another grid, resampled when read; NaN outside the base raster.

    `NONE` as `how` needs the lattices to coincide: pixels are then copied, not computed.
    """

    base: Raster
    grid: Grid
    how: Resampled

    def __post_init__(self) -> None:
        """Refuse to call pixels native that would have to be interpolated."""
        if self.how is Resampled.NONE and lattice_shift(self.base.grid, self.grid) is None:
            raise RasterError("The grids differ by more than whole pixels; choose a resampling.")

    @property
    def bands(self) -> tuple[str, ...]:
        """The base raster's bands."""
        return self.base.bands

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the resampled pixels of a window inside the grid and of some bands."""
        window = window or self.grid.full
        bottom, right = window.stop
        if min(window[:2]) < 0 or bottom > self.grid.height or right > self.grid.width:
            raise RasterError(f"{window} reaches beyond the grid of {self.grid.shape} pixels.")
        shift = lattice_shift(self.base.grid, self.grid)
        if shift is not None:
            down, right = shift
            moved = Window(window.row + down, window.col + right, window.height, window.width)
            return _read_padded(self.base, moved, bands)
        count = len(self.bands if bands is None else bands)
        pixels: Pixels = np.full((count, window.height, window.width), np.nan, np.float32)
        self._interpolate(window, bands, pixels)
        return pixels

    def _interpolate(self, window: Window, bands: Sequence[str] | None, pixels: Pixels) -> None:
        """Fill the pixels of a window, in halves as long as it is large on either grid."""
        if window.height * window.width <= TARGET_LIMIT:
            rows, cols = source_positions(self.base.grid, self.grid, window)
            needed = self._needed(rows, cols)
            if needed is None:
                return
            if needed.height * needed.width <= SOURCE_LIMIT or window[2:] == (1, 1):
                corner = needed.row, needed.col
                patch = Patch(self.base.read(needed, bands), corner, self.base.grid.shape)
                pixels[:] = resample(patch, rows, cols, self.how, self._scale)
                return
        for half in _halves(window):
            inside = half._replace(row=half.row - window.row, col=half.col - window.col)
            rows_in, cols_in = inside.slices
            self._interpolate(half, bands, pixels[:, rows_in, cols_in])

    def _needed(self, rows: Positions, cols: Positions) -> Window | None:
        """Return the part of the source the positions can touch; None where there is none."""
        spans = []
        for positions, scale, size in zip(
            (rows, cols), self._scale, self.base.grid.shape, strict=True
        ):
            found = positions[positions > OUTSIDE / 2]
            if found.size == 0:
                return None
            margin = reach(self.how, scale) + 1
            first = max(0, math.floor(float(found.min()) - margin))
            stop = min(size, math.ceil(float(found.max()) + margin))
            if stop <= first:
                return None
            spans.append((first, stop - first))
        (row, height), (col, width) = spans
        return Window(row, col, height, width)

    @cached_property
    def _scale(self) -> tuple[float, float]:
        return pixels_spanned(self.base.grid, self.grid)


def source_positions(source: Grid, target: Grid, window: Window) -> tuple[Positions, Positions]:
    """Return the source (rows, cols) of a target window's pixel centres.

    Both broadcast to the window's shape; positions that do not exist in the source's coordinate
    system are far outside it. Longitudes are taken a turn further where the source counts them so.
    """
    rows, cols = _even_positions(source, target, window)
    if turn := _turn(source.crs):
        around = turn / source.pixel_size[0]
        there = cols > OUTSIDE / 2
        cols = np.where(there, cols + around * np.round((source.width / 2 - cols) / around), cols)
    return rows, cols


def _turn(crs: CRS) -> float:
    """Return after how many of its units a coordinate system is back at the same meridian, or 0."""
    if crs.is_geographic:
        return 360.0
    return WEB_MERCATOR_TURN if crs == WEB_MERCATOR else 0.0


def _even_positions(source: Grid, target: Grid, window: Window) -> tuple[Positions, Positions]:
    """Return positions that do not jump where longitudes begin anew."""
    target_rows = np.arange(window.row, window.row + window.height)
    target_cols = np.arange(window.col, window.col + window.width)
    if source.crs == target.crs:
        relative = ~source.transform @ target.transform
        cols = relative.c + relative.a * (target_cols + 0.5)
        rows = relative.f + relative.e * (target_rows + 0.5)
        return rows[:, None], cols[None, :]
    node_rows, share_down = _nodes(target_rows)
    node_cols, share_right = _nodes(target_cols)
    first_row, first_col = int(node_rows[0]), int(node_cols[0])
    across, down = np.meshgrid(
        np.arange(first_col, int(node_cols[-1]) + 2) * NODE_STEP + 0.5,
        np.arange(first_row, int(node_rows[-1]) + 2) * NODE_STEP + 0.5,
    )
    x, y = target.transform @ (across.ravel(), down.ravel())
    rows_at, cols_at = _transformed(source, target, np.asarray(x), np.asarray(y))
    below, beside = node_rows - first_row, node_cols - first_col
    positions = []
    for nodes in (rows_at.reshape(down.shape), cols_at.reshape(down.shape)):
        strips = nodes[below] * (1 - share_down) + nodes[below + 1] * share_down
        exact = strips[:, beside] * (1 - share_right.T) + strips[:, beside + 1] * share_right.T
        positions.append(np.where(np.isfinite(exact), exact, OUTSIDE))
    return positions[0], positions[1]


def _nodes(pixels: np.ndarray) -> tuple[np.ndarray, Positions]:
    """Return each pixel's node before it, and its share of the way to the next as a column."""
    node = pixels // NODE_STEP
    share: Positions = ((pixels - node * NODE_STEP) / NODE_STEP)[:, None]
    return node, share


def _transformed(
    source: Grid, target: Grid, x: np.ndarray, y: np.ndarray
) -> tuple[Positions, Positions]:
    middle = target.transform @ (target.width / 2, target.height / 2)
    try:
        # within an environment GDAL's own words go to the log, not to the terminal
        with Env():
            eastings, northings = transform(
                target.crs, source.crs, [*x.tolist(), middle[0]], [*y.tolist(), middle[1]]
            )
    except PROJ_ERRORS as error:
        raise RasterError(
            f"Positions in {target.crs.to_string()} cannot be found in the coordinate system "
            f"{source.crs.to_string()[:40]}: {error}.",
            "Warp the file to a common coordinate system first (gdalwarp does so).",
        ) from error
    across, up = np.asarray(eastings), np.asarray(northings)
    if (turn := _turn(source.crs)) and np.isfinite(across[-1]):
        near = np.isfinite(across)
        across[near] += turn * np.round((across[-1] - across[near]) / turn)
    cols, rows = ~source.transform @ (across[:-1], up[:-1])
    finite = np.isfinite(cols) & np.isfinite(rows)
    return np.where(finite, rows, np.nan), np.where(finite, cols, np.nan)


def pixels_spanned(source: Grid, target: Grid) -> tuple[float, float]:
    """Return how many source pixels a target pixel spans along rows and columns, mid-grid."""
    row, col = (
        target.height // 2 // NODE_STEP * NODE_STEP,
        target.width // 2 // NODE_STEP * NODE_STEP,
    )
    side = NODE_STEP + 1
    rows, cols = _even_positions(source, target, Window(row, col, side, side))
    rows, cols = np.broadcast_arrays(rows, cols)
    if rows.min() < OUTSIDE / 2:
        return 1.0, 1.0
    spans = [
        math.hypot(place[-1, 0] - place[0, 0], place[0, -1] - place[0, 0]) / NODE_STEP
        for place in (rows, cols)
    ]
    return spans[0], spans[1]


def _halves(window: Window) -> tuple[Window, Window]:
    row, col, height, width = window
    if height >= width:
        top = height // 2
        return Window(row, col, top, width), Window(row + top, col, height - top, width)
    left = width // 2
    return Window(row, col, height, left), Window(row, col + left, height, width - left)


def _read_padded(base: Raster, window: Window, bands: Sequence[str] | None) -> Pixels:
    """Read a window that may reach beyond the raster, NaN there."""
    height, width = base.grid.shape
    top, left = max(window.row, 0), max(window.col, 0)
    bottom, right = min(window.stop[0], height), min(window.stop[1], width)
    if (top, left) == (window.row, window.col) and (bottom, right) == window.stop:
        return base.read(window, bands)
    count = len(base.bands if bands is None else bands)
    pixels: Pixels = np.full((count, window.height, window.width), np.nan, np.float32)
    if top < bottom and left < right:
        inside = Window(top, left, bottom - top, right - left)
        rows, cols = inside._replace(row=top - window.row, col=left - window.col).slices
        pixels[:, rows, cols] = base.read(inside, bands)
    return pixels
