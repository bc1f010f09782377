"""What all formats share: bands that are read in rows, written as one GeoTIFF in a file's place.

Numbers stay as they are stored, with their scale, offset, unit and no data as the tags of the
GeoTIFF. One file has one type and one no-data value: where bands differ, they get a wider type
that holds all their numbers, and a value for no data that none of them reaches.

Tags that files get: `datetime`, ISO 8601, where all bands are of one time, else each band has its
own; `LEFT_OUT`, what of the original is no band, and why; of a band `wavelength` and
`wavelength_units`, as GDAL's ENVI driver has them, and `DN_ENCODING`, where whole numbers stand for
a quantity in a way that no scale and offset say.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bandweave.errors import RasterError
from bandweave.raster.geotiff import NumbersOf, create_numbers
from bandweave.raster.grid import Grid
from bandweave.sources.headers import MOST_BANDS

LARGEST = 4 << 30
"""Bytes of the pixels of all bands."""
_ROWS = 512
"""Rows that are held at once: those of a tile."""
_LOWEST = float(np.iinfo(np.int32).min)
LEFT_OUT = "LEFT_OUT"
DN_ENCODING = "DN_ENCODING"
WORLDCEREAL = "dB = 20 log10(DN) - 83"

Numbers = np.ndarray[Any, np.dtype[Any]]


class Band(NamedTuple):
    """One band of another format."""

    said: NumbersOf
    dtype: np.dtype[Any]
    read: Callable[[int, int], Numbers]
    """Rows (start, stop), counted from the north, to numbers (row, col) from the west."""
    fills: Sequence[float] = ()
    """Numbers that mean no data."""
    lowest: float = -math.inf
    highest: float = math.inf
    """What lies beyond is no data."""


def require_few(path: Path, grid: Grid, dtypes: Sequence[np.dtype[Any]]) -> None:
    """Refuse more bands, or bytes of pixels, than are written; asked before anything is read."""
    size = len(dtypes) * grid.height * grid.width * np.result_type(*dtypes).itemsize
    if len(dtypes) > MOST_BANDS or size > LARGEST:
        raise RasterError(
            f"{path.name} has {len(dtypes)} bands of {grid.height} x {grid.width} pixels: more "
            f"than {MOST_BANDS} bands or {LARGEST >> 30} GiB are not read from such a file.",
            "Export fewer bands or dates, or a smaller area, or a GeoTIFF.",
        )


def put(path: Path, grid: Grid, bands: Sequence[Band], tags: Mapping[str, str]) -> None:
    """Put a GeoTIFF of the bands in the place of a path.

    The path is meant to be a link in a folder of one's own: the file that was meant stays.
    """
    require_few(path, grid, [band.dtype for band in bands])
    bands = [band._replace(fills=_reached(band)) for band in bands]
    dtype, nodata = _layout(bands)
    # whole or not at all: what was begun is never taken for what was made
    begun = path.with_name(f"{path.name}.begun")
    said = [band.said for band in bands]
    with create_numbers(begun, grid, dtype, said, nodata=nodata, tags=tags) as write:
        for number, band in enumerate(bands):
            for row in range(0, grid.height, _ROWS):
                stop = min(row + _ROWS, grid.height)
                write(number, row, _as_written(band, band.read(row, stop), dtype, nodata))
    begun.replace(path)


def _reached(band: Band) -> tuple[float, ...]:
    """Return the fills that a band's type can hold, as it holds them; NaN needs no saying."""
    if np.issubdtype(band.dtype, np.floating):
        fills = [band.dtype.type(fill) for fill in band.fills]
    else:
        limits = np.iinfo(band.dtype)
        fills = [
            band.dtype.type(fill)
            for fill in band.fills
            if limits.min <= fill <= limits.max and fill == int(fill)
        ]
    return tuple(float(fill) for fill in fills if math.isfinite(fill))


def _layout(bands: Sequence[Band]) -> tuple[np.dtype[Any], float | None]:
    """Return the type that all bands fit in, and the number that means no data in it."""
    common = np.result_type(*(band.dtype for band in bands))
    narrow = {"bool": np.uint8, "int8": np.int16, "float16": np.float32}
    common = np.dtype(narrow.get(common.name, common))
    firsts = {band.fills[:1] for band in bands}
    if len(firsts) == 1:
        (first,) = firsts
        if first:
            return common, first[0]
        if not any(_bounded(band) for band in bands):
            return common, None
    if np.issubdtype(common, np.floating):
        return common, math.nan
    if all(band.dtype.itemsize <= 2 for band in bands):
        return np.dtype(np.int32), _LOWEST
    return np.dtype(np.float64), math.nan


def _bounded(band: Band) -> bool:
    return math.isfinite(band.lowest) or math.isfinite(band.highest)


def _as_written(
    band: Band, numbers: Numbers, dtype: np.dtype[Any], nodata: float | None
) -> Numbers:
    written = numbers.astype(dtype)
    if nodata is not None:
        lost = np.isin(numbers, np.array(band.fills, band.dtype))
        if _bounded(band):
            lost |= (numbers < band.lowest) | (numbers > band.highest)
        written[lost] = nodata
    return written
