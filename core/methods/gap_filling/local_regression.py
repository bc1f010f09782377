"""Locally weighted regression: around every small cell, the image on guides.

The regression of a cell is fitted to the visible pixels around it, weighted by a Gaussian, and
leans on the regression of the whole scene where few are near. Between cells its coefficients are
interpolated. Source: Cleveland and Devlin (1988), doi 10.1080/01621459.1988.10478639, on a grid and
with a ridge towards the global slope; geographically weighted regression is the same idea.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bandweave.problem import Flags
from bandweave.raster.grid import Grid, Pixels, Window
from bandweave.raster.virtual import scratch

_TRUNCATE = 3.5
_PRIOR, _GLOBAL_RIDGE = 1e-3, 1e-3
_TILE = 512

Guides = Callable[[Window], Pixels]
"""Gives the guides (guide, row, col) of a window, finite, with a standard deviation near 1."""
Moments = NDArray[np.float64]
"""(cell row, cell col, moment): 1, guides, image, guides x guides, guides x image."""


@dataclass(frozen=True)
class Neighbourhood:
    """What a regression is fitted to."""

    cell: int
    """Side in pixels of the cells that have a regression each; divides 512."""
    around: float
    """Standard deviation in pixels of the weights."""
    ridge: float
    """How much the slopes lean on those of the whole scene; 1 is a guide's variance."""


def locally_weighted(
    image: Pixels, guides: Guides, seen: Flags, near: Neighbourhood, grid: Grid
) -> Pixels:
    """Return the image (band, row, col) as the guides tell it; what is not seen counts nothing."""
    tiles = list(grid.windows(_TILE))
    whole = sum(_moments(image, guides, seen, near.cell, tile).sum(axis=(0, 1)) for tile in tiles)
    whole = np.asarray(whole / whole[0])
    bands = len(image)
    prior = _slopes(whole[None], bands, _GLOBAL_RIDGE, None)[0]
    halo = -(-int(_TRUNCATE * near.around + 1) // near.cell) * near.cell + near.cell
    predicted = scratch(image.shape)
    for tile in tiles:
        outer = _clipped(tile.grown(halo), grid)
        moments = _moments(image, guides, seen, near.cell, outer)
        sigma = near.around / near.cell
        for plane in np.moveaxis(moments, -1, 0):
            gaussian_filter(plane, sigma, output=plane, mode="constant", truncate=_TRUNCATE)
        slopes, offsets = _slopes(moments + _PRIOR * whole, bands, near.ridge, prior)
        place = tile.row - outer.row, tile.col - outer.col
        at = guides(tile)
        lines = np.concatenate([slopes.reshape(*offsets.shape[:2], -1), offsets], axis=-1)
        fine = _between(lines.astype(np.float32), near.cell, place, (tile.height, tile.width))
        told = fine[len(at) * bands :]
        for index, guide in enumerate(at):
            told += guide * fine[index * bands : (index + 1) * bands]
        predicted[(slice(None), *tile.slices)] = told
    return predicted


def _clipped(window: Window, grid: Grid) -> Window:
    top, left = max(0, window.row), max(0, window.col)
    bottom, right = (min(each) for each in zip(window.stop, grid.shape, strict=True))
    return Window(top, left, bottom - top, right - left)


def _moments(image: Pixels, guides: Guides, seen: Flags, cell: int, window: Window) -> Moments:
    """Return each cell's sums of moments over seen pixels, a pixel of a cell counting its share."""
    flags = seen[window.slices]
    shown = np.where(flags, guides(window), np.float32(0))
    target = np.where(flags, image[(slice(None), *window.slices)], np.float32(0))
    planes = [flags.astype(np.float32), *shown, *target]
    count = len(shown)
    products = [(shown[i], shown[j]) for i in range(count) for j in range(i, count)]
    products += [(each, band) for each in shown for band in target]
    rows, cols = (-(-size // cell) for size in flags.shape)
    moments = np.empty((rows, cols, len(planes) + len(products)))
    for index, plane in enumerate(planes):
        moments[..., index] = _cells(plane, cell)
    for index, (first, second) in enumerate(products, start=len(planes)):
        moments[..., index] = _cells(first * second, cell)
    return moments


def _cells(plane: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """Return each cell's sum over its number of pixels; what lies beyond the image is 0."""
    rows, cols = plane.shape
    padded = np.pad(plane, ((0, -rows % cell), (0, -cols % cell)))
    parts = padded.reshape(padded.shape[0] // cell, cell, -1, cell)
    means: NDArray[np.float32] = parts.sum(axis=(1, 3)) / np.float32(cell * cell)
    return means


def _slopes(
    moments: Moments, bands: int, ridge: float, prior: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return slopes (..., guide, band) and offsets (..., band) of moments (..., moment)."""
    # 1 + p + q + p (p + 1) / 2 + p q moments of p guides and q bands
    size, p = moments.shape[-1], 0
    while 1 + p + bands + p * (p + 1) // 2 + p * bands < size:
        p += 1
    mean = moments / moments[..., :1]
    guide, target = mean[..., 1 : 1 + p], mean[..., 1 + p : 1 + p + bands]
    squares, cross = np.split(mean[..., 1 + p + bands :], [p * (p + 1) // 2], axis=-1)
    covariance = np.empty((*moments.shape[:-1], p, p))
    upper = np.triu_indices(p)
    covariance[..., upper[0], upper[1]] = squares
    covariance[..., upper[1], upper[0]] = squares
    covariance -= guide[..., :, None] * guide[..., None, :]
    shared = (
        cross.reshape(*moments.shape[:-1], p, bands) - guide[..., :, None] * target[..., None, :]
    )
    if prior is not None:
        shared = shared + ridge * prior
    slopes = np.linalg.solve(covariance + ridge * np.eye(p), shared).astype(np.float64)
    return slopes, target - (guide[..., None, :] @ slopes)[..., 0, :]


def _between(
    cells: NDArray[np.float32], cell: int, place: tuple[int, int], shape: tuple[int, int]
) -> Pixels:
    """Return (value, row, col) between the centres of cells (row, col, value), bilinear.

    `place` is the upper left pixel of what is wanted, from that of the first cell on.
    """
    (top, down), (left, right) = (
        _neighbours(start, size, cell, count)
        for start, size, count in zip(place, shape, cells.shape[:2], strict=True)
    )
    rows = cells[top] + down[:, None, None] * (
        cells[np.minimum(top + 1, len(cells) - 1)] - cells[top]
    )
    last = cells.shape[1] - 1
    planes = np.ascontiguousarray(np.moveaxis(rows, -1, 0))
    before, after = planes[:, :, left], planes[:, :, np.minimum(left + 1, last)]
    between: Pixels = before + right * (after - before)
    return between


def _neighbours(
    start: int, size: int, cell: int, count: int
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return for each pixel the cell before it, and how far it lies towards the next, 0 to 1."""
    at = np.clip((np.arange(start, start + size) + 0.5) / cell - 0.5, 0, count - 1)
    first = at.astype(np.intp)
    return first, (at - first).astype(np.float32)
