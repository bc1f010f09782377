"""Grids and rasters: where the pixels are, and how they are read and written.

This is the only file that reads or writes GeoTIFF. Pixels are float32 arrays shaped
(band, row, col) in which NaN is no data; a file's own no-data value, scale and offset are applied
here and nowhere else. Files are written tiled, compressed and with overviews, under a temporary
name and renamed when complete, so that a reader never meets half a file.
"""

import math
import os
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Protocol

# GDAL would keep 5 % of the machine's memory as decoded blocks: with one process a run that
# adds up. Read when GDAL starts, hence before rasterio is imported.
os.environ.setdefault("GDAL_CACHEMAX", "128")

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterioWindow

from core.errors import RasterError

Pixels = NDArray[np.float32]
"""float32, (band, row, col), NaN is no data."""

SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\0\0\0\x0c": "JP2OpenJPEG",
}
"""First bytes to driver: a file is what its bytes say (archives name GeoTIFFs .jp2), and only
formats that carry their own pixels are read: a virtual one could name other files here."""

TILE = 512
BLOCK = 1024
"""Side in pixels of the windows that whole rasters are gone through in."""
SCRATCH_IN_MEMORY = 1 << 26
"""Values that may be held in memory (256 MiB) before a temporary file takes them."""
FLAG_NODATA = 255
METRES_PER_DEGREE = 111_320.0
LATITUDE_SLACK = 1.0
"""Degrees; global grids of pixel centres reach half a pixel beyond the poles."""


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
        if self.transform.a <= 0 or self.transform.e >= 0 or self.transform.b or self.transform.d:
            raise RasterError(
                "The raster is rotated or flipped; north must be up.",
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


@dataclass(frozen=True, eq=False)
class MemoryRaster:
    """A raster held in memory."""

    array: Pixels
    grid: Grid
    bands: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an array that does not fit its grid and band names."""
        _check_bands(self.bands)
        expected = (len(self.bands), *self.grid.shape)
        if self.array.shape != expected:
            raise RasterError(f"The array is {self.array.shape}; grid and bands ask {expected}.")
        object.__setattr__(self, "array", np.asarray(self.array, dtype=np.float32))

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return a copy of the pixels of a window (default: all) and of some bands."""
        rows, cols = _inside(self.grid, window).slices
        pixels: Pixels = self.array[_indices(self.bands, bands), rows, cols]
        return pixels


@dataclass(frozen=True)
class StoredRaster:
    """A raster in a file, opened when first read, once a thread.

    `band_names` overrides the names in the file; without either they are B1, B2 and so on.
    """

    path: Path
    band_names: tuple[str, ...] | None = None
    _handles: threading.local = field(
        default_factory=threading.local, repr=False, compare=False, hash=False
    )

    @property
    def dataset(self) -> rasterio.DatasetReader:
        """The open file, one handle a thread (GDAL's are not to be shared)."""
        if not hasattr(self._handles, "dataset"):
            self._handles.dataset = open_dataset(self.path)
        handle: rasterio.DatasetReader = self._handles.dataset
        return handle

    @cached_property
    def grid(self) -> Grid:
        """Where the pixels are; a file without a coordinate system is refused."""
        source = self.dataset
        return Grid(source.crs, source.transform, source.height, source.width)

    @cached_property
    def bands(self) -> tuple[str, ...]:
        """The given names, else the file's descriptions where all are set and distinct."""
        source = self.dataset
        names = self.band_names or tuple(name or "" for name in source.descriptions)
        if not all(names) or len(set(names)) < len(names):
            names = tuple(f"B{number}" for number in source.indexes)
        if len(names) != source.count:
            raise RasterError(f"{self.path.name} has {source.count} bands, not {len(names)}.")
        _check_bands(names)
        return names

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands, NaN where no data."""
        return self._read(_inside(self.grid, window), bands, None)

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return a window averaged down to `shape` (rows, cols), from overviews where they are."""
        return self._read(_inside(self.grid, window), bands, shape)

    def whole(self) -> Pixels:
        """Return all pixels; works for a file without georeferencing too."""
        source = self.dataset
        return self._read(Window(0, 0, source.height, source.width), None, None)

    def _read(
        self, window: Window, bands: Sequence[str] | None, shape: tuple[int, int] | None
    ) -> Pixels:
        source = self.dataset
        indexes = [index + 1 for index in _indices(self.bands, bands)]
        with _explained(self.path):
            masked = source.read(
                indexes,
                window=RasterioWindow(window.col, window.row, window.width, window.height),
                out_shape=None if shape is None else (len(indexes), *shape),
                resampling=Resampling.average if shape else Resampling.nearest,
                masked=True,
            )
        pixels: Pixels = masked.astype(np.float32).filled(np.nan)
        pixels[~np.isfinite(pixels)] = np.nan
        for band, index in enumerate(indexes):
            scale, offset = source.scales[index - 1], source.offsets[index - 1]
            if (scale, offset) != (1.0, 0.0):
                pixels[band] = pixels[band] * scale + offset
        return pixels


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
        return computed if bands is None else computed[_indices(self.bands, bands)]


@dataclass(frozen=True, eq=False)
class SelectedRaster:
    """Some bands of another raster."""

    base: Raster
    bands: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse bands the base does not have."""
        _indices(self.base.bands, self.bands)

    @property
    def grid(self) -> Grid:
        """The base raster's grid."""
        return self.base.grid

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some of the selected bands."""
        names = [self.bands[index] for index in _indices(self.bands, bands)]
        return self.base.read(window, names)


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
        rows, cols = _inside(self.grid, window).slices
        return np.repeat(
            self.flags[rows, cols][None].astype(np.float32), len(_indices(self.bands, bands)), 0
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


class Image(NamedTuple):
    """A whole file in memory, to be compared with another."""

    pixels: Pixels
    bands: tuple[str, ...]
    grid: Grid | None
    """None where the file is not georeferenced."""


def read_image(path: Path) -> Image:
    """Read a whole file, georeferenced or not: comparing needs pixels, not places."""
    raster = StoredRaster(path)
    source = raster.dataset
    return Image(raster.whole(), raster.bands, raster.grid if source.crs else None)


class RasterWriter:
    """Writes a GeoTIFF window by window; made by `create`."""

    def __init__(self, target: Any, grid: Grid, bands: tuple[str, ...]) -> None:
        self._target = target
        self.grid = grid
        self.bands = bands
        self._flags = target.dtypes[0] == "uint8"

    def write(self, window: Window, pixels: Pixels) -> None:
        """Write all bands of a window inside the grid; NaN becomes the file's no data."""
        window = _inside(self.grid, window)
        expected = (len(self.bands), window.height, window.width)
        if pixels.shape != expected:
            raise RasterError(f"The window asks for pixels shaped {expected}, not {pixels.shape}.")
        if self._flags:
            pixels = np.where(np.isnan(pixels), FLAG_NODATA, pixels).astype(np.uint8)
        self._target.write(
            pixels, window=RasterioWindow(window.col, window.row, window.width, window.height)
        )


@contextmanager
def create(
    path: Path,
    grid: Grid,
    bands: Sequence[str],
    *,
    flags: bool = False,
    tags: Mapping[str, str] | None = None,
) -> Iterator[RasterWriter]:
    """Write a tiled GeoTIFF with overviews; it appears under `path` only when complete.

    Measurements are float32 with NaN as no data; `flags=True` writes masks and labels as uint8
    with 255 as no data.
    """
    bands = tuple(bands)
    _check_bands(bands)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial.tif")
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "dtype": "uint8" if flags else "float32",
        "nodata": FLAG_NODATA if flags else math.nan,
        "count": len(bands),
        "height": grid.height,
        "width": grid.width,
        "crs": grid.crs,
        "transform": grid.transform,
        "tiled": True,
        "blockxsize": TILE,
        "blockysize": TILE,
        # the fastest lossless pair measured: 4 times deflate's speed at the same size
        "compress": "zstd",
        "zstd_level": 1,
        "predictor": 2 if flags else 3,
        "bigtiff": "if_safer",
    }
    try:
        with _explained(path), rasterio.open(partial, "w", **profile) as target:
            target.descriptions = bands
            target.update_tags(**(tags or {}))
            yield RasterWriter(target, grid, bands)
            levels = _overview_levels(grid)
            if levels:
                resampling = Resampling.nearest if flags else Resampling.average
                target.build_overviews(levels, resampling)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write(
    path: Path,
    pixels: Pixels,
    grid: Grid,
    bands: Sequence[str],
    *,
    flags: bool = False,
    tags: Mapping[str, str] | None = None,
) -> StoredRaster:
    """Write a whole array as `create` does and return it as a stored raster."""
    with create(path, grid, bands, flags=flags, tags=tags) as target:
        target.write(grid.full, pixels)
    return StoredRaster(path)


