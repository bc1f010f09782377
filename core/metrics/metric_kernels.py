"""The compiled loops behind the metrics: float64 sums, a few rows of memory, one pass each.

Every function takes the arrays of a `Comparison` in the order reference, estimate, valid, scored,
and reads them row by row. A pixel that is not valid is NaN once loaded, and NaN spreads through
sums and differences to all that would have needed it; sums over windows are taken anew rather than
updated, so that neither a NaN nor a rounding error lingers.

All in one file: numba's cache on disk notices changes of a function's own file only.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

RADIUS = 5
SPAN = 2 * RADIUS + 1
_weights = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / 1.5) ** 2)
TAPS = _weights / _weights.sum()
"""SSIM's window along one axis: 11 taps of a Gaussian of sigma 1.5."""

SIDE = 8
"""UIQI's window."""
FLAT = 1e-5
"""Below this share of the mean square a window's variance is computed pixel by pixel: the
difference of sums would have lost five of float64's sixteen digits."""

STRIP = 256
"""Windows slide over strips of this many columns. Their buffers are flat, `STRIP` values a plane:
distances known to the compiler let it work on several columns at once, and all stays in cache."""


def compiled(function: Function) -> Function:
    """Compile on the first call and keep the result on disk; other threads run meanwhile."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def line(mask: Any, row: int) -> Any:
    """Return a mask's row; a mask of one row stands for all of them."""
    return mask[min(row, mask.shape[0] - 1)]


@compiled
def load(reference: Any, estimate: Any, valid: Any, row: int, left: int, x: Any, y: Any) -> None:
    """Fill x and y with the estimate's and the reference's row from `left` on, NaN if not valid."""
    usable = line(valid, row)
    for col in range(min(x.size, estimate.shape[1] - left)):
        a, b = np.float64(estimate[row, left + col]), np.float64(reference[row, left + col])
        ok = usable[left + col] and np.isfinite(a) and np.isfinite(b)
        x[col] = a if ok else np.nan
        y[col] = b if ok else np.nan


@compiled
def load_scored(
    reference: Any, estimate: Any, valid: Any, scored: Any, row: int, x: Any, y: Any
) -> int:
    """Fill x and y with a row's scored pixels, packed to the front; return how many there are."""
    load(reference, estimate, valid, row, 0, x, y)
    wanted = line(scored, row)
    count = 0
    for col in range(x.size):
        if wanted[col] and not np.isnan(x[col]):
            x[count], y[count] = x[col], y[col]
            count += 1
    return count


@compiled
def row_moments(x: Any, y: Any) -> Any:
    """Return (mean x, mean y, sxx, syy, sxy), (signed, absolute, squared) of non-empty rows."""
    # deviations from the first value: exactly 0 throughout where the row is constant
    x0, y0 = x[0], y[0]
    sx = sy = sxx = syy = sxy = signed = absolute = squared = 0.0
    for col in range(x.size):
        dx, dy, error = x[col] - x0, y[col] - y0, x[col] - y[col]
        sx += dx
        sy += dy
        sxx += dx * dx
        syy += dy * dy
        sxy += dx * dy
        signed += error
        absolute += abs(error)
        squared += error * error
    mx, my = sx / x.size, sy / x.size
    centred = x0 + mx, y0 + my, sxx - mx * sx, syy - my * sy, sxy - mx * sy
    return centred, (signed, absolute, squared)


@compiled
def moments(reference: Any, estimate: Any, valid: Any, scored: Any) -> Any:
    """Return the fields of `Moments`; rows are merged as in Chan, Golub and LeVeque 1983."""
    height, width = estimate.shape
    x, y = np.empty(width), np.empty(width)
    count = 0
    mx = my = sxx = syy = sxy = signed = absolute = squared = 0.0
    for row in range(height):
        n = load_scored(reference, estimate, valid, scored, row, x, y)
        if n == 0:
            continue
        (row_mx, row_my, row_sxx, row_syy, row_sxy), errors = row_moments(x[:n], y[:n])
        dx, dy = row_mx - mx, row_my - my
        share = n / (count + n)
        mx += dx * share
        my += dy * share
        sxx += row_sxx + dx * dx * count * share
        syy += row_syy + dy * dy * count * share
        sxy += row_sxy + dx * dy * count * share
        signed += errors[0]
        absolute += errors[1]
        squared += errors[2]
        count += n
    return count, mx, my, sxx, syy, sxy, signed, absolute, squared


