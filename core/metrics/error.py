"""How far the estimate x is from the reference y, pixel by pixel, over the scored pixels."""

import math

from bandweave.metrics.comparison import Comparison
from bandweave.metrics.metric import BandMetric


def rmse(pair: Comparison) -> float:
    """Root mean square error, sqrt(mean((x - y)^2)), in the unit of the bands.

    Willmott and Matsuura 2005. NaN where no pixel is scored.

    >>> import numpy as np
    >>> reference = np.array([[0.1, 0.3]])
    >>> round(RMSE(reference, reference + 0.02, data_range=1.0), 6)
    0.02
    """
    sums = pair.moments
    return math.sqrt(sums.squared / sums.pixels) if sums.pixels else math.nan


def mae(pair: Comparison) -> float:
    """Mean absolute error, mean(|x - y|), in the unit of the bands.

    Willmott and Matsuura 2005. NaN where no pixel is scored.

    >>> import numpy as np
    >>> reference = np.array([[0.1, 0.3]])
    >>> round(MAE(reference, np.array([[0.1, 0.2]]), data_range=1.0), 6)
    0.05
    """
    sums = pair.moments
    return sums.absolute / sums.pixels if sums.pixels else math.nan


def bias(pair: Comparison) -> float:
    """Mean error, mean(x - y), in the unit of the bands: positive where the estimate is too high.

    Willmott and Matsuura 2005. The original's own value is 0. NaN where no pixel is scored.

    >>> import numpy as np
    >>> reference = np.array([[0.1, 0.3]])
    >>> round(BIAS(reference, np.array([[0.1, 0.2]]), data_range=1.0), 6)
    -0.05
    """
    sums = pair.moments
    return sums.signed / sums.pixels if sums.pixels else math.nan


def r2(pair: Comparison) -> float:
    """Coefficient of determination, 1 - sum((x - y)^2) / sum((y - mean(y))^2), at most 1.

    Nash and Sutcliffe 1970. 0 is as good as the reference's mean; there is no lower bound. NaN
    where no pixel is scored or the reference is constant over them.

    >>> import numpy as np
    >>> reference = np.array([[1.0, 2.0, 3.0]])
    >>> R2(reference, np.full((1, 3), 2.0), data_range=1.0)
    0.0
    """
    sums = pair.moments
    return 1 - sums.squared / sums.syy if sums.syy > 0 else math.nan


def pearson(pair: Comparison) -> float:
    """Correlation coefficient, cov(x, y) / (sd(x) sd(y)), -1..1; blind to gain and offset.

    Pearson 1895. NaN where no pixel is scored or either band is constant over them.

    >>> import numpy as np
    >>> reference = np.array([[1.0, 2.0, 3.0]])
    >>> PEARSON(reference, 5 - 2 * reference, data_range=1.0)
    -1.0
    """
    sums = pair.moments
    if not (sums.sxx > 0 and sums.syy > 0):
        return math.nan
    r = sums.sxy / math.sqrt(sums.sxx * sums.syy)
    return min(max(r, -1.0), 1.0)


_WILLMOTT = "Willmott and Matsuura 2005, doi 10.3354/cr030079"

RMSE = BandMetric(
    key="rmse",
    label="RMSE",
    better="lower",
    range=(0.0, None),
    unit="band",
    source=_WILLMOTT,
    needs_reference=True,
    perfect=0.0,
    function=rmse,
    headline=True,
)
MAE = BandMetric(
    key="mae",
    label="MAE",
    better="lower",
    range=(0.0, None),
    unit="band",
    source=_WILLMOTT,
    needs_reference=True,
    perfect=0.0,
    function=mae,
    headline=True,
)
BIAS = BandMetric(
    key="bias",
    label="Bias",
    better="closer",
    range=(None, None),
    unit="band",
    source=_WILLMOTT,
    needs_reference=True,
    perfect=0.0,
    function=bias,
)
R2 = BandMetric(
    key="r2",
    label="R²",
    better="higher",
    range=(None, 1.0),
    unit="",
    source="Nash and Sutcliffe 1970, doi 10.1016/0022-1694(70)90255-6",
    needs_reference=True,
    perfect=1.0,
    function=r2,
    headline=True,
)
PEARSON = BandMetric(
    key="pearson",
    label="Pearson r",
    better="higher",
    range=(-1.0, 1.0),
    unit="",
    source="Pearson 1895, doi 10.1098/rspl.1895.0041",
    needs_reference=True,
    perfect=1.0,
    function=pearson,
    headline=True,
)
