"""A coarser sensor and its interpolation, by hand: gain, alignment, windows and no data."""

import math

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import RasterError
from bandweave.prepare import degradation
from bandweave.prepare.degradation import CellRaster, degraded, samples_of, sigma
from bandweave.raster.grid import Window
from bandweave.raster.scene import Resampled
from bandweave.raster.virtual import MemoryRaster

FACTORS = [2, 3, 4, 5, 6, 9, 18]


def raster(pixels: np.ndarray) -> MemoryRaster:
    cube = np.atleast_3d(pixels.T).T.astype(np.float32)
    names = tuple(f"b{number}" for number in range(len(cube)))
    return MemoryRaster(cube, make_grid(*cube.shape[1:]), names)


def spread(samples: np.ndarray, factor: int, like: MemoryRaster, how=Resampled.CUBIC) -> CellRaster:
    return CellRaster(samples, factor, like.grid, like.bands, how)


def weights(size: int, factor: int) -> np.ndarray:
    """Return each cell's share of each pixel along one axis, straight from the definition."""
    cells = np.arange(-(-size // factor))
    away = (np.arange(size) + 0.5)[None] - ((cells + 0.5) * factor)[:, None]
    gaussian = np.exp(-(away**2) / (2 * sigma(factor) ** 2)) * (np.abs(away) <= 2 * factor)
    return gaussian / gaussian.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("factor", FACTORS)
def test_samples_are_the_gaussian_means_around_cell_centres(factor):
    image = np.random.default_rng(0).uniform(0, 1, (2, 61, 50))
    expected = weights(61, factor) @ image @ weights(50, factor).T
    np.testing.assert_allclose(degraded(raster(image), factor), expected, atol=1e-6)


def test_a_sample_by_hand():
    # cells of 2: centres between pixels, standard deviation .988, reach of 4 pixels
    image = np.zeros((1, 12))
    image[0, 5] = 1.0
    tails = [math.exp(-0.5 * (d / sigma(2)) ** 2) for d in (0.5, 1.5, 2.5, 3.5)]
    found = degraded(raster(image.repeat(12, axis=0)), 2)[0, 3]
    np.testing.assert_allclose(found[2], tails[0] / (2 * sum(tails)), rtol=1e-6)
    np.testing.assert_allclose(found[3], tails[1] / (2 * sum(tails)), rtol=1e-6)
    assert sigma(2) == pytest.approx(0.98788, abs=1e-5)
    assert found[0] == 0


@pytest.mark.parametrize("factor", FACTORS)
def test_a_constant_stays_constant(factor):
    image = raster(np.full((1, 60, 67), 0.3, np.float32))
    samples = degraded(image, factor)
    np.testing.assert_allclose(samples, 0.3, rtol=1e-6)
    np.testing.assert_allclose(spread(samples, factor, image).read(), 0.3, rtol=1e-6)


@pytest.mark.parametrize("factor", FACTORS)
def test_the_gain_at_the_coarse_nyquist_frequency(factor):
    """A wave of two cells, its crests at cell centres, keeps 0.3 of its height."""
    columns = np.arange(20 * factor) + 0.5
    wave = np.sin(math.pi * columns / factor)
    samples = degraded(raster(np.tile(wave, (4 * factor, 1))), factor)[0, 2]
    inner = samples[4:-4]
    np.testing.assert_allclose(inner * (-1) ** np.arange(inner.size), 0.3, atol=0.005)


@pytest.mark.parametrize("factor", FACTORS)
def test_nothing_is_shifted(factor):
    """A slope comes back as it was, away from the border."""
    rows, cols = np.mgrid[: 24 * factor, : 20 * factor] + 0.5
    image = raster(0.01 * rows - 0.02 * cols)
    found = spread(degraded(image, factor), factor, image).read()
    inner = (slice(None), slice(5 * factor, -5 * factor), slice(5 * factor, -5 * factor))
    np.testing.assert_allclose(found[inner], image.read()[inner], atol=1e-5)


@pytest.mark.parametrize("how", [Resampled.CUBIC, Resampled.NEAREST])
def test_windows_make_no_difference(how, monkeypatch):
    pixels = np.random.default_rng(1).uniform(0, 1, (2, 70, 61)).astype(np.float32)
    pixels[:, 20:33, 9:31] = np.nan
    image = raster(pixels)
    whole = degraded(image, 4)
    monkeypatch.setattr(degradation, "BLOCK", 12)
    np.testing.assert_array_equal(degraded(image, 4), whole)
    shown = spread(whole, 4, image, how)
    everything = shown.read()
    for window in (Window(0, 0, 1, 1), Window(13, 7, 30, 41), Window(66, 57, 4, 4)):
        np.testing.assert_array_equal(
            shown.read(window, ["b1"]), everything[(slice(1, 2), *window.slices)]
        )


def test_each_sample_is_repeated_over_its_cell_and_found_there_again(monkeypatch):
    image = raster(np.random.default_rng(2).uniform(0, 1, (2, 22, 31)))
    samples = degraded(image, 5)
    repeated = spread(samples, 5, image, Resampled.NEAREST)
    expected = samples.repeat(5, axis=1).repeat(5, axis=2)[:, :22, :31]
    np.testing.assert_array_equal(repeated.read(), expected)
    monkeypatch.setattr(degradation, "BLOCK", 10)
    np.testing.assert_array_equal(samples_of(repeated, 5), samples)


def test_pixels_without_data_have_no_weight():
    pixels = np.full((1, 40, 40), 0.2, np.float32)
    pixels[0, 10:15, 10:15] = np.nan
    pixels[0, 24:, :] = np.nan
    samples = degraded(raster(pixels), 4)
    np.testing.assert_allclose(samples[0, :7], 0.2, rtol=1e-6)
    # centres of the rows at 30 and 34 are more than 8 pixels away from the last row with data
    assert np.isfinite(samples[0, 7]).all() and np.isnan(samples[0, 8:]).all()


def test_a_window_beyond_the_grid_is_refused():
    image = raster(np.ones((1, 12, 12)))
    with pytest.raises(RasterError, match="not inside"):
        spread(degraded(image, 3), 3, image).read(Window(0, 0, 13, 3))
