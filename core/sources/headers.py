"""What a TIFF says of itself, read before any decoder is: refused where it is cut short or a trap.

The directories say where fields and blocks of pixels lie; none may lie beyond the end of the file
(Adobe, TIFF Revision 6.0, section 2; BigTIFF as in libtiff). What a reader would have to hold at
once is bounded: the bands, a block, the blocks' list; the size of the image is not, since nobody
reads it whole. GDAL's own metadata may name another file as an overview, which it then opens,
whatever and wherever that is: no such file is read.
"""

import html
import logging
import math
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tifffile

from bandweave.errors import RasterError
from bandweave.raster.geotiff import LARGEST_BLOCK

MOST_BANDS = 1024
"""No sensor has more: EMIT has 285."""
MOST_DIRECTORIES = 256
MOST_FIELDS = 1024
MOST_BLOCKS = 1 << 22
MOST_LISTED = 256 << 20
"""Bytes of the values of all of a directory's fields."""
_WIDTH, _LENGTH, _BITS, _BANDS, _ROWS, _PLANAR = 256, 257, 258, 277, 278, 284
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_BLOCK_OFFSETS = (273, 324)
_METADATA = 42112
"""GDAL's own metadata, an XML text."""
_DESCRIPTION = re.compile(
    r"<Item\b(?=[^>]*\bname=[\"']DESCRIPTION[\"'])(?=[^>]*\bsample=[\"'](\d+)[\"'])[^>]*>([^<]*)<"
)
# what it has to say of odd fields is no news: they are refused
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)

Directory = Mapping[int, tifffile.TiffTag]


def require_sound(path: Path) -> None:
    """Refuse a TIFF of which parts are missing, or that is made to harm; other formats pass.

    A file that is gone, or may not be read, is refused too.
    """
    try:
        with path.open("rb") as stream:
            if stream.read(2) not in (b"II", b"MM"):
                return
        with tifffile.TiffFile(path) as file:
            for directory in _directories(file):
                _require_whole(path, directory, file.filehandle.size)
                _require_bounded(directory)
                _require_own(path, directory)
    except _TooMuchError as error:
        raise RasterError(
            f"{path.name} {error}: too much to be read safely.", "Export it as a tiled GeoTIFF."
        ) from error
    except OSError as error:
        raise RasterError(
            f"{path.name} cannot be read: {error.strerror or error}.", "Give the file again."
        ) from error
    except RasterError:
        raise
    except Exception as error:  # of a damaged file tifffile raises what comes up
        raise _cut_short(path) from error


def described_bands(path: Path) -> tuple[str, ...]:
    """Return the bands' descriptions in GDAL's metadata, each empty where there is none.

    GDAL reads them as UTF-8 only; where they are not, they are taken as Windows' Latin-1.
    """
    with tifffile.TiffFile(path) as file:
        directory = next(_directories(file))
        found = {int(n): text.strip() for n, text in _DESCRIPTION.findall(_metadata(directory))}
        bands = range(_number(directory, _BANDS, 1))
        return tuple(html.unescape(found.get(number, "")) for number in bands)


class _TooMuchError(Exception):
    """A number that no file for people has; says which."""


def _directories(file: tifffile.TiffFile) -> Iterator[Directory]:
    """Yield the directories in their order; raises where one, or a field of it, is not whole."""
    layout, stream = file.tiff, file.filehandle

    def read(form: str, at: int) -> int:
        stream.seek(at)
        value: int = struct.unpack(form, stream.read(struct.calcsize(form)))[0]
        return value

    at = read(layout.offsetformat, layout.offsetsize)
    seen: set[int] = set()
    while at:
        if at in seen or len(seen) >= MOST_DIRECTORIES:
            raise _TooMuchError(f"has more than {MOST_DIRECTORIES} directories, or a ring of them")
        seen.add(at)
        count = read(layout.tagnoformat, at)
        if count > MOST_FIELDS:
            raise _TooMuchError(f"has a directory of {count} fields")
        first = at + layout.tagnosize
        places = range(first, first + count * layout.tagsize, layout.tagsize)
        fields = [tifffile.TiffTag.fromfile(file, offset=place) for place in places]
        if len({field.code for field in fields}) < count:
            # readers differ in which of them they take
            raise tifffile.TiffFileError("a field is there twice")
        yield {field.code: field for field in fields}
        at = read(layout.offsetformat, first + count * layout.tagsize)


def _require_whole(path: Path, directory: Directory, size: int) -> None:
    """Refuse values, or blocks that are pointed to, beyond the file's end."""
    offsets = [directory[code].value for code in _BLOCK_OFFSETS if code in directory]
    if any(max(each, default=0) >= size for each in offsets):
        raise _cut_short(path)


def _require_bounded(directory: Directory) -> None:
    listed = sum(field.valuebytecount for field in directory.values())
    if listed > MOST_LISTED:
        raise _TooMuchError(f"has fields of {listed >> 20} MiB")
    bands = _number(directory, _BANDS, 1)
    if bands > MOST_BANDS:
        raise _TooMuchError(f"has {bands} bands")
    wide, tall = _number(directory, _WIDTH, 0), _number(directory, _LENGTH, 0)
    across = max(1, _number(directory, _TILE_WIDTH, wide))
    down = max(1, _number(directory, _TILE_LENGTH, min(_number(directory, _ROWS, tall), tall)))
    together = bands if _number(directory, _PLANAR, 1) == 1 else 1
    block = across * down * together * math.ceil(_number(directory, _BITS, 1) / 8)
    if block > LARGEST_BLOCK:
        raise _TooMuchError(f"keeps its pixels in blocks of {block >> 20} MiB")
    blocks = math.ceil(tall / down) * math.ceil(wide / across) * (bands // together)
    if blocks > MOST_BLOCKS:
        raise _TooMuchError(f"keeps its pixels in {blocks} blocks")


def _require_own(path: Path, directory: Directory) -> None:
    """Refuse metadata that name another file as overview."""
    if "OVERVIEW_FILE" in html.unescape(_metadata(directory)).upper():
        raise RasterError(
            f"{path.name} names another file as its overviews, which is not opened here.",
            "Export it as one GeoTIFF with its overviews inside.",
        )


def _metadata(directory: Directory) -> str:
    text: Any = directory[_METADATA].value if _METADATA in directory else ""
    if not isinstance(text, bytes | str):
        # decoders make a text of other numbers too
        raise tifffile.TiffFileError("the metadata are no text")
    return text.decode("latin-1") if isinstance(text, bytes) else text


def _number(directory: Directory, code: int, otherwise: int) -> int:
    """Return a field's value, the largest where it has one a band."""
    value: Any = directory[code].value if code in directory else otherwise
    return int(max(value)) if isinstance(value, tuple) else int(value)


def _cut_short(path: Path) -> RasterError:
    return RasterError(
        f"{path.name} is cut short or damaged: parts of it would lie beyond its end.",
        "Download or export it again.",
    )
