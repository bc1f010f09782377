"""What products say about themselves in side files, tags and names: scale, offset and date.

Landsat's `*_MTL.txt` and Sentinel-2's `MTD_MSI*.xml` are read where they lie beside the imagery;
names of files and folders tell dates and Sentinel-2's processing baseline.
"""

import datetime
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bandweave.prepare.radiometry import (
    PRODUCTS,
    SENTINEL2_OFFSET,
    SENTINEL2_OFFSET_BASELINE,
    Scaling,
)
from bandweave.raster.geotiff import StoredRaster

_PARENTS_OF_A_BAND = 5
"""A Sentinel-2 band lies in PRODUCT.SAFE/GRANULE/L2A_.../IMG_DATA/R10m."""
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_]?(0[1-9]|1[0-2])[-_]?([0-2]\d|3[01])(?!\d)")
_DATE_TAGS = ("DATE_ACQUIRED", "acquisition_date", "date_acquired", "datetime", "date")


class Stated(NamedTuple):
    """A product's scaling as its metadata state it."""

    product: str
    scaling: Scaling
    why: str


def descriptions(path: Path) -> tuple[Path, ...]:
    """Return the products' own descriptions that are read along with a file."""
    return tuple(filter(None, (_landsat_description(path), _sentinel2_description(path))))


def stated_scaling(path: Path, band_number: str) -> Stated | None:
    """Return what metadata beside a file say about its scale; None where there are none.

    `band_number` is the product's number of the file's first band, such as "4".
    """
    landsat = _landsat_metadata(path)
    if landsat is not None:
        return _landsat_scaling(path, landsat, band_number)
    return _sentinel2_scaling(path)


def acquisition_date(raster: StoredRaster) -> tuple[datetime.date, str] | None:
    """Return when a file's image was taken and what says so: metadata, tags, then its name."""
    landsat = _landsat_metadata(raster.path)
    if landsat is not None:
        for group in landsat.values():
            if found := _date_in(group.get("DATE_ACQUIRED", "")):
                return found, "DATE_ACQUIRED in the metadata file"
    tags = raster.dataset.tags()
    for name in _DATE_TAGS:
        if found := _date_in(tags.get(name, "")):
            return found, f"tag {name}"
    for part in (raster.path.name, raster.path.parent.name):
        if found := _date_in(part):
            return found, f"name {part}"
    return None


def _date_in(text: str) -> datetime.date | None:
    match = _DATE.search(text)
    if match is None:
        return None
    try:
        return datetime.date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


Groups = Mapping[str, Mapping[str, str]]


def _landsat_description(path: Path) -> Path | None:
    """Return the `*_MTL.txt` that shares the longest beginning with a file's name."""
    beside = [
        (len(candidate.name) - len("MTL.txt"), candidate)
        for candidate in path.parent.glob("*MTL.txt")
        if path.name.startswith(candidate.name[: -len("MTL.txt")])
    ]
    return max(beside)[1] if beside else None


def _landsat_metadata(path: Path) -> Groups | None:
    description = _landsat_description(path)
    if description is None:
        return None
    groups: dict[str, dict[str, str]] = {}
    inner = ""
    for line in description.read_text(errors="replace").splitlines():
        key, _, value = (part.strip() for part in line.partition("="))
        if key == "GROUP":
            inner = value
        elif key and value:
            groups.setdefault(inner, {})[key] = value.strip('"')
    return groups


def _landsat_scaling(path: Path, groups: Groups, band_number: str) -> Stated | None:
    """Return Level 2 surface or Level 1 top-of-atmosphere reflectance, the latter by sun height.

    USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.2: the Level 1 reflectance
    number x MULT + ADD is divided by the sine of the sun's elevation.
    """
    level2 = groups.get("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", {})
    if "_SR_" in path.name.upper() and level2:
        return _landsat_numbers(level2, band_number, 1.0, "landsat-c2l2", "Level 2 metadata")
    for name in ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING"):
        if name in groups:
            sun = groups.get("IMAGE_ATTRIBUTES", {}).get("SUN_ELEVATION", "90")
            height = math.sin(math.radians(_number(sun) or 90.0))
            return _landsat_numbers(
                groups[name],
                band_number,
                height,
                "landsat-level-1",
                f"Level 1 metadata, sun {sun} degrees high: top-of-atmosphere reflectance",
            )
    return None


def _landsat_numbers(
    group: Mapping[str, str], band: str, height: float, product: str, why: str
) -> Stated | None:
    scale = _number(group.get(f"REFLECTANCE_MULT_BAND_{band}", ""))
    offset = _number(group.get(f"REFLECTANCE_ADD_BAND_{band}", ""))
    if scale is None or offset is None or height <= 0:
        return None
    fills = PRODUCTS["landsat-c2l2"].fills
    return Stated(product, Scaling(scale / height, offset / height, fills), why)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _sentinel2_description(path: Path) -> Path | None:
    """Return the `MTD_MSI*.xml` of the product that a file lies in."""
    for parent in list(path.absolute().parents)[:_PARENTS_OF_A_BAND]:
        for found in sorted(parent.glob("MTD_MSI*.xml")):
            return found
    return None


def _sentinel2_scaling(path: Path) -> Stated | None:
    """Return the offset that the product's XML states, else the one its baseline implies."""
    description = _sentinel2_description(path)
    if description is not None:
        text = description.read_text(errors="replace")
        offset = _xml_number(text, "BOA_ADD_OFFSET") or _xml_number(text, "RADIO_ADD_OFFSET")
        quantification = (
            _xml_number(text, "BOA_QUANTIFICATION_VALUE")
            or _xml_number(text, "QUANTIFICATION_VALUE")
            or 10000.0
        )
        return Stated(
            "sentinel-2",
            Scaling(1 / quantification, (offset or 0.0) / quantification, _fills()),
            f"{description.name}: offset {offset or 0:g}",
        )
    baseline = re.search(r"_N(\d\d)(\d\d)_", str(path.absolute()))
    if baseline is None or "_MSIL" not in str(path.absolute()):
        return None
    version = float(f"{baseline[1]}.{baseline[2]}")
    offset = SENTINEL2_OFFSET if version >= SENTINEL2_OFFSET_BASELINE else 0.0
    return Stated(
        "sentinel-2",
        Scaling(0.0001, offset / 10000, _fills()),
        f"processing baseline {version:05.2f} in the name: offset {offset:g}",
    )


def _fills() -> tuple[float, ...]:
    return PRODUCTS["sentinel-2"].fills


def _xml_number(text: str, tag: str) -> float | None:
    match = re.search(rf"<{tag}\b[^>]*>\s*([-+.\deE]+)\s*<", text)
    return None if match is None else _number(match[1])
