"""What read files have in common: bands in their final unit, still on the files' own grids."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bandweave.errors import RasterError
from bandweave.prepare.alignment import WGS84, extent
from bandweave.prepare.geography import ground_resolution
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Grid, Pixels, Raster
from bandweave.raster.scene import Resampled, Unit
from bandweave.raster.virtual import MappedRaster
from bandweave.sources.bands import Pick, bands_of, opacity
from bandweave.sources.evidence import Basis, Notes
from bandweave.sources.guess import repeat_factor, sample
from bandweave.sources.headers import described_bands, require_sound
from bandweave.sources.labels import sensing_date
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
    def pictures(self) -> dict[tuple[Part, ...], tuple[str, ...]]:
        """The parts that together show some of the bands, and which."""
        found: dict[tuple[Part, ...], tuple[str, ...]] = {}
        for band in self.bands:
            parts = tuple(part for part in self.parts if band in part.raster.bands)
            found[parts] = (*found.get(parts, ()), band)
        return found

    @property
    def grids(self) -> tuple[tuple[Grid, ...], ...]:
        """The files' own grids, picture by picture; parts frame one, whatever each lacks."""
        together = [self.parts] if any(len(parts) > 1 for parts in self.pictures) else self.pictures
        return tuple(tuple(part.raster.grid for part in parts) for parts in together)


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
    if not _is_scale(raster):
        raster = replace(raster, as_stored=True)
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


def opaque(raster: StoredRaster) -> Raster:
    """Return a file's numbers, NaN where its opacity is nought, without the band that says so."""
    without = opacity(raster)
    if without is None:
        return raster
    others = tuple(band for band in raster.bands if band != without)
    return MappedRaster(raster, partial(_where_opaque, place=raster.bands.index(without)), others)


def opaque_sample(raster: StoredRaster) -> Pixels:
    """Return `sample` of a file, NaN where its opacity is nought."""
    numbers = sample(raster)
    if alpha := opacity(raster):
        numbers[:, numbers[raster.bands.index(alpha)] == 0] = np.nan
    return numbers


def note_fill(
    lost: Sequence[Pixels],
    share: float,
    stated: Sequence[float] | None,
    what: str,
    notes: Notes,
) -> None:
    """Record which stored numbers are no data: as stated, else those of a sample that are `lost`,
    the most frequent ones, with their share of it.
    """
    if stated is not None:
        listed = ", ".join(f"{each:g}" for each in stated) or "none"
        notes.decide(what, "fill", listed, Basis.STATED, "stated")
        return
    found, counts = np.unique(np.concatenate(lost), return_counts=True)
    if found.size:
        most = ", ".join(f"{found[place]:g}" for place in np.argsort(-counts)[:3])
        notes.decide(what, "fill", most, Basis.NUMBERS, f"{share:.1%} of the sample", sure=True)


def _where_opaque(numbers: Pixels, place: int) -> Pixels:
    seen = np.where(numbers[place] == 0, np.float32(np.nan), numbers)
    return np.delete(seen, place, axis=0)


def _is_scale(raster: StoredRaster) -> bool:
    """Whether numbers can be scaled by a file's own tags."""
    dataset = raster.dataset
    finite = bool(np.isfinite((*dataset.scales, *dataset.offsets)).all())
    return finite and all(scale != 0 for scale in dataset.scales)


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


def native_pixels(
    rasters: Sequence[tuple[StoredRaster, Sequence[str]]],
    stated: float | None,
    what: str,
    notes: Notes,
) -> tuple[float, Resampled]:
    """Return the native resolution of bands of one grid in metres, and how their pixels came of it.

    Of bands that differ the coarsest counts. `rasters` are files with the names of their bands.
    """
    pixel = ground_resolution(rasters[0][0].grid)
    factor, coarsest = max(
        (repeat_factor(raster, band), f"{raster.path.name}, {band}")
        for raster, bands in rasters
        for band in bands
    )
    if stated is not None:
        notes.decide(what, "native resolution", stated, Basis.STATED, "stated")
        if stated <= pixel * 1.5:
            return max(stated, pixel), Resampled.NONE
        # the widest kernel is assumed where nothing tells, so that masks are grown enough
        return stated, Resampled.NEAREST if factor > 1 else Resampled.CUBIC
    why = f"pixels of {pixel:.3g} m"
    if factor > 1:
        why = f"{coarsest}: {why} repeat in blocks of {factor} x {factor}"
    basis = Basis.NUMBERS if factor > 1 else Basis.TAG
    notes.decide(what, "native resolution", round(factor * pixel, 3), basis, why, sure=True)
    return factor * pixel, Resampled.NONE if factor == 1 else Resampled.NEAREST


def dates_of(paths: Sequence[Path]) -> list[datetime.date]:
    """Return the dates of the bands of radar files."""
    bands = bands_of(open_all(paths))
    return [band.date for band in bands if band.date and band.label.role in ("", "radar")]


def first_date(
    picks: Sequence[Pick],
    stated: datetime.date | None,
    what: str,
    notes: Notes,
) -> datetime.date | None:
    """Return the stated date, else that of the first of the bands that were picked, by its
    description or its file; where others are of other dates, that is warned of.
    """
    if stated:
        notes.decide(what, "date", stated.isoformat(), Basis.STATED, "stated")
        return stated
    radar = "radar" in what
    found: dict[str, tuple[datetime.date, Basis, str]] = {}
    for pick in picks:
        text = pick.raster.descriptions[pick.raster.bands.index(pick.band)]
        if described := sensing_date(text):
            found[pick.origin] = described, Basis.NAME, "the bands' descriptions"
        elif told := acquisition_date(pick.raster, notes, radar=radar):
            found[pick.raster.path.name] = told
    if not found:
        return None
    date, basis, why = next(iter(found.values()))
    notes.decide(what, "date", date.isoformat(), basis, why)
    others = {name: told[0] for name, told in found.items() if told[0] != date}
    if others:
        listed = ", ".join(f"{name} of {other}" for name, other in others.items())
        notes.warn(f"The {what} files are of different dates: {listed}, the first of {date}.")
    return date
