"""Which format a file has, by its first bytes: what is rewritten, and what to export instead."""

from pathlib import Path
from typing import NamedTuple

from bandweave.errors import RasterError
from bandweave.raster.geotiff import SIGNATURES
from bandweave.sources.formats import dimap, envi, jpeg2000, netcdf, netcdf_files

_START = 2048
_TRANSLATE = "Export it as GeoTIFF (gdal_translate in.{0} out.tif)."
_MEASURED = "It holds colours for the screen: download the measurements as GeoTIFF instead."
_UNPACKED = "Unpack it and give the files in it, or give it to scene create or the Imagery page."


class _Foreign(NamedTuple):
    """A format that is not read: what it is called, and which export to choose instead."""

    name: str
    instead: str


_BY_BYTES: dict[bytes, _Foreign] = {
    b"\x0e\x03\x13\x01": _Foreign(
        "HDF4",
        "Download GeoTIFF instead (MODIS: AppEEARS or Earth Engine), or convert each layer with "
        "gdal_translate.",
    ),
    b"GRIB": _Foreign("GRIB, a format of weather models", _TRANSLATE.format("grib")),
    b"\x89PNG": _Foreign("a PNG picture", _MEASURED),
    b"\xff\xd8\xff": _Foreign("a JPEG picture", _MEASURED),
    b"GIF8": _Foreign("a GIF picture", _MEASURED),
    b"BM": _Foreign("a BMP picture", _MEASURED),
    b"RIFF": _Foreign("a WebP picture", _MEASURED),
    b"%PDF": _Foreign("a PDF", _MEASURED),
    b"\xff\x4f\xff\x51": _Foreign(
        "JPEG 2000 without a place", "Give the .jp2 it came from, or export it as GeoTIFF."
    ),
    b"EHFA_HEADER_TAG": _Foreign("ERDAS Imagine", _TRANSLATE.format("img")),
    b"NITF": _Foreign("NITF", _TRANSLATE.format("ntf")),
    b"msid": _Foreign("MrSID", _TRANSLATE.format("sid")),
    b"SQLite format 3": _Foreign(
        "a database (GeoPackage or MBTiles)", "Export its raster as GeoTIFF (QGIS: Save as)."
    ),
    b"PAR1": _Foreign("Parquet, a table", "Give imagery as GeoTIFF."),
    b"\0\0\x27\x0a": _Foreign("a shapefile", "Give imagery as GeoTIFF: it holds outlines only."),
    b"<VRTDataset": _Foreign(
        "a virtual raster (VRT), which only names other files",
        "Give the files it names, or make one of them: gdal_translate in.vrt out.tif.",
    ),
    b"PK\3\4": _Foreign("a zip archive", _UNPACKED),
    b"\x1f\x8b": _Foreign("compressed by gzip", _UNPACKED),
    b"Rar!": _Foreign("a RAR archive", "Unpack it and give the files in it."),
    b"7z\xbc\xaf": _Foreign("a 7z archive", "Unpack it and give the files in it."),
}
"""First bytes to a format."""
_BY_WORDS = {
    b"zarr_format": _Foreign(
        "part of a Zarr store",
        "Export it as netCDF or GeoTIFF: .to_netcdf() of xarray, or format GTiff or netCDF of "
        "openEO.",
    ),
    b"<kml": _Foreign("KML, a drawing for globes", _MEASURED),
    b'"FeatureCollection"': _Foreign("GeoJSON", "Give imagery as GeoTIFF: it holds outlines only."),
}
"""Words that text of a format begins with, somewhere."""
_BY_ENDING = {
    ".kmz": _Foreign("KMZ, a picture for globes", _MEASURED),
    ".ecw": _Foreign("ECW", _TRANSLATE.format("ecw")),
    ".sid": _Foreign("MrSID", _TRANSLATE.format("sid")),
    ".grd": _Foreign("a grid of another program", _TRANSLATE.format("grd")),
    ".asc": _Foreign("a grid of text", _TRANSLATE.format("asc")),
    ".safe": _Foreign("a product's list of files", "Give the .SAFE folder or its zip."),
    ".zarr": _BY_WORDS[b"zarr_format"],
}


def companions(path: Path) -> tuple[Path, ...]:
    """Return the files that one of several is nothing without; told from names only."""
    return (*envi.beside(path), *dimap.beside(path))


def as_geotiff(path: Path) -> None:
    """Put a GeoTIFF in the place of a file of a format that can be rewritten; refuse the others.

    What is a GeoTIFF, is not there, or has first bytes that nobody knows, is left to who opens it.
    """
    start = _beginning(path)
    if not start or start[:4] in SIGNATURES:
        return
    if start.startswith(jpeg2000.SIGNATURE):
        jpeg2000.rewrite(path)
    elif start.startswith((netcdf_files.HDF5, b"CDF")):
        netcdf.rewrite(path)
    elif dimap.MARK in start:
        dimap.rewrite(path)
    elif start.startswith(b"ENVI") or any(envi.is_header(each) for each in envi.beside(path)):
        envi.rewrite(path)
    elif found := foreign(path.name, start):
        raise RasterError(f"{path.name} is {found.name}, which is not read.", found.instead)


def foreign(name: str, start: bytes) -> _Foreign | None:
    """Return which format that is not read begins so; None for one that nobody knows."""
    ending = _BY_ENDING.get(Path(name).suffix.lower())
    begun = (found for mark, found in _BY_BYTES.items() if start.startswith(mark))
    worded = (found for mark, found in _BY_WORDS.items() if mark in start)
    return ending or next(begun, None) or next(worded, None)


def _beginning(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(_START)
    except OSError:
        return b""
