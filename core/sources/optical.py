"""Optical files as reflectance: what is stated, else tags, metadata, names, and last the numbers.

How numbers are stored belongs to a product, not to a file: bands of one product are read alike.
What pixels disprove is not believed, whoever says it; only what the user states is refused instead.
"""

import datetime
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import SceneError
from bandweave.prepare.alignment import StackedRaster
from bandweave.prepare.radiometry import (
    PRODUCTS,
    SENTINEL2_OFFSET,
    SENTINEL2_OFFSET_BASELINE,
    Scaling,
    possible_reflectance,
    product_scaling,
    zero_is_fill,
)
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Unit
from bandweave.raster.virtual import MappedRaster
from bandweave.sources.bands import Pick, pick_optical
from bandweave.sources.checks import check_reflectance, check_repeats, check_surfaces
from bandweave.sources.evidence import Basis, Notes, told_of
from bandweave.sources.guess import (
    BRIGHTEST,
    DARKEST_WITH_OFFSET,
    darkest,
    fills,
    guess_optical,
    has_scale,
    is_integer,
    require_data,
    scaled_zero,
    without,
    without_fills,
)
from bandweave.sources.labels import BROWSER, label, wavelength
from bandweave.sources.labels import dates as sensing_dates
from bandweave.sources.measured import (
    Measured,
    Part,
    first_date,
    native_pixels,
    note_fill,
    opaque,
    opaque_sample,
    open_all,
)
from bandweave.sources.metadata import stated_scaling
from bandweave.sources.mosaic import pictures, spread, unused
from bandweave.sources.sensors import S2, SENSORS

OFFSET_SINCE = datetime.date(2022, 1, 25)
"""When Sentinel-2's processing baseline 04.00 began."""
_OVERSHOOT = -200.0
"""Numbers that Sentinel-2's darkest pixels may lie below its offset."""
_BASELINE = re.compile(r"_MSIL\d[AC]_.*_N(?!9999)(\d\d)(\d\d)_")
"""N9999 is written where a user ran the processor."""
_HARMONIZED = re.compile(r"harmoni[sz]ed[^/\\]*$|S2(_SR)?_HARMONIZED", re.IGNORECASE)
"""Earth Engine's collections of which the offset is taken off."""
_DRONE = re.compile(r"metashape|photoscan|micasense", re.IGNORECASE)
_UNITS = {
    "reflectance": "reflectance",
    "reflectance x 10000": "reflectance-10000",
    "percent": "percent",
}
"""Units in names to products."""
_OFFSETS = ("reflectance-10000", "sentinel-2-n0400")
"""Sentinel-2 without and with its offset."""
_WHOLE = 2.0
"""Of what is stored as reflectance 99 % lie below."""
_LARGER, _SMALLER = 20.0, 50.0
"""So many times larger or smaller than the others' no band's numbers are."""
LIKELY = 0.02, 0.9
"""Median reflectance of images, open water and snow included."""
_NEAR = 0.05
"""A wavelength of Sentinel-2 lies within 5 % of its band's centre."""
_FULL = ("reflectance-32768", "reflectance-65535")
"""Whose largest number is data."""


class Reading(NamedTuple):
    """One way to read the numbers of a product's bands."""

    product: str
    level: str
    scalings: tuple[Scaling, ...]
    """One a band, of the numbers as stored."""
    basis: Basis
    why: str
    sure: bool = True


