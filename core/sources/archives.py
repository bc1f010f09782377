"""Products as they are downloaded: archives and folders become the files that are imagery.

Sentinel-2's .SAFE.zip, Landsat's .tar, HyP3's .zip, SNAP's BEAM-DIMAP as a zip, and any of them
unpacked. What is taken is told from names alone. An archive is unpacked in the confined child, into
a folder of one's own: so many files, so many bytes, plain files only, no path out of the folder.
"""

import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

from bandweave.errors import BandweaveError, RasterError
from bandweave.raster.geotiff import SIGNATURES
from bandweave.sources.bands import natural
from bandweave.sources.confined.caller import IMPORT, call
from bandweave.sources.formats.recognition import companions
from bandweave.storage.refusal import reason

MOST_FILES = 4096
MOST_BYTES = 32 << 30
MOST_RATIO = 100
"""Unpacked bytes for each byte of an archive; of a scene that is half empty it is 3."""
_ALWAYS = 256 << 20
"""Bytes that are unpacked whatever the ratio."""
_BLOCK = 1 << 20
_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz))$", re.IGNORECASE)
_ZARR = (".zarray", ".zgroup", ".zmetadata", "zarr.json")
_IMAGERY = re.compile(r"\.(tiff?|jp2|nc|h5|img|dat|dim)$", re.IGNORECASE)
_BESIDE = re.compile(
    r"MTL\.(txt|json|xml)$|MTD_(MSI|SAF).*\.xml$|_metadata(_clip)?\.xml$|\.hdr$", re.IGNORECASE
)
_QUALITY = re.compile(
    r"(?:^|[_.])(SCL(_\d\dm)?|QA_PIXEL|BQA|pixel_qa|Fmask|udm2(_clip)?)\.(tiff?|jp2)$",
    re.IGNORECASE,
)
_SENTINEL1 = re.compile(r"^S1[A-D]_\w\w_(SLC|RAW|OCN|GRD)")
_SENTINEL2 = re.compile(r"_(B\d[\dA]|SCL|AOT|WVP|TCI|PVI)(?:_(\d\d)m)?\.jp2$")
_FINEST = {
    **dict.fromkeys(("B02", "B03", "B04", "B08"), "10"),
    **dict.fromkeys(("B05", "B06", "B07", "B8A", "B11", "B12", "SCL"), "20"),
}
_NO_BANDS = {
    **dict.fromkeys(("B01", "B09", "B10"), "of 60 m, for the atmosphere: give its file to have it"),
    "AOT": "aerosol, no band", "WVP": "water vapour, no band",
    "TCI": "colours for the screen", "PVI": "colours for the screen",
}  # fmt: skip
_LANDSAT = re.compile(
    r"^L(?P<sensor>[COTEM])0?\d.*?_(?P<what>(SR_)?B(AND)?\d+(_VCID_\d)?|BQA|(PIXEL|RADSAT)_QA"
    r"|(QA|SR|ST|BT|GM)_\w+|[VS][AZ]A)\.TIF$",
    re.IGNORECASE,
)
_HYP3 = re.compile(r"_RTC?\d+_.*?_(?P<what>VV|VH|HH|HV|inc_map\w*|ls_map|dem|rgb|area)\.tif$")
_HYP3_OTHERS = {
    "inc_map": "incidence angles", "ls_map": "layover and shadow", "dem": "heights",
    "rgb": "colours for the screen", "area": "scattering areas",
}  # fmt: skip


class LeftOut(NamedTuple):
    """What of an archive or a folder is not used."""

    archive: str
    name: str
    why: str


class Expanded(NamedTuple):
    """What given files, folders and archives come to."""

    paths: tuple[Path, ...]
    """Imagery, by name within each that was given."""
    quality: tuple[Path, ...]
    """Quality bands that came with it."""
    beside: tuple[Path, ...]
    """What describes the imagery and is read along."""
    left_out: tuple[LeftOut, ...]