@compiled
def histogram(
    reference: Any, estimate: Any, valid: Any, scored: Any, lowest: float, span: float, bins: int
) -> Any:
    """Count the estimate's scored values in equal bins from `lowest` on, outliers at the ends."""
    height, width = estimate.shape
    x, y = np.empty(width), np.empty(width)
    counts = np.zeros(bins, np.int64)
    for row in range(height):
        n = load_scored(reference, estimate, valid, scored, row, x, y)
        for value in x[:n]:
            counts[int(min(max((value - lowest) / span * bins, 0.0), bins - 1.0))] += 1
    return counts


@compiled
def push(reference: Any, estimate: Any, valid: Any, row: int, left: int, ring: Any) -> Any:
    """Load a strip's row into a ring of rows of (x, y); return the ring from its oldest row on.

    Each row is kept twice, half the ring apart, so that a window's rows always follow each other.
    """
    half = ring.size // 2
    rows = half // (2 * STRIP)
    slot = row % rows * 2 * STRIP
    for start in (slot, slot + half):
        x, y = ring[start : start + STRIP], ring[start + STRIP : start + 2 * STRIP]
        load(reference, estimate, valid, row, left, x, y)
    oldest = (row + 1) % rows * 2 * STRIP
    return ring[oldest : oldest + half]


@compiled
def weigh_down(window: Any, sums: Any) -> None:
    """Sum weight, x, y, x^2, y^2 and xy down a window's rows, Gaussian, over valid pixels."""
    for col in range(STRIP):
        weight = mx = my = sxx = syy = sxy = 0.0
        for tap in range(SPAN):
            x, y = window[2 * tap * STRIP + col], window[(2 * tap + 1) * STRIP + col]
            ok = not np.isnan(x)
            x, y = x if ok else 0.0, y if ok else 0.0
            wx, wy = TAPS[tap] * x, TAPS[tap] * y
            weight += TAPS[tap] if ok else 0.0
            mx += wx
            my += wy
            sxx += wx * x
            syy += wy * y
            sxy += wx * y
        sums[col], sums[STRIP + col], sums[2 * STRIP + col] = weight, mx, my
        sums[3 * STRIP + col], sums[4 * STRIP + col], sums[5 * STRIP + col] = sxx, syy, sxy


@compiled
def weigh_along(down: Any, sums: Any) -> None:
    """Sum each of the six planes along its columns, Gaussian, from the first whole window on."""
    for plane in range(6):
        for col in range(STRIP - SPAN + 1):
            at = plane * STRIP + col
            total = TAPS[RADIUS] * down[at + RADIUS]
            for tap in range(RADIUS):
                total += TAPS[tap] * (down[at + tap] + down[at + SPAN - 1 - tap])
            sums[at] = total


@compiled
def similarities(sums: Any, c1: float, c2: float, out: Any) -> None:
    """Fill out with SSIM from the six planes of weighted sums."""
    for col in range(STRIP - SPAN + 1):
        share = 1.0 / sums[col]
        mx, my = sums[STRIP + col] * share, sums[2 * STRIP + col] * share
        sxx = sums[3 * STRIP + col] * share - mx * mx
        syy = sums[4 * STRIP + col] * share - my * my
        sxy = sums[5 * STRIP + col] * share - mx * my
        out[col] = ((2 * mx * my + c1) * (2 * sxy + c2)) / (
            (mx * mx + my * my + c1) * (sxx + syy + c2)
        )


@compiled
def ssim_strip(
    reference: Any, estimate: Any, valid: Any, scored: Any, left: int, c1: float, c2: float
) -> tuple[float, int]:
    """Return the sum and the number of SSIM values whose windows begin in a strip's columns."""
    height, width = estimate.shape
    fitting = min(STRIP, width - left) - SPAN + 1
    ring = np.empty(2 * SPAN * 2 * STRIP)
    down, sums, values = np.empty(6 * STRIP), np.empty(6 * STRIP), np.empty(STRIP)
    total, count = 0.0, 0
    for row in range(height):
        window = push(reference, estimate, valid, row, left, ring)
        if row < SPAN - 1:
            continue
        weigh_down(window, down)
        weigh_along(down, sums)
        similarities(sums, c1, c2, values)
        centre = window[2 * RADIUS * STRIP + RADIUS :]
        wanted = line(scored, row - RADIUS)
        for col in range(fitting):
            if wanted[left + RADIUS + col] and not np.isnan(centre[col]):
                total += values[col]
                count += 1
    return total, count