class _Numbers(NamedTuple):
    """Bands of one product and samples of their numbers as stored, (value,) each."""

    picks: tuple[Pick, ...]
    samples: tuple[Pixels, ...]
    fill: tuple[float, ...] | None = None
    """What the user states to be no data; None where it is told."""

    @property
    def name(self) -> str:
        return ", ".join(dict.fromkeys(pick.raster.path.name for pick in self.picks))

    @property
    def short(self) -> str:
        """The first file's name, and how many more there are."""
        first, *others = dict.fromkeys(pick.raster.path.name for pick in self.picks)
        return f"{first} and {len(others)} more" if others else first

    def among(self, kept: Sequence[bool]) -> "_Numbers":
        """Return some of the bands."""
        return self._replace(
            picks=tuple(compress(self.picks, kept)), samples=tuple(compress(self.samples, kept))
        )

    def pooled(self) -> Pixels:
        """Return (band, value) numbers, NaN where bands have fewer."""
        return _table(self.samples)

    def values(self, reading: Reading) -> Pixels:
        """Return (band, value) reflectance, NaN where it is none."""
        return possible_reflectance(self.scaled(reading))

    def scaled(self, reading: Reading) -> Pixels:
        """Return (band, value) numbers as they are scaled, however impossible."""
        known = zero_is_fill(self.pooled()) if self.zero_fills(self.picks) else self.pooled()
        pairs = zip(reading.scalings, known, strict=True)
        return np.stack([scaling.reflectance(band) for scaling, band in pairs])

    def zero_fills(self, picks: Sequence[Pick]) -> bool:
        """Whether 0 in every band of some picks is no data: unless fill is stated, of one grid,
        and not a tagged band that may be dark.
        """
        if self.fill is not None or len({pick.raster.grid for pick in picks}) > 1:
            return False
        return len(picks) > 1 or picks[0].raster.dataset.nodata is None