class _Chosen(NamedTuple):
    """A product's files by names; `others` counts those that are no imagery."""

    taken: list[str]
    beside: list[str]
    left_out: list[tuple[str, str]]


def is_archive(path: Path) -> bool:
    """Whether a file is called as archives are, and is no GeoTIFF by its first bytes."""
    if not _ARCHIVE.search(path.name) or not path.is_file():
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(4) not in SIGNATURES
    except OSError:
        return False  # whoever opens it says why it cannot be


def describes(name: str) -> bool:
    """Whether a file of this name only describes others."""
    return bool(_BESIDE.search(name))


def expanded(given: Sequence[Path], into: Path) -> Expanded:
    """Return the imagery in files, folders and archives; archives are unpacked below `into`.

    Raises `RasterError` for what holds no imagery, is Zarr, or is made to harm.
    """
    paths: list[Path] = []
    beside: list[Path] = []
    left: list[LeftOut] = []
    for path in given:
        if path.is_file() and re.match(r"MTD_MSI.*\.xml$", path.name):
            path = path.parent  # noqa: PLW2901 - the product that it describes
        if path.is_dir():
            folder = _product(path)
            chosen = _chosen(path, _names(path, folder))
        elif is_archive(path):
            folder, chosen = _unpacked(path, into)
        else:
            paths.append(path)
            continue
        paths += sorted((folder / name for name in chosen.taken), key=natural)
        beside += [folder / name for name in chosen.beside]
        left += [LeftOut(path.name, name, why) for name, why in chosen.left_out]
    # the other half of a file that is there is not one more
    halves = {other for path in paths for other in companions(path)}
    paths = [path for path in paths if path not in halves or path.suffix.lower() != ".hdr"]
    quality = tuple(path for path in paths if path not in given and _QUALITY.search(path.name))
    images = tuple(path for path in paths if path not in quality)
    return Expanded(images, quality, tuple(beside), tuple(left))


def verdict(path: PurePosixPath) -> str | None:
    """Return why a product's file is left out, empty where it is taken; None: it is no imagery."""
    inside = path.parts[:-1]
    if (
        not _IMAGERY.search(path.name)
        or path.name.startswith(".")
        or any(part.endswith(".data") for part in inside)
    ):
        return None
    if any(part.endswith(".SAFE") for part in inside):
        return _of_sentinel2(path.name)
    if match := _HYP3.search(path.name):
        what = match["what"]
        return next((why for key, why in _HYP3_OTHERS.items() if what.startswith(key)), "")
    if match := _LANDSAT.search(path.name):
        return _of_landsat(match["sensor"].upper(), match["what"].upper())
    return ""


def _of_sentinel2(name: str) -> str:
    match = _SENTINEL2.search(name)
    if match is None:
        return "no band of the product"
    band, metres = match.groups()
    if band in _NO_BANDS:
        return _NO_BANDS[band]
    # Level 1 has each band once and does not say its metres
    return "" if metres in (None, _FINEST[band]) else f"a coarser copy of {band}"


def _of_landsat(sensor: str, what: str) -> str:
    if re.fullmatch(r"(QA_PIXEL|BQA|PIXEL_QA)", what):
        return ""
    thermal = {"C": ("B10", "B11"), "T": ("B6",), "E": ("B6", "B6_VCID_1", "B6_VCID_2")}
    if what.startswith(("ST_", "BT_")) or what in thermal.get(sensor, ()):
        return "temperature, no reflectance"
    return "" if re.fullmatch(r"(SR_)?B(AND)?\d+", what) else "no band of reflectance"


