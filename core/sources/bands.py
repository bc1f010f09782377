"""Which band is which: by description, tag and file name, and as a last resort by order.

What a band is not told to be, it is not taken for: angles, classes and temperatures are left out,
each with its reason.
"""

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.geography import ground_resolution
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.scene import RATIO_BAND
from bandweave.sources.evidence import Basis, Notes
from bandweave.sources.formats.rewriting import LEFT_OUT
from bandweave.sources.guess import sample
from bandweave.sources.labels import LANDSAT_8, Label, dates, label, latest, wavelength
from bandweave.sources.sensors import SENSORS

NAMES = tuple(dict.fromkeys(band.name for table in SENSORS.values() for band in table.values()))
"""What optical bands are called."""
_BY_COUNT = {
    3: ("red", "green", "blue"),
    4: ("blue", "green", "red", "nir"),
    6: ("blue", "green", "red", "nir", "swir1", "swir2"),
    12: tuple(b.name for number, b in SENSORS["Sentinel-2"].items() if number != "10"),
    13: tuple(band.name for band in SENSORS["Sentinel-2"].values()),
}
UNNAMED_PAIR = "two bands without names, taken as VV and VH"
_ORDERED = ("planetscope",)
"""Products whose files hold their bands in the order of their numbers, mostly undescribed."""
_CODINGS = {"fmask-odc": "fmask"}
"""Codings by labels that are called otherwise."""
_OF_FILES = ("name", "wavelength")
"""What names a band without its own text: a number then comes from the file's name."""
_SLOPING = "_SRE_"
_FEWEST_VALUES = 16
"""Of an image in a sample; opacity has one or two."""
_OPAQUE = "opacity, which masks the others"
_ASIDE = ("quality", "none")
"""Roles of what is no image band."""
PAIRS = (("VV", "VH"), ("HH", "HV"))


class Pick(NamedTuple):
    """One band taken from one file."""

    name: str
    """Its name in the scene."""
    raster: StoredRaster
    band: str
    """Its name in the file."""
    label: Label
    """What its names and tags say."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return f"{self.raster.path.name}, {self.band}"


class Picked(NamedTuple):
    """Bands taken from files, why they have their names, and what was not taken."""

    picks: tuple[Pick, ...]
    basis: Basis
    why: str
    sure: bool = True
    left_out: Mapping[str, str] = {}
    """A band's origin to the reason."""
    dates: tuple[datetime.date, ...] = ()
    """Of the bands, by their descriptions."""
    date: datetime.date | None = None
    """The one of them that was taken, or the only one where every band says it."""

    def note(self, layer: str, notes: Notes) -> None:
        """Record the names, unless they were stated, and what was left out."""
        if self.basis is not Basis.STATED:
            one = len({pick.raster for pick in self.picks}) == 1
            named = {pick.name: pick.band if one else pick.origin for pick in self.picks}
            notes.decide(layer, "bands", named, self.basis, self.why, sure=self.sure)
            if not self.sure and self.basis is Basis.NAME:
                notes.warn(f"Names of the {layer} bands: {self.why}.")
        if len(self.dates) > 1:
            listed = ", ".join(map(str, self.dates))
            notes.warn(
                f"The {layer} file holds several dates, {listed}: {self.date} is taken. State the "
                "bands of another if it is wanted."
            )
        for origin, reason in self.left_out.items():
            notes.decide(layer, "left out", origin, Basis.NAME, reason)


class _Band(NamedTuple):
    raster: StoredRaster
    band: str
    label: Label
    description: str
    length: float | None
    """Its wavelength in nanometres, where that is told."""

    @property
    def origin(self) -> str:
        return f"{self.raster.path.name}, {self.band}"


