import math

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from bandweave.contracts.small_scene import make_grid
from bandweave.prepare.geography import ground_resolution, outline, window_within
from bandweave.raster.grid import Grid, Window

DEGREES = Grid(CRS.from_epsg(4326), Affine(0.01, 0, 10.0, 0, -0.01, 50.0), 100, 200)


def test_the_outline_of_a_grid_in_degrees_is_its_own_box():
    corners = outline(DEGREES)
    assert corners[0] == pytest.approx((10, 50)) and corners[8] == pytest.approx((12, 50))
    assert corners[16] == pytest.approx((12, 49)) and corners[24] == pytest.approx((10, 49))
    assert len(corners) == 32


def test_the_outline_of_a_utm_grid_starts_at_its_corner():
    grid = make_grid(500, 300)
    longitude, latitude = transform(grid.crs, CRS.from_epsg(4326), [680_000], [1_200_000])
    assert outline(grid)[0] == pytest.approx((longitude[0], latitude[0]))


@pytest.mark.parametrize(
    ("box", "window"),
    [
        ((10.5, 49.5, 10.6, 49.7), Window(30, 50, 20, 10)),
        # pixels of which less than half is inside are not
        ((10.504, 49.496, 10.606, 49.704), Window(30, 50, 20, 11)),
        ((-180, -90, 180, 90), Window(0, 0, 100, 200)),
        ((9.0, 49.9, 10.1, 51.0), Window(0, 0, 10, 10)),
        ((20, 49, 21, 50), None),
        ((10.5, 49.5, 10.501, 49.501), None),
    ],
)
def test_a_box_in_degrees_encloses_whole_pixels(box, window):
    assert window_within(DEGREES, box) == window


def test_a_box_around_a_pixel_of_a_utm_grid_holds_its_centre():
    grid = make_grid(300, 300)
    x, y = grid.transform @ (200.5, 100.5)
    (longitude,), (latitude,) = transform(grid.crs, CRS.from_epsg(4326), [x], [y])
    metre = 1 / 111_320
    box = np.array([-8, -8, 8, 8]) * metre / math.cos(math.radians(latitude))
    window = window_within(grid, tuple(np.array([longitude, latitude] * 2) + box))
    assert window is not None
    assert window.row <= 100 < window.stop[0] and window.col <= 200 < window.stop[1]
    assert max(window.height, window.width) <= 3


def at(code, longitude, latitude, pixel):
    crs = CRS.from_epsg(code)
    (x,), (y,) = transform(CRS.from_epsg(4326), crs, [longitude], [latitude])
    across, down = pixel if isinstance(pixel, tuple) else (pixel, pixel)
    return Grid(crs, Affine(across, 0, x, 0, -down, y), 2, 2)


@pytest.mark.parametrize(
    ("grid", "metres", "within"),
    [
        # UTM's metres are meant, at the zone's edge too, and those of a polar map near its latitude
        (at(32648, 107.9, 0.5, 10), 10, 0),
        (at(3413, -45.0, 72.0, 10), 10, 0),
        # Web Mercator stretches by 1 / cos 60, polar stereographic by 1.939 / 1.819 at 55 degrees
        (at(3857, 25.0, 60.0, 20), 10, 0.004),
        (at(3857, 25.0, 0.0, 20), 20, 0),
        (at(3413, -45.0, 55.0, 10), 9.38, 0.002),
        # a degree is 110.574 km along the meridian at the equator, 111.412 at 60 degrees north,
        # where one along the parallel has half of 111.6 (tables of the ellipsoid)
        (at(4326, 10.0, 0.0, 1e-4), 11.1320, 1e-4),
        (at(4326, 10.0, 60.0, 1e-4), 11.1412, 1e-4),
        (at(4326, 10.0, 60.0, (4e-4, 1e-4)), 22.320, 1e-3),
        (at(32760, 179.99985, -16.7, 10), 10, 0),
        # 3937 feet of the US survey are 1200 m
        (at(2264, -79.0, 35.0, 39.37), 12, 1e-9),
        (at(32648, 105.0, 10.0, (10, 20)), 20, 0),
    ],
)
def test_a_pixel_is_as_wide_as_it_is_on_the_ground(grid, metres, within):
    assert ground_resolution(grid) == pytest.approx(metres, rel=within)


@pytest.mark.parametrize(
    "box", [(179.999, -17, -179.999 + 360, -16), (-180.001, -17, -179.999, -16)]
)
def test_a_box_over_the_antimeridian(box):
    (x,), (y,) = transform(CRS.from_epsg(4326), CRS.from_epsg(32760), [180.0], [-16.7])
    grid = Grid(CRS.from_epsg(32760), Affine(10, 0, x - 500, 0, -10, y + 500), 100, 100)
    window = window_within(grid, box)
    # 0.002 degrees are 213 m there
    assert window is not None and window.width == pytest.approx(21, abs=2)
    assert window.col + window.width / 2 == pytest.approx(50, abs=1)
