"""Scales come from the pixels that may be used, and are undone exactly."""

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import MethodError
from bandweave.prepare.normalisation import Normalisation, fixed, min_max, percentile
from bandweave.raster.virtual import MemoryRaster


def everywhere(window):
    return np.ones((window.height, window.width), bool)


def raster(*bands: np.ndarray) -> MemoryRaster:
    stack = np.stack(bands).astype(np.float32)
    return MemoryRaster(stack, make_grid(*stack.shape[1:]), tuple("abc"[: len(bands)]))


def test_min_max_by_hand():
    found = min_max(raster(np.array([[1, 3], [np.nan, 5]]), np.zeros((2, 2))), everywhere)
    assert found == Normalisation((1.0, 0.0), (5.0, 1.0))


def test_what_may_not_be_used_is_not_read():
    image = np.arange(16.0).reshape(4, 4)
    used = image < 8

    def where(window):
        return used[window.slices]

    changed = np.where(used, image, 1e9)
    assert min_max(raster(image), where) == min_max(raster(changed), where)
    assert percentile(raster(image), where) == percentile(raster(changed), where)


@pytest.mark.parametrize("share", [(2.0, 98.0), (0.0, 100.0), (25.0, 75.0)])
def test_percentiles_are_numpys(share):
    image = np.random.default_rng(1).gamma(2, size=(400, 300))
    found = percentile(raster(image), everywhere, share)
    expected = np.percentile(image, share)
    np.testing.assert_allclose([found.lower[0], found.upper[0]], expected, atol=2e-4 * image.max())


def test_undo_is_the_inverse():
    image = np.random.default_rng(0).normal(size=(2, 5, 6)).astype(np.float32)
    scale = fixed((-1.0, 0.1), (3.0, 0.2))
    np.testing.assert_allclose(scale.undo(scale.apply(image)), image, atol=1e-6)


def test_a_band_without_pixels_is_refused():
    with pytest.raises(MethodError, match="Band a has no pixel"):
        min_max(raster(np.full((2, 2), np.nan)), everywhere)
