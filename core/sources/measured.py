"""What read files have in common: bands in their final unit, still on the files' own grids."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bandweave.errors import RasterError
from bandweave.prepare.alignment import WGS84, extent
from bandweave.prepare.geography import ground_resolution
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Grid, Raster
from bandweave.raster.scene import Resampled, Unit
from bandweave.sources.bands import Pick, Picked, as_facts
from bandweave.sources.guess import Notes, repeat_factor
from bandweave.sources.headers import described_bands, require_sound
from bandweave.sources.metadata import acquisition_date


class Part(NamedTuple):
    """What one file gives: bands in their final unit, on the file's own grid."""

    raster: Raster
    native: float
    """Metres between independent samples."""
    resampled: Resampled
    """How the file's pixels came from native ones."""
    file: str = ""
    """The file's name."""


class Measured(NamedTuple):
    """The bands of one role and date, from one or several files."""

    parts: tuple[Part, ...]
    bands: tuple[str, ...]
    unit: Unit
    date: datetime.date | None
    calibration: str = ""

    @property
    def pictures(self) -> tuple[tuple[Part, ...], ...]:
        """The parts of each picture: files that hold the same bands side by side."""
        found: dict[tuple[str, ...], list[Part]] = {}
        for part in self.parts:
            found.setdefault(part.raster.bands, []).append(part)
        return tuple(map(tuple, found.values()))

    @property
    def grids(self) -> tuple[tuple[Grid, ...], ...]:
        """The files' own grids, picture by picture."""
        return tuple(tuple(part.raster.grid for part in parts) for parts in self.pictures)


def open_all(paths: Sequence[Path]) -> tuple[StoredRaster, ...]:
    """Open files, refusing those that are no georeferenced raster in a message with their name."""
    return tuple(open_one(path) for path in paths)


def open_one(path: Path) -> StoredRaster:
    """Open one file whose grid is known to be usable and whose blocks are all there."""
    if path.is_dir():
        raise RasterError(f"{path.name} is a folder, not a GeoTIFF.", "Give the file itself.")
    if path.is_file():
        require_sound(path)
    raster = StoredRaster(path)
    if not any(raster.descriptions):
        raster = StoredRaster(path, _distinct(described_bands(path)))
    if any(dtype.startswith("complex") for dtype in raster.dataset.dtypes):
        raise RasterError(
            f"{path.name} holds complex numbers (single-look complex radar).",
            "Detect, calibrate and terrain-correct it first; give backscatter.",
        )
    if raster.dataset.crs is None and raster.dataset.gcps[0]:
        raise RasterError(
            f"{path.name} has ground control points only, no grid on the ground.",
            "Terrain-correct it first (for raw Sentinel-1 the usual step), then give the result.",
        )
    try:
        _require_place(raster.grid)
    except RasterError as error:
        raise RasterError(f"{path.name}: {error.message}", error.hint) from error
    return raster


def _distinct(names: Sequence[str]) -> tuple[str, ...] | None:
    """Return names where all are given and differ; None leaves bands to be called by number."""
    return tuple(names) if all(names) and len(set(names)) == len(names) else None


def _require_place(grid: Grid) -> None:
    if not (grid.crs.is_geographic or grid.crs.is_projected):
        raise RasterError(
            "The coordinate system is neither geographic nor projected.",
            "Assign the right one (for example with gdal_edit.py -a_srs) and try again.",
        )
    west, south, east, north = extent(grid, WGS84)
    if not (-360 <= west <= east <= 540 and -90.01 <= south <= north <= 90.01):
        raise RasterError(
            f"Its corners {grid.bounds} are no places on Earth in its coordinate system.",
            "Check the file's coordinate system and its corner coordinates.",
        )


def by_file(picks: Sequence[Pick]) -> list[tuple[StoredRaster, list[Pick]]]:
    """Return the picked bands file by file, in the order of first use."""
    files: dict[Path, tuple[StoredRaster, list[Pick]]] = {}
    for pick in picks:
        files.setdefault(pick.raster.path, (pick.raster, []))[1].append(pick)
    return list(files.values())


def note_bands(picked: Picked, what: str, notes: Notes) -> None:
    """Record which band each name was taken to be, where that was not stated."""
    if picked.why:
        notes.guess(f"{what} bands", as_facts(picked), picked.why)


def native_pixels(
    raster: StoredRaster, stated: float | None, what: str, notes: Notes
) -> tuple[float, Resampled]:
    """Return a file's native resolution in metres and how its pixels came from native ones."""
    pixel, factor = ground_resolution(raster.grid), repeat_factor(raster)
    name = raster.path.name
    if stated is None:
        if factor == 1:
            return pixel, Resampled.NONE
        notes.guess(
            f"{what} native resolution",
            round(factor * pixel, 3),
            f"{name}: pixels of {pixel:.3g} m repeat in blocks of {factor} x {factor}",
        )
        return factor * pixel, Resampled.NEAREST
    if stated <= pixel * 1.5:
        return max(stated, pixel), Resampled.NONE
    # the widest kernel is assumed where nothing tells, so that masks are grown enough
    return stated, Resampled.NEAREST if factor > 1 else Resampled.CUBIC


def first_date(rasters: Sequence[StoredRaster], what: str, notes: Notes) -> datetime.date | None:
    """Return the date that the first telling file states."""
    for raster in rasters:
        if found := acquisition_date(raster):
            date, why = found
            notes.guess(f"{what} date", date.isoformat(), why)
            return date
    return None
