"""What a file's numbers are, told from a sample of them where nothing states it.

Every guess says why, is shown, and can be overruled; a stated unit that the numbers contradict is
refused, in `checks`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.radiometry import SENTINEL2_OFFSET, RadarUnit, Scaling, product_scaling
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels, Raster, Window

SAMPLE_SIDE = 128
SAMPLES = 3
"""A sample is 3 x 3 windows of 128 x 128 pixels, spread evenly: values as stored, not averaged."""
PREVIEW = 512
X10000 = "reflectance x 10000"
"""Whole numbers of no product that is known."""
_LOST_16_BIT = -1.0
"""65535, a usual fill of unsigned numbers, as a signed number."""
DARKEST_WITH_OFFSET = 950.0
"""Dark pixels are stored near 1000 with the offset (a little less where atmospheric correction
overshoots), and near 0 to 900 without."""
_FEWEST_CHANGES = 8
"""Fewer rows or columns that change may have a common period by chance."""
_SENTINEL2_NAME = re.compile(r"^S2[ABC_]|^T\d\d[A-Z]{3}_|MSIL|sentinel.?2", re.IGNORECASE)
_RADAR_FILLS = (-9999.0, -32768.0, -32767.0)
DB_LOWEST, DB_HIGHEST = -80.0, 40.0


@dataclass
class Notes:
    """What was guessed and what gives concern while files are read; for `Scene.facts`."""

    guesses: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def guess(self, what: str, value: Any, why: str) -> None:
        """Record a guess."""
        self.guesses.append({"what": what, "value": value, "why": why})

    def warn(self, sentence: str) -> None:
        """Record a concern, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)


class OpticalGuess(NamedTuple):
    """A scaling to reflectance and what it rests on."""

    product: str
    scaling: Scaling
    why: str


class RadarGuess(NamedTuple):
    """A radar unit, the factor from stored numbers to it, and what they rest on."""

    unit: RadarUnit
    scale: float
    why: str


def spread(raster: Raster) -> Pixels:
    """Return (band, value) numbers from windows spread over a raster, NaN where no data."""
    height, width = raster.grid.shape
    tall, wide = min(height, SAMPLE_SIDE), min(width, SAMPLE_SIDE)
    rows = sorted({round(step * (height - tall) / (SAMPLES - 1)) for step in range(SAMPLES)})
    cols = sorted({round(step * (width - wide) / (SAMPLES - 1)) for step in range(SAMPLES)})
    found = [raster.read(Window(row, col, tall, wide)) for row in rows for col in cols]
    numbers: Pixels = np.concatenate([part.reshape(len(part), -1) for part in found], axis=1)
    return numbers


