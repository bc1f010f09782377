import io
import math

import numpy as np
import pytest
from affine import Affine
from PIL import Image
from rasterio.crs import CRS

from bandweave.display import tiles
from bandweave.display.tiles import Difference, Style
from bandweave.errors import RasterError
from bandweave.raster.geotiff import write
from bandweave.raster.grid import Grid, Window
from bandweave.raster.virtual import MemoryRaster


def grid(height, width):
    return Grid(CRS.from_epsg(32648), Affine(10, 0, 680_000, 0, -10, 1_200_000), height, width)


def stored(tmp_path, array, bands, name="image.tif"):
    array = np.asarray(array, np.float32)
    return write(tmp_path / name, array, grid(*array.shape[1:]), bands)


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


RAMP = Style(("B",), (0.0,), (1.0,))


def test_colour_maps_the_stretch_to_0_and_255_and_clips():
    pixels = np.array([[[-1, 0, 0.2, 1, 7]]], np.float32)
    screen = tiles.colour(pixels, RAMP)
    assert screen[0, :, 0].tolist() == [0, 0, 51, 255, 255]
    assert (screen[..., 0] == screen[..., 1]).all() and (screen[..., 3] == 255).all()


def test_colour_takes_three_bands_as_red_green_blue_each_with_its_own_stretch():
    pixels = np.array([[[0.1]], [[0.1]], [[0.1]]], np.float32)
    style = Style(("r", "g", "b"), (0.0, 0.1, 0.0), (0.1, 0.2, 0.2))
    assert tiles.colour(pixels, style)[0, 0].tolist() == [255, 0, 128, 255]


@pytest.mark.parametrize("hole", [math.nan, math.inf, -math.inf])
def test_no_data_in_any_band_is_transparent(hole):
    pixels = np.full((3, 1, 2), 0.5, np.float32)
    pixels[1, 0, 0] = hole
    style = Style(("r", "g", "b"), (0.0,) * 3, (1.0,) * 3)
    assert tiles.colour(pixels, style)[0, :, 3].tolist() == [0, 255]


def test_power_is_shown_in_decibels_and_no_power_is_no_data():
    pixels = np.array([[[0.1, 0.001, 0, -1]]], np.float32)
    style = Style(("VV",), (-30.0,), (-10.0,), decibels=True)
    screen = tiles.colour(pixels, style)[0]
    assert screen[:, 0].tolist() == [255, 0, 0, 0] and screen[:, 3].tolist() == [255, 255, 0, 0]


def test_the_difference_palette_is_pale_at_zero_blue_below_and_red_above():
    style = Style(("B",), (-1.0,), (1.0,), palette="difference")
    low, middle, high = tiles.colour(np.array([[[-1, 0, 1]]], np.float32), style)[0, :, :3]
    assert low.tolist() == [0x05, 0x30, 0x61] and high.tolist() == [0x67, 0x00, 0x1F]
    assert middle.min() > 240


def test_the_stretch_spans_two_percentiles_of_the_valid_pixels(tmp_path):
    values = np.arange(101, dtype=np.float32).reshape(1, 1, 101)
    with_holes = np.concatenate([values, np.full((1, 1, 50), np.nan, np.float32)], axis=2)
    style = tiles.stretch(stored(tmp_path, with_holes, ("B",)), ("B",))
    np.testing.assert_allclose((style.lower, style.upper), ((2,), (98,)), rtol=1e-6)


def test_the_stretch_of_power_is_taken_in_decibels(tmp_path):
    power = 10 ** (np.arange(101, dtype=np.float32).reshape(1, 1, 101) / 10 - 3)
    style = tiles.stretch(stored(tmp_path, power, ("VV",)), ("VV",), decibels=True)
    np.testing.assert_allclose((style.lower, style.upper), ((-28,), (68,)), atol=1e-4)


@pytest.mark.parametrize("fill", [0.25, 0.0, math.nan])
def test_a_constant_or_empty_band_still_has_a_stretch(tmp_path, fill):
    style = tiles.stretch(stored(tmp_path, np.full((1, 4, 4), fill), ("B",)), ("B",))
    assert style.lower < style.upper


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((("a", "b"), (0.0, 0.0), (1.0, 1.0)), "2 bands"),
        ((("a",), (1.0,), (1.0,)), "empty"),
        ((("a",), (0.0, 0.0), (1.0, 1.0)), "one lower and one upper"),
    ],
)
def test_styles_no_screen_can_show_are_refused(arguments, message):
    with pytest.raises(RasterError, match=message):
        Style(*arguments)
    with pytest.raises(RasterError, match="palette"):
        Style(("r", "g", "b"), (0.0,) * 3, (1.0,) * 3, palette="error")


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(1, 1, 1), (512, 512, 1), (513, 10, 2), (1024, 1024, 2), (1025, 3, 3), (10980, 10980, 6)],
)
def test_the_last_level_fits_one_tile(height, width, expected):
    levels = tiles.levels(grid(height, width))
    assert levels == expected
    assert tiles.tile_window(grid(height, width), levels - 1, 0, 0) == Window(0, 0, height, width)


@pytest.mark.parametrize("shape", [(64, 64), (512, 1024), (1500, 700), (2049, 513)])
def test_tiles_cover_every_pixel_once_at_every_level(shape):
    for level in range(tiles.levels(grid(*shape))):
        seen = np.zeros(shape, int)
        for y in range(6):
            for x in range(6):
                window = tiles.tile_window(grid(*shape), level, x, y)
                if window is not None:
                    seen[window.slices] += 1
        assert (seen == 1).all()


