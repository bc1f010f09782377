"""What products say about themselves in files beside the imagery: scale, offset, level and date.

Read are Landsat's `*_MTL` (txt, json, xml), Sentinel-2's `MTD_MSI*.xml` and Planet's
`*_metadata*.xml`; each counts only where it belongs to the image: its product, sensor and level.
"""

import datetime
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from bandweave.prepare.radiometry import PRODUCTS, Scaling
from bandweave.raster.geotiff import StoredRaster
from bandweave.sources.evidence import Basis, Notes
from bandweave.sources.labels import Label, label, sensing_date

_MTL = re.compile(r"MTL\.(txt|json|xml)$", re.IGNORECASE)
_PLANET = re.compile(r"_metadata[^.]*\.xml$", re.IGNORECASE)
_PARENTS_OF_A_BAND = 5
"""A Sentinel-2 band lies in PRODUCT.SAFE/GRANULE/L2A_.../IMG_DATA/R10m."""
_LANDSAT_SCENE = re.compile(r"_(\d{6}_\d{8})_")
"""Path, row and sensing date in a Landsat product's name."""
_SENTINEL2_SCENE = re.compile(r"(?:MSIL\d[AC]|T\d\d[A-Z]{3})_(\d{8}T\d{6})")
_SENTINEL2_BANDS = ("1", "2", "3", "4", "5", "6", "7", "8", "8A", "9", "10", "11", "12")
"""Bands in the order of `band_id` in Sentinel-2's metadata."""
_DATE_TAGS = ("DATE_ACQUIRED", "acquisition_date", "date_acquired", "datetime", "date")

Groups = Mapping[str, Mapping[str, str]]


class Stated(NamedTuple):
    """A product's scaling as its metadata state it."""

    product: str
    level: str
    scalings: Mapping[str, Scaling]
    """By the product's number of a band; under an empty one, of every other band."""
    why: str

    def scaling(self, number: str) -> Scaling | None:
        """Return the scaling of a band, None where none is stated."""
        return self.scalings.get(number, self.scalings.get(""))


def descriptions(path: Path) -> tuple[Path, ...]:
    """Return the products' own descriptions that may belong to a file, the likeliest first."""
    return (
        *_landsat_descriptions(path),
        *_planet_descriptions(path),
        *_sentinel2_descriptions(path),
    )


def stated_scaling(path: Path, told: Label, notes: Notes) -> Stated | None:
    """Return what metadata beside a file say about its scale; None where none belong to it."""
    if told.role == "radar":
        return None
    for description in descriptions(path):
        if _MTL.search(description.name):
            found = _landsat(path, description, told, notes)
        elif _PLANET.search(description.name):
            found = _planet(description, told)
        else:
            found = _sentinel2(path, description, told, notes)
        if found is not None:
            return found
    return None


def acquisition_date(
    raster: StoredRaster, notes: Notes | None = None, *, radar: bool = False
) -> tuple[datetime.date, Basis, str] | None:
    """Return when a file's image was taken and what says so: metadata, tags, then its name.

    `radar` is whether it is known to be radar, to which no other sensor's metadata belong.
    """
    path = raster.path
    tags = raster.dataset.tags()
    for description in () if radar else _landsat_descriptions(path):
        if not all(_may_be_landsat(label(path.name, text, tags)) for text in raster.descriptions):
            break
        groups = _landsat_groups(description)
        if _is_of(path, description, _LANDSAT_SCENE, str(groups), notes):
            for group in groups.values():
                if found := sensing_date(group.get("DATE_ACQUIRED", "")):
                    return found, Basis.METADATA, f"DATE_ACQUIRED in {description.name}"
    for name in _DATE_TAGS:
        if found := sensing_date(tags.get(name, "")):
            return found, Basis.TAG, f"tag {name}"
    for part in (path.name, *(parent.name for parent in list(path.parents)[:_PARENTS_OF_A_BAND])):
        if found := sensing_date(part):
            return found, Basis.NAME, f"name {part}"
    return None


