"""Regression on radar, corrected by its own interpolated error."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from bandweave.methods.filled import gaps_of
from bandweave.methods.model_file import load_fitted, save_fitted
from bandweave.methods.regression import Regression, looks_setting, regress
from bandweave.prepare.gaps import fill
from bandweave.problem import Feature, Fuser, Method, Problem, Progress, Report, unreported
from bandweave.raster.grid import BLOCK, Pixels
from bandweave.raster.scene import Layer, Scene
from bandweave.raster.virtual import MemoryRaster, scratch

RESIDUAL = "residual"
"""The prepared layer: what the regression misses, interpolated across the gaps."""


class RegressionLaplaceFuser(Fuser):
    """Returns the prediction plus its own interpolated error."""

    def __init__(self, regression: Regression) -> None:
        self.bands = regression.bands
        self.halo = regression.halo
        self.regression = regression

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Add the corrected prediction: the residual's interpolation needs the whole scene."""
        mask = gaps_of(inputs)
        report(Progress("Interpolating gaps", 0, 1))
        residual = scratch((len(self.bands), *inputs.grid.shape))
        for window in inputs.grid.windows(BLOCK):
            optical = inputs.optical.raster.read(window, self.bands)
            residual[(slice(None), *window.slices)] = optical - self.regression.predict(
                inputs, window
            )
        correction = fill(MemoryRaster(residual, inputs.grid, self.bands), mask.raster)
        report(Progress("Interpolating gaps", 1, 1))
        return inputs.adding(replace(inputs.optical, name=RESIDUAL, raster=correction))

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the radar and the interpolated residual."""
        return (prepared.layer(self.regression.radar), prepared.layer(RESIDUAL))

    def fuse(self, block: Scene) -> Pixels:
        """Return the prediction plus the interpolated residual."""
        return self.regression.predict(block) + block.layer(RESIDUAL).raster.read()

    def save(self, folder: Path) -> None:
        """Write the coefficients."""
        save_fitted(folder, self.regression)


@dataclass(frozen=True)
class RadarLaplace(Method):
    """Regression on radar, corrected by what it misses at the gap's edge."""

    key: ClassVar[str] = "radar-laplace"
    label: ClassVar[str] = "Radar + interpolation"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = (
        "Fₖ = Pₖ + L(Mₖ − Pₖ),  Pₖ = radar regression,  L = interpolation across the gap"
    )
    source: ClassVar[str] = "Regression kriging's idea (Hengl et al. 2007) with Laplace's equation"
    summary: ClassVar[str] = (
        "Adds to the radar regression its own error, interpolated from the gap's edge: better than "
        "interpolation where radar and image vary alike, else worse, and speckled."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.GAPS})

    looks: str = looks_setting("multi-look")

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Fit least squares on the visible pixels."""
        return RegressionLaplaceFuser(regress(problem, self.looks))

    def load(self, folder: Path) -> Fuser:
        """Read the coefficients."""
        return RegressionLaplaceFuser(load_fitted(folder, Regression))
