"""BEAM-DIMAP as GeoTIFF: SNAP's own format, a `.dim` of XML and a folder of ENVI files.

Bands are called, scaled and placed as the `.dim` says. Bands of Sentinel-2 that are coarser than
the finest one are repeated pixel by pixel, so that what they hold is not changed.
"""

import datetime
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.etree import ElementTree

from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from bandweave.errors import RasterError
from bandweave.raster.geotiff import NumbersOf
from bandweave.raster.grid import Grid
from bandweave.sources.formats import envi
from bandweave.sources.formats.rewriting import LEFT_OUT, Band, Numbers, put, require_few

MARK = b"<Dimap_Document"
_MOST = 64 << 20
"""Bytes of a `.dim`."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_CRS_ANYWAY = "Terrain-correct or reproject it in SNAP first, or export it as GeoTIFF."


class _Raster(NamedTuple):
    """One band's file and what the `.dim` says of it."""

    laid: envi.Numbered
    said: NumbersOf
    fills: tuple[float, ...]


def beside(path: Path) -> tuple[Path, ...]:
    """Return the files of a `.dim`'s folder; by their names only."""
    folder = path.with_suffix(".data")
    if path.suffix.lower() != ".dim" or not folder.is_dir():
        return ()
    return tuple(sorted((*folder.glob("*.hdr"), *folder.glob("*.img"))))


def rewrite(path: Path) -> None:
    """Put a GeoTIFF of the product's bands under the path of its `.dim`."""
    document = _document(path)
    rasters, left = _rasters(path, document)
    height = max(each.laid.rows for each in rasters)
    width = max(each.laid.cols for each in rasters)
    grid = _grid(path, document, rasters, height, width)
    require_few(path, grid, [each.laid.dtype for each in rasters])
    bands = [
        Band(each.said, each.laid.dtype, _repeated(path, each, height, width), each.fills)
        for each in rasters
    ]
    tags = {LEFT_OUT: "; ".join(left)} if left else {}
    if when := _time(document.findtext(".//PRODUCT_SCENE_RASTER_START_TIME") or ""):
        tags["datetime"] = when
    put(path, grid, bands, tags)


def _document(path: Path) -> ElementTree.Element:
    if path.stat().st_size > _MOST:
        raise RasterError(f"{path.name} is too long to be read safely.", _CRS_ANYWAY)
    try:
        return ElementTree.fromstring(path.read_bytes())
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RasterError(
            f"{path.name} is damaged: it is no XML.", "Export the product again."
        ) from error


def _rasters(path: Path, document: ElementTree.Element) -> tuple[list[_Raster], list[str]]:
    """Return the bands that have files, and those that do not, with the reason."""
    files = {
        each.findtext("BAND_INDEX"): each.find("DATA_FILE_PATH")
        for each in document.iterfind("Data_Access/Data_File")
    }
    found, left = [], []
    for band in document.iterfind("Image_Interpretation/Spectral_Band_Info"):
        name = (band.findtext("BAND_NAME") or "").strip()
        file = files.get(band.findtext("BAND_INDEX"))
        if file is None or (band.findtext("VIRTUAL_BAND") or "").strip().lower() == "true":
            left.append(f"{name} (a formula without pixels of its own)")
            continue
        header = _header(path, file.get("href", ""))
        found.append(_raster(path, name, band, header))
    if not found:
        raise RasterError(f"{path.name} holds no band.", "Export the product again with bands.")
    left += [f"{name} (grid of tie points)" for name in _tie_points(document)]
    return found, left


def _tie_points(document: ElementTree.Element) -> Iterator[str]:
    for each in document.iterfind("Tie_Point_Grids/Tie_Point_Grid_Info/TIE_POINT_GRID_NAME"):
        yield (each.text or "").strip()


def _header(path: Path, href: str) -> Path:
    """Return a band's header, which lies in the product's folder."""
    named = PurePosixPath(href.replace("\\", "/"))
    header = path.with_suffix(".data") / named.name
    if len(named.parts) > 2 or named.is_absolute() or ".." in named.parts:
        raise RasterError(
            f"{path.name} names {href}, which is outside of its own folder.",
            "Export the product again.",
        )
    if not header.is_file() or not header.with_suffix(".img").is_file():
        raise RasterError(
            f"{path.name} names {href}, which is not beside it.",
            f"Keep {path.name} and its folder {path.stem}.data together; to upload them, put both "
            "into one zip.",
        )
    return header


