"""Pictures that come in parts: tiles of one date, the pieces of a large export."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import RasterError
from bandweave.prepare.alignment import align, extent, intersection, is_empty
from bandweave.raster.grid import Grid, Pixels, Raster, Window, inside, lattice_shift
from bandweave.raster.scene import Resampled

LOOK = 512
"""Side in pixels of the windows in which overlapping parts are compared."""
CELL = 8
"""Side of the cells whose means are compared: speckle and resampling even out in them."""


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Rasters of the same bands side by side as one: of a band's pixels the first that is data.

    The parts' lattices coincide with the grid's, so that pixels are copied, not computed. A part is
    read only where a window meets it and the parts before it left something open.
    """

    parts: tuple[Raster, ...]
    grid: Grid

    def __post_init__(self) -> None:
        """Refuse parts of other bands or on other lattices."""
        if any(part.bands != self.bands for part in self.parts):
            raise RasterError("Parts of one picture must have the same bands in the same order.")
        if None in self._shifts:
            raise RasterError("Parts of a mosaic must share its lattice; align them first.")

    @property
    def bands(self) -> tuple[str, ...]:
        """The parts' bands."""
        return self.parts[0].bands

    @cached_property
    def _shifts(self) -> tuple[tuple[int, int] | None, ...]:
        return tuple(lattice_shift(part.grid, self.grid) for part in self.parts)

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands, NaN where none is."""
        window = inside(self.grid, window)
        count = len(self.bands if bands is None else bands)
        pixels: Pixels = np.full((count, window.height, window.width), np.nan, np.float32)
        for part, shift in zip(self.parts, self._shifts, strict=True):
            down, right = shift or (0, 0)
            row, col = window.row + down, window.col + right
            met = _shared(Window(row, col, window.height, window.width), part.grid.full)
            if met is None:
                continue
            rows, cols = met._replace(row=met.row - row, col=met.col - col).slices
            place = pixels[:, rows, cols]
            missing = np.isnan(place)
            if missing.any():
                np.copyto(place, part.read(met, bands), where=missing)
        return pixels


def mosaic(parts: Sequence[Raster], grid: Grid, how: Resampled | None = None) -> Raster:
    """Return the parts of one picture on a grid; of overlapping ones the first that has data.

    Parts on one lattice are put together before they are resampled, so that their seams do not
    show, and stand where the first of them does. `how` they are resampled is chosen as by `align`
    where it is not given.
    """
    pictures: list[list[Raster]] = []
    for part in parts:
        fitting = (each for each in pictures if _whole([*each, part]))
        if picture := next(fitting, None):
            picture.append(part)
        else:
            pictures.append([part])
    aligned = tuple(align(_joined(picture), grid, how) for picture in pictures)
    return aligned[0] if len(aligned) == 1 else Mosaic(aligned, grid)


def disagreements(parts: Sequence[Raster], grid: Grid) -> Iterator[tuple[int, int, float]]:
    """Yield which two parts overlap on a grid, and by how much they differ where both have data.

    Means of 8 x 8 pixels are compared, in one window in the middle of the overlap: the median
    difference over the first's median, of the band that differs most.
    """
    places = [_place(part.grid, grid) for part in parts]
    for second, first in ((b, a) for b in range(len(parts)) for a in range(b)):
        one, other = places[first], places[second]
        met = _shared(one, other) if one and other else None
        if met and min(met.height, met.width) >= CELL:
            yield first, second, _difference(parts[first], parts[second], grid, _middle(met))


def _difference(first: Raster, second: Raster, grid: Grid, window: Window) -> float:
    one, other = (align(part, grid).read(window).astype(np.float64) for part in (first, second))
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return 0.0
    one, other = (_cell_means(np.where(both, pixels, np.nan)) for pixels in (one, other))
    level = np.nanmedian(np.abs(one), axis=1)
    apart = np.nanmedian(np.abs(one - other), axis=1)
    return float(np.nanmax(apart / np.maximum(level, np.finfo(np.float32).tiny)))


def _joined(parts: Sequence[Raster]) -> Raster:
    whole = _whole(parts)
    return parts[0] if len(parts) == 1 or whole is None else Mosaic(tuple(parts), whole)


def _whole(parts: Sequence[Raster]) -> Grid | None:
    """Return the grid of all parts on the first one's lattice, None where they are not on it."""
    lattice = parts[0].grid
    corners = []
    for part in parts:
        shift = lattice_shift(lattice, part.grid)
        if shift is None:
            return None
        down, right = shift
        corners.append((down, right, down + part.grid.height, right + part.grid.width))
    tops, lefts, bottoms, rights = zip(*corners, strict=True)
    top, left = min(tops), min(lefts)
    whole = lattice.at(Window(top, left, max(bottoms) - top, max(rights) - left))
    # what is rounding within a part may be more over all of them
    return whole if None not in [lattice_shift(part.grid, whole) for part in parts] else None


def _shared(window: Window, other: Window) -> Window | None:
    """Return what two windows share, None where that is nothing."""
    row, col = max(window.row, other.row), max(window.col, other.col)
    bottom, right = map(min, zip(window.stop, other.stop, strict=True))
    return Window(row, col, bottom - row, right - col) if row < bottom and col < right else None


def _place(source: Grid, grid: Grid) -> Window | None:
    """Return the window of a grid within which another one lies, None where it is outside."""
    box = intersection((extent(source, grid.crs), grid.bounds))
    if is_empty(box):
        return None
    west, south, east, north = box
    left, top = ~grid.transform @ (west, north)
    right, bottom = ~grid.transform @ (east, south)
    row, col = math.floor(top), math.floor(left)
    around = Window(row, col, math.ceil(bottom) - row, math.ceil(right) - col)
    return _shared(around, grid.full)


def _middle(window: Window) -> Window:
    height, width = min(LOOK, window.height), min(LOOK, window.width)
    row = window.row + (window.height - height) // 2
    return Window(row, window.col + (window.width - width) // 2, height, width)


def _cell_means(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (band, cell) means of (band, row, col) pixels; cells without data are left out."""
    bands, height, width = pixels.shape
    padded = np.pad(
        pixels, ((0, 0), (0, -height % CELL), (0, -width % CELL)), constant_values=np.nan
    )
    cells = padded.reshape(bands, -(-height // CELL), CELL, -(-width // CELL), CELL)
    known = np.isfinite(cells)
    counts = known.sum(axis=(2, 4)).reshape(bands, -1)
    totals = np.where(known, cells, 0.0).sum(axis=(2, 4)).reshape(bands, -1)
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