def _is_of(
    path: Path, description: Path, scene: re.Pattern[str], text: str, notes: Notes | None
) -> bool:
    """Whether a description names the scene that a file's name does; yes where either does not."""
    own = scene.findall(path.name)
    theirs = scene.findall(description.name) or scene.findall(text)
    if not own or not theirs or own[0] in theirs:
        return True
    if notes is not None:
        notes.warn(
            f"{description.name} lies beside {path.name}, but is of another image: it is not used."
        )
    return False


def _may_be_landsat(told: Label) -> bool:
    """Whether no name or tag says that a band is of another sensor or of a product made anew."""
    named = told.sensor.lower(), told.product
    return told.role != "radar" and all(each.startswith("landsat") for each in named if each)


def _landsat_descriptions(path: Path) -> tuple[Path, ...]:
    """Return the MTL files whose names begin as a file's does, the longest beginning first."""
    beside = [
        (len(_MTL.sub("", candidate.name)), candidate)
        for candidate in path.parent.glob("*MTL.*")
        if _MTL.search(candidate.name) and path.name.startswith(_MTL.sub("", candidate.name))
    ]
    return tuple(candidate for _, candidate in sorted(beside, reverse=True))


def _landsat_groups(description: Path) -> Groups:
    """Return the leaves of an MTL file by the innermost group around them."""
    text = description.read_text(errors="replace")
    groups: dict[str, dict[str, str]] = {}
    if description.suffix.lower() == ".json":
        try:
            _json_groups("", json.loads(text), groups)
        except (ValueError, RecursionError):
            return {}
    elif description.suffix.lower() == ".xml":
        try:
            for parent in ElementTree.fromstring(text).iter():
                leaves = {
                    child.tag: (child.text or "").strip() for child in parent if not len(child)
                }
                groups.setdefault(parent.tag, {}).update(leaves)
        except ElementTree.ParseError:
            return {}
    else:
        inner = ""
        for line in text.splitlines():
            key, _, value = (part.strip() for part in line.partition("="))
            if key == "GROUP":
                inner = value
            elif key and value:
                groups.setdefault(inner, {})[key] = value.strip('"')
    return groups


