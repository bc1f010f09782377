"""The compiled loops of the nonsubsampled transforms: sums of shifted, weighted images.

A mapping f is two short filters run one after the other, each along its own direction of the plane;
a filter bank is two polynomials in f. One pass over the image computes them: rows enter at the
bottom of a pipeline, every filter follows as many rows behind as it needs, and what lies between
stays in a few rows of memory. Images repeat periodically. A pixel is always the same sum in the
same order, wherever it is.

A mapping spread out by `step` sees each step-th row and column only, so rows are taken in `step`
turns. All in one file: numba's cache on disk notices changes of a function's own file only.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on the first call and keep the result on disk; other threads run meanwhile."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def odd_sum(out: Any, a: Any, b: Any, c: Any, d: Any, p: float, q: float) -> None:
    """Fill a row with p (a - b) + q (c - d)."""
    for col in range(out.size):
        out[col] = p * (a[col] - b[col]) + q * (c[col] - d[col])


@compiled
def even_sum(  # noqa: PLR0913 - compiled code takes arrays and numbers, not objects
    out: Any, a: Any, b: Any, c: Any, d: Any, centre: Any, p: float, q: float, r: float
) -> None:
    """Fill a row with p (a + b) + q (c + d) + r centre."""
    for col in range(out.size):
        out[col] = p * (a[col] + b[col]) + q * (c[col] + d[col]) + r * centre[col]


@compiled
def subtract(out: Any, x: Any) -> None:
    """Take a row from another."""
    for col in range(out.size):
        out[col] -= x[col]


@compiled
def blend(out: Any, a: float, b: float, x: Any, c: float, y: Any) -> None:
    """Fill a row with a out + b x + c y."""
    for col in range(out.size):
        out[col] = a * out[col] + b * x[col] + c * y[col]


@compiled
def cubic(out: Any, weights: Any, x: Any, y: Any, z: Any, last: Any) -> None:
    """Fill a row with a polynomial of degree 3 in f, given 1, f, f f and f f f times the image."""
    a, b, c, d = weights[0], weights[1], weights[2], weights[3]
    for col in range(out.size):
        out[col] = a * x[col] + b * y[col] + c * z[col] + d * last[col]


@compiled
def at(lines: Any, ring: Any, row: int, shift: int, margin: int) -> Any:
    """Return a row of a ring, which holds the last few rows of an image, moved by `shift`."""
    first, count = ring
    start = margin + shift
    return lines[first + row % count, start : start + lines.shape[1] - 2 * margin]


@compiled
def enter(lines: Any, ring: Any, row: int, margin: int, values: Any) -> None:
    """Put an image's row into its ring."""
    at(lines, ring, row, 0, margin)[:] = values
    wrap(lines, ring, row, margin)


@compiled
def wrap(lines: Any, ring: Any, row: int, margin: int) -> None:
    """Continue a row periodically into the margins on its two sides."""
    first, count = ring
    line = lines[first + row % count]
    width = line.size - 2 * margin
    for col in range(margin):
        line[margin - 1 - col] = line[margin + width - 1 - col]
        line[margin + width + col] = line[margin + col]


@compiled
def half(lines: Any, ring: Any, row: int, margin: int, mapping: Any, stage: int, out: Any) -> None:
    """Fill `out` with one row of the mapping's first or second filter."""
    rows, cols, taps = mapping.rows[stage], mapping.cols[stage], mapping.taps[stage]
    a = at(lines, ring, row + rows[0], cols[0], margin)
    b = at(lines, ring, row + rows[1], cols[1], margin)
    c = at(lines, ring, row + rows[2], cols[2], margin)
    d = at(lines, ring, row + rows[3], cols[3], margin)
    if mapping.even:
        even_sum(out, a, b, c, d, at(lines, ring, row, 0, margin), taps[0], taps[1], taps[2])
    else:
        odd_sum(out, a, b, c, d, taps[0], taps[1])


@compiled
def spans(mapping: Any) -> Any:
    """Return how far the two filters look up and down, and a margin for how far sideways."""
    first, second = mapping.rows[0], mapping.rows[1]
    return (
        (first.min(), first.max()),
        (second.min(), second.max()),
        np.abs(mapping.cols).max(),
    )


@compiled
def rings(mapping: Any, times: int, extra: int, width: int) -> Any:
    """Return lines for the powers 0..times - 1 of f, between each step, and `extra` images.

    Along with the ring of each, a first line and a number of lines, and the lines' margin.
    """
    (lowest, highest), (low, high), margin = spans(mapping)
    behind = highest + high
    places = np.empty((2 * times + extra, 2), np.int64)
    total = 0
    for place in range(places.shape[0]):
        count = times * behind + 1
        if place < times:
            count = max((times - place) * behind, highest - lowest) + 1
        elif place < 2 * times:
            count = high - low + 1
        places[place] = total, count
        total += count
    return np.empty((total, width + 2 * margin)), places, margin


