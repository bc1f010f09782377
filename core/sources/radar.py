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
from numpy.typing import NDArray

from bandweave.errors import SettingError
from bandweave.prepare.alignment import StackedRaster, overlap
from bandweave.prepare.mosaicking import mosaic
from bandweave.prepare.radiometry import RADAR_UNITS, RadarUnit, to_power, zero_is_fill
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels, Raster, Window, band_indices, inside
from bandweave.raster.scene import RATIO_BAND, Resampled, Unit
from bandweave.raster.virtual import DerivedRaster, MappedRaster
from bandweave.sources.bands import UNNAMED_PAIR, Pick, Picked, pick_radar
from bandweave.sources.checks import check_polarisations, check_radar, check_repeats
from bandweave.sources.evidence import Basis, Notes, told_of
from bandweave.sources.formats.rewriting import DN_ENCODING, WORLDCEREAL
from bandweave.sources.guess import (
    DB_HIGHEST,
    DB_LOWEST,
    FILL_OF_RADAR,
    UNSTORABLE,
    clean_radar,
    decibel_scale,
    guess_radar,
    has_scale,
    is_integer,
    looks_like_radar,
    require_data,
    sample,
    stray_fills,
    without,
    without_fills,
)
from bandweave.sources.labels import BROWSER, label
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
from bandweave.sources.mosaic import pictures, spread, unused

SIGNED = 0.2
"""Share of numbers below 0 from which a band is taken to be in decibels."""
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
        rasters = tuple(_believed(raster, notes) for raster in rasters)
        found = pictures(rasters)
        near = (self.date,) if self.date else near
        picked = pick_radar(found, self.bands, near)
        picked = _brighter_first(picked, self.fill)
        picked.note(what, notes)
        for sentence in unused(found, picked):
            notes.warn(sentence)
        names = tuple(pick.name for pick in picked.picks)
        picked = picked._replace(picks=spread(picked.picks, found, what, notes))
        samples = _sampled(picked.picks, self.fill)
        _require_held(picked.picks, samples)
        readings: dict[Pick, Reading] = {}
        for own in _alike(picked.picks, samples):
            readings |= dict.fromkeys(own, self._decide(own, samples, notes))
        _note_units(readings, what, notes)
        powers = _powers(picked.picks, readings, samples)
        for pick, power in powers.items():
            require_data(power, f"Band {pick.name} of {pick.raster.path.name}")
        _note_fill(powers, samples, self.fill, what, notes)
        for here in _by_grid(list(powers)):
            files = ", ".join(dict.fromkeys(pick.raster.path.name for pick in here))
            check_repeats(np.stack([powers[pick] for pick in here]), files, notes)
        check_polarisations({pick.name: power for pick, power in powers.items()}, notes)
        parts = list(_parts(picked.picks, readings, what, notes))
        unit = Unit.RATIO if names == (RATIO_BAND,) else Unit.POWER
        date = first_date(picked.picks, self.date, what, notes)
        return Measured(tuple(parts), names, unit, date, _calibration(picked.picks, what, notes))

    def told(self, raster: StoredRaster, picks: Sequence[Pick], notes: Notes) -> Reading:
        """Return how a file is read."""
        believed = _believed(raster, notes)
        picks = [pick._replace(raster=believed) for pick in picks]
        samples = _sampled(picks, self.fill)
        return self._decide(_alike(picks, samples)[0], samples, notes)

    def _decide(self, picks: Sequence[Pick], samples: Samples, notes: Notes) -> Reading:
        """Return how bands of one file that are alike are read."""
        raster = picks[0].raster
        numbers = np.stack([samples[raster, pick.band] for pick in picks])
        fills = _told_fills(raster, numbers) if self.fill is None else self.fill
        numbers = without(numbers, fills)
        names = [pick.name for pick in picks]
        name = raster.path.name
        reading = self._stated(raster, numbers, names) or _named(raster, picks, numbers, notes)
        if reading is None:
            guess = guess_radar(raster, numbers, quotient=RATIO_BAND in names)
            reading = Reading(guess.unit, guess.scale, Basis.NUMBERS, guess.why, sure=False)
        reading = reading._replace(fills=fills, zeros=self.fill is None)
        known = without_fills(clean_radar(raster, numbers)) * np.float32(reading.scale)
        stated = reading.basis is Basis.STATED
        check_radar(known, reading.unit, names, name, notes, stated=stated)
        if reading.unit != "db" and is_integer(raster) and reading.scale == 1:
            pair = reading.sure and {"VV", "VH"} <= set(names)
            quotient = "; VV/VH is not affected" if pair else ""
            notes.warn(
                f"{name} holds uncalibrated {reading.unit}: power is known only up to a "
                f"factor{quotient}."
            )
        return reading

    def _stated(
        self, raster: StoredRaster, numbers: Pixels, names: Sequence[str]
    ) -> Reading | None:
        if not self.unit:
            return None
        unit = stated_unit(self.unit)
        if self.scale is not None:
            return Reading(unit, self.scale, Basis.STATED, "stated")
        scale = decibel_scale(raster, numbers, RATIO_BAND in names) if unit == "db" else 1.0
        return Reading(unit, scale, Basis.STATED, "stated")


