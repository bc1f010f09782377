"""What a file's numbers are, told from a sample of them where nothing else tells it."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.radiometry import PRODUCTS, RadarUnit, Scaling, product_scaling
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels, Raster, Window

SAMPLE_SIDE = 128
SAMPLES = 3
"""A sample is 3 x 3 windows of 128 x 128 pixels, spread evenly: values as stored, not averaged."""
PREVIEW = 512
DARKEST_WITH_OFFSET = 950.0
"""Sentinel-2's dark pixels are stored near 1000 with the offset (a little less where atmospheric
correction overshoots), and near 0 to 900 without."""
BRIGHTEST = 1.6
"""Reflectance that hardly more than 1 % of an image exceeds, snow and glint included."""
_ROUNDING = 1e-6
_FEWEST_CHANGES = 8
"""Fewer rows or columns that change may have a common period by chance."""
_LIMITS = (32767.0, 65535.0, 2147483647.0)
"""Largest numbers of a type, which exporters fill with."""
FILLS = (-9999.0, -999.0, -99999.0, -32768.0, -32767.0, -2147483648.0, *_LIMITS)
"""What exporters fill with."""
UNSTORABLE = 1e9
"""No sensor's numbers are larger: the limits of 32 bits are fill, however they were rounded."""
_LOST_16_BIT = -1.0
"""65535, a usual fill of unsigned numbers, as a signed number."""
DB_LOWEST, DB_HIGHEST = -80.0, 40.0
FILL_OF_RADAR = 9999.0
_DB_SCALES = (1.0, 0.1, 0.01, 0.001, 0.0001)


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
    whole = np.issubdtype(np.dtype(raster.dataset.dtypes[0]), np.integer)
    return whole and not has_scale(raster)


def has_scale(raster: StoredRaster) -> bool:
    """Whether a file's own tags give its bands a scale or an offset that are not left out."""
    dataset = raster.dataset
    if raster.as_stored:
        return False
    return any(s != 1.0 for s in dataset.scales) or any(o != 0.0 for o in dataset.offsets)


def fills(raster: StoredRaster, numbers: Pixels) -> tuple[float, ...]:
    """Return stored numbers that mean no data although the file does not say so.

    In integers 0 does where no tag says otherwise, -9999 and 65535 always; of either kind, what
    exporters fill with where it is the lowest or highest number, and far more frequent than all
    that lie near it (-1 is 65535 written as a signed number).
    """
    found = []
    if is_integer(raster):
        found = [-9999.0, 65535.0]
        if raster.dataset.nodata is None:
            found.insert(0, 0.0)
    if _stands_out(numbers, _LOST_16_BIT):
        found.append(_LOST_16_BIT)
    return tuple(dict.fromkeys((*found, *stray_fills(numbers))))


def stray_fills(numbers: Pixels, more: Sequence[float] = ()) -> tuple[float, ...]:
    """Return what exporters fill with, or some more numbers, where it stands out among others."""
    return tuple(fill for fill in (*FILLS, *more) if _stands_out(numbers, fill))


def scaled_zero(values: Pixels) -> float | None:
    """Return what 0 became by a known product's offset where it stands out in every band of
    (band, value) reflectance: fill that was scaled as if it were data.
    """
    for offset in sorted({product.offset for product in PRODUCTS.values()} - {0.0}):
        near = values[np.abs(values - offset) < _ROUNDING]
        if near.size:
            zero = float(np.median(near))
            if all(_stands_out(band, zero) for band in values):
                return zero
    return None


def _stands_out(numbers: Pixels, fill: float) -> bool:
    """Whether a number is frequent, none lies beyond it, and hardly any lie near it."""
    lost = int(np.sum(numbers == fill))
    if lost <= 50:
        return False
    if fill == _LOST_16_BIT:
        return lost > 20 * (int(np.sum((numbers < -1) & (numbers > -11))) + 1)
    beyond = (
        np.sum(numbers < fill) if fill < 0 else np.sum((numbers > fill) & (numbers < UNSTORABLE))
    )
    near = np.sum(np.abs(numbers - fill) < abs(fill) / 20) - lost
    return lost > 20 * (int(beyond + near) + 1)


