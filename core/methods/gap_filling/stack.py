"""From members to one fill: how much each counts, and how far off the fill is likely to be.

Weights are those of least squared error on practice rows that no member saw, not negative and of
sum 1 (stacking, Breiman 1996, doi 10.1007/BF00117832), taken half and half with equal ones.
Intervals are normalised by a model of the error's size: the signed errors' quantiles over their
expected size (Lei et al. 2018, doi 10.1080/01621459.2017.1307116), by distance from what is
visible.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from bandweave.methods.gap_filling.members import Ridge, Rows

FOLDS = 4
EDGES = (5.0, 15.0, 30.0)
"""Distances in pixels between the bins of which each has its own quantiles."""
TAIL = 0.05
LEAST_ERROR = 0.05
"""In standard units: added before the logarithm, so that no error is infinitely small."""
FEWEST = 200
"""Rows that a bin's quantiles need; with fewer it has those of all rows."""


def folds(
    places: tuple[NDArray[np.intp], ...], shape: tuple[int, ...], seed: int
) -> NDArray[np.intp]:
    """Return each pixel's fold: blocks of 16 to 48 pixels a side, in a diagonal pattern."""
    side = 48 if min(shape) > 300 else 32 if min(shape) > 150 else 16
    fold: NDArray[np.intp] = (places[0] // side + 2 * (places[1] // side) + seed) % FOLDS
    return fold


def stacking_weights(predictions: Sequence[Rows], truth: Rows) -> NDArray[np.float64]:
    """Return the weights of least squared error, none below 0, of sum 1.

    >>> a, b = np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]])
    >>> stacking_weights([a, b], np.array([[0.5], [1.5]])).round(6).tolist()
    [0.5, 0.5]
    """
    columns = np.stack([each.ravel() for each in predictions], axis=1).astype(np.float64)
    heavy = 1e3 * np.sqrt(len(columns))
    rows = np.vstack([columns, np.full(columns.shape[1], heavy)])
    weights, _ = nnls(rows, np.append(truth.ravel().astype(np.float64), heavy))
    found: NDArray[np.float64] = weights / weights.sum()
    return found


@dataclass(frozen=True)
class Intervals:
    """Quantiles of the signed error over its expected size."""

    quantiles: tuple[tuple[float, ...], ...]
    """(bin of distance, 2 x band): each band's lower and upper one."""
    deepest: float
    """Distance in pixels up to which there was practice; what lies deeper is not calibrated."""

    def __post_init__(self) -> None:
        """Refuse quantiles of other bins, or bands that are not the same in each."""
        widths = {len(row) for row in self.quantiles}
        if len(self.quantiles) != len(EDGES) + 1 or len(widths) != 1 or widths.pop() % 2:
            raise ValueError("its quantiles are not of its bins")

    def bounds(self, sizes: Rows, distance: NDArray[np.float32]) -> tuple[Rows, Rows]:
        """Return how far below and above the fill the truth may lie, 5 and 95 per cent."""
        table = np.array(self.quantiles, np.float32)[np.digitize(distance, EDGES)]
        return sizes * table[:, 0::2], sizes * table[:, 1::2]


def error_size_targets(errors: Rows) -> Rows:
    """Return what a model of the error's size learns: log(|error| + 0.05)."""
    sizes: Rows = np.log(np.abs(errors) + np.float32(LEAST_ERROR))
    return sizes


def error_sizes(ridge: Ridge, x: Rows, fitted: Sequence[Mapping[str, NDArray[np.float32]]]) -> Rows:
    """Return the expected size of errors by the folds' models together."""
    logarithm = np.mean([ridge.predict(x, each) for each in fitted], axis=0)
    sizes: Rows = np.exp(logarithm)
    return sizes


def calibrated(errors: Rows, sizes: Rows, distance: NDArray[np.float32]) -> Intervals:
    """Return the intervals of errors (truth less fill) on practice rows at these distances."""
    relative = errors / sizes
    bins = np.digitize(distance, EDGES)
    rows = []
    for number in range(len(EDGES) + 1):
        inside = bins == number
        of = relative[inside] if inside.sum() >= FEWEST else relative
        rows.append(tuple(np.quantile(of, (TAIL, 1 - TAIL), axis=0).T.ravel().tolist()))
    return Intervals(tuple(rows), float(distance.max()))
