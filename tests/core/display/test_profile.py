import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.display.profile import line, profile
from bandweave.errors import RasterError
from bandweave.raster.geotiff import write
from bandweave.raster.virtual import MemoryRaster


@pytest.fixture(scope="module")
def raster():
    grid = make_grid(700, 900)
    pixels = np.arange(2 * 700 * 900, dtype=np.float32).reshape(2, 700, 900)
    return MemoryRaster(pixels, grid, ("a", "b"))


def test_a_row_is_the_rasters_row(raster):
    along = line((40, 0), (40, 899))
    np.testing.assert_array_equal(profile(raster, along, ("a", "b")), raster.array[:, 40])
    np.testing.assert_allclose(along.metres(raster.grid), np.arange(900) * 10)


def test_a_column_backwards_is_the_column_turned_round(raster):
    along = line((699, 3), (0, 3))
    np.testing.assert_array_equal(profile(raster, along, ("b",))[0], raster.array[1, ::-1, 3])


def test_a_diagonal_of_a_file_passes_its_pixels(raster, tmp_path):
    stored = write(tmp_path / "a.tif", raster.array, raster.grid, raster.bands)
    along = line((0, 0), (699, 699))
    np.testing.assert_array_equal(profile(stored, along, ("a",))[0], np.diag(raster.array[0]))
    assert along.metres(raster.grid)[-1] == pytest.approx(699 * 10 * 2**0.5)


def test_a_slanted_line_takes_the_nearest_pixels():
    rows, cols = line((0, 0), (2, 5))
    assert rows.tolist() == [0, 0, 1, 1, 2, 2] and cols.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_point_is_a_line_of_one_pixel(raster):
    along = line((5, 6), (5, 6))
    assert profile(raster, along, ("a",)).tolist() == [[5 * 900 + 6]]
    assert along.metres(raster.grid).tolist() == [0]


@pytest.mark.parametrize("end", [(700, 0), (0, 900), (-1, 0)])
def test_a_line_that_leaves_the_grid_is_refused(raster, end):
    with pytest.raises(RasterError, match="leaves the grid of 700 x 900"):
        profile(raster, line((0, 0), end), ("a",))
