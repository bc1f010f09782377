"""Radar files as linear power (or the linear quotient VV/VH), unit stated or told from numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bandweave.errors import SettingError
from bandweave.prepare.alignment import StackedRaster
from bandweave.prepare.radiometry import RADAR_UNITS, RadarUnit, to_power, zero_is_fill
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import RATIO_BAND, Unit
from bandweave.raster.virtual import MappedRaster
from bandweave.sources.bands import Pick, pick_radar
from bandweave.sources.checks import check_polarisations, check_radar
from bandweave.sources.guess import (
    Notes,
    RadarGuess,
    clean_radar,
    decibel_scale,
    guess_radar,
    is_integer,
    sample,
)
from bandweave.sources.measured import (
    Measured,
    Part,
    by_file,
    first_date,
    native_pixels,
    note_bands,
    open_all,
)
from bandweave.sources.mosaic import first_of_each, pictures, spread, unused

_CALIBRATION = re.compile(r"(sigma|gamma|beta)[-_ ]?(?:0|nought|naught)", re.IGNORECASE)


@dataclass(frozen=True)
class RadarReading:
    """What the user states about radar files; None and '' leave it to be guessed."""

    bands: Mapping[str, int] | None = None
    unit: str = ""

    def read(self, paths: Sequence[Path], notes: Notes, what: str = "radar") -> Measured:
        """Return the files as power on their own grids; only samples of them are read."""
        rasters = open_all(paths)
        found = pictures(rasters)
        picked = pick_radar(first_of_each(found), self.bands)
        note_bands(picked, what, notes)
        names = tuple(pick.name for pick in picked.picks)
        for sentence in unused(found, picked.picks):
            notes.warn(sentence)
        picks = spread(picked.picks, found, what, notes)
        parts = [self._part(raster, own, what, notes) for raster, own in by_file(picks)]
        unit = Unit.RATIO if names == (RATIO_BAND,) else Unit.POWER
        date = first_date(rasters, what, notes)
        return Measured(tuple(parts), names, unit, date, _calibration(rasters))

    def _part(self, raster: StoredRaster, picks: Sequence[Pick], what: str, notes: Notes) -> Part:
        names = tuple(pick.name for pick in picks)
        numbers = sample(raster)[[raster.bands.index(pick.band) for pick in picks]]
        guess = self._unit(raster, numbers, names, what, notes)
        in_unit = clean_radar(raster, numbers) * guess.scale
        check_radar(in_unit, guess.unit, names, raster.path.name)
        if guess.unit == "amplitude" and is_integer(raster):
            notes.warn(
                f"{raster.path.name} is taken as uncalibrated amplitude: power, and with it "
                "VV/VH, is known only up to a factor."
            )
        convert = partial(
            _power,
            raster=raster,
            guess=guess,
            # 0 dB is data; of power and amplitude an untagged 0 is what lies outside the swath
            zero_fills=guess.unit != "db" and (len(picks) > 1 or raster.dataset.nodata is None),
        )
        check_polarisations(convert(numbers[:, None])[:, 0], names, raster.path.name, notes)
        base = StackedRaster(tuple((raster, pick.band, pick.name) for pick in picks))
        native, resampled = native_pixels(raster, None, what, notes)
        return Part(MappedRaster(base, convert, base.bands), native, resampled, raster.path.name)

    def _unit(
        self,
        raster: StoredRaster,
        numbers: Pixels,
        names: Sequence[str],
        what: str,
        notes: Notes,
    ) -> RadarGuess:
        name = raster.path.name
        if not self.unit:
            guess = guess_radar(raster, numbers, quotient=RATIO_BAND in names)
            notes.guess(f"{what} unit", guess.unit, f"{name}: {guess.why}")
            return guess
        unit = stated_unit(self.unit)
        scale = decibel_scale(raster, numbers) if unit == "db" else 1.0
        if scale != 1:
            notes.guess(f"{what} scale", scale, f"{name}: whole numbers of dB x {1 / scale:g}")
        return RadarGuess(unit, scale, "stated")


def stated_unit(text: str) -> RadarUnit:
    """Return the radar unit of a name in any case."""
    for unit in RADAR_UNITS:
        if text.lower() == unit:
            return unit
    raise SettingError(
        f"There is no radar unit '{text}'.", f"Choose one of: {', '.join(RADAR_UNITS)}."
    )


def _power(numbers: Pixels, raster: StoredRaster, guess: RadarGuess, *, zero_fills: bool) -> Pixels:
    known = clean_radar(raster, numbers)
    return to_power(zero_is_fill(known) if zero_fills else known, guess.unit, guess.scale)


def _calibration(rasters: Sequence[StoredRaster]) -> str:
    for raster in rasters:
        for text in (*raster.descriptions, raster.path.name):
            if found := _CALIBRATION.search(text):
                return f"{found[1].lower()}0"
    return ""
