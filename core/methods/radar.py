"""Radar as methods see it: in decibels, or as the quotient VV/VH."""

from typing import Literal, get_args

import numpy as np

from bandweave.errors import MethodError
from bandweave.prepare.radiometry import power_to_db, ratio
from bandweave.raster.grid import Pixels, Raster
from bandweave.raster.scene import RATIO_BAND, Layer, Unit
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