@dataclass(frozen=True)
class OpticalReading:
    """What the user states about optical files; None and '' leave it to be told."""

    bands: Mapping[str, int] | None = None
    product: str = ""
    scale: float | None = None
    offset: float | None = None
    native: float | None = None
    fill: tuple[float, ...] | None = None
    """Stored numbers that are no data besides the file's own."""
    date: datetime.date | None = None

    def read(
        self,
        paths: Sequence[Path],
        notes: Notes,
        what: str = "optical",
        near: Sequence[datetime.date] = (),
    ) -> Measured:
        """Return the files as reflectance on their own grids; only samples of them are read.

        Of several dates the one nearest to a date of `near` is taken.
        """
        rasters = open_all(paths)
        found = pictures(rasters)
        near = (self.date,) if self.date else near
        picked = pick_optical(found, self.bands, near)
        for sentence in unused(found, picked):
            notes.warn(sentence)
        numbers = self._numbers(spread(picked.picks, found, what, notes), what, notes)
        picked = picked._replace(picks=_held(picked.picks, numbers))
        names = tuple(pick.name for pick in picked.picks)
        picked.note(what, notes)
        parts = [part for own in numbers for part in self._parts(own, what, notes)]
        kept = [pick for own in numbers for pick in own.picks]
        date = first_date(kept, self.date, what, notes)
        return Measured(tuple(parts), names, Unit.REFLECTANCE, date)

    def told(self, rasters: Sequence[StoredRaster], notes: Notes) -> Reading:
        """Return how the first product of some files is read."""
        picked = pick_optical(pictures(rasters), self.bands)
        return self._decide(self._numbers(picked.picks, "optical", notes)[0], "optical", notes)

    def taken(self, picks: Sequence[Pick]) -> tuple[Pick, ...]:
        """Return the bands without those that are told to be none by their numbers."""
        return _held(picks, self._numbers(picks, "optical", Notes()))

    def _numbers(self, picks: Sequence[Pick], what: str, notes: Notes) -> list[_Numbers]:
        """Return what `taken` does by product, and note what is left out."""
        found = list(_products(picks, self.fill))
        strange = {} if self.bands is not None else dict(chain(*map(_strangers, found)))
        for origin, why in strange.values():
            notes.decide(what, "left out", origin, Basis.NUMBERS, why)
            notes.warn(f"{origin} is left out: {why}.", of=(what, "left out"))
        kept = [own.among([p.name not in strange for p in own.picks]) for own in found]
        return [own for own in kept if own.picks]

    def _parts(self, own: _Numbers, what: str, notes: Notes) -> Iterator[Part]:
        reading = self._decide(own, what, notes)
        if (fill := self.fill) is not None:
            scalings = tuple(replace(scaling, fills=fill) for scaling in reading.scalings)
            reading = reading._replace(scalings=scalings)
        else:
            reading = _with_scaled_fill(own, reading)
        self._note(own, reading, what, notes)
        values, scaled = own.values(reading), own.scaled(reading)
        fill_only = np.isfinite(values).sum() * 2 < np.isfinite(scaled).sum()
        stated = reading.basis is Basis.STATED
        check_reflectance(scaled if fill_only else values, own.name, stated, notes)
        for pick, band in zip(own.picks, values, strict=True):
            require_data(band, f"Band {pick.name} of {pick.raster.path.name}")
        first = {pick.name: band for pick, band in zip(own.picks, values, strict=True)}
        check_surfaces(first, own.name, notes)
        grids = dict.fromkeys(pick.raster.grid for pick in own.picks)
        for grid in grids:
            here = [place for place, pick in enumerate(own.picks) if pick.raster.grid == grid]
            picks = [own.picks[place] for place in here]
            convert = partial(
                _reflectance,
                scalings=tuple(reading.scalings[place] for place in here),
                zero_fills=own.zero_fills(picks),
            )
            opened = {pick.raster: opaque(replace(pick.raster, as_stored=True)) for pick in picks}
            stack = StackedRaster(
                tuple((opened[pick.raster], pick.band, pick.name) for pick in picks)
            )
            by_file: dict[StoredRaster, list[str]] = {}
            for pick in picks:
                by_file.setdefault(pick.raster, []).append(pick.band)
            native, resampled = native_pixels(list(by_file.items()), self.native, what, notes)
            files = ", ".join(raster.path.name for raster in by_file)
            yield Part(MappedRaster(stack, convert, stack.bands), native, resampled, files)

    def _decide(self, own: _Numbers, what: str, notes: Notes) -> Reading:
        """Return the first reading of the ladder that the pixels do not disprove."""
        _require_no_palette(own)
        require_data(without_fills(own.pooled()), own.name)
        if stated := self._stated(own, notes):
            return stated
        said = [each for each in (_tagged(own), _described(own, notes), _named(own, notes)) if each]
        for place, reading in enumerate(said):
            fault = _fault(own, reading)
            if not fault:
                self._compare(own, reading, said[place + 1 :], notes)
                return reading
            notes.warn(
                f"{own.name}: its {reading.basis} says {reading.product} ({reading.why}), but then "
                f"{fault}: the pixels count."
            )
        radiance = next((pick.label for pick in own.picks if pick.label.unit == "radiance"), None)
        if radiance:
            raise SceneError(
                f"{own.name} holds radiance, not reflectance, by {radiance.unit_why}.",
                "Give the product's metadata (with its reflectance coefficients) beside it, or "
                "surface reflectance.",
            )
        return _told(own, notes)

    def _compare(
        self, own: _Numbers, reading: Reading, others: Sequence[Reading], notes: Notes
    ) -> None:
        """Warn where what else says something would read other values."""
        mine = float(np.nanmedian(own.values(reading)))
        for other in others:
            values = own.values(other)
            if not np.isfinite(values).any():
                continue
            theirs = float(np.nanmedian(values))
            if abs(theirs - mine) > 0.02 + 0.05 * abs(mine):
                notes.warn(
                    f"{own.name} is read as {reading.product} by its {reading.basis} (half below "
                    f"{mine:.3g}); its {other.basis} says {other.product} (half below "
                    f"{theirs:.3g})."
                )

    def _stated(self, own: _Numbers, notes: Notes) -> Reading | None:
        if self.scale is not None:
            scalings = [Scaling(self.scale, self.offset or 0.0)] * len(own.picks)
            return Reading("", "", _filled(own, scalings), Basis.STATED, "stated")
        if self.product == "sentinel-2":
            return _sentinel2(own, Basis.STATED, "stated", notes)
        if self.product:
            return _of_product(own, self.product, Basis.STATED, "stated")
        return None

    def _note(self, own: _Numbers, reading: Reading, what: str, notes: Notes) -> None:
        level = reading.level or next((p.label.level for p in own.picks if p.label.level), "")
        product, why = reading.product or "another scale", told_of(own.short, reading.why)
        others = _others(own, reading)
        notes.decide(what, "product", product, reading.basis, why, sure=reading.sure, others=others)
        if level:
            notes.decide(
                what, "level", level, Basis.NAME if not reading.level else reading.basis, why
            )
        for field in ("scale", "offset"):
            found = dict.fromkeys(f"{getattr(each, field):.7g}" for each in reading.scalings)
            if len(found) > 1 or float(next(iter(found))) != (1.0 if field == "scale" else 0.0):
                notes.decide(what, field, ", ".join(found), reading.basis, why, sure=reading.sure)
        if reading.product == "8-bit":
            notes.warn(f"{own.name} is an 8-bit picture, not reflectance: its values are relative.")
        if reading.product == "landsat-level-1" and reading.basis is not Basis.METADATA:
            notes.warn(
                f"{own.short} is of Level 1, without its MTL file: reflectance is not corrected "
                "for the sun's height, and too low by its sine. Give the MTL file along."
            )
        _note_fill(own, reading, what, notes)


