"""Which band is which: by description, tag and file name, and as a last resort by order.

What a band is not told to be, it is not taken for: angles, classes and temperatures are left out,
each with its reason.
"""

import datetime
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from bandweave.sources.labels import (
    LANDSAT_8,
    OPACITY,
    Label,
    label,
    latest,
    sensing_date,
    wavelength,
)
from bandweave.sources.metadata import acquisition_date
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
_CALIBRATED = ("gamma0", "sigma0")
"""Of several pairs these are taken first."""


_OWN = re.compile(
    r"(?<![a-z])(?:vv|vh|hh|hv|mst|slv\d*)(?![a-z])|(?<!\d)\d{4}([-_.]?)\d\d\1\d\d(?!\d)"
    r"|(?<!\d)\d\d?[a-z]{3}\d{4}(?!\d)"
)
"""What differs between the names of bands of one kind: polarisation, date, place in a stack."""


def natural(path: Path) -> list[tuple[int, str]]:
    """Return a key that orders file names as people do: tile2 before tile10."""
    return [
        (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)
    ]


class Band(NamedTuple):
    """One band of a file, and what its names and tags say."""

    raster: StoredRaster
    band: str
    """Its name in the file."""
    label: Label
    description: str
    length: float | None
    """Its wavelength in nanometres, where that is told."""
    date: datetime.date | None
    """When it was taken: by its description, else by its file."""
    pixel: float
    """Metres on the ground."""

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return f"{self.raster.path.name}, {self.band}"

    @property
    def place(self) -> int:
        """Its place in the file, from 0."""
        return self.raster.bands.index(self.band)

    @property
    def order(self) -> tuple[object, ...]:
        """What bands are sorted by, whatever the order in which files are given."""
        return natural(self.raster.path), str(self.raster.path), self.place

    @property
    def is_named(self) -> bool:
        """Whether anything says what it is called."""
        return bool(self.label.band or self.label.number or self.description)

    @property
    def called(self) -> str:
        """What it is called in every part of a picture and of every date, else its place."""
        by_place = f"{self.place} of {len(self.raster.bands)}"
        return self.label.band or self.label.number or _stem(self.description) or by_place

    @property
    def kind(self) -> tuple[str, ...]:
        """What bands that belong together share."""
        return self.label.product, self.label.calibration, self.label.unit

    @property
    def stem(self) -> tuple[str, str]:
        """What the names of bands that belong together share."""
        return _stem(self.raster.path.name), _stem(self.description)


def _stem(name: str) -> str:
    return _OWN.sub("", name.lower())


Picture = tuple[Band, ...]
"""A band, or the bands of several files that are parts of one picture; the first stands for it."""


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
    concerns: tuple[str, ...] = ()
    """What a layer of these bands gives concern about: predicates of it."""

    def note(self, layer: str, notes: Notes) -> None:
        """Record the names, unless they were stated, and what was left out."""
        if self.basis is not Basis.STATED:
            one = len({pick.raster for pick in self.picks}) == 1
            named = {pick.name: pick.band if one else pick.origin for pick in self.picks}
            notes.decide(layer, "bands", named, self.basis, self.why, sure=self.sure)
            if not self.sure and self.basis is Basis.NAME:
                notes.warn(f"Names of the {layer} bands: {self.why}.")
        for concern in self.concerns:
            notes.warn(f"The {layer} {concern}")
        for origin, reason in self.left_out.items():
            notes.decide(layer, "left out", origin, Basis.NAME, reason)


