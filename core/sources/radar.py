"""Radar files as linear power (or the linear quotient VV/VH): unit stated, tagged, named or told.

The unit belongs to a product: bands of one product are read alike, or the import says why not.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from bandweave.errors import SettingError
from bandweave.prepare.alignment import StackedRaster
from bandweave.prepare.radiometry import RADAR_UNITS, RadarUnit, to_power, zero_is_fill
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels, Raster, Window, band_indices, inside
from bandweave.raster.mirrored import read_reflected
from bandweave.raster.scene import RATIO_BAND, Unit
from bandweave.raster.virtual import DerivedRaster, MappedRaster
from bandweave.sources.bands import UNNAMED_PAIR, Pick, Picked, pick_radar
from bandweave.sources.checks import check_polarisations, check_radar
from bandweave.sources.evidence import Basis, Notes, told_of
from bandweave.sources.formats.rewriting import DN_ENCODING, WORLDCEREAL
from bandweave.sources.guess import (
    DB_HIGHEST,
    DB_LOWEST,
    UNSTORABLE,
    clean_radar,
    decibel_scale,
    guess_radar,
    is_integer,
    require_data,
    sample,
    stray_fills,
    without,
    without_fills,
)
from bandweave.sources.labels import BROWSER
from bandweave.sources.measured import Measured, Part, first_date, native_pixels, open_all
from bandweave.sources.mosaic import pictures, spread, unused

ZEROS = 0.01
"""The share of pixels of 0 in every band from which they are taken for areas."""
WORLDCEREAL_SCALE = 10 ** (-83 / 20)
"""From numbers DN of which 20 log10 DN - 83 is dB to amplitude."""


class Reading(NamedTuple):
    """How a file's numbers become power."""

    unit: RadarUnit
    scale: float
    """From stored numbers to the unit."""
    basis: Basis
    why: str
    sure: bool = True
    fills: tuple[float, ...] = ()
    """Stored numbers that are no data although the file does not say so."""
    zeros: bool = True
    """Whether areas of 0 in every band are no data too; not where fill is stated."""


Samples = Mapping[tuple[StoredRaster, str], Pixels]
"""Numbers (value,) by file and band."""