def pick_optical(
    rasters: Sequence[StoredRaster],
    stated: Mapping[str, int] | None,
    near: Sequence[datetime.date] = (),
) -> Picked:
    """Return the optical bands: the stated ones (name to place, from 1, over all files), else all.

    Names are red, green, blue, nir, swir1, ... ; bands that nothing names keep B1, B2, ... Of
    several dates in one file the one nearest to a date of `near`, else the last, is taken.
    """
    bands = _bands(rasters)
    if stated is not None:
        return Picked(_stated(bands, stated, "optical"), Basis.STATED, "")
    kept = [band for band in bands if band.label.role in ("", "optical")]
    left_out = _reasons(bands, kept)
    masks = ((raster, opacity(raster)) for raster in rasters)
    left_out |= {f"{raster.path.name}, {band}": _OPAQUE for raster, band in masks if band}
    if not kept:
        held = ", ".join(sorted(set(left_out.values())))
        raise SceneError(
            f"{_files(rasters)} holds no optical band: {held}.",
            "Choose the product's reflectance bands, such as B2, B3 and B4.",
        )
    kept, sloping = _flat(kept)
    kept, others, found, date = _of_one_date(kept, near)
    left_out |= sloping | others
    aside = [band for band in bands if band.label.role in _ASIDE]
    names, basis, why, sure = _optical_names(kept, aside)
    picks = tuple(
        Pick(name, band.raster, band.band, band.label)
        for name, band in zip(names, kept, strict=True)
    )
    return Picked(picks, basis, why, sure, left_out, found, date)


def pick_radar(
    rasters: Sequence[StoredRaster],
    stated: Mapping[str, int] | None,
    near: Sequence[datetime.date] = (),
) -> Picked:
    """Return VV and VH (or HH and HV), or the one band VV/VH: stated, named, or both unnamed."""
    if stated is not None:
        names = {_radar_name(name): place for name, place in stated.items()}
        picks = _stated(_bands(rasters), names, "radar")
        return Picked(_require_pair(picks, rasters), Basis.STATED, "")
    picked = recognise_polarisations(rasters, near)
    _require_pair(picked.picks, rasters, picked.left_out)
    return picked


def recognise_polarisations(
    rasters: Sequence[StoredRaster], near: Sequence[datetime.date] = ()
) -> Picked:
    """Return what can be told of VV, VH (HH, HV) or VV/VH: one, both or none of them."""
    bands = _bands(rasters)
    polarised = [
        band
        for band in bands
        if band.label.role == "radar" and band.label.band not in ("", RATIO_BAND)
    ]
    polarised, left_out, days, date = _of_one_date(polarised, near)
    found: dict[str, _Band] = {}
    # of the same band twice, the one that is taken does not depend on the order of files
    for band in sorted(polarised, key=lambda band: (band.raster.path.name, band.band)):
        if band.label.band in found:
            left_out[band.origin] = f"{band.label.band} once more"
        elif band.label.band:
            found[band.label.band] = band
    ratios = [band for band in bands if band.label.band == RATIO_BAND]
    if not found and ratios:
        found = {RATIO_BAND: ratios[0]}
    basis = Basis.NAME
    why = next((band.label.why for band in found.values()), "")
    sure = True
    plain = [band for band in bands if band.label.role in ("", "radar") and not band.label.band]
    if not found and len(plain) == 2:
        found, basis, why, sure = (
            dict(zip(("VV", "VH"), plain, strict=True)),
            Basis.NUMBERS,
            UNNAMED_PAIR,
            False,
        )
    ordered = [name for pair in (*PAIRS, (RATIO_BAND,)) for name in pair if name in found]
    wanted = next((pair for pair in PAIRS if set(pair) <= set(found)), tuple(ordered))
    picks = tuple(
        Pick(name, found[name].raster, found[name].band, found[name].label) for name in wanted
    )
    taken = [found[name] for name in wanted]
    left_out = {**_reasons(bands, taken), **left_out}
    return Picked(picks, basis, why, sure, left_out, days, date)


def codings(raster: StoredRaster) -> dict[str, str]:
    """Return what names say of a file's quality bands and of those that are no image.

    By the band's name in the file: how it codes quality, or what it is in words.
    """
    found = {}
    for band in _bands([raster]):
        if band.label.role in _ASIDE and band.label.band:
            found[band.band] = _CODINGS.get(band.label.band, band.label.band)
    return found


