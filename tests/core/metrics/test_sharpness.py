"""Entropy, Sobel strength, spatial frequency and gradient magnitude against loops and by hand."""

import math

import numpy as np
import pytest
from scipy import ndimage

from bandweave.metrics import METRICS

ENTROPY = METRICS["entropy"]
SOBEL = METRICS["sobel"]
FREQUENCY = METRICS["spatial-frequency"]
GRADIENT = METRICS["gradient-magnitude"]
SHAPES = [(2, 2), (3, 7), (23, 31), (40, 300)]


def alone(metric, band, data_range=1.0, **masks) -> float:
    return metric(band, band, data_range=data_range, **masks)


def image(seed: int, shape: tuple[int, int]):
    return np.random.default_rng(seed).random(shape)


def masks(seed: int, shape: tuple[int, int]):
    """Return valid pixels with scattered holes that touch the border, and scored ones."""
    rng = np.random.default_rng(seed)
    valid = rng.random(shape) > 0.06
    valid[0, :3] = valid[-2:, -4:] = False
    return valid, rng.random(shape) > 0.3


def magnitudes_by_loops(x, valid, scored, magnitude):
    """Average `magnitude(x, row, col)` over scored pixels; it is None where it needs a gap."""
    x = np.where(valid, x, np.nan)
    values = [
        magnitude(x, row, col)
        for row, col in np.argwhere(valid & scored)
        if not math.isnan(magnitude(x, row, col))
    ]
    return np.mean(values)


def sobel_by_loops(x, row, col):
    padded = np.pad(x, 1, mode="symmetric")
    patch = padded[row : row + 3, col : col + 3]
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    return math.hypot((patch * across).sum(), (patch * across.T).sum())


def gradient_by_loops(x, row, col):
    def slope(line, at):
        low, high = max(at - 1, 0), min(at + 1, line.size - 1)
        return (line[high] - line[low]) / (high - low)

    return math.hypot(slope(x[row], col), slope(x[:, col], row))


def frequency_by_loops(x, valid, scored):
    counted, total = valid & scored, 0.0
    for row, col in np.argwhere(counted):
        for before in ((row, col - 1), (row - 1, col)):
            if min(before) >= 0 and valid[before]:
                total += (x[row, col] - x[before]) ** 2
    return math.sqrt(total / counted.sum())


@pytest.mark.parametrize("shape", SHAPES)
def test_sobel_equals_scipy(shape):
    x = image(0, shape)
    expected = np.hypot(ndimage.sobel(x, 0), ndimage.sobel(x, 1)).mean()
    np.testing.assert_allclose(alone(SOBEL, x), expected, rtol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_equals_numpy(shape):
    x = image(1, shape)
    expected = np.hypot(*np.gradient(x)).mean()
    np.testing.assert_allclose(alone(GRADIENT, x), expected, rtol=1e-13)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 8), (8, 1)])
