"""Linear regression of optical bands on radar: what radar alone says of a pixel."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bandweave.errors import MethodError
from bandweave.methods.radar import decibels
from bandweave.prepare.multilook import MultilookRaster, reach
from bandweave.problem import Problem
from bandweave.raster.grid import BLOCK, Pixels, Raster, Window
from bandweave.raster.scene import Layer, Scene
from bandweave.settings import setting

LOOKS: dict[str, tuple[float, ...]] = {
    "pixel": (0.0,),
    "multi-look": (0.0, 1.0, 2.0, 4.0, 8.0, 16.0),
}
"""Standard deviations in pixels at which radar is averaged."""


def looks_setting(default: str) -> Any:
    """Declare at which scales radar is averaged before the regression."""
    return setting(
        default,
        "Radar averaged",
        "Regress on each pixel alone, or on averages over 1 to 16 pixels around it too.",
        choices=tuple(LOOKS),
    )


@dataclass(frozen=True)
class Regression:
    """Coefficients of each optical band on 1 and the radar bands in decibels."""

    bands: tuple[str, ...]
    radar: str
    """The radar layer's name."""
    scales: tuple[float, ...]
    """The scales radar is averaged at, in pixels; 0 is the pixel itself."""
    typical: tuple[float, ...]
    """The features' means in decibels; used where radar has no data."""
    coefficients: tuple[tuple[float, ...], ...]
    """(1 + features, optical bands)."""

    def __post_init__(self) -> None:
        """Refuse coefficients of other features or bands, and scales that nobody regresses on."""
        widths = {len(row) for row in self.coefficients}
        if len(self.coefficients) != 1 + len(self.typical) or widths != {len(self.bands)}:
            raise ValueError("its coefficients are not of its bands")
        if self.scales not in LOOKS.values():
            raise ValueError("its scales are none of ours")

    @property
    def halo(self) -> int:
        """How many pixels away a prediction looks."""
        return reach(self.scales)

    def predict(self, inputs: Scene, window: Window | None = None) -> Pixels:
        """Return the optical bands for a window of a scene with this radar layer."""
        backscatter = features(inputs.layer(self.radar), self.scales).read(window)
        typical = np.array(self.typical, dtype=np.float64)[:, None, None]
        known = np.where(np.isnan(backscatter), typical, backscatter)
        coefficients = np.array(self.coefficients)
        constant, slopes = coefficients[0], coefficients[1:]
        predicted = np.einsum("ro,rij->oij", slopes, known) + constant[:, None, None]
        bands: Pixels = predicted.astype(np.float32)
        return bands


def features(radar: Layer, scales: tuple[float, ...]) -> Raster:
    """Return radar in decibels at several scales."""
    return decibels(MultilookRaster(radar.raster, scales))


def regress(problem: Problem, looks: str) -> Regression:
    """Fit ordinary least squares over all known pixels with radar, by streaming sums."""
    pair = problem.known
    scales = LOOKS[looks]
    radar = features(pair.inputs.radar, scales)
    unknowns = 1 + len(radar.bands)
    gram = np.zeros((unknowns, unknowns))
    moment = np.zeros((unknowns, len(problem.bands)))
    for window in radar.grid.windows(BLOCK):
        backscatter = radar.read(window)
        optical = pair.target.read(window, problem.bands)
        both = np.isfinite(backscatter).all(axis=0) & np.isfinite(optical).all(axis=0)
        x = np.vstack([np.ones(int(both.sum())), backscatter[:, both]]).astype(np.float64)
        gram += x @ x.T
        moment += x @ optical[:, both].T.astype(np.float64)
    if gram[0, 0] < unknowns:
        raise MethodError(
            "No pixel has both radar and visible optical data.", "Check where the layers overlap."
        )
    fitted = np.linalg.lstsq(gram, moment, rcond=None)[0].astype(np.float64)
    coefficients = tuple(map(tuple, fitted.tolist()))
    typical = tuple((gram[0, 1:] / gram[0, 0]).tolist())
    return Regression(problem.bands, pair.inputs.radar.name, scales, typical, coefficients)