def without_fills(numbers: Pixels) -> Pixels:
    """Return numbers with NaN for what can only be fill: for guesses, before a unit is known."""
    known: Pixels = np.where(np.abs(numbers) > UNSTORABLE, np.float32(np.nan), numbers)
    for fill in FILLS:
        finite = known[np.isfinite(known)]
        if finite.size and fill in (float(finite.min()), float(finite.max())):
            known = np.where(known == fill, np.float32(np.nan), known)
    return known


def require_data(numbers: Pixels, name: str) -> None:
    """Refuse a file of which nothing is data."""
    if not np.isfinite(numbers).any():
        raise SceneError(
            f"{name} holds no data: every pixel is fill.", "Choose a file that covers the area."
        )


def guess_optical(raster: StoredRaster, numbers: Pixels, names: Sequence[str] = ()) -> OpticalGuess:
    """Tell an optical file's scaling from its numbers alone, (band, value) as stored.

    `names` are the bands', where they are known.
    """
    dtype = raster.dataset.dtypes[0]
    extra = fills(raster, numbers)
    known = without_fills(without(numbers, extra))
    require_data(known, raster.path.name)
    dark, bright = darkest(known), float(np.nanpercentile(known, 99))
    if dtype == "uint8":
        return OpticalGuess("8-bit", Scaling(1 / 255, 0.0, extra), "8-bit numbers, 255 taken as 1")
    if bright <= 2 and not is_integer(raster):
        why = f"99 % of the numbers are below {bright:.3g}"
        return OpticalGuess("reflectance", Scaling(1.0, 0.0, extra), why)
    if dtype == "uint16" and dark >= 5000 and bright < 65535:
        why = f"the darkest numbers are near {dark:.0f} (reflectance 0 is stored as 7273)"
        return OpticalGuess("landsat-c2l2", product_scaling("landsat-c2l2"), why)
    if dtype == "uint16" and bright > 10000 * BRIGHTEST:
        return _of_sixteen_bits(known, extra)
    if not 100 < bright <= 25000:
        raise SceneError(
            f"What the numbers of {raster.path.name} are cannot be told: 99 % lie below "
            f"{bright:.4g}.",
            "State the optical product, or a scale and an offset to reflectance: for per cent a "
            "scale of 0.01.",
        )
    if dtype == "uint16" and names and _unlikely(dict(zip(names, known, strict=True))):
        return _of_sixteen_bits(known, extra)
    why = f"99 % of the numbers are below {bright:.0f}"
    return OpticalGuess("reflectance-10000", Scaling(0.0001, 0.0, extra), why)


def _of_sixteen_bits(known: Pixels, extra: Sequence[float]) -> OpticalGuess:
    """Return the reading of whole numbers that are too large for reflectance x 10000."""
    # what is brighter than 1 is rare
    top = 65535 if float(np.nanpercentile(known, 99.9)) > 32768 else 32768
    middle = float(np.nanmedian(known))
    readings = ", ".join(f"{middle / one:.2g} where {one} is 1" for one in (10000, 32768, 65535))
    lost = (0.0,) if 0.0 in extra else ()
    product = f"reflectance-{top}"
    return OpticalGuess(product, Scaling(1 / top, 0.0, lost), f"half lie below {readings}")


def _unlikely(bands: Mapping[str, Pixels]) -> bool:
    """Whether numbers as reflectance x 10000 are too bright for ground, and no snow or cloud.

    Both are as bright in the visible as in the near infrared; vegetation and soil are not.
    """
    if not {"red", "nir"} <= set(bands):
        return False
    visible = [bands[name] for name in ("blue", "green", "red") if name in bands]
    darkest_visible = min(float(np.nanmedian(band)) for band in visible)
    nir, red = (float(np.nanmedian(bands[name])) for name in ("nir", "red"))
    return darkest_visible > 3500 and nir > 1.25 * red


