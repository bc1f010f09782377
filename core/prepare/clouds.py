"""How much of a scene has data, and how much of that is cloud."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from bandweave.raster.grid import BLOCK, Window
from bandweave.raster.scene import CLOUD, Role, Scene


class Coverage(NamedTuple):
    """Shares of a scene's pixels, 0..1."""

    valid_fraction: float
    """Every optical and radar band of the wanted date has data."""
    cloud_fraction: float | None
    """Flagged as cloud or shadow, of the pixels with a flag; None where none has one."""


def coverage(scene: Scene, windows: Iterable[Window] | None = None) -> Coverage:
    """Return which shares of a scene have data and are cloudy, reading it in blocks.

    `windows` (default: blocks that cover the scene) do not overlap; only what they hold is counted.
    """
    measured = [
        layer for role in (Role.OPTICAL, Role.RADAR) for layer in scene.all(role, earlier=False)
    ]
    mask = scene.mask(CLOUD)
    pixels = valid = cloudy = flagged = 0
    for window in scene.grid.windows(BLOCK) if windows is None else windows:
        pixels += window.height * window.width
        known = np.ones((window.height, window.width), np.bool_)
        for layer in measured:
            known &= np.all(np.isfinite(layer.raster.read(window)), axis=0)
        valid += int(known.sum())
        if mask is not None:
            flags = mask.raster.read(window)
            cloudy += int(np.sum(flags == 1))
            flagged += int(np.isfinite(flags).sum())
    return Coverage(valid / pixels, cloudy / flagged if flagged else None)
