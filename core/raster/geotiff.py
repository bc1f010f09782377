"""GeoTIFF: the only file that reads or writes it.

A file's own no-data value, scale and offset are applied here and nowhere else. Files are written
tiled, compressed and with overviews, in a hidden folder, and renamed when complete, so that a
reader never meets half a file.
"""

import math
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

# GDAL would keep 5 % of the machine's memory as decoded blocks: with one process a run that
# adds up. Read when the first block is.
os.environ.setdefault("GDAL_CACHEMAX", "128")
# what other programs leave beside a file (.aux.xml, .ovr) is not part of it
os.environ.setdefault("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR")

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.enums import Interleaving, Resampling
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterioWindow

from bandweave.errors import RasterError
from bandweave.raster.grid import (
    BLOCK,
    Grid,
    Pixels,
    Window,
    band_indices,
    check_bands,
    inside,
    north_up,
)
from bandweave.raster.open_files import Handles
from bandweave.storage.durable import keep
from bandweave.storage.refusal import GROWTH, growth, known, reason
from bandweave.storage.temporary import beside

SIGNATURES = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
}
"""First bytes to driver: a file is what its bytes say (archives name GeoTIFFs .jp2), and only
formats that carry their own pixels are read: a virtual one could name other files here."""

TILE = 512
FLAG_NODATA = 255
LARGEST_BLOCK = 512 << 20
"""Bytes of one strip or tile when decoded: a band of Sentinel-2 as one strip has 230 MiB."""
WAITING = 16
"""Files kept open for the next read."""
COG_OPTIONS = {
    # what every reader knows; a higher level takes longer and saves nothing on measurements
    "compress": "deflate",
    "level": 1,
    "predictor": "yes",
    "blocksize": TILE,
    "bigtiff": "if_safer",
    "num_threads": "all_cpus",
}


@dataclass(frozen=True)
class StoredRaster:
    """A raster in a file, opened when first read, once a thread.

    `band_names` overrides the names in the file; without either they are B1, B2 and so on. Rows
    that a file keeps from south to north are turned over.
    """

    path: Path
    band_names: tuple[str, ...] | None = None
    as_stored: bool = False
    """Whether the file's own scale and offset are left to others to apply."""
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
        return Grid(source.crs, self._north_up[0], source.height, source.width)

    @cached_property
    def _north_up(self) -> tuple[Affine, bool]:
        source = self.dataset
        if source.crs is None:
            return source.transform, False
        return north_up(source.transform, source.height, source.width)

    @cached_property
    def descriptions(self) -> tuple[str, ...]:
        """The given names, else the file's, each empty where it has none or not in UTF-8."""
        source = self.dataset
        try:
            return self.band_names or tuple(name or "" for name in source.descriptions)
        except UnicodeDecodeError:
            return ("",) * int(source.count)

    @cached_property
    def bands(self) -> tuple[str, ...]:
        """The given names, else the file's descriptions where all are set and distinct."""
        source = self.dataset
        names = self.descriptions
        if not all(names) or len(set(names)) < len(names):
            names = tuple(f"B{number}" for number in source.indexes)
        if len(names) != source.count:
            raise RasterError(f"{self.path.name} has {source.count} bands, not {len(names)}.")
        check_bands(names)
        return names

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands, NaN where no data."""
        return self._read(inside(self.grid, window), bands, None)

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return a window averaged down to `shape` (rows, cols), from overviews where they are."""
        return self._read(inside(self.grid, window), bands, shape)

    def whole(self) -> Pixels:
        """Return all pixels; works for a file without georeferencing too."""
        source = self.dataset
        return self._read(Window(0, 0, source.height, source.width), None, None)

    def _read(
        self, window: Window, bands: Sequence[str] | None, shape: tuple[int, int] | None
    ) -> Pixels:
        indexes = [index + 1 for index in band_indices(self.bands, bands)]
        _, south_up = self._north_up
        row = self.dataset.height - window.stop[0] if south_up else window.row
        with _handles.lent(self.path) as source, _explained(self.path):
            scales, offsets = source.scales, source.offsets
            masked = source.read(
                indexes,
                window=RasterioWindow(window.col, row, window.width, window.height),
                out_shape=None if shape is None else (len(indexes), *shape),
                resampling=Resampling.average if shape else Resampling.nearest,
                masked=True,
            )
        pixels: Pixels = masked.astype(np.float32).filled(np.nan)
        if south_up:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
        pixels[~np.isfinite(pixels)] = np.nan
        for band, index in enumerate(indexes):
            scale, offset = scales[index - 1], offsets[index - 1]
            if (scale, offset) != (1.0, 0.0) and not self.as_stored:
                pixels[band] = pixels[band] * scale + offset
        return pixels