@dataclass(frozen=True)
class RadarReading:
    """What the user states about radar files; None and '' leave it to be told."""

    bands: Mapping[str, int] | None = None
    unit: str = ""
    scale: float | None = None
    fill: tuple[float, ...] | None = None
    """Stored numbers that are no data besides the file's own."""
    date: datetime.date | None = None

    def read(
        self,
        paths: Sequence[Path],
        notes: Notes,
        what: str = "radar",
        near: Sequence[datetime.date] = (),
    ) -> Measured:
        """Return the files as power on their own grids; only samples of them are read.

        Of several dates the one nearest to a date of `near` is taken.
        """
        rasters = open_all(paths)
        if self.scale is not None:  # what is stated wins over the files' own
            rasters = tuple(replace(raster, as_stored=True) for raster in rasters)
        found = pictures(rasters)
        near = (self.date,) if self.date else near
        picked = pick_radar(found, self.bands, near)
        picked = _brighter_first(picked, _sampled(picked.picks, self.fill))
        picked.note(what, notes)
        for sentence in unused(found, picked):
            notes.warn(sentence)
        names = tuple(pick.name for pick in picked.picks)
        picked = picked._replace(picks=spread(picked.picks, found, what, notes))
        samples = _sampled(picked.picks, self.fill)
        readings = {
            raster: self._decide(
                raster, [p for p in picked.picks if p.raster == raster], samples, what, notes
            )
            for raster in dict.fromkeys(pick.raster for pick in picked.picks)
        }
        _note_units(readings, what, notes)
        powers = _powers(picked.picks, readings, samples)
        for pick, power in powers.items():
            require_data(power, f"Band {pick.name} of {pick.raster.path.name}")
        _note_fill(powers, samples, self.fill, what, notes)
        check_polarisations({pick.name: power for pick, power in powers.items()}, notes)
        parts = list(_parts(picked.picks, readings, what, notes))
        unit = Unit.RATIO if names == (RATIO_BAND,) else Unit.POWER
        date = first_date(picked.picks, self.date, what, notes)
        return Measured(tuple(parts), names, unit, date, _calibration(picked.picks, what, notes))

    def told(self, raster: StoredRaster, picks: Sequence[Pick], notes: Notes) -> Reading:
        """Return how a file is read."""
        return self._decide(raster, picks, _sampled(picks, self.fill), "radar", notes)

    def _decide(
        self,
        raster: StoredRaster,
        picks: Sequence[Pick],
        samples: Samples,
        what: str,
        notes: Notes,
    ) -> Reading:
        numbers = np.stack([samples[raster, pick.band] for pick in picks])
        names = [pick.name for pick in picks]
        name = raster.path.name
        reading = self._stated(raster, numbers) or _named(raster, picks, numbers, notes)
        if reading is None:
            guess = guess_radar(raster, numbers, quotient=RATIO_BAND in names)
            reading = Reading(guess.unit, guess.scale, Basis.NUMBERS, guess.why, sure=False)
        if self.fill is not None:
            reading = reading._replace(fills=self.fill, zeros=False)
        elif reading.unit != "db":
            reading = reading._replace(fills=stray_fills(numbers))
        known = without_fills(clean_radar(raster, numbers))
        stated = reading.basis is Basis.STATED
        check_radar(known * np.float32(reading.scale), reading.unit, names, name, stated=stated)
        if reading.unit != "db" and is_integer(raster) and reading.scale == 1:
            notes.warn(
                f"{name} holds uncalibrated {reading.unit}: power is known only up to a factor; "
                "VV/VH is not affected."
            )
        return reading

    def _stated(self, raster: StoredRaster, numbers: Pixels) -> Reading | None:
        if not self.unit:
            return None
        unit = stated_unit(self.unit)
        if self.scale is not None:
            return Reading(unit, self.scale, Basis.STATED, "stated")
        scale = decibel_scale(raster, numbers) if unit == "db" else 1.0
        return Reading(unit, scale, Basis.STATED, "stated")


def _named(
    raster: StoredRaster, picks: Sequence[Pick], numbers: Pixels, notes: Notes
) -> Reading | None:
    """Return the unit that tags and names say; None where they say none, or numbers disprove it."""
    places = (raster.bands.index(pick.band) + 1 for pick in picks)
    if all(raster.dataset.tags(place).get(DN_ENCODING) == WORLDCEREAL for place in places):
        return Reading("amplitude", WORLDCEREAL_SCALE, Basis.TAG, WORLDCEREAL)
    label = next((pick.label for pick in picks if pick.label.unit in RADAR_UNITS), None)
    if label is None:
        return None
    unit, said = cast(RadarUnit, label.unit), label.unit_why
    name = raster.path.name
    known = without_fills(clean_radar(raster, numbers))
    require_data(known, name)
    negative = float(np.nanmean(known < 0))
    low, high = (float(v) for v in np.nanpercentile(known, (1, 99)))
    basis = Basis.TAG if said.startswith("tag") else Basis.NAME
    if unit == "db":
        if low >= 0 and high <= 2 and len(picks) > 1:
            notes.warn(f"{name} says dB ({said}), but its numbers are never negative: they count.")
            return None
        scale = decibel_scale(raster, numbers)
        why = (
            said
            if scale == 1
            else f"{said}; numbers from {low:.4g} to {high:.4g}: dB x {1 / scale:g}"
        )
        return Reading("db", scale, basis, why)
    if negative > 0.2:
        notes.warn(
            f"{name} says {unit} ({said}), but most of its numbers are negative: they count."
        )
        return None
    full = label.product == BROWSER and unit == "power" and raster.dataset.dtypes[0] == "uint16"
    return Reading(unit, 1 / 65535 if full else 1.0, basis, said)


def stated_unit(text: str) -> RadarUnit:
    """Return the radar unit of a name in any case."""
    for unit in RADAR_UNITS:
        if text.lower() == unit:
            return unit
    raise SettingError(
        f"There is no radar unit '{text}'.", f"Choose one of: {', '.join(RADAR_UNITS)}."
    )


