"""The compiled sums of `matching`; apart so that importing costs no compiler.

Rows are taken through buffers of float64 that stay in cache; within a row every loop is over
contiguous values and vectorises. Sums may be taken in another order than written (`reassoc`),
which is what lets them; no data keeps its meaning.
"""

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@compiled
def _products(x: Any, y: Any) -> float:
    total = 0.0
    for col in range(x.size):
        total += x[col] * y[col]
    return total


@compiled
def statistics_sums(
    optical: NDArray[np.float32],
    radar: NDArray[np.float32],
    shift: NDArray[np.float64],
    extent: NDArray[np.float64],
    sums: NDArray[np.float64],
    products: NDArray[np.float64],
) -> int:
    """Add sums and products of the pixels where everything is known; return how many there are.

    The variables are the bands of `optical` (band, row, col) and, last, `radar` (row, col), each
    less its `shift`. `extent` (variable, 2) is widened to the smallest and largest value. Only the
    upper triangle of `products` is filled.
    """
    bands, height, width = optical.shape
    count = 0
    known = np.empty(width)
    values = np.empty((bands + 1, width))
    lows, highs = np.full((bands + 1, width), np.inf), np.full((bands + 1, width), -np.inf)
    for row in range(height):
        for col in range(width):
            known[col] = 1.0 if np.isfinite(radar[row, col]) else 0.0
        for band in range(bands):
            for col in range(width):
                known[col] = known[col] if np.isfinite(optical[band, row, col]) else 0.0
        for band in range(bands + 1):
            line = radar[row] if band == bands else optical[band, row]
            start = shift[band]
            for col in range(width):
                value = np.float64(line[col])
                usable = known[col] == 1.0
                values[band, col] = value - start if usable else 0.0
                # column by column, so that columns are compared side by side
                low, high = lows[band, col], highs[band, col]
                lows[band, col] = value if usable and value < low else low
                highs[band, col] = value if usable and value > high else high
        count += int(known.sum())
        for one in range(bands + 1):
            sums[one] += values[one].sum()
            for other in range(one, bands + 1):
                products[one, other] += _products(values[one], values[other])
    for band in range(bands + 1):
        extent[band, 0] = min(extent[band, 0], lows[band].min())
        extent[band, 1] = max(extent[band, 1], highs[band].max())
    return count
