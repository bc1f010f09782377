"""The paper's task: rebuild a band from itself and the radar ratio.

The input contains the answer, so a plain copy has no error; the task shows what a network does to
an image, not what radar adds.
"""

from dataclasses import dataclass
from typing import ClassVar

from bandweave.prepare.normalisation import min_max
from bandweave.problem import BandScale, Feature, Posed, Problem, Region, Task, TrainingPair, Truth
from bandweave.raster.scene import CLOUD, Scene
from bandweave.raster.virtual import FlagRaster
from bandweave.tasks.selection import bands_setting, block_split, inputs_for, usable

BUFFER = 8
"""Pixels given up around validation blocks: the paper's networks look at most 13 away, and here
the answer is in the input anyway."""


@dataclass(frozen=True)
class Reconstruct(Task):
    """Rebuild each optical band from itself and radar, as in the paper."""

    key: ClassVar[str] = "reconstruct"
    label: ClassVar[str] = "Rebuild"
    description: ClassVar[str] = (
        "Given a band and the radar, return the band; scored on the whole scene, on the paper's "
        "scale of 0 to 1."
    )
    offers: ClassVar[frozenset[Feature]] = frozenset(
        {Feature.VISIBLE_ANSWER, Feature.OPTICAL_IMAGE, Feature.TRAINING_PAIRS}
    )
    drawn: ClassVar[bool] = False
    reference: ClassVar[str] = "copy"
    suggested: ClassVar[tuple[str, ...]] = ("shallow-cnn",)
    preset: ClassVar[str] = "demo"
    source: ClassVar[str] = "Ha Tuan Cuong, JETAP 8(1), 2026, doi 10.33093/jetap.2026.8.1.4"

    bands: str = bands_setting()

    def pose(self, scene: Scene, seed: int) -> Posed:
        """Return the paper's problem: everything is visible, every clear pixel is learned from."""
        inputs = inputs_for(scene, self.bands)
        pixels = usable(inputs)
        optical = inputs.optical
        problem = Problem(
            task=self.key,
            inputs=inputs,
            bands=optical.bands,
            pairs=(TrainingPair(inputs, optical.raster, pixels.clear),),
            split=block_split(inputs, seed, BUFFER),
            seed=seed,
        )

        extent = min_max(optical.raster, lambda window: pixels.clear.flags[window.slices])
        regions: dict[Region, FlagRaster] = {"all": pixels.valid}
        if inputs.mask(CLOUD) is not None and not (pixels.clear.flags == pixels.valid.flags).all():
            regions["clear"] = pixels.clear
        scales = tuple(
            BandScale(low, high, 1.0) for low, high in zip(extent.lower, extent.upper, strict=True)
        )
        return Posed(problem, Truth(optical.raster, regions, scales))