def _raster(path: Path, name: str, band: ElementTree.Element, header: Path) -> _Raster:
    said = envi.read_header(header)
    laid = envi.layout(said, header.with_suffix(".img"))
    if (band.findtext("LOG10_SCALED") or "false").strip().lower() == "true":
        raise RasterError(
            f"{path.name} keeps {name} as a logarithm.", "Convert it in SNAP's band maths first."
        )

    def number(field: str, otherwise: float) -> float:
        text = (band.findtext(field) or "").strip()
        try:
            value = float(text) if text else otherwise
        except ValueError as error:
            raise RasterError(
                f"{path.name} is damaged: {field} of {name} is '{text[:40]}'.",
                "Export the product again.",
            ) from error
        return value if math.isfinite(value) else otherwise

    fills = number("NO_DATA_VALUE", math.nan)
    used = (band.findtext("NO_DATA_VALUE_USED") or "").strip().lower() == "true"
    wave = number("BAND_WAVELEN", 0.0)
    tags = {"wavelength": f"{wave:g}", "wavelength_units": "Nanometers"} if wave > 0 else {}
    return _Raster(
        laid,
        NumbersOf(
            name,
            number("SCALING_FACTOR", 1.0),
            number("SCALING_OFFSET", 0.0),
            (band.findtext("PHYSICAL_UNIT") or "").strip(),
            tags,
        ),
        (fills,) if used and math.isfinite(fills) else (),
    )


def _grid(
    path: Path, document: ElementTree.Element, rasters: list[_Raster], height: int, width: int
) -> Grid:
    finest = next(
        (each for each in rasters if (each.laid.rows, each.laid.cols) == (height, width)), None
    )
    if finest is None:
        raise _sizes(path)
    try:
        crs = CRS.from_wkt(document.findtext("Coordinate_Reference_System/WKT") or "")
        stated = document.findtext("Geoposition/IMAGE_TO_MODEL_TRANSFORM") or ""
        a, d, b, e, c, f = (float(part) for part in stated.split(","))
    except (CRSError, ValueError) as error:
        header = envi.read_header(finest.laid.path.with_suffix(".hdr"))
        if "map info" not in header.fields:
            raise RasterError(
                f"{path.name} is on no map grid: its place is given by tie points.", _CRS_ANYWAY
            ) from error
        return envi.place(header, finest.laid)[0]
    return Grid(crs, Affine(a, b, c, d, e, f), height, width)


def _repeated(
    path: Path, raster: _Raster, height: int, width: int
) -> Callable[[int, int], Numbers]:
    """Return what reads rows of a band, its pixels repeated where others are finer."""
    read = raster.laid.reader(0)
    down, across = height / raster.laid.rows, width / raster.laid.cols
    if down == across == 1:
        return read
    if down != across or down != int(down):
        raise _sizes(path)
    factor = int(down)

    def finer(start: int, stop: int) -> Numbers:
        first = start // factor
        numbers = read(first, -(-stop // factor)).repeat(factor, axis=0).repeat(factor, axis=1)
        return numbers[start - first * factor : stop - first * factor]

    return finer


def _sizes(path: Path) -> RasterError:
    return RasterError(
        f"{path.name} holds bands of sizes that do not divide each other.",
        "Resample the product to one size in SNAP first (Raster > Geometric > Resampling).",
    )


def _time(text: str) -> str:
    """Return 16-JUN-2018 05:44:13.000000 as ISO 8601; empty for anything else."""
    match = re.match(r"(\d\d)-([A-Z]{3})-(\d{4})(?: ([\d:]{8}))?", text.strip().upper())
    if match is None or match[2] not in _MONTHS:
        return ""
    stated = f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}T{match[4] or '00:00:00'}"
    try:
        return datetime.datetime.fromisoformat(stated).isoformat()
    except ValueError:
        return ""
