"""Fill gaps in the optical image with radar's help, and know how well.

Gaps are simulated over clear pixels, so the truth is known; it is withheld from the problem
altogether. What can be learned comes from the scene itself: more gaps are simulated in visible
pixels, and those are the training pairs. Real clouds have no truth: where they are what is to
be filled, the simulated gaps tell how well it is likely to go.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.ndimage import uniform_filter

from bandweave.errors import TaskError
from bandweave.prepare.simulated_gaps import gap_field, simulate_gaps
from bandweave.problem import Feature, Flags, Posed, Problem, Task, TrainingPair, Truth
from bandweave.raster.grid import Window
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import FlagRaster
from bandweave.settings import setting
from bandweave.tasks.selection import (
    FEWEST_BLOCKS,
    bands_setting,
    block_split,
    inputs_for,
    reflectance_scales,
    usable,
    withheld,
)

MEASURE, FILL = "measure", "fill"
SCORED, TRAINING = 0, 1
"""What a simulated mask is for: the second number of its seed, so that none repeats another."""
TRAINING_COVERAGE = (0.15, 0.6)
SAMPLE, SMOOTH, LONGEST, FADED = 512, 33, 64, 0.1


@dataclass(frozen=True)
class Gap(Task):
    """Fill clouds: the hidden pixels are to be produced, and only they are scored."""

    key: ClassVar[str] = "gap"
    label: ClassVar[str] = "Fill clouds"
    description: ClassVar[str] = (
        "Given the optical image with gaps and the radar, return the image without gaps; scored "
        "on hidden pixels only."
    )
    offers: ClassVar[frozenset[Feature]] = frozenset(
        {Feature.OPTICAL_IMAGE, Feature.GAPS, Feature.TRAINING_PAIRS}
    )
    drawn: ClassVar[bool] = True
    reference: ClassVar[str] = "laplace"
    suggested: ClassVar[tuple[str, ...]] = ("bandweave", "radar-classes", "laplace")
    preset: ClassVar[str] = "fast"
    source: ClassVar[str] = (
        "Simulated gaps over clear pixels, as Meraner et al. (2020), doi "
        "10.1016/j.isprsjprs.2020.05.013, have real ones"
    )

    purpose: str = setting(
        MEASURE,
        "Purpose",
        "Measure: hide clear pixels and score them. Fill: fill the real clouds; the scores are "
        "estimated on hidden clear pixels.",
        choices=(MEASURE, FILL),
        on_clouds=FILL,
        formerly=("use",),
    )
    coverage: float = setting(
        0.3, "Hidden share", "Share of the clear pixels to hide.", minimum=0.02, maximum=0.9
    )
    training_masks: int = setting(
        3,
        "Training masks",
        "How many masks to simulate in visible pixels for learning.",
        minimum=1,
        maximum=12,
        advanced=True,
        formerly=("lessons",),
    )
    bands: str = bands_setting()

    def withholds(self) -> str:
        """Say what is hidden from methods."""
        return f"{self.coverage:.0%} hidden" if self.purpose == MEASURE else "clouds withheld"

    def pose(self, scene: Scene, seed: int) -> Posed:
        """Hide part of the clear pixels, and real clouds with them, and practise on the rest."""
        whole = inputs_for(scene, self.bands)
        pixels = usable(whole)
        clouds = pixels.valid.flags & ~pixels.clear.flags
        if self.purpose == FILL and not clouds.any():
            raise TaskError(
                "The scene has no clouds to fill.",
                "Import it with its quality band, or measure on simulated gaps.",
            )
        field = gap_field(whole.optical, (seed, SCORED))
        gap, scored = simulate_gaps(field, pixels.clear, self.coverage)
        visible = pixels.clear.flags & ~gap
        if not scored.any() or not visible.any():
            raise TaskError(
                f"Hiding {self.coverage:.0%} leaves nothing to score or nothing to see.",
                "Choose another hidden share.",
            )
        hidden = pixels.valid.flags & ~visible
        inputs = withheld(whole, hidden)
        problem = gap_problem(inputs, (visible, hidden), self.training_masks, seed)
        reference = whole.optical.raster
        truth = Truth(
            reference,
            {"hidden": FlagRaster(scored, whole.grid, "hidden")},
            reflectance_scales(reference, visible),
        )
        if self.purpose == MEASURE:
            return Posed(problem, truth)
        return Posed(problem, truth, replace(problem, inputs=withheld(whole, clouds)))


def gap_problem(
    inputs: Scene, flags: tuple[Flags, Flags], training_masks: int, seed: int
) -> Problem:
    """Return the problem of inputs from which the hidden pixels of `flags` are withheld.

    `flags` are the visible and the hidden pixels; in the visible ones training masks are simulated.
    """
    return Problem(
        task=Gap.key,
        inputs=inputs,
        bands=inputs.optical.bands,
        pairs=tuple(
            _training_pair(inputs, flags, (seed, TRAINING, number))
            for number in range(training_masks)
        ),
        split=block_split(inputs, seed, _buffer(inputs), fewest=FEWEST_BLOCKS),
        seed=seed,
    )


def _training_pair(
    inputs: Scene, flags: tuple[Flags, Flags], seeds: tuple[int, ...]
) -> TrainingPair:
    """Simulate one more mask in the visible pixels: what it takes away is to be learned."""
    visible, hidden = flags
    drawn = np.random.default_rng(seeds).uniform(*TRAINING_COVERAGE)
    allowed = FlagRaster(visible, inputs.grid, "visible")
    gap, learnable = simulate_gaps(gap_field(inputs.optical, seeds), allowed, float(drawn))
    return TrainingPair(
        withheld(inputs, hidden | gap),
        inputs.optical.raster,
        FlagRaster(learnable, inputs.grid, "learnable"),
    )


def _buffer(inputs: Scene) -> int:
    """Return the lag in pixels at which fine detail's correlation falls below 0.1, at most 64.

    Estimated along the rows of the first band in the middle of the scene. The image's running
    mean is taken off first: what interpolation leaves to be learned is fine detail.
    """
    height, width = (min(size, SAMPLE) for size in inputs.grid.shape)
    row, col = (inputs.grid.height - height) // 2, (inputs.grid.width - width) // 2
    band = inputs.optical.bands[:1]
    image = inputs.optical.raster.read(Window(row, col, height, width), band)[0]
    known = np.isfinite(image)
    weight = uniform_filter(known.astype(np.float64), SMOOTH)
    smooth = uniform_filter(np.where(known, image, 0.0).astype(np.float64), SMOOTH)
    detail = np.where(known, image - smooth / np.maximum(weight, 1e-9), 0.0)
    variance = (detail[known] ** 2).mean() if known.any() else 0.0
    farthest = min(LONGEST, width - 1)
    for lag in range(1, farthest):
        both = known[:, lag:] & known[:, :-lag]
        products = (detail[:, lag:] * detail[:, :-lag])[both]
        if not products.size or products.mean() < FADED * variance:
            return lag
    return farthest
