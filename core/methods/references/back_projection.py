"""The best that sharpening does without learning: agree with every coarse sample."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from bandweave.methods.model_file import Bands, load_fitted, save_fitted
from bandweave.prepare.degradation import COARSE, CellRaster, degraded, samples_of
from bandweave.problem import Feature, Fuser, Method, Problem, Progress, Report, unreported
from bandweave.raster.grid import BLOCK, Pixels, Raster
from bandweave.raster.scene import Layer, Resampled, Scene
from bandweave.raster.virtual import FlagRaster, WithheldRaster, scratch
from bandweave.settings import setting

PROJECTED = "projected"
"""The prepared layer: the image that agrees with the samples."""


class BackProjectionFuser(Fuser):
    """Returns the image that the coarse sensor would have seen as the samples.

    Iterations look as many times four coarse pixels away, far beyond a block; but as each step
    adds an interpolated image, all of them together are one interpolation of corrected samples.
    Those are few, and are prepared for the whole scene.
    """

    def __init__(self, bands: tuple[str, ...], iterations: int) -> None:
        self.bands = bands
        self._iterations = iterations

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Add the interpolation of the corrected samples."""
        coarse, lost = inputs.layer(COARSE), _without_data(inputs.optical.raster)
        factor = coarse.native_factor
        samples = samples_of(coarse.raster, factor)
        corrected = scratch(samples.shape)
        corrected[:] = samples
        interpolated = CellRaster(corrected, factor, inputs.grid, coarse.bands, Resampled.CUBIC)
        image = WithheldRaster(interpolated, lost)
        for step in range(self._iterations):
            report(Progress("Projecting back", step, self._iterations))
            missed = degraded(image, factor)
            np.subtract(samples, missed, out=missed)
            np.add(corrected, missed, out=corrected)
        report(Progress("Projecting back", self._iterations, self._iterations))
        return inputs.adding(replace(inputs.optical, name=PROJECTED, raster=image))

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the image that agrees with the samples."""
        return (prepared.layer(PROJECTED),)

    def fuse(self, block: Scene) -> Pixels:
        """Return the block of that image."""
        return block.layer(PROJECTED).raster.read(bands=self.bands)

    def save(self, folder: Path) -> None:
        """Write the band names."""
        save_fitted(folder, Bands(self.bands))


def _without_data(raster: Raster) -> FlagRaster:
    lost = np.zeros(raster.grid.shape, dtype=np.bool_)
    for window in raster.grid.windows(BLOCK):
        lost[window.slices] = np.isnan(raster.read(window)).any(axis=0)
    return FlagRaster(lost, raster.grid, "lost")


@dataclass(frozen=True)
class BackProjection(Method):
    """Bicubic interpolation, corrected until it agrees with the coarse image."""

    key: ClassVar[str] = "back-projection"
    label: ClassVar[str] = "Bicubic + back-projection"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = (
        "Fₖ ← Fₖ + ↑ (Mₖ − ↓ Fₖ),  ↓ = as the coarse sensor sees it,  ↑ = cubic convolution"
    )
    source: ClassVar[str] = "Irani and Peleg 1991, doi 10.1016/1049-9652(91)90045-L"
    summary: ClassVar[str] = (
        "Makes the interpolated image coarse again and adds what it misses, without radar: hard to "
        "beat, though it sharpens noise too."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.COARSE_IMAGE})

    iterations: int = setting(
        10, "Iterations", "How often what is missed is added.", minimum=1, maximum=30
    )

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Note which bands to return; there is nothing to learn."""
        return BackProjectionFuser(problem.bands, self.iterations)

    def load(self, folder: Path) -> Fuser:
        """Read the band names."""
        return BackProjectionFuser(load_fitted(folder, Bands).bands, self.iterations)