@compiled
def apply(
    lines: Any, places: Any, mapping: Any, newest: int, power: int, times: int, out: Any
) -> bool:
    """Take one step from a power of f to the next; return whether a row of that has filled `out`.

    The first row is where `times` powers still to be taken need it.
    """
    (_, highest), (low, high), margin = spans(mapping)
    lowest = mapping.rows[0].min()
    left = times - 1 - power
    source, between = places[power], places[times + power]
    row = newest - power * (highest + high) - highest
    if row >= left * (lowest + low) + low:
        half(lines, source, row, margin, mapping, 0, at(lines, between, row, 0, margin))
        wrap(lines, between, row, margin)
    row -= high
    if row < left * (lowest + low):
        return False
    half(lines, between, row, margin, mapping, 1, out)
    if mapping.even:
        subtract(out, at(lines, source, row, 0, margin))
    return True


@compiled
def analyse(image: Any, mapping: Any, weights: Any, low: Any, high: Any) -> None:
    """Fill `low` and `high` with two polynomials of degree 3 in f, applied to an image.

    Row 0 of `weights` are the coefficients of 1, f, f f, f f f in `low`, row 1 those in `high`.
    """
    height, width = image.shape
    lines, places, margin = rings(mapping, 3, 0, width)
    (lowest, highest), (lower, higher), _ = spans(mapping)
    ahead, behind = lowest + lower, highest + higher
    last = np.empty(width)
    for turn in range(mapping.step):
        rows = (height - turn + mapping.step - 1) // mapping.step
        for newest in range(3 * ahead, rows + 3 * behind):
            row = (turn + mapping.step * newest) % height
            enter(lines, places[0], newest, margin, image[row])
            for power in range(2):
                row = newest - (power + 1) * behind
                out = at(lines, places[power + 1], row, 0, margin)
                if apply(lines, places, mapping, newest, power, 3, out):
                    wrap(lines, places[power + 1], row, margin)
            row = newest - 3 * behind
            if apply(lines, places, mapping, newest, 2, 3, last):
                x = at(lines, places[0], row, 0, margin)
                y = at(lines, places[1], row, 0, margin)
                z = at(lines, places[2], row, 0, margin)
                row = turn + mapping.step * row
                cubic(low[row], weights[0], x, y, z, last)
                cubic(high[row], weights[1], x, y, z, last)


@compiled
def synthesise(low: Any, high: Any, mapping: Any, weights: Any, image: Any) -> None:
    """Fill `image` with the sum of two polynomials in f, of degrees 3 and 2, of two images.

    By Horner's rule: step i applies f, multiplies by `weights[i, 0]` and adds `weights[i, 1]` times
    the low image and `weights[i, 2]` times the high one; it begins with the low image.
    """
    height, width = image.shape
    lines, places, margin = rings(mapping, 3, 1, width)
    (lowest, highest), (lower, higher), _ = spans(mapping)
    ahead, behind = lowest + lower, highest + higher
    for turn in range(mapping.step):
        rows = (height - turn + mapping.step - 1) // mapping.step
        for newest in range(3 * ahead, rows + 3 * behind):
            row = (turn + mapping.step * newest) % height
            enter(lines, places[0], newest, margin, low[row])
            at(lines, places[6], newest, 0, margin)[:] = high[row]
            for power in range(3):
                row = newest - (power + 1) * behind
                if power < 2:
                    out = at(lines, places[power + 1], row, 0, margin)
                else:
                    out = image[(turn + mapping.step * row) % height]
                if apply(lines, places, mapping, newest, power, 3, out):
                    x = at(lines, places[0], row, 0, margin)
                    y = at(lines, places[6], row, 0, margin)
                    blend(out, weights[power, 0], weights[power, 1], x, weights[power, 2], y)
                    if power < 2:
                        wrap(lines, places[power + 1], row, margin)


@compiled
def mapped(image: Any, mapping: Any, result: Any) -> None:
    """Fill `result` with f applied to an image once."""
    height, width = image.shape
    lines, places, margin = rings(mapping, 1, 0, width)
    (lowest, highest), (lower, higher), _ = spans(mapping)
    ahead, behind = lowest + lower, highest + higher
    for turn in range(mapping.step):
        rows = (height - turn + mapping.step - 1) // mapping.step
        for newest in range(ahead, rows + behind):
            row = (turn + mapping.step * newest) % height
            enter(lines, places[0], newest, margin, image[row])
            row = (turn + mapping.step * (newest - behind)) % height
            apply(lines, places, mapping, newest, 0, 1, result[row])