def _json_groups(name: str, value: object, groups: dict[str, dict[str, str]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict):
                _json_groups(key, inner, groups)
            else:
                groups.setdefault(name, {})[key] = str(inner)


def _landsat(path: Path, description: Path, told: Label, notes: Notes) -> Stated | None:
    """Return Level 2 surface or Level 1 top-of-atmosphere reflectance, the latter by sun height.

    USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.2: the Level 1 reflectance
    number x MULT + ADD is divided by the sine of the sun's elevation.
    """
    if not _may_be_landsat(told):
        return None
    groups = _landsat_groups(description)
    if not _is_of(path, description, _LANDSAT_SCENE, str(groups), notes):
        return None
    product = groups.get("PRODUCT_CONTENTS", {}).get("PROCESSING_LEVEL", "")
    level2 = groups.get("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", {})
    level = told.level or product
    if level.startswith(("L2", "SR")):
        if not level2:
            notes.warn(
                f"{description.name} holds no Level-2 numbers, though {path.name} is of Level 2: "
                "it is not used."
            )
            return None
        scalings = _landsat_scalings(level2, 1.0)
        return (
            Stated("landsat-c2l2", level, scalings, f"{description.name}, Level 2")
            if scalings
            else None
        )
    for name in ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING"):
        if name in groups:
            sun = groups.get("IMAGE_ATTRIBUTES", {}).get("SUN_ELEVATION", "90")
            height = math.sin(math.radians(_number(sun) or 90.0))
            scalings = _landsat_scalings(groups[name], height)
            why = f"{description.name}, Level 1, divided by the sine of the sun's {sun} degrees"
            return Stated("landsat-level-1", level or "L1", scalings, why) if scalings else None
    return None


def _landsat_scalings(group: Mapping[str, str], height: float) -> dict[str, Scaling]:
    fills = PRODUCTS["landsat-c2l2"].fills
    found = {}
    for key, text in group.items():
        band = key.removeprefix("REFLECTANCE_MULT_BAND_")
        scale, offset = _number(text), _number(group.get(f"REFLECTANCE_ADD_BAND_{band}", ""))
        if band != key and scale and scale > 0 and offset is not None and height > 0:
            found[band] = Scaling(scale / height, offset / height, fills)
    return found


def _planet_descriptions(path: Path) -> tuple[Path, ...]:
    """Return the XML files whose names are a file's with `_metadata` in them."""
    return tuple(
        candidate
        for candidate in sorted(path.parent.glob("*_metadata*.xml"))
        if path.stem.startswith(_PLANET.sub("", candidate.name))
    )


def _planet(description: Path, told: Label) -> Stated | None:
    """Return top-of-atmosphere reflectance: radiance x reflectanceCoefficient, band by band.

    Planet, Planet Imagery Product Specifications, "Conversion of DNs to reflectance".
    """
    if told.unit not in ("", "radiance"):
        return None
    text = description.read_text(errors="replace")
    scalings = {}
    for band in re.split(r"<(?:\w+:)?bandSpecificMetadata\b", text)[1:]:
        number = _xml_number(band, "bandNumber")
        coefficient = _xml_number(band, "reflectanceCoefficient")
        if number and coefficient and coefficient > 0:
            scalings[f"{number:g}"] = Scaling(coefficient, 0.0, (0.0,))
    why = f"reflectanceCoefficient in {description.name}: top-of-atmosphere reflectance"
    return Stated("planetscope", "TOA", scalings, why) if scalings else None


def _sentinel2_descriptions(path: Path) -> tuple[Path, ...]:
    """Return the `MTD_MSI*.xml` of the products that a file lies in."""
    parents = list(path.absolute().parents)[:_PARENTS_OF_A_BAND]
    return tuple(found for parent in parents for found in sorted(parent.glob("MTD_MSI*.xml")))


def _sentinel2(path: Path, description: Path, told: Label, notes: Notes) -> Stated | None:
    """Return the offset that the product's XML states."""
    inside = description.parent != path.parent
    if told.sensor not in ("", "Sentinel-2") or not (told.sensor or inside):
        return None
    level = description.stem.removeprefix("MTD_MSI")
    if told.level.startswith("L") and level.startswith("L") and told.level != level:
        notes.warn(f"{description.name} is of {level}, {path.name} of {told.level}: not used.")
        return None
    text = description.read_text(errors="replace")
    if not _is_of(path, description, _SENTINEL2_SCENE, text, notes):
        return None
    quantification = (
        _xml_number(text, "BOA_QUANTIFICATION_VALUE")
        or _xml_number(text, "QUANTIFICATION_VALUE")
        or 10000.0
    )
    if quantification < 0:
        return None
    found = re.findall(r'<(?:BOA|RADIO)_ADD_OFFSET band_id="(\d+)">\s*([-+.\deE]+)\s*<', text)
    offsets = {
        _SENTINEL2_BANDS[int(place)]: _number(value) or 0.0
        for place, value in found
        if int(place) < len(_SENTINEL2_BANDS)
    }
    every = next(iter(offsets.values()), 0.0)
    fills = PRODUCTS["sentinel-2"].fills
    scalings = {
        band: Scaling(1 / quantification, offset / quantification, fills)
        for band, offset in {"": every, **offsets}.items()
    }
    return Stated("sentinel-2", level, scalings, f"{description.name}: offset {every:g}")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _xml_number(text: str, tag: str) -> float | None:
    match = re.search(rf"<(?:\w+:)?{tag}\b[^>]*>\s*([-+.\deE]+)\s*<", text)
    return None if match is None else _number(match[1])
