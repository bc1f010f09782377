"""From stored numbers to physical quantities: reflectance for optical, linear power for radar.

Every function works pixel by pixel on float32 arrays of any shape, in which NaN is no data, so a
window's values never depend on the window. 0 dB is data; a stored 0 in an integer optical product
is fill, also where the file carries no no-data tag. Negative reflectances are data and survive.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from bandweave.errors import SettingError, UnknownNameError
from bandweave.raster.grid import Pixels

RadarUnit = Literal["db", "power", "amplitude"]
RADAR_UNITS: tuple[RadarUnit, ...] = ("db", "power", "amplitude")

SENTINEL2_OFFSET = -1000.0
"""Added to Sentinel-2 numbers before the division by 10000, from processing baseline 04.00 on."""
SENTINEL2_OFFSET_BASELINE = 4.0


REFLECTANCE_LOWEST, REFLECTANCE_HIGHEST = -0.5, 5.0
"""What lies beyond is fill: overcorrected water reflects -0.2, glint and clouds 2 or 3."""


class Product(NamedTuple):
    """How a product stores reflectance: value = number x scale + offset."""

    label: str
    scale: float
    offset: float
    fills: tuple[float, ...]
    """Stored numbers that mean no data, whatever the file's tag says."""
    source: str


PRODUCTS: Mapping[str, Product] = {
    "landsat-c2l2": Product(
        "Landsat Collection 2 Level 2 surface reflectance",
        0.0000275,
        -0.2,
        (0.0, 65535.0),
        "USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619), table 6-1",
    ),
    "sentinel-2": Product(
        "Sentinel-2 Level 1C or 2A reflectance",
        0.0001,
        0.0,
        (0.0, 65535.0),
        "ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD), special values "
        "NODATA 0 and SATURATED 65535; offset -1000 from processing baseline 04.00",
    ),
    "sentinel-2-n0400": Product(
        "Sentinel-2 of processing baseline 04.00 or later, with its offset of -1000",
        0.0001,
        -0.1,
        (0.0, 65535.0),
        "ESA, Sentinel-2 Products Specification Document, RADIO_ADD_OFFSET and BOA_ADD_OFFSET",
    ),
    "landsat-level-1": Product(
        "Landsat 8-9 Level 1 top-of-atmosphere reflectance",
        0.00002,
        -0.1,
        (0.0, 65535.0),
        "USGS, Landsat 8 Data Users Handbook (LSDS-1574), section 5.2, without its division by the "
        "sine of the sun's elevation",
    ),
    "reflectance": Product("reflectance, 0 to 1 as stored", 1.0, 0.0, (), "the file's own numbers"),
    "reflectance-10000": Product(
        "reflectance x 10000",
        0.0001,
        0.0,
        (-9999.0,),
        "NASA, HLS User Guide 2.0; ESPA; Planet; Open Data Cube",
    ),
    "aster-l2": Product(
        "ASTER surface reflectance x 1000", 0.001, 0.0, (-9999.0,), "LP DAAC, AST_07 and AST_07XT"
    ),
    "percent": Product("reflectance in per cent", 0.01, 0.0, (), "the file's own numbers"),
    "reflectance-32768": Product(
        "reflectance, 1 stored as 32768",
        1 / 32768,
        0.0,
        (),
        "MicaSense and Agisoft Metashape, reflectance maps of 16 bits",
    ),
    "reflectance-65535": Product(
        "reflectance, 1 stored as 65535",
        1 / 65535,
        0.0,
        (),
        "Sentinel Hub, sample type UINT16",
    ),
}
"""Products whose scale is declared; others are read with a custom scale and offset."""


