"""Radar averaged over 1, 2 and 4 pixels, standardised: what radar's classes are found among."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import MethodError
from bandweave.methods.regression import features
from bandweave.problem import Flags
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer
from bandweave.raster.virtual import scratch

SCALES = (1.0, 2.0, 4.0)
"""Standard deviations in pixels at which radar is averaged."""
SAMPLE = 20_000
_SIDE = 512


@dataclass(frozen=True)
class Looks:
    """How radar becomes standardised maps: a band at a scale each."""

    means: tuple[float, ...]
    """Of each map, in decibels."""
    deviations: tuple[float, ...]
    typical: tuple[float, ...]
    """Each map's median in decibels; used where radar has no data."""

    def __post_init__(self) -> None:
        """Refuse statistics of other maps, and maps without spread."""
        sizes = {len(self.deviations), len(self.typical), len(self.means)}
        if len(sizes) > 1 or len(self.means) % len(SCALES) or not self.means:
            raise ValueError("its statistics are not of its maps")
        if min(self.deviations) <= 0:
            raise ValueError("its maps do not vary")

    def guide(self, maps: Pixels) -> Pixels:
        """Return the maps whose edges lead a fill: those of the middle scale."""
        bands = len(maps) // len(SCALES)
        return maps[bands : 2 * bands]

    def maps(self, radar: Layer) -> Pixels:
        """Return the standardised maps of a radar layer, (map, row, col), finite."""
        decibels = features(radar, SCALES)
        if len(decibels.bands) != len(self.means):
            raise MethodError(
                f"The radar has {', '.join(radar.bands)}; the model was fitted to other bands.",
                "Fit the method to this scene.",
            )
        shape = (len(self.means), 1, 1)
        means, deviations, typical = (
            np.array(each, np.float32).reshape(shape)
            for each in (self.means, self.deviations, self.typical)
        )
        maps = scratch((len(self.means), *decibels.grid.shape))
        for window in decibels.grid.windows(_SIDE):
            pixels = decibels.read(window)
            known = np.where(np.isnan(pixels), typical, pixels)
            maps[(slice(None), *window.slices)] = (known - means) / deviations
        return maps


def learn_looks(
    radar: Layer, visible: Flags, generator: np.random.Generator
) -> tuple[Looks, NDArray[np.float64]]:
    """Return the statistics of some visible pixels, and those pixels standardised (pixel, map).

    Raises `MethodError` where none of them has radar.
    """
    rows, cols = some_pixels(visible, generator, SAMPLE)
    decibels = features(radar, SCALES)
    sample = np.full((len(rows), len(decibels.bands)), np.nan)
    for window in decibels.grid.windows(_SIDE):
        (top, left), (bottom, right) = window[:2], window.stop
        inside = (rows >= top) & (rows < bottom) & (cols >= left) & (cols < right)
        if inside.any():
            sample[inside] = decibels.read(window)[:, rows[inside] - top, cols[inside] - left].T
    known = sample[np.isfinite(sample).all(axis=1)]
    if not len(known):
        raise MethodError(
            "No pixel has both radar and visible optical data.", "Check where the layers overlap."
        )
    means, deviations = known.mean(axis=0), known.std(axis=0) + 1e-6
    looks = Looks(
        tuple(means.tolist()), tuple(deviations.tolist()), tuple(np.median(known, axis=0).tolist())
    )
    return looks, (known - means) / deviations


def some_pixels(
    visible: Flags, generator: np.random.Generator, most: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of some visible pixels, without repeats."""
    before = np.concatenate([[0], np.cumsum(visible.sum(axis=1))])
    count = int(before[-1])
    ranks = np.sort(generator.choice(count, min(most, count), replace=False))
    rows = np.searchsorted(before, ranks, side="right") - 1
    cols = [
        np.flatnonzero(visible[row])[ranks[rows == row] - before[row]] for row in np.unique(rows)
    ]
    return rows, np.concatenate([np.empty(0, np.intp), *cols])
