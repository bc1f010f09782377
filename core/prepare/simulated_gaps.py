"""Simulated gaps: fractal gaps of an exact share, drawn where hiding really hides.

Optical imagery is often resampled from coarser native pixels: a gap cut from the resampled image
would leave copies of the hidden truth outside. Gaps are therefore drawn on cells of the native
size and then grown by as far as the resampling kernel carries a native sample, wherever the native
cells begin. The grown gap is hidden; only what was drawn is scored, the rim is guard. The stated
share is that of the grown gap: the growth is done on the field before thresholding (a
maximum filter), which is the same as growing the gap but keeps the share exact.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter

from bandweave.problem import Flags
from bandweave.raster.grid import BLOCK, Grid, Raster, Window
from bandweave.raster.scene import Layer, Resampled
from bandweave.raster.virtual import scratch

SCALES = (4.0, 8.0, 16.0, 24.0)
"""Standard deviations of the octaves in pixels of the scene; amplitude grows in proportion."""
_NOISE_TILE = 256
_TRUNCATE = 3.0
_BINS = 1 << 16

SPREAD = {
    Resampled.NONE: 1,
    Resampled.NEAREST: 1,
    Resampled.AVERAGE: 1,
    Resampled.BILINEAR: 2,
    Resampled.CUBIC: 3,
}
"""Native cells that a hidden sample may reach beyond its own: the kernel's radius (nearest 0.5,
bilinear 1, cubic 2) plus half a cell for a native grid not aligned with ours, rounded up."""


def growth(layer: Layer) -> int:
    """Return by how many native cells a gap in this layer must grow to hide what it covers."""
    if layer.native_factor == 1 and layer.resampled is Resampled.NONE:
        return 0
    return SPREAD[layer.resampled]


@dataclass(frozen=True)
class GapField:
    """A fractal field on the cells of a grid: the higher its value, the sooner a pixel is hidden.

    `cell` is a cell's side in pixels and `grown` the cells by which gaps are grown. Any window
    can be computed on its own: the noise of each tile has its own seed.
    """

    grid: Grid
    cell: int
    grown: int
    seed: tuple[int, ...]
    scales: tuple[float, ...] = SCALES
    inverted: bool = False
    """Hides first what the field of the same seed hides last."""

    def read(self, window: Window, *, drawn: bool = False) -> NDArray[np.float32]:
        """Return the field for a window of pixels; `drawn` leaves the growth out."""
        top, left = window.row // self.cell, window.col // self.cell
        bottom, right = (-(-stop // self.cell) for stop in window.stop)
        cells = self.cells(Window(top, left, bottom - top, right - left), drawn=drawn)
        row, col = window.row - top * self.cell, window.col - left * self.cell
        pixels = cells.repeat(self.cell, axis=0).repeat(self.cell, axis=1)
        return pixels[row : row + window.height, col : col + window.width]

    def cells(self, window: Window, *, drawn: bool = False) -> NDArray[np.float32]:
        """Return the field for a window of cells; `drawn` leaves the growth out."""
        grown = 0 if drawn else self.grown
        outer = window.grown(grown)
        field = np.zeros((outer.height, outer.width), dtype=np.float32)
        for octave, scale in enumerate(self.scales):
            sigma = max(1.0, scale / self.cell)
            halo = int(_TRUNCATE * sigma + 0.5)
            noise = self._noise(octave, outer.grown(halo))
            smooth = gaussian_filter(noise, sigma, truncate=_TRUNCATE)
            # smoothing white noise leaves a standard deviation of 1 / (2 sigma sqrt(pi))
            unit = smooth * (2 * sigma * np.sqrt(np.pi))
            field += scale * unit[halo : halo + outer.height, halo : halo + outer.width]
        if self.inverted:
            field = -field
        if grown:
            field = maximum_filter(field, size=2 * grown + 1)[grown:-grown, grown:-grown]
        return field

    def _noise(self, octave: int, window: Window) -> NDArray[np.float32]:
        bottom, right = window.stop
        rows = range(window.row // _NOISE_TILE, (bottom - 1) // _NOISE_TILE + 1)
        cols = range(window.col // _NOISE_TILE, (right - 1) // _NOISE_TILE + 1)
        tiles = [[self._tile(octave, row, col) for col in cols] for row in rows]
        row, col = window.row - rows[0] * _NOISE_TILE, window.col - cols[0] * _NOISE_TILE
        noise: NDArray[np.float32] = np.block(tiles)
        return noise[row : row + window.height, col : col + window.width]

    def _tile(self, octave: int, row: int, col: int) -> NDArray[np.float32]:
        # seeds are not negative, tile numbers left of and above the grid are
        entropy = [*self.seed, octave, row + (1 << 20), col + (1 << 20)]
        generator = np.random.default_rng(entropy)
        return generator.standard_normal((_NOISE_TILE, _NOISE_TILE), dtype=np.float32)


def gap_field(layer: Layer, seed: tuple[int, ...]) -> GapField:
    """Return the field whose gaps hide what this layer shows."""
    return GapField(layer.raster.grid, layer.native_factor, growth(layer), seed)


class SimulatedGaps(NamedTuple):
    """What is hidden, and the part of it that nothing visible tells of."""

    hidden: Flags
    drawn: Flags


def simulate_gaps(field: GapField, allowed: Raster, share: float) -> SimulatedGaps:
    """Return the pixels where the field is highest: `share` of the allowed ones (band value 1).

    The share is exact up to the last native cell. Pixels that are not allowed are never gaps.
    """
    values = scratch(field.grid.shape)
    for window in field.grid.windows(BLOCK):
        may = allowed.read(window)[0] == 1
        values[window.slices] = np.where(may, field.read(window), np.float32(-np.inf))
    threshold = _threshold(values, share)
    hidden = values > threshold
    if not field.grown:
        return SimulatedGaps(hidden, hidden)
    drawn = np.zeros_like(hidden)
    for window in field.grid.windows(BLOCK):
        drawn[window.slices] = field.read(window, drawn=True) > threshold
    return SimulatedGaps(hidden, drawn & hidden)


def _threshold(values: NDArray[np.float32], share: float) -> float:
    """Return the value above which `share` of the finite values lie; exact, row block by block."""
    finite = [strip[np.isfinite(strip)] for strip in np.array_split(values, 64)]
    finite = [strip for strip in finite if strip.size]
    if not finite:
        return np.inf
    edges = np.linspace(min(map(np.min, finite)), max(map(np.max, finite)), _BINS + 1)
    counts = np.sum([np.histogram(strip, bins=edges)[0] for strip in finite], axis=0)
    below = np.cumsum(counts)
    rank = max(0, round((1 - share) * int(below[-1])) - 1)
    bin_ = int(np.searchsorted(below, rank, side="right"))
    inside = [strip[(strip >= edges[bin_]) & (strip <= edges[bin_ + 1])] for strip in finite]
    candidates = np.sort(np.concatenate(inside))
    return float(candidates[rank - int(below[bin_] - counts[bin_])])
