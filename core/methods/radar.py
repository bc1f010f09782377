"""Radar as methods see it: in decibels, or as the quotient VV/VH."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from bandweave.errors import MethodError
from bandweave.prepare.radiometry import power_to_db, ratio
from bandweave.raster.grid import Grid, Pixels, Raster, Window
from bandweave.raster.scene import RATIO_BAND, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MappedRaster

RadarInput = Literal["ratio", "db", "none"]
RADAR_INPUTS: tuple[str, ...] = get_args(RadarInput)
RANGE_DB = (-40.0, 15.0)
"""Decibels outside are noise floors and corner reflectors; they would lead any fit."""


def decibels(power: Raster) -> Raster:
    """Return radar power in decibels cut to -40..15, band by band; NaN stays.

    The quotient VV/VH, a power too, becomes the difference VV - VH.
    """

    def convert(pixels: Pixels) -> Pixels:
        return np.clip(power_to_db(pixels), *RANGE_DB)

    return MappedRaster(power, convert, power.bands)


def radar_inputs(layer: Layer, kind: RadarInput) -> Raster:
    """Return the radar bands a network is given: VV/VH as a quotient of powers, or VV and VH."""
    if kind == "db":
        if layer.unit is Unit.RATIO:
            raise MethodError(
                "The scene has only the quotient VV/VH, not VV and VH.",
                "Choose VV/VH as the radar input.",
            )
        return decibels(layer.raster)
    if layer.unit is Unit.RATIO:
        return layer.raster
    if not {"VV", "VH"} <= set(layer.bands):
        raise MethodError(
            f"The radar has {', '.join(layer.bands)}; the quotient VV/VH needs VV and VH.",
            "Choose decibels as the radar input.",
        )
    vv, vh = layer.bands.index("VV"), layer.bands.index("VH")

    def quotient(power: Pixels) -> Pixels:
        return ratio(power[vv], power[vh])[None]

    return MappedRaster(layer.raster, quotient, (RATIO_BAND,))


@dataclass(frozen=True, eq=False)
class MeanRaster:
    """The mean of rasters with the same bands, over those that have data at a pixel."""

    bases: tuple[Raster, ...]

    @property
    def grid(self) -> Grid:
        """The grid all of them share."""
        return self.bases[0].grid

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands all of them have."""
        return self.bases[0].bands

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return means of a window (default: all) and of some bands; NaN where none has data."""
        stack = np.stack([base.read(window, bands) for base in self.bases])
        count = np.isfinite(stack).sum(axis=0)
        total = np.nansum(stack, axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def radar_dates(scene: Scene) -> tuple[Layer, ...]:
    """Return the wanted date's radar layers that can be compared: with the bands of the first."""
    first = scene.radar
    return tuple(
        layer
        for layer in scene.all(Role.RADAR, earlier=False)
        if (layer.bands, layer.unit) == (first.bands, first.unit)
    )


def joint_radar(scene: Scene) -> Layer:
    """Return the wanted date's radar, its power averaged over acquisitions where there are more."""
    dates = radar_dates(scene)
    if len(dates) == 1:
        return dates[0]
    return replace(dates[0], raster=MeanRaster(tuple(layer.raster for layer in dates)))
