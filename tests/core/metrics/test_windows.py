"""SSIM and UIQI against plain loops over windows, with irregular masks, and closed forms."""

import math

import numpy as np
import pytest

from bandweave.metrics import METRICS

SSIM, UIQI = METRICS["ssim"], METRICS["uiqi"]


def bands(seed: int, shape: tuple[int, int]):
    """Return a reference and an estimate in double precision, with some contrast, 0..1."""
    rng = np.random.default_rng(seed)
    reference = 0.4 + 0.2 * np.sin(np.arange(shape[1]) / 3) + 0.1 * rng.random(shape)
    return reference, reference * 0.9 + 0.08 * rng.random(shape)


def masks(seed: int, shape: tuple[int, int]):
    """Return valid pixels with holes of several sizes, and a scattered choice of scored ones."""
    rng = np.random.default_rng(seed)
    valid = rng.random(shape) > 0.004
    valid[3:9, 12:20] = False
    valid[-4:, -15:] = False
    return valid, rng.random(shape) > 0.3


def ssim_by_loops(reference, estimate, valid, scored, data_range):
    offsets = np.arange(-5, 6)
    gaussian = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    values = []
    for row in range(5, reference.shape[0] - 5):
        for col in range(5, reference.shape[1] - 5):
            if not (valid[row, col] and scored[row, col]):
                continue
            window = np.s_[row - 5 : row + 6, col - 5 : col + 6]
            inside = valid[window]
            weights = gaussian[inside] / gaussian[inside].sum()
            x, y = estimate[window][inside], reference[window][inside]
            mx, my = weights @ x, weights @ y
            sxx, syy = weights @ (x - mx) ** 2, weights @ (y - my) ** 2
            sxy = weights @ ((x - mx) * (y - my))
            values.append(
                (2 * mx * my + c1) * (2 * sxy + c2) / ((mx**2 + my**2 + c1) * (sxx + syy + c2))
            )
    return np.mean(values)


def uiqi_by_loops(reference, estimate, valid, scored):
    values = []
    for row in range(reference.shape[0] - 7):
        for col in range(reference.shape[1] - 7):
            window = np.s_[row : row + 8, col : col + 8]
            if not (valid[window].all() and scored[row + 4, col + 4]):
                continue
            x, y = estimate[window], reference[window]
            mx, my = x.mean(), y.mean()
            sxy = ((x - mx) * (y - my)).mean()
            values.append(4 * sxy * mx * my / ((x.var() + y.var()) * (mx**2 + my**2)))
    return np.mean(values)


# 300 columns are more than one strip of the compiled loops
@pytest.mark.parametrize(("seed", "shape"), [(0, (30, 41)), (1, (19, 300)), (2, (11, 11))])
@pytest.mark.parametrize("data_range", [1.0, 0.2])
def test_ssim_equals_loops(seed, shape, data_range):
    reference, estimate = bands(seed, shape)
    full = np.ones(shape, bool)
    expected = ssim_by_loops(reference, estimate, full, full, data_range)
    np.testing.assert_allclose(SSIM(reference, estimate, data_range=data_range), expected, 1e-12)


@pytest.mark.parametrize(("seed", "shape"), [(0, (30, 41)), (1, (25, 300))])
def test_ssim_equals_loops_under_masks(seed, shape):
    reference, estimate = bands(seed, shape)
    valid, scored = masks(seed, shape)
    expected = ssim_by_loops(reference, estimate, valid, scored, 0.5)
    result = SSIM(reference, estimate, valid=valid, scored=scored, data_range=0.5)
    np.testing.assert_allclose(result, expected, rtol=1e-12)
    reference[~valid] = np.nan
    assert SSIM(reference, estimate, scored=scored, data_range=0.5) == result


@pytest.mark.parametrize(("seed", "shape"), [(0, (30, 41)), (1, (19, 300)), (2, (8, 8))])
def test_uiqi_equals_loops(seed, shape):
    reference, estimate = bands(seed, shape)
    full = np.ones(shape, bool)
    expected = uiqi_by_loops(reference, estimate, full, full)
    np.testing.assert_allclose(UIQI(reference, estimate, data_range=1.0), expected, rtol=1e-11)


@pytest.mark.parametrize(("seed", "shape"), [(0, (30, 41)), (1, (25, 300))])
def test_uiqi_equals_loops_under_masks(seed, shape):
    reference, estimate = bands(seed, shape)
    valid, scored = masks(seed, shape)
    expected = uiqi_by_loops(reference, estimate, valid, scored)
    result = UIQI(reference, estimate, valid=valid, scored=scored, data_range=1.0)
    np.testing.assert_allclose(result, expected, rtol=1e-11)
    estimate[~valid] = np.nan
    assert UIQI(reference, estimate, scored=scored, data_range=1.0) == result


def test_uiqi_counts_a_window_by_its_pixel_4_4():
    reference, estimate = bands(3, (12, 12))
    scored = np.zeros((12, 12), bool)
    scored[6, 5] = True
    result = UIQI(reference, estimate, scored=scored, data_range=1.0)
    alone = UIQI(reference[2:10, 1:9], estimate[2:10, 1:9], data_range=1.0)
    np.testing.assert_allclose(result, alone, rtol=1e-12)
    scored[6, 5], scored[3, 5] = False, True
    assert math.isnan(UIQI(reference, estimate, scored=scored, data_range=1.0))


