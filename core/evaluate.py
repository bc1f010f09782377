"""The only place where truth, estimate and metrics meet."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.grid import Raster
from core.metrics import METRICS, score_all
from core.problem import BandScale, Region, Truth

MEAN = "mean"
"""The band name of the arithmetic mean over bands."""


class Score(NamedTuple):
    """One number: of a region, a band and a metric."""

    region: Region
    band: str
    metric: str
    value: float


def evaluate(truth: Truth, fused: Raster, keys: Sequence[str] = tuple(METRICS)) -> list[Score]:
    """Return metrics (all by default) of every band and their mean, for every region of the truth.

    Metrics are computed band by band on the truth's declared scale; NaN where undefined.
    """
    scores: list[Score] = []
    for region, flags in truth.regions.items():
        scored = flags.read()[0] == 1
        bands = []
        for band, scale in zip(truth.reference.bands, truth.scales, strict=True):
            values = score_all(
                _scaled(truth.reference, band, scale),
                _scaled(fused, band, scale),
                scored=scored,
                data_range=scale.data_range,
                lowest=scale.lowest,
                keys=keys,
            )
            bands.append(values)
            scores += [Score(region, band, key, value) for key, value in values.items()]
        scores += [
            Score(region, MEAN, key, float(np.mean([values[key] for values in bands])))
            for key in keys
        ]
    return scores


def original(truth: Truth) -> list[Score]:
    """Return the metrics without reference of the reference itself, to be compared with."""
    alone = [key for key, metric in METRICS.items() if not metric.needs_reference]
    return evaluate(truth, truth.reference, alone)


def compare(
    reference: NDArray[np.float32],
    estimate: NDArray[np.float32],
    bands: tuple[str, ...],
    *,
    data_range: float,
    valid: NDArray[np.bool_] | None = None,
) -> dict[str, dict[str, float]]:
    """Return {metric: {band: value}} of two (band, row, col) images on their own scale."""
    found: dict[str, dict[str, float]] = {key: {} for key in METRICS}
    for band, pair in zip(bands, zip(reference, estimate, strict=True), strict=True):
        values = score_all(*pair, valid=valid, data_range=data_range)
        for key, value in values.items():
            found[key][band] = value
    for values in found.values():
        values[MEAN] = float(np.mean(list(values.values())))
    return found


def _scaled(raster: Raster, band: str, scale: BandScale) -> NDArray[np.float32]:
    pixels: NDArray[np.float32] = raster.read(bands=[band])[0]
    if (scale.lower, scale.upper) != (0.0, 1.0):
        pixels = ((pixels - scale.lower) / (scale.upper - scale.lower)).astype(np.float32)
    return pixels


def json_number(value: float) -> float | None:
    """Return a number as JSON can hold it: null where undefined."""
    return value if math.isfinite(value) else None
