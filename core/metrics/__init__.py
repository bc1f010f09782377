"""Every metric, by key. To add one: write its function and facts in a file, list it here."""

from collections.abc import Iterable

from core.errors import UnknownNameError
from core.metrics.comparison import Band, Comparison, Flags
from core.metrics.error import BIAS, MAE, PEARSON, R2, RMSE
from core.metrics.information import ENTROPY
from core.metrics.metric import Metric
from core.metrics.sharpness import GRADIENT_MAGNITUDE, SOBEL, SPATIAL_FREQUENCY
from core.metrics.structure import SSIM, UIQI

METRICS: dict[str, Metric] = {
    "rmse": RMSE,
    "mae": MAE,
    "bias": BIAS,
    "r2": R2,
    "pearson": PEARSON,
    "ssim": SSIM,
    "uiqi": UIQI,
    "entropy": ENTROPY,
    "sobel": SOBEL,
    "spatial-frequency": SPATIAL_FREQUENCY,
    "gradient-magnitude": GRADIENT_MAGNITUDE,
}


def score_all(
    reference: Band,
    estimate: Band,
    *,
    valid: Flags | None = None,
    scored: Flags | None = None,
    data_range: float,
    lowest: float = 0.0,
    keys: Iterable[str] = tuple(METRICS),
) -> dict[str, float]:
    """Return several metrics of one band by key; those that need the same sums share one pass.

    Arrays, masks, no-data and errors are as for calling a `Metric`; `UnknownNameError` for a key
    that is not in the registry.
    """
    pair = Comparison.of(
        reference, estimate, valid=valid, scored=scored, data_range=data_range, lowest=lowest
    )
    scores = {}
    for key in keys:
        if key not in METRICS:
            raise UnknownNameError("metric", key, METRICS)
        scores[key] = METRICS[key].function(pair)
    return scores
