"""A picture cut into tiles and put together is the picture."""

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS

from bandweave.errors import RasterError
from bandweave.prepare.alignment import align, common_grid
from bandweave.prepare.mosaicking import Mosaic, disagreements, mosaic
from bandweave.prepare.warping import WarpedRaster
from bandweave.raster.grid import Grid, Window
from bandweave.raster.virtual import CroppedRaster, MemoryRaster

UTM_33, UTM_32, DEGREES = (CRS.from_epsg(code) for code in (32633, 32632, 4326))
GRID = Grid(UTM_33, Affine(10, 0, 500_000, 0, -10, 5_200_000), 40, 50)
IN_DEGREES = Grid(DEGREES, Affine(1.4e-4, 0, 15.0, 0, -1e-4, 46.9), 40, 50)
THERE = common_grid([[IN_DEGREES]], [[IN_DEGREES]]).at(Window(1, 1, 40, 50))


def picture(grid=GRID, seed=0, gaps=0.1):
    rng = np.random.default_rng(seed)
    values = rng.gamma(2.0, 0.1, (2, *grid.shape)).astype(np.float32)
    values[rng.random(values.shape) < gaps] = np.nan
    return MemoryRaster(values, grid, ("VV", "VH"))


class Watched:
    """A raster that keeps which windows of it were read."""

    def __init__(self, base):
        self.base, self.grid, self.bands, self.read_windows = base, base.grid, base.bands, []

    def read(self, window=None, bands=None):
        self.read_windows.append(window)
        return self.base.read(window, bands)


def part(whole, row, col, height, width):
    return CroppedRaster(whole, Window(row, col, height, width))


@st.composite
def cuts(draw, size):
    """Overlapping pieces (first, count) that cover a length, at random places."""
    edges = sorted({0, size, *draw(st.lists(st.integers(1, size - 1), max_size=3))})
    pieces = []
    for first, stop in zip(edges, edges[1:], strict=False):
        before, after = draw(st.integers(0, 5)), draw(st.integers(0, 5))
        first, stop = max(0, first - before), min(size, stop + after)
        pieces.append((first, stop - first))
    return pieces


@st.composite
def tiles(draw):
    height, width = GRID.shape
    rows, cols = draw(cuts(height)), draw(cuts(width))
    windows = [Window(row, col, tall, wide) for row, tall in rows for col, wide in cols]
    return draw(st.permutations(windows))


@st.composite
def windows(draw):
    height, width = GRID.shape
    row, col = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    tall, wide = draw(st.integers(1, height - row)), draw(st.integers(1, width - col))
    return Window(row, col, tall, wide)


class TestTiles:
    @given(tiles(), windows(), st.sampled_from([None, ["VH"], ["VH", "VV"]]))
    def test_a_picture_cut_into_tiles_is_the_picture(self, found, window, bands):
        whole = picture()
        together = mosaic([CroppedRaster(whole, tile) for tile in found], GRID)
        np.testing.assert_array_equal(together.read(window, bands), whole.read(window, bands))

    @given(tiles(), windows())
    @settings(max_examples=25, deadline=None)
    def test_and_resampled_it_shows_no_seams(self, found, window):
        whole = picture(IN_DEGREES)
        together = mosaic([CroppedRaster(whole, tile) for tile in found], THERE)
        alone = align(whole, THERE)
        assert np.isfinite(alone.read()).mean() > 0.7
        np.testing.assert_array_equal(together.read(window), alone.read(window))

    @given(tiles(), windows())
    def test_nothing_but_the_window_is_read(self, found, window):
        watched = [Watched(CroppedRaster(picture(), tile)) for tile in found]
        mosaic(watched, GRID).read(window)
        for each, tile in zip(watched, found, strict=True):
            for row, col, height, width in each.read_windows:
                top, left = row + tile.row, col + tile.col
                assert top >= window.row and left >= window.col
                assert top + height <= window.stop[0] and left + width <= window.stop[1]

    def test_what_is_full_is_not_read_again(self):
        whole = picture(gaps=0)
        first, second = Watched(part(whole, 0, 0, 40, 30)), Watched(part(whole, 0, 20, 40, 30))
        mosaic([first, second], GRID).read(Window(0, 0, 40, 25))
        assert first.read_windows == [Window(0, 0, 40, 25)] and second.read_windows == []


class TestOrder:
    def test_the_first_with_data_wins(self):
        one, two = picture(seed=1, gaps=0.3), picture(seed=2, gaps=0.3)
        found = mosaic([one, two], GRID).read()
        np.testing.assert_array_equal(found, np.where(np.isnan(one.array), two.array, one.array))

    def test_parts_of_two_zones_are_one(self):
        there = Grid(UTM_32, Affine(10, 0, 955_000, 0, -10, 5_218_000), 800, 800)
        level = MemoryRaster(np.full((2, 800, 800), 0.3, np.float32), there, ("VV", "VH"))
        west = part(picture(gaps=0), 0, 0, 40, 20)
        found = mosaic([west, level], GRID).read()
        np.testing.assert_array_equal(found[:, :, :20], west.read())
        np.testing.assert_allclose(found[:, :, 20:], 0.3, rtol=1e-6)


class TestRefusals:
    def test_other_bands_and_other_lattices(self):
        other = MemoryRaster(picture().array, GRID, ("VH", "VV"))
        with pytest.raises(RasterError, match="same bands"):
            mosaic([picture(), other], GRID)
        aside = GRID.transform @ Affine.translation(0.4, 0)
        with pytest.raises(RasterError, match="align them first"):
            Mosaic((picture(), picture(replace(GRID, transform=aside))), GRID)

    def test_one_part_is_itself(self):
        whole = picture()
        assert mosaic([whole], GRID) is whole
        assert isinstance(mosaic([whole], GRID.at(Window(1, 1, 5, 5))), WarpedRaster)


def differ(first, second, grid):
    """By how much two parts differ; 0 where they do not overlap."""
    return sum(apart for *_, apart in disagreements([first, second], grid))


class TestDisagreement:
    def test_the_band_that_differs_most(self):
        # VV is the same, VH a quarter brighter: cells of 8 x 8 by hand
        whole = picture(gaps=0)
        brighter = whole.array * np.array([1, 1.25], np.float32)[:, None, None]
        other = MemoryRaster(brighter, GRID, whole.bands)
        found = differ(part(whole, 0, 0, 40, 30), part(other, 0, 20, 40, 30), GRID)
        assert found == pytest.approx(0.25, rel=0.01)
        assert differ(part(whole, 0, 0, 40, 30), part(whole, 0, 20, 40, 30), GRID) == 0

    def test_speckle_of_another_zone_is_no_difference(self):
        rng = np.random.default_rng(3)
        fine = Grid(UTM_33, Affine(10, 0, 500_000, 0, -10, 5_200_000), 300, 300)
        speckled = rng.gamma(4.4, 0.1 / 4.4, (1, 300, 300)).astype(np.float32)
        one = MemoryRaster(speckled, fine, ("VV",))
        there = Grid(UTM_32, Affine(10, 0, 957_000, 0, -10, 5_215_000), 500, 500)
        again = MemoryRaster(align(one, there).read(), there, ("VV",))
        found = differ(one, again, fine)
        assert 0 < found < 0.05

    def test_parts_that_share_no_data_do_not_differ(self):
        whole = picture()
        assert differ(part(whole, 0, 0, 40, 20), part(whole, 0, 30, 40, 20), GRID) == 0
        empty = MemoryRaster(np.full((2, 40, 50), np.nan, np.float32), GRID, whole.bands)
        assert differ(whole, empty, GRID) == 0