def nameable(rasters: Sequence[StoredRaster]) -> list[tuple[StoredRaster, str]]:
    """Return the bands that stated numbers count, from 1: all but those that say opacity."""
    return [(band.raster, band.band) for band in _bands(rasters)]


def opacity(raster: StoredRaster) -> str | None:
    """Return the band that says where the others hold data; None where there is none.

    One that is described as a band of a sensor, or undescribed with the numbers of an image, is
    one, whatever its colour interpretation says.
    """
    for place, name in enumerate(raster.bands):
        alpha = raster.dataset.colorinterp[place].name == "alpha"
        text = raster.descriptions[place]
        told = label("", text)
        image = told.role == "optical" or told.number
        if alpha and not (image or (not text and _continuous(raster, place))):
            return name
    return None


def _continuous(raster: StoredRaster, place: int) -> bool:
    """Whether a band has many values besides 0, none of which most pixels have, as opacity has."""
    numbers = sample(replace(raster, as_stored=True))[place]
    counts = np.unique(numbers[np.isfinite(numbers) & (numbers != 0)], return_counts=True)[1]
    return counts.size >= _FEWEST_VALUES and 2 * counts.max() < counts.sum()


def _bands(rasters: Sequence[StoredRaster]) -> list[_Band]:
    bands = []
    for raster in rasters:
        descriptions, without = raster.descriptions, opacity(raster)
        tags = raster.dataset.tags()
        for place, name in enumerate(raster.bands):
            if name == without:
                continue
            text, own = descriptions[place], _tags(raster, place)
            known = _label(raster.path, text, tags, own)
            source = known.why.partition(" ")[0]
            if len(raster.bands) > 1 and known.role not in _ASIDE and source in _OF_FILES:
                # a file's name tells its product, not which of its bands is which
                known = known._replace(band="" if source == "name" else known.band, number="")
            bands.append(_Band(raster, name, known, text, wavelength(text, {**tags, **own})))
    return bands


def _label(path: Path, description: str, tags: Mapping[str, str], own: Mapping[str, str]) -> Label:
    """Return what names and tags say; of radar its folders too, where they name the same band."""
    known = label(path.name, description, tags, own)
    within = label("/".join(path.parts[-3:]), description, tags, own)
    same = known.role == within.role == "radar" and known.band == within.band != ""
    return within if same else known


def _tags(raster: StoredRaster, place: int) -> dict[str, str]:
    """Return a band's tags, with those of GDAL's imagery domain and its unit."""
    read, unit = raster.dataset.tags, raster.dataset.units[place] or ""
    return {"units": unit, **read(place + 1), **read(place + 1, ns="IMAGERY")}


def _reasons(bands: Sequence[_Band], kept: Sequence[_Band]) -> dict[str, str]:
    """Return what is not taken, and why, in words."""
    taken = {band.origin for band in kept}
    found = {band.origin: _what(band.label) for band in bands if band.origin not in taken}
    for band in bands:
        if left := band.raster.dataset.tags().get(LEFT_OUT):
            found[band.raster.path.name] = left
    return found


def _what(told: Label) -> str:
    if told.role == "none":
        return f"{told.band}, by {told.why}"
    if told.role == "quality":
        return f"a quality band, by {told.why}"
    if told.role and not told.band:
        return f"{told.role}, but nothing says which band"
    return f"{told.role} {told.band}".strip() or "nothing names it"


def _flat(bands: Sequence[_Band]) -> tuple[list[_Band], dict[str, str]]:
    """Return the bands without those of Theia's SRE that are there as FRE too, and why not them."""
    names = {band.raster.path.name for band in bands}
    flat = "FRE, reflectance corrected for slopes, is taken instead"
    sloping = {
        band.origin: flat
        for band in bands
        if _SLOPING in (name := band.raster.path.name) and name.replace(_SLOPING, "_FRE_") in names
    }
    return [band for band in bands if band.origin not in sloping], sloping