def pick_optical(
    found: Sequence[Picture],
    stated: Mapping[str, int] | None,
    near: Sequence[datetime.date] = (),
) -> Picked:
    """Return the optical bands: the stated ones (name to place, from 1, over all files), else all.

    Names are red, green, blue, nir, swir1, ... ; bands that nothing names keep B1, B2, ... Of
    several dates the one nearest to a date of `near`, else the last, is taken.
    """
    if stated is not None:
        return Picked(_stated(found, stated, "optical"), Basis.STATED, "")
    kept = [parts for parts in found if parts[0].label.role in ("", "optical")]
    left_out = _reasons(found, kept)
    rasters = dict.fromkeys(part.raster for parts in found for part in parts)
    masks = ((raster, opacity(raster)) for raster in rasters)
    left_out |= {f"{raster.path.name}, {band}": _OPAQUE for raster, band in masks if band}
    if not kept:
        held = ", ".join(sorted(set(left_out.values())))
        raise SceneError(
            f"{_files(found)} holds no optical band: {held}.",
            "Choose the product's reflectance bands, such as B2, B3 and B4.",
        )
    kept, sloping = _flat(kept)
    kept, others, concerns = _of_one_date(kept, near)
    aside = [parts[0] for parts in found if parts[0].label.role in _ASIDE]
    names, basis, why, sure = _optical_names([parts[0] for parts in kept], aside)
    picks = tuple(_pick(name, parts) for name, parts in zip(names, kept, strict=True))
    return Picked(picks, basis, why, sure, left_out | sloping | others, concerns)


def pick_radar(
    found: Sequence[Picture],
    stated: Mapping[str, int] | None,
    near: Sequence[datetime.date] = (),
) -> Picked:
    """Return VV and VH (or HH and HV), or the one band VV/VH: stated, named, or both unnamed."""
    if stated is not None:
        names = {_radar_name(name): place for name, place in stated.items()}
        return Picked(_require_pair(_stated(found, names, "radar"), found), Basis.STATED, "")
    picked = recognise_polarisations(found, near)
    _require_pair(picked.picks, found, picked.left_out)
    return picked


def recognise_polarisations(found: Sequence[Picture], near: Sequence[datetime.date] = ()) -> Picked:
    """Return what can be told of VV, VH (HH, HV) or VV/VH: one, both or none of them.

    A whole pair of one date and kind goes before any mixture; of several pairs the one nearest to a
    date of `near`, else the last, that holds data, then calibrated ones, then the first.
    """
    radar = sorted(
        (parts for parts in found if parts[0].label.role == "radar" and parts[0].label.band),
        key=lambda parts: (
            _distance(_date(parts), near),
            parts[0].label.calibration not in _CALIBRATED,
            parts[0].order,
        ),
    )
    polarised = [parts for parts in radar if parts[0].label.band != RATIO_BAND]
    pairs, mixed = _pairs(polarised)
    sets = pairs or [(parts,) for parts in radar if not polarised]
    chosen, empty = _first_with_data(sets)
    taken = {parts[0].label.band: parts for parts in chosen or reversed(polarised)}
    basis, sure = Basis.NAME, True
    why = next((parts[0].label.why for parts in taken.values()), "")
    if not taken and (plain := _unnamed_pair(found, near)):
        taken = dict(zip(("VV", "VH"), plain, strict=True))
        basis, why, sure = Basis.NUMBERS, UNNAMED_PAIR, False
    names = [name for pair in (*PAIRS, (RATIO_BAND,)) for name in pair if name in taken]
    names = next((list(pair) for pair in PAIRS if set(pair) <= set(names)), names)
    picks = tuple(_pick(name, taken[name]) for name in names)
    kept = [taken[name] for name in names]
    left_out = _reasons(found, kept)
    alike = radar or [parts for parts in found if parts[0].label.role in ("", "radar")]
    for parts in alike:
        name, day, wanted = parts[0].label.band, _date(parts), {_date(each) for each in kept}
        if parts in kept:
            continue
        if any(parts in each for each in empty):
            left_out[parts[0].origin] = "it holds no data"
        elif day and len(wanted) == 1 and day not in wanted:
            left_out[parts[0].origin] = f"of {day}, not {wanted.pop()}"
        elif name in taken:
            left_out[parts[0].origin] = f"{name} once more; {taken[name][0].origin} is taken"
    dates = _dates_concern(alike, kept, near, empty, "no pair of one kind")
    concerns = (*dates, *_pairs_concern(pairs, kept, mixed=mixed))
    return Picked(picks, basis, why, sure, left_out, concerns)


