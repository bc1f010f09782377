"""Averages are of power, of pixels with data, and the same whatever window is read."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bandweave.contracts.small_scene import make_grid
from bandweave.prepare.multilook import MultilookRaster
from bandweave.raster.grid import Window
from bandweave.raster.virtual import MemoryRaster


def raster(power: np.ndarray) -> MemoryRaster:
    return MemoryRaster(power.astype(np.float32), make_grid(*power.shape[1:]), ("VV", "VH"))


def speckled() -> np.ndarray:
    return np.random.default_rng(0).gamma(4, 0.25, size=(2, 60, 50)).astype(np.float32)


def test_scale_zero_is_the_pixel_itself():
    power = speckled()
    power[0, 3, 4] = np.nan
    np.testing.assert_array_equal(MultilookRaster(raster(power), (0.0,)).read(), power)


def test_inside_it_is_scipys_gaussian():
    power = speckled()
    found = MultilookRaster(raster(power), (2.0,)).read()
    expected = gaussian_filter(power.astype(float), (0, 2, 2), truncate=3, mode="mirror")
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_no_data_does_not_count():
    power = np.ones((2, 20, 20), np.float32)
    power[:, 8:12, 8:12] = np.nan
    found = MultilookRaster(raster(power), (2.0,)).read()
    np.testing.assert_allclose(found, 1, rtol=1e-6)


def test_out_of_reach_of_any_data_stays_no_data():
    power = np.full((2, 40, 40), np.nan, np.float32)
    power[:, 0, 0] = 1
    found = MultilookRaster(raster(power), (1.0,)).read()
    assert np.isfinite(found[:, 0, 0]).all()
    assert np.isnan(found[:, 20, 20]).all()


@pytest.mark.parametrize(
    "window", [Window(0, 0, 9, 9), Window(17, 5, 30, 44), Window(59, 49, 1, 1)]
)
def test_any_window_is_the_same_window_of_the_whole(window):
    looked = MultilookRaster(raster(speckled()), (0.0, 1.0, 4.0))
    assert looked.bands == ("VV", "VH", "VV~1", "VH~1", "VV~4", "VH~4")
    whole = looked.read()[(slice(None), *window.slices)]
    np.testing.assert_allclose(looked.read(window), whole, rtol=1e-6)
    np.testing.assert_array_equal(looked.read(window, ["VH~4"]), looked.read(window)[5:])