def _require_held(picks: Sequence[Pick], samples: Samples) -> None:
    """Refuse files, and bands, of which nothing is data."""
    known = {
        pick: without_fills(clean_radar(pick.raster, samples[pick.raster, pick.band]))
        for pick in picks
    }
    for raster in dict.fromkeys(pick.raster for pick in picks):
        own = [known[pick] for pick in picks if pick.raster == raster]
        require_data(np.stack(own), raster.path.name)
    for pick, numbers in known.items():
        require_data(numbers, f"Band {pick.name} of {pick.raster.path.name}")


def _believed(raster: StoredRaster, notes: Notes) -> StoredRaster:
    """Return a file as stored where its own scale is left over from numbers scaled already."""
    whole = np.issubdtype(np.dtype(raster.dataset.dtypes[0]), np.integer)
    if whole or not has_scale(raster):
        return raster
    stored = replace(raster, as_stored=True)
    quotient = all(label(raster.path.name, each).band == RATIO_BAND for each in raster.descriptions)
    if looks_like_radar(sample(raster), quotient) or not looks_like_radar(sample(stored), quotient):
        return raster
    notes.warn(
        f"{raster.path.name}: its tags give a scale of {raster.dataset.scales[0]:.7g} and an "
        f"offset of {raster.dataset.offsets[0]:.7g}, but then its numbers would be no "
        "backscatter: they are taken as stored."
    )
    return stored


def _alike(picks: Sequence[Pick], samples: Samples) -> list[list[Pick]]:
    """Return bands that are in one unit: of one file, said to be alike, and signed alike."""
    found: dict[object, list[Pick]] = {}
    for pick in picks:
        known = without_fills(clean_radar(pick.raster, samples[pick.raster, pick.band]))
        finite = known[np.isfinite(known)]
        negative = bool(finite.size and np.mean(finite < 0) > SIGNED)
        found.setdefault((pick.raster, pick.label.unit, negative), []).append(pick)
    return list(found.values())


def _told_fills(raster: StoredRaster, numbers: Pixels) -> tuple[float, ...]:
    """Return what stands out as fill: usual fills, as the file's own scale makes them, and what
    lies below all backscatter, such as the logarithm of a tiny number.
    """
    dataset, candidates = raster.dataset, [FILL_OF_RADAR]
    if has_scale(raster) and np.issubdtype(np.dtype(dataset.dtypes[0]), np.integer):
        limits = np.iinfo(dataset.dtypes[0])
        candidates += [
            float(np.float32(limit * scale + offset))
            for limit in (limits.min, limits.max)
            for scale, offset in zip(dataset.scales, dataset.offsets, strict=True)
        ]
    known = numbers[np.isfinite(numbers)]
    if known.size and known.min() < DB_LOWEST:
        candidates.append(float(known.min()))
    return stray_fills(numbers, candidates)


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
        quotient = any(pick.name == RATIO_BAND for pick in picks)
        if low >= 0 and high <= 2 and not quotient:
            notes.warn(f"{name} says dB ({said}), but its numbers are never negative: they count.")
            return None
        scale = decibel_scale(raster, numbers, quotient)
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
    numbers = {raster: without(opaque_sample(raster), fill or ()) for raster in rasters}
    return {
        (pick.raster, pick.band): numbers[pick.raster][pick.raster.bands.index(pick.band)]
        for pick in picks
    }


