"""Every metric by its key. To add one: write its function and facts, and say here where they are.

A `BandMetric` is of one band, a `SpectralMetric` of all bands together.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, get_args

from bandweave.errors import UnknownNameError
from bandweave.metrics.comparison import Band, Comparison, Flags
from bandweave.metrics.metric import BandMetric, Better, Metric
from bandweave.metrics.spectral import Spectra, SpectralMetric
from bandweave.registry import Registry, marked, need_texts


def _accepted(entry: Any, origin: str) -> Metric:
    """Return a package's metric, marked as not ours."""
    if not isinstance(entry, BandMetric | SpectralMetric):
        raise ValueError("it is no BandMetric and no SpectralMetric")
    if entry.better not in get_args(Better):
        raise ValueError(f"better cannot be '{entry.better}'")
    need_texts(entry, ("label", "source", "unit"))
    return replace(entry, label=marked(entry.label, origin), origin=origin)


METRICS: Registry[Metric] = Registry(
    "metrics",
    {
        "rmse": "error:RMSE",
        "mae": "error:MAE",
        "bias": "error:BIAS",
        "r2": "error:R2",
        "pearson": "error:PEARSON",
        "ssim": "structure:SSIM",
        "uiqi": "structure:UIQI",
        "sam": "spectral:SAM",
        "ergas": "spectral:ERGAS",
        "entropy": "information:ENTROPY",
        "sobel": "sharpness:SOBEL",
        "spatial-frequency": "sharpness:SPATIAL_FREQUENCY",
        "gradient-magnitude": "sharpness:GRADIENT_MAGNITUDE",
    },
    _accepted,
)


def by_band() -> dict[str, BandMetric]:
    """Return the metrics of one band."""
    return {key: each for key, each in METRICS.items() if isinstance(each, BandMetric)}


def of_all_bands() -> dict[str, SpectralMetric]:
    """Return the metrics of all bands together."""
    return {key: each for key, each in METRICS.items() if isinstance(each, SpectralMetric)}


def score_all(
    reference: Band,
    estimate: Band,
    *,
    valid: Flags | None = None,
    scored: Flags | None = None,
    data_range: float,
    lowest: float = 0.0,
    keys: Iterable[str] | None = None,
) -> dict[str, float]:
    """Return metrics of one band by key, all by default; the same sums are taken once.

    Arrays, masks, no-data and errors are as for calling a `Metric`; `UnknownNameError` for a key
    that is not one of a band's.
    """
    pair = Comparison.of(
        reference, estimate, valid=valid, scored=scored, data_range=data_range, lowest=lowest
    )
    known = by_band()
    scores = {}
    for key in known if keys is None else keys:
        if key not in known:
            raise UnknownNameError("metric", key, known)
        scores[key] = known[key].of(pair)
    return scores


def score_spectra(sums: Spectra, keys: Iterable[str] | None = None) -> dict[str, float]:
    """Return metrics of all bands together by key (default: all), from the same sums."""
    known = of_all_bands()
    return {key: known[key].of(sums) for key in (known if keys is None else keys)}
