"""The optical image with its gaps interpolated: what many methods start from."""

from dataclasses import replace

from bandweave.errors import MethodError
from bandweave.prepare.gaps import fill
from bandweave.problem import Progress, Report, unreported
from bandweave.raster.scene import HIDDEN, Layer, Scene

FILLED = "filled"
"""The prepared layer: the optical image with its gaps interpolated."""


def fill_gaps(inputs: Scene, report: Report = unreported) -> Scene:
    """Return the inputs with a layer `filled`; unchanged where no pixel is hidden."""
    mask = inputs.mask(HIDDEN)
    if mask is None:
        return inputs
    report(Progress("Interpolating gaps", 0, 1))
    optical = inputs.optical
    filled = fill(optical.raster, mask.raster)
    report(Progress("Interpolating gaps", 1, 1))
    return inputs.adding(replace(optical, name=FILLED, raster=filled))


def gaps_of(inputs: Scene) -> Layer:
    """Return the mask of hidden pixels; `MethodError` where nothing is hidden."""
    mask = inputs.mask(HIDDEN)
    if mask is None:
        raise MethodError("Nothing is hidden.", "Choose a task with gaps.")
    return mask


def gapless(inputs: Scene) -> Layer:
    """Return the layer `filled` where there is one, else the optical image itself."""
    return inputs.layer(FILLED) if inputs.has(FILLED) else inputs.optical
