"""What radar shows around every pixel: averages, texture and contrasts at several scales.

All from linear power cut to -40..10 dB; where radar has no data the band's median stands. Averages
are Gaussian and taken in power, over dates too, before they are turned into decibels.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, maximum_filter, median_filter, minimum_filter

from bandweave.prepare.radiometry import power_to_db
from bandweave.prepare.speckle_filters import SpeckleFilter
from bandweave.raster.grid import Pixels, Raster, Window
from bandweave.raster.mirrored import read_reflected

SCALES = (1, 2, 4, 8, 16)
"""Standard deviations of the averages, in pixels."""
LEE, TEXTURE, QUOTIENT, DATES, CONTEXT = "lee", "texture", "quotient", "dates", "context"
WIDEST = 32
DATE_SCALE = 2
TEXTURE_SCALE, CONTEXT_SCALES = 4, (2, 8, 16)
CONTRASTS = ((1, 4), (2, 8), (4, 16))
EXTREMES = (9, 21)
EDGES = (2, 4)
RANGE = 1e-4, 1e1
"""Power outside, -40 to 10 dB, is noise floors and corner reflectors."""
TEXTURE_DB = (-35.0, 5.0)
_FILTER = SpeckleFilter("lee", 7)
_TRUNCATE = 4.0
HALO = int(_TRUNCATE * WIDEST)
"""How many pixels away the maps look, at most."""


def mean_of(scale: int) -> str:
    """Return the name of the group of averages at a scale."""
    return f"mean {scale}"


def group_sizes(bands: int, dates: int) -> Mapping[str, int]:
    """Return how many maps each group has, in the order of the maps."""
    context = len(CONTEXT_SCALES) + 2 * len(EXTREMES) + 1 + len(CONTRASTS) + len(EDGES) + 1
    return {
        LEE: bands,
        **{mean_of(scale): bands for scale in SCALES},
        TEXTURE: bands,
        QUOTIENT: 1 + len(SCALES) if bands == 2 else 0,
        DATES: bands * dates if dates > 1 else 0,
        CONTEXT: bands * context + (bands == 2),
    }


def radar_maps(dates: Sequence[Raster], typical: NDArray[np.float32], window: Window) -> Pixels:
    """Return the maps (map, row, col) of a window in decibels, finite; edges are mirrored.

    `dates` are rasters of power with the same bands, `typical` the bands' medians.
    """
    margin, inner = window.grown(HALO), slice(HALO, -HALO)
    each = [_finite(read_reflected(raster, margin), typical) for raster in dates]
    maps = [plane[inner, inner] for plane in _maps(each)]
    return np.stack(maps).astype(np.float32, copy=False)


def _finite(power: Pixels, typical: NDArray[np.float32]) -> Pixels:
    power = np.where(np.isfinite(power), power, typical[:, None, None])
    return np.clip(power, *RANGE)


def _maps(dates: Sequence[Pixels]) -> Iterator[NDArray[np.float32]]:
    """Yield the maps in the order of their groups."""
    power = dates[0] if len(dates) == 1 else np.mean(dates, axis=0)
    db = np.clip(power_to_db(power), *TEXTURE_DB)
    halo = _FILTER.halo
    around = np.pad(power, ((0, 0), (halo, halo), (halo, halo)), mode="symmetric")
    filtered = power_to_db(_FILTER.apply(around))
    mean = {scale: power_to_db(_gauss(power, scale)) for scale in (*SCALES, WIDEST)}
    averages = [filtered, *(mean[scale] for scale in SCALES)]
    for average in averages:
        yield from average
    yield from _deviation(db, TEXTURE_SCALE)
    if len(db) == 2:
        yield from (first - second for first, second in averages)
    if len(dates) > 1:
        for each in dates:
            yield from power_to_db(_gauss(each, DATE_SCALE))
    yield from _context(db, filtered, mean)


def _context(
    db: Pixels, filtered: Pixels, mean: Mapping[int, Pixels]
) -> Iterator[NDArray[np.float32]]:
    """Yield the maps of the wider surroundings."""
    for scale in CONTEXT_SCALES:
        yield from _deviation(db, scale)
    for side in EXTREMES:
        yield from maximum_filter(filtered, (1, side, side))
        yield from minimum_filter(filtered, (1, side, side))
    yield from mean[WIDEST]
    for fine, wide in CONTRASTS:
        yield from mean[fine] - mean[wide]
    for scale in EDGES:
        down, right = np.gradient(mean[scale], axis=(1, 2))
        yield from _gauss(np.hypot(down, right), 1)
    yield from median_filter(db, (1, 5, 5))
    if len(db) == 2:
        first, second = (_gauss(each, TEXTURE_SCALE) for each in db)
        yield _gauss(db[0] * db[1], TEXTURE_SCALE) - first * second


def _gauss(image: Pixels, scale: float) -> Pixels:
    axes = (image.ndim - 2, image.ndim - 1)
    smooth: Pixels = gaussian_filter(image, scale, axes=axes, truncate=_TRUNCATE)
    return smooth


def _deviation(image: Pixels, scale: float) -> Pixels:
    """Return the local standard deviation."""
    variance = _gauss(image * image, scale) - _gauss(image, scale) ** 2
    deviation: Pixels = np.sqrt(np.maximum(variance, 0))
    return deviation
