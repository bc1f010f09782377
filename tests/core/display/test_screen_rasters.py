import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.display.screen_rasters import Gapped, MeanDifference, Quotient
from bandweave.display.tiles import averaged, error_style
from bandweave.errors import RasterError
from bandweave.raster.geotiff import write
from bandweave.raster.grid import Window
from bandweave.raster.virtual import FlagRaster, MemoryRaster

GRID = make_grid(8, 8)


def raster(seed=0, bands=("VV", "VH"), grid=GRID):
    pixels = np.random.default_rng(seed).uniform(0.1, 1, (len(bands), *grid.shape))
    return MemoryRaster(pixels.astype(np.float32), grid, bands)


def test_a_gap_shows_no_data_and_all_else_as_it_is():
    flags = np.zeros(GRID.shape, bool)
    flags[2:4, 3] = True
    base = raster()
    shown = Gapped(base, FlagRaster(flags, GRID, "hidden"))
    assert shown.bands == base.bands and shown.grid == GRID
    pixels = shown.read(bands=("VH",))
    np.testing.assert_array_equal(np.isnan(pixels[0]), flags)
    np.testing.assert_array_equal(pixels[0][~flags], base.array[1][~flags])


def test_far_away_a_gap_is_where_most_is_hidden(tmp_path):
    flags = np.zeros(GRID.shape, np.float32)
    flags[0:2, 0:2] = 1  # all of one block, a quarter of another
    flags[0, 2] = 1
    base = raster()
    for mask in (
        write(tmp_path / "hidden.tif", flags[None], GRID, ("hidden",), flags=True),
        FlagRaster(flags == 1, GRID, "hidden"),
    ):
        far = averaged(Gapped(base, mask), GRID.full, (4, 4), ("VV",))[0]
        assert np.isnan(far[0, 0]) and np.isfinite(far).sum() == 15
        assert far[0, 1] == pytest.approx(base.array[0, 0:2, 2:4].mean())


def test_a_mask_on_another_grid_is_refused():
    with pytest.raises(RasterError, match="another grid"):
        Gapped(raster(), raster(grid=make_grid(9, 8)))


def test_a_quotient_is_of_pixels_near_and_of_means_far():
    base = raster()
    base.array[1, 0, 0] = 0
    ratio = Quotient(base, "VV", "VH")
    assert ratio.bands == ("VV/VH",)
    near = ratio.read(Window(0, 0, 2, 2))[0]
    assert np.isnan(near[0, 0])
    assert near[1, 1] == pytest.approx(base.array[0, 1, 1] / base.array[1, 1, 1])
    far = ratio.preview(GRID.full, (2, 2))[0]
    means = base.array[:, 4:, 4:].mean(axis=(1, 2))
    assert far[1, 1] == pytest.approx(means[0] / means[1], rel=1e-6)


@pytest.mark.parametrize("absolute", [False, True])
def test_the_mean_difference_is_over_bands_and_one_band(absolute):
    bands = ("red", "green", "blue")
    reference, estimate = raster(0, bands), raster(1, bands)
    estimate.array[2, 5, 5] = np.nan
    mean = MeanDifference(reference, estimate, absolute, ("red", "blue"))
    single = estimate.array - reference.array
    single = np.abs(single) if absolute else single
    np.testing.assert_allclose(mean.read()[0], (single[0] + single[2]) / 2, rtol=1e-5, atol=1e-7)
    far = mean.preview(GRID.full, (2, 2))
    assert far.shape == (1, 2, 2)
    difference = (estimate.array - reference.array)[[0, 2], :4, :4].mean(axis=(1, 2))
    difference = np.abs(difference) if absolute else difference
    assert far[0, 0, 0] == pytest.approx(difference.mean(), rel=1e-4)
    with pytest.raises(RasterError, match="no band red"):
        mean.read(bands=("red",))
    assert error_style(mean, "mean").palette == ("error" if absolute else "difference")
