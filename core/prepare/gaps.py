"""Interpolation across gaps: Laplace's equation with the visible pixels as boundary.

The fill is the smoothest one that meets the visible pixels: at every hidden pixel the mean of its
four neighbours. No data and the scene's edge let no flow through (zero normal derivative). Solved
from a coarse grid to the fine one by over-relaxed Gauss-Seidel sweeps in red-black order.
Source: Press et al., Numerical Recipes (2007), section 20.5; Bertalmio et al. (2000) for its use
as the baseline of inpainting.

A fill can be led on along a guide, such as averaged radar: what flows between two pixels shrinks
where the guide has an edge. Source: Perona and Malik (1990), doi 10.1109/34.56205, for the
conductivity.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandweave.problem import Flags
from bandweave.raster.grid import Pixels, Raster
from bandweave.raster.virtual import MemoryRaster, scratch

_SWEEPS = 60
_TOLERANCE = 1e-4
_COARSEST = 8
_GUIDED_SWEEPS, _GUIDED_RELAXATION = 40, 1.6
_CONTRAST = 0.15
"""The step of a guide that halves what flows across it."""


def laplace(pixels: Pixels, hidden: Flags) -> Pixels:
    """Return (band, row, col) pixels with the hidden ones interpolated.

    Pixels that are NaN and not hidden are no data: they stay NaN and carry nothing. Hidden pixels
    cut off from every visible one by no data get the band's visible mean; a band without visible
    pixels stays NaN.
    """
    filled = pixels.copy()
    for band in range(len(filled)):
        filled[band] = _fill(filled[band], hidden)
    return filled


def fill(raster: Raster, hidden: Raster) -> MemoryRaster:
    """Return a raster with the pixels flagged in `hidden` interpolated, band by band."""
    flags = hidden.read()[0] == 1
    filled = scratch((len(raster.bands), *raster.grid.shape))
    for index, band in enumerate(raster.bands):
        filled[index] = laplace(raster.read(bands=[band]), flags)[0]
    return MemoryRaster(filled, raster.grid, raster.bands)


def lead(filled: Pixels, hidden: Flags, guide: Pixels) -> Pixels:
    """Return a fill led on from, so that it breaks where the guide does: a few sweeps, no solution.

    `filled` (band, row, col) is a fill of the hidden pixels. Each of them goes towards the mean of
    its four neighbours, weighted by c = 1 / (1 + |step of the guide|^2 / 0.15^2); `guide` is
    (map, row, col), finite, with a standard deviation near 1. What is NaN stays so and carries
    nothing.
    """
    from bandweave.prepare.gap_kernels import conduct

    rows, cols = np.nonzero(np.pad(hidden, 1))
    width = hidden.shape[1] + 2
    order = (rows * width + cols)[np.argsort((rows + cols) % 2, kind="stable")]
    sideways, downwards = _conductivity(guide, 2), _conductivity(guide, 1)
    led = filled.copy()
    for band in led:
        exists = np.isfinite(band)
        across, down = np.zeros((2, *np.add(hidden.shape, 2)), np.float32)
        across[1:-1, 1:-2] = sideways * (exists[:, :-1] & exists[:, 1:])
        down[1:-2, 1:-1] = downwards * (exists[:-1] & exists[1:])
        values = np.pad(np.where(exists, band, 0).astype(np.float64), 1)
        flat = values.reshape(-1), across.reshape(-1), down.reshape(-1)
        conduct(*flat, order, width, _GUIDED_SWEEPS, _GUIDED_RELAXATION)
        band[:] = np.where(hidden & exists, values[1:-1, 1:-1], band)
    return led


def _conductivity(guide: Pixels, axis: int) -> NDArray[np.float32]:
    """Return it between neighbours along an axis of the guide: one row or column fewer."""
    squares = sum(np.diff(each, axis=axis - 1) ** 2 for each in guide)
    conductivity: NDArray[np.float32] = 1 / (1 + squares / np.float32(_CONTRAST**2))
    return conductivity


def _fill(image: NDArray[np.float32], hidden: Flags) -> NDArray[np.float32]:
    known = np.isfinite(image) & ~hidden
    if not known.any() or not hidden.any():
        return np.where(hidden, np.float32(np.nan), image)
    mean = float(image[known].mean(dtype=np.float64))
    spread = float(image[known].std(dtype=np.float64)) or 1.0
    start = np.where(known, (image - mean) / spread, 0.0)
    solution = _solve(start, known, hidden) * spread + mean
    return np.where(hidden, solution.astype(np.float32), image)


def _solve(values: NDArray[np.float64], known: Flags, hidden: Flags) -> NDArray[np.float64]:
    """Solve on a pyramid: the coarse solution is where the finer level starts."""
    from bandweave.prepare.gap_kernels import relax

    if min(values.shape) > _COARSEST and hidden.any():
        coarse, coarse_known, coarse_hidden = _halve(values, known, hidden)
        start = _solve(coarse, coarse_known, coarse_hidden)
        rows, cols = values.shape
        spread = start.repeat(2, axis=0).repeat(2, axis=1)[:rows, :cols]
        values = np.where(hidden, spread, values)
    walled = np.pad(values, 1)
    rows, cols = np.nonzero(np.pad(hidden, 1))
    order = np.argsort((rows + cols) % 2, kind="stable")
    relax(
        walled.reshape(-1),
        np.pad(known | hidden, 1).astype(np.float64).reshape(-1),
        (rows * walled.shape[1] + cols)[order],
        walled.shape[1],
        _SWEEPS,
        _TOLERANCE,
    )
    return walled[1:-1, 1:-1]


def _halve(
    values: NDArray[np.float64], known: Flags, hidden: Flags
) -> tuple[NDArray[np.float64], Flags, Flags]:
    """Average the known pixels of each 2 x 2 cell; a cell without any is hidden or no data."""
    pad = [(0, size % 2) for size in values.shape]
    weight = _cells(np.pad(known, pad)).sum(axis=(1, 3))
    total = _cells(np.pad(np.where(known, values, 0.0), pad)).sum(axis=(1, 3))
    coarse_known = weight > 0
    coarse_hidden = ~coarse_known & _cells(np.pad(hidden, pad)).any(axis=(1, 3))
    return np.where(coarse_known, total / np.maximum(weight, 1), 0.0), coarse_known, coarse_hidden


def _cells(array: NDArray[Any]) -> NDArray[Any]:
    rows, cols = array.shape
    return array.reshape(rows // 2, 2, cols // 2, 2)