def _note_fill(own: _Numbers, reading: Reading, what: str, notes: Notes) -> None:
    """Record what was taken as fill beyond what the files say themselves."""
    numbers, values = own.pooled(), own.values(reading)
    lost = np.isfinite(numbers) & ~np.isfinite(values)
    note_fill([numbers[lost]], float(lost.any(axis=0).mean()), own.fill, what, notes)
    if reading.product != "8-bit":
        check_repeats(values, own.name, notes)


def _held(picks: Sequence[Pick], numbers: Sequence[_Numbers]) -> tuple[Pick, ...]:
    names = {pick.name for own in numbers for pick in own.picks}
    return tuple(pick for pick in picks if pick.name in names)


def _products(picks: Sequence[Pick], fill: tuple[float, ...] | None) -> Iterator[_Numbers]:
    """Return the bands that are decided together: of one product, as one type of number."""
    named = {pick.label.product for pick in picks} - {""}
    only = named.pop() if len(named) == 1 else ""
    groups: dict[object, list[Pick]] = {}
    for pick in picks:
        dataset = pick.raster.dataset
        place = pick.raster.bands.index(pick.band)
        tags = dataset.scales[place], dataset.offsets[place], dataset.units[place] or ""
        key = pick.label.product or only, dataset.dtypes[place], tags
        groups.setdefault(key, []).append(pick)
    samples: dict[StoredRaster, Pixels] = {}
    for own in groups.values():
        for pick in own:
            if pick.raster not in samples:
                numbers = opaque_sample(replace(pick.raster, as_stored=True))
                samples[pick.raster] = numbers if fill is None else without(numbers, fill)
        yield _Numbers(
            tuple(own),
            tuple(samples[pick.raster][pick.raster.bands.index(pick.band)] for pick in own),
            fill,
        )


def _strangers(own: _Numbers) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the bands that nothing names and whose numbers are of another kind: name, origin, why.

    Such are tens of times as large as the others', a fiftieth as large as what is named, or beyond
    reflectance where the others are within.
    """
    named = _recognised(own)
    if named.all():
        return
    tops = _tops(own)
    usual = _usual(tops, named)
    strange = (tops > _LARGER * usual) | ((usual <= _WHOLE) & (tops > _WHOLE))
    strange |= named.any() & (tops * _SMALLER < usual)
    for place in np.flatnonzero(strange & ~named & (usual > 0)):
        pick = own.picks[place]
        why = f"99 % of its numbers lie below {tops[place]:.3g}, of the other bands' below "
        yield pick.name, (pick.origin, f"{why}{usual:.3g}, and no name says what it is")


def _usual(tops: Pixels, named: NDArray[np.bool_]) -> float:
    """Return the top of most bands that are recognised, else of all; NaN where none has data."""
    for wanted in (named, ~named):
        if np.isfinite(tops[wanted]).any():
            return float(np.nanmedian(tops[wanted]))
    return math.nan


def _tops(own: _Numbers) -> Pixels:
    """Return below what 99 % of each band's numbers lie, NaN where none is data."""
    known = [band[np.isfinite(band)] for band in map(without_fills, own.samples)]
    tops = [np.percentile(band, 99) if band.size else np.nan for band in known]
    return np.array(tops, np.float32)


def _recognised(own: _Numbers) -> NDArray[np.bool_]:
    """Return for each band whether a name, number or wavelength says what it is."""
    found = []
    for pick in own.picks:
        place = pick.raster.bands.index(pick.band)
        tags = pick.raster.dataset.tags(place + 1)
        length = wavelength(pick.raster.descriptions[place], tags)
        found.append(bool(pick.label.band or pick.label.number or length))
    return np.array(found)


