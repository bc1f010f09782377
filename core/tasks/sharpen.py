"""Sharpen the optical image with radar's help, by Wald's protocol.

The optical image is made coarser by a simulated sensor, methods produce it at its own resolution
again, and the image itself, which no method has seen, is the truth. Where optical and radar have
one native resolution, as Sentinel-2 and Sentinel-1 do, nothing real is sharpened: the question is
then what a coarser optical sensor, such as Landsat's, would gain from the same radar.

There is nothing finer to learn from: the one training pair knows the coarse image itself, which
tells how radar and reflectance go together but is no mapping to train.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from bandweave.errors import TaskError
from bandweave.prepare.degradation import COARSE, CellRaster, degraded
from bandweave.problem import Feature, Flags, Posed, Problem, Task, TrainingPair, Truth
from bandweave.raster.grid import Grid, Raster
from bandweave.raster.scene import Layer, Resampled, Role, Scene
from bandweave.raster.virtual import FlagRaster, WithheldRaster
from bandweave.settings import setting
from bandweave.tasks.selection import (
    bands_setting,
    block_split,
    inputs_for,
    reflectance_scales,
    usable,
)

FEWEST_CELLS = 8
"""Coarse cells along a scene's shorter side."""


@dataclass(frozen=True)
class Sharpen(Task):
    """Return the optical image at its own resolution from a coarser one and radar."""

    key: ClassVar[str] = "sharpen"
    label: ClassVar[str] = "Sharpen"
    description: ClassVar[str] = (
        "Given the optical image as a simulated coarser sensor would see it, and the radar, return "
        "the image at its own resolution; scored on all clear pixels."
    )
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.OPTICAL_IMAGE, Feature.COARSE_IMAGE})
    drawn: ClassVar[bool] = False
    reference: ClassVar[str] = "bicubic"
    suggested: ClassVar[tuple[str, ...]] = ("back-projection", "bicubic")
    preset: ClassVar[str] = ""
    source: ClassVar[str] = (
        "Wald, Ranchin and Mangolini 1997, Photogrammetric Engineering and Remote Sensing 63(6), "
        "691-699"
    )

    ratio: int = setting(
        3,
        "Coarser by",
        "How many native pixels of the optical image one coarse pixel spans.",
        minimum=2,
        maximum=6,
    )
    bands: str = bands_setting()

    def pose(self, scene: Scene, seed: int) -> Posed:
        """Make the optical image coarser; the image itself is what is to be produced."""
        whole = inputs_for(scene, self.bands)
        pixels = usable(whole)
        native = whole.optical.native_factor
        factor = self.ratio * native
        _check_size(whole.grid, factor)
        inputs = _coarsened(whole, pixels.valid.flags, factor)
        scored = _in_whole_cells(pixels.clear.flags, native)
        if not scored.any():
            raise TaskError(
                "No native pixel of the optical image is clear as a whole.",
                "Choose another date or area, or check the cloud mask.",
            )
        problem = Problem(
            task=self.key,
            inputs=inputs,
            bands=inputs.optical.bands,
            pairs=(TrainingPair(inputs, inputs.optical.raster, pixels.valid),),
            split=block_split(inputs, seed, factor),
            seed=seed,
        )
        reference = whole.optical.raster
        truth = Truth(
            reference,
            {"all": FlagRaster(scored, whole.grid, "scored")},
            reflectance_scales(reference, scored),
            cell=native,
            resolution_ratio=1 / self.ratio,
        )
        return Posed(problem, truth)


def _check_size(grid: Grid, factor: int) -> None:
    cells = min(grid.shape) // factor
    if cells < FEWEST_CELLS:
        raise TaskError(
            f"The scene is too small: {grid.height} x {grid.width} pixels make {cells} coarse "
            f"pixels of {factor} along its shorter side; at least {FEWEST_CELLS} are needed.",
            f"Use a scene of at least {FEWEST_CELLS * factor} pixels a side, or make it less "
            "coarse.",
        )


def _coarsened(scene: Scene, valid: Flags, factor: int) -> Scene:
    """Return the scene with its optical layers replaced by a coarse one, interpolated and as it is.

    A pixel without data in one band has none in any, before and after.
    """
    optical, grid = scene.optical, scene.grid
    lost = FlagRaster(~valid, grid, "lost")
    samples = degraded(WithheldRaster(optical.raster, lost), factor)

    def layer(how: Resampled, name: str) -> Layer:
        raster: Raster = CellRaster(samples, factor, grid, optical.bands, how)
        if how is Resampled.CUBIC:
            raster = WithheldRaster(raster, lost)
        resolution = factor * grid.resolution
        return replace(
            optical, name=name, raster=raster, native_resolution=resolution, resampled=how
        )

    kept = scene.without(Role.OPTICAL).layers
    first, last = layer(Resampled.CUBIC, optical.name), layer(Resampled.NEAREST, COARSE)
    return replace(scene, layers=(first, *kept, last))


def _in_whole_cells(flags: Flags, cell: int) -> Flags:
    """Return the flagged pixels whose cell of `cell` x `cell` pixels is flagged as a whole."""
    rows, cols = (size // cell * cell for size in flags.shape)
    cells = flags[:rows, :cols].reshape(rows // cell, cell, cols // cell, cell)
    whole = np.zeros_like(flags)
    whole[:rows, :cols] = cells.all(axis=(1, 3)).repeat(cell, axis=0).repeat(cell, axis=1)
    return whole