def codings(raster: StoredRaster) -> dict[str, str]:
    """Return what names say of a file's quality bands and of those that are no image.

    By the band's name in the file: how it codes quality, or what it is in words.
    """
    found = {}
    for band in bands_of([raster]):
        if band.label.role in _ASIDE and band.label.band:
            found[band.band] = _CODINGS.get(band.label.band, band.label.band)
    return found


def nameable(found: Sequence[Picture]) -> list[tuple[StoredRaster, str]]:
    """Return the bands that stated numbers count, from 1."""
    return [(parts[0].raster, parts[0].band) for parts in found]


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


def bands_of(rasters: Iterable[StoredRaster]) -> list[Band]:
    """Return the bands of files, all but those that say the opacity of others."""
    bands = []
    for raster in rasters:
        descriptions, without = raster.descriptions, opacity(raster)
        tags, pixel = raster.dataset.tags(), ground_resolution(raster.grid)
        said: dict[bool, datetime.date | None] = {}
        for place, name in enumerate(raster.bands):
            if name == without and len(raster.bands) > 1:
                continue
            text, own = descriptions[place], _tags(raster, place)
            known = _label(raster.path, text, tags, own)
            if name == without:
                known = Label("none", band=OPACITY, why="its colour interpretation")
            source = known.why.partition(" ")[0]
            if len(raster.bands) > 1 and known.role not in _ASIDE and source in _OF_FILES:
                # a file's name tells its product, not which of its bands is which
                known = known._replace(band="" if source == "name" else known.band, number="")
            radar = known.role == "radar"
            if radar not in said:
                told = acquisition_date(raster, radar=radar)
                said[radar] = told[0] if told else None
            date = sensing_date(text) or said[radar]
            length = wavelength(text, {**tags, **own})
            bands.append(Band(raster, name, known, text, length, date, pixel))
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


def with_data(bands: Iterable[Band]) -> set[Band]:
    """Return those of some bands of which a sample holds a number other than 0."""
    found, samples = set(), {}
    for band in bands:
        if band.raster not in samples:
            samples[band.raster] = sample(replace(band.raster, as_stored=True))
        numbers = samples[band.raster][band.place]
        if (np.isfinite(numbers) & (numbers != 0)).any():
            found.add(band)
    return found


def _reasons(found: Sequence[Picture], kept: Sequence[Picture]) -> dict[str, str]:
    """Return what is not taken, and why, in words."""
    others = {parts[0].origin: _what(parts[0].label) for parts in found if parts not in kept}
    for parts in found:
        if left := parts[0].raster.dataset.tags().get(LEFT_OUT):
            others[parts[0].raster.path.name] = left
    return others


def _what(told: Label) -> str:
    if told.role == "none":
        return f"{told.band}, by {told.why}"
    if told.role == "quality":
        return f"a quality band, by {told.why}"
    if told.role and not told.band:
        return f"{told.role}, but nothing says which band"
    return f"{told.role} {told.band}".strip() or "nothing names it"


def _flat(found: list[Picture]) -> tuple[list[Picture], dict[str, str]]:
    """Return the bands without those of Theia's SRE that are there as FRE too, and why not them."""
    names = {part.raster.path.name for parts in found for part in parts}
    flat = "FRE, reflectance corrected for slopes, is taken instead"
    sloping = {
        parts[0].origin: flat
        for parts in found
        if _SLOPING in (name := parts[0].raster.path.name)
        and name.replace(_SLOPING, "_FRE_") in names
    }
    return [parts for parts in found if parts[0].origin not in sloping], sloping


def _pick(name: str, parts: Picture) -> Pick:
    return Pick(name, parts[0].raster, parts[0].band, parts[0].label)


def _date(parts: Picture) -> datetime.date | None:
    return next((part.date for part in parts if part.date), None)


def _distance(
    date: datetime.date | None, near: Sequence[datetime.date]
) -> tuple[float, datetime.date]:
    """Return a key that puts first the date nearest to one of `near`, else the last."""
    if date is None:
        return math.inf, datetime.date.max
    days = [abs((date - other).days) for other in near]
    return min(days, default=-date.toordinal()), date


