"""The compiled loops of component substitution; apart so that importing costs no compiler.

Rows are taken through buffers of float64 that stay in cache; within a row every loop is over
contiguous values and vectorises. Sums may be taken in another order than written (`reassoc`),
which is what lets them; no data keeps its meaning.
"""

import numba
import numpy as np
from numpy.typing import NDArray

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@compiled
def inject(  # noqa: PLR0913 - compiled code takes arrays and numbers, not objects
    optical: NDArray[np.float32],
    radar: NDArray[np.float32],
    component: NDArray[np.float64],
    offset: float,
    line: tuple[float, float],
    gains: NDArray[np.float64],
    floor: float,
    fused: NDArray[np.float32],
) -> None:
    """Fill `fused` with each band plus its gain times (matched radar - component).

    The component is `offset` + sum of `component` x bands; radar is matched as line[0] x radar +
    line[1] and adds nothing where it is no data. A positive `floor` makes gains multiply the band
    itself over max(component, floor).
    """
    bands, height, width = optical.shape
    replaced, change = np.empty(width), np.empty(width)
    slope, intercept = line
    for row in range(height):
        replaced[:] = offset
        for band in range(bands):
            share = component[band]
            for col in range(width):
                replaced[col] += share * optical[band, row, col]
        for col in range(width):
            value = np.float64(radar[row, col])
            difference = slope * value + intercept - replaced[col]
            if floor > 0.0:
                difference /= max(replaced[col], floor)
            change[col] = 0.0 if np.isnan(value) else difference
        for band in range(bands):
            gain = gains[band]
            if floor > 0.0:
                for col in range(width):
                    value = np.float64(optical[band, row, col])
                    fused[band, row, col] = value + gain * value * change[col]
            else:
                for col in range(width):
                    value = np.float64(optical[band, row, col])
                    fused[band, row, col] = value + gain * change[col]
