"""Speckle filters: Lee's and his refined one, on linear power, band by band.

Speckle multiplies: y = x u with mean(u) = 1 and variance Cu^2 = 1 / looks. With the mean m and the
variance v (divided by the number of pixels) of the known pixels around a pixel y, the estimate of
least squared error is (Lee 1980, doi 10.1109/TPAMI.1980.4766994)

    var(x) = max(0, (v - m^2 Cu^2) / (1 + Cu^2)),   b = var(x) / v,   x = m + b (y - m)

with b = 0 where v is 0. The Lee filter takes m and v from a square window. The refined one (Lee
1981, doi 10.1016/S0146-664X(81)80018-4) takes them from the half of a 7 x 7 window on the pixel's
own side of an edge, found by this convention:

- Nine means of 3 x 3 pixels, centred 2 up, 0, 2 down by 2 left, 0, 2 right: nw n ne, w c e,
  sw s se.
- Four edges through the centre are compared by the difference between the sums of the three means
  on either side: / (w nw n, e se s), \\ (n ne e, w sw s), | (nw w sw, ne e se), - (nw n ne,
  sw s se). The largest counts, of equal ones the first: where only a corner differs, so that a
  slanting and a straight edge are equal, the slanting one leaves that corner out.
- Of the two sides the one counts whose middle mean (nw or se, ne or sw, w or e, n or s) is nearer
  to the centre's, of equal ones the first.
- The half window is the 28 pixels of the 7 x 7 on that side of the edge, with those on the line.

Pixels without data count nowhere: a mean of none shows no edge (it stands as the centre's) and its
side is never the nearer one while the other has data. A pixel that is alone is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from bandweave.errors import SettingError
from bandweave.raster.grid import Pixels, Window, band_indices, inside
from bandweave.raster.mirrored import read_reflected
from bandweave.raster.virtual import DerivedRaster, SelectedRaster

FilterKind = Literal["none", "lee", "refined-lee"]
FILTERS: tuple[str, ...] = get_args(FilterKind)
WINDOWS = (3, 15)
"""The smallest and the largest side of Lee's window, in pixels."""


@dataclass(frozen=True)
class SpeckleFilter:
    """Which filter, the side of Lee's window in pixels, and the radar's number of looks.

    The refined filter's window is always 7 x 7, whatever `window` says.
    """

    kind: FilterKind = "none"
    window: int = 7
    looks: float = 4.4
    """Equivalent number of looks: squared mean over variance where nothing but speckle varies."""

    def __post_init__(self) -> None:
        """Refuse a filter that does not exist, a window without a centre, no looks."""
        if self.kind not in FILTERS:
            raise SettingError(
                f"There is no speckle filter '{self.kind}'.", f"Choose {', '.join(FILTERS)}."
            )
        smallest, largest = WINDOWS
        if not smallest <= self.window <= largest or self.window % 2 == 0:
            raise SettingError(
                f"A speckle filter's window cannot be {self.window} pixels.",
                f"Give an odd number from {smallest} to {largest}.",
            )
        if not 0 < self.looks < np.inf:
            raise SettingError(
                f"The number of looks cannot be {self.looks:g}.",
                "Give a number above 0; Sentinel-1 ground range images have about 4.4.",
            )

    @property
    def halo(self) -> int:
        """How many pixels away the filter looks."""
        return {"none": 0, "lee": self.window // 2, "refined-lee": 3}[self.kind]

    def apply(self, power: Pixels) -> Pixels:
        """Return filtered power (band, row, col), without the `halo` around the array given."""
        if self.kind == "none":
            return power
        from bandweave.prepare import speckle_kernels as compiled

        power = np.ascontiguousarray(power, dtype=np.float32)
        bands, height, width = power.shape
        halo, noise = self.halo, 1 / self.looks
        filtered: Pixels = np.empty((bands, height - 2 * halo, width - 2 * halo), np.float32)
        for pixels, result in zip(power, filtered, strict=True):
            if self.kind == "lee":
                compiled.lee(pixels, halo, noise, result)
            else:
                compiled.refined_lee(pixels, noise, result)
        return filtered


@dataclass(frozen=True, eq=False)
class FilteredRaster(DerivedRaster):
    """Radar power filtered for speckle, window by window when read; NaN stays NaN.

    A window's pixels do not depend on the window, to the bit: the filter's surroundings are read
    with it, mirrored at the raster's edges.
    """

    filter: SpeckleFilter

    @property
    def halo(self) -> int:
        """How many pixels away the filter looks."""
        return self.filter.halo

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return filtered power of a window (default: all) and of some bands."""
        window = inside(self.grid, window)
        names = tuple(self.bands[index] for index in band_indices(self.bands, bands))
        return self.filter.apply(
            read_reflected(SelectedRaster(self.base, names), window.grown(self.halo))
        )
