"""What an optical sensor sees of the simulated city.

Surface reflectance is set by class, at levels usual for a tropical delta in the dry season: turbid
water brightest in green and red, tile, concrete and metal roofs, rice by growth stage. The sensor
is like Landsat 9's OLI-2: 30 m samples of a Gaussian point spread.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bandweave.raster.grid import Pixels
from bandweave.sources.delta.cover import Cover, Land, matters
from bandweave.sources.delta.patterns import Field, Plane, grainy, uniform

BANDS = ("red", "green", "blue", "nir")
FACTOR = 3
"""Landsat's 30 m in pixels of 10 m."""
MTF_AT_NYQUIST = 0.3
"""As a Gaussian whose edge slope is .027 a metre, what OLI's 30 m bands were specified to reach."""
SENSOR_NOISE = 0.0015
"""Reflectance, standard deviation at 30 m after surface correction."""


class Look(NamedTuple):
    """Reflectance of a class, and how it varies as a share of itself."""

    red: float
    green: float
    blue: float
    nir: float
    grain: float = 0.025
    """From pixel to pixel."""
    mottle: float = 0.04
    """Over some 25 m."""
    patch: float = 0.05
    """Over some 90 m."""
    tone: float = 0.28
    """Between objects, full range."""
    district: float = 0.0
    """Between districts, full range."""
    hue: float = 0.12
    """Red against blue between objects, full range."""


LOOKS = {
    Cover.WATER: Look(0.088, 0.094, 0.066, 0.046),
    Cover.POND: Look(0.062, 0.080, 0.062, 0.050, tone=0.45),
    Cover.DENSE: Look(0.150, 0.140, 0.126, 0.180, 0.08, 0.05, 0.0, 0.42, 0.30, 0.28),
    Cover.HOUSES: Look(0.150, 0.137, 0.116, 0.205, 0.08, 0.05, 0.0, 0.42, 0.30, 0.30),
    Cover.INDUSTRY: Look(0.160, 0.152, 0.138, 0.200, 0.05, 0.06, 0.04, 0.36, 0.1, 0.12),
    Cover.ROAD: Look(0.108, 0.106, 0.100, 0.130),
    Cover.CROPS: Look(0.0, 0.0, 0.0, 0.0, 0.03, 0.05, 0.06, 0.25, 0.15, 0.14),
    Cover.TREES: Look(0.036, 0.056, 0.030, 0.310, 0.07, 0.12, 0.08, 0.1, 0.15, 0.05),
    Cover.MANGROVE: Look(0.030, 0.049, 0.027, 0.270, 0.07, 0.10, 0.10, 0.0, 0.12, 0.0),
    Cover.GRASS: Look(0.076, 0.092, 0.052, 0.285, 0.03, 0.06, 0.08, 0.36, 0.1, 0.2),
    Cover.BARE: Look(0.195, 0.158, 0.118, 0.260, 0.04, 0.07, 0.09, 0.30, 0.4, 0.3),
}
GROWING = Look(0.0, 0.0, 0.0, 0.0, tone=0.22, hue=0.14)
"""How paddies vary; what they reflect follows from their stage."""
PADDY_STAGES = (0.0, 0.06, 0.14, 0.25, 0.40, 0.60, 0.72, 0.85, 0.93, 1.0)
PADDY = {
    "red": (0.128, 0.088, 0.070, 0.055, 0.040, 0.036, 0.062, 0.118, 0.146, 0.128),
    "green": (0.112, 0.094, 0.084, 0.082, 0.076, 0.070, 0.092, 0.118, 0.128, 0.112),
    "blue": (0.080, 0.070, 0.060, 0.046, 0.034, 0.030, 0.036, 0.060, 0.082, 0.080),
    "nir": (0.180, 0.085, 0.080, 0.190, 0.330, 0.400, 0.360, 0.300, 0.240, 0.180),
}
CROPS_STAGES = (0.0, 0.25, 0.5, 0.75, 1.0)
CROPS = {
    "red": (0.150, 0.090, 0.052, 0.085, 0.150),
    "green": (0.125, 0.097, 0.078, 0.098, 0.125),
    "blue": (0.092, 0.062, 0.042, 0.058, 0.092),
    "nir": (0.215, 0.260, 0.330, 0.280, 0.215),
}
BUND = Look(0.090, 0.092, 0.060, 0.240)
ROOFS = {
    "red": (0.245, 0.215, 0.275, 0.190, 0.140, 0.205, 0.175, 0.225),
    "green": (0.245, 0.215, 0.275, 0.185, 0.173, 0.150, 0.175, 0.220),
    "blue": (0.240, 0.212, 0.270, 0.175, 0.210, 0.122, 0.170, 0.210),
    "nir": (0.275, 0.245, 0.305, 0.220, 0.220, 0.235, 0.210, 0.265),
}
"""Large roofs: metal and concrete new and old, blue metal, red tile."""