def guess_radar(raster: StoredRaster, numbers: Pixels, *, quotient: bool = False) -> RadarGuess:
    """Tell a radar file's unit from its numbers alone, (band, value); `quotient` if it is VV/VH."""
    known = without_fills(clean_radar(raster, numbers))
    require_data(known, raster.path.name)
    low, middle, high = (float(v) for v in np.nanpercentile(known, (1, 50, 99)))
    if quotient and is_integer(raster):
        raise SceneError(
            f"How {raster.path.name} stores a ratio in whole numbers cannot be told.",
            "State the radar unit and the scale to it: db and 0.01 for dB x 100.",
        )
    if quotient:
        return _guess_quotient(float(np.nanmin(known)), middle, high)
    # noise subtraction leaves powers a little below 0, decibels lie well below
    if low < -1:
        scale = _decibel_scale(raster, low, high)
        if scale is None:
            raise SceneError(
                f"The unit of {raster.path.name} cannot be told: 98 % of its numbers lie between "
                f"{low:.4g} and {high:.4g}.",
                "State the radar unit, and the scale to it: 0.01 for dB x 100.",
            )
        unit = "dB" if scale == 1 else f"dB x {1 / scale:g}"
        return RadarGuess("db", scale, f"negative numbers from {low:.4g} to {high:.4g}: {unit}")
    if raster.dataset.dtypes[0] == "uint8":
        raise SceneError(
            f"{raster.path.name} is an 8-bit picture for display, not backscatter.",
            "Give the backscatter itself, or state the radar unit and the scale to it.",
        )
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
    """Return the factor to dB: whole numbers may be dB times 10 to 10000, floats are dB."""
    if is_integer(raster):
        return _scaled_decibels(low)
    return 1.0 if low >= DB_LOWEST and high <= DB_HIGHEST else None


def decibel_scale(raster: StoredRaster, numbers: Pixels, quotient: bool) -> float:
    """Return the factor from a file's numbers to the dB they are known to be; `quotient` if they
    are VV/VH.
    """
    known = without_fills(clean_radar(raster, numbers))
    require_data(known, raster.path.name)
    low, high = (float(v) for v in np.nanpercentile(known, (1, 99)))
    if quotient:
        return next((scale for scale in _DB_SCALES if 4 <= high * scale <= DB_HIGHEST), 1.0)
    return _decibel_scale(raster, low, high) or _scaled_decibels(low, -12) or 1.0


def _scaled_decibels(low: float, highest: float = -5) -> float | None:
    """Return the factor by which the first percentile is one of dB, at most `highest`."""
    return next((scale for scale in _DB_SCALES if -60 <= low * scale <= highest), None)


def looks_like_radar(numbers: Pixels, quotient: bool) -> bool:
    """Whether numbers may be backscatter in dB or linear (or VV/VH, if it is a `quotient`)."""
    known = without_fills(numbers)
    if not np.isfinite(known).any():
        return False
    low, middle, high = (float(v) for v in np.nanpercentile(known, (1, 50, 99)))
    if quotient:
        return middle > 0.5 and high - low > 1
    if low < 0 and middle < 0:
        return low >= DB_LOWEST and high <= DB_HIGHEST and high - low > 3
    return middle > 1e-4


def clean_radar(raster: StoredRaster, numbers: Pixels) -> Pixels:
    """Return radar numbers with usual fills and infinities as NaN; 0 stays, it may be 0 dB.

    Files of whole numbers keep -9999 (it may be -0.9999 dB); their fill is what their tag says.
    """
    lost = ~np.isfinite(numbers) | (np.abs(numbers) > 1e30)
    if not is_integer(raster):
        for fill in (-9999.0, -32768.0, -32767.0):
            lost |= numbers == fill
    return np.where(lost, np.float32(np.nan), numbers)


def repeat_factor(raster: StoredRaster, band: str) -> int:
    """Return into how many pixels a side each native pixel of a band was repeated; 1 where not.

    Repeated pixels change only at multiples of the factor, in rows and columns alike.
    """
    height, width = raster.grid.shape
    side = 4 * SAMPLE_SIDE
    row, col = max(0, (height - side) // 2), max(0, (width - side) // 2)
    pixels = raster.read(Window(row, col, min(height, side), min(width, side)), [band])[0]
    pixels = np.nan_to_num(pixels, nan=-1.0)
    periods = []
    for axis in (0, 1):
        changed = np.flatnonzero(np.any(np.diff(pixels, axis=axis) != 0, axis=1 - axis))
        if changed.size < _FEWEST_CHANGES:
            return 1
        periods.append(int(np.gcd.reduce(np.diff(changed))))
    return math.gcd(*periods)


def without(numbers: Pixels, lost: Sequence[float]) -> Pixels:
    """Return numbers with NaN for some of them."""
    return np.where(np.isin(numbers, lost), np.float32(np.nan), numbers)


def darkest(numbers: Pixels) -> float:
    """Return the lowest first percentile of the bands that have data."""
    bands = [band for band in numbers if np.isfinite(band).any()]
    return min((float(np.nanpercentile(band, 1)) for band in bands), default=0.0)
