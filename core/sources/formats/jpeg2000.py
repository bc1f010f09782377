"""JPEG 2000 as GeoTIFF: decoded by imagecodecs, whose OpenJPEG is newer than GDAL's.

The place is read from the file's own boxes: GeoJP2, a GeoTIFF of one pixel in a box (its form is
public domain), else GMLJP2, a rectified grid (OGC 05-047r3), as Sentinel-2's files have it.
"""

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from bandweave.errors import RasterError
from bandweave.raster.geotiff import NumbersOf, StoredRaster
from bandweave.raster.grid import Grid
from bandweave.sources.formats.rewriting import Band, Numbers, put
from bandweave.sources.headers import require_sound

SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
LARGEST = 1 << 30
"""Bytes of an image when decoded, all of which are held at once: a band of Sentinel-2 has a fifth
of it."""
_GEOTIFF = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")
_DEEPEST = 4
THREADS = 4
"""More would not be much faster, and each has a share of the memory that a child may ask for."""


class _Image(NamedTuple):
    """What the header of a code stream states."""

    height: int
    width: int
    bands: int
    bits: int


def rewrite(path: Path) -> None:
    """Put a GeoTIFF of the same numbers under the same path; refuses what is on no grid."""
    import imagecodecs

    data = path.read_bytes()
    try:
        boxes = list(_boxes(data, 0, len(data), 0))
        stated = _stated(data, next(start for kind, start, _ in boxes if kind == b"jp2c"))
    except (StopIteration, struct.error) as error:
        raise _damaged(path) from error
    if stated.height * stated.width * stated.bands * stated.bits > 8 * LARGEST:
        raise RasterError(
            f"{path.name} has {stated.height} x {stated.width} pixels of {stated.bands} bands: "
            "more than a JPEG 2000 may have.",
            "Export it as a tiled GeoTIFF.",
        )
    grid = _grid(path, data, boxes, stated)
    try:
        pixels = imagecodecs.jpeg2k_decode(data, planar=True, numthreads=THREADS)
        pixels = pixels.reshape(stated.bands, stated.height, stated.width)
    except Exception as error:  # each codec of the library has an error of its own
        raise _damaged(path) from error
    bands = [Band(NumbersOf(), plane.dtype, _rows_of(plane)) for plane in pixels]
    put(path, grid, bands, {})


def _rows_of(plane: Numbers) -> Callable[[int, int], Numbers]:
    return lambda start, stop: plane[start:stop]


def _boxes(data: bytes, start: int, stop: int, depth: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, stop) of every box's content, of boxes within boxes too."""
    while start + 8 <= stop:
        length, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, content)
            content += 8
        end = start + length if length else stop
        if not content <= end <= stop:
            return
        yield kind, content, end
        if kind == b"asoc" and depth < _DEEPEST:
            yield from _boxes(data, content, end, depth + 1)
        start = end


def _stated(data: bytes, start: int) -> _Image:
    """Read the size marker, which comes first in a code stream (ISO 15444-1, A.5.1)."""
    marks = struct.unpack_from(">HHHH8IH", data, start)
    right, bottom, left, top, bands = *marks[4:8], marks[12]
    bits = 1 + max(data[start + 42 + 3 * band] & 0x7F for band in range(bands))
    return _Image(bottom - top, right - left, bands, 8 * -(-bits // 8))


def _grid(path: Path, data: bytes, boxes: list[tuple[bytes, int, int]], stated: _Image) -> Grid:
    for kind, start, stop in boxes:
        if kind == b"uuid" and data[start : start + 16] == _GEOTIFF:
            return _of_geotiff(path, data[start + 16 : stop], stated)
    for kind, start, stop in boxes:
        if kind == b"xml " and (found := _of_gml(data[start:stop], stated)):
            return found
    raise RasterError(
        f"{path.name} says nothing of its place that can be read.",
        "Give it a coordinate system, or export it as GeoTIFF.",
    )


def _of_geotiff(path: Path, content: bytes, stated: _Image) -> Grid:
    pixel = path.with_name(f"{path.name}.place.tif")
    pixel.write_bytes(content)
    try:
        require_sound(pixel)
        place = StoredRaster(pixel).grid
        return Grid(place.crs, place.transform, stated.height, stated.width)
    finally:
        pixel.unlink()


def _of_gml(content: bytes, stated: _Image) -> Grid | None:
    """Read a rectified grid; None where there is none, or its axes are degrees in either order."""
    text = content.decode("utf-8", "replace")
    origin = re.search(r"<gml:pos\b[^>]*>([^<]*)<", text)
    steps = re.findall(r"<gml:offsetVector\b[^>]*>([^<]*)<", text)
    system = re.search(r"srsName=\"[^\"]*EPSG[^\"]*?(\d+)\"", text)
    if not (origin and system and len(steps) == 2):
        return None
    try:
        east, north = (float(part) for part in re.split(r"[\s,]+", origin[1].strip()))
        (a, d), (b, e) = ([float(x) for x in re.split(r"[\s,]+", s.strip())] for s in steps)
        crs = CRS.from_epsg(int(system[1]))
    except (ValueError, CRSError):
        return None
    if not crs.is_projected:
        return None
    # the origin is the middle of the first pixel
    middle = Affine(a, b, east, d, e, north) @ Affine.translation(-0.5, -0.5)
    return Grid(crs, middle, stated.height, stated.width)


def _damaged(path: Path) -> RasterError:
    return RasterError(f"{path.name} cannot be read as JPEG 2000.", "Download or export it again.")
