"""Looks at files of other formats as the product does: in the child, as the GeoTIFF it makes."""

from pathlib import Path

import numpy as np

from bandweave.raster.geotiff import StoredRaster
from bandweave.sources import outside
from bandweave.sources.confined.rewritten import rewritten


def as_made(path: Path) -> StoredRaster:
    """Return the GeoTIFF that a child made of a file."""
    outside.inspect(path)
    made = rewritten(path)
    assert made != path
    return StoredRaster(made)


def stored(raster: StoredRaster) -> np.ndarray:
    """Return the numbers as they are stored, (band, row, col)."""
    return raster.dataset.read()


def tags(raster: StoredRaster, band: int = 0) -> dict[str, str]:
    """Return what a file, or one of its bands counted from 1, says of itself."""
    return raster.dataset.tags(band) if band else raster.dataset.tags()
