"""Refusals of numbers that cannot be what they are said to be, and warnings of unlikely ones.

Thresholds are wide of what Earth's surface does: reflectance lies within about -0.2..1.5 (clouds,
glint), Sentinel-1 backscatter within about -45..30 dB.
"""

from collections.abc import Sequence

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.radiometry import RadarUnit
from bandweave.raster.grid import Pixels
from bandweave.sources.guess import (
    DARKEST_WITH_OFFSET,
    DB_HIGHEST,
    DB_LOWEST,
    Notes,
    darkest,
    require_data,
)


def check_offset(offset: float, numbers: Pixels, name: str, notes: Notes) -> None:
    """Warn where a Sentinel-2 offset (in stored numbers) disagrees with the darkest pixels."""
    dark = darkest(np.where(numbers == 0, np.float32(np.nan), numbers))
    if offset == 0 and dark > DARKEST_WITH_OFFSET:
        notes.warn(
            f"{name} is read with offset 0, but its darkest first percentile is {dark:.0f}: the "
            "product may be of processing baseline 04.00 or later, with offset -1000."
        )
    elif offset < 0 and dark + offset < -200:
        notes.warn(
            f"{name} is read with offset {offset:.0f}, but its darkest first percentile is "
            f"{dark:.0f}: the product may be older than processing baseline 04.00, with offset 0."
        )


def check_reflectance(values: Pixels, name: str, notes: Notes) -> None:
    """Refuse (band, value) numbers that cannot be reflectance, and warn of unlikely ones."""
    require_data(values, name)
    low, middle, high = (float(v) for v in np.nanpercentile(values, (1, 50, 99)))
    if middle < -0.1 or high > 3 or high < 0.001:
        raise SceneError(
            f"{name} is not reflectance as read: 1 % lies below {low:.4g}, half below "
            f"{middle:.4g}, 99 % below {high:.4g}; expected about 0 to 1.",
            "State another optical product, or the right scale and offset.",
        )
    if low > 0.4:
        notes.warn(
            f"Even the darkest pixels of {name} reflect {low:.2f}: it is all cloud or snow, or "
            "its scale is another."
        )


def check_radar(values: Pixels, unit: RadarUnit, names: Sequence[str], name: str) -> None:
    """Refuse (band, value) numbers that cannot be in `unit`; NaN is no data."""
    require_data(values, name)
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    found = f"its numbers run from {lowest:.4g} to {highest:.4g}"
    if unit != "db" and float(np.nanmean(values < 0)) > 0.001:
        raise SceneError(
            f"{name} is stated to be {unit}, which is never negative, but {found}.",
            "It is probably in dB: state the radar unit db.",
        )
    if unit == "db" and (highest > DB_HIGHEST or lowest < DB_LOWEST):
        raise SceneError(
            f"{name} is stated to be in dB, expected within {DB_LOWEST:g} to {DB_HIGHEST:g}, "
            f"but {found}.",
            "State the radar unit power or amplitude, or convert the file to dB.",
        )
    if unit == "db" and lowest >= 0 and len(names) > 1 and highest <= 2:
        raise SceneError(
            f"{name} is stated to be in dB, but {found}: that looks like linear power.",
            "State the radar unit power.",
        )


def check_polarisations(power: Pixels, names: Sequence[str], name: str, notes: Notes) -> None:
    """Refuse a band (of power, (band, value)) without data, and warn where VH outshines VV."""
    for band, values in zip(names, power, strict=True):
        require_data(values, f"Band {band} of {name}")
    if tuple(names) == ("VV", "VH") and np.nanmedian(power[0]) < np.nanmedian(power[1]):
        notes.warn(
            f"In {name} VH is brighter than VV, which natural surfaces hardly are: the bands may "
            "be swapped."
        )
