"""Practice: hide visible pixels, fill them, and see how far a fill is worth following."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.prepare.simulated_gaps import SimulatedGaps, gap_field, simulate_gaps
from bandweave.problem import Flags, Problem
from bandweave.raster.grid import Pixels, Window
from bandweave.raster.scene import HIDDEN, Layer
from bandweave.raster.virtual import FlagRaster

PRACTICE = 2
"""Second number of its masks' seeds; tasks have 0 and 1 for theirs."""
PAIRS = 2
"""One alone may leave a real gain too unsure to be followed: 2 of 6 masks of a scene did."""
COVERAGE = (0.2, 0.5)
LARGE = 300
"""Pixels a side from which on a scene has gaps of the larger size."""
SCALES, SMALL_SCALES = (6.0, 12.0, 24.0), (4.0, 8.0, 16.0)
WHOLE, SITE, SITES = 1024, 768, 4
"""Scenes larger than the first, in pixels a side, are practised on in squares of the second."""
DRAWS = 400
SURE, SURER = 2.0, 3.0
"""How many standard errors a gain must exceed to be followed at all."""


class Known(NamedTuple):
    """What is known of the image that is to be filled."""

    image: Pixels
    """(band, row, col), NaN where it is not visible."""
    visible: Flags
    lost: Flags
    """Hidden by the task; what is neither visible nor lost has no data."""


def known_image(problem: Problem) -> Known:
    """Return what a gap problem shows of its image."""
    pair = problem.known
    image = pair.target.read(bands=problem.bands)
    visible: Flags = np.asarray(np.isfinite(image).all(axis=0))
    mask = pair.inputs.mask(HIDDEN)
    lost: Flags = ~visible & (False if mask is None else mask.raster.read()[0] == 1)
    return Known(image, visible, lost)


def practice_gaps(
    optical: Layer, visible: Flags, seed: int, pairs: Iterable[int] = range(PAIRS)
) -> Iterator[SimulatedGaps]:
    """Yield gaps in the visible pixels, in pairs: a field's highest part, then its lowest.

    `pairs` are the numbers of the fields, which are drawn anew for each.
    """
    scales = SCALES if min(visible.shape) > LARGE else SMALL_SCALES
    allowed = FlagRaster(visible, optical.raster.grid, "visible")
    for number in pairs:
        seeds = (seed, PRACTICE, number)
        share = float(np.random.default_rng(seeds).uniform(*COVERAGE))
        field = replace(gap_field(optical, seeds), scales=scales)
        yield simulate_gaps(field, allowed, share)
        yield simulate_gaps(replace(field, inverted=True), allowed, share)


def block_errors(truth: Pixels, found: Pixels, scored: Flags) -> NDArray[np.float64]:
    """Return squared errors summed over bands and scored pixels, a sum a block of 32 to 96."""
    squares = (found[:, scored].astype(np.float64) - truth[:, scored]) ** 2
    return block_sums(squares.sum(axis=0), np.nonzero(scored), scored.shape)


def block_sums(
    values: NDArray[np.float64],
    places: tuple[NDArray[np.intp], ...],
    shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """Return sums of pixels' values, one a block of 32 to 96 pixels a side.

    `places` are the pixels' rows and columns in a scene of `shape` (rows, cols).
    """
    side = 96 if shape[1] > LARGE else 64 if shape[1] > LARGE // 2 else 32
    wide = -(-shape[1] // side)
    blocks = places[0] // side * wide + places[1] // side
    return np.bincount(blocks, values, wide * -(-shape[0] // side)).astype(np.float64)


def practice_sites(visible: Flags, seed: int) -> list[Window]:
    """Return where to practise: the whole scene, or four squares of a large one.

    Squares lie where much is visible; with them a large scene costs no more than a middling one.
    """
    height, width = visible.shape
    if max(height, width) <= WHOLE:
        return [Window(0, 0, height, width)]
    tall, wide = min(height, SITE), min(width, SITE)
    starts = [
        sorted({*range(0, size - side + 1, side // 2), size - side})
        for size, side in ((height, tall), (width, wide))
    ]
    sites = [Window(row, col, tall, wide) for row in starts[0] for col in starts[1]]
    shares = np.array([visible[each.slices].mean() for each in sites])
    order = np.random.default_rng((seed, PRACTICE)).permutation(len(sites))
    # those with as much to see as the scene has come first, in random order
    ranked = sorted(order.tolist(), key=lambda index: -min(shares[index], visible.mean()))
    return [sites[index] for index in ranked[:SITES]]


def worth_following(
    before: NDArray[np.float64], after: NDArray[np.float64], sure: float = SURE
) -> float:
    """Return how far to go from a plain fill to an informed one, 0 to 1, by their block errors.

    1 - (sure se / gain)^2, where `gain` is 1 less the quotient of their RMSE and `se` its standard
    deviation over 400 draws of blocks; 0 where nothing is gained or that is not sure.
    """
    gain = _gain(before, after)
    if not gain > 0:
        return 0.0
    some = before + after > 0
    before, after = before[some], after[some]
    draws = np.random.default_rng(0).integers(0, len(before), (DRAWS, len(before)))
    error = float(np.std([_gain(before[each], after[each]) for each in draws]))
    return max(0.0, 1 - (sure * error / gain) ** 2)


def _gain(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    total = before.sum()
    return 1 - math.sqrt(after.sum() / total) if total > 0 else 0.0
