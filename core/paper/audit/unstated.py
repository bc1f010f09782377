"""What the paper leaves unstated, and what its preset does here instead.

Choices are read from the settings, presets and functions that make them, so they stay true.
"""

from collections.abc import Callable
from typing import NamedTuple

from affine import Affine
from rasterio.crs import CRS

from bandweave.methods.networks.base import NetworkMethod
from bandweave.metrics.information import BINS
from bandweave.paper.audit.setup_flags import GRID_METRES, SENSOR_METRES
from bandweave.paper.printed.architectures import NETWORKS, PRESET, network
from bandweave.prepare.alignment import suitable_resampling
from bandweave.raster.grid import Grid
from bandweave.workspace.request import Request


class Unstated(NamedTuple):
    """One thing the paper does not say."""

    what: str
    chosen: str
    """What is done here, read from the settings themselves."""
    where: str
    """The setting's or preset's name, or the function, where the choice is made."""


def unstated() -> list[Unstated]:
    """Return everything the paper leaves unstated, with what was chosen."""
    cnn = network(NETWORKS[0])
    return [
        Unstated("Batch size", _each(lambda method: f"{method.batch}"), f"batch, preset {PRESET}"),
        Unstated(
            f"How much {cnn.label} patches overlap in training",
            _overlap(cnn.patch, cnn.stride),
            f"stride, preset {PRESET}",
        ),
        Unstated(
            f"How much {cnn.label} patches overlap in prediction",
            _overlap(cnn.patch, cnn.patch_stride),
            "prediction = patches",
        ),
        Unstated("Resampling kernel", _kernel(), "bandweave.prepare.alignment.suitable_resampling"),
        Unstated("Split into training and test", _split(), f"validation, preset {PRESET}"),
        Unstated(
            "Seeds and spread", f"seed {Request.seed}; choose others to see the spread", "seed"
        ),
        Unstated(
            "Number of gray levels",
            f"{BINS}, over the declared range",
            "bandweave.metrics.information",
        ),
        Unstated("Dates of the two images", "the scene's own, shown with its layers", "scene"),
        Unstated(
            "Details of the study area, Table I and Figure 1",
            "not in our copy, which has a gap before equation (1); any scene can be taken",
            "scene",
        ),
    ]


def _each(words: Callable[[NetworkMethod], str]) -> str:
    """Return one phrase for both networks, or one for each where they differ."""
    said = {network(key).label: words(network(key)) for key in NETWORKS}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{label}: {text}" for label, text in said.items())


def _overlap(patch: int, stride: int) -> str:
    if stride >= patch:
        return f"none, a patch of {patch} px every {stride} px"
    return f"{100 * (1 - stride / patch):.0f} %, a patch of {patch} px every {stride} px"


def _split() -> str:
    shares = {network(key).validation for key in NETWORKS}
    if shares == {0.0}:
        return "none: trained and scored on the whole scene"
    return "; ".join(f"{100 * share:.0f} % of blocks kept out" for share in sorted(shares))


def _kernel() -> str:
    """Return what a grid of the sensor's pixels is brought to the finer one by."""
    crs, (west, north) = CRS.from_epsg(32648), (500_000, 1_200_000)
    coarse, fine = (
        Grid(crs, Affine(side, 0, west, 0, -side, north), count, count)
        for side, count in ((SENSOR_METRES, 30), (GRID_METRES, 90))
    )
    how = suitable_resampling(coarse, fine)
    return f"{how.value}, from {SENSOR_METRES:g} m to {GRID_METRES:g} m"
