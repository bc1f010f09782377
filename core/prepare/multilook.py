"""Multi-looking: averaging radar power over a neighbourhood, at the price of detail."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from bandweave.raster.grid import Grid, Pixels, Raster, Window
from bandweave.raster.mirrored import read_reflected

_TRUNCATE = 3.0


def reach(scales: Sequence[float]) -> int:
    """Return how many pixels away averages at these scales look."""
    return math.ceil(_TRUNCATE * max(scales))


@dataclass(frozen=True, eq=False)
class MultilookRaster:
    """Radar power averaged with Gaussian weights at several scales, window by window when read.

    `scales` are standard deviations in pixels; 0 leaves the pixels as they are. Averages are taken
    in power, over pixels with data only; a pixel without any within reach is NaN. Bands are the
    base's at the first scale, then at the next. A window's pixels do not depend on the window: the
    neighbourhood is read with it, mirrored at the raster's edges.
    """

    base: Raster
    scales: tuple[float, ...]

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self.base.grid

    @property
    def bands(self) -> tuple[str, ...]:
        """Such as `VV` at scale 0 and `VV~2` at scale 2."""
        return tuple(
            f"{band}~{scale:g}" if scale else band
            for scale in self.scales
            for band in self.base.bands
        )

    @property
    def halo(self) -> int:
        """How many pixels away the largest scale looks."""
        return reach(self.scales)

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return averaged power of a window (default: all) and of some bands."""
        window = window or self.grid.full
        power = read_reflected(self.base, window.grown(self.halo)).astype(np.float64)
        known = np.isfinite(power)
        inner = tuple(slice(self.halo, self.halo + size) for size in window[2:])
        levels = []
        for scale in self.scales:
            if not scale:
                levels.append(power[(slice(None), *inner)])
                continue
            sigma = (0, scale, scale)
            weight = gaussian_filter(known.astype(np.float64), sigma, truncate=_TRUNCATE)
            total = gaussian_filter(np.where(known, power, 0.0), sigma, truncate=_TRUNCATE)
            mean = np.where(weight > 1e-9, total / np.maximum(weight, 1e-9), np.nan)
            levels.append(mean[(slice(None), *inner)])
        pixels: Pixels = np.concatenate(levels).astype(np.float32)
        if bands is not None:
            pixels = pixels[[self.bands.index(name) for name in bands]]
        return pixels
