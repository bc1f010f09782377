"""Which band is which: names from descriptions, file names, and as a last resort from order."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bandweave.errors import SceneError
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.scene import RATIO_BAND

_LANDSAT_OLI = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "nir",
    "6": "swir1",
    "7": "swir2",
    "8": "pan",
    "9": "cirrus",
}
_LANDSAT_TM = {"1": "blue", "2": "green", "3": "red", "4": "nir", "5": "swir1", "7": "swir2"}
_SENTINEL2 = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "rededge1",
    "6": "rededge2",
    "7": "rededge3",
    "8": "nir",
    "8A": "nir08",
    "9": "vapour",
    "10": "cirrus",
    "11": "swir1",
    "12": "swir2",
}
_SENSORS = {"Landsat 8-9": _LANDSAT_OLI, "Landsat 4-7": _LANDSAT_TM, "Sentinel-2": _SENTINEL2}
NAMES = tuple(dict.fromkeys(name for table in _SENSORS.values() for name in table.values()))
"""What optical bands are called."""
_ALIASES = {
    **{name: name for name in NAMES},
    "nir1": "nir",
    "swir16": "swir1",
    "swir22": "swir2",
    "panchromatic": "pan",
}
_NUMBER = re.compile(r"(?:^|[^a-z0-9])b(?:and)?[_ ]?0?(\d{1,2}a?)(?![0-9a-z])", re.IGNORECASE)
_SENSOR_NAMES = (
    (re.compile(r"^(l[co]0?[89]|l[89][_.-]|landsat.?[89])", re.IGNORECASE), "Landsat 8-9"),
    (re.compile(r"^(le0?7|lt0?[45]|landsat.?[457])", re.IGNORECASE), "Landsat 4-7"),
    (re.compile(r"^(s2[abc_]|sentinel.?2|t\d\d[a-z]{3}_)", re.IGNORECASE), "Sentinel-2"),
)
_BY_COUNT = {
    3: ("red", "green", "blue"),
    4: ("blue", "green", "red", "nir"),
    6: ("blue", "green", "red", "nir", "swir1", "swir2"),
    12: tuple(name for number, name in _SENTINEL2.items() if number != "10"),
    13: tuple(_SENTINEL2.values()),
}
UNNAMED_PAIR = "two bands without names, taken as VV and VH"
_POLARISATION = re.compile(r"(?:^|[^a-z0-9])(vv|vh)(?![a-z0-9])", re.IGNORECASE)
_RATIO = re.compile(r"ratio|vv ?[/_-]? ?vh", re.IGNORECASE)


class Pick(NamedTuple):
    """One band taken from one file."""

    name: str
    """Its name in the scene."""
    raster: StoredRaster
    band: str
    """Its name in the file."""
    number: str
    """Its number in the product's own counting, where that is known."""


class Picked(NamedTuple):
    """Bands taken from files, and why they have their names; empty where stated or described."""

    picks: tuple[Pick, ...]
    why: str


class _Band(NamedTuple):
    raster: StoredRaster
    band: str
    label: str
    """Its description, else the file's name where it is the file's only band."""


def pick_optical(rasters: Sequence[StoredRaster], stated: Mapping[str, int] | None) -> Picked:
    """Return the optical bands: the stated ones (name to place, from 1, over all files), else all.

    Names are red, green, blue, nir, swir1, ... ; bands that nothing names keep B1, B2, ...
    """
    bands = _bands(rasters)
    sensor = _sensor(bands)
    numbers = [_number(band.label) for band in bands]
    if stated is not None:
        return Picked(_stated(bands, numbers, stated, "optical"), "")
    names, why = _optical_names(bands, numbers, sensor)
    picks = tuple(
        Pick(name, band.raster, band.band, number)
        for name, band, number in zip(names, bands, numbers, strict=True)
    )
    return Picked(picks, why)


def pick_radar(rasters: Sequence[StoredRaster], stated: Mapping[str, int] | None) -> Picked:
    """Return VV and VH, or the one band VV/VH, as stated, named, or (two bands) in that order."""
    bands = _bands(rasters)
    if stated is not None:
        names = {_radar_name(name): place for name, place in stated.items()}
        picks = _stated(bands, [""] * len(bands), names, "radar")
        return Picked(_require_pair(picks, rasters), "")
    picked = recognise_polarisations(rasters)
    return Picked(_require_pair(picked.picks, rasters, len(bands)), picked.why)


def recognise_polarisations(rasters: Sequence[StoredRaster]) -> Picked:
    """Return what can be told of VV, VH or VV/VH: one, both or none of them."""
    bands = _bands(rasters)
    found: dict[str, _Band] = {}
    for band in bands:
        polarisations = {text.upper() for text in _POLARISATION.findall(band.label)}
        if len(bands) == 1 and (len(polarisations) == 2 or _RATIO.search(band.label)):
            return Picked((Pick(RATIO_BAND, band.raster, band.band, ""),), "named a ratio")
        if len(polarisations) == 1:
            found.setdefault(polarisations.pop(), band)
    by_file_name = any(band.label == band.raster.path.stem for band in found.values())
    why = "named by the file names" if by_file_name else ""
    if not found and len(bands) == 2:
        found, why = dict(zip(("VV", "VH"), bands, strict=True)), UNNAMED_PAIR
    picks = tuple(
        Pick(name, found[name].raster, found[name].band, "")
        for name in ("VV", "VH")
        if name in found
    )
    return Picked(picks, why)


