"""What one file is, before it is made part of a scene; for forms that show it and ask."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.alignment import WGS84, extent
from bandweave.prepare.geography import ground_resolution
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels
from bandweave.sources.bands import (
    UNNAMED_PAIR,
    Pick,
    codings,
    nameable,
    pick_optical,
    recognise_polarisations,
)
from bandweave.sources.evidence import Notes
from bandweave.sources.guess import repeat_factor, sample
from bandweave.sources.measured import open_all, open_one
from bandweave.sources.metadata import acquisition_date
from bandweave.sources.mosaic import pictures
from bandweave.sources.optical import OpticalReading
from bandweave.sources.optical import Reading as Reflectance
from bandweave.sources.quality import told_quality
from bandweave.sources.radar import RadarReading
from bandweave.sources.radar import Reading as Power

_PERCENTILES = (1, 50, 99)


class FileBand(NamedTuple):
    """One band of the files of a role; its number, from 1, is its place among all of them."""

    file: str
    band: str
    """Its name in the file."""
    name: str
    """Its name in the scene unless stated otherwise; empty where it would not be taken."""


def band_places(paths: Sequence[Path], *, radar: bool = False) -> tuple[FileBand, ...]:
    """Return the bands of optical (or radar) files in the order stated numbers count them."""
    found = pictures(open_all(paths))
    if radar:
        picks = recognise_polarisations(found).picks
    else:
        picks = OpticalReading().taken(pick_optical(found, None).picks)
    names = {(pick.raster.path, pick.band): pick.name for pick in picks}
    return tuple(
        FileBand(raster.path.name, band, names.get((raster.path, band), ""))
        for raster, band in nameable(found)
    )


def inspect(path: Path) -> dict[str, Any]:
    """Describe a file as JSON values: its grid, bands, numbers (from a sample) and what they are.

    `guess` is {role, bands, what, why}: role optical, radar or quality; `what` the product, unit or
    kind of quality band, empty where it cannot be told. What is no georeferenced raster is refused.
    """
    raster = open_one(path)
    dataset, grid = raster.dataset, raster.grid
    numbers = sample(raster)
    pixel = ground_resolution(grid)
    factor = max(repeat_factor(raster, band) for band in raster.bands)
    date = acquisition_date(raster)
    return {
        "name": path.name,
        "bands": list(raster.bands),
        "dtype": str(dataset.dtypes[0]),
        "nodata": _json_number(dataset.nodata),
        "scale": dataset.scales[0],
        "offset": dataset.offsets[0],
        "crs": grid.crs.to_string(),
        "height": grid.height,
        "width": grid.width,
        "resolution": round(pixel, 4),
        "native_resolution": round(pixel * factor, 4),
        "bounds": list(extent(grid, WGS84)),
        "date": date[0].isoformat() if date else None,
        "numbers": {
            name: _described(values) for name, values in zip(raster.bands, numbers, strict=True)
        },
        "guess": _guessed(raster, numbers),
    }


def _described(values: Pixels) -> dict[str, float | None]:
    """Return the sample's percentiles and its share of no data, 0..1."""
    known = values[np.isfinite(values)]
    cuts = np.percentile(known, _PERCENTILES) if known.size else [math.nan] * len(_PERCENTILES)
    found = {f"p{cut}": _json_number(value) for cut, value in zip(_PERCENTILES, cuts, strict=True)}
    return {**found, "no_data": 1 - known.size / values.size}


def _guessed(raster: StoredRaster, numbers: Pixels) -> dict[str, Any]:
    """Return the first role whose rules the file satisfies, and what its numbers are in it."""
    notes = Notes()
    picked = _radar(raster, numbers)
    if picked:
        names = [pick.name for pick in picked]
        return {
            "role": "radar",
            "bands": names,
            **_told(lambda: RadarReading().told(raster, picked, notes)),
        }
    if quality := told_quality(raster, codings(raster)):
        return {"role": "quality", "bands": ["quality"], "what": quality[0], "why": quality[1]}
    try:
        picks = OpticalReading().taken(pick_optical(pictures((raster,)), None).picks)
    except SceneError as error:
        return {"role": "nothing", "bands": [], "what": "", "why": error.message}
    return {
        "role": "optical",
        "bands": [pick.name for pick in picks],
        **_told(lambda: OpticalReading().told((raster,), notes)),
    }


def _radar(raster: StoredRaster, numbers: Pixels) -> tuple[Pick, ...]:
    """Return the polarisations, empty where the file is no radar.

    Two bands without names are radar where many numbers are negative, as decibels are.
    """
    picked = recognise_polarisations(pictures((raster,)))
    if picked.why == UNNAMED_PAIR and not np.mean(numbers < 0) > 0.2:
        return ()
    return picked.picks


def _told(reading: Callable[[], Reflectance | Power]) -> dict[str, str]:
    try:
        found = reading()
    except SceneError as error:
        return {"what": "", "why": error.message}
    return {"what": found[0], "why": found.why}


def _json_number(value: float | None) -> float | None:
    """Return the value where JSON can hold it."""
    return float(value) if value is not None and math.isfinite(value) else None
