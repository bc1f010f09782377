"""ENVI as GeoTIFF: a header of text beside a file of bare numbers, as SNAP, ENVI and others write.

The header's fields are those of ENVI's own documentation (Harris, "ENVI Header Files"). The file of
numbers has to be as long as the header says, to the byte.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from bandweave.errors import RasterError
from bandweave.raster.geotiff import NumbersOf
from bandweave.raster.grid import Grid
from bandweave.sources.formats.rewriting import LEFT_OUT, Band, Numbers, put

_MOST = 1 << 20
"""Bytes of a header."""
_TYPES = {
    **{1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8"},
    **{12: "u2", 13: "u4", 14: "i8", 15: "u8"},
}
_COMPLEX = (6, 9)
_DATA = ("", ".img", ".dat", ".bsq", ".bil", ".bip", ".raw", ".bin")
_NEVER = (".tif", ".tiff", ".jp2", ".nc", ".dim")
_FIELD = re.compile(r"^[ \t]*([^={}\n]+?)[ \t]*=[ \t]*(\{[^}]*\}|[^\n]*)", re.MULTILINE)


class Header(NamedTuple):
    """What an ENVI header says, as texts by field."""

    path: Path
    fields: Mapping[str, str]

    def listed(self, field: str) -> list[str]:
        """Return a field's values; none where it is not there."""
        text = self.fields.get(field, "").strip("{} \n\r\t")
        return [part.strip() for part in text.split(",")] if text else []

    def numbers(self, field: str, count: int) -> list[float]:
        """Return as many finite numbers as there are bands; none where the field is not there."""
        texts = self.listed(field)
        if not texts:
            return []
        try:
            found = [float(text) for text in texts]
        except ValueError:
            found = []
        if len(found) != count or not all(math.isfinite(each) for each in found):
            raise _wrong(self.path, f"'{field}' is no list of {count} numbers")
        return found

    def whole(self, field: str, otherwise: int | None = None) -> int:
        """Return a field as a whole number of at least 0."""
        text = self.fields.get(field, "")
        if not text and otherwise is not None:
            return otherwise
        if not re.fullmatch(r"\d{1,12}", text):
            raise _wrong(self.path, f"'{field}' is '{text[:40]}'")
        return int(text)


class Numbered(NamedTuple):
    """Where the numbers of an ENVI file are and how they lie."""

    path: Path
    rows: int
    cols: int
    bands: int
    dtype: np.dtype[Any]
    offset: int
    interleave: str

    def reader(self, band: int, *, south_first: bool = False) -> Callable[[int, int], Numbers]:
        """Return what reads a band's rows, counted from the north."""

        def read(start: int, stop: int) -> Numbers:
            if south_first:
                return self._rows(band, self.rows - stop, self.rows - start)[::-1]
            return self._rows(band, start, stop)

        return read

    def _rows(self, band: int, start: int, stop: int) -> Numbers:
        count, size = stop - start, self.dtype.itemsize
        with self.path.open("rb") as stream:
            if self.interleave == "bsq":
                stream.seek(self.offset + (band * self.rows + start) * self.cols * size)
                return self._read(stream, (count, self.cols))
            stream.seek(self.offset + start * self.cols * self.bands * size)
            if self.interleave == "bil":
                return self._read(stream, (count, self.bands, self.cols))[:, band]
            return self._read(stream, (count, self.cols, self.bands))[..., band]

    def _read(self, stream: Any, shape: tuple[int, ...]) -> Numbers:
        return np.fromfile(stream, self.dtype, math.prod(shape)).reshape(shape)


def beside(path: Path) -> tuple[Path, ...]:
    """Return an ENVI file's header, or a header's file of numbers; by their names only."""
    if path.suffix.lower() in _NEVER:
        return ()
    if path.suffix.lower() == ".hdr":
        stems = (path.with_suffix(""),) if path.with_suffix("").suffix in _DATA[1:] else ()
        named = [path.with_name(path.stem + suffix) for suffix in _DATA]
        return tuple(each for each in (*stems, *named) if each.is_file())[:1]
    headers = (path.with_suffix(".hdr"), path.with_name(f"{path.name}.hdr"))
    return tuple(each for each in headers if each.is_file())[:1]


def is_header(path: Path) -> bool:
    """Whether a file begins as ENVI's headers do."""
    with path.open("rb") as stream:
        return stream.read(4) == b"ENVI"


def rewrite(path: Path) -> None:
    """Put a GeoTIFF of the same numbers under the path of a header, or of its file of numbers."""
    others = beside(path)
    if not others:
        raise RasterError(
            f"{path.name} is one half of an ENVI file; the other is not beside it.",
            "Give both together: NAME.hdr and NAME.img (or .dat).",
        )
    header, numbers = (path, others[0]) if is_header(path) else (others[0], path)
    said = read_header(header)
    laid = layout(said, numbers)
    grid, south_first = place(said, laid)
    names = said.listed("band names")
    bad = said.numbers("bbl", laid.bands)
    kept = [number for number in range(laid.bands) if not bad or bad[number]]
    bands = [
        Band(each, laid.dtype, laid.reader(number, south_first=south_first), _fills(said))
        for number, each in enumerate(of_bands(said, laid.bands))
        if number in kept
    ]
    if not bands:
        raise _wrong(header, "'bbl' says that every band is bad")
    tags = (
        {"datetime": said.fields["acquisition time"]} if "acquisition time" in said.fields else {}
    )
    if len(kept) < laid.bands:
        left = [n for n in range(laid.bands) if n not in kept]
        listed = ", ".join(names[n] if n < len(names) else f"band {n + 1}" for n in left)
        tags[LEFT_OUT] = f"{listed} (marked as bad in the header)"
    put(path, grid, bands, tags)


