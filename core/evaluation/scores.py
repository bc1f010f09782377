"""The only place where truth, estimate and metrics meet."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.metrics import METRICS, by_band, of_all_bands, score_all, score_spectra
from bandweave.metrics.spectral import Spectra
from bandweave.problem import BandScale, Region, Truth
from bandweave.raster.grid import BLOCK, Raster, Window

MEAN = "mean"
"""The band name of the arithmetic mean over bands, and of what is of all bands together."""


class Score(NamedTuple):
    """One number: of a region, a band and a metric."""

    region: Region
    band: str
    metric: str
    value: float


def evaluate(truth: Truth, fused: Raster, keys: Sequence[str] | None = None) -> list[Score]:
    """Return metrics (all by default) of every band and their mean, for every region of the truth.

    Metrics are computed band by band on the truth's declared scale, those of all bands together
    in reflectance; what is compared are the means of the truth's cells, each where all of its
    pixels are scored. NaN where undefined.
    """
    scores: list[Score] = []
    keys = list(METRICS) if keys is None else keys
    single = [key for key in keys if key in by_band()]
    spectral = [key for key in keys if key in of_all_bands()]
    for region, flags in truth.regions.items():
        scored = whole_cells(_flagged(flags), truth.cell)
        bands = []
        for band, scale in zip(truth.reference.bands, truth.scales, strict=True):
            values = score_all(
                cell_means(_scaled(truth.reference, band, scale), truth.cell),
                cell_means(_scaled(fused, band, scale), truth.cell),
                scored=scored,
                data_range=scale.data_range,
                lowest=scale.lowest,
                keys=single,
            )
            bands.append(values)
            scores += [Score(region, band, key, value) for key, value in values.items()]
        together = {key: float(np.mean([values[key] for values in bands])) for key in single}
        if spectral:
            together |= score_spectra(_spectra(truth, fused, scored), spectral)
        scores += [Score(region, MEAN, key, together[key]) for key in keys]
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
    """Return {metric: {band: value}} of two (band, row, col) images on their own scale.

    Metrics of all bands together are of the mean alone.
    """
    found: dict[str, dict[str, float]] = {key: {} for key in METRICS}
    for band, pair in zip(bands, zip(reference, estimate, strict=True), strict=True):
        values = score_all(*pair, valid=valid, data_range=data_range)
        for key, value in values.items():
            found[key][band] = value
    for key in by_band():
        found[key][MEAN] = float(np.mean(list(found[key].values())))
    for key, value in score_spectra(Spectra.of(reference, estimate, valid=valid)).items():
        found[key][MEAN] = value
    return found


def cell_means(pixels: NDArray[np.float32], cell: int) -> NDArray[np.float32]:
    """Return the means of `cell` x `cell` pixels of (..., row, col), NaN where one is no data.

    Cells are counted from the upper left corner; rows and columns left over make none.
    """
    if cell == 1:
        return pixels
    means: NDArray[np.float32] = _cells(pixels, cell).mean(axis=(-3, -1), dtype=np.float64)
    return means.astype(np.float32)


def whole_cells(flags: NDArray[np.bool_], cell: int) -> NDArray[np.bool_]:
    """Return which cells of `cell` x `cell` pixels are flagged as a whole."""
    return np.asarray(_cells(flags, cell).all(axis=(-3, -1)))


def _cells(pixels: NDArray[Any], cell: int) -> NDArray[Any]:
    rows, cols = (size // cell for size in pixels.shape[-2:])
    cut = pixels[..., : rows * cell, : cols * cell]
    return cut.reshape(*pixels.shape[:-2], rows, cell, cols, cell)


def _spectra(truth: Truth, fused: Raster, scored: NDArray[np.bool_]) -> Spectra:
    """Return the sums over all bands, read window by window."""
    bands, cell = truth.reference.bands, truth.cell

    def part(window: Window) -> Spectra:
        top, left = window.row // cell, window.col // cell
        reference, estimate = (
            cell_means(raster.read(window, bands), cell) for raster in (truth.reference, fused)
        )
        rows, cols = reference.shape[1:]
        return Spectra.of(
            reference,
            estimate,
            scored=scored[top : top + rows, left : left + cols],
            resolution_ratio=truth.resolution_ratio,
        )

    windows = truth.reference.grid.windows(max(BLOCK // cell, 1) * cell)
    return Spectra.total(part(each) for each in windows if min(each.height, each.width) >= cell)


def _scaled(raster: Raster, band: str, scale: BandScale) -> NDArray[np.float32]:
    # window by window: reading a large band at once takes several times its size
    pixels = np.empty(raster.grid.shape, np.float32)
    for window in raster.grid.windows(BLOCK):
        pixels[window.slices] = raster.read(window, [band])[0]
    if (scale.lower, scale.upper) != (0.0, 1.0):
        pixels -= scale.lower
        pixels /= scale.upper - scale.lower
    return pixels


def _flagged(flags: Raster) -> NDArray[np.bool_]:
    found = np.empty(flags.grid.shape, np.bool_)
    for window in flags.grid.windows(BLOCK):
        found[window.slices] = flags.read(window)[0] == 1
    return found
