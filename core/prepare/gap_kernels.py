"""The compiled sweeps of `gaps`; apart so that importing costs no compiler."""

import numba
import numpy as np
from numpy.typing import NDArray

_RELAXATION = 1.7


@numba.njit(cache=True)
def relax(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
    width: int,
    sweeps: int,
    tolerance: float,
) -> None:
    """Sweep the listed pixels in place until no change in a sweep exceeds `tolerance`.

    `values` and `weights` are flat, of rows `width` long, with a border of walls around the image;
    a weight is 1 where a pixel exists (known or hidden) and 0 for a wall. `order` lists the hidden
    pixels, one colour of the chequerboard after the other.
    """
    for _ in range(sweeps):
        largest = 0.0
        for at in order:
            up, down, left, right = at - width, at + width, at - 1, at + 1
            count = weights[up] + weights[down] + weights[left] + weights[right]
            if count > 0:
                total = (
                    weights[up] * values[up]
                    + weights[down] * values[down]
                    + weights[left] * values[left]
                    + weights[right] * values[right]
                )
                change = total / count - values[at]
                values[at] += _RELAXATION * change
                largest = max(largest, abs(change))
        if largest < tolerance:
            break


@numba.njit(cache=True)
def conduct(
    values: NDArray[np.float64],
    across: NDArray[np.float32],
    down: NDArray[np.float32],
    order: NDArray[np.intp],
    width: int,
    sweeps: int,
    relaxation: float,
) -> None:
    """Sweep the listed pixels in place; a neighbour counts by the conductivity towards it.

    All are flat and walled as in `relax`. `across` is the conductivity from a pixel to the next of
    its row, `down` to the next of its column; both are 0 towards walls.
    """
    for _ in range(sweeps):
        for at in order:
            up, left = down[at - width], across[at - 1]
            count = up + down[at] + left + across[at]
            if count > 0:
                total = (
                    up * values[at - width]
                    + down[at] * values[at + width]
                    + left * values[at - 1]
                    + across[at] * values[at + 1]
                )
                values[at] += relaxation * (total / count - values[at])
