"""What a C-band radar like Sentinel-1 sees of the simulated city.

Backscatter (sigma0, some 38 degrees of incidence) is set by class, at levels usual for Sentinel-1:
smooth water and flooded fields mirror the pulse away, streets and walls send it back twice, crowns
scatter it into VH. For the course of rice over the season see Bouvet and Le Toan (2011), Remote
Sensing of Environment 115, 1090, and Lasko et al. (2018), IEEE JSTARS 11, 498.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from bandweave.raster.grid import Pixels
from bandweave.sources.delta.cover import BUILT, Cover, Land, among, matters
from bandweave.sources.delta.patterns import Field, Plane, grainy, uniform

POLARISATIONS = ("VV", "VH")
NEPER = np.float32(np.log(10) / 10)
"""Natural logarithm of a power ratio of 1 dB."""
LOOK_BEARING = math.radians(12)
"""Direction of look of an ascending right-looking orbit, counter-clockwise from east."""
FACING_WITHIN = math.radians(13)
"""How far streets may be off the look direction for walls and ground to mirror the pulse back."""
RESPONSE = 0.85
"""Standard deviation of the impulse response in pixels of 10 m: about 20 m wide at half power."""
NEIGHBOUR = 0.2
"""Weight of a neighbour in speckle; its correlation with the next pixel is then .37."""


class Echo(NamedTuple):
    """Backscatter of a class in dB, and how it varies."""

    VV: float
    VH: float
    spread: float = 1.0
    """Between objects, dB, standard deviation about half of it."""
    clutter: float = 0.1
    """Standard deviation of the logarithm (nepers) of scatterers within an object."""
    moisture: float = 0.5
    """Response to the date's soil moisture, dB."""


ECHOES = {
    Cover.WATER: Echo(-17.5, -25.0, 0.0, 0.0, 0.0),
    Cover.POND: Echo(-18.0, -25.5, 1.5, 0.1, 0.0),
    Cover.DENSE: Echo(-5.0, -11.5, 2.5, 1.1, 0.0),
    Cover.HOUSES: Echo(-7.0, -13.0, 2.0, 0.8, 0.0),
    Cover.INDUSTRY: Echo(-6.5, -14.0, 4.0, 1.1, 0.0),
    Cover.ROAD: Echo(-16.0, -23.5, 0.0, 0.1, 0.0),
    Cover.TREES: Echo(-8.5, -14.0, 1.0, 0.25, 0.1),
    Cover.MANGROVE: Echo(-9.0, -14.5, 0.8, 0.2, 0.1),
    Cover.GRASS: Echo(-11.5, -18.5, 1.5, 0.2),
    Cover.BARE: Echo(-12.5, -21.0, 2.0, 0.2, 0.9),
}
GROWING = Echo(0.0, 0.0, 1.4, 0.1, 0.4)
BRIDGE = Echo(-4.0, -13.0)
FLAT_ROOF = Echo(-10.5, -19.0)
ROOF_EDGE = Echo(0.0, -9.5)
PADDY_STAGES = (0.0, 0.06, 0.14, 0.25, 0.40, 0.60, 0.85, 0.93, 1.0)
PADDY = {
    "VV": (-13.5, -17.0, -18.0, -14.5, -11.0, -9.5, -10.5, -12.0, -13.5),
    "VH": (-20.5, -24.5, -25.5, -21.5, -17.5, -16.0, -17.0, -19.0, -20.5),
}
CROPS_STAGES = (0.0, 0.5, 1.0)
CROPS = {"VV": (-12.5, -10.0, -12.5), "VH": (-20.5, -16.0, -20.5)}


@cache
def _table(quality: str) -> Field:
    """Return a quality of `Echo` for every matter; the two polarisations as power."""

    def ground(cover: Cover) -> float:
        return float(getattr(ECHOES.get(cover, GROWING), quality))

    if quality in POLARISATIONS:
        decibels = matters(
            ground,
            lambda stage: np.interp(stage, PADDY_STAGES, PADDY[quality]),
            lambda stage: np.interp(stage, CROPS_STAGES, CROPS[quality]),
        )
        power: Field = np.exp(NEPER * decibels)
        return power
    same = getattr(GROWING, quality)
    return matters(
        ground, lambda stage: np.full_like(stage, same), lambda stage: np.full_like(stage, same)
    )


