"""Grids and windows, whatever their sizes: parts make up the whole, and what is done is undone."""

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS

from bandweave.errors import RasterError
from bandweave.raster.grid import Grid, Window, inside, same_grid
from bandweave.raster.mirrored import read_reflected
from bandweave.raster.virtual import CroppedRaster, FlagRaster, MemoryRaster
from bandweave.tiling import padded

sides = st.integers(1, 60)
shifts = st.integers(-70, 70)
metres = st.floats(-1e7, 1e7).map(lambda value: round(value, 3))
windows = st.builds(Window, shifts, shifts, sides, sides)


@st.composite
def grids(draw) -> Grid:
    pixel = draw(st.sampled_from([0.5, 10.0, 30.0]))
    corner = Affine(pixel, 0, draw(metres), 0, -pixel, draw(metres))
    return Grid(CRS.from_epsg(32648), corner, draw(sides), draw(sides))


@given(grids(), windows, windows)
def test_a_window_of_a_window_is_a_window(grid, first, second):
    moved = Window(first.row + second.row, first.col + second.col, second.height, second.width)
    there, direct = grid.at(first).at(second), grid.at(moved)
    assert there.shape == direct.shape == (second.height, second.width)
    np.testing.assert_allclose(there.bounds, direct.bounds, rtol=0, atol=1e-6)


@given(grids(), windows)
def test_bounds_are_as_large_as_the_pixels(grid, window):
    west, south, east, north = grid.at(window).bounds
    width, height = grid.pixel_size
    np.testing.assert_allclose(east - west, window.width * width, atol=1e-6)
    np.testing.assert_allclose(north - south, window.height * height, atol=1e-6)


@given(grids(), sides)
def test_windows_cover_every_pixel_once(grid, side):
    seen = np.zeros(grid.shape, int)
    for window in grid.windows(side):
        seen[window.slices] += 1
        assert inside(grid, window) == window
        assert max(window.height, window.width) <= side
    assert (seen == 1).all()


@given(windows, st.integers(0, 20))
def test_growing_and_shrinking_is_undone(window, margin):
    grown = window.grown(margin)
    assert grown.grown(-margin) == window
    assert grown.stop == tuple(stop + margin for stop in window.stop)


@given(grids(), windows)
def test_what_reaches_beyond_is_refused(grid, window):
    fits = (
        min(window.row, window.col) >= 0
        and window.stop[0] <= grid.height
        and window.stop[1] <= grid.width
    )
    if fits:
        assert inside(grid, window) == window
    else:
        with pytest.raises(RasterError, match="not inside a grid"):
            inside(grid, window)


@given(windows, st.integers(0, 40), st.integers(1, 16))
def test_a_block_holds_its_window_and_halo_and_begins_at_the_stride(window, halo, stride):
    block = padded(window, halo, stride)
    assert not any(edge % stride for edge in (*block[:2], *block.stop))
    assert block.row <= window.row - halo and block.stop[0] >= window.stop[0] + halo
    assert block.height < window.height + 2 * (halo + stride)
    assert block.width < window.width + 2 * (halo + stride)


@given(grids(), windows)
def test_reading_beyond_the_edge_is_what_numpy_mirrors(grid, window):
    array = np.arange(grid.height * grid.width, dtype=np.float32).reshape(1, *grid.shape)
    margin = [
        (max(0, -start), max(0, stop - size))
        for start, stop, size in zip(window[:2], window.stop, grid.shape, strict=True)
    ]
    mirrored = np.pad(array, [(0, 0), *margin], mode="reflect")
    rows, cols = (start + before for start, (before, _) in zip(window[:2], margin, strict=True))
    expected = mirrored[:, rows : rows + window.height, cols : cols + window.width]
    found = read_reflected(MemoryRaster(array, grid, ("band",)), window)
    np.testing.assert_array_equal(found, expected)


@given(grids(), st.data())
def test_a_cropped_raster_is_the_whole_ones_window(grid, data):
    array = np.arange(grid.height * grid.width, dtype=np.float32).reshape(1, *grid.shape)
    whole = MemoryRaster(array, grid, ("band",))
    row, col = data.draw(st.integers(0, grid.height - 1)), data.draw(st.integers(0, grid.width - 1))
    height = data.draw(st.integers(1, grid.height - row))
    width = data.draw(st.integers(1, grid.width - col))
    window = Window(row, col, height, width)
    cropped = CroppedRaster(whole, window)
    np.testing.assert_array_equal(cropped.read(), whole.read(window))
    flags = FlagRaster(array[0] % 2 == 1, grid, "odd")
    np.testing.assert_array_equal(
        CroppedRaster(flags, window).read()[0], array[0][window.slices] % 2
    )


@given(grids(), st.floats(-1, 1), st.floats(-1, 1))
def test_grids_that_differ_by_rounding_are_one(grid, across, down):
    transform = grid.transform @ Affine.translation(across * 9e-4, down * 9e-4)
    assert same_grid(grid, replace(grid, transform=transform))
    assert same_grid(replace(grid, transform=transform), grid)


@given(grids(), st.sampled_from([(2e-3, 0), (0, 2e-3), (1, 0), (0, -1), (0.5, 0.5)]))
def test_grids_that_are_apart_are_not(grid, moved):
    apart = replace(grid, transform=grid.transform @ Affine.translation(*moved))
    assert not same_grid(grid, apart)
    assert not same_grid(grid, replace(grid, height=grid.height + 1))
    assert not same_grid(grid, replace(grid, crs=CRS.from_epsg(32649)))


def test_pixels_that_drift_over_the_extent_are_others():
    # a ten-thousandth of a pixel a column is a tenth of a pixel after a thousand
    grid = Grid(CRS.from_epsg(32648), Affine(10, 0, 0, 0, -10, 0), 1000, 1000)
    for size, same in ((10 + 1e-9, True), (10 + 1e-3, False)):
        assert same_grid(grid, replace(grid, transform=Affine(size, 0, 0, 0, -10, 0))) is same
