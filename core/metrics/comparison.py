"""Two bands and the pixels that count: what every metric is given.

Arrays are checked here once, so that no metric needs to ask, and are not copied: a band of
10980 x 10980 pixels costs nothing beyond itself. The compiled loops are imported on first use,
which keeps the rest of the product quick to start.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import BandweaveError

Band = NDArray[np.float32] | NDArray[np.float64]
"""Two-dimensional, (row, col), NaN is no data."""
Cube = NDArray[np.float32] | NDArray[np.float64]
"""Three-dimensional, (band, row, col), NaN is no data."""
Flags = NDArray[np.bool_]


class MetricError(BandweaveError):
    """Two bands cannot be compared as asked."""


class Moments(NamedTuple):
    """Sums over the scored pixels of estimate x and reference y, accumulated in float64."""

    pixels: int
    mean_x: float
    mean_y: float
    sxx: float
    """Sum of squared deviations of x from its mean; exactly 0 where x is constant."""
    syy: float
    sxy: float
    signed: float
    """Sum of x - y."""
    absolute: float
    """Sum of |x - y|."""
    squared: float
    """Sum of (x - y)^2."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """One band of a reference and of an estimate, which pixels are valid and which are scored.

    A pixel is valid where `valid` says so (everywhere by default) and both bands are finite; it is
    scored where `scored` says so (everywhere by default) and it is valid. Metrics without a
    reference follow the same rule, so that an estimate and its original are described by the same
    pixels. Raises `MetricError` for arrays that are empty, not two-dimensional, not floating-point
    or not of one shape, for masks that are not boolean, and for a data range that is not positive.
    """

    reference: Band
    estimate: Band
    data_range: float
    """L: the span of values the scale was declared with."""
    valid: Flags
    """As given; where nothing was, one row that stands for every row."""
    scored: Flags
    """Likewise."""
    lowest: float = 0.0
    """Where the declared range begins; it ends at `lowest` + L."""

    @classmethod
    def of(
        cls,
        reference: Band,
        estimate: Band,
        *,
        valid: Flags | None = None,
        scored: Flags | None = None,
        data_range: float,
        lowest: float = 0.0,
    ) -> "Comparison":
        """Check the arrays and bring them to the few types the compiled loops know."""
        _check_bands(reference, estimate)
        if not (math.isfinite(data_range) and data_range > 0 and math.isfinite(lowest)):
            raise MetricError(
                f"The data range is {data_range}; a positive number was expected.",
                "Give the span of values of the scale, such as 1 for 0..1.",
            )
        both_single = reference.dtype == np.float32 and estimate.dtype == np.float32
        dtype = np.float32 if both_single else np.float64
        return cls(
            _read_only(reference, dtype),
            _read_only(estimate, dtype),
            float(data_range),
            _mask("valid", valid, estimate.shape),
            _mask("scored", scored, estimate.shape),
            float(lowest),
        )

    @property
    def arrays(self) -> tuple[Band, Band, Flags, Flags]:
        """Reference, estimate, valid and scored, in the order the compiled loops take them."""
        return self.reference, self.estimate, self.valid, self.scored

    @property
    def width(self) -> int:
        """How many columns the bands have."""
        return int(self.estimate.shape[1])

    @cached_property
    def moments(self) -> Moments:
        """The sums behind RMSE, MAE, bias, R2 and Pearson's r, taken in one pass."""
        from bandweave.metrics import metric_kernels

        return Moments(*metric_kernels.moments(*self.arrays))


def check_cubes(
    reference: Cube, estimate: Cube, valid: Flags | None, scored: Flags | None
) -> tuple[Cube, Cube, Flags, Flags]:
    """Check two (band, row, col) images and their masks as `Comparison.of` does bands.

    Return reference, estimate, valid and scored in the types the compiled loops know.
    """
    for name, cube in (("reference", reference), ("estimate", estimate)):
        if cube.ndim != 3 or cube.size == 0:
            raise MetricError(
                f"The {name} has shape {cube.shape}; bands, rows and columns were expected.",
                "Give all bands as one array.",
            )
    _check_numbers(reference, estimate)
    both_single = reference.dtype == np.float32 and estimate.dtype == np.float32
    dtype = np.float32 if both_single else np.float64
    shape = estimate.shape[1:]
    return (
        _read_only(reference, dtype),
        _read_only(estimate, dtype),
        _mask("valid", valid, shape),
        _mask("scored", scored, shape),
    )


def _check_bands(reference: NDArray[Any], estimate: NDArray[Any]) -> None:
    for name, band in (("reference", reference), ("estimate", estimate)):
        if band.ndim != 2 or band.size == 0:
            raise MetricError(
                f"The {name} has shape {band.shape}; one band (rows, columns) was expected.",
                "Compare one band at a time.",
            )
    _check_numbers(reference, estimate)


def _check_numbers(reference: NDArray[Any], estimate: NDArray[Any]) -> None:
    for name, band in (("reference", reference), ("estimate", estimate)):
        if band.dtype.kind != "f":
            raise MetricError(
                f"The {name} holds {band.dtype} values; floating-point values were expected.",
                "Convert it to float32, with NaN where there is no data.",
            )
    if reference.shape != estimate.shape:
        raise MetricError(
            f"The reference has shape {reference.shape} and the estimate {estimate.shape}; "
            "equal shapes were expected.",
            "Bring both to one grid first.",
        )


def _mask(name: str, mask: Flags | None, shape: tuple[int, ...]) -> Flags:
    if mask is None:
        return _read_only(np.ones((1, shape[1]), dtype=np.bool_), np.bool_)
    if mask.shape != shape or mask.dtype != np.bool_:
        raise MetricError(
            f"The mask '{name}' has shape {mask.shape} and type {mask.dtype}; "
            f"{shape} and bool were expected.",
            "Give one true or false a pixel.",
        )
    return _read_only(mask, np.bool_)


def _read_only(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    # one memory layout and one access mode: each further combination would be compiled anew
    view = np.ascontiguousarray(array, dtype=dtype).view()
    view.flags.writeable = False
    return view
