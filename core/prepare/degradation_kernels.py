"""The compiled loop of `degradation`; apart so that importing costs no compiler."""

import math

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True)
def sample(
    pixels: NDArray[np.float32],
    corner: tuple[int, int],
    factor: int,
    taps: NDArray[np.float64],
    lead: int,
    samples: NDArray[np.float32],
) -> None:
    """Fill `samples` (band, row, col), NaN so far, with weighted means of pixels around cells.

    `corner` is where the first cell's upper left pixel is in `pixels`, which hold all there are
    within the taps; those begin `lead` pixels before a cell. Pixels that are NaN have no weight.
    """
    bands, height, width = pixels.shape
    for band in range(bands):
        for i in range(samples.shape[1]):
            for j in range(samples.shape[2]):
                top = corner[0] + i * factor - lead
                left = corner[1] + j * factor - lead
                total, mass = 0.0, 0.0
                for m in range(max(0, -top), min(taps.size, height - top)):
                    for n in range(max(0, -left), min(taps.size, width - left)):
                        pixel = pixels[band, top + m, left + n]
                        if not math.isnan(pixel):
                            weight = taps[m] * taps[n]
                            total += weight * pixel
                            mass += weight
                if mass > 0.0:
                    samples[band, i, j] = total / mass
