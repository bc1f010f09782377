import math

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform

from bandweave.contracts.small_scene import make_grid
from bandweave.prepare.geography import outline, window_within
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