@compiled
def add_down(window: Any, sums: Any) -> None:
    """Sum x, y, x^2, y^2 and xy down a window's rows."""
    for col in range(STRIP):
        sx = sy = sxx = syy = sxy = 0.0
        for tap in range(SIDE):
            x, y = window[2 * tap * STRIP + col], window[(2 * tap + 1) * STRIP + col]
            sx += x
            sy += y
            sxx += x * x
            syy += y * y
            sxy += x * y
        sums[col], sums[STRIP + col], sums[2 * STRIP + col] = sx, sy, sxx
        sums[3 * STRIP + col], sums[4 * STRIP + col] = syy, sxy


@compiled
def add_along(down: Any, sums: Any) -> None:
    """Sum each of the five planes along its columns."""
    for plane in range(5):
        for col in range(STRIP - SIDE + 1):
            at = plane * STRIP + col
            total = 0.0
            for tap in range(SIDE):
                total += down[at + tap]
            sums[at] = total


@compiled
def indices(sums: Any, out: Any) -> None:
    """Fill out with UIQI from the five planes of sums; infinite where nearly flat, NaN invalid."""
    for col in range(STRIP - SIDE + 1):
        mx, my = sums[col] / SIDE**2, sums[STRIP + col] / SIDE**2
        power = sums[2 * STRIP + col] + sums[3 * STRIP + col]
        spread = power - SIDE**2 * (mx * mx + my * my)
        sxy = sums[4 * STRIP + col] - SIDE**2 * mx * my
        value = 2 * sxy / spread * (2 * mx * my / (mx * mx + my * my))
        out[col] = np.inf if spread <= FLAT * power else value


@compiled
def nearly_flat(window: Any, first: int) -> float:
    """Return UIQI of a window of valid pixels that begins in column `first`, NaN if undefined."""
    x0, y0 = window[first], window[STRIP + first]
    sx = sy = sxx = syy = sxy = 0.0
    for tap in range(SIDE):
        for col in range(first, first + SIDE):
            dx = window[2 * tap * STRIP + col] - x0
            dy = window[(2 * tap + 1) * STRIP + col] - y0
            sx += dx
            sy += dy
            sxx += dx * dx
            syy += dy * dy
            sxy += dx * dy
    n = SIDE**2
    spread = sxx - sx * sx / n + syy - sy * sy / n
    structure = 2 * (sxy - sx * sy / n) / spread if spread > 0 else 1.0
    mx, my = x0 + sx / n, y0 + sy / n
    return float(structure * 2 * mx * my / (mx * mx + my * my))


