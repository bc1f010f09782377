"""Two ways to give a trained network something else than seamless blocks of the scene as it is.

Patch by patch, as the paper predicts: each patch by itself, with zeros around it, overlaps
averaged; this needs the whole scene and is prepared once. And with the radar's blocks shuffled, so
that what radar contributes can be told: a network that does as well with it does not use it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.networks.training import offsets
from bandweave.raster.grid import Grid, Pixels, Window, band_indices, inside
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import DerivedRaster, scratch

SEAMLESS, PATCHES, APART = "seamless", "patches", "patches apart"
PREDICTIONS = (SEAMLESS, PATCHES, APART)
AS_IT_IS, SHUFFLED = "as it is", "shuffled"
GIVEN = (AS_IT_IS, SHUFFLED)
PREDICTED = "predicted"
"""The prepared layer: the whole scene, predicted patch by patch."""
SIDE = 64
"""Pixels: a shuffled block keeps what radar looks like, and loses only where it belongs."""

Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Turns (patch, row, col, channel) into (patch, row, col)."""


class Patches(NamedTuple):
    """Squares that cover an image; the last of a row or column is moved inwards."""

    side: int
    stride: int


def average(
    grid: Grid, patches: Patches, predict: Predict, channels: Callable[[Window], Pixels]
) -> NDArray[np.float32]:
    """Return (row, col) of predictions for every patch by itself, the mean where they overlap.

    `channels` gives (channel, row, col) of a window.
    """
    side, stride = patches
    rows, cols = (offsets(size, side, stride) for size in grid.shape)
    total = scratch(grid.shape)
    total[:] = 0
    for row in rows:
        strip = np.moveaxis(channels(Window(row, 0, side, grid.width)), 0, -1)
        predicted = predict(np.stack([strip[:, col : col + side] for col in cols]))
        for col, patch in zip(cols, predicted, strict=True):
            total[row : row + side, col : col + side] += patch
    np.divide(total, _counts(rows, side, grid.height)[:, None], out=total)
    np.divide(total, _counts(cols, side, grid.width), out=total)
    return total


def _counts(starts: Sequence[int], side: int, size: int) -> NDArray[np.float32]:
    """Return how many patches cover each row or column."""
    count = np.zeros(size, np.float32)
    for start in starts:
        count[start : start + side] += 1
    return count


@dataclass(frozen=True, eq=False)
class ShuffledRaster(DerivedRaster):
    """A raster of which the blocks have changed places; partial ones at the far edges stay.

    Every full block shows another one's pixels. Blocks are 64 x 64, or a quarter of the shorter
    side where fewer than two such fit.
    """

    seed: int

    def __post_init__(self) -> None:
        """Draw which block comes from where: one cycle through all, so that none stays."""
        side = block_side(self.grid.shape)
        down, across = (size // side for size in self.grid.shape)
        order = np.random.default_rng([self.seed, SIDE]).permutation(down * across)
        source = np.empty_like(order)
        source[order] = np.roll(order, 1)
        object.__setattr__(self, "_source", source.reshape(down, across))

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the shuffled pixels of a window (default: all) and of some bands."""
        row, col, height, width = inside(self.grid, window)
        pixels = np.empty((len(band_indices(self.bands, bands)), height, width), np.float32)
        side = block_side(self.grid.shape)
        for top, tall in _pieces(row, height, side):
            for left, wide in _pieces(col, width, side):
                down, right = self._origin(top // side, left // side)
                source = Window(down + top % side, right + left % side, tall, wide)
                at = Window(top - row, left - col, tall, wide).slices
                pixels[(slice(None), *at)] = self.base.read(source, bands)
        return pixels

    def _origin(self, down: int, across: int) -> tuple[int, int]:
        """Return the upper left pixel of the block whose pixels a block shows."""
        source: NDArray[np.intp] = self._source  # type: ignore[attr-defined]
        side = block_side(self.grid.shape)
        if down < source.shape[0] and across < source.shape[1]:
            down, across = divmod(int(source[down, across]), source.shape[1])
        return down * side, across * side


def block_side(shape: tuple[int, int]) -> int:
    """Return the side of the blocks that change places in a scene of `shape` (rows, cols).

    >>> block_side((512, 512)), block_side((96, 120))
    (64, 24)
    """
    if (shape[0] // SIDE) * (shape[1] // SIDE) >= 2:
        return SIDE
    return max(1, min(shape) // 4)


def _pieces(start: int, size: int, side: int) -> list[tuple[int, int]]:
    """Cut `size` pixels from `start` on at multiples of `side`: (start, size) of each piece.

    >>> _pieces(10, 25, 16)
    [(10, 6), (16, 16), (32, 3)]
    """
    edges = [start, *range((start // side + 1) * side, start + size, side), start + size]
    return [(first, last - first) for first, last in zip(edges, edges[1:], strict=False)]


def with_shuffled_radar(inputs: Scene, seed: int) -> Scene:
    """Return the scene with its radar's blocks shuffled, all radar bands alike."""
    radar = inputs.radar
    return inputs.adding(replace(radar, raster=ShuffledRaster(radar.raster, seed)))
