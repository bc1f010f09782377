"""Seam index: does an image show the edges of the blocks it was made in?"""

import numpy as np
from numpy.typing import NDArray


def seam_index(reference: NDArray[np.float32], estimate: NDArray[np.float32], block: int) -> float:
    """Return how much steeper the error is across block edges than elsewhere; 1 means no seams.

    `reference` and `estimate` are (row, col); blocks of side `block` are counted from the upper
    left corner. The error's absolute differences between neighbours across an edge are averaged
    and divided by the average of all others; pairs with no data do not count. NaN where there is
    no edge, or no error at all.
    """
    error = estimate.astype(np.float64) - reference
    across, elsewhere = [], []
    for axis in (0, 1):
        steps = np.abs(np.diff(error, axis=axis))
        at_edge = np.arange(1, error.shape[axis]) % block == 0
        across.append(np.compress(at_edge, steps, axis=axis).ravel())
        elsewhere.append(np.compress(~at_edge, steps, axis=axis).ravel())
    edges, others = np.concatenate(across), np.concatenate(elsewhere)
    edges, others = edges[np.isfinite(edges)], others[np.isfinite(others)]
    if not edges.size or not others.size or not others.any():
        return float("nan")
    return float(edges.mean() / others.mean())