def nameable(rasters: Sequence[StoredRaster]) -> list[tuple[StoredRaster, str]]:
    """Return the bands that stated numbers count, from 1: all but those that say opacity."""
    return [(band.raster, band.band) for band in _bands(rasters)]


def _radar_name(name: str) -> str:
    known = {"VV": "VV", "VH": "VH", "VV/VH": RATIO_BAND, "RATIO": RATIO_BAND}
    if name.upper() not in known:
        raise SceneError(f"There is no radar band '{name}'.", "Name VV and VH, or VV/VH alone.")
    return known[name.upper()]


def _require_pair(
    picks: tuple[Pick, ...], rasters: Sequence[StoredRaster], count: int = 0
) -> tuple[Pick, ...]:
    names = {pick.name for pick in picks}
    if names in ({"VV", "VH"}, {RATIO_BAND}):
        return picks
    held = f" of {count} band{'s' if count != 1 else ''}" if count else ""
    seen = f"only {', '.join(sorted(names))} is known" if names else "none is named VV or VH"
    files = ", ".join(raster.path.name for raster in rasters)
    raise SceneError(
        f"The radar needs VV and VH, or their ratio VV/VH alone; {seen}{held} in {files}.",
        "State the bands, such as VV=1,VH=2, or VV/VH=1 for a ratio.",
    )


def _bands(rasters: Sequence[StoredRaster]) -> list[_Band]:
    bands = []
    for raster in rasters:
        descriptions = raster.descriptions
        for place, name in enumerate(raster.bands):
            if raster.dataset.colorinterp[place].name == "alpha":
                continue
            alone = raster.path.stem if len(raster.bands) == 1 else ""
            bands.append(_Band(raster, name, descriptions[place] or alone))
    return bands


def _stated(
    bands: Sequence[_Band], numbers: Sequence[str], stated: Mapping[str, int], kind: str
) -> tuple[Pick, ...]:
    if not stated:
        raise SceneError(f"No {kind} band is named.", "Name at least one, such as red=4.")
    for name, place in stated.items():
        if not 1 <= place <= len(bands):
            raise SceneError(
                f"The {kind} band {name} is said to be number {place}; there "
                f"{'is 1 band' if len(bands) == 1 else f'are {len(bands)} bands'}.",
                "Count bands from 1, through the files in the order given.",
            )
    return tuple(
        Pick(name, bands[place - 1].raster, bands[place - 1].band, numbers[place - 1])
        for name, place in stated.items()
    )


def _optical_names(
    bands: Sequence[_Band], numbers: Sequence[str], sensor: tuple[str, str]
) -> tuple[list[str], str]:
    table = _SENSORS[sensor[0]]
    names = [
        _named(band.label) or table.get(number, "")
        for band, number in zip(bands, numbers, strict=True)
    ]
    why = ""
    if any(not _named(band.label) for band in bands):
        why = f"band numbers of {sensor[0]} ({sensor[1]})"
    if not any(names):
        names, why = _unnamed(bands)
    kept = [name or f"B{place}" for place, name in enumerate(names, start=1)]
    if len(set(kept)) < len(kept):
        return [f"B{place}" for place in range(1, len(kept) + 1)], "names repeat; numbered instead"
    return kept, why


def _unnamed(bands: Sequence[_Band]) -> tuple[list[str], str]:
    colours = [
        band.raster.dataset.colorinterp[band.raster.bands.index(band.band)].name for band in bands
    ]
    if {"red", "green", "blue"} <= set(colours):
        return [c if c in _ALIASES else "" for c in colours], "the file's colour interpretation"
    if len(bands) in _BY_COUNT:
        return list(_BY_COUNT[len(bands)]), f"usual order of {len(bands)} unnamed bands"
    return [""] * len(bands), "nothing names them"


def _named(label: str) -> str:
    words = re.split(r"[^a-z0-9]+", label.lower())
    found = [_ALIASES[word] for word in words if word in _ALIASES]
    return found[0] if len(found) == 1 else ""


def _number(label: str) -> str:
    found: list[str] = _NUMBER.findall(label)
    return found[-1].upper() if found else ""


def _sensor(bands: Sequence[_Band]) -> tuple[str, str]:
    for band in bands:
        for pattern, sensor in _SENSOR_NAMES:
            if pattern.search(band.raster.path.name):
                return sensor, f"name {band.raster.path.name}"
    if {_number(band.label) for band in bands} & {"8A", "12"}:
        return "Sentinel-2", "it has bands 8A or 12"
    resolution = max(band.raster.grid.resolution for band in bands)
    sensor = "Landsat 8-9" if resolution >= 25 else "Sentinel-2"
    return sensor, f"pixels of {resolution:.3g} m"


def as_facts(picked: Picked) -> dict[str, Any]:
    """Describe which file and band each name stands for."""
    return {pick.name: f"{pick.raster.path.name}, {pick.band}" for pick in picked.picks}