def _of_one_date(
    bands: Sequence[_Band], near: Sequence[datetime.date]
) -> tuple[list[_Band], dict[str, str], tuple[datetime.date, ...], datetime.date | None]:
    """Return the bands of one date where descriptions name several, why not the others, the dates
    and the one; it is none where there are not several and some band does not say it alone.
    """
    when = {band.origin: (dates(band.description) or (None,))[0] for band in bands}
    found = sorted({date for date in when.values() if date})
    if len(found) < 2:
        alone = all(len(dates(band.description)) == 1 for band in bands)
        return list(bands), {}, tuple(found), found[0] if found and alone else None
    wanted = min(found, key=lambda d: min(abs((d - n).days) for n in near)) if near else found[-1]
    others = {
        band.origin: f"of {date}, not {wanted}"
        for band in bands
        if (date := when[band.origin]) not in (wanted, None)
    }
    return [band for band in bands if band.origin not in others], others, tuple(found), wanted


def _radar_name(name: str) -> str:
    known = {name: name for pair in PAIRS for name in pair}
    known |= {RATIO_BAND: RATIO_BAND, "RATIO": RATIO_BAND}
    if name.upper() not in known:
        raise SceneError(f"There is no radar band '{name}'.", "Name VV and VH, or VV/VH alone.")
    return known[name.upper()]


def _require_pair(
    picks: tuple[Pick, ...],
    rasters: Sequence[StoredRaster],
    left_out: Mapping[str, str] | None = None,
) -> tuple[Pick, ...]:
    names = tuple(pick.name for pick in picks)
    if set(names) in ({RATIO_BAND}, *map(set, PAIRS)):
        return picks
    reasons = sorted(set((left_out or {}).values()))
    seen = f"only {', '.join(sorted(names))} is known" if names else "none is named VV or VH"
    held = (
        f" of {len(picks) + len(left_out)} band{'s' * (len(picks) + len(left_out) != 1)}"
        if left_out is not None
        else ""
    )
    besides = f" ({'; '.join(reasons)})" if reasons else ""
    raise SceneError(
        f"The radar needs VV and VH, or their ratio VV/VH alone; {seen}{held} in "
        f"{_files(rasters)}{besides}.",
        "State the bands, such as VV=1,VH=2, or VV/VH=1 for a ratio.",
    )


def _files(rasters: Sequence[StoredRaster]) -> str:
    return ", ".join(raster.path.name for raster in rasters)


def _stated(bands: Sequence[_Band], stated: Mapping[str, int], kind: str) -> tuple[Pick, ...]:
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
        Pick(name, bands[place - 1].raster, bands[place - 1].band, bands[place - 1].label)
        for name, place in stated.items()
    )


def _optical_names(
    bands: Sequence[_Band], aside: Sequence[_Band]
) -> tuple[list[str], Basis, str, bool]:
    """Return names for bands: what labels say, else numbers by the one sensor that fits.

    Bands that are no image (`aside`) may say which sensor it is.
    """
    names = [band.label.band for band in bands]
    basis, sure = Basis.NAME, True
    why = next((band.label.why for band in bands if band.label.band), "")
    if any(not name and band.label.number for name, band in zip(names, bands, strict=True)):
        sensor, by, sure = _sensor(bands, aside)
        numbered = [named(sensor, band.label.number) for band in bands]
        names = [name or other for name, other in zip(names, numbered, strict=True)]
        why = f"band numbers of {sensor} ({by})"
        basis = Basis.NAME if sure else Basis.NUMBERS
    if not any(names) and (placed := _by_place(bands)):
        names, why = placed, f"order of {bands[0].label.sensor}, by {bands[0].label.why}"
    if not any(names):
        names, why = _unnamed(bands)
        basis, sure = Basis.NUMBERS, False
    kept = [name or f"B{place}" for place, name in enumerate(names, start=1)]
    repeated = [name for name, count in Counter(kept).items() if count > 1]
    if repeated:
        kept, how = _told_apart(kept, repeated, bands)
        return kept, Basis.NAME, f"{', '.join(repeated)} is there twice; {how}", False
    return kept, basis, why, sure


