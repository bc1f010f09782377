"""The compiled choice between coefficients; apart so that importing costs no compiler.

Sums are taken in the order written, so that a choice never depends on where a window lies.
"""

import numba
import numpy as np
from numpy.typing import NDArray

compiled = numba.njit(cache=True, nogil=True)


@compiled
def larger(own: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    """Replace coefficients of `own` (row, col) by those of `other` that are larger in size."""
    for row in range(own.shape[0]):
        for col in range(own.shape[1]):
            a, b = own[row, col], other[row, col]
            own[row, col] = b if abs(b) > abs(a) else a


@compiled
def _squares(line: NDArray[np.float64], squares: NDArray[np.float64]) -> None:
    """Fill a row of squares, continued periodically by one column on both sides."""
    width = line.size
    for col in range(width):
        squares[col + 1] = line[col] * line[col]
    squares[0], squares[width + 1] = squares[width], squares[1]


@compiled
def _energy(rows: NDArray[np.float64], sums: NDArray[np.float64]) -> None:
    """Fill a row with the sums of three rows of squares, continued as they are."""
    above, here, below = rows[0], rows[1], rows[2]
    for col in range(sums.size):
        sums[col] = above[col] + here[col] + below[col]


@compiled
def stronger(own: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    """Replace coefficients of `own` by those of `other` with more energy in 3 x 3 of them.

    The images are periodic. Rows' squares are kept for as long as they count, so that what has
    been replaced does not.
    """
    height, width = own.shape
    # of either image the rows above, here and below, and the first, which is below the last
    one, two = np.empty((4, width + 2)), np.empty((4, width + 2))
    for image, squares in ((own, one), (other, two)):
        _squares(image[height - 1], squares[1])
        _squares(image[0], squares[2])
        squares[3] = squares[2]
    energy, others = np.empty(width + 2), np.empty(width + 2)
    for row in range(height):
        for image, squares in ((own, one), (other, two)):
            squares[0], squares[1] = squares[1], squares[2]
            if row + 1 < height:
                _squares(image[row + 1], squares[2])
            else:
                squares[2] = squares[3]
        _energy(one, energy)
        _energy(two, others)
        for col in range(width):
            a = energy[col] + energy[col + 1] + energy[col + 2]
            b = others[col] + others[col + 1] + others[col + 2]
            own[row, col] = other[row, col] if b > a else own[row, col]
