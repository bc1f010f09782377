"""Every metric, by key. To add one: write its function and facts in a file, list it here.

A `BandMetric` is of one band, a `SpectralMetric` of all bands together.
"""

from collections.abc import Iterable

from bandweave.errors import UnknownNameError
from bandweave.metrics.comparison import Band, Comparison, Flags
from bandweave.metrics.error import BIAS, MAE, PEARSON, R2, RMSE
from bandweave.metrics.information import ENTROPY
from bandweave.metrics.metric import BandMetric, Metric
from bandweave.metrics.sharpness import GRADIENT_MAGNITUDE, SOBEL, SPATIAL_FREQUENCY
from bandweave.metrics.spectral import ERGAS, SAM, Spectra, SpectralMetric
from bandweave.metrics.structure import SSIM, UIQI

METRICS: dict[str, Metric] = {
    "rmse": RMSE,
    "mae": MAE,
    "bias": BIAS,
    "r2": R2,
    "pearson": PEARSON,
    "ssim": SSIM,
    "uiqi": UIQI,
    "sam": SAM,
    "ergas": ERGAS,
    "entropy": ENTROPY,
    "sobel": SOBEL,
    "spatial-frequency": SPATIAL_FREQUENCY,
    "gradient-magnitude": GRADIENT_MAGNITUDE,
}
BY_BAND = {key: metric for key, metric in METRICS.items() if isinstance(metric, BandMetric)}
SPECTRAL = {key: metric for key, metric in METRICS.items() if isinstance(metric, SpectralMetric)}


def score_all(
    reference: Band,
    estimate: Band,
    *,
    valid: Flags | None = None,
    scored: Flags | None = None,
    data_range: float,
    lowest: float = 0.0,
    keys: Iterable[str] = tuple(BY_BAND),
) -> dict[str, float]:
    """Return several metrics of one band by key; those that need the same sums share one pass.

    Arrays, masks, no-data and errors are as for calling a `Metric`; `UnknownNameError` for a key
    that is not one of a band's.
    """
    pair = Comparison.of(
        reference, estimate, valid=valid, scored=scored, data_range=data_range, lowest=lowest
    )
    scores = {}
    for key in keys:
        if key not in BY_BAND:
            raise UnknownNameError("metric", key, BY_BAND)
        scores[key] = BY_BAND[key].function(pair)
    return scores


def score_spectra(sums: Spectra, keys: Iterable[str] = tuple(SPECTRAL)) -> dict[str, float]:
    """Return several metrics of all bands together by key, from the same sums."""
    return {key: SPECTRAL[key].function(sums) for key in keys}