def _told_apart(
    names: Sequence[str], repeated: Sequence[str], bands: Sequence[_Band]
) -> tuple[list[str], str]:
    """Return names, of which those that repeat have something that tells them apart, and what."""
    told = list(zip(names, bands, strict=True))
    lengths = [f"{name}_{band.length:.0f}" if band.length else "" for name, band in told]
    numbers = [f"B{band.label.number}" if band.label.number else "" for band in bands]
    places = [f"B{place}" for place in range(1, len(names) + 1)]
    for others, how in ((lengths, "told apart by wavelength"), (numbers, "numbered instead")):
        found = _instead(names, repeated, others)
        if len(set(found)) == len(found):
            return found, how
    return _instead(names, repeated, places), "numbered instead"


def _instead(names: Sequence[str], repeated: Sequence[str], others: Sequence[str]) -> list[str]:
    pairs = zip(names, others, strict=True)
    return [other if other and name in repeated else name for name, other in pairs]


def _by_place(bands: Sequence[_Band]) -> list[str]:
    """Return the names of a product whose files hold all bands of a sensor in their order."""
    table = SENSORS.get(bands[0].label.sensor, {})
    ordered = bands[0].label.product in _ORDERED and len(table) == len(bands)
    return [band.name for band in table.values()] if ordered else []


def named(sensor: str, number: str) -> str:
    """Return the name of a sensor's band, empty where it has none of that number."""
    band = SENSORS.get(sensor, {}).get(number)
    return band.name if band else ""


def _unnamed(bands: Sequence[_Band]) -> tuple[list[str], str]:
    colours = [
        band.raster.dataset.colorinterp[band.raster.bands.index(band.band)].name for band in bands
    ]
    if {"red", "green", "blue"} <= set(colours):
        # the one band that cameras have beside three colours
        other = "nir" if len(colours) == 4 else ""
        return [c if c in NAMES else other for c in colours], "the file's colour interpretation"
    if len(bands) in _BY_COUNT:
        return list(_BY_COUNT[len(bands)]), f"usual order of {len(bands)} unnamed bands"
    return [""] * len(bands), "nothing names them"


def _sensor(bands: Sequence[_Band], aside: Sequence[_Band]) -> tuple[str, str, bool]:
    """Return whose numbers bands have, what says so, and whether that is sure."""
    for band in (*bands, *aside):
        if band.label.sensor:
            return band.label.sensor, band.label.why, True
    numbers = {band.label.number for band in bands}
    if numbers & {"8A", "12"}:
        return "Sentinel-2", "it has bands 8A or 12", True
    if any("landsat" in band.label.product for band in bands):
        return _which_landsat(bands, numbers)
    resolution = max(ground_resolution(band.raster.grid) for band in bands)
    sensor = "Landsat 8-9" if resolution >= 25 else "Sentinel-2"
    return sensor, f"pixels of {resolution:.3g} m", False


def _which_landsat(bands: Sequence[_Band], numbers: set[str]) -> tuple[str, str, bool]:
    """Return which Landsat's numbers reflectance has of which only band 1 to 5 and 7 are known."""
    if numbers == set("123457"):
        return "Landsat 4-7", "it has bands 1 to 5 and 7, but not 6", True
    if "1" in numbers:
        sensor = "Landsat 8-9" if "5" in numbers else "Landsat 4-7"
        return sensor, "bands 1 to 5 alone do not tell which Landsat it is", False
    days = [day for band in bands if (day := latest(band.raster.path.name))]
    if days and max(days) >= LANDSAT_8:
        return "Landsat 8-9", f"taken in {max(days).year}", True
    return "Landsat 8-9", "nothing tells which Landsat it is", False