class Image(NamedTuple):
    """A whole file in memory, to be compared with another."""

    pixels: Pixels
    bands: tuple[str, ...]
    grid: Grid | None
    """None where the file is not georeferenced."""
    described: bool
    """Whether the bands' names are the file's own, and no mere numbers."""


def read_image(path: Path) -> Image:
    """Read a whole file, georeferenced or not: comparing needs pixels, not places."""
    raster = StoredRaster(path)
    grid = raster.grid if raster.dataset.crs else None
    return Image(raster.whole(), raster.bands, grid, raster.bands == raster.descriptions)


class RasterWriter:
    """Writes a GeoTIFF window by window; made by `create`."""

    def __init__(self, target: Any, path: Path, grid: Grid, bands: tuple[str, ...]) -> None:
        self._target, self._path = target, path
        self.grid = grid
        self.bands = bands
        self._flags = target.dtypes[0] == "uint8"

    def write(self, window: Window, pixels: Pixels) -> None:
        """Write all bands of a window inside the grid; NaN becomes the file's no data."""
        window = inside(self.grid, window)
        expected = (len(self.bands), window.height, window.width)
        if pixels.shape != expected:
            raise RasterError(f"The window asks for pixels shaped {expected}, not {pixels.shape}.")
        if self._flags:
            pixels = np.where(np.isnan(pixels), FLAG_NODATA, pixels).astype(np.uint8)
        place = RasterioWindow(window.col, window.row, window.width, window.height)
        with _writing(self._path, Path(self._target.name)):
            self._target.write(pixels, window=place)


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
    check_bands(bands)
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
    levels = _overview_levels(grid)
    with ExitStack() as stack:
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = stack.enter_context(beside(path))
            target = rasterio.open(partial, "w", **profile)
        stack.callback(_close, target)
        with _writing(path, partial):
            target.descriptions = bands
            target.update_tags(**(tags or {}))
        yield RasterWriter(target, path, grid, bands)
        with _writing(path, partial):
            if levels:
                resampling = Resampling.nearest if flags else Resampling.average
                target.build_overviews(levels, resampling)
            target.close()
            _check(partial, len(levels))
            keep(partial, path)


def _close(target: Any) -> None:
    """Give a file up: what cannot be flushed to a full disk has been said."""
    with suppress(RasterioError, CPLE_BaseError, OSError):
        target.close()


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


class NumbersOf(NamedTuple):
    """What a file of numbers as they are says of one of its bands; empty where it says nothing."""

    name: str = ""
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    tags: Mapping[str, str] = {}


@contextmanager
def create_numbers(
    path: Path,
    grid: Grid,
    dtype: np.dtype[Any],
    bands: Sequence[NumbersOf],
    *,
    nodata: float | None = None,
    tags: Mapping[str, str] | None = None,
) -> Iterator[Callable[[int, int, np.ndarray], None]]:
    """Write numbers as they are, of whatever type: give a function of (band from 0, row, rows)."""
    with (
        _writing(path),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            dtype=dtype,
            nodata=nodata,
            count=len(bands),
            height=grid.height,
            width=grid.width,
            crs=grid.crs,
            transform=grid.transform,
            tiled=True,
            blockxsize=TILE,
            blockysize=TILE,
            interleave="band",
            bigtiff="if_safer",
        ) as target,
    ):
        target.descriptions = [band.name or None for band in bands]
        target.scales = [band.scale for band in bands]
        target.offsets = [band.offset for band in bands]
        target.units = [band.unit or None for band in bands]
        target.update_tags(**(tags or {}))
        for number, band in enumerate(bands, start=1):
            target.update_tags(number, **band.tags)

        def put(band: int, row: int, numbers: np.ndarray) -> None:
            if numbers.shape[1:] != (grid.width,):
                raise RasterError(f"Rows of {grid.width} pixels are written, not {numbers.shape}.")
            place = RasterioWindow(0, row, grid.width, len(numbers))
            target.write(numbers, band + 1, window=place)

        yield put


def write_cog(source: StoredRaster, path: Path, tags: Mapping[str, str]) -> StoredRaster:
    """Copy a raster as a Cloud Optimized GeoTIFF, block by block, with `tags` added to its own.

    Coordinate system, band names, no data and overviews are kept. The file appears under `path`
    only when complete.
    """
    dataset = source.dataset
    with ExitStack() as stack:
        stack.enter_context(_reading_first(source))
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = stack.enter_context(beside(path))
        # what could not be written is gone: there was less room than it takes at most
        values = dataset.count * dataset.width * dataset.height
        with _writing(path, partial, max(GROWTH, values * np.dtype(dataset.dtypes[0]).itemsize)):
            # tags added to a finished file would end its layout, so a virtual copy carries them
            virtual = partial.with_name("tagged.vrt")
            rasterio.shutil.copy(dataset, virtual, driver="VRT")
            with rasterio.open(virtual, "r+") as tagged:
                tagged.update_tags(**tags)
                tagged.descriptions = source.bands
            with rasterio.open(virtual) as tagged:
                flags = "uint8" in tagged.dtypes
                resampling = {"overview_resampling": "nearest" if flags else "average"}
                rasterio.shutil.copy(tagged, partial, driver="COG", **COG_OPTIONS, **resampling)
                # a virtual copy has no overviews narrower than 128 pixels to hand on
                levels = len(tagged.overviews(1))
            _check(partial, levels)
            keep(partial, path)
    return StoredRaster(path)