@pytest.mark.parametrize("tile", [(0, 2, 0), (0, 0, 2), (0, -1, 0), (2, 0, 0), (-1, 0, 0)])
def test_there_are_no_tiles_outside_the_pyramid(tmp_path, tile):
    raster = stored(tmp_path, np.zeros((1, 1024, 1024)), ("B",))
    assert tiles.render_tile(raster, RAMP, *tile) == b""


def test_a_tile_at_full_resolution_holds_the_pixels_unchanged(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (1, 600, 700))
    raster = stored(tmp_path, values / 255, ("B",))
    tile = decoded(tiles.render_tile(raster, RAMP, 0, 1, 1))
    assert tile.shape == (88, 188, 4)
    assert (tile[..., 0] == values[0, 512:, 512:]).all()


def test_a_coarser_tile_averages_and_an_odd_edge_keeps_its_last_pixels(tmp_path):
    values = np.zeros((1, 513, 1024))
    values[0, :, 1::2] = 1
    tile = decoded(tiles.render_tile(stored(tmp_path, values, ("B",)), RAMP, 1, 0, 0))
    assert tile.shape == (257, 512, 4)
    assert np.abs(tile[:256, :, 0].astype(int) - 128).max() <= 1


def test_an_error_map_starts_at_zero_and_a_difference_is_symmetric(tmp_path):
    reference = stored(tmp_path, np.zeros((2, 2, 2)), ("r", "g"), "a.tif")
    estimate = stored(tmp_path, [[[0, -0.2], [0.2, 0.4]], [[1, 1], [1, 1]]], ("r", "g"), "b.tif")
    signed = Difference(reference, estimate)
    np.testing.assert_allclose(signed.read(bands=("r",)), [[[0, -0.2], [0.2, 0.4]]])
    style = tiles.error_style(signed, "r")
    assert style.lower[0] == -style.upper[0] < 0 and style.palette == "difference"
    absolute = Difference(reference, estimate, absolute=True)
    np.testing.assert_allclose(absolute.read(bands=("r",)), [[[0, 0.2], [0.2, 0.4]]])
    style = tiles.error_style(absolute, "r")
    assert style.lower == (0,) and style.palette == "error"


def test_a_pixel_is_worth_what_the_screen_shows(tmp_path):
    power = np.full((2, 600, 600), 0.25, np.float32)
    power[:, 530, 7] = 0.001, 10
    power[:, 531, 7] = np.nan, 0
    raster = stored(tmp_path, power, ("VV", "VH"))
    decibels = Style(("VH", "VV", "VV"), (-30.0,) * 3, (0.0,) * 3, decibels=True)
    np.testing.assert_allclose(tiles.shown_values(raster, decibels, 530, 7), (10, -30, -30))
    assert tiles.shown_values(raster, decibels, 531, 7) == [None, None, None]
    linear = Style(("VV",), (0.0,), (1.0,))
    assert tiles.shown_values(raster, linear, 530, 7) == [float(np.float32(0.001))]
    with pytest.raises(RasterError, match="not inside"):
        tiles.shown_values(raster, linear, 600, 0)


def test_a_pixel_of_a_difference_is_the_difference(tmp_path):
    reference = stored(tmp_path, [[[0.5, np.nan]]], ("r",), "a.tif")
    estimate = stored(tmp_path, [[[0.25, 0.1]]], ("r",), "b.tif")
    signed = Difference(reference, estimate)
    style = Style(("r",), (-1.0,), (1.0,), palette="difference")
    assert tiles.shown_values(signed, style, 0, 0) == [-0.25]
    assert tiles.shown_values(signed, style, 0, 1) == [None]


def test_a_palette_is_told_from_lowest_to_highest():
    steps = tiles.palette_steps("difference")
    assert (steps[0], steps[-1], len(steps)) == ("#053061", "#67001f", 11)
    assert tiles.palette_steps("gray") == ["#000000", "#ffffff"]


def test_equal_images_have_an_error_map_too(tmp_path):
    image = stored(tmp_path, np.ones((1, 4, 4)), ("B",))
    assert tiles.error_style(Difference(image, image), "B").upper[0] > 0


def test_images_on_two_grids_have_no_difference():
    one = MemoryRaster(np.zeros((1, 2, 2), np.float32), grid(2, 2), ("B",))
    other = MemoryRaster(np.zeros((1, 2, 3), np.float32), grid(2, 3), ("B",))
    with pytest.raises(RasterError, match="different grids"):
        Difference(one, other)


def test_a_raster_without_overviews_is_averaged_over_its_valid_pixels(tmp_path):
    values = np.random.default_rng(0).uniform(size=(2, 600, 700)).astype(np.float32)
    values[0, :2, :4] = np.nan
    values[0, 2, 4] = np.nan
    memory = MemoryRaster(values, grid(600, 700), ("a", "b"))
    whole = Window(0, 0, 600, 700)
    halves = tiles.averaged(memory, whole, (300, 350), ("a", "b"))
    assert np.isnan(halves[0, 0, :2]).all() and np.isfinite(halves[0, 0, 2:]).all()
    np.testing.assert_allclose(halves[0, 1, 2], np.nanmean(values[0, 2:4, 4:6]), rtol=1e-6)
    stored_halves = stored(tmp_path, values, ("a", "b")).preview(whole, (300, 350))
    np.testing.assert_allclose(halves, stored_halves, rtol=1e-5)
