"""How much the estimate x varies from pixel to pixel; speckle and artefacts raise it too.

All three scale with x, so they compare only between bands on one scale.
"""

import math

from bandweave.metrics.comparison import Comparison
from bandweave.metrics.metric import BandMetric


def sobel(pair: Comparison) -> float:
    """Mean edge strength, mean(sqrt(Gx^2 + Gy^2)).

    Gonzalez and Woods: Gx and Gy are x filtered with [1 2 1] across and [-1 0 1] along, not divided
    by 8; beyond the border the image is mirrored, edge pixels repeated. The mean is over scored
    pixels whose 3 x 3 neighbourhood is valid. NaN where there is none.

    >>> import numpy as np
    >>> slope = np.tile(np.arange(4.0), (3, 1))
    >>> SOBEL(slope, slope, data_range=1.0)  # 8 inside, 4 at the mirrored ends
    6.0
    """
    from bandweave.metrics import metric_kernels

    total, count = metric_kernels.gradients(*pair.arrays, True)
    return total / count if count else math.nan


def spatial_frequency(pair: Comparison) -> float:
    """Spatial frequency, sqrt(RF^2 + CF^2).

    Eskicioglu and Fisher 1995: RF^2 = sum((x[i, j] - x[i, j-1])^2) / (M N) and
    CF^2 = sum((x[i, j] - x[i-1, j])^2) / (M N). Only pairs of two valid pixels count, the later of
    them scored, and M N is the number of scored pixels. NaN where there is no such pair.

    >>> import numpy as np
    >>> chequerboard = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> SPATIAL_FREQUENCY(chequerboard, chequerboard, data_range=1.0)
    1.0
    """
    from bandweave.metrics import metric_kernels

    squares, pairs, count = metric_kernels.differences(*pair.arrays)
    return math.sqrt(squares / count) if pairs else math.nan


def gradient_magnitude(pair: Comparison) -> float:
    """Mean gradient, mean(sqrt(dx^2 + dy^2)), per pixel.

    Xydeas and Petrovic 2000, with differences as `numpy.gradient` takes them: central,
    (x[j+1] - x[j-1]) / 2, and one-sided at the border. The mean is over scored pixels whose
    neighbours are valid. NaN where there is none, as in a band of one row or column.

    >>> import numpy as np
    >>> slope = np.tile(np.arange(4.0), (3, 1))
    >>> GRADIENT_MAGNITUDE(slope, slope, data_range=1.0)
    1.0
    """
    from bandweave.metrics import metric_kernels

    total, count = metric_kernels.gradients(*pair.arrays, False)
    return total / count if count else math.nan


SOBEL = BandMetric(
    key="sobel",
    label="Sobel strength",
    better="closer",
    range=(0.0, None),
    unit="band",
    source="Gonzalez and Woods, Digital Image Processing, 4th ed. 2018, section 10.2",
    needs_reference=False,
    perfect=None,
    function=sobel,
)
SPATIAL_FREQUENCY = BandMetric(
    key="spatial-frequency",
    label="Spatial frequency",
    better="closer",
    range=(0.0, None),
    unit="band",
    source="Eskicioglu and Fisher 1995, doi 10.1109/26.477498",
    needs_reference=False,
    perfect=None,
    function=spatial_frequency,
)
GRADIENT_MAGNITUDE = BandMetric(
    key="gradient-magnitude",
    label="Gradient magnitude",
    better="closer",
    range=(0.0, None),
    unit="band",
    source="Xydeas and Petrovic 2000, doi 10.1049/el:20000267",
    needs_reference=False,
    perfect=None,
    function=gradient_magnitude,
)
