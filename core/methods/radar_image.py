"""One image of radar in decibels: what classical methods put in the place of an optical component.

A polarisation, their mean or their quotient, as it is or after a speckle filter. Filters work on
linear power, before anything is turned into decibels.
"""

from dataclasses import dataclass, replace

import numpy as np

from bandweave.errors import MethodError
from bandweave.methods.radar import RANGE_DB, radar_inputs
from bandweave.prepare.radiometry import power_to_db
from bandweave.prepare.speckle_filters import FilteredRaster, SpeckleFilter
from bandweave.raster.grid import Pixels, Raster
from bandweave.raster.scene import Scene, Unit
from bandweave.raster.virtual import MappedRaster, SelectedRaster

MEAN, RATIO = "mean", "VV/VH"
COMPONENTS = ("VV", "VH", MEAN, RATIO)


@dataclass(frozen=True)
class RadarImage:
    """Which radar image is used."""

    component: str
    """One of `COMPONENTS`; the mean is that of VV and VH in decibels."""
    speckle: SpeckleFilter

    @property
    def halo(self) -> int:
        """How many pixels away its values look."""
        return self.speckle.halo

    def of(self, scene: Scene) -> Raster:
        """Return the image as one band in decibels, cut to -40..15; NaN where there is none.

        Raises `MethodError` where the scene's radar does not have what is asked for.
        """
        layer = scene.radar
        if self.component == RATIO:
            filtered = replace(layer, raster=FilteredRaster(layer.raster, self.speckle))
            return MappedRaster(radar_inputs(filtered, "ratio"), _decibels, (RATIO,))
        wanted = ("VV", "VH") if self.component == MEAN else (self.component,)
        if missing := [name for name in wanted if name not in layer.bands]:
            raise MethodError(
                f"The radar has {', '.join(layer.bands)}, not {' and '.join(missing)}.",
                f"Choose {RATIO} as the radar component."
                if layer.unit is Unit.RATIO
                else "Choose another radar component.",
            )
        chosen = FilteredRaster(SelectedRaster(layer.raster, wanted), self.speckle)
        return MappedRaster(chosen, _mean_decibels, (self.component,))


def _mean_decibels(power: Pixels) -> Pixels:
    decibels = _decibels(power)
    return decibels if len(decibels) == 1 else decibels.mean(axis=0, keepdims=True)


def _decibels(power: Pixels) -> Pixels:
    return np.clip(power_to_db(power), *RANGE_DB)