def test_ssim_counts_centres_five_pixels_from_the_border():
    reference, estimate = bands(4, (11, 12))
    for column, expected in ((4, False), (5, True), (6, True), (7, False)):
        scored = np.zeros((11, 12), bool)
        scored[5, column] = True
        result = SSIM(reference, estimate, scored=scored, data_range=1.0)
        assert math.isfinite(result) is expected


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0, -1.5, 7.0])
def test_uiqi_of_a_gain_is_its_closed_form(gain):
    reference, _ = bands(5, (40, 50))
    result = UIQI(reference, gain * reference, data_range=1.0)
    squared = (2 * gain / (1 + gain**2)) ** 2
    np.testing.assert_allclose(result, squared, rtol=1e-12)


def test_ssim_of_constants_is_the_luminance_term():
    reference, estimate = np.full((15, 15), 0.1), np.full((15, 15), 0.3)
    expected = (2 * 0.03 + 1e-4) / (0.01 + 0.09 + 1e-4)
    np.testing.assert_allclose(SSIM(reference, estimate, data_range=1.0), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("levels", [(0.1, 0.3), (1 / 3, 1 / 7), (-0.1, 0.1), (1e-3, 7e3)])
def test_uiqi_of_constants_is_the_luminance_term(levels, dtype):
    x, y = (dtype(level) for level in levels)
    result = UIQI(np.full((30, 30), y), np.full((30, 30), x), data_range=1.0)
    x, y = float(x), float(y)
    np.testing.assert_allclose(result, 2 * x * y / (x * x + y * y), rtol=1e-13)


def test_uiqi_leaves_out_windows_that_are_zero_in_both():
    reference, estimate = bands(6, (20, 40))
    only = UIQI(reference[:, 20:], estimate[:, 20:], data_range=1.0)
    reference[:, :20] = estimate[:, :20] = 0
    scored = np.zeros(reference.shape, bool)
    scored[:, :17] = scored[:, 24:] = True  # windows of pixel [4, 4] in these do not straddle
    result = UIQI(reference, estimate, scored=scored, data_range=1.0)
    np.testing.assert_allclose(result, only, rtol=1e-12)
    assert math.isnan(UIQI(np.zeros((9, 9)), np.zeros((9, 9)), data_range=1.0))


# in units of float32's last place: a difference of sums would drown the smaller steps
@pytest.mark.parametrize("units", [1, 100, 10_000])
def test_uiqi_of_nearly_flat_windows_is_exact(units):
    rng = np.random.default_rng(7)
    level, shape = np.float32(0.1), (40, 270)
    step = units * np.spacing(level)
    reference, estimate = (level + step * rng.integers(0, 3, (2, *shape))).astype(np.float32)
    full = np.ones(shape, bool)
    expected = uiqi_by_loops(reference.astype(float), estimate.astype(float), full, full)
    result = UIQI(reference, estimate, data_range=1.0)
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-11)


def test_low_contrast_splits_ssim_and_uiqi():
    # an estimate that keeps 2.5 % of the contrast of an image of spread .005
    rng = np.random.default_rng(8)
    reference = 0.1 + 0.005 * rng.standard_normal((120, 130))
    estimate = 0.1 + 0.025 * (reference - 0.1)
    full = {"data_range": 1.0}
    np.testing.assert_allclose(METRICS["rmse"](reference, estimate, **full), 0.0049, atol=1e-4)
    np.testing.assert_allclose(METRICS["pearson"](reference, estimate, **full), 1, rtol=1e-12)
    assert SSIM(reference, estimate, **full) > 0.96
    assert 0.04 < UIQI(reference, estimate, **full) < 0.06


def test_ssim_grows_with_the_declared_range():
    reference, estimate = bands(9, (60, 60))
    values = [SSIM(reference, estimate, data_range=span) for span in (0.05, 0.2, 1.0, 5.0)]
    assert values == sorted(values) and values[0] < 0.93 < 0.98 < values[-1]


def test_ssim_weights_only_valid_pixels_of_a_window():
    # one valid neighbour besides the centre: weights exp(0) and exp(-1 / 4.5), by hand
    valid = np.zeros((11, 11), bool)
    valid[5, 5] = valid[5, 6] = True
    reference, estimate = np.zeros((11, 11)), np.zeros((11, 11))
    reference[5, 5:7], estimate[5, 5:7] = (0.2, 0.6), (0.3, 0.4)
    weight = math.exp(-1 / 4.5) / (1 + math.exp(-1 / 4.5))
    mx, my = 0.3 + 0.1 * weight, 0.2 + 0.4 * weight
    spread = weight * (1 - weight)
    c1, c2 = 1e-4, 9e-4
    expected = (2 * mx * my + c1) * (2 * 0.1 * 0.4 * spread + c2)
    expected /= (mx**2 + my**2 + c1) * ((0.1**2 + 0.4**2) * spread + c2)
    scored = np.zeros((11, 11), bool)
    scored[5, 5] = True
    result = SSIM(reference, estimate, valid=valid, scored=scored, data_range=1.0)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_uiqi_windows_reach_every_corner():
    reference, estimate = bands(10, (17, 270))
    estimate[0, 0] = estimate[16, 269] = np.nan
    valid = np.isfinite(estimate)
    expected = uiqi_by_loops(reference, estimate, valid, np.ones_like(valid))
    result = UIQI(reference, estimate, data_range=1.0)
    np.testing.assert_allclose(result, expected, rtol=1e-11)