def _power(echo: Echo, polarisation: str) -> np.float32:
    return np.float32(10 ** (getattr(echo, polarisation) / 10))


class Scatterers(NamedTuple):
    """What stays put between the passes of the radar: factors of power, (row, col)."""

    ground: Field
    roof: Field


def scatterers(plane: Plane, land: Land) -> Scatterers:
    """Scatter power within and between objects; walls that face the radar shine."""
    random = plane.random("scatterers")
    clump = 0.8 * random.standard_normal(plane.shape, np.float32)
    clump += np.float32(0.6) * grainy(random, plane.shape)
    matter = land.matter
    clutter = _table("clutter")[matter]
    tone = uniform(land.key, "echo") - np.float32(0.5)
    block = uniform(land.district, "echo") - np.float32(0.5)
    facing = (land.bearing - LOOK_BEARING + math.pi / 4) % (math.pi / 2) - math.pi / 4
    shining = 4.0 * np.exp(-((facing / FACING_WITHIN) ** 2)) - 0.8
    decibels = (1.2 * tone + 0.8 * block) * _table("spread")[matter]
    decibels += np.where(among(BUILT)[land.ground], shining, 0)
    ground = np.exp(NEPER * decibels + clutter * clump - clutter**2 / 2)
    roof = np.exp(NEPER * 6 * tone + 0.6 * clump - np.float32(0.18))
    return Scatterers(ground.astype(np.float32), roof.astype(np.float32))


def backscatter(plane: Plane, land: Land, fixed: Scatterers, date: str) -> Pixels:
    """Return sigma0 as linear power, VV and VH, without speckle.

    `date` names the pass: wind on the water and moisture in the soil differ between passes.
    """
    matter = land.matter
    damp = np.exp(NEPER * _table("moisture")[matter] * plane.noise(f"moisture/{date}", 4000))
    wind = np.exp(NEPER * np.float32(1.2) * plane.noise(f"wind/{date}", 2500))
    crowns = np.where(among(BUILT)[land.ground], 0.7 * land.trees, land.trees)
    crowns = np.where(land.trees > 0, crowns, 0)
    edge = 4 * land.roof * (1 - land.roof)
    bridge = land.water > 0.5
    pixels = np.empty((2, *plane.shape), np.float32)
    for number, name in enumerate(POLARISATIONS):
        power = _table(name)[matter] * fixed.ground * damp
        power += crowns * (_power(ECHOES[Cover.TREES], name) - power)
        power += land.roof * (_power(FLAT_ROOF, name) * fixed.roof - power)
        power += edge * _power(ROOF_EDGE, name)
        power += land.water * (_power(ECHOES[Cover.WATER], name) * wind - power)
        road = np.where(bridge, _power(BRIDGE, name), _power(ECHOES[Cover.ROAD], name))
        power += 0.85 * land.paved * (road - power)
        pixels[number] = ndimage.gaussian_filter(power, RESPONSE, truncate=3)
    return pixels


def speckle(random: np.random.Generator, shape: tuple[int, ...], looks: float) -> Pixels:
    """Return multiplicative speckle of mean 1 and variance 1 / looks.

    Gamma noise averaged over nearest neighbours along the last two axes, as overlapping looks are;
    its shape is chosen so that the average has the stated number of looks.
    """
    kernel = np.array([NEIGHBOUR, 1, NEIGHBOUR]) / (1 + 2 * NEIGHBOUR)
    single = looks * float(np.sum(kernel**2)) ** 2
    noise = random.standard_gamma(single, shape, np.float32) / np.float32(single)
    for axis in (-2, -1):
        noise = ndimage.correlate1d(noise, kernel, axis=axis, mode="wrap")
    return noise
