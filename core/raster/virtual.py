"""Rasters held in memory or computed from others, window by window, when read."""

import math
import mmap
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import RasterError
from bandweave.raster.grid import Grid, Pixels, Raster, Window, band_indices, check_bands, inside
from bandweave.storage.refusal import reserve, writing

SCRATCH_IN_MEMORY = 1 << 26
"""Values that may be held in memory (256 MiB) before a temporary file takes them."""


@dataclass(frozen=True, eq=False)
class MemoryRaster:
    """A raster held in memory; half floats stay so there, and read as float32 like all others."""

    array: Pixels
    grid: Grid
    bands: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an array that does not fit its grid and band names."""
        check_bands(self.bands)
        expected = (len(self.bands), *self.grid.shape)
        if self.array.shape != expected:
            raise RasterError(f"The array is {self.array.shape}; grid and bands ask {expected}.")
        if self.array.dtype != np.float16:
            object.__setattr__(self, "array", np.asarray(self.array, dtype=np.float32))

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return a copy of the pixels of a window (default: all) and of some bands."""
        rows, cols = inside(self.grid, window).slices
        if bands is None or tuple(bands) == self.bands:
            # a copy of a slice is several times as fast as one by indices
            pixels = self.array[:, rows, cols].astype(np.float32)
        else:
            pixels = self.array[band_indices(self.bands, bands), rows, cols]
        # who reads a large one block by block would end up holding all of it
        settle(self.array)
        return pixels.astype(np.float32, copy=False)


@dataclass(frozen=True, eq=False)
class DerivedRaster:
    """What a raster made from one other has from it: its grid and its bands."""

    base: Raster

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self.base.grid

    @property
    def bands(self) -> tuple[str, ...]:
        """The base raster's bands."""
        return self.base.bands


@dataclass(frozen=True, eq=False)
class MappedRaster:
    """A raster computed from another one, window by window, when read.

    `function` takes and returns (band, row, col) float32 and works pixel by pixel, so that a
    window's pixels do not depend on the window; it makes exactly the bands named here.
    """

    base: Raster
    function: Callable[[Pixels], Pixels]
    bands: tuple[str, ...]

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self.base.grid

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the computed pixels of a window (default: all) and of some bands."""
        computed = self.function(self.base.read(window))
        return computed if bands is None else computed[band_indices(self.bands, bands)]


@dataclass(frozen=True, eq=False)
class SelectedRaster:
    """Some bands of another raster."""

    base: Raster
    bands: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse bands the base does not have."""
        band_indices(self.base.bands, self.bands)

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self.base.grid

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some of the selected bands."""
        names = [self.bands[index] for index in band_indices(self.bands, bands)]
        return self.base.read(window, names)


@dataclass(frozen=True, eq=False)
class CroppedRaster:
    """A window of another raster, on the window's own grid."""

    base: Raster
    window: Window

    def __post_init__(self) -> None:
        """Refuse a window that reaches beyond the base."""
        inside(self.base.grid, self.window)

    @property
    def grid(self) -> Grid:
        """The window's grid."""
        return self.base.grid.at(self.window)

    @property
    def bands(self) -> tuple[str, ...]:
        """The base raster's bands."""
        return self.base.bands

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the base's pixels under a window of this raster (default: all)."""
        row, col, height, width = inside(self.grid, window)
        shifted = Window(self.window.row + row, self.window.col + col, height, width)
        return self.base.read(shifted, bands)


@dataclass(frozen=True, eq=False)
class FlagRaster:
    """One band of flags held in memory at a byte a pixel; reads as 1 and 0."""

    flags: NDArray[np.bool_]
    grid: Grid
    band: str

    def __post_init__(self) -> None:
        """Refuse flags that do not fit their grid."""
        if self.flags.shape != self.grid.shape:
            raise RasterError(f"The flags are {self.flags.shape}; the grid is {self.grid.shape}.")

    @property
    def bands(self) -> tuple[str, ...]:
        """The one band's name."""
        return (self.band,)

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the flags of a window (default: all) as float32."""
        rows, cols = inside(self.grid, window).slices
        return np.repeat(
            self.flags[rows, cols][None].astype(np.float32), len(band_indices(self.bands, bands)), 0
        )


@dataclass(frozen=True, eq=False)
class WithheldRaster:
    """A raster of which the flagged pixels are withheld: they read as NaN, always."""

    _base: Raster
    _withheld: Raster

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self._base.grid

    @property
    def bands(self) -> tuple[str, ...]:
        """The base raster's bands."""
        return self._base.bands

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all), NaN where withheld."""
        withheld = self._withheld.read(window)[0] == 1
        return np.where(withheld, np.float32(np.nan), self._base.read(window, bands))


def scratch(shape: tuple[int, ...], kind: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
    """Return an array to fill: in memory where small, else in a file that goes with it.

    Raises `StorageError` where there is no room for that.
    """
    if math.prod(shape) <= SCRATCH_IN_MEMORY:
        return np.full(shape, np.nan, dtype=kind)
    with writing(Path(tempfile.gettempdir(), "scratch")), tempfile.TemporaryFile() as held:
        # a disk that is full when a page is written back would end this process
        reserve(held, np.dtype(kind).itemsize * math.prod(shape))
        return np.memmap(held, dtype=kind, mode="w+", shape=shape)


def settle(array: NDArray[Any]) -> None:
    """Let go of the memory that a scratch array's file is seen through; its numbers stay there."""
    held: object = array
    while isinstance(held, np.ndarray):
        held = held.base
    if isinstance(held, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        held.madvise(mmap.MADV_DONTNEED)