def _sampled(picks: Sequence[Pick], fill: Sequence[float] | None) -> Samples:
    rasters = dict.fromkeys(pick.raster for pick in picks)
    numbers = {raster: without(sample(raster), fill or ()) for raster in rasters}
    return {
        (pick.raster, pick.band): numbers[pick.raster][pick.raster.bands.index(pick.band)]
        for pick in picks
    }


def _brighter_first(picked: Picked, samples: Samples) -> Picked:
    """Return two unnamed bands with the brighter one as VV, as natural surfaces have it."""
    if picked.why != UNNAMED_PAIR:
        return picked
    first, second = picked.picks
    numbers = np.stack([samples[pick.raster, pick.band] for pick in picked.picks])
    known = without_fills(numbers)
    if not np.isfinite(known).any(axis=1).all():
        return picked
    medians = np.nanmedian(known, axis=1)
    if medians[0] >= medians[1]:
        return picked._replace(why="two bands without names: the brighter is taken as VV")
    swapped = second._replace(name="VV"), first._replace(name="VH")
    return picked._replace(
        picks=swapped,
        why="two bands without names, the second brighter: taken as VV, and the order as VH, VV",
    )


def _note_units(readings: Mapping[StoredRaster, Reading], what: str, notes: Notes) -> None:
    alike: dict[tuple[str, float], list[StoredRaster]] = {}
    for raster, reading in readings.items():
        alike.setdefault((reading.unit, reading.scale), []).append(raster)
    for (unit, scale), rasters in alike.items():
        reading = readings[rasters[0]]
        more = f" and {len(rasters) - 1} more" if len(rasters) > 1 else ""
        why = told_of(f"{rasters[0].path.name}{more}", reading.why)
        others = {} if unit == "db" else {str(u): "" for u in RADAR_UNITS if u not in ("db", unit)}
        notes.decide(what, "unit", unit, reading.basis, why, sure=reading.sure, others=others)
        if scale != 1:
            notes.decide(what, "scale", f"{scale:.7g}", reading.basis, why, sure=reading.sure)
    if len(alike) > 1:
        listed = "; ".join(
            f"{raster.path.name} as {reading.unit} ({reading.why})"
            for raster, reading in readings.items()
        )
        notes.warn(f"The {what} files are read differently: {listed}.")


def _note_fill(
    powers: Mapping[Pick, Pixels],
    samples: Samples,
    stated: Sequence[float] | None,
    what: str,
    notes: Notes,
) -> None:
    """Record what was taken as fill beyond what the files say themselves."""
    if stated is not None:
        listed = ", ".join(f"{each:g}" for each in stated) or "none"
        notes.decide(what, "fill", listed, Basis.STATED, "stated")
        return
    filled, shares = [], []
    for here in _by_grid(list(powers)):
        numbers = np.stack([samples[pick.raster, pick.band] for pick in here])
        lost = np.isfinite(numbers) & ~np.isfinite(np.stack([powers[pick] for pick in here]))
        # areas of 0 dB are looked for when pixels are read; single ones are data, and rare
        zero = np.all(numbers == 0, axis=0)
        lost |= zero & (float(zero.mean()) > ZEROS)
        filled.append(numbers[lost])
        shares.append(lost.any(axis=0))
    found, counts = np.unique(np.concatenate(filled), return_counts=True)
    if found.size:
        most = ", ".join(f"{found[place]:g}" for place in np.argsort(-counts)[:3])
        share = f"{float(np.concatenate(shares).mean()):.1%} of the sample"
        notes.decide(what, "fill", most, Basis.NUMBERS, share, sure=True)


def _by_grid(picks: Sequence[Pick]) -> list[list[Pick]]:
    grids = dict.fromkeys(pick.raster.grid for pick in picks)
    return [[pick for pick in picks if pick.raster.grid == grid] for grid in grids]


def _powers(
    picks: Sequence[Pick], readings: Mapping[StoredRaster, Reading], samples: Samples
) -> dict[Pick, Pixels]:
    """Return samples as power."""
    found = {}
    for here in _by_grid(picks):
        numbers = np.stack([samples[pick.raster, pick.band] for pick in here])
        known = zero_is_fill(numbers) if _zero_fills(here, readings) else numbers
        for pick, band in zip(here, known, strict=True):
            found[pick] = _power_of(clean_radar(pick.raster, band), readings[pick.raster])
    return found