def _pairs(polarised: Sequence[Picture]) -> tuple[list[tuple[Picture, ...]], bool]:
    """Return the pairs of bands that are most alike, and whether they are a mixture of kinds."""
    alike: tuple[Callable[[Band], object], ...] = (
        lambda band: (band.date, band.kind, band.stem, _stem(str(band.raster.path.parent))),
        lambda band: (band.date, band.kind, band.stem),
        lambda band: (band.date, band.kind),
        lambda band: band.date,
        lambda _: None,
    )
    for step, of in enumerate(alike):
        groups: dict[object, dict[str, list[Picture]]] = {}
        for parts in polarised:
            for key in dict.fromkeys(of(part) for part in parts):
                groups.setdefault(key, {}).setdefault(parts[0].label.band, []).append(parts)
        pairs = {
            tuple(group[name][0] for name in pair): any(len(group[name]) > 1 for name in pair)
            for pair in PAIRS
            for group in groups.values()
            if set(pair) <= set(group)
        }
        if pairs:
            return list(pairs), step > 2 or (step > 0 and any(pairs.values()))
    return [], False


def _first_with_data(
    sets: Sequence[tuple[Picture, ...]],
) -> tuple[tuple[Picture, ...], list[tuple[Picture, ...]]]:
    """Return the first set whose pictures hold data, else the first, and the empty ones before."""
    empty: list[tuple[Picture, ...]] = []
    for each in sets if len(sets) > 1 else ():
        held = with_data(part for parts in each for part in parts)
        if all(held.intersection(parts) for parts in each):
            return each, empty
        empty.append(each)
    return (sets[0], []) if sets else ((), [])


def _unnamed_pair(found: Sequence[Picture], near: Sequence[datetime.date]) -> list[Picture]:
    """Return the two bands that nothing names, of one date where there are more."""
    plain = [
        parts for parts in found if parts[0].label.role in ("", "radar") and not parts[0].label.band
    ]
    days = sorted({_date(parts) for parts in plain}, key=lambda day: _distance(day, near))
    sets = [plain, *([parts for parts in plain if _date(parts) == day] for day in days)]
    return next((each for each in sets if len(each) == 2), [])


def _of_one_date(
    found: list[Picture], near: Sequence[datetime.date]
) -> tuple[list[Picture], dict[str, str], tuple[str, ...]]:
    """Return the bands of one date where some are of several, why not the others, and concerns.

    It is the nearest of the dates that have as many bands as any, or three.
    """
    own: dict[datetime.date, dict[str, Picture]] = {}
    for parts in found:
        if day := _date(parts):
            own.setdefault(day, {})[parts[0].called] = parts
    if len({name for names in own.values() for name in names}) == sum(map(len, own.values())):
        return found, {}, ()
    enough = min(3, max(map(len, own.values())))
    sets = [
        tuple(own[day].values())
        for day in sorted(own, key=lambda day: _distance(day, near))
        if len(own[day]) >= enough
    ]
    chosen, empty = _first_with_data(sets)
    wanted = _date(chosen[0])
    kept = [parts for parts in found if _date(parts) in (wanted, None)]
    others = {
        parts[0].origin: f"of {_date(parts)}, not {wanted}" for parts in found if parts not in kept
    }
    return kept, others, _dates_concern(found, list(chosen), near, empty, "fewer bands")


def _dates_concern(
    found: Sequence[Picture],
    kept: Sequence[Picture],
    near: Sequence[datetime.date],
    empty: Sequence[tuple[Picture, ...]],
    lack: str,
) -> tuple[str, ...]:
    """Say which of several dates is taken, and why not a nearer one; nothing of a mixture."""
    days = sorted({day for parts in found if (day := _date(parts))})
    wanted = {_date(parts) for parts in kept}
    if len(days) < 2 or len(wanted) != 1:
        return ()
    date = wanted.pop()
    without = {_date(parts) for each in empty for parts in each}
    nearer = [day for day in days if _distance(day, near) < _distance(date, near)]
    why = "".join(f"; {day} holds {'no data' if day in without else lack}" for day in nearer)
    return (
        f"holds several dates, {', '.join(map(str, days))}: {date} is taken{why}. State the bands "
        "of another if it is wanted.",
    )