def _table(rows: Sequence[Pixels]) -> Pixels:
    width = max(row.size for row in rows)
    return np.stack(
        [
            np.pad(row, (0, width - row.size), constant_values=np.nan).astype(np.float32)
            for row in rows
        ]
    )


def _extra(own: _Numbers) -> list[tuple[float, ...]]:
    """Return for each band the stored numbers that are fill although no tag says so."""
    if own.fill is not None:
        return [()] * len(own.picks)
    return [
        fills(replace(pick.raster, as_stored=True), numbers)
        for pick, numbers in zip(own.picks, own.samples, strict=True)
    ]


def _with_scaled_fill(own: _Numbers, reading: Reading) -> Reading:
    """Return the reading with the numbers that 0 was scaled to as fill, where they are it."""
    numbers, values = own.pooled(), own.values(reading)
    scalings = list(reading.scalings)
    for grid in dict.fromkeys(pick.raster.grid for pick in own.picks):
        here = [place for place, pick in enumerate(own.picks) if pick.raster.grid == grid]
        zero = scaled_zero(values[here])
        if zero is None:
            continue
        for place in here:
            known, lost = scalings[place], numbers[place][values[place] == np.float32(zero)]
            fills = (*known.fills, *map(float, np.unique(lost)))
            scalings[place] = replace(known, fills=fills)
    return reading._replace(scalings=tuple(scalings))


def _filled(own: _Numbers, scalings: Sequence[Scaling]) -> tuple[Scaling, ...]:
    """Return the bands' scalings with the fill that no tag tells."""
    return tuple(
        replace(each, fills=tuple(dict.fromkeys((*each.fills, *extra))))
        for each, extra in zip(scalings, _extra(own), strict=True)
    )


def _fault(own: _Numbers, reading: Reading) -> str:
    """Say what is impossible about a reading; empty where nothing is."""
    values = own.values(reading)
    if not np.isfinite(values).any():
        return "no number would be a reflectance" if np.isfinite(own.pooled()).any() else ""
    low, middle, high = (float(v) for v in np.nanpercentile(values, (1, 50, 99)))
    if middle < -0.05:
        return f"half of the pixels would reflect less than {middle:.2g}"
    if middle > BRIGHTEST:
        return f"half of the pixels would reflect more than {middle:.2g}"
    if high < 1e-3 and float(np.nanpercentile(own.pooled(), 99)) <= 2:
        return f"99 % of the pixels would reflect less than {high:.2g}"
    offsets = {round(each.offset / each.scale) for each in reading.scalings}
    if offsets == {SENTINEL2_OFFSET} and darkest(values) < _OVERSHOOT * reading.scalings[0].scale:
        return f"the darkest pixels would reflect {darkest(values):.2g}"
    return ""


def _tagged(own: _Numbers) -> Reading | None:
    """Return the reading by the files' own scale, offset and unit, or by the program's custom."""
    dataset = own.picks[0].raster.dataset
    percent = any(unit in ("%", "percent") for unit in dataset.units)
    if has_scale(own.picks[0].raster) or percent:
        scalings = []
        for pick, extra in zip(own.picks, _extra(own), strict=True):
            dataset = pick.raster.dataset
            place = pick.raster.bands.index(pick.band)
            scale, offset = dataset.scales[place], dataset.offsets[place]
            if not (np.isfinite(scale) and np.isfinite(offset) and scale > 0):
                return None
            part = 100.0 if percent else 1.0
            # what a scale makes 1 is the whole, not fill
            fill = tuple(each for each in extra if not 0.99 < (each * scale + offset) / part < 1.01)
            scalings.append(Scaling(scale / part, offset / part, fill))
        why = f"scale {scalings[0].scale:.7g} and offset {scalings[0].offset:.7g} in the file"
        if percent:
            why += ", in per cent"
        return Reading("reflectance", "", tuple(scalings), Basis.TAG, why)
    program = dataset.tags().get("TIFFTAG_SOFTWARE", "")
    if dataset.dtypes[0] == "uint16" and _DRONE.search(program):
        return _of_product(own, "reflectance-32768", Basis.TAG, f"made by {program[:40]}")
    return None


