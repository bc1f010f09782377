"""The compiled loop of `resampling`; apart so that importing costs no compiler."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

TRIANGLE, CUBIC, BOX = 0, 1, 2


@numba.njit(cache=True, nogil=True)
def _weights(
    position: float,
    kernel: int,
    radius: float,
    size: int,
    weights: NDArray[np.float64],
) -> tuple[int, int]:
    """Fill the weights of the pixels within `radius` of a position; return first and count.

    Pixels outside the image (of `size`) get weight 0; the weights of all would sum to 1.
    """
    first = math.floor(position - radius)
    count = math.floor(position + radius) - first + 1
    whole = 0.0
    for number in range(count):
        pixel = first + number
        x = abs(pixel + 0.5 - position)
        if kernel == TRIANGLE:
            weight = max(0.0, 1.0 - x)
        elif kernel == CUBIC:
            # cubic convolution with a = -0.5 (Keys 1981, doi 10.1109/TASSP.1981.1163711)
            if x < 1.0:
                weight = (1.5 * x - 2.5) * x * x + 1.0
            elif x < 2.0:
                weight = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
            else:
                weight = 0.0
        else:
            covered = min(pixel + 1.0, position + radius) - max(float(pixel), position - radius)
            weight = max(0.0, covered)
        whole += weight
        weights[number] = weight
    for number in range(count):
        outside = first + number < 0 or first + number >= size
        weights[number] = 0.0 if outside else weights[number] / whole
    return first, count


@numba.njit(cache=True, nogil=True)
def _weighted(
    pixels: NDArray[np.float32],
    top: int,
    left: int,
    down: NDArray[np.float64],
    across: NDArray[np.float64],
) -> tuple[float, float]:
    """Return the weighted sum of the pixels that are data, and the sum of their weights."""
    total, mass = 0.0, 0.0
    for m in range(down.size):
        if down[m] == 0.0:
            continue
        for n in range(across.size):
            if across[n] == 0.0:
                continue
            pixel = pixels[top + m, left + n]
            if not math.isnan(pixel):
                weight = down[m] * across[n]
                total += weight * pixel
                mass += weight
    return total, mass


@numba.njit(cache=True, nogil=True)
def interpolate(  # noqa: PLR0913 - compiled code takes arrays and numbers, not objects
    pixels: NDArray[np.float32],
    corner: tuple[int, int],
    shape: tuple[int, int],
    rows: NDArray[np.float64],
    cols: NDArray[np.float64],
    kernel: int,
    radius: tuple[float, float],
    edge: float,
    values: NDArray[np.float32],
) -> None:
    """Fill `values` (band, row, col), NaN so far, with interpolated pixels.

    `pixels` start at `corner` of a source of `shape`; `rows` and `cols` are positions in that
    source, shaped (row, col), or 1 along the axis on which they do not change.
    """
    down = np.empty(int(2 * radius[0]) + 3)
    across = np.empty(int(2 * radius[1]) + 3)
    for i in range(values.shape[1]):
        for j in range(values.shape[2]):
            row = rows[i, min(j, rows.shape[1] - 1)]
            col = cols[min(i, cols.shape[0] - 1), j]
            own_row, own_col = math.floor(row + edge), math.floor(col + edge)
            if not (0 <= own_row < shape[0] and 0 <= own_col < shape[1]):
                continue
            top, tall = _weights(row, kernel, radius[0], shape[0], down)
            left, wide = _weights(col, kernel, radius[1], shape[1], across)
            for band in range(values.shape[0]):
                own = pixels[band, own_row - corner[0], own_col - corner[1]]
                if kernel != BOX and math.isnan(own):
                    continue
                total, mass = _weighted(
                    pixels[band], top - corner[0], left - corner[1], down[:tall], across[:wide]
                )
                if mass >= 0.5 - edge:
                    values[band, i, j] = total / mass
                elif kernel != BOX:
                    # bilinear at a corner of the data; cubic's weights could nearly cancel here
                    values[band, i, j] = own if kernel == CUBIC else total / mass
