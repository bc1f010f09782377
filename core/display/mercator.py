"""Tiles for web maps: rasters warped to web Mercator, one 256 pixel tile at a time.

A tile is read from the overview that is about as fine as the screen and takes the value of the
pixel under each of its own, so that what is seen are measurements, not mixtures of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from affine import Affine
from rasterio.crs import CRS

from bandweave.display.tiles import Style, averaged, colour, encode
from bandweave.prepare.alignment import WGS84, extent
from bandweave.prepare.warping import WarpedRaster
from bandweave.raster.grid import Grid, Pixels, Raster, Window, inside
from bandweave.raster.scene import Resampled

SIDE = 256
DEEPEST = 24
HALF_WORLD = 20_037_508.342789244
"""Metres from the map's centre to its edge: pi times WGS 84's equatorial radius."""
WEB_MERCATOR = CRS.from_epsg(3857)


@dataclass(frozen=True, eq=False)
class ReducedRaster:
    """A raster whose pixels are the means of `factor` x `factor` of another's."""

    base: Raster
    factor: int

    @cached_property
    def grid(self) -> Grid:
        """The coarser grid: the whole blocks, without what is left over at the far edges."""
        base = self.base.grid
        height, width = (size // self.factor for size in base.shape)
        return Grid(base.crs, base.transform @ Affine.scale(self.factor), height, width)

    @property
    def bands(self) -> tuple[str, ...]:
        """The base raster's bands."""
        return self.base.bands

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the means under a window (default: all) and of some bands, NaN where no data."""
        window = inside(self.grid, window)
        under = Window(*(each * self.factor for each in window))
        return averaged(self.base, under, window[2:], self.bands if bands is None else bands)


def tile_grid(zoom: int, x: int, y: int) -> Grid | None:
    """Return the grid of a tile of the usual web map scheme; None where there is no such tile.

    At zoom 0 one tile holds the world; tile (0, 0) is the north-western one.
    """
    count = 1 << zoom if 0 <= zoom <= DEEPEST else 0
    if not (0 <= x < count and 0 <= y < count):
        return None
    side = 2 * HALF_WORLD / count
    pixel = side / SIDE
    corner = Affine(pixel, 0, x * side - HALF_WORLD, 0, -pixel, HALF_WORLD - y * side)
    return Grid(WEB_MERCATOR, corner, SIDE, SIDE)


def render_mercator(raster: Raster, style: Style, zoom: int, x: int, y: int) -> bytes:
    """Return a tile as lossless WebP, transparent without data; no bytes outside the raster."""
    grid = tile_grid(zoom, x, y)
    if grid is None or not _meets(raster.grid, grid):
        return b""
    factor = reduction(raster.grid, zoom)
    source: Raster = ReducedRaster(raster, factor) if factor > 1 else raster
    pixels = WarpedRaster(source, grid, Resampled.NEAREST).read(bands=style.bands)
    return encode(colour(pixels, style))


def reduction(grid: Grid, zoom: int) -> int:
    """Return the power of 2 that brings a grid's pixels nearest to the size of a map's."""
    _, south, _, north = extent(grid, WGS84)
    shrunk = math.cos(math.radians((south + north) / 2))
    metres = 2 * HALF_WORLD / (SIDE << zoom) * shrunk
    nearest = round(math.log2(max(1.0, metres / grid.resolution)))
    largest = math.floor(math.log2(min(grid.shape)))
    return 1 << min(nearest, largest)


def _meets(grid: Grid, tile: Grid) -> bool:
    west, south, east, north = extent(grid, WEB_MERCATOR)
    left, bottom, right, top = tile.bounds
    return west < right and east > left and south < top and north > bottom