@dataclass(frozen=True)
class Scaling:
    """Turns stored optical numbers into reflectance."""

    scale: float
    offset: float = 0.0
    fills: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse scales that would lose the image."""
        if not (math.isfinite(self.scale) and math.isfinite(self.offset)) or self.scale <= 0:
            raise SettingError(
                f"A scale of {self.scale:g} with an offset of {self.offset:g} is impossible.",
                "Give a finite offset and a scale above 0, such as 0.0001.",
            )

    def reflectance(self, numbers: Pixels) -> Pixels:
        """Return number x scale + offset, NaN where the number is a fill or not finite."""
        values: Pixels = (numbers.astype(np.float64) * self.scale + self.offset).astype(np.float32)
        lost = ~np.isfinite(values)
        for fill in self.fills:
            lost |= numbers == fill
        values[lost] = np.nan
        return values


def product_scaling(key: str, *, offset_numbers: float = 0.0) -> Scaling:
    """Return a declared product's scaling.

    `offset_numbers` is added to the stored numbers before scaling (Sentinel-2: 0 or -1000).

    >>> product_scaling("sentinel-2", offset_numbers=-1000).offset
    -0.1
    """
    if key not in PRODUCTS:
        raise UnknownNameError("optical product", key, PRODUCTS)
    product = PRODUCTS[key]
    return Scaling(product.scale, product.offset + offset_numbers * product.scale, product.fills)


def possible_reflectance(values: Pixels) -> Pixels:
    """Return reflectance with NaN where none is so low or so high: a fill that nothing tells."""
    possible = (values >= REFLECTANCE_LOWEST) & (values <= REFLECTANCE_HIGHEST)
    return np.where(possible, values, np.float32(np.nan))


def zero_is_fill(pixels: Pixels) -> Pixels:
    """Return (band, row, col) pixels with NaN in every band where all bands are exactly 0.

    No surface reflects exactly nothing in every band; exporters fill with it.
    """
    empty = np.all((pixels == 0) | np.isnan(pixels), axis=0)
    return np.where(empty, np.float32(np.nan), pixels)


def db_to_power(decibels: Pixels) -> Pixels:
    """Return 10^(dB/10); 0 dB is 1.

    >>> db_to_power(np.array([0, 10, -20], np.float32)).tolist()
    [1.0, 10.0, 0.009999999776482582]
    """
    power: Pixels = np.power(10.0, decibels.astype(np.float64) / 10).astype(np.float32)
    return power


def power_to_db(power: Pixels) -> Pixels:
    """Return 10 log10(power); power of 0 or below has no decibels and becomes NaN."""
    decibels: Pixels = np.where(power > 0, power, np.float32(np.nan)).astype(np.float32, copy=False)
    # single precision errs by 4e-6 dB, and is ten times as fast
    np.log10(decibels, out=decibels)
    decibels *= np.float32(10)
    return decibels


def amplitude_to_power(amplitude: Pixels) -> Pixels:
    """Return amplitude squared; an amplitude is never negative, so negatives become NaN."""
    power: Pixels = np.where(amplitude >= 0, amplitude * amplitude, np.float32(np.nan))
    return power


def to_power(numbers: Pixels, unit: RadarUnit, scale: float = 1.0) -> Pixels:
    """Return linear power from numbers that are `unit` / `scale` (dB x 10000 has scale 0.0001).

    Negative power, infinities and what overflows become NaN.
    """
    scaled = numbers if scale == 1.0 else (numbers * np.float64(scale)).astype(np.float32)
    with np.errstate(over="ignore"):
        if unit == "db":
            power = db_to_power(scaled)
        elif unit == "amplitude":
            power = amplitude_to_power(scaled)
        else:
            power = np.where(scaled >= 0, scaled, np.float32(np.nan))
    power[~np.isfinite(power) | np.isinf(scaled)] = np.nan
    return power


def ratio(vv: Pixels, vh: Pixels) -> Pixels:
    """Return the linear quotient VV/VH of two powers, of their shape and without unit.

    NaN where VH is 0 or negative, where VV is negative and where either is no data; in decibels
    the quotient is the difference VV - VH.
    """
    defined = (vh > 0) & (vv >= 0)
    quotient: Pixels = np.full(np.shape(vv), np.nan, np.float32)
    with np.errstate(over="ignore"):
        np.divide(vv, vh, out=quotient, where=defined)
    quotient[~np.isfinite(quotient)] = np.nan
    return quotient
