"""Optical from radar, pixel by pixel and linearly: what radar alone says."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bandweave.methods.model_file import load_fitted, save_fitted
from bandweave.methods.regression import Regression, looks_setting, regress
from bandweave.problem import Fuser, Method, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer, Scene


class RegressionFuser(Fuser):
    """Returns the regression's prediction."""

    def __init__(self, regression: Regression) -> None:
        self.bands = regression.bands
        self.halo = regression.halo
        self.regression = regression

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the radar it was fitted to."""
        return (prepared.layer(self.regression.radar),)

    def fuse(self, block: Scene) -> Pixels:
        """Predict the bands from the block's radar."""
        return self.regression.predict(block)

    def save(self, folder: Path) -> None:
        """Write the coefficients."""
        save_fitted(folder, self.regression)


@dataclass(frozen=True)
class RadarRegression(Method):
    """Linear regression of each band on radar."""

    key: ClassVar[str] = "radar-regression"
    label: ClassVar[str] = "Radar regression"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = (
        "Fₖ = aₖ + Σⱼ bₖⱼ Rⱼ,  Rⱼ in dB,  a and b by least squares over visible pixels"
    )
    source: ClassVar[str] = "Ordinary least squares on VV and VH in decibels"
    summary: ClassVar[str] = (
        "Predicts each band from the radar of the same pixel: it tells water from town, keeps the "
        "speckle, and knows nothing of colour."
    )

    looks: str = looks_setting("pixel")

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Fit least squares on the visible pixels."""
        return RegressionFuser(regress(problem, self.looks))

    def load(self, folder: Path) -> Fuser:
        """Read the coefficients."""
        return RegressionFuser(load_fitted(folder, Regression))
