import io
import math

import numpy as np
import pytest
from affine import Affine
from PIL import Image
from rasterio.crs import CRS
from rasterio.warp import Resampling, reproject, transform

from bandweave.display.mercator import SIDE, ReducedRaster, reduction, render_mercator, tile_grid
from bandweave.display.tiles import Style
from bandweave.raster.geotiff import write
from bandweave.raster.grid import Grid, Window
from bandweave.raster.virtual import MemoryRaster

GRAY = Style(("B",), (0.0,), (1.0,))
UTM = CRS.from_epsg(32648)


def at(longitude, latitude, zoom):
    """Return the tile under a place, by the formula of the OpenStreetMap wiki."""
    count = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return int((longitude + 180) / 360 * count), int(y * count)


def middle(grid):
    x, y = grid.transform @ (grid.width / 2, grid.height / 2)
    (longitude,), (latitude,) = transform(grid.crs, CRS.from_epsg(4326), [x], [y])
    return longitude, latitude


def shown(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


@pytest.fixture(scope="module")
def raster():
    grid = Grid(UTM, Affine(10, 0, 680_000, 0, -10, 1_200_000), 700, 700)
    pixels = np.random.default_rng(0).uniform(0, 1, (1, 700, 700)).astype(np.float32)
    pixels[:, 300:320, 300:330] = np.nan
    return MemoryRaster(pixels, grid, ("B",))


def test_the_tile_of_zoom_0_is_the_world_and_tiles_meet():
    whole = tile_grid(0, 0, 0)
    assert whole.bounds == pytest.approx((-20037508.34, -20037508.34, 20037508.34, 20037508.34))
    left, right = tile_grid(5, 9, 4), tile_grid(5, 10, 4)
    assert left.bounds[2] == pytest.approx(right.bounds[0])
    assert left.bounds[3] > tile_grid(5, 9, 5).bounds[3]


@pytest.mark.parametrize("tile", [(-1, 0, 0), (2, 4, 0), (2, 0, 4), (2, -1, 0), (25, 0, 0)])
def test_there_are_no_tiles_beyond_the_world(raster, tile):
    assert tile_grid(*tile) is None
    assert render_mercator(raster, GRAY, *tile) == b""


def test_a_deep_tile_is_what_gdal_warps_it_to(raster):
    tile = (15, *at(*middle(raster.grid), 15))
    grid = tile_grid(*tile)
    expected = np.full((1, SIDE, SIDE), np.nan, np.float32)
    reproject(
        raster.read(),
        expected,
        src_transform=raster.grid.transform,
        src_crs=UTM,
        dst_transform=grid.transform,
        dst_crs=grid.crs,
        src_nodata=np.nan,
        dst_nodata=np.nan,
        resampling=Resampling.nearest,
        tolerance=0,
    )
    ours = shown(render_mercator(raster, GRAY, *tile))
    gray = np.rint(np.nan_to_num(expected[0]) * 255).astype(int)
    same = (np.abs(ours[..., 0] - gray) <= 1) & ((ours[..., 3] > 0) == np.isfinite(expected[0]))
    assert same.mean() > 0.995  # positions exactly between two pixels may round either way


def test_outside_the_raster_there_is_nothing_and_beside_it_transparency(raster):
    longitude, latitude = middle(raster.grid)
    assert render_mercator(raster, GRAY, 12, *at(longitude + 1, latitude, 12)) == b""
    edge = shown(render_mercator(raster, GRAY, 8, *at(longitude, latitude, 8)))
    assert 0 < (edge[..., 3] > 0).mean() < 0.05


def test_far_away_a_tile_shows_means(raster):
    zoom = 10
    assert reduction(raster.grid, zoom) == 16
    tile = shown(render_mercator(raster, GRAY, zoom, *at(*middle(raster.grid), zoom)))
    values = tile[tile[..., 3] > 0][:, 0] / 255
    # the mean of 256 uniform values spreads by 0.29 / 16
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    assert values.std() < 0.05


def test_the_overview_read_is_about_as_fine_as_the_screen(raster):
    # a pixel of 10 m at 10.8 degrees north is one of the map's between zoom 13 and 14
    assert [reduction(raster.grid, zoom) for zoom in (15, 14, 13, 12, 11)] == [1, 1, 2, 4, 8]
    assert reduction(raster.grid, 0) == 512


def test_a_reduced_raster_is_the_means_of_whole_blocks(tmp_path):
    grid = Grid(UTM, Affine(10, 0, 0, 0, -10, 0), 6, 5)
    pixels = np.arange(30, dtype=np.float32).reshape(1, 6, 5)
    pixels[0, 0, 0] = np.nan
    for base in (MemoryRaster(pixels, grid, ("B",)), write(tmp_path / "b.tif", pixels, grid, "B")):
        reduced = ReducedRaster(base, 2)
        assert reduced.grid.bounds == (0, -60, 40, 0) and reduced.grid.pixel_size == (20, 20)
        expected = [[4.0, 5.0], [13.0, 15.0], [23.0, 25.0]]
        np.testing.assert_allclose(reduced.read()[0], expected)
        np.testing.assert_allclose(reduced.read(Window(1, 1, 2, 1))[0, :, 0], [15.0, 25.0])
