"""Which bands and pixels of a scene a task works on."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import binary_dilation

from bandweave.errors import TaskError
from bandweave.prepare.normalisation import percentile
from bandweave.prepare.simulated_gaps import growth
from bandweave.problem import BandScale, BlockSplit, Flags
from bandweave.raster.grid import BLOCK, Raster
from bandweave.raster.scene import CLOUD, HIDDEN, Layer, Role, Scene, Unit
from bandweave.raster.virtual import FlagRaster, SelectedRaster, WithheldRaster
from bandweave.settings import setting

VISIBLE = ("red", "green", "blue")
RANGE = (2.0, 98.0)
"""Percentiles between which metrics' data range lies."""
SMALLEST_BLOCK, LARGEST_BLOCK, BLOCKS_A_SIDE = 16, 256, 8
FEWEST_BLOCKS = 16
SMALLEST_SIDE = math.isqrt(FEWEST_BLOCKS) * SMALLEST_BLOCK
"""Rows and columns of the smallest scene that makes so many blocks."""


def bands_setting() -> Any:
    """Declare which bands a task is about, the same for every task."""
    return setting(
        "visible",
        "Bands",
        "Red, green and blue, or every optical band.",
        choices=("visible", "all"),
    )


@dataclass(frozen=True, eq=False)
class Pixels:
    """Where the optical layer has data, and where no cloud is in the way; one byte a pixel each."""

    valid: FlagRaster
    clear: FlagRaster


def inputs_for(scene: Scene, bands: str) -> Scene:
    """Return the scene without truth and labels, its optical layer cut to the wanted bands.

    `bands` is "visible" (red, green and blue where the scene has all three, else every band) or
    "all". A scene without radar is refused.
    """
    optical, _ = scene.optical, scene.radar
    names = optical.bands
    if bands == "visible" and set(VISIBLE) <= set(names):
        names = VISIBLE
    chosen = replace(optical, raster=SelectedRaster(optical.raster, names))
    return scene.without(Role.TRUTH, Role.LABELS).adding(chosen)


def usable(scene: Scene) -> Pixels:
    """Return where every optical band is finite, and which of those pixels no cloud mask flags.

    Cloud masks are grown as far as resampling may have carried a cloudy sample.
    """
    optical, mask = scene.optical, scene.mask(CLOUD)
    valid: Flags = np.zeros(scene.grid.shape, dtype=bool)
    cloudy = None if mask is None else np.zeros(scene.grid.shape, dtype=bool)
    for window in scene.grid.windows(BLOCK):
        valid[window.slices] = np.isfinite(optical.raster.read(window)).all(axis=0)
        if mask is not None and cloudy is not None:
            cloudy[window.slices] = mask.raster.read(window)[0] == 1
    reach = growth(optical) * optical.native_factor
    if reach and cloudy is not None and cloudy.any():
        cloudy = binary_dilation(cloudy, np.ones((3, 3), dtype=bool), iterations=reach)
    # a scene without a cloud mask is held once: a byte a pixel counts in a large one
    clear = valid if cloudy is None else valid & ~cloudy
    if not clear.any():
        raise TaskError(
            "No pixel of the optical image is clear.",
            "Choose another date or area, or check the cloud mask.",
        )
    return Pixels(FlagRaster(valid, scene.grid, "valid"), FlagRaster(clear, scene.grid, "clear"))


def withheld(scene: Scene, hidden: Flags) -> Scene:
    """Return the scene with the optical layer withheld where hidden, and the mask that says so."""
    optical = scene.optical
    flags = FlagRaster(hidden, scene.grid, HIDDEN)
    mask = Layer(HIDDEN, Role.MASK, flags, Unit.FLAG, optical.native_resolution, optical.date)
    return scene.adding(replace(optical, raster=WithheldRaster(optical.raster, flags)), mask)


def reflectance_scales(reference: Raster, known: Flags) -> tuple[BandScale, ...]:
    """Return the bands' own unit with L = p98 - p2 of the known pixels, from p2 on."""
    spread = percentile(reference, lambda window: known[window.slices], RANGE)
    return tuple(
        BandScale(0.0, 1.0, high - low, low)
        for low, high in zip(spread.lower, spread.upper, strict=True)
    )


def block_split(scene: Scene, seed: int, buffer: int, *, fewest: int = 1) -> BlockSplit:
    """Return the scene's division into blocks: side an eighth of the scene's, 16 to 256 pixels.

    A scene that makes fewer than `fewest` blocks is refused.
    """
    side = min(max(min(scene.grid.shape) // BLOCKS_A_SIDE, SMALLEST_BLOCK), LARGEST_BLOCK)
    count = -(-scene.grid.height // side) * -(-scene.grid.width // side)
    if count < fewest:
        raise TaskError(
            f"The scene is too small: {scene.grid.height} x {scene.grid.width} pixels make "
            f"{count} blocks of {side}; at least {fewest} are needed.",
            f"Use a scene of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels.",
        )
    return BlockSplit(scene.grid, side, min(buffer, side // 2), seed)