def read_header(path: Path) -> Header:
    """Return what a header says; one that is none is refused."""
    with path.open("rb") as stream:
        text = stream.read(_MOST).decode("utf-8", "replace")
    if not text.startswith("ENVI"):
        raise RasterError(f"{path.name} is no ENVI header.", "Export the imagery as GeoTIFF.")
    fields = {key.strip().lower(): value.strip() for key, value in _FIELD.findall(text)}
    return Header(path, fields)


def layout(header: Header, numbers: Path) -> Numbered:
    """Return how numbers lie in their file; one of another length than said is refused."""
    code = header.whole("data type")
    if code in _COMPLEX:
        raise RasterError(
            f"{header.path.name} describes complex numbers (single look complex).",
            "Export backscatter: intensity, sigma0 or gamma0, terrain corrected, as GeoTIFF.",
        )
    if code not in _TYPES:
        raise _wrong(header.path, f"there is no 'data type' {code}")
    if header.whole("file compression", 0):
        raise RasterError(
            f"{header.path.name} describes compressed numbers.", "Export it without compression."
        )
    interleave = header.fields.get("interleave", "bsq").lower()
    if interleave not in ("bsq", "bil", "bip"):
        raise _wrong(header.path, f"there is no interleave '{interleave[:40]}'")
    order = ">" if header.whole("byte order", 0) else "<"
    laid = Numbered(
        numbers,
        header.whole("lines"),
        header.whole("samples"),
        header.whole("bands", 1),
        np.dtype(order + _TYPES[code]),
        header.whole("header offset", 0),
        interleave,
    )
    if not laid.rows or not laid.cols or not laid.bands:
        raise _wrong(header.path, "its image is empty")
    wanted = laid.offset + laid.rows * laid.cols * laid.bands * laid.dtype.itemsize
    if (held := numbers.stat().st_size) != wanted:
        raise RasterError(
            f"{numbers.name} holds {held:,} bytes, but {header.path.name} describes {wanted:,}.",
            "One of them is cut short or belongs to another image: give the two that belong "
            "together, or export a GeoTIFF.",
        )
    return laid


def of_bands(header: Header, count: int) -> list[NumbersOf]:
    """Return what a header says of each band: its name, wavelength, and scale."""
    names = header.listed("band names")
    names = names if len(names) == count else [""] * count
    waves = header.numbers("wavelength", count)
    unit = header.fields.get("wavelength units", "")
    gains = header.numbers("data gain values", count) or [1.0] * count
    offsets = header.numbers("data offset values", count) or [0.0] * count
    factor = header.numbers("reflectance scale factor", 1)
    if factor and (set(gains) != {1.0} or set(offsets) != {0.0}):
        raise _wrong(header.path, "gains and a 'reflectance scale factor' contradict each other")
    scale = 1 / factor[0] if factor and factor[0] else 1.0
    tags = [
        {"wavelength": f"{wave:g}", **({"wavelength_units": unit} if unit else {})}
        for wave in waves
    ] or [{}] * count
    return [
        NumbersOf(name, gain * scale, offset, "", tag)
        for name, gain, offset, tag in zip(names, gains, offsets, tags, strict=True)
    ]


def _fills(header: Header) -> list[float]:
    text = header.fields.get("data ignore value", "")
    try:
        return [float(text)] if text else []
    except ValueError:
        return []


def place(header: Header, laid: Numbered) -> tuple[Grid, bool]:
    """Return where the pixels are, and whether the south comes first."""
    info = header.listed("map info")
    if len(info) < 7:
        raise RasterError(
            f"{header.path.name} says nothing of the image's place ('map info').",
            "Project it to a map and export it again.",
        )
    if any(re.match(r"rotation\s*=\s*-?0*\.?0*[1-9]", part, re.IGNORECASE) for part in info):
        raise RasterError(
            f"{header.path.name} describes a rotated image; north must be up.",
            "Project it to a north-up map first.",
        )
    try:
        col, row, x, y, across, down = (float(part) for part in info[1:7])
    except ValueError as error:
        raise _wrong(header.path, "'map info' holds no numbers") from error
    # 1 is the upper left corner of the first pixel, 1.5 its middle
    transform = Affine(across, 0, x - (col - 1) * across, 0, -down, y + (row - 1) * down)
    south_first = down < 0
    if south_first:
        transform = transform @ Affine(1, 0, 0, 0, -1, laid.rows)
    return Grid(_crs(header, info), transform, laid.rows, laid.cols), south_first


def _crs(header: Header, info: Sequence[str]) -> CRS:
    wkt = header.fields.get("coordinate system string", "").strip("{} \n\r\t")
    if wkt:
        try:
            return CRS.from_wkt(wkt)
        except CRSError:
            pass  # some write their own words there
    words = " ".join(info).lower()
    if re.search(r"wgs[-_ ]?(19)?84", words):
        if info[0].lower() == "utm" and len(info) > 8 and info[7].isdigit():
            zone = int(info[7])
            if 1 <= zone <= 60 and info[8].lower() in ("north", "south"):
                return CRS.from_epsg((32600 if info[8].lower() == "north" else 32700) + zone)
        if info[0].lower().startswith("geographic"):
            return CRS.from_epsg(4326)
    raise RasterError(
        f"{header.path.name} states no coordinate system that can be read: {', '.join(info)}.",
        "Export it with a 'coordinate system string', or as GeoTIFF.",
    )


def _wrong(path: Path, what: str) -> RasterError:
    return RasterError(f"{path.name} is wrong: {what}.", "Export it again, or as GeoTIFF.")
