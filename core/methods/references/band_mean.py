"""The least informed guess: each band's mean."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from bandweave.methods.band_means import band_means
from bandweave.methods.model_file import load_fitted, save_fitted
from bandweave.problem import Fuser, Method, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer, Scene


@dataclass(frozen=True)
class Means:
    """A mean a band, in the band's unit."""

    bands: tuple[str, ...]
    means: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse means of other bands."""
        if len(self.means) != len(self.bands):
            raise ValueError("its means are not of its bands")


class BandMeanFuser(Fuser):
    """Returns constants."""

    def __init__(self, learned: Means) -> None:
        self.bands = learned.bands
        self.learned = learned

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return nothing: the means are known."""
        return ()

    def fuse(self, block: Scene) -> Pixels:
        """Return each band's mean everywhere."""
        shape = (len(self.bands), *block.grid.shape)
        column = np.array(self.learned.means, dtype=np.float32)[:, None, None]
        return np.broadcast_to(column, shape).copy()

    def save(self, folder: Path) -> None:
        """Write the means."""
        save_fitted(folder, self.learned)


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
        return BandMeanFuser(Means(problem.bands, band_means(problem.known.target)))

    def load(self, folder: Path) -> Fuser:
        """Read the means."""
        return BandMeanFuser(load_fitted(folder, Means))