def _zero_fills(picks: Sequence[Pick], readings: Mapping[StoredRaster, Reading]) -> bool:
    """Whether 0 in every band of one grid lies outside the swath: 0 dB is data, and so may be a
    tagged band alone.
    """
    if any(readings[p.raster].unit == "db" or not readings[p.raster].zeros for p in picks):
        return False
    return len(picks) > 1 or picks[0].raster.dataset.nodata is None


def _parts(
    picks: Sequence[Pick], readings: Mapping[StoredRaster, Reading], what: str, notes: Notes
) -> Iterator[Part]:
    for here in _by_grid(picks):
        own = tuple((pick.raster, readings[pick.raster]) for pick in here)
        decibels = any(reading.unit == "db" for _, reading in own)
        convert = partial(_power, files=own, zero_fills=_zero_fills(here, readings))
        base: Raster = StackedRaster(tuple((pick.raster, pick.band, pick.name) for pick in here))
        base = WithoutZeroAreas(base) if decibels and own[0][1].zeros else base
        by_file: dict[StoredRaster, list[str]] = {}
        for pick in here:
            by_file.setdefault(pick.raster, []).append(pick.band)
        native, resampled = native_pixels(list(by_file.items()), None, what, notes)
        files = ", ".join(raster.path.name for raster in by_file)
        yield Part(MappedRaster(base, convert, base.bands), native, resampled, files)


@dataclass(frozen=True, eq=False)
class WithoutZeroAreas(DerivedRaster):
    """A raster with NaN for areas of exactly 0 in every band; single pixels of 0 are data.

    0 is of an area where three of the eight around it are 0 too: exporters leave what lies outside
    the swath as 0, also in decibels, where 0 may be a bright roof.
    """

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands."""
        row, col, height, width = inside(self.grid, window)
        wide = read_reflected(self.base, Window(row - 1, col - 1, height + 2, width + 2))
        empty = np.all((wide == 0) | np.isnan(wide), axis=0)
        around = np.zeros((height, width), np.int8)
        for down in range(3):
            for right in range(3):
                around += empty[down : down + height, right : right + width]
        pixels = wide[:, 1:-1, 1:-1]
        lost = empty[1:-1, 1:-1] & (around > 3)
        found: Pixels = np.where(lost, np.float32(np.nan), pixels)
        return found if bands is None else found[band_indices(self.bands, bands)]


def _power(
    numbers: Pixels, files: Sequence[tuple[StoredRaster, Reading]], *, zero_fills: bool
) -> Pixels:
    known = [clean_radar(raster, band) for (raster, _), band in zip(files, numbers, strict=True)]
    cleaned = zero_is_fill(np.stack(known)) if zero_fills else np.stack(known)
    pairs = zip(files, cleaned, strict=True)
    return np.stack([_power_of(band, reading) for (_, reading), band in pairs])


def _power_of(numbers: Pixels, reading: Reading) -> Pixels:
    """Return power, NaN where a number is no possible one of its unit."""
    if reading.unit == "db":
        decibels = numbers * np.float64(reading.scale)
        impossible = (decibels < DB_LOWEST) | (decibels > DB_HIGHEST)
    else:
        impossible = np.abs(numbers) > UNSTORABLE
    known = np.where(impossible, np.float32(np.nan), without(numbers, reading.fills))
    return to_power(known, reading.unit, reading.scale)


def _calibration(picks: Sequence[Pick], what: str, notes: Notes) -> str:
    """Return the convention of the bands; they should share one."""
    found = {pick.name: pick.label.calibration for pick in picks if pick.label.calibration}
    kinds = sorted(set(found.values()))
    if len(kinds) > 1:
        listed = ", ".join(f"{name} is {kind}" for name, kind in found.items())
        notes.warn(f"Two calibrations in one {what}: {listed}; their ratio mixes both.")
    for kind in kinds:
        why = next(pick.label.why for pick in picks if pick.label.calibration == kind)
        notes.decide(what, "calibration", kind, Basis.NAME, why)
    return " and ".join(kinds)
