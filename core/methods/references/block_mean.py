"""What is left of an image when every 4 x 4 pixels become one."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from bandweave.methods.model_file import Bands, load_fitted, save_fitted
from bandweave.problem import Feature, Fuser, Method, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer, Scene

SIDE = 4


class BlockMeanFuser(Fuser):
    """Replaces each 4 x 4 block by its mean."""

    stride = SIDE

    def __init__(self, bands: tuple[str, ...]) -> None:
        self.bands = bands

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the optical image."""
        return (prepared.optical,)

    def fuse(self, block: Scene) -> Pixels:
        """Return block means of the finite pixels; a block without any stays NaN."""
        pixels = block.optical.raster.read(bands=self.bands)
        bands, rows, cols = pixels.shape
        cells = pixels.reshape(bands, rows // SIDE, SIDE, cols // SIDE, SIDE)
        finite = np.isfinite(cells)
        count = finite.sum(axis=(2, 4))
        total = np.where(finite, cells, 0).sum(axis=(2, 4), dtype=np.float64)
        means = np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)
        return means.repeat(SIDE, axis=1).repeat(SIDE, axis=2)

    def save(self, folder: Path) -> None:
        """Write the band names."""
        save_fitted(folder, Bands(self.bands))


@dataclass(frozen=True)
class BlockMean(Method):
    """The optical image in 4 x 4 blocks."""

    key: ClassVar[str] = "block-mean"
    label: ClassVar[str] = "4 x 4 mean"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = "Fₖ = mean of Mₖ over the block of 4 × 4 pixels"
    source: ClassVar[str] = "The resolution two 2 x 2 poolings leave, as in the autoencoder"
    summary: ClassVar[str] = (
        "Averages blocks of 4 x 4 pixels, the resolution inside the autoencoder: a network that "
        "scores no better has learned to blur."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.VISIBLE_ANSWER})

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Note which bands to average."""
        return BlockMeanFuser(problem.bands)

    def load(self, folder: Path) -> Fuser:
        """Read the band names."""
        return BlockMeanFuser(load_fitted(folder, Bands).bands)