def _chosen(product: Path, names: Sequence[str]) -> _Chosen:
    """Return which of a product's files are imagery; refuse what cannot be read at all."""
    taken, beside, left, others = [], [], [], 0
    for name in names:
        path = PurePosixPath(name)
        _require_known(product, path)
        why = verdict(path)
        if why == "":
            taken.append(name)
        elif why:
            left.append((path.name, why))
        elif _comes_along(path):
            beside.append(name)
        else:
            others += 1
    if others:
        left.append((f"{others} other files" if others > 1 else "1 other file", "no imagery"))
    if not taken:
        held = ", ".join(PurePosixPath(name).name for name in names[:8]) or "nothing"
        raise RasterError(
            f"{product.name} holds no imagery that is read: {held}.",
            "Give GeoTIFF, JPEG 2000, netCDF, ENVI or BEAM-DIMAP, or a product as downloaded.",
        )
    return _Chosen(taken, beside, left)


def _comes_along(path: PurePosixPath) -> bool:
    """Whether a file describes imagery, or holds the bands of a `.dim`."""
    return describes(path.name) or (
        path.parent.name.endswith(".data") and path.suffix.lower() == ".img"
    )


def _require_known(product: Path, path: PurePosixPath) -> None:
    if path.name in _ZARR:
        raise RasterError(
            f"{product.name} is a Zarr store, which is not read.",
            "Export it as netCDF or GeoTIFF: .to_netcdf() of xarray, or format netCDF or GTiff of "
            "openEO.",
        )
    for part in path.parts:
        if part.endswith(".SAFE") and (match := _SENTINEL1.match(part)):
            raise RasterError(
                f"{part} is Sentinel-1 {match[1]}, which is on no map grid.",
                "Terrain-correct it in SNAP (Calibration, then Terrain Correction), or order RTC "
                "from HyP3 or openEO.",
            )


def _product(folder: Path) -> Path:
    """Return what names are relative to: above a `.SAFE`, in whatever part of it one is."""
    whole = folder.absolute()
    safe = next((each for each in (whole, *whole.parents) if each.name.endswith(".SAFE")), None)
    return safe.parent if safe else whole


def _names(folder: Path, product: Path) -> list[str]:
    """Return the files below a folder by their paths in the product; links are not entered."""
    found: list[str] = []
    for where, _, names in os.walk(folder.absolute()):
        found += [str(Path(where, name).relative_to(product)) for name in names]
        if len(found) > MOST_FILES:
            raise _too_much(folder, f"more than {MOST_FILES:,} files")
    return sorted(found)


def _unpacked(archive: Path, into: Path) -> tuple[Path, _Chosen]:
    """Unpack an archive in the child into a new folder, and look at what it left there."""
    folder = Path(tempfile.mkdtemp(prefix="unpacked-", dir=into)) / _ARCHIVE.sub("", archive.name)
    folder.mkdir()
    try:
        chosen = call(
            _unpack_there,
            archive,
            str(folder.resolve()),
            limits=IMPORT._replace(file_size=MOST_BYTES),
            writable=(folder,),
            as_they_are=True,
        )
        # should it have been taken over, what it left must not be a trap for who opens it
        left = list(folder.rglob("*"))
        if any(each.is_symlink() or not (each.is_file() or each.is_dir()) for each in left):
            raise RasterError(f"{archive.name} could not be unpacked safely.", "Download it again.")
        names = [str(each.relative_to(folder)) for each in left if each.is_file()]
        taken, beside = (_among(part, names) for part in chosen[:2])
    except BaseException:
        shutil.rmtree(folder.parent, ignore_errors=True)
        raise
    return folder, _Chosen(taken, beside, [(name, why) for name, why in chosen[2]])


