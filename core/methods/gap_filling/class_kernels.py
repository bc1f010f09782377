"""The compiled loops of `class_colours`; apart so that importing costs no compiler.

A pixel's membership of the classes is computed anew wherever it is needed: kept, it would take
forty values a pixel.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})

FAR = 16.0
"""Exponent from which on a class counts nothing beside the nearest: e^-16 is 1e-7."""


@compiled
def _members(
    maps: NDArray[np.float32],
    at: tuple[int, int],
    centres: NDArray[np.float32],
    sharpness: float,
    which: NDArray[np.intp],
    share: NDArray[np.float64],
) -> int:
    """Fill the numbers of a pixel's classes and its membership of each; return how many they are.

    `centres` are (map, class); membership is exp(-sharpness d^2), divided by its sum.
    """
    classes = centres.shape[1]
    distance = np.zeros(classes, np.float32)
    for each in range(centres.shape[0]):
        value = maps[each, at[0], at[1]]
        for one in range(classes):
            step = value - centres[each, one]
            distance[one] += step * step
    least = distance.min()
    count, total = 0, 0.0
    for one in range(classes):
        exponent = (distance[one] - least) * sharpness
        if exponent < FAR:
            which[count] = one
            share[count] = math.exp(-exponent)
            total += share[count]
            count += 1
    for one in range(count):
        share[one] /= total
    return count


@compiled
def add_moments(
    maps: NDArray[np.float32],
    image: NDArray[np.float32],
    seen: NDArray[np.bool_],
    centres: NDArray[np.float32],
    sharpness: float,
    cell: int,
    moments: NDArray[np.float32],
) -> None:
    """Add each seen pixel's membership x [1, bands] to its cell's (row, col, class, 1 + band)."""
    which, share = np.empty(centres.shape[1], np.intp), np.empty(centres.shape[1])
    part = 1.0 / cell**2
    for row in range(seen.shape[0]):
        for col in range(seen.shape[1]):
            if not seen[row, col]:
                continue
            sums = moments[row // cell, col // cell]
            for one in range(_members(maps, (row, col), centres, sharpness, which, share)):
                weight = share[one] * part
                sums[which[one], 0] += weight
                for band in range(image.shape[0]):
                    sums[which[one], 1 + band] += weight * image[band, row, col]


@compiled
def mix(
    maps: NDArray[np.float32],
    centres: NDArray[np.float32],
    sharpness: float,
    cell: int,
    colours: NDArray[np.float32],
    mixed: NDArray[np.float32],
) -> None:
    """Fill `mixed` (band, row, col) with the classes' colours, bilinear between cells' centres.

    `colours` are (row, col, class, band), of one cell more on every side.
    """
    which, share = np.empty(centres.shape[1], np.intp), np.empty(centres.shape[1])
    for row in range(mixed.shape[1]):
        down = (row + 0.5) / cell + 0.5
        top = int(down)
        down -= top
        for col in range(mixed.shape[2]):
            right = (col + 0.5) / cell + 0.5
            left = int(right)
            right -= left
            count = _members(maps, (row, col), centres, sharpness, which, share)
            for band in range(mixed.shape[0]):
                total = 0.0
                for one in range(count):
                    k = which[one]
                    upper = colours[top, left, k, band] * (1 - right)
                    upper += colours[top, left + 1, k, band] * right
                    lower = colours[top + 1, left, k, band] * (1 - right)
                    lower += colours[top + 1, left + 1, k, band] * right
                    total += share[one] * (upper * (1 - down) + lower * down)
                mixed[band, row, col] = total
