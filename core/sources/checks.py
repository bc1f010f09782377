"""Refusals of numbers that cannot be what they are said to be, and warnings of unlikely ones.

Thresholds are wide of what Earth's surface does: reflectance lies within about -0.2..1.5 (clouds,
glint), Sentinel-1 backscatter within about -45..30 dB.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bandweave.errors import SceneError
from bandweave.prepare.radiometry import RadarUnit
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import RATIO_BAND
from bandweave.sources.evidence import Notes
from bandweave.sources.guess import DB_HIGHEST, DB_LOWEST, require_data

ENOUGH = 5000
"""Pixels from which a correlation can be told from chance."""
UNRELATED = 0.02
FEWEST = 100
"""Pixels from which a share of them tells something."""
NOISY = 0.05
"""Share of power below 0 up to which it may be noise that was subtracted."""


def check_reflectance(values: Pixels, name: str, stated: bool, notes: Notes) -> None:
    """Refuse (band, value) numbers that cannot be reflectance, and warn of unlikely ones.

    `stated` is whether the user has said how they are read.
    """
    require_data(values, name)
    low, middle, high = (float(v) for v in np.nanpercentile(values, (1, 50, 99)))
    if middle < -0.1 or high > 3 or high < 1e-4:
        hint = (
            "State another optical product, or a scale and an offset; per cent has a scale of 0.01."
        )
        raise SceneError(
            f"{name} is not reflectance as {'stated' if stated else 'read'}: 1 % lies below "
            f"{low:.4g}, half below {middle:.4g}, 99 % below {high:.4g}; expected about 0 to 1.",
            "Another scale and offset is needed than the one stated." if stated else hint,
        )
    if low > 0.4:
        notes.warn(
            f"Even the darkest pixels of {name} reflect {low:.2f}: it is all cloud or snow, or "
            "its scale is another."
        )


def check_surfaces(bands: Mapping[str, Pixels], name: str, notes: Notes) -> None:
    """Warn where a band is constant, or water and vegetation reflect what they never do.

    Vegetation (NDVI above 0.6) reflects 0.1 to 0.8 in the near infrared, water (NDWI above 0.4)
    at most 0.2; both within sample values (value,).
    """
    for band, values in bands.items():
        known = values[np.isfinite(values)]
        if known.size > 1 and known.min() == known.max():
            notes.warn(f"Band {band} of {name} is {known[0]:.4g} everywhere in the sample.")
    if not {"green", "red", "nir"} <= set(bands):
        return
    green, red, nir = (bands[band] for band in ("green", "red", "nir"))
    with np.errstate(divide="ignore", invalid="ignore"):
        vegetation = (red > 0) & ((nir - red) / (nir + red) > 0.6)
        water = (nir > 0) & ((green - nir) / (green + nir) > 0.4)
    for what, there, lowest, highest in (
        ("Vegetation", vegetation, 0.1, 0.8),
        ("Water", water, 0.0, 0.2),
    ):
        if (
            np.mean(there) > 0.05
            and not lowest <= (middle := float(np.median(nir[there]))) <= highest
        ):
            notes.warn(
                f"{what} in {name} would reflect {middle:.2f} in the near infrared, expected "
                f"{lowest:g} to {highest:g}: the scale or the order of bands is probably another."
            )


def check_repeats(values: Pixels, name: str, notes: Notes) -> None:
    """Warn where many pixels of (band, value) have one and the same value in every band."""
    known = np.isfinite(values).all(axis=0)
    if known.sum() < FEWEST:
        return
    found, places = np.unique(values[0][known], return_inverse=True)
    most_often = int(np.argmax(np.bincount(places)))
    same = np.flatnonzero(known)[places == most_often]
    share = same.size / float(known.sum())
    if share > 0.3 and all(np.unique(band[same]).size == 1 for band in values):
        notes.warn(
            f"{share:.0%} of {name} have one and the same value, {found[most_often]:.4g}: "
            "probably no data that the file does not say."
        )


def check_radar(
    values: Pixels, unit: RadarUnit, names: Sequence[str], name: str, notes: Notes, *, stated: bool
) -> None:
    """Refuse (band, value) numbers that cannot be in `unit`; NaN is no data.

    Power a little below 0 is what the subtraction of noise leaves, and warned of.
    """
    require_data(values, name)
    lowest, highest = (float(v) for v in np.nanpercentile(values, (0.1, 99.9)))
    found = f"its numbers run from {lowest:.4g} to {highest:.4g}"
    said = "stated to be" if stated else "taken as"
    negative = float(np.nanmean(values[np.isfinite(values)] < 0))
    if unit == "power" and 0.001 < negative < NOISY:
        notes.warn(
            f"{negative:.1%} of {name} are below 0, as the subtraction of noise leaves it: no data."
        )
    elif unit != "db" and negative > 0.001:
        raise SceneError(
            f"{name} is {said} {unit}, which is never negative, but {found}.",
            "It is probably in dB: state the radar unit db.",
        )
    if unit == "db" and (highest > DB_HIGHEST or lowest < DB_LOWEST):
        raise SceneError(
            f"{name} is {said} in dB, expected within {DB_LOWEST:g} to {DB_HIGHEST:g}, "
            f"but {found}.",
            "State the scale to dB (0.1 for dB x 10, 0.01 for dB x 100), or another unit.",
        )
    if unit == "db" and lowest >= 0 and RATIO_BAND not in names and highest <= 2:
        raise SceneError(
            f"{name} is {said} in dB, but {found}: that looks like linear power.",
            "State the radar unit power.",
        )


def check_polarisations(power: Mapping[str, Pixels], notes: Notes) -> None:
    """Warn where the cross-polarised band outshines the other one, whatever file each is in."""
    if RATIO_BAND in power and np.nanmedian(power[RATIO_BAND]) < 1:
        notes.warn("VV/VH is mostly below 1, which it hardly is on land or water: it may be VH/VV.")
    for co, cross in (("VV", "VH"), ("HH", "HV")):
        if {co, cross} <= set(power) and np.nanmedian(power[co]) < np.nanmedian(power[cross]):
            notes.warn(
                f"{cross} is brighter than {co}, which natural surfaces hardly are: the bands may "
                "be swapped."
            )


def check_likeness(optical: Pixels, radar: Pixels, notes: Notes) -> None:
    """Warn where no optical band goes with any radar band in a window, (band, row, col) each."""
    known = (
        np.isfinite(optical).all(axis=0) & np.isfinite(radar).all(axis=0) & (radar > 0).all(axis=0)
    )
    if known.sum() < ENOUGH:
        return
    rows = [*optical[:, known].astype(np.float64), *np.log(radar[:, known].astype(np.float64))]
    varying = [row for row in rows if row.std() > 0]
    if len(varying) < len(rows):
        return
    found = np.corrcoef(rows)[: len(optical), len(optical) :]
    if np.abs(found).max() < UNRELATED:
        notes.warn(
            "Optical and radar go together in no band: they may be of different places, or one of "
            "them may be noise."
        )