def _described(own: _Numbers, notes: Notes) -> Reading | None:
    """Return the reading by metadata beside the files; all bands must be described."""
    stated = {
        path: stated_scaling(path, next(p.label for p in own.picks if p.raster.path == path), notes)
        for path in dict.fromkeys(pick.raster.path for pick in own.picks)
    }
    scalings = []
    for pick in own.picks:
        found = stated[pick.raster.path]
        scaling = found.scaling(_number(pick)) if found else None
        if scaling is None:
            return None
        scalings.append(scaling)
    first = next(found for found in stated.values() if found)
    return Reading(first.product, first.level, _filled(own, scalings), Basis.METADATA, first.why)


def _number(pick: Pick) -> str:
    """Return a band's number in its product's counting, by its name where no number is told."""
    if pick.label.number:
        return pick.label.number
    table = SENSORS.get(pick.label.sensor, {})
    numbers = (number for number, band in table.items() if band.name == pick.name)
    return next(numbers, str(pick.raster.bands.index(pick.band) + 1))


def _named(own: _Numbers, notes: Notes) -> Reading | None:
    """Return the reading by product and band names; floats may have been scaled already."""
    told = next((p.label for p in own.picks if p.label.product or p.label.unit), None)
    if told is None or told.unit == "radiance":
        return None
    product = told.product if told.product in PRODUCTS else _UNITS.get(told.unit, "")
    why = told.product_why if told.product in PRODUCTS else told.unit_why
    kinds = {pick.raster.dataset.dtypes[0] for pick in own.picks}
    if not product or kinds == {"uint8"}:
        return None
    whole = all(is_integer(replace(pick.raster, as_stored=True)) for pick in own.picks)
    if told.product == BROWSER and kinds == {"uint16"}:
        product = "reflectance-65535"
    if not whole and _usual(_tops(own), _recognised(own)) <= _WHOLE:
        return _of_product(own, "reflectance", Basis.NAME, f"{why}; scaled already")
    if product == "sentinel-2":
        return _sentinel2(own, Basis.NAME, why, notes)
    return _of_product(own, product, Basis.NAME, why)


def _of_product(
    own: _Numbers, product: str, basis: Basis, why: str, *, sure: bool = True
) -> Reading:
    scalings = _filled(own, [product_scaling(product)] * len(own.picks))
    return Reading(product, "", scalings, basis, why, sure)


def _sentinel2(
    own: _Numbers, basis: Basis, why: str, notes: Notes, *, sure: bool = True
) -> Reading:
    """Return Sentinel-2's reading: the offset by its name, else by its darkest pixels.

    With the offset hardly a pixel lies below it; without, only a scene without water and shadow
    lies above. What neither can tell goes by the date, and is unsure.
    """
    name = own.short
    scalings = _filled(own, [product_scaling("sentinel-2")] * len(own.picks))
    pairs = zip(own.pooled(), scalings, strict=True)
    known = without_fills(np.stack([without(band, each.fills) for band, each in pairs]))
    dark = darkest(known)
    seen = f"the darkest first percentile is {dark:.0f}"
    places = [str(pick.raster.path.absolute()) for pick in own.picks]
    baseline = next((found for place in places if (found := _BASELINE.search(place))), None)
    dates = [date for place in places for date in sensing_dates(place)]
    before = bool(dates) and max(dates) < OFFSET_SINCE
    if any(_HARMONIZED.search(place) for place in places):
        offset, why = 0.0, f"{why}; harmonized: offset 0"
    elif baseline:
        version = float(f"{baseline[1]}.{baseline[2]}")
        offset = SENTINEL2_OFFSET if version >= SENTINEL2_OFFSET_BASELINE else 0.0
        why = f"{why}; processing baseline {version:05.2f} in the name: offset {offset:g}"
        if offset and dark + offset < _OVERSHOOT:
            notes.warn(
                f"{name}: its name says processing baseline {version:05.2f}, with offset -1000, "
                f"but {seen}: its pixels say that there is none, and count."
            )
            offset = 0.0
        elif not (offset or before) and dark > DARKEST_WITH_OFFSET:
            notes.warn(
                f"{name} is read with offset 0, but {seen}: the product may be of processing "
                "baseline 04.00 or later, with offset -1000."
            )
    elif dark <= DARKEST_WITH_OFFSET:
        offset, why = 0.0, f"{why}; {seen}, so there is no offset"
    else:
        offset, sure = 0.0 if before else SENTINEL2_OFFSET, False
        since = (
            f"taken {'before' if before else 'after'} {OFFSET_SINCE}"
            if dates
            else "of no known date"
        )
        why = f"{why}; {since}: offset {offset:g}"
        median, other = float(np.nanmedian(known)), SENTINEL2_OFFSET - offset
        notes.warn(
            f"{name}: {seen}, which tells nothing of Sentinel-2's offset. Read with offset "
            f"{offset:g}, {since} (half below {(median + offset) / 10000:.3g}); with offset "
            f"{other:g}, half lie below {(median + other) / 10000:.3g}."
        )
    shifted = tuple(replace(each, offset=offset * each.scale) for each in scalings)
    return Reading("sentinel-2", "", shifted, basis, why, sure)