def _pairs_concern(
    pairs: Sequence[tuple[Picture, ...]], kept: Sequence[Picture], *, mixed: bool
) -> tuple[str, ...]:
    """Say what is a mixture, and which other pairs of that date the files taken hold."""
    if len(kept) < 2:
        return ()
    names = " and ".join(parts[0].label.band for parts in kept)
    taken = _listed(kept)
    if mixed:
        return (f"holds no {names} of one kind: {taken} are taken together.",)
    files = {part.raster for parts in kept for part in parts}
    others = [
        _listed(pair)
        for pair in pairs
        if [parts[0].label.band for parts in pair] == [parts[0].label.band for parts in kept]
        and all(_date(parts) == _date(kept[0]) and parts not in kept for parts in pair)
        and any(part.raster in files for parts in pair for part in parts)
    ]
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    listed = "; ".join(others[:3]) + more
    return (f"holds {names} more than once: {taken} are taken, not {listed}.",) if others else ()


def _listed(pair: Sequence[Picture]) -> str:
    first, *others = (parts[0] for parts in pair)
    rest = (each.band if each.raster == first.raster else each.origin for each in others)
    return " and ".join((first.origin, *rest))


def _radar_name(name: str) -> str:
    known = {name: name for pair in PAIRS for name in pair}
    known |= {RATIO_BAND: RATIO_BAND, "RATIO": RATIO_BAND}
    if name.upper() not in known:
        raise SceneError(f"There is no radar band '{name}'.", "Name VV and VH, or VV/VH alone.")
    return known[name.upper()]


def _require_pair(
    picks: tuple[Pick, ...],
    found: Sequence[Picture],
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
        f"{_files(found)}{besides}.",
        "State the bands, such as VV=1,VH=2, or VV/VH=1 for a ratio.",
    )


def _files(found: Sequence[Picture]) -> str:
    return ", ".join(dict.fromkeys(parts[0].raster.path.name for parts in found))


def _stated(found: Sequence[Picture], stated: Mapping[str, int], kind: str) -> tuple[Pick, ...]:
    if not stated:
        raise SceneError(f"No {kind} band is named.", "Name at least one, such as red=4.")
    for name, place in stated.items():
        if not 1 <= place <= len(found):
            raise SceneError(
                f"The {kind} band {name} is said to be number {place}; there "
                f"{'is 1 band' if len(found) == 1 else f'are {len(found)} bands'}.",
                "Count bands from 1, through the files in the order given.",
            )
    return tuple(_pick(name, found[place - 1]) for name, place in stated.items())


def _optical_names(
    bands: Sequence[Band], aside: Sequence[Band]
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
    names: Sequence[str], repeated: Sequence[str], bands: Sequence[Band]
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


def _by_place(bands: Sequence[Band]) -> list[str]:
    """Return the names of a product whose files hold all bands of a sensor in their order."""
    table = SENSORS.get(bands[0].label.sensor, {})
    ordered = bands[0].label.product in _ORDERED and len(table) == len(bands)
    return [band.name for band in table.values()] if ordered else []


def named(sensor: str, number: str) -> str:
    """Return the name of a sensor's band, empty where it has none of that number."""
    band = SENSORS.get(sensor, {}).get(number)
    return band.name if band else ""


def _unnamed(bands: Sequence[Band]) -> tuple[list[str], str]:
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


def _sensor(bands: Sequence[Band], aside: Sequence[Band]) -> tuple[str, str, bool]:
    """Return whose numbers bands have, what says so, and whether that is sure."""
    for band in (*bands, *aside):
        if band.label.sensor:
            return band.label.sensor, band.label.why, True
    numbers = {band.label.number for band in bands}
    if numbers & {"8A", "12"}:
        return "Sentinel-2", "it has bands 8A or 12", True
    if any("landsat" in band.label.product for band in bands):
        return _which_landsat(bands, numbers)
    resolution = max(band.pixel for band in bands)
    sensor = "Landsat 8-9" if resolution >= 25 else "Sentinel-2"
    return sensor, f"pixels of {resolution:.3g} m", False


def _which_landsat(bands: Sequence[Band], numbers: set[str]) -> tuple[str, str, bool]:
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