def _brighter_first(picked: Picked, fill: Sequence[float] | None) -> Picked:
    """Return two unnamed bands with the brighter one as VV, as natural surfaces have it."""
    if picked.why != UNNAMED_PAIR:
        return picked
    first, second = picked.picks
    samples = _sampled(picked.picks, fill)
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


def _note_units(readings: Mapping[Pick, Reading], what: str, notes: Notes) -> None:
    alike: dict[tuple[str, float], list[Pick]] = {}
    for pick, reading in readings.items():
        alike.setdefault((reading.unit, reading.scale), []).append(pick)
    for (unit, scale), picks in alike.items():
        reading = readings[picks[0]]
        files = list(dict.fromkeys(pick.raster.path.name for pick in picks))
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        why = told_of(f"{files[0]}{more}", reading.why)
        others = {} if unit == "db" else {str(u): "" for u in RADAR_UNITS if u not in ("db", unit)}
        notes.decide(what, "unit", unit, reading.basis, why, sure=reading.sure, others=others)
        if scale != 1:
            notes.decide(what, "scale", f"{scale:.7g}", reading.basis, why, sure=reading.sure)
    if len(alike) > 1:
        listed = "; ".join(
            f"{pick.name} of {pick.raster.path.name} as {reading.unit} ({reading.why})"
            for pick, reading in readings.items()
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
    filled, shares = [], []
    for here in _by_grid(list(powers)):
        numbers = np.stack([samples[pick.raster, pick.band] for pick in here])
        lost = np.isfinite(numbers) & ~np.isfinite(np.stack([powers[pick] for pick in here]))
        # areas of 0 dB are looked for when pixels are read; single ones are data, and rare
        zero = np.all(numbers == 0, axis=0)
        lost |= zero & (float(zero.mean()) > ZEROS)
        filled.append(numbers[lost])
        shares.append(lost.any(axis=0))
    note_fill(filled, float(np.concatenate(shares).mean()), stated, what, notes)


def _by_grid(picks: Sequence[Pick]) -> list[list[Pick]]:
    grids = dict.fromkeys(pick.raster.grid for pick in picks)
    return [[pick for pick in picks if pick.raster.grid == grid] for grid in grids]


def _powers(
    picks: Sequence[Pick], readings: Mapping[Pick, Reading], samples: Samples
) -> dict[Pick, Pixels]:
    """Return samples as power."""
    found = {}
    for here in _by_grid(picks):
        numbers = np.stack([samples[pick.raster, pick.band] for pick in here])
        known = zero_is_fill(numbers) if _zero_fills(here, readings) else numbers
        for pick, band in zip(here, known, strict=True):
            found[pick] = _power_of(clean_radar(pick.raster, band), readings[pick])
    return found


def _zero_fills(
    picks: Sequence[Pick], readings: Mapping[Pick, Reading], *, others: bool = False
) -> bool:
    """Whether 0 in every band lies outside the swath: 0 dB is data, and so may be a tagged
    polarisation alone, without `others` on other grids.
    """
    if any(readings[pick].unit == "db" or not readings[pick].zeros for pick in picks):
        return False
    quotient = picks[0].name == RATIO_BAND
    return others or quotient or len(picks) > 1 or picks[0].raster.dataset.nodata is None


def _parts(
    picks: Sequence[Pick], readings: Mapping[Pick, Reading], what: str, notes: Notes
) -> Iterator[Part]:
    for here in _by_grid(picks):
        own = tuple((pick.raster, readings[pick]) for pick in here)
        bands = tuple((opaque(pick.raster), pick.band, pick.name) for pick in here)
        others = _others(here, picks)
        beside = ((each, each.bands[0], each.bands[0]) for each in others)
        base: Raster = StackedRaster((*bands, *beside))
        zeros = all(reading.zeros for _, reading in own)
        if zeros and any(reading.unit == "db" for _, reading in own):
            base = WithoutZeroAreas(base)
        fills = _zero_fills(here, readings, others=bool(others))
        convert = partial(_power, files=own, zero_fills=fills)
        by_file: dict[StoredRaster, list[str]] = {}
        for pick in here:
            by_file.setdefault(pick.raster, []).append(pick.band)
        native, resampled = native_pixels(list(by_file.items()), None, what, notes)
        files = ", ".join(raster.path.name for raster in by_file)
        names = tuple(pick.name for pick in here)
        yield Part(MappedRaster(base, convert, names), native, resampled, files)


def _others(here: Sequence[Pick], picks: Sequence[Pick]) -> list[Raster]:
    """Return the bands that are on other grids, on this one: 0 is no data where they are 0 too."""
    grid, names = here[0].raster.grid, {pick.name for pick in here}
    found: dict[str, list[Raster]] = {}
    for pick in picks:
        if pick.name not in names and overlap(pick.raster.grid, grid) > 0:
            single = StackedRaster(((opaque(pick.raster), pick.band, pick.name),))
            found.setdefault(pick.name, []).append(single)
    return [mosaic(parts, grid, Resampled.NEAREST) for parts in found.values()]


@dataclass(frozen=True, eq=False)
class WithoutZeroAreas(DerivedRaster):
    """A raster with NaN for areas of exactly 0 in every band; single pixels of 0 are data.

    0 is of an area where two of the eight around it are 0 too, or it touches such a one: exporters
    leave what lies outside the swath as 0, also in decibels, where 0 may be a bright roof.
    """

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands."""
        wide = _read_around(self.base, inside(self.grid, window), 2)
        empty = np.all((wide == 0) | np.isnan(wide), axis=0)
        area = empty[1:-1, 1:-1] & (_around(empty) > 2)
        lost = empty[2:-2, 2:-2] & (_around(area) > 0)
        found: Pixels = np.where(lost, np.float32(np.nan), wide[:, 2:-2, 2:-2])
        return found if bands is None else found[band_indices(self.bands, bands)]


def _read_around(raster: Raster, window: Window, margin: int) -> Pixels:
    """Return a window's pixels and those around it; 1 beyond the raster."""
    row, col = max(0, window.row - margin), max(0, window.col - margin)
    bottom = min(raster.grid.height, window.row + window.height + margin)
    right = min(raster.grid.width, window.col + window.width + margin)
    pixels = raster.read(Window(row, col, bottom - row, right - col))
    rows = row - window.row + margin, window.row + window.height + margin - bottom
    cols = col - window.col + margin, window.col + window.width + margin - right
    return np.pad(pixels, ((0, 0), rows, cols), constant_values=1)


def _around(known: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Return how many of the 3 x 3 pixels around each one that has them all are true."""
    height, width = known.shape[0] - 2, known.shape[1] - 2
    found = np.zeros((height, width), np.int8)
    for down in range(3):
        for right in range(3):
            found += known[down : down + height, right : right + width]
    return found


def _power(
    numbers: Pixels, files: Sequence[tuple[StoredRaster, Reading]], *, zero_fills: bool
) -> Pixels:
    cleaned = zero_is_fill(numbers) if zero_fills else numbers
    own = zip(files, cleaned[: len(files)], strict=True)
    pairs = ((file, clean_radar(file[0], band)) for file, band in own)
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