@contextmanager
def _reading_first(source: "StoredRaster") -> Iterator[None]:
    """Where a copy fails since its source is damaged, say so, and not that the disk is full."""
    try:
        yield
    except RasterError:
        for window in source.grid.windows(BLOCK):
            source.read(window)
        raise


def _check(partial: Path, levels: int) -> None:
    """Raise where not all of a file is there: a full disk may say so only in what is missing.

    Every block of the file and of its overviews has to be there and to be read.
    """
    with rasterio.open(partial) as written:
        overviews = range(len(written.overviews(1)))
    if len(overviews) < levels:
        raise RasterioError("its overviews are missing")
    for options in ({}, *({"overview_level": each} for each in overviews)):
        with rasterio.open(partial, **options) as written:
            for (row, col), window in written.block_windows(1):
                if not written.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", 1):
                    raise RasterioError(f"its block {row}, {col} is missing")
                written.read(window=window)


def open_dataset(path: Path) -> rasterio.DatasetReader:
    """Open a GeoTIFF for reading, saying in plain words why it cannot be."""
    if path.is_dir():
        raise RasterError(f"{path.name} is a folder.", "Give the GeoTIFF inside it.")
    if not path.is_file():
        raise RasterError(f"There is no file {path.name}.", "Check the path.")
    with _explained(path), path.open("rb") as stream:
        signature = stream.read(4)
    if not signature:
        raise RasterError(f"{path.name} is empty (0 bytes).", "Download or export it again.")
    driver = SIGNATURES.get(signature)
    if driver is None:
        raise RasterError(
            f"{path.name} is not a GeoTIFF.", "Export the imagery as GeoTIFF and try again."
        )
    with _explained(path), warnings.catch_warnings():
        # a file without georeferencing gets our own refusal, by `Grid`
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        opened = rasterio.open(path, driver=driver)
    if _block_bytes(opened) > LARGEST_BLOCK:
        opened.close()
        raise RasterError(
            f"{path.name} keeps its pixels in blocks of more than {LARGEST_BLOCK >> 20} MiB.",
            "It may be damaged; export it as a tiled GeoTIFF.",
        )
    return opened


def _block_bytes(opened: rasterio.DatasetReader) -> int:
    """Return the bytes that are decoded for any pixel."""
    height, width = opened.block_shapes[0]
    together = opened.count if opened.interleaving is Interleaving.pixel else 1
    return int(height * width * together * np.dtype(opened.dtypes[0]).itemsize)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn GDAL's errors about a file that is read into one that names it and what to do."""
    try:
        yield
    except (RasterioError, OSError) as error:
        if isinstance(error, OSError) and known(error):
            why, hint = reason(error)
            raise RasterError(f"{path.name} cannot be read: {why}.", hint) from error
        raise RasterError(
            f"{path.name} cannot be read as a raster: {_reason(error, path)}.",
            "The file may be damaged or cut short; download or export it again.",
        ) from error


@contextmanager
def _writing(path: Path, partial: Path | None = None, size: int = GROWTH) -> Iterator[None]:
    """Turn what goes wrong while a file is written into an error that names it and what to do.

    GDAL does not tell what the system said, so `partial` is asked whether it may grow by `size`.
    """
    try:
        yield
    except (RasterioError, CPLE_BaseError, OSError) as error:
        refused = error if isinstance(error, OSError) and error.errno else None
        refused = refused or (growth(partial, size) if partial else None)
        why, hint = reason(refused) if refused else (_reason(error, path), "Make room; try again.")
        raise RasterError(f"{path.name} cannot be written: {why}.", hint) from error


def _reason(error: Exception, path: Path) -> str:
    return str(error.__cause__ or error).replace(str(path), path.name).strip().rstrip(".")


def _overview_levels(grid: Grid) -> list[int]:
    """Halve until the smaller picture fits one tile."""
    levels, factor = [], 2
    while max(grid.shape) / factor >= TILE / 2:
        levels.append(factor)
        factor *= 2
    return levels


_handles = Handles(open_dataset, WAITING)