def sample(raster: StoredRaster) -> Pixels:
    """Return (band, value) numbers from windows spread over a raster, NaN where no data.

    A raster of nothing but no data and 0 there is looked at as a whole, averaged down.
    """
    height, width = raster.grid.shape
    numbers = spread(raster)
    if not (np.isfinite(numbers) & (numbers != 0)).any():
        factor = max(1, -(-max(height, width) // PREVIEW))
        shape = max(1, height // factor), max(1, width // factor)
        numbers = raster.preview(raster.grid.full, shape).reshape(len(raster.bands), -1)
    return numbers


def is_integer(raster: StoredRaster) -> bool:
    """Whether a file stores whole numbers to which its own scale has not been applied."""
    return np.issubdtype(np.dtype(raster.dataset.dtypes[0]), np.integer) and not has_scale(raster)


def has_scale(raster: StoredRaster) -> bool:
    """Whether a file's own tags give its bands a scale or an offset."""
    dataset = raster.dataset
    return any(s != 1.0 for s in dataset.scales) or any(o != 0.0 for o in dataset.offsets)


def fills(raster: StoredRaster, numbers: Pixels) -> tuple[float, ...]:
    """Return stored numbers that mean no data although the file does not say so.

    In integers 0 does where no tag says otherwise, -9999 and 65535 always, and -1 where it
    is far more frequent than all from -10 to -2 (65535 written as a signed number).
    """
    if not is_integer(raster):
        return ()
    found = [-9999.0, 65535.0]
    if raster.dataset.nodata is None:
        found.insert(0, 0.0)
    lost = np.sum(numbers == _LOST_16_BIT)
    near = np.sum((numbers < _LOST_16_BIT) & (numbers > _LOST_16_BIT - 10))
    if lost > 50 and lost > 20 * (near + 1):
        found.append(_LOST_16_BIT)
    return tuple(found)


def require_data(numbers: Pixels, name: str) -> None:
    """Refuse a file of which nothing is data."""
    if not np.isfinite(numbers).any():
        raise SceneError(
            f"{name} holds no data: every pixel is fill.", "Choose a file that covers the area."
        )


def guess_optical(raster: StoredRaster, numbers: Pixels) -> OpticalGuess:
    """Tell an optical file's scaling from its numbers, (band, value)."""
    dtype = raster.dataset.dtypes[0]
    if has_scale(raster):
        untagged = raster.dataset.nodata is None
        lost = tuple(float(np.float32(offset)) for offset in raster.dataset.offsets[:1])
        return OpticalGuess(
            "reflectance",
            Scaling(1.0, 0.0, lost if untagged else ()),
            "the file's own scale and offset",
        )
    extra = fills(raster, numbers)
    known = _without(numbers, extra)
    require_data(known, raster.path.name)
    dark, bright = darkest(known), float(np.nanpercentile(known, 99))
    if dtype == "uint8":
        return OpticalGuess("8-bit", Scaling(1 / 255, 0.0, extra), "8-bit numbers, 255 taken as 1")
    if bright <= 2 and not is_integer(raster):
        return OpticalGuess(
            "reflectance", Scaling(1.0), f"99 % of the numbers are below {bright:.3g}"
        )
    name = raster.path.name
    if (dtype == "uint16" and dark >= 5000) or re.search(r"_SR_B\d", name):
        why = f"the darkest numbers are near {dark:.0f} (reflectance 0 is stored as 7273)"
        return OpticalGuess("landsat-c2l2", product_scaling("landsat-c2l2"), why)
    if not 100 < bright <= 25000:
        raise SceneError(
            f"What the numbers of {raster.path.name} are cannot be told: 99 % lie below "
            f"{bright:.4g}.",
            "State the optical product, or a scale and an offset to reflectance.",
        )
    if raster.dataset.count in (12, 13) or _SENTINEL2_NAME.search(name):
        offset, why = guess_sentinel2_offset(numbers)
        seen = "name" if _SENTINEL2_NAME.search(name) else f"{len(numbers)} bands"
        return OpticalGuess(
            "sentinel-2",
            product_scaling("sentinel-2", offset_numbers=offset),
            f"{seen} as of Sentinel-2; {why}",
        )
    why = f"99 % of the numbers are below {bright:.0f}"
    return OpticalGuess(X10000, Scaling(0.0001, 0.0, extra), why)


def guess_sentinel2_offset(numbers: Pixels) -> tuple[float, str]:
    """Tell Sentinel-2's offset (in stored numbers) from its darkest pixels, and why."""
    dark = darkest(_without(numbers, (0.0,)))
    offset = SENTINEL2_OFFSET if dark > DARKEST_WITH_OFFSET else 0.0
    return offset, f"the darkest first percentile is {dark:.0f}, so the offset is {offset:g}"


def guess_radar(raster: StoredRaster, numbers: Pixels, *, quotient: bool = False) -> RadarGuess:
    """Tell a radar file's unit from its numbers, (band, value); `quotient` if it is VV/VH."""
    known = clean_radar(raster, numbers)
    require_data(known, raster.path.name)
    low, middle, high = (float(v) for v in np.nanpercentile(known, (1, 50, 99)))
    if quotient:
        return _guess_quotient(float(np.nanmin(known)), middle, high)
    # noise subtraction leaves powers a little below 0, decibels lie well below
    if low < -1:
        scale = _decibel_scale(raster, low, high)
        if scale is None:
            raise SceneError(
                f"The unit of {raster.path.name} cannot be told: 98 % of its numbers lie between "
                f"{low:.4g} and {high:.4g}.",
                "Convert it to dB, linear power or amplitude and state which.",
            )
        unit = "dB" if scale == 1 else f"dB x {1 / scale:g}"
        return RadarGuess("db", scale, f"negative numbers from {low:.4g} to {high:.4g}: {unit}")
    if is_integer(raster) or middle > 5:
        return RadarGuess("amplitude", 1.0, f"positive numbers of median {middle:.4g}")
    return RadarGuess("power", 1.0, f"positive numbers of median {middle:.3g}")


def _guess_quotient(lowest: float, middle: float, high: float) -> RadarGuess:
    """Tell VV/VH in dB from the linear quotient, whose bright tail is far longer."""
    if lowest < 0:
        return RadarGuess("db", 1.0, f"negative numbers from {lowest:.3g}: a ratio in dB")
    tail = f"99 % lie below {high:.3g}, half below {middle:.3g}"
    if high < 2.5 * middle:
        return RadarGuess("db", 1.0, f"{tail}: a ratio in dB")
    return RadarGuess("power", 1.0, f"{tail}: a linear quotient")


def _decibel_scale(raster: StoredRaster, low: float, high: float) -> float | None:
    """Return the factor to dB: whole numbers may be dB times 100 or 10000, floats are dB."""
    if is_integer(raster):
        likely = (scale for scale in (1.0, 0.01, 0.0001) if -60 <= low * scale <= -5)
        return next(likely, None)
    return 1.0 if low >= DB_LOWEST and high <= DB_HIGHEST else None


def decibel_scale(raster: StoredRaster, numbers: Pixels) -> float:
    """Return the factor from a file's numbers to the dB it is stated to hold."""
    known = clean_radar(raster, numbers)
    require_data(known, raster.path.name)
    low, high = (float(v) for v in np.nanpercentile(known, (1, 99)))
    return _decibel_scale(raster, low, high) or 1.0


def clean_radar(raster: StoredRaster, numbers: Pixels) -> Pixels:
    """Return radar numbers with usual fills and infinities as NaN; 0 stays, it may be 0 dB.

    Files of whole numbers keep -9999 (it may be -0.9999 dB); their fill is what their tag says.
    """
    lost = ~np.isfinite(numbers) | (np.abs(numbers) > 1e30)
    if not is_integer(raster):
        for fill in _RADAR_FILLS:
            lost |= numbers == fill
    return np.where(lost, np.float32(np.nan), numbers)


def repeat_factor(raster: StoredRaster) -> int:
    """Return into how many pixels a side each native pixel was repeated; 1 where it was not.

    Repeated pixels change only at multiples of the factor, in rows and columns alike.
    """
    height, width = raster.grid.shape
    side = 4 * SAMPLE_SIDE
    row, col = max(0, (height - side) // 2), max(0, (width - side) // 2)
    pixels = raster.read(Window(row, col, min(height, side), min(width, side)), raster.bands[:1])[0]
    pixels = np.nan_to_num(pixels, nan=-1.0)
    periods = []
    for axis in (0, 1):
        changed = np.flatnonzero(np.any(np.diff(pixels, axis=axis) != 0, axis=1 - axis))
        if changed.size < _FEWEST_CHANGES:
            return 1
        periods.append(int(np.gcd.reduce(np.diff(changed))))
    return math.gcd(*periods)


def _without(numbers: Pixels, lost: Sequence[float]) -> Pixels:
    return np.where(np.isin(numbers, lost), np.float32(np.nan), numbers)


def darkest(numbers: Pixels) -> float:
    """Return the lowest first percentile of the bands that have data."""
    bands = [band for band in numbers if np.isfinite(band).any()]
    return min((float(np.nanpercentile(band, 1)) for band in bands), default=0.0)
