"""Grids on the globe: their outline in degrees, and the pixels that a box in degrees encloses.

Degrees are WGS 84, longitude before latitude as in every box here: west, south, east, north.
"""

import math
from collections.abc import Sequence

import numpy as np
from rasterio import Env
from rasterio.warp import transform, transform_bounds

from bandweave.errors import RasterError
from bandweave.prepare.alignment import WGS84, Bounds, beside, extent, intersection, is_empty
from bandweave.prepare.warping import PROJ_ERRORS
from bandweave.raster.grid import Grid, Window

_EQUATOR, _SQUARED_ECCENTRICITY = 6_378_137.0, 0.006_694_379_990_14
"""WGS 84: metres from the middle to the equator, and the square of the eccentricity."""
_TRUE = 0.02
"""A coordinate system's metres that are this close to those on the ground are taken for them."""
SIDE_POINTS = 8
"""Straight pieces an outline's side is drawn with: a grid's edge is a curve in degrees."""


def outline(grid: Grid) -> list[tuple[float, float]]:
    """Return the grid's edge as (longitude, latitude), clockwise from the upper left, not closed.

    Raises `RasterError` where the coordinate system has no degrees.
    """
    shares = np.arange(SIDE_POINTS) / SIDE_POINTS
    zeros, ones = np.zeros(SIDE_POINTS), np.ones(SIDE_POINTS)
    across = np.concatenate([shares, ones, 1 - shares, zeros]) * grid.width
    down = np.concatenate([zeros, shares, ones, 1 - shares]) * grid.height
    west, _, _, north = grid.bounds
    width, height = grid.pixel_size
    x, y = west + width * across, north - height * down
    longitudes, latitudes = _degrees(grid, x.tolist(), y.tolist())
    return list(zip(longitudes, latitudes, strict=True))


def ground_resolution(grid: Grid) -> float:
    """Return the coarser side of a grid's middle pixel in metres on the ground.

    Where the coordinate system's own metres are true within 2 %, as UTM's, they are what is meant.
    Raises `RasterError` where the coordinate system has no degrees.
    """
    col, row = grid.width / 2, grid.height / 2
    corners = [grid.transform @ corner for corner in ((col, row), (col + 1, row), (col, row + 1))]
    x, y = zip(*corners, strict=True)
    (west, *longitudes), (north, *latitudes) = _degrees(grid, x, y)
    curvature = 1 - _SQUARED_ECCENTRICITY * math.sin(math.radians(north)) ** 2
    eastward = _EQUATOR / math.sqrt(curvature) * math.cos(math.radians(north))
    northward = _EQUATOR * (1 - _SQUARED_ECCENTRICITY) / curvature**1.5
    sides = [
        math.hypot(
            math.radians(math.remainder(longitude - west, 360)) * eastward,
            math.radians(latitude - north) * northward,
        )
        for longitude, latitude in zip(longitudes, latitudes, strict=True)
    ]
    nominal = grid.pixel_metres
    stretched = any(abs(side / own - 1) > _TRUE for side, own in zip(sides, nominal, strict=True))
    return max(sides if stretched or grid.crs.is_geographic else nominal)


def _degrees(grid: Grid, x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    try:
        with Env():
            return transform(grid.crs, WGS84, x, y)  # type: ignore[no-any-return]
    except PROJ_ERRORS as error:
        raise RasterError(
            f"The place of {grid.crs.to_string()[:40]} on the globe cannot be found: {error}.",
            "Assign the coordinate system the coordinates are in.",
        ) from error


def window_within(grid: Grid, box: Bounds) -> Window | None:
    """Return the pixels whose centres lie in a box in degrees, None where there is none.

    Where meridians are not straight columns it is the smallest window that holds them all.
    """
    around = extent(grid, WGS84)
    # half the world has no place in a zone, its part near the grid has
    near = intersection((around, beside(box, around)))
    if is_empty(near):
        return None
    try:
        with Env():
            left, bottom, right, top = transform_bounds(WGS84, grid.crs, *near, densify_pts=21)
    except PROJ_ERRORS:
        return None
    first_col, first_row = ~grid.transform @ (left, top)
    last_col, last_row = ~grid.transform @ (right, bottom)
    row, col = max(0, math.floor(first_row + 0.5)), max(0, math.floor(first_col + 0.5))
    height = min(grid.height, math.floor(last_row + 0.5)) - row
    width = min(grid.width, math.floor(last_col + 0.5)) - col
    return Window(row, col, height, width) if height > 0 and width > 0 else None
