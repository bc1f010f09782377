"""Bringing imagery of any coordinate system, resolution and extent to one grid.

The grid is in metres: the optical image's UTM zone, 10 m unless told otherwise, over what optical
and radar both cover. Where the optical (else the radar) already lies on such a grid its own pixels
are kept and not resampled; otherwise pixel edges are whole multiples of the resolution.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from affine import Affine
from rasterio import Env
from rasterio.crs import CRS
from rasterio.warp import transform, transform_bounds

from bandweave.errors import RasterError, SceneError, SettingError
from bandweave.prepare.warping import PROJ_ERRORS, WarpedRaster, pixels_spanned
from bandweave.raster.grid import SAME, Grid, Pixels, Raster, Window, lattice_shift
from bandweave.raster.scene import Resampled

Bounds = tuple[float, float, float, float]
"""West, south, east, north."""

NOWHERE: Bounds = (math.inf, math.inf, -math.inf, -math.inf)
WGS84 = CRS.from_epsg(4326)
_MIDDLE = 500_000.0, 5_000_000.0
"""A place on the middle of a UTM zone of either hemisphere."""
_WIDE, _REACH = 90.0, 20.0
"""Degrees: of a box wider than the first only what is within the second of a zone's middle has a
place there."""


def align(raster: Raster, grid: Grid, how: Resampled | None = None) -> Raster:
    """Return the raster on `grid`: itself where the grids are equal, else resampled when read.

    `how` is chosen by `suitable_resampling` where it is not given.
    """
    if raster.grid == grid:
        return raster
    return WarpedRaster(raster, grid, how or suitable_resampling(raster.grid, grid))


def suitable_resampling(source: Grid, target: Grid) -> Resampled:
    """Return how measurements are best brought from one grid to another.

    None where whole pixels coincide; the average where the source is at least twice as fine;
    else bilinear, which unlike cubic cannot turn power negative.
    """
    if lattice_shift(source, target) is not None:
        return Resampled.NONE
    if max(pixels_spanned(source, target)) >= 2 - SAME:
        return Resampled.AVERAGE
    return Resampled.BILINEAR


@dataclass(frozen=True, eq=False)
class StackedRaster:
    """Bands picked from several rasters on one grid, under new names."""

    picks: tuple[tuple[Raster, str, str], ...]
    """A raster, the name of its band, and the band's name here."""

    def __post_init__(self) -> None:
        """Refuse rasters on different grids and repeated names."""
        if any(raster.grid != self.grid for raster, _, _ in self.picks):
            raise RasterError("Bands of different grids cannot be stacked; align them first.")
        if len(set(self.bands)) < len(self.bands):
            raise RasterError(f"Band names must be distinct, not {', '.join(self.bands)}.")

    @property
    def grid(self) -> Grid:
        """The grid the rasters share."""
        return self.picks[0][0].grid

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands' names here, in order."""
        return tuple(name for _, _, name in self.picks)

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the pixels of a window (default: all) and of some bands."""
        by_name = {name: (raster, band) for raster, band, name in self.picks}
        names = self.bands if bands is None else tuple(bands)
        missing = [name for name in names if name not in by_name]
        if missing:
            raise RasterError(
                f"There is no band {', '.join(missing)}.", f"There are: {', '.join(by_name)}."
            )
        shape = (window or self.grid.full)[2:]
        pixels: Pixels = np.empty((len(names), *shape), np.float32)
        for raster in {id(by_name[name][0]): by_name[name][0] for name in names}.values():
            own = [number for number, name in enumerate(names) if by_name[name][0] is raster]
            pixels[own] = raster.read(window, [by_name[names[number]][1] for number in own])
        return pixels


def common_grid(
    optical: Sequence[Sequence[Grid]],
    radar: Sequence[Sequence[Grid]],
    resolution: float = 10.0,
    bounds: Bounds | None = None,
) -> Grid:
    """Return the grid that optical and radar pictures are brought to.

    A picture is the grids of its parts: it covers what any of them covers, the scene what all the
    pictures do. `bounds` crops further: west, south, east, north in degrees where all four could be
    degrees (within 360 and 90; west beyond east crosses the antimeridian), else in metres of the
    grid's own coordinate system. Extents that do not overlap are refused, naming both.
    """
    if not (math.isfinite(resolution) and resolution > 0):
        raise SettingError(
            f"A resolution of {resolution:g} m is impossible.", "Give metres above 0, such as 10."
        )
    crs = metric_crs(optical[0][0])
    pictures = (*optical, *radar)
    shared = intersection(_union(extent(grid, crs) for grid in parts) for parts in pictures)
    if is_empty(shared):
        own = {"optical": _degrees(optical), "radar": _degrees(radar)}
        for what, box in own.items():
            if is_empty(box):
                raise SceneError(
                    f"The {what} files have no place in common that shows all of their bands.",
                    "Choose files of one place, or state the bands of those that are.",
                )
        raise SceneError(
            f"Optical and radar do not overlap: the optical covers {_named(own['optical'])}, "
            f"the radar {_named(own['radar'])}.",
            "Choose optical and radar files of the same place.",
        )
    if bounds is not None:
        cropped = intersection((shared, _bounds_in(bounds, crs, shared)))
        if is_empty(cropped):
            raise SceneError(
                f"The bounds {_listed(bounds)} lie outside what optical and radar both cover: "
                f"{_listed(shared)} in {crs.to_string()}.",
                "Give west, south, east, north in degrees, or in metres of that coordinate system.",
            )
        shared = cropped
    return _snapped(shared, _anchor(chain(*pictures), crs, resolution), crs, resolution)


def metric_crs(grid: Grid) -> CRS:
    """Return the grid's own coordinate system if it is a UTM zone, else the zone of its centre."""
    if _is_utm(grid.crs):
        return grid.crs
    west, south, east, north = extent(grid, WGS84)
    longitude, latitude = (west + east) / 2, (south + north) / 2
    zone = min(60, math.floor((longitude + 180) % 360 / 6) + 1)
    return CRS.from_epsg((32600 if latitude >= 0 else 32700) + zone)


