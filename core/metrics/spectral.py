"""How far the estimate's spectra x are from the reference's y, over all bands at once.

Both are of reflectance as it is, not of a scale stretched band by band: a spectrum's angle and a
band's mean change with the scale's offset.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bandweave.metrics.comparison import Cube, Flags, check_cubes
from bandweave.metrics.metric import Metric


@dataclass(frozen=True, eq=False)
class Spectra:
    """Sums over the scored pixels, accumulated in float64.

    A pixel counts where it is scored and every band of both images is finite.
    """

    pixels: int
    squared: NDArray[np.float64]
    """Sum of (x - y)^2, one a band."""
    reference: NDArray[np.float64]
    """Sum of y, one a band."""
    angles: float
    """Sum of the angles between x and y in radians, without those of zero vectors."""
    directed: int
    """Pixels where neither spectrum is zero."""
    resolution_ratio: float = 1.0
    """h/l: the pixel side of the finer image over that of the coarser one it was made from."""

    @classmethod
    def of(
        cls,
        reference: Cube,
        estimate: Cube,
        *,
        valid: Flags | None = None,
        scored: Flags | None = None,
        resolution_ratio: float = 1.0,
    ) -> "Spectra":
        """Return the sums of two (band, row, col) images, or of a window of them.

        `valid` and `scored` are (row, col), everywhere by default. Raises `MetricError` for arrays
        that do not fit together.
        """
        from bandweave.metrics import metric_kernels

        arrays = check_cubes(reference, estimate, valid, scored)
        pixels, squared, sums, angles, directed = metric_kernels.spectra(*arrays)
        return cls(pixels, squared, sums, angles, directed, resolution_ratio)

    @classmethod
    def total(cls, parts: Iterable["Spectra"]) -> "Spectra":
        """Return the sums of a whole image from those of its windows."""
        first, *others = parts
        whole = first
        for part in others:
            whole = replace(
                whole,
                pixels=whole.pixels + part.pixels,
                squared=whole.squared + part.squared,
                reference=whole.reference + part.reference,
                angles=whole.angles + part.angles,
                directed=whole.directed + part.directed,
            )
        return whole


@dataclass(frozen=True)
class SpectralMetric(Metric):
    """One number about all bands of an estimate together: no band has one of its own."""

    function: Callable[[Spectra], float]

    def __call__(
        self,
        reference: Cube,
        estimate: Cube,
        *,
        valid: Flags | None = None,
        scored: Flags | None = None,
        resolution_ratio: float = 1.0,
    ) -> float:
        """Return the metric of two (band, row, col) images in reflectance.

        Masks and errors are as for `Spectra.of`. NaN where nothing can be computed.
        """
        sums = Spectra.of(
            reference, estimate, valid=valid, scored=scored, resolution_ratio=resolution_ratio
        )
        return self.function(sums)


def sam(sums: Spectra) -> float:
    """Spectral angle, mean(arccos(x . y / (|x| |y|))), in degrees, 0..180; blind to brightness.

    Yuhas, Goetz and Boardman 1992. The mean is of angles; pixels where either spectrum is all zero
    have none and are left out. NaN where none remains, and for a single band.

    >>> import numpy as np
    >>> red, yellow = np.array([[[1.0]], [[0.0]]]), np.array([[[1.0]], [[1.0]]])
    >>> round(SAM(red, yellow), 6)
    45.0
    """
    if not sums.directed or sums.squared.size < 2:
        return math.nan
    return math.degrees(sums.angles / sums.directed)


def ergas(sums: Spectra) -> float:
    """Relative global error of synthesis, 100 (h/l) sqrt(mean_k((RMSE_k / mean_k)^2)).

    Wald 2000: k runs over bands, mean_k is the reference's, and h/l is the pixel side of the finer
    image over that of the coarser one, 1 where nothing was made finer. NaN where no pixel is scored
    or a band's mean is 0.

    >>> import numpy as np
    >>> reference = np.array([[[0.1, 0.3]], [[0.2, 0.2]]])
    >>> round(ERGAS(reference, 1.1 * reference + 0.0), 4)
    10.6066
    """
    if not sums.pixels or not sums.reference.all():
        return math.nan
    relative = sums.squared / sums.pixels / (sums.reference / sums.pixels) ** 2
    return 100 * sums.resolution_ratio * math.sqrt(relative.mean())


SAM = SpectralMetric(
    key="sam",
    label="SAM",
    better="lower",
    range=(0.0, 180.0),
    unit="degrees",
    source="Yuhas, Goetz and Boardman 1992, Summaries of the 3rd JPL Airborne Geoscience Workshop",
    needs_reference=True,
    perfect=0.0,
    function=sam,
    headline=True,
)
ERGAS = SpectralMetric(
    key="ergas",
    label="ERGAS",
    better="lower",
    range=(0.0, None),
    unit="",
    source="Wald 2000, Quality of high resolution synthesised images, Fusion of Earth Data, 99-103",
    needs_reference=True,
    perfect=0.0,
    function=ergas,
    headline=True,
)