def _told(own: _Numbers, notes: Notes) -> Reading:
    """Return the reading by the numbers alone."""
    raster = replace(own.picks[0].raster, as_stored=True)
    if _may_be_sentinel2(raster):
        known = any(pick.label.sensor == S2 for pick in own.picks)
        basis = Basis.NAME if known else Basis.NUMBERS
        return _sentinel2(own, basis, f"{raster.dataset.count} bands", notes, sure=known)
    names = [pick.name for pick in own.picks]
    distinct = names if len(set(names)) == len(names) else ()
    guess = guess_optical(raster, own.pooled(), distinct)
    scalings = (guess.scaling,) * len(own.picks)
    if guess.product not in _FULL:
        scalings = _filled(own, scalings)
    return Reading(guess.product, "", scalings, Basis.NUMBERS, guess.why, sure=False)


def _may_be_sentinel2(raster: StoredRaster) -> bool:
    """Whether a file holds as many bands as Sentinel-2 has, and nothing says another thing."""
    dataset = raster.dataset
    if dataset.count not in (12, 13) or not is_integer(raster):
        return False
    bands = [band for number, band in SENSORS[S2].items() if number != "10" or dataset.count == 13]
    names = {"", *(band.name for band in bands)}
    for place, (text, band) in enumerate(zip(raster.descriptions, bands, strict=True), start=1):
        tags = dataset.tags(place)
        told = label(raster.path.name, text, dataset.tags(), tags)
        length = wavelength(text, tags) or band.centre
        if (
            told.sensor not in ("", S2)
            or told.product not in ("", "sentinel-2")
            or (told.role in ("", "optical") and told.band not in names)
            or abs(length - band.centre) > _NEAR * band.centre
        ):
            return False
    return True


def _others(own: _Numbers, reading: Reading) -> dict[str, str]:
    """Return the other products that the numbers may well be of, with their median reflectance."""
    likely = _OFFSETS if reading.product == "sentinel-2" else tuple(PRODUCTS)
    found = {}
    for product in likely:
        other = _of_product(own, product, Basis.STATED, "")
        if product == reading.product or _fault(own, other):
            continue
        middle = float(np.nanmedian(own.values(other)))
        mine = [(each.scale, each.offset) for each in reading.scalings]
        same = mine == [(each.scale, each.offset) for each in other.scalings]
        if not same and LIKELY[0] <= middle <= LIKELY[1]:
            found[product] = f"half below {middle:.3g}"
    return found


def _require_no_palette(own: _Numbers) -> None:
    for pick in own.picks:
        if any(each.name == "palette" for each in pick.raster.dataset.colorinterp):
            raise SceneError(
                f"{pick.raster.path.name} is a picture with a colour table: its numbers are "
                "indices, not reflectance.",
                "Export the bands themselves.",
            )


def _reflectance(numbers: Pixels, scalings: Sequence[Scaling], *, zero_fills: bool) -> Pixels:
    known = zero_is_fill(numbers) if zero_fills else numbers
    pairs = zip(scalings, known, strict=True)
    found = np.stack([scaling.reflectance(band) for scaling, band in pairs])
    return possible_reflectance(found)