def _is_utm(crs: CRS) -> bool:
    return crs.is_projected and "UTM zone" in crs.to_wkt()


def extent(grid: Grid, crs: CRS) -> Bounds:
    """Return the bounds of a grid in another coordinate system (a box around its outline).

    Where they are beyond that system's reach they are `NOWHERE`, which overlaps nothing.
    """
    return _placed(grid.bounds, grid.crs, crs)


def _placed(box: Bounds, source: CRS, target: CRS) -> Bounds:
    if source == target:
        return box
    try:
        # within an environment GDAL's own words go to the log, not to the terminal
        with Env():
            if source.is_geographic and box[2] - box[0] > _WIDE and _is_utm(target):
                box = _within_reach(box, source, target)
                if is_empty(box):
                    return NOWHERE
            west, south, east, north = transform_bounds(source, target, *box, densify_pts=21)
    except PROJ_ERRORS:
        return NOWHERE
    if not all(math.isfinite(side) for side in (west, south, east, north)):
        return NOWHERE
    # boxes over the antimeridian come with their east west of their west
    return west, south, east + 360 if target.is_geographic and east < west else east, north


def _within_reach(box: Bounds, source: CRS, target: CRS) -> Bounds:
    """Return the part of a wide box in degrees near a system's middle: far ones have no place."""
    (middle,), _ = transform(target, source, [_MIDDLE[0]], [_MIDDLE[1]])
    near = middle - _REACH, -90.0, middle + _REACH, 90.0
    return intersection((near, beside(box, near)))


