"""Practice: hide visible pixels, fill them, and see how far a fill is worth following."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bandweave.prepare.simulated_gaps import SimulatedGaps, gap_field, simulate_gaps
from bandweave.problem import Flags
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer
from bandweave.raster.virtual import FlagRaster

PRACTICE = 2
"""Second number of its masks' seeds; tasks have 0 and 1 for theirs."""
PAIRS = 2
"""One alone may leave a real gain too unsure to be followed: 2 of 6 masks of a scene did."""
COVERAGE = (0.2, 0.5)
LARGE = 300
"""Pixels a side from which on a scene has gaps of the larger size."""
SCALES, SMALL_SCALES = (6.0, 12.0, 24.0), (4.0, 8.0, 16.0)
DRAWS = 400
_SURE = 2.0
"""How many standard errors a gain must exceed to be followed at all."""


def practice_gaps(optical: Layer, visible: Flags, seed: int) -> Iterator[SimulatedGaps]:
    """Yield gaps in the visible pixels, in pairs: a field's highest part, then its lowest."""
    scales = SCALES if min(visible.shape) > LARGE else SMALL_SCALES
    allowed = FlagRaster(visible, optical.raster.grid, "visible")
    for number in range(PAIRS):
        seeds = (seed, PRACTICE, number)
        share = float(np.random.default_rng(seeds).uniform(*COVERAGE))
        field = replace(gap_field(optical, seeds), scales=scales)
        yield simulate_gaps(field, allowed, share)
        yield simulate_gaps(replace(field, inverted=True), allowed, share)


def block_errors(truth: Pixels, found: Pixels, scored: Flags) -> NDArray[np.float64]:
    """Return squared errors summed over bands and scored pixels, a sum a block of 32 to 96."""
    rows, cols = np.nonzero(scored)
    width = scored.shape[1]
    side = 96 if width > LARGE else 64 if width > LARGE // 2 else 32
    wide = -(-width // side)
    squares = (found[:, rows, cols].astype(np.float64) - truth[:, rows, cols]) ** 2
    blocks = rows // side * wide + cols // side
    count = wide * -(-scored.shape[0] // side)
    return np.bincount(blocks, squares.sum(axis=0), count).astype(np.float64)


def worth_following(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return how far to go from a plain fill to an informed one, 0 to 1, by their block errors.

    1 - (2 se / gain)^2, where `gain` is 1 less the quotient of their RMSE and `se` its standard
    deviation over 400 draws of blocks; 0 where nothing is gained or that is not sure.
    """
    gain = _gain(before, after)
    if not gain > 0:
        return 0.0
    some = before + after > 0
    before, after = before[some], after[some]
    draws = np.random.default_rng(0).integers(0, len(before), (DRAWS, len(before)))
    error = float(np.std([_gain(before[each], after[each]) for each in draws]))
    return max(0.0, 1 - (_SURE * error / gain) ** 2)


def _gain(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    total = before.sum()
    return 1 - math.sqrt(after.sum() / total) if total > 0 else 0.0
