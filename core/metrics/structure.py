"""How alike estimate x and reference y are in small windows: SSIM and UIQI."""

import math
from collections.abc import Iterable

from bandweave.metrics.comparison import Comparison
from bandweave.metrics.metric import BandMetric

K1, K2 = 0.01, 0.03


def ssim(pair: Comparison) -> float:
    """Structural similarity, the mean over windows of

    (2 mx my + C1) (2 sxy + C2) / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)), C = (K L)^2.

    Wang et al. 2004, eq. 13: 11 x 11 Gaussian window of sigma 1.5, K1 .01, K2 .03, population
    covariance. Weights are renormalised over a window's valid pixels; the mean is over scored
    centres at least 5 pixels from the border. NaN where there is none. Where the bands' spread is
    small beside L, C2 outweighs the variances and even a constant image scores near 1.

    >>> import numpy as np
    >>> reference = np.random.default_rng(0).random((16, 16))
    >>> SSIM(reference, reference, data_range=1.0)
    1.0
    """
    from bandweave.metrics import metric_kernels

    c1, c2 = (K1 * pair.data_range) ** 2, (K2 * pair.data_range) ** 2
    lefts = range(
        0, pair.width - metric_kernels.SPAN + 1, metric_kernels.STRIP - metric_kernels.SPAN + 1
    )
    return _mean(metric_kernels.ssim_strip(*pair.arrays, left, c1, c2) for left in lefts)


def uiqi(pair: Comparison) -> float:
    """Universal image quality index, the mean over windows of

    4 sxy mx my / ((sx^2 + sy^2) (mx^2 + my^2)).

    Wang and Bovik 2002, eqs. 1 and 4: 8 x 8 uniform windows at every pixel, those with all 64
    pixels valid and whose pixel [4, 4] (counted from 0) is scored. A window is flat where all 64
    values of x, and all of y, are equal: there the index is 2 mx my / (mx^2 + my^2). Where both
    means are 0 it is undefined and the window left out. NaN where no window remains.

    >>> import numpy as np
    >>> reference = np.random.default_rng(0).random((16, 16))
    >>> a = 2.0  # of x = a y it is (2 a / (1 + a^2))^2
    >>> round(UIQI(reference, a * reference, data_range=1.0), 12)
    0.64
    """
    from bandweave.metrics import metric_kernels

    lefts = range(
        0, pair.width - metric_kernels.SIDE + 1, metric_kernels.STRIP - metric_kernels.SIDE + 1
    )
    return _mean(metric_kernels.uiqi_strip(*pair.arrays, left) for left in lefts)


def _mean(parts: Iterable[tuple[float, int]]) -> float:
    """Return the mean from sums and counts; NaN where nothing was counted."""
    total, count = 0.0, 0
    for part, n in parts:
        total += part
        count += n
    return total / count if count else math.nan


SSIM = BandMetric(
    key="ssim",
    label="SSIM",
    better="higher",
    range=(-1.0, 1.0),
    unit="",
    source="Wang et al. 2004, doi 10.1109/TIP.2003.819861",
    needs_reference=True,
    perfect=1.0,
    function=ssim,
    headline=True,
)
UIQI = BandMetric(
    key="uiqi",
    label="UIQI",
    better="higher",
    range=(-1.0, 1.0),
    unit="",
    source="Wang and Bovik 2002, doi 10.1109/97.995823",
    needs_reference=True,
    perfect=1.0,
    function=uiqi,
    headline=True,
)
