"""Clouds, their shadows and haze over the simulated city, and Landsat's words for them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bandweave.raster.grid import Pixels
from bandweave.sources.delta.patterns import Field, Plane

Flags = NDArray[np.bool_]
SHADOW_SHIFT = (-58, -69)
"""Rows and columns from a cloud to its shadow at 10 m: cloud tops at 1.15 km under a sun 52 degrees
high in the south-east, as in mid-February at half past ten."""
VISIBLE = 0.15
"""Opacity from which a cloud, or darkness from which a shadow, is called one."""
CLOUD = (0.50, 0.51, 0.53, 0.55)
"""Reflectance of an opaque cloud: red, green, blue, nir."""
SHADE = (0.51, 0.50, 0.47, 0.57)
"""Share of the light that a full shadow takes away, by band."""
HAZE = (0.004, 0.006, 0.010, 0.002)
DILATION = 3
"""Landsat pixels by which the dilated-cloud bit reaches beyond a cloud."""
DILATED_BIT, CLOUD_BIT, SHADOW_BIT, CLEAR_BIT, WATER_BIT = 1, 3, 4, 6, 7
LOW_CONFIDENCE = 0b01_01_01_01 << 8
"""Cloud, shadow, snow and cirrus confidence, two bits each from bit 8: all low."""


@dataclass(frozen=True, eq=False)
class Weather:
    """What is between the ground and the sensor; arrays (row, col), 0..1."""

    cloud: Field
    shadow: Field
    brightness: Field
    """Of the clouds, relative."""
    haze: Field

    def seen(self, pixels: Pixels) -> Pixels:
        """Return reflectance (red, green, blue, nir) as it leaves the atmosphere."""
        through = np.empty_like(pixels)
        for band in range(len(pixels)):
            lit = pixels[band] * (1 - np.float32(SHADE[band]) * self.shadow)
            lit = lit * (1 - np.float32(0.06) * self.haze) + np.float32(HAZE[band]) * self.haze
            white = np.float32(CLOUD[band]) * self.brightness
            through[band] = lit + self.cloud * (white - lit)
        return through


def weather(plane: Plane, name: str, cover: float, haze: float) -> Weather:
    """Return the weather of a date: `cover` is the share of the plane under visible cloud."""
    down, right = (abs(shift) for shift in SHADOW_SHIFT)
    wide = replace(plane, height=plane.height + 2 * down, width=plane.width + 2 * right)
    veil = 1 + np.float32(0.3) * plane.noise(f"{name}/haze", 8000)
    clear = np.zeros(plane.shape, np.float32)
    if cover == 0:
        return Weather(clear, clear, clear, np.float32(haze) * veil)
    pattern = wide.fractal(f"{name}/cloud", 2200, 6)
    inside = pattern[down : down + plane.height, right : right + plane.width]
    threshold = float(np.quantile(inside, 1 - cover))
    opacity = np.clip(VISIBLE + (pattern - threshold) / np.float32(0.6), 0, 1)
    opacity = opacity.astype(np.float32)
    cloud = opacity[down : down + plane.height, right : right + plane.width]
    row, col = down - SHADOW_SHIFT[0], right - SHADOW_SHIFT[1]
    shadow = opacity[row : row + plane.height, col : col + plane.width]
    brightness = 0.8 + 0.2 * opacity + 0.06 * wide.fractal(f"{name}/billows", 300, 3)
    brightness = brightness[down : down + plane.height, right : right + plane.width]
    return Weather(cloud, shadow, brightness.astype(np.float32), np.float32(haze) * veil)


def qa_pixel(cloud: Flags, shadow: Flags, water: Flags) -> NDArray[np.uint16]:
    """Return Landsat Collection 2 QA_PIXEL values at 30 m.

    USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide (LSDS-1619), table 6-2: the clear
    bit is unset under cloud and dilated cloud, and stays set in shadow.
    """
    reach = ndimage.generate_binary_structure(2, 2)
    dilated = ndimage.binary_dilation(cloud, reach, DILATION) & ~cloud
    shadow = shadow & ~cloud
    bits = np.full(cloud.shape, LOW_CONFIDENCE, np.uint16)
    for flag, bit in (
        (dilated, DILATED_BIT),
        (cloud, CLOUD_BIT),
        (shadow, SHADOW_BIT),
        (~cloud & ~dilated, CLEAR_BIT),
        (water & ~cloud, WATER_BIT),
    ):
        bits |= flag.astype(np.uint16) << np.uint16(bit)
    bits |= cloud.astype(np.uint16) << np.uint16(9)
    bits |= shadow.astype(np.uint16) << np.uint16(11)
    return bits
