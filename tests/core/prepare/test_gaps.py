"""Interpolation agrees with a direct solution of the same equations."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import spsolve

from bandweave.prepare.gaps import laplace, lead


def direct(image: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Solve Laplace's equation by elimination; no data is a wall."""
    exists = np.isfinite(image) | hidden
    number = np.full(image.shape, -1)
    number[hidden] = np.arange(hidden.sum())
    entries, right = [], np.zeros(hidden.sum())
    for row, col in zip(*np.nonzero(hidden), strict=True):
        equation, count = number[row, col], 0
        for near in ((row + 1, col), (row - 1, col), (row, col + 1), (row, col - 1)):
            inside = 0 <= near[0] < image.shape[0] and 0 <= near[1] < image.shape[1]
            if not inside or not exists[near]:
                continue
            count += 1
            if hidden[near]:
                entries.append((equation, number[near], -1.0))
            else:
                right[equation] += image[near]
        entries.append((equation, equation, float(count)))
    rows, cols, values = zip(*entries, strict=True)
    solved = image.copy()
    solved[hidden] = spsolve(csr_matrix((values, (rows, cols))), right)
    return solved


def example(size: int = 90) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    image = gaussian_filter(generator.normal(size=(size, size)), 3).astype(np.float32) * 5
    field = gaussian_filter(generator.normal(size=(size, size)), 8)
    hidden = field > np.quantile(field, 0.6)
    hidden[30:62, 20:70] = True
    image[hidden] = np.nan
    image[5:9, 10:60] = np.nan
    hidden[5:9, 10:60] = False
    return image, hidden


def test_agrees_with_elimination():
    image, hidden = example()
    spread = np.nanstd(image)
    found = laplace(image[None], hidden)[0]
    np.testing.assert_allclose(found[hidden], direct(image, hidden)[hidden], atol=0.01 * spread)


def test_visible_pixels_are_unchanged_and_no_data_stays():
    image, hidden = example()
    found = laplace(image[None], hidden)[0]
    np.testing.assert_array_equal(found[~hidden], image[~hidden])
    assert np.isfinite(found[hidden]).all()


def test_a_plane_is_its_own_interpolation():
    rows, cols = np.mgrid[:40, :40]
    plane = (0.1 * rows + 0.02 * cols).astype(np.float32)
    hidden = np.zeros((40, 40), bool)
    hidden[10:30, 12:25] = True
    found = laplace(np.where(hidden, np.nan, plane)[None], hidden)[0]
    np.testing.assert_allclose(found, plane, atol=2e-3)


def test_what_lies_under_the_gap_is_not_read():
    image, hidden = example()
    filled = np.where(hidden, np.float32(1e6), image)
    np.testing.assert_array_equal(laplace(image[None], hidden), laplace(filled[None], hidden))


def test_values_lie_between_those_at_the_edge():
    image, hidden = example()
    found = laplace(image[None], hidden)[0]
    assert found[hidden].min() >= np.nanmin(image) - 1e-3
    assert found[hidden].max() <= np.nanmax(image) + 1e-3


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (17, 33)])
def test_any_shape(shape):
    image = np.ones(shape, np.float32)
    hidden = np.zeros(shape, bool)
    hidden.flat[shape[0] * shape[1] // 2] = True
    found = laplace(np.where(hidden, np.nan, image)[None], hidden)
    np.testing.assert_allclose(found, image[None], atol=1e-5)


def test_a_band_without_visible_pixels_stays_empty():
    hidden = np.ones((4, 4), bool)
    assert np.isnan(laplace(np.full((1, 4, 4), np.nan, np.float32), hidden)).all()


def test_a_guide_decides_which_neighbour_counts():
    image = np.array([[[0.0, np.nan, 1.0]]], np.float32)
    hidden = np.array([[False, True, False]])
    step = np.float32(0.15)  # halves what flows across it: (0 x 1 + 1 x 1/2) / (1 + 1/2)
    guide = np.array([[[0.0, 0.0, step]]], np.float32)
    found = lead(laplace(image, hidden), hidden, guide)
    np.testing.assert_allclose(found, [[[0, 1 / 3, 1]]], atol=1e-6)


def test_a_guide_without_edges_changes_no_solution():
    rows, cols = np.mgrid[:24, :30]
    plane = (0.1 * rows + 0.02 * cols).astype(np.float32)[None]
    hidden = np.zeros((24, 30), bool)
    hidden[5:15, 8:20] = True
    np.testing.assert_allclose(lead(plane, hidden, np.zeros_like(plane)), plane, atol=1e-6)


def test_nothing_is_led_across_no_data_and_visible_pixels_stay():
    image, hidden = example()
    guide = np.random.default_rng(1).normal(size=(2, *hidden.shape)).astype(np.float32)
    found = lead(laplace(image[None], hidden), hidden, guide)[0]
    np.testing.assert_array_equal(found[~hidden], image[~hidden])
    assert np.isfinite(found[hidden]).all()
    assert np.nanmin(image) <= found[hidden].min() <= found[hidden].max() <= np.nanmax(image)
