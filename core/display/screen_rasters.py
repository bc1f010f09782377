"""Rasters made of others for the screen: far away they are made of the others' means.

What methods see is never one of these: a mean over a gap's edge may hold hidden pixels.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bandweave.display.tiles import Difference, averaged
from bandweave.errors import RasterError
from bandweave.raster.grid import Grid, Pixels, Raster, Window, band_indices
from bandweave.raster.virtual import DerivedRaster

Reader = Callable[[Raster, Sequence[str]], Pixels]
MEAN = "mean"


class Composed(ABC):
    """Bands computed pixel by pixel from rasters on one grid, at full or at a lower resolution."""

    @property
    @abstractmethod
    def grid(self) -> Grid:
        """The grid of what it is made of."""

    @property
    @abstractmethod
    def bands(self) -> tuple[str, ...]:
        """The bands' names, in order."""

    @abstractmethod
    def _made(self, pixels: Reader, bands: Sequence[str]) -> Pixels:
        """Compute some bands from the pixels that the reader gives of each raster."""

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands."""
        chosen = self.bands if bands is None else bands
        return self._made(lambda raster, names: raster.read(window, names), chosen)

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return a window made of the means at `shape` (rows, cols)."""
        chosen = self.bands if bands is None else bands
        return self._made(lambda raster, names: averaged(raster, window, shape, names), chosen)


@dataclass(frozen=True, eq=False)
class Gapped(DerivedRaster, Composed):
    """A raster that shows no data where a mask is 1 (averaged down: where most of it is)."""

    mask: Raster

    def __post_init__(self) -> None:
        """Refuse two grids."""
        if self.base.grid != self.mask.grid:
            raise RasterError("The mask is on another grid than the image.")

    def _made(self, pixels: Reader, bands: Sequence[str]) -> Pixels:
        hidden = pixels(self.mask, self.mask.bands[:1])[0] >= 0.5
        return np.where(hidden, np.float32(np.nan), pixels(self.base, bands))


@dataclass(frozen=True, eq=False)
class Quotient(Composed):
    """One band of a raster over another, such as VV over VH; NaN where the divisor is not above 0.

    Of means it is the quotient of means, which for speckled power is the better estimate.
    """

    base: Raster
    over: str
    under: str

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self.base.grid

    @property
    def bands(self) -> tuple[str, ...]:
        """The one band, named after the two."""
        return (f"{self.over}/{self.under}",)

    def _made(self, pixels: Reader, bands: Sequence[str]) -> Pixels:
        band_indices(self.bands, bands)
        over, under = pixels(self.base, (self.over, self.under))
        quotient = np.full(over.shape, np.nan, np.float32)
        np.divide(over, under, out=quotient, where=under > 0)
        return quotient[None]


@dataclass(frozen=True)
class MeanDifference(Difference):
    """The difference's mean over some bands, as one band; NaN where one of them is."""

    over: tuple[str, ...] = ()

    @property
    def bands(self) -> tuple[str, ...]:
        """The one band's name."""
        return (MEAN,)

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the mean of a window's differences (default: all)."""
        band_indices(self.bands, bands)
        mean: Pixels = super().read(window, self.over).mean(axis=0, keepdims=True)
        return mean

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return the mean of two windows' differences averaged down to `shape`."""
        band_indices(self.bands, bands)
        mean: Pixels = super().preview(window, shape, self.over).mean(axis=0, keepdims=True)
        return mean
