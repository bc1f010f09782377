"""Optical files as reflectance: what is stated, else tags, metadata, names, and last the numbers.

How numbers are stored belongs to a product, not to a file: bands of one product are read alike.
What pixels disprove is not believed, whoever says it; only what the user states is refused instead.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

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
from bandweave.raster.grid import Pixels, Raster
from bandweave.raster.scene import Unit
from bandweave.raster.virtual import MappedRaster
from bandweave.sources.bands import Pick, opacity, pick_optical
from bandweave.sources.checks import check_reflectance, check_surfaces
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
    sample,
    without,
    without_fills,
)
from bandweave.sources.labels import BROWSER
from bandweave.sources.labels import dates as sensing_dates
from bandweave.sources.measured import Measured, Part, first_date, native_pixels, open_all
from bandweave.sources.metadata import stated_scaling
from bandweave.sources.mosaic import pictures, spread, unused
from bandweave.sources.sensors import SENSORS

OFFSET_SINCE = datetime.date(2022, 1, 25)
"""When Sentinel-2's processing baseline 04.00 began."""
_OVERSHOOT = -200.0
"""Numbers that Sentinel-2's darkest pixels may lie below its offset."""
_BASELINE = re.compile(r"_MSIL\d[AC]_.*_N(\d\d)(\d\d)_")
_DRONE = re.compile(r"metashape|photoscan|micasense", re.IGNORECASE)
_UNITS = {
    "reflectance": "reflectance",
    "reflectance x 10000": "reflectance-10000",
    "percent": "percent",
}
"""Units in names to products."""
_OFFSETS = ("reflectance-10000", "sentinel-2-n0400")
"""Sentinel-2 without and with its offset."""
LIKELY = 0.02, 0.9
"""Median reflectance of images, open water and snow included."""
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
    own: bool = False
    """Whether the files' own scale and offset do it."""


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
        picked.note(what, notes)
        for sentence in unused(found, picked):
            notes.warn(sentence)
        picks = spread(picked.picks, found, what, notes)
        parts = [
            part for own in _products(picks, self.fill) for part in self._parts(own, what, notes)
        ]
        names = tuple(pick.name for pick in picked.picks)
        date = first_date(picks, self.date, what, notes)
        return Measured(tuple(parts), names, Unit.REFLECTANCE, date)

    def told(self, rasters: Sequence[StoredRaster], notes: Notes) -> Reading:
        """Return how the first product of some files is read."""
        picked = pick_optical(pictures(rasters), self.bands)
        return self._decide(next(_products(picked.picks, self.fill)), "optical", notes)

    def _parts(self, own: _Numbers, what: str, notes: Notes) -> Iterator[Part]:
        reading = self._decide(own, what, notes)
        if (fill := self.fill) is not None:
            scalings = tuple(replace(scaling, fills=fill) for scaling in reading.scalings)
            reading = reading._replace(scalings=scalings)
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
                scalings=tuple(_left(reading.scalings[place], reading.own) for place in here),
                zero_fills=own.zero_fills(picks),
            )
            opened = {pick.raster.path: _opened(pick.raster, reading.own) for pick in picks}
            stack = StackedRaster(
                tuple((opened[pick.raster.path], pick.band, pick.name) for pick in picks)
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
        return _told(own)

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
            extra = _extra(own)
            scaling = [Scaling(self.scale, self.offset or 0.0, each) for each in extra]
            return Reading("", "", tuple(scaling), Basis.STATED, "stated")
        if self.product == "sentinel-2":
            return _sentinel2(own, Basis.STATED, "stated", notes)
        if self.product:
            known = product_scaling(self.product)
            scalings = tuple(replace(known, fills=(*known.fills, *each)) for each in _extra(own))
            return Reading(self.product, "", scalings, Basis.STATED, "stated")
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


def _left(scaling: Scaling, own: bool) -> Scaling:
    """Return what is left to do of a scaling where reading does the file's own scale and offset."""
    if not own:
        return scaling
    fills = tuple(
        float(np.float32(fill * scaling.scale + scaling.offset)) for fill in scaling.fills
    )
    return Scaling(1.0, 0.0, fills)


def _note_fill(own: _Numbers, reading: Reading, what: str, notes: Notes) -> None:
    """Record what was taken as fill beyond what the files say themselves."""
    numbers, values = own.pooled(), own.values(reading)
    lost = np.isfinite(numbers) & ~np.isfinite(values)
    if own.fill is not None:
        stated = ", ".join(f"{each:g}" for each in own.fill) or "none"
        notes.decide(what, "fill", stated, Basis.STATED, "stated")
    elif lost.any():
        found, counts = np.unique(numbers[lost], return_counts=True)
        most = ", ".join(f"{found[place]:g}" for place in np.argsort(-counts)[:3])
        share = float(lost.any(axis=0).mean())
        notes.decide(what, "fill", most, Basis.NUMBERS, f"{share:.1%} of the sample", sure=True)
    known = np.isfinite(values).all(axis=0)
    if reading.product == "8-bit" or known.sum() < 100:
        return
    found, places = np.unique(values[0][known], return_inverse=True)
    most_often = int(np.argmax(np.bincount(places)))
    same = np.flatnonzero(known)[places == most_often]
    share = same.size / float(known.sum())
    if share > 0.3 and all(np.unique(band[same]).size == 1 for band in values):
        notes.warn(
            f"{share:.0%} of {own.name} have one and the same value, {found[most_often]:.4g}: "
            "probably no data that the file does not say."
        )


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
                numbers = _sampled(pick.raster)
                samples[pick.raster] = numbers if fill is None else without(numbers, fill)
        yield _Numbers(
            tuple(own),
            tuple(samples[pick.raster][pick.raster.bands.index(pick.band)] for pick in own),
            fill,
        )


def _sampled(raster: StoredRaster) -> Pixels:
    numbers = sample(replace(raster, as_stored=True))
    without = opacity(raster)
    if without is not None:
        numbers[:, numbers[raster.bands.index(without)] == 0] = np.nan
    return numbers


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
        for pick in own.picks:
            dataset = pick.raster.dataset
            place = pick.raster.bands.index(pick.band)
            scale, offset = dataset.scales[place], dataset.offsets[place]
            if not (np.isfinite(scale) and np.isfinite(offset) and scale > 0):
                return None
            part = 100.0 if percent else 1.0
            whole = np.issubdtype(np.dtype(dataset.dtypes[place]), np.integer)
            fill = (0.0,) if dataset.nodata is None and whole else ()
            scalings.append(Scaling(scale / part, offset / part, fill))
        why = f"scale {scalings[0].scale:.7g} and offset {scalings[0].offset:.7g} in the file"
        if percent:
            why += ", in per cent"
        return Reading("reflectance", "", tuple(scalings), Basis.TAG, why, own=not percent)
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
    return Reading(first.product, first.level, tuple(scalings), Basis.METADATA, first.why)


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
    if not whole and float(np.nanpercentile(without_fills(own.pooled()), 99)) <= 2:
        return _of_product(own, "reflectance", Basis.NAME, f"{why}; scaled already")
    if product == "sentinel-2":
        return _sentinel2(own, Basis.NAME, why, notes)
    return _of_product(own, product, Basis.NAME, why)


def _of_product(
    own: _Numbers, product: str, basis: Basis, why: str, *, sure: bool = True
) -> Reading:
    known = product_scaling(product)
    scalings = tuple(
        replace(known, fills=tuple(dict.fromkeys((*known.fills, *each)))) for each in _extra(own)
    )
    return Reading(product, "", scalings, basis, why, sure)


def _sentinel2(own: _Numbers, basis: Basis, why: str, notes: Notes) -> Reading:
    """Return Sentinel-2's reading: the offset by its baseline, else by its darkest pixels.

    With the offset hardly a pixel lies below it; without, only a scene without water and shadow
    lies above. What neither can tell goes by the date, and is unsure.
    """
    name = own.short
    dark = darkest(without_fills(np.where(own.pooled() == 0, np.float32(np.nan), own.pooled())))
    seen = f"the darkest first percentile is {dark:.0f}"
    places = [str(pick.raster.path.absolute()) for pick in own.picks]
    baseline = next((found for place in places if (found := _BASELINE.search(place))), None)
    sure = True
    if baseline:
        version = float(f"{baseline[1]}.{baseline[2]}")
        offset = SENTINEL2_OFFSET if version >= SENTINEL2_OFFSET_BASELINE else 0.0
        why = f"{why}; processing baseline {version:05.2f} in the name: offset {offset:g}"
        if offset and dark + offset < _OVERSHOOT:
            notes.warn(
                f"{name}: its name says processing baseline {version:05.2f}, with offset -1000, "
                f"but {seen}: its pixels say that there is none, and count."
            )
            offset = 0.0
        elif not offset and dark > DARKEST_WITH_OFFSET:
            notes.warn(
                f"{name} is read with offset 0, but {seen}: the product may be of processing "
                "baseline 04.00 or later, with offset -1000."
            )
    elif dark <= DARKEST_WITH_OFFSET:
        offset, why = 0.0, f"{why}; {seen}, so there is no offset"
    else:
        dates = [date for place in places for date in sensing_dates(place)]
        before = bool(dates) and max(dates) < OFFSET_SINCE
        offset, sure = 0.0 if before else SENTINEL2_OFFSET, False
        since = (
            f"taken {'before' if before else 'after'} {OFFSET_SINCE}"
            if dates
            else "of no known date"
        )
        why = f"{why}; {since}: offset {offset:g}"
        median, other = float(np.nanmedian(own.pooled())), SENTINEL2_OFFSET - offset
        notes.warn(
            f"{name}: {seen}, which tells nothing of Sentinel-2's offset. Read with offset "
            f"{offset:g}, {since} (half below {(median + offset) / 10000:.3g}); with offset "
            f"{other:g}, half lie below {(median + other) / 10000:.3g}."
        )
    scaling = product_scaling("sentinel-2", offset_numbers=offset)
    return Reading("sentinel-2", "", (scaling,) * len(own.picks), basis, why, sure)


def _told(own: _Numbers) -> Reading:
    """Return the reading by the numbers alone."""
    raster = replace(own.picks[0].raster, as_stored=True)
    if raster.dataset.count in (12, 13) and is_integer(raster):
        return _sentinel2(own, Basis.NUMBERS, f"{raster.dataset.count} bands", Notes())
    names = [pick.name for pick in own.picks]
    distinct = names if len(set(names)) == len(names) else ()
    guess = guess_optical(raster, own.pooled(), distinct)
    scalings = tuple(
        replace(guess.scaling, fills=tuple(dict.fromkeys((*guess.scaling.fills, *each))))
        if guess.product not in _FULL
        else guess.scaling
        for each in _extra(own)
    )
    return Reading(guess.product, "", scalings, Basis.NUMBERS, guess.why, sure=False)


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


def _opened(raster: StoredRaster, own_scale: bool) -> Raster:
    """Return a file's numbers as they are to be scaled, NaN where its opacity is nought."""
    opened = raster if own_scale else replace(raster, as_stored=True)
    without = opacity(raster)
    if without is None:
        return opened
    others = tuple(band for band in raster.bands if band != without)
    return MappedRaster(opened, partial(_where_opaque, place=raster.bands.index(without)), others)


def _where_opaque(numbers: Pixels, place: int) -> Pixels:
    seen = np.where(numbers[place] == 0, np.float32(np.nan), numbers)
    return np.delete(seen, place, axis=0)


def _reflectance(numbers: Pixels, scalings: Sequence[Scaling], *, zero_fills: bool) -> Pixels:
    known = zero_is_fill(numbers) if zero_fills else numbers
    pairs = zip(scalings, known, strict=True)
    found = np.stack([scaling.reflectance(band) for scaling, band in pairs])
    return possible_reflectance(found)
