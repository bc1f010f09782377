"""The least informed guess: each band's mean."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.errors import MethodError
from core.grid import BLOCK, Pixels, Raster
from core.methods.fitted import load_fitted, save_fitted
from core.problem import Fuser, Method, Problem, Report, unreported
from core.scene import Scene


def band_means(raster: Raster) -> tuple[float, ...]:
    """Return the mean of each band's finite pixels, in the band's unit, streaming."""
    total = np.zeros(len(raster.bands))
    count = np.zeros(len(raster.bands))
    for window in raster.grid.windows(BLOCK):
        pixels = raster.read(window)
        finite = np.isfinite(pixels)
        total += np.where(finite, pixels, 0).sum(axis=(1, 2), dtype=np.float64)
        count += finite.sum(axis=(1, 2))
    if not count.all():
        raise MethodError(
            "A band has no visible pixel to learn from.", "Check the scene for no data."
        )
    return tuple((total / count).tolist())


class BandMeanFuser(Fuser):
    """Returns constants."""

    def __init__(self, bands: tuple[str, ...], means: tuple[float, ...]) -> None:
        self.bands = bands
        self.means = means

    def fuse(self, block: Scene) -> Pixels:
        """Return each band's mean everywhere."""
        shape = (len(self.bands), *block.grid.shape)
        column = np.array(self.means, dtype=np.float32)[:, None, None]
        return np.broadcast_to(column, shape).copy()

    def save(self, folder: Path) -> None:
        """Write the means."""
        save_fitted(folder, {"bands": self.bands, "means": self.means})


@dataclass(frozen=True)
class BandMean(Method):
    """Each band's mean over the visible pixels."""

    key: ClassVar[str] = "band-mean"
    label: ClassVar[str] = "Band mean"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = "Fₖ = mean of Mₖ over all visible pixels"
    source: ClassVar[str] = "Arithmetic mean"
    summary: ClassVar[str] = (
        "Paints every pixel with the mean of the visible ones: what a method that knows nothing "
        "about a place would say."
    )

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Average the visible pixels."""
        return BandMeanFuser(problem.bands, band_means(problem.inputs.optical.raster))

    def load(self, folder: Path) -> Fuser:
        """Read the means."""
        learned = load_fitted(folder)
        return BandMeanFuser(tuple(learned["bands"]), tuple(learned["means"]))