def _among(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    return [name for name in wanted if name in names]


class _Member(NamedTuple):
    """A file, or anything else, in an archive."""

    name: str
    is_folder: bool
    is_plain: bool
    passed: int
    """Bytes that are unpacked where it is passed over."""
    open: Callable[[], IO[bytes]]


class _Bytes:
    """How many bytes may still be unpacked."""

    def __init__(self, archive: Path, folder: Path) -> None:
        self._archive = archive
        self._room = shutil.disk_usage(folder).free
        self._left = min(MOST_BYTES, max(_ALWAYS, MOST_RATIO * archive.stat().st_size), self._room)

    def spend(self, count: int) -> None:
        """Count bytes; raise where there are too many."""
        self._left -= count
        if self._left < 0:
            raise _too_much(self._archive, "far more than its size, or than there is room for")


def _unpack_there(archive: Path, place: str) -> list[list[Any]]:
    """Unpack the imagery of an archive; return names taken, names beside it, and what is left."""
    folder = Path(place)
    budget = _Bytes(archive, folder)
    names: list[str] = []
    try:
        with _members(archive) as members:
            for number, member in enumerate(members):
                if number >= MOST_FILES:
                    raise _too_much(archive, f"more than {MOST_FILES:,} files")
                name = _plain(archive, member)
                if member.is_folder:
                    continue
                names.append(name)
                path = PurePosixPath(name)
                _require_known(archive, path)
                why = verdict(path)
                if why == "" or (why is None and _comes_along(path)):
                    _copy(archive, member, folder / name, budget)
                else:
                    budget.spend(member.passed)
    except (BandweaveError, MemoryError):
        raise
    except Exception as error:  # each kind of archive, and of compression, has errors of its own
        if isinstance(error, OSError) and error.errno:
            raise RasterError(
                f"{archive.name} cannot be unpacked: {reason(error)[0]}.", reason(error)[1]
            ) from error
        raise RasterError(
            f"{archive.name} is damaged, or no archive that is known.",
            "Download it again, or unpack it and give the files in it.",
        ) from error
    return [list(part) for part in _chosen(archive, names)]


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            yield (_of_zip(archive, packed, info) for info in packed.infolist())
    else:
        with tarfile.open(archive, "r|*") as stream:
            yield _of_stream(stream)


def _of_zip(archive: Path, packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> _Member:
    if info.flag_bits & 1:
        raise RasterError(
            f"{archive.name} is encrypted.", "Unpack it with its password and give the files in it."
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    return _Member(
        info.filename,
        info.is_dir(),
        info.is_dir() or kind in (0, stat.S_IFREG),
        0,
        lambda: packed.open(info),
    )


def _of_stream(stream: tarfile.TarFile) -> Iterator[_Member]:
    for info in stream:
        whole = info.isdir() or info.isreg()
        yield _Member(info.name, info.isdir(), whole, info.size, partial(_opened, stream, info))
    # where it is cut short it ends as well, but without a block of zeros
    if stream.fileobj is None or stream.fileobj.tell() < stream.offset + tarfile.BLOCKSIZE:
        raise tarfile.ReadError("it does not end as archives do")


def _opened(stream: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    found = stream.extractfile(info)
    if found is None:
        raise tarfile.ReadError("a file has no content")
    return found


def _plain(archive: Path, member: _Member) -> str:
    """Return a member's path; refuse what would lie outside of the folder or is no plain file."""
    name = member.name.replace("\\", "/")
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    if outside or not path.parts or not name.isprintable():
        raise RasterError(
            f"{archive.name} holds a file that would lie outside of its folder: {name[:80]!r}.",
            "It is not unpacked: download it again from where it was made.",
        )
    if not member.is_plain:
        raise RasterError(
            f"{archive.name} holds {path.name}, which is a link or a device and no file.",
            "It is not unpacked: pack plain files only.",
        )
    return str(path)


def _copy(archive: Path, member: _Member, target: Path, budget: _Bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with member.open() as source, target.open("xb") as file:
            while block := source.read(_BLOCK):
                budget.spend(len(block))
                file.write(block)
    except FileExistsError as error:
        raise RasterError(
            f"{archive.name} holds {target.name} twice.", "Download it again."
        ) from error


def _too_much(what: Path, how: str) -> RasterError:
    return RasterError(
        f"{what.name} holds {how}: it is not read.",
        "Give one product: its archive as downloaded, its folder, or its files.",
    )
