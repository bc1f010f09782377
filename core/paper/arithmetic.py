"""The bounds and conversions behind the audit, each with its proof or its assumption.

x is an estimate, y its original, e = x - y, on one scale; RMSE is sqrt(sum(e^2) / (M N)).
Everything here is plain arithmetic on numbers or on distributions of 256 gray levels.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.metrics.information import BINS

SF_FACTOR = 2 * math.sqrt(2)
SOBEL_FACTOR = 8.0
GRADIENT_FACTOR = math.sqrt(5)
GAUSSIAN = math.sqrt(2 * math.pi * math.e)
"""A Gaussian of spread sigma has the differential entropy log2(GAUSSIAN sigma) bits."""
SF_IN_UNIT_RANGE = math.sqrt(2)
"""SF of values in 0..1 at most: no difference exceeds 1, so neither RF nor CF does."""


def sf_bound(original: float, rmse: float) -> float:
    """Return the highest spatial frequency of an image that far from its original.

    SF is the l2 norm of all first differences over sqrt(M N), so it obeys the triangle inequality:
    SF(x) <= SF(y) + SF(e). Along a row (a - b)^2 <= 2 a^2 + 2 b^2, and no pixel is in more than
    two pairs, so sum (e[i,j] - e[i,j-1])^2 <= 4 sum e^2, and so along columns; hence
    SF(e)^2 <= (4 + 4) RMSE^2. Taking RF and CF as means over their M (N - 1) and (M - 1) N pairs
    changes the factor by less than 1 part in the image's side.

    >>> round(sf_bound(0.0111, 0.0067), 4)
    0.0301
    """
    return original + SF_FACTOR * rmse


def sobel_bound(original: float, rmse: float) -> float:
    """Return the highest Sobel strength of an image that far from its original.

    The mean length of (Gx, Gy) obeys the triangle inequality and is at most its root mean square;
    over the image mirrored at its border Gx and Gy are filters with
    |Gx|^2 + |Gy|^2 = 16 (sin^2 a (1 + cos b)^2 + sin^2 b (1 + cos a)^2) <= 64 for waves (a, b).
    """
    return original + SOBEL_FACTOR * rmse


def gradient_bound(original: float, rmse: float) -> float:
    """Return the highest gradient magnitude of an image that far from its original.

    As for Sobel; a central difference has ((a - b) / 2)^2 <= (a^2 + b^2) / 2, a one-sided one at
    the border (a - b)^2 <= 2 a^2 + 2 b^2, so no pixel counts more than 5/2 times along an axis.
    """
    return original + GRADIENT_FACTOR * rmse


def least_levels(bits: float) -> int:
    """Return how many gray levels a histogram needs for so much entropy: H <= log2(levels).

    >>> least_levels(8.37), least_levels(8.0)
    (331, 256)
    """
    return math.ceil(2**bits - 1e-9)


def least_spread(bits: float, levels: int = BINS) -> float:
    """Return the least standard deviation, on 0..1, of a histogram with so much entropy.

    A histogram of levels 1/levels wide is a density of differential entropy bits - log2(levels).
    At a given variance a Gaussian has the most, log2(GAUSSIAN sigma), so
    sigma >= 2^bits / levels / GAUSSIAN. The values' own deviation can be smaller than the
    histogram's by one level's width at most, see `least_spread_of_values`.
    """
    return float(2**bits / levels / GAUSSIAN)


def least_spread_of_values(bits: float, levels: int = BINS) -> float:
    """Return the same bound for the values themselves, not for the histogram drawn from them.

    The histogram's density is each value's level plus a uniform of variance w^2 / 12, w the
    level's width; a value is at most w / 2 from its level's centre.
    """
    width = 1 / levels
    centres = math.sqrt(max(0.0, least_spread(bits, levels) ** 2 - width**2 / 12))
    return max(0.0, centres - width / 2)


def levels_for_spread(bits: float, spread: float) -> float:
    """Return the number of levels at which a Gaussian of that spread has so much entropy."""
    return float(2**bits / spread / GAUSSIAN)


def most_spread(rmse: float, r: float) -> float:
    """Return the largest standard deviation of an original, given an estimate's RMSE and r.

    The best a + b x leaves a residual of sigma^2 (1 - r^2) in y; x itself is one such function,
    so RMSE^2 >= sigma^2 (1 - r^2), whatever its bias and gain. For r >= 0.
    """
    return rmse / math.sqrt(1 - r * r)


def r2_of(rmse: float, spread: float) -> float:
    """Return 1 - (RMSE / sigma)^2: 0 is as good as the band's mean."""
    return 1 - (rmse / spread) ** 2


