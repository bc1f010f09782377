"""The compiled loops of `speckle_filters`; apart so that importing costs no compiler.

Each pixel's sums are taken over its own window, always in the same order, in float64: the same
pixels give the same bits wherever they lie in the array. Unknown pixels (not finite) add nothing.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

SIDE = 7
"""Of the refined filter's window."""
_HALF = SIDE * (SIDE + 1) // 2
"""Pixels of a half window with the line through the centre."""
_EVEN = 1e-9
"""Share of the centre's mean by which differences may differ and still be even: rounding."""


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _estimate(pixel: float, count: float, total: float, squares: float, noise: float) -> float:
    """Return x = m + b (y - m) from a window's sums; `noise` is Cu^2."""
    mean = total / count
    variance = max(0.0, squares / count - mean * mean)
    signal = max(0.0, (variance - mean * mean * noise) / (1.0 + noise))
    gain = signal / variance if variance > 0.0 else 0.0
    return mean + gain * (pixel - mean)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _add_row(row: NDArray[np.float32], sums: NDArray[np.float64]) -> None:
    """Add a row's known pixels, their sums and squares, to the columns' (3, col)."""
    counts, totals, squares = sums[0], sums[1], sums[2]
    for j in range(row.size):
        known = math.isfinite(row[j])
        pixel = float(row[j]) if known else 0.0
        counts[j] += 1.0 if known else 0.0
        totals[j] += pixel
        squares[j] += pixel * pixel


@numba.njit(cache=True, nogil=True, error_model="numpy")
def lee(
    pixels: NDArray[np.float32], radius: int, noise: float, filtered: NDArray[np.float32]
) -> None:
    """Fill `filtered` (row, col) from `pixels`, which reach `radius` farther on every side."""
    rows, cols = filtered.shape
    side = 2 * radius + 1
    columns = np.empty((3, pixels.shape[1]))
    sums = np.empty((3, cols))
    for i in range(rows):
        columns[:] = 0.0
        for k in range(side):
            _add_row(pixels[i + k], columns)
        sums[:] = 0.0
        for k in range(side):
            for part in range(3):
                shifted, into = columns[part, k : k + cols], sums[part]
                for j in range(cols):
                    into[j] += shifted[j]
        counts, totals, squares = sums[0], sums[1], sums[2]
        own, result = pixels[i + radius, radius : radius + cols], filtered[i]
        for j in range(cols):
            value = _estimate(float(own[j]), counts[j], totals[j], squares[j], noise)
            result[j] = value if math.isfinite(own[j]) else math.nan


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _means(pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the 3 x 3 means of known pixels (two rows and columns fewer), NaN without any."""
    rows, cols = pixels.shape[0] - 2, pixels.shape[1] - 2
    means = np.empty((rows, cols))
    columns = np.empty((3, pixels.shape[1]))
    for i in range(rows):
        columns[:] = 0.0
        for k in range(3):
            _add_row(pixels[i + k], columns)
        counts, totals, into = columns[0], columns[1], means[i]
        for j in range(cols):
            into[j] = (totals[j] + totals[j + 1] + totals[j + 2]) / (
                counts[j] + counts[j + 1] + counts[j + 2]
            )
    return means


@numba.njit(cache=True, nogil=True)
def _halves(width: int) -> NDArray[np.intp]:
    """Return the steps from the centre to each half window's pixels, (half, pixel).

    Rows of an image are `width` long. Halves are in pairs, one an edge: upper left and lower right
    of /, upper right and lower left of \\, left and right of |, above and below -.
    """
    steps = np.empty((8, _HALF), np.intp)
    found = np.zeros(8, np.intp)
    reach = SIDE // 2
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            for edge, across in enumerate((down + right, down - right, right, down)):
                first = 2 * edge
                if across <= 0:
                    steps[first, found[first]] = down * width + right
                    found[first] += 1
                if across >= 0:
                    steps[first + 1, found[first + 1]] = down * width + right
                    found[first + 1] += 1
    return steps


@numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _known(mean: float, otherwise: float) -> float:
    return otherwise if math.isnan(mean) else mean


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _choose(
    upper: NDArray[np.float64],
    middle: NDArray[np.float64],
    lower: NDArray[np.float64],
    chosen: NDArray[np.intp],
) -> None:
    """Fill `chosen` with each pixel's half window, as numbered by `_halves`, from its nine means.

    The rows are of means two rows above, at and two rows below; they begin two columns to the left.
    """
    for j in range(chosen.size):
        c = middle[j + 2]
        nw, n, ne = _known(upper[j], c), _known(upper[j + 2], c), _known(upper[j + 4], c)
        w, e = _known(middle[j], c), _known(middle[j + 4], c)
        sw, s, se = _known(lower[j], c), _known(lower[j + 2], c), _known(lower[j + 4], c)
        even = _EVEN * abs(c)
        strongest = abs((w + nw + n) - (e + se + s))
        half, first, second = 0, upper[j], lower[j + 4]
        gradient = abs((n + ne + e) - (w + sw + s))
        if gradient > strongest + even:
            strongest, half, first, second = gradient, 2, upper[j + 4], lower[j]
        gradient = abs((nw + w + sw) - (ne + e + se))
        if gradient > strongest + even:
            strongest, half, first, second = gradient, 4, middle[j], middle[j + 4]
        gradient = abs((nw + n + ne) - (sw + s + se))
        if gradient > strongest + even:
            half, first, second = 6, upper[j + 2], lower[j + 2]
        farther = abs(second - c) < abs(first - c) - even or math.isnan(first)
        chosen[j] = half + (1 if farther else 0)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def refined_lee(pixels: NDArray[np.float32], noise: float, filtered: NDArray[np.float32]) -> None:
    """Fill `filtered` (row, col) from `pixels`, contiguous, 3 farther on every side."""
    rows, cols = filtered.shape
    reach, width = SIDE // 2, pixels.shape[1]
    means = _means(pixels)
    steps = _halves(width)
    flat = pixels.ravel()
    chosen = np.empty(cols, np.intp)
    for i in range(rows):
        _choose(means[i], means[i + 2], means[i + 4], chosen)
        for j in range(cols):
            at = (i + reach) * width + j + reach
            own = flat[at]
            if not math.isfinite(own):
                filtered[i, j] = math.nan
                continue
            count, total, squares = 0.0, 0.0, 0.0
            for step in steps[chosen[j]]:
                known = math.isfinite(flat[at + step])
                pixel = float(flat[at + step]) if known else 0.0
                count += 1.0 if known else 0.0
                total += pixel
                squares += pixel * pixel
            filtered[i, j] = _estimate(float(own), count, total, squares, noise)