def test_spatial_frequency_equals_the_printed_equation(shape):
    x = image(2, shape)
    squares = (np.diff(x, axis=0) ** 2).sum() + (np.diff(x, axis=1) ** 2).sum()
    expected = math.sqrt(squares / x.size)
    np.testing.assert_allclose(alone(FREQUENCY, x), expected, rtol=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_sharpness_equals_loops_under_masks(seed):
    x = image(seed, (19, 26))
    valid, scored = masks(seed, x.shape)
    expected = {
        SOBEL: magnitudes_by_loops(x, valid, scored, sobel_by_loops),
        GRADIENT: magnitudes_by_loops(x, valid, scored, gradient_by_loops),
        FREQUENCY: frequency_by_loops(x, valid, scored),
    }
    for metric, wanted in expected.items():
        result = alone(metric, x, valid=valid, scored=scored)
        np.testing.assert_allclose(result, wanted, rtol=1e-12)
        holed = np.where(valid, x, np.nan)
        assert metric(x, holed, scored=scored, data_range=1.0) == result


def test_sharpness_by_hand():
    x = np.array([[0, 0, 3], [0, 1, 0], [4, 0, 0]], float)
    # the centre alone: Gx = (3 - 4), Gy = (4 - 3); its four neighbours are 0
    centre = np.zeros((3, 3), bool)
    centre[1, 1] = True
    np.testing.assert_allclose(alone(SOBEL, x, scored=centre), math.sqrt(2), rtol=1e-15)
    assert alone(GRADIENT, x, scored=centre) == 0
    # from the left and from above, (1 - 0)^2 each, over one scored pixel
    np.testing.assert_allclose(alone(FREQUENCY, x, scored=centre), math.sqrt(2), rtol=1e-15)
    # the upper right corner: one-sided differences 3 and -3
    corner = np.zeros((3, 3), bool)
    corner[0, 2] = True
    np.testing.assert_allclose(alone(GRADIENT, x, scored=corner), math.sqrt(18), rtol=1e-15)


def test_a_ramp_has_the_slope_it_was_given():
    rows, cols = np.mgrid[:12, :15]
    x = 0.3 * rows + 0.4 * cols
    np.testing.assert_allclose(alone(GRADIENT, x), 0.5, rtol=1e-12)
    inner = np.zeros(x.shape, bool)
    inner[1:-1, 1:-1] = True
    np.testing.assert_allclose(alone(SOBEL, x, scored=inner), 8 * 0.5, rtol=1e-12)
    np.testing.assert_allclose(alone(FREQUENCY, x, scored=inner), 0.5, rtol=1e-12)


@pytest.mark.parametrize("metric", [SOBEL, FREQUENCY, GRADIENT])
def test_sharpness_scales_with_the_band_and_ignores_its_offset(metric):
    x = image(3, (20, 24))
    np.testing.assert_allclose(alone(metric, 255 * x), 255 * alone(metric, x), rtol=1e-12)
    np.testing.assert_allclose(alone(metric, x + 5), alone(metric, x), rtol=1e-12)
    assert alone(metric, np.full((20, 24), 0.1)) == 0


@pytest.mark.parametrize("seed", range(6))
def test_spatial_frequency_is_bounded_by_the_error(seed):
    rng = np.random.default_rng(seed)
    original = image(seed, (30, 34))
    checkers = np.indices(original.shape).sum(axis=0) % 2 * 2.0 - 1
    # a checkerboard is what raises spatial frequency most for its error
    fused = original + rng.uniform(0, 0.5) * checkers + rng.normal(0, 0.05, original.shape)
    rmse = METRICS["rmse"](original, fused, data_range=1.0)
    bound = alone(FREQUENCY, original) + 2 * math.sqrt(2) * rmse
    assert alone(FREQUENCY, fused) <= bound
    flat = np.full(original.shape, 0.3)
    reached = alone(FREQUENCY, flat + checkers) / (2 * math.sqrt(2))
    assert 0.95 < reached <= 1


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (np.full(256, 0.1), 0.0),
        (np.repeat([0.1, 0.9], 128), 1.0),
        (np.repeat([0.1, 0.3, 0.5, 0.7], [128, 64, 32, 32]), 1.75),
        ((np.arange(256) + 0.5) / 256, 8.0),
        (np.arange(256) / 255, 8.0),
        (np.linspace(0, 1 / 256, 256, endpoint=False), 0.0),
    ],
)
def test_entropy_of_known_histograms(levels, expected):
    band = np.random.default_rng(4).permutation(levels).reshape(16, 16)
    result = alone(ENTROPY, band)
    np.testing.assert_allclose(result, expected, atol=1e-14)
    assert math.copysign(1, result) == 1
    np.testing.assert_allclose(alone(ENTROPY, 40 * band, data_range=40.0), expected, atol=1e-14)


def test_entropy_counts_outliers_in_the_end_bins():
    band = np.array([[-5.0, 0.0, 1 / 1024, -0.1], [1.0, 70.0, 0.999, 1.1]])
    assert alone(ENTROPY, band) == 1.0


def test_entropy_counts_scored_pixels_only():
    band = image(5, (30, 30))
    scored = np.zeros(band.shape, bool)
    scored[2, 3] = scored[7, 9] = True
    assert alone(ENTROPY, band, scored=scored) == 1.0


@pytest.mark.parametrize("seed", range(4))
def test_entropy_is_at_most_eight_bits(seed):
    band = image(seed, (300, 300))
    assert 7.9 < alone(ENTROPY, band) <= 8
    assert alone(ENTROPY, band, data_range=4.0) <= 6 + 1e-12


@pytest.mark.parametrize("metric", [SOBEL, GRADIENT])
@pytest.mark.parametrize(("hole", "scored"), [((0, 1), (1, 1)), ((2, 1), (1, 1)), ((1, 0), (1, 1))])
def test_a_gap_among_the_neighbours_leaves_a_pixel_out(metric, hole, scored):
    x = image(6, (3, 3))
    x[hole] = np.nan
    only = np.zeros((3, 3), bool)
    only[scored] = True
    assert math.isnan(alone(metric, x, scored=only))


def test_sobel_needs_the_corners_and_the_gradient_does_not():
    x = image(7, (3, 3))
    x[0, 0] = np.nan
    centre = np.zeros((3, 3), bool)
    centre[1, 1] = True
    assert math.isnan(alone(SOBEL, x, scored=centre))
    assert alone(GRADIENT, x, scored=centre) > 0


def test_gradient_of_a_single_row_is_nan():
    assert math.isnan(alone(GRADIENT, image(8, (1, 9))))
    assert math.isnan(alone(GRADIENT, image(8, (9, 1))))


def test_spatial_frequency_without_pairs_is_nan():
    valid = np.indices((8, 8)).sum(axis=0) % 2 == 0
    assert math.isnan(alone(FREQUENCY, image(9, (8, 8)), valid=valid))
