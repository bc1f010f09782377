"""The best fill without learning: Laplace interpolation from the gap's edge."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from core.grid import Pixels
from core.methods.fitted import load_fitted, save_fitted
from core.prepare.gaps import fill
from core.problem import Fuser, Method, Problem, Progress, Report, unreported
from core.scene import HIDDEN, Layer, Scene

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


def gapless(inputs: Scene) -> Layer:
    """Return the layer `filled` where there is one, else the optical image itself."""
    return inputs.layer(FILLED) if inputs.has(FILLED) else inputs.optical


class LaplaceFuser(Fuser):
    """Returns the interpolated image."""

    def __init__(self, bands: tuple[str, ...]) -> None:
        self.bands = bands

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Add the interpolated image, which needs the whole scene."""
        return fill_gaps(inputs, report)

    def fuse(self, block: Scene) -> Pixels:
        """Return the interpolated bands."""
        return block.layer(FILLED).raster.read(bands=self.bands)

    def save(self, folder: Path) -> None:
        """Write the band names."""
        save_fitted(folder, {"bands": self.bands})


@dataclass(frozen=True)
class Laplace(Method):
    """Interpolation across each gap."""

    key: ClassVar[str] = "laplace"
    label: ClassVar[str] = "Interpolation"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = "∇²Fₖ = 0 inside a gap,  Fₖ = Mₖ on its edge"
    source: ClassVar[str] = "Laplace's equation; Press et al., Numerical Recipes (2007), 20.5"
    summary: ClassVar[str] = (
        "Draws the smoothest surface from the gap's edge inwards, without radar: hard to beat in "
        "small gaps, a grey smear in large ones."
    )
    needs: ClassVar[Literal["", "visible answer", "gaps"]] = "gaps"

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Note which bands to fill; there is nothing to learn."""
        return LaplaceFuser(problem.bands)

    def load(self, folder: Path) -> Fuser:
        """Read the band names."""
        return LaplaceFuser(tuple(load_fitted(folder)["bands"]))