def beside(box: Bounds, other: Bounds) -> Bounds:
    """Return a box in degrees with its longitudes on the turn on which the other's are."""
    west, south, east, north = box
    if east - west >= 360 - SAME:
        return other[0], south, other[2], north
    turn = 360 * round((other[0] + other[2] - west - east) / 720)
    return west + turn, south, east + turn, north


def overlap(source: Grid, target: Grid) -> float:
    """Return which share (0..1) of the target's extent the source's covers."""
    west, south, east, north = target.bounds
    shared = intersection((extent(source, target.crs), target.bounds))
    if is_empty(shared):
        return 0.0
    width, height = shared[2] - shared[0], shared[3] - shared[1]
    return width * height / ((east - west) * (north - south))


def intersection(boxes: Iterable[Bounds]) -> Bounds:
    """Return what boxes share; west beyond east or south beyond north where that is nothing."""
    west, south, east, north = zip(*boxes, strict=True)
    return max(west), max(south), min(east), min(north)


def _union(boxes: Iterable[Bounds]) -> Bounds:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def is_empty(box: Bounds) -> bool:
    """Whether a box encloses nothing."""
    west, south, east, north = box
    return not (west < east and south < north)


def _bounds_in(bounds: Bounds, crs: CRS, shared: Bounds) -> Bounds:
    """Return stated bounds in the grid's coordinate system, told from degrees by their size."""
    west, south, east, north = bounds
    degrees = max(abs(west), abs(east)) <= 360 and max(abs(south), abs(north)) <= 90
    if degrees and west > east + 180:
        bounds = west, south, east + 360, north
    if not all(math.isfinite(side) for side in bounds) or is_empty(bounds):
        raise SettingError(
            f"The bounds {_listed(bounds)} enclose nothing.", "Give west, south, east, north."
        )
    if not degrees:
        return bounds
    # bounds of half the world have no place in a zone, their part near the imagery has
    around = _placed(shared, crs, WGS84)
    near = intersection((around, beside(bounds, around)))
    return NOWHERE if is_empty(near) else _placed(near, WGS84, crs)


def _anchor(grids: Iterable[Grid], crs: CRS, resolution: float) -> tuple[float, float]:
    """Return the corner of the first grid that already has this pixel, else the origin."""
    for grid in grids:
        width, height = grid.pixel_size
        drift = max(abs(width - resolution), abs(height - resolution)) * max(grid.shape)
        if grid.crs == crs and drift <= SAME * resolution:
            return grid.transform.c, grid.transform.f
    return 0.0, 0.0


def _snapped(box: Bounds, anchor: tuple[float, float], crs: CRS, resolution: float) -> Grid:
    """Return the grid of the whole pixels inside a box."""
    west, south, east, north = box
    x, y = anchor
    left = math.ceil((west - x) / resolution - SAME)
    right = math.floor((east - x) / resolution + SAME)
    bottom = math.ceil((south - y) / resolution - SAME)
    top = math.floor((north - y) / resolution + SAME)
    if right <= left or top <= bottom:
        raise SceneError(
            f"The shared area is {east - west:.0f} x {north - south:.0f} m, less than one pixel "
            f"of {resolution:g} m.",
            "Choose a finer resolution, or files that overlap more.",
        )
    transform = Affine(
        resolution, 0.0, x + left * resolution, 0.0, -resolution, y + top * resolution
    )
    return Grid(crs, transform, top - bottom, right - left)


def _degrees(pictures: Sequence[Sequence[Grid]]) -> Bounds:
    """Return what files share in degrees, which mean the same whatever the files are in."""
    boxes = [_union(extent(grid, WGS84) for grid in parts) for parts in pictures]
    return intersection(beside(each, boxes[0]) for each in boxes)


def _named(box: Bounds) -> str:
    west, south, east, north = box
    return f"{west:.3f} to {east:.3f} degrees east, {south:.3f} to {north:.3f} degrees north"


def _listed(box: Bounds) -> str:
    return ", ".join(f"{side:g}" for side in box)