def psnr(rmse: float, data_range: float = 1.0) -> float:
    """Return 20 log10(L / RMSE) in dB.

    >>> round(psnr(0.0067), 1)
    43.5
    """
    return 20 * math.log10(data_range / rmse)


def rmse_of_psnr(decibels: float, data_range: float = 1.0) -> float:
    """Return the RMSE that a PSNR stands for."""
    return float(data_range * 10 ** (-decibels / 20))


def contrast_ratio(uiqi: float, r: float) -> float:
    """Return by how much one standard deviation exceeds the other, if nothing else lowers UIQI.

    Over one window UIQI = r l c, with l = 2 mx my / (mx^2 + my^2) and c = 2 k / (1 + k^2) for
    k = sx / sy. With l = 1, c = UIQI / r, and k = (1 + sqrt(1 - c^2)) / c (or its inverse).

    >>> round(contrast_ratio(0.8, 1.0), 6)
    2.0
    """
    c = uiqi / r
    return (1 + math.sqrt(1 - c * c)) / c


def least_error_in_sigmas(ratio: float) -> float:
    """Return the least RMSE, in sigmas, of an image with 1 / ratio of its original's contrast.

    RMSE^2 = (mx - my)^2 + sx^2 + sy^2 - 2 r sx sy >= (sy - sx)^2.
    """
    return 1 - 1 / ratio


class Histogram(NamedTuple):
    """Shares of 256 levels on 0..1, and what it was made of."""

    shares: NDArray[np.float64]
    body: float
    """Standard deviation of the Gaussian most pixels come from."""

    @property
    def bits(self) -> float:
        """Its entropy."""
        positive = self.shares[self.shares > 0]
        return float(-np.sum(positive * np.log2(positive)))

    @property
    def spread(self) -> float:
        """Its standard deviation, of the levels' centres."""
        centres = (np.arange(BINS) + 0.5) / BINS
        mean = float(self.shares @ centres)
        return math.sqrt(float(self.shares @ (centres - mean) ** 2))


def gaussian_levels(mean: float, sigma: float) -> NDArray[np.float64]:
    """Return a Gaussian's share in each of 256 levels of 0..1; what lies outside is left out."""
    edges = [math.erf((edge / BINS - mean) / (sigma * math.sqrt(2))) for edge in range(BINS + 1)]
    shares = np.diff(np.array(edges))
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def with_bright_tail(bits: float, share: float = 0.05) -> Histogram:
    """Return a band of that entropy of which a small share is bright, around 0.6."""
    tail = gaussian_levels(0.6, 0.1)
    return _of_entropy(
        bits, lambda body: (1 - share) * gaussian_levels(0.12, body) + share * tail, 0.12
    )


def with_no_data(bits: float, share: float) -> Histogram:
    """Return a band of that entropy of which a share is filled with 0 and the rest is around 0.3.

    `share` cannot be as large as one likes: `most_no_data`.
    """
    empty = np.zeros(BINS)
    empty[0] = share
    return _of_entropy(bits, lambda body: (1 - share) * gaussian_levels(0.3, body) + empty, 0.2)


def most_no_data(bits: float) -> float:
    """Return the largest share of one filled value that leaves so much entropy at 256 levels.

    H <= h(p) + (1 - p) log2(255), h being the entropy of a share p against the rest.
    """

    def most(p: float) -> float:
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p) + (1 - p) * math.log2(BINS - 1)

    # beyond p = 1 / 256 the most that is possible falls with p
    low, high = 1 / BINS, 1 - 1e-9
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if most(middle) >= bits else (low, middle)
    return low


def _of_entropy(
    bits: float, made: Callable[[float], NDArray[np.float64]], widest: float
) -> Histogram:
    """Return the mixture whose body is as wide as gives that entropy, by bisection."""
    low, high = 1e-4, widest
    for _ in range(60):
        middle = (low + high) / 2
        if Histogram(made(middle), middle).bits < bits:
            low = middle
        else:
            high = middle
    return Histogram(made(low), low)