@cache
def _table(quality: str) -> Field:
    """Return a quality of `Look` for every matter."""

    def ground(cover: Cover) -> float:
        return float(getattr(LOOKS.get(cover, GROWING), quality))

    if quality in BANDS:
        return matters(
            ground,
            lambda stage: np.interp(stage, PADDY_STAGES, PADDY[quality]),
            lambda stage: np.interp(stage, CROPS_STAGES, CROPS[quality]),
        )
    paddy, crops = getattr(GROWING, quality), getattr(LOOKS[Cover.CROPS], quality)
    return matters(
        ground, lambda stage: np.full_like(stage, paddy), lambda stage: np.full_like(stage, crops)
    )


def reflectance(plane: Plane, land: Land) -> Pixels:
    """Return surface reflectance at the plane's pixels, bands as in `BANDS`, without sensor."""
    matter = land.matter
    random = plane.random("optical-texture")
    grain = random.standard_normal(plane.shape, np.float32)
    leaves = random.standard_normal(plane.shape, np.float32)
    mottle, patch = grainy(random, plane.shape), plane.noise("patch", 90)
    tone, hue, roof_tone = (_centred(land.key, name) for name in ("tone", "hue", "roof-tone"))
    varied = 1 + grain * _table("grain")[matter] + mottle * _table("mottle")[matter]
    varied += patch * _table("patch")[matter] + tone * _table("tone")[matter]
    varied += _centred(land.district, "tone") * _table("district")[matter]
    tint = (hue + 0.5 * _centred(land.district, "hue")) * _table("hue")[matter]
    crowns = np.where(land.trees > 0, 0.10 * mottle + 0.10 * patch + 0.05 * leaves, 0)
    crowns = np.clip(land.trees + crowns, 0, 0.95)
    shore = 1 - ndimage.uniform_filter(land.water, 7)
    silt = 0.10 * plane.noise("silt", 3000) + 0.03 * patch + 0.22 * shore + 0.008 * grain
    worn = 1 + 0.05 * grain + 0.05 * patch
    style = 0.62 * uniform(land.key, "roof") + 0.38 * uniform(land.district, "roof")
    style = (style * len(ROOFS["red"])).astype(np.uint8)
    roof_varied = 1 + 0.16 * roof_tone + 0.02 * grain + 0.02 * mottle
    pixels = np.empty((len(BANDS), *plane.shape), np.float32)
    for number, (band, tinted, silted) in enumerate(
        zip(BANDS, (1, 0, -1, 0), (1.2, 0.7, 0.4, 1.0), strict=True)
    ):
        value = _table(band)[matter] * (varied + tinted * tint if tinted else varied)
        value += crowns * (getattr(LOOKS[Cover.TREES], band) * (1 + 0.1 * grain) - value)
        value += land.roof * (np.asarray(ROOFS[band], np.float32)[style] * roof_varied - value)
        value += land.bund * (getattr(BUND, band) - value)
        value += land.water * (getattr(LOOKS[Cover.WATER], band) * (1 + silted * silt) - value)
        value += 0.85 * land.paved * (getattr(LOOKS[Cover.ROAD], band) * worn - value)
        pixels[number] = _softened(value)
    return pixels


def _centred(keys: NDArray[np.uint32], name: str) -> Field:
    return uniform(keys, name) - np.float32(0.5)


def _softened(image: Field) -> Field:
    """Blur as a 10 m sensor would: no edge falls on a pixel's border by itself."""
    kernel = np.array([0.12, 0.76, 0.12], np.float32)
    rows = ndimage.correlate1d(image, kernel, axis=0, mode="nearest")
    softened: Field = ndimage.correlate1d(rows, kernel, axis=1, mode="nearest")
    return softened


def measured(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Return what a Landsat-like sensor makes of reflectance at 10 m: one sample every 30 m.

    The sides must be multiples of 3. A Gaussian point spread whose transfer at the Nyquist
    frequency is `MTF_AT_NYQUIST`, then noise.
    """
    sigma = FACTOR * math.sqrt(-2 * math.log(MTF_AT_NYQUIST)) / math.pi
    centre = slice(FACTOR // 2, None, FACTOR)
    blurred = ndimage.gaussian_filter1d(pixels, sigma, axis=1, mode="nearest")[:, centre]
    native = ndimage.gaussian_filter1d(blurred, sigma, axis=2, mode="nearest")[:, :, centre]
    noise = random.standard_normal(native.shape, np.float32)
    return np.asarray(native + np.float32(SENSOR_NOISE) * noise, np.float32)


def gridded(native: Pixels) -> Pixels:
    """Interpolate 30 m samples bilinearly to the 10 m grid; constant beyond the outer centres."""
    return _tripled(_tripled(native, 1), 2)


def _tripled(samples: Pixels, axis: int) -> Pixels:
    last = samples.shape[axis] - 1
    here = np.arange(last + 1)
    before = np.take(samples, np.maximum(here - 1, 0), axis)
    after = np.take(samples, np.minimum(here + 1, last), axis)
    third = np.float32(1 / 3)
    thirds = (samples + third * (before - samples), samples, samples + third * (after - samples))
    shape = list(samples.shape)
    shape[axis] *= FACTOR
    return np.stack(thirds, axis + 1).reshape(shape)
