"""Where pixels are: windows, grids, and what every raster can do.

Pixels are float32 arrays shaped (band, row, col) in which NaN is no data.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from bandweave.errors import RasterError

Pixels = NDArray[np.float32]
"""float32, (band, row, col), NaN is no data."""

BLOCK = 1024
"""Side in pixels of the windows that whole rasters are gone through in."""
METRES_PER_DEGREE = 111_320.0
LATITUDE_SLACK = 1.0
"""Degrees; global grids of pixel centres reach half a pixel beyond the poles."""
SAME = 1e-3
"""Pixels: lattices that differ by less are one lattice."""


class Window(NamedTuple):
    """A rectangle of pixels; may reach beyond its grid where a reader reflects."""

    row: int
    col: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rows and columns as slices of an array that starts at (0, 0)."""
        return (
            slice(self.row, self.row + self.height),
            slice(self.col, self.col + self.width),
        )

    @property
    def stop(self) -> tuple[int, int]:
        """The row and column after the last ones."""
        return self.row + self.height, self.col + self.width

    def grown(self, margin: int) -> "Window":
        """Return the window with `margin` pixels more on every side."""
        return Window(
            self.row - margin, self.col - margin, self.height + 2 * margin, self.width + 2 * margin
        )


@dataclass(frozen=True)
class Grid:
    """Where the pixels are: coordinate system, affine transform and shape; north is up."""

    crs: CRS
    transform: Affine
    """Pixel (col, row) to coordinates (x, y) of the pixel's upper left corner."""
    height: int
    width: int

    def __post_init__(self) -> None:
        """Refuse grids that cannot exist or that nothing here could use."""
        if self.crs is None or not self.crs:
            raise RasterError(
                "The raster has no coordinate system.",
                "Assign one (for example with gdal_edit.py -a_srs) and try again.",
            )
        if not all(math.isfinite(value) for value in self.transform[:6]):
            raise RasterError(
                f"The raster's transform is not finite: {tuple(self.transform)[:6]}.",
                "Write the file again with a valid geotransform.",
            )
        if self.transform == Affine.identity():
            raise RasterError(
                "The raster has a coordinate system but no place in it.",
                "Export it with its geotransform (gdalinfo shows it as origin and pixel size).",
            )
        if self.transform.a <= 0 or self.transform.e >= 0 or self.transform.b or self.transform.d:
            raise RasterError(
                "The raster is rotated or mirrored; north must be up and east to the right.",
                "Warp it to a north-up grid first (gdalwarp does so by default).",
            )
        if self.height < 1 or self.width < 1:
            raise RasterError(f"The grid is empty: {self.height} x {self.width} pixels.")
        _, south, _, north = self.bounds
        if self.crs.is_geographic and max(-south, north) > 90 + LATITUDE_SLACK:
            raise RasterError(
                f"Latitudes of {south:g} to {north:g} are no places on Earth.",
                "Its coordinates are not degrees; assign the coordinate system they are in.",
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def full(self) -> Window:
        """The window that covers the whole grid."""
        return Window(0, 0, self.height, self.width)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in the grid's own coordinates."""
        west, north = self.transform @ (0, 0)
        east, south = self.transform @ (self.width, self.height)
        return west, south, east, north

    @property
    def pixel_size(self) -> tuple[float, float]:
        """Width and height of a pixel in the units of the coordinate system."""
        return self.transform.a, -self.transform.e

    @cached_property
    def pixel_metres(self) -> tuple[float, float]:
        """Width and height of a pixel in metres; at the centre's latitude where in degrees."""
        width, height = self.pixel_size
        if self.crs.is_geographic:
            _, south, _, north = self.bounds
            latitude = math.radians((south + north) / 2)
            return width * METRES_PER_DEGREE * math.cos(latitude), height * METRES_PER_DEGREE
        factor = float(self.crs.linear_units_factor[1])
        return width * factor, height * factor

    @property
    def resolution(self) -> float:
        """The pixel's side in metres (the geometric mean where it is not square)."""
        width, height = self.pixel_metres
        return math.sqrt(width * height)

    def windows(self, side: int) -> Iterator[Window]:
        """Yield square windows in rows from the upper left; the last ones are smaller."""
        for row in range(0, self.height, side):
            for col in range(0, self.width, side):
                yield Window(row, col, min(side, self.height - row), min(side, self.width - col))

    def at(self, window: Window) -> "Grid":
        """Return the grid of a window; the window may reach beyond this grid."""
        shift = Affine.translation(window.col, window.row)
        return Grid(self.crs, self.transform @ shift, window.height, window.width)

    def as_json(self) -> dict[str, Any]:
        """Describe the grid: CRS, transform, shape, bounds and resolution in metres."""
        return {
            "crs": self.crs.to_string(),
            "transform": list(self.transform)[:6],
            "height": self.height,
            "width": self.width,
            "bounds": list(self.bounds),
            "resolution": round(self.resolution, 4),
        }


def north_up(transform: Affine, height: int, width: int) -> tuple[Affine, bool]:
    """Return the transform of a file's rows from north to south, and whether that turns them over.

    A rotation of less than `SAME` pixels over the whole extent is rounding. What is truly rotated,
    mirrored or without a place comes back as it is, for `Grid` to refuse.
    """
    a, b, c, d, e, f = transform[:6]
    if abs(b) * height <= SAME * abs(a) and abs(d) * width <= SAME * abs(e):
        if a > 0 and e > 0 and transform != Affine.identity():
            return Affine(a, 0.0, c, 0.0, -e, f + e * height), True
        return Affine(a, 0.0, c, 0.0, e, f), False
    return transform, False


def lattice_shift(source: Grid, target: Grid) -> tuple[int, int] | None:
    """Return the source's (row, col) under the target's pixel (0, 0) if the lattices coincide."""
    if source.crs != target.crs:
        return None
    relative = ~source.transform @ target.transform
    reach_of = max(target.shape)
    if max(abs(relative.a - 1), abs(relative.e - 1)) * reach_of > SAME:
        return None
    col, row = round(relative.c), round(relative.f)
    if max(abs(relative.c - col), abs(relative.f - row)) > SAME:
        return None
    return row, col


def same_grid(first: Grid, second: Grid) -> bool:
    """Whether two grids differ by no more than rounding: less than `SAME` pixels anywhere."""
    return first.shape == second.shape and lattice_shift(first, second) == (0, 0)


class Raster(Protocol):
    """Named bands on a grid that can be read by window."""

    @property
    def grid(self) -> Grid:
        """Where the pixels are."""

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands' names, in order."""

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return pixels of a window inside the grid (default: all) and of some bands."""


def inside(grid: Grid, window: Window | None) -> Window:
    """Return a window of the grid (None: all of it); one that reaches beyond is refused."""
    if window is None:
        return grid.full
    bottom, right = window.stop
    if (
        min(window.row, window.col) < 0
        or min(window.height, window.width) < 1
        or bottom > grid.height
        or right > grid.width
    ):
        raise RasterError(f"{window} is not inside a grid of {grid.height} x {grid.width} pixels.")
    return window


def band_indices(bands: tuple[str, ...], wanted: Sequence[str] | None) -> list[int]:
    """Return where the wanted bands are (None: all); the error lists what there is."""
    if wanted is None:
        return list(range(len(bands)))
    missing = [name for name in wanted if name not in bands]
    if missing:
        raise RasterError(
            f"There is no band {', '.join(missing)}.", f"There are: {', '.join(bands)}."
        )
    return [bands.index(name) for name in wanted]


def check_bands(bands: tuple[str, ...]) -> None:
    """Refuse band names that are missing, empty or not distinct."""
    if not bands or not all(bands) or len(set(bands)) < len(bands):
        raise RasterError(f"Band names must be given and distinct, not {bands}.")