def open_dataset(path: Path) -> rasterio.DatasetReader:
    """Open a GeoTIFF (or JPEG 2000) for reading, saying in plain words why it cannot be."""
    if path.is_dir():
        raise RasterError(f"{path.name} is a folder.", "Give the GeoTIFF inside it.")
    if not path.is_file():
        raise RasterError(f"There is no file {path.name}.", "Check the path.")
    if path.stat().st_size == 0:
        raise RasterError(f"{path.name} is empty (0 bytes).", "Download or export it again.")
    with path.open("rb") as stream:
        driver = SIGNATURES.get(stream.read(4))
    if driver is None:
        raise RasterError(
            f"{path.name} is not a GeoTIFF.", "Export the imagery as GeoTIFF and try again."
        )
    with _explained(path), warnings.catch_warnings():
        # a file without georeferencing gets our own refusal, by `Grid`
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, driver=driver)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn GDAL's errors into one that names the file and what to do."""
    try:
        yield
    except RasterioError as error:
        reason = str(error.__cause__ or error).replace(str(path), path.name).strip().rstrip(".")
        raise RasterError(
            f"{path.name} cannot be read as a raster: {reason}.",
            "The file may be damaged or cut short; download or export it again.",
        ) from error


def scratch(shape: tuple[int, ...]) -> Pixels:
    """Return an array to fill: in memory where small, else in a file that goes with it."""
    if math.prod(shape) <= SCRATCH_IN_MEMORY:
        return np.full(shape, np.nan, dtype=np.float32)
    return np.memmap(tempfile.TemporaryFile(), dtype=np.float32, mode="w+", shape=shape)


def _inside(grid: Grid, window: Window | None) -> Window:
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


def _indices(bands: tuple[str, ...], wanted: Sequence[str] | None) -> list[int]:
    if wanted is None:
        return list(range(len(bands)))
    missing = [name for name in wanted if name not in bands]
    if missing:
        raise RasterError(
            f"There is no band {', '.join(missing)}.", f"There are: {', '.join(bands)}."
        )
    return [bands.index(name) for name in wanted]


def _check_bands(bands: tuple[str, ...]) -> None:
    if not bands or not all(bands) or len(set(bands)) < len(bands):
        raise RasterError(f"Band names must be given and distinct, not {bands}.")


def _overview_levels(grid: Grid) -> list[int]:
    """Halve until the smaller picture fits one tile."""
    levels, factor = [], 2
    while max(grid.shape) / factor >= TILE / 2:
        levels.append(factor)
        factor *= 2
    return levels
