"""Each band's mean over what is known of it."""

import numpy as np

from bandweave.errors import MethodError
from bandweave.raster.grid import BLOCK, Raster


def band_means(raster: Raster) -> tuple[float, ...]:
    """Return the mean of each band's finite pixels, in the band's unit, streaming."""
    total = np.zeros(len(raster.bands))
    count = np.zeros(len(raster.bands))
    for window in raster.grid.windows(BLOCK):
        pixels = raster.read(window)
        finite = np.isfinite(pixels)
        total += np.where(finite, pixels, 0).sum(axis=(1, 2), dtype=np.float64)
        count += finite.sum(axis=(1, 2))
    if not count.all():
        raise MethodError(
            "A band has no visible pixel to learn from.", "Check the scene for no data."
        )
    return tuple((total / count).tolist())