@compiled
def uiqi_strip(
    reference: Any, estimate: Any, valid: Any, scored: Any, left: int
) -> tuple[float, int]:
    """Return the sum and the number of UIQI values whose windows begin in a strip's columns."""
    height, width = estimate.shape
    fitting = min(STRIP, width - left) - SIDE + 1
    ring = np.empty(2 * SIDE * 2 * STRIP)
    down, sums, values = np.empty(5 * STRIP), np.empty(5 * STRIP), np.empty(STRIP)
    total, count = 0.0, 0
    for row in range(height):
        window = push(reference, estimate, valid, row, left, ring)
        if row < SIDE - 1:
            continue
        add_down(window, down)
        add_along(down, sums)
        indices(sums, values)
        wanted = line(scored, row - SIDE // 2 + 1)
        for col in range(fitting):
            if not wanted[left + SIDE // 2 + col]:
                continue
            value = nearly_flat(window, col) if np.isinf(values[col]) else values[col]
            if not np.isnan(value):
                total += value
                count += 1
    return total, count


@compiled
def sobel_at(above: Any, here: Any, below: Any, left: int, col: int, right: int) -> float:
    """Return the Sobel magnitude of a pixel, given the columns beside it."""
    across = above[right] - above[left] + below[right] - below[left]
    along = below[left] - above[left] + below[right] - above[right]
    gx = across + 2 * (here[right] - here[left])
    gy = along + 2 * (below[col] - above[col])
    return float(np.sqrt(gx * gx + gy * gy))


@compiled
def sobel_row(above: Any, here: Any, below: Any, out: Any) -> None:
    """Fill out with a row's Sobel magnitudes; edge pixels are repeated beyond the border."""
    last = here.size - 1
    out[0] = sobel_at(above, here, below, 0, 0, min(1, last))
    out[last] = sobel_at(above, here, below, max(last - 1, 0), last, last)
    for col in range(1, last):
        out[col] = sobel_at(above, here, below, col - 1, col, col + 1)


@compiled
def gradient_row(above: Any, here: Any, below: Any, apart: int, out: Any) -> None:
    """Fill out with a row's gradient magnitudes, one-sided at the ends; NaN for one column."""
    last = here.size - 1
    for col in range(1, last):
        out[col] = (here[col + 1] - here[col - 1]) / 2
    out[0] = here[1] - here[0] if last else np.nan
    out[last] = here[last] - here[last - 1] if last else np.nan
    for col in range(here.size):
        dy = (below[col] - above[col]) / apart
        out[col] = np.sqrt(out[col] * out[col] + dy * dy)


@compiled
def gradients(reference: Any, estimate: Any, valid: Any, scored: Any, sobel: bool) -> Any:
    """Return the sum and the number of the estimate's Sobel or plain gradient magnitudes."""
    height, width = estimate.shape
    rows, y, values = np.empty((3, width)), np.empty(width), np.empty(width)
    total, count = 0.0, 0
    load(reference, estimate, valid, 0, 0, rows[0], y)
    for row in range(height):
        top, bottom = max(row - 1, 0), min(row + 1, height - 1)
        load(reference, estimate, valid, bottom, 0, rows[bottom % 3], y)
        above, here, below = rows[top % 3], rows[row % 3], rows[bottom % 3]
        if sobel:
            sobel_row(above, here, below, values)
        else:
            gradient_row(above, here, below, bottom - top, values)
        wanted = line(scored, row)
        for col in range(width):
            if wanted[col] and not np.isnan(here[col]) and not np.isnan(values[col]):
                total += values[col]
                count += 1
    return total, count


@compiled
def differences(reference: Any, estimate: Any, valid: Any, scored: Any) -> tuple[float, int, int]:
    """Return the sum of the estimate's squared first differences, how many, and scored pixels."""
    height, width = estimate.shape
    rows, y = np.empty((2, width)), np.empty(width)
    total, pairs, count = 0.0, 0, 0
    for row in range(height):
        above, here = rows[(row + 1) % 2], rows[row % 2]
        load(reference, estimate, valid, row, 0, here, y)
        wanted = line(scored, row)
        for col in range(width):
            if not wanted[col] or np.isnan(here[col]):
                continue
            count += 1
            if col > 0 and not np.isnan(here[col - 1]):
                total += (here[col] - here[col - 1]) ** 2
                pairs += 1
            if row > 0 and not np.isnan(above[col]):
                total += (here[col] - above[col]) ** 2
                pairs += 1
    return total, pairs, count


@compiled
def angle(reference: Any, estimate: Any, row: int, col: int) -> float:
    """Return the angle in radians between a pixel's two spectra, NaN where one is zero."""
    xx = yy = xy = 0.0
    for band in range(estimate.shape[0]):
        x, y = np.float64(estimate[band, row, col]), np.float64(reference[band, row, col])
        xx += x * x
        yy += y * y
        xy += x * y
    if xx == 0.0 or yy == 0.0:
        return np.nan
    # rounding may carry the cosine of equal spectra beyond 1
    return float(np.arccos(min(max(xy / np.sqrt(xx * yy), -1.0), 1.0)))


@compiled
def spectra(reference: Any, estimate: Any, valid: Any, scored: Any) -> Any:
    """Return the sums of `Spectra` over two (band, row, col) images."""
    bands, height, width = estimate.shape
    squared, sums = np.zeros(bands), np.zeros(bands)
    angles, directed, count = 0.0, 0, 0
    for row in range(height):
        usable, wanted = line(valid, row), line(scored, row)
        for col in range(width):
            ok = usable[col] and wanted[col]
            for band in range(bands):
                x, y = estimate[band, row, col], reference[band, row, col]
                ok = ok and np.isfinite(x) and np.isfinite(y)
            if not ok:
                continue
            count += 1
            for band in range(bands):
                aim = np.float64(reference[band, row, col])
                error = np.float64(estimate[band, row, col]) - aim
                squared[band] += error * error
                sums[band] += aim
            between = angle(reference, estimate, row, col)
            if not np.isnan(between):
                angles += between
                directed += 1
    return count, squared, sums, angles, directed
