"""How much information the estimate carries, whatever it is worth."""

import math

import numpy as np

from bandweave.metrics.comparison import Comparison
from bandweave.metrics.metric import BandMetric

BINS = 256


def entropy(pair: Comparison) -> float:
    """Entropy of the estimate's histogram, -sum p log2 p, in bits, 0..8.

    Shannon 1948. 256 equal bins over the declared range, lowest..lowest + L, and the scored
    pixels. Values outside are counted in the end bins. NaN where no pixel is scored.

    >>> import numpy as np
    >>> four_levels = np.array([[0.0, 0.25, 0.5, 0.75]])
    >>> ENTROPY(four_levels, four_levels, data_range=1.0)
    2.0
    """
    from bandweave.metrics import metric_kernels

    counts = metric_kernels.histogram(*pair.arrays, pair.lowest, pair.data_range, BINS)
    counts = counts[counts > 0]
    if not counts.size:
        return math.nan
    shares = counts / counts.sum()
    # max: the only share of a single bin is 1, and -log2 1 is -0.0
    return max(0.0, float(-np.sum(shares * np.log2(shares))))


ENTROPY = BandMetric(
    key="entropy",
    label="Entropy",
    better="closer",
    range=(0.0, math.log2(BINS)),
    unit="bit",
    source="Shannon 1948, doi 10.1002/j.1538-7305.1948.tb01338.x",
    needs_reference=False,
    perfect=None,
    function=entropy,
    digits=2,
)
