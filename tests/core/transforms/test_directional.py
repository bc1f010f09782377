"""The filters behind contourlets: against scipy and by hand, and what they make of directions."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from bandweave.transforms import ladder, laplacian
from bandweave.transforms.contourlet import Contourlet
from bandweave.transforms.directional import DIRECTIONS, splits
from bandweave.transforms.mapping import G0, G1, H0, H1, apply, fan, low_pass, separate, unite
from bandweave.transforms.nsct import NonsubsampledContourlet
from bandweave.transforms.wavelet import Wavelet

FANS = [pair for depth in splits(16) for pair in depth]
HALF_SAMPLES = {-1.5: -1 / 16, -0.5: -9 / 16, 0.5: 9 / 16, 1.5: 1 / 16}


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def fan_kernel(first, second, step):
    """Write g(first . w) g(second . w) out as weights of pixels, from g's two sines."""
    kernel = np.zeros((step * 48 + 1,) * 2)
    for k, a in HALF_SAMPLES.items():
        for m, b in HALF_SAMPLES.items():
            offset = step * (k * np.array(first) + m * np.array(second))
            row, col = (offset + step * 24).astype(int)
            kernel[row, col] -= a * b
    return kernel


def by_scipy(image, function, polynomial):
    """Return a polynomial of degree 3 in a filter."""
    result, power = polynomial[0] * image, image
    for coefficient in polynomial[1:]:
        power = function(power)
        result = result + coefficient * power
    return result


def grating(wedge, directions, size=128, speed=0.75, phase=0.3):
    """Return a wave in the middle of a wedge; `speed` pi is its larger frequency."""
    half = directions // 2
    slope = -1 + (2 * (wedge % half) + 1) / half
    fast, slow = round(speed * size / 2), round(speed * size / 2 * slope)
    down, across = (slow, fast) if wedge < half else (fast, -slow)
    rows, cols = np.mgrid[:size, :size]
    return np.cos(2 * np.pi * (down * rows + across * cols) / size + phase)


def shares(subbands):
    energy = np.array([np.sum(subband**2) for subband in subbands])
    return energy / energy.sum()


def test_prototypes_satisfy_bezout_by_hand():
    whole = np.convolve(H0, G0) + np.convolve(H1, G1)
    np.testing.assert_allclose(whole, [1, 0, 0, 0, 0, 0, 0], atol=1e-15)
    # each keeps its own side, x = 1 or -1, and nothing of the other
    for polynomial, kept in ((H0, 1), (G0, 1), (H1, -1), (G1, -1)):
        values = np.polynomial.polynomial.polyval([kept, -kept], polynomial)
        np.testing.assert_allclose(values, [1, 0], atol=1e-15)


@pytest.mark.parametrize("step", [1, 2, 4])
@pytest.mark.parametrize("pair", FANS, ids=str)
def test_fan_is_its_kernel(pair, step):
    image = random((41, 54))
    kernel, mapping = fan_kernel(*pair, step), fan(*pair, step)
    expected = ndimage.convolve(image, kernel, mode="wrap")
    np.testing.assert_allclose(apply(image, mapping), expected, rtol=0, atol=1e-12)
    farthest = np.abs(np.argwhere(kernel) - step * 24).max()
    assert mapping.radius == farthest


@pytest.mark.parametrize("step", [1, 2, 4])
def test_low_pass_is_its_kernel(step):
    image = random((41, 54))
    taps = np.zeros(6 * step + 1)
    taps[::step] = np.array([-1, 0, 9, 16, 9, 0, -1]) / 32
    rows = ndimage.convolve1d(image, taps, axis=0, mode="wrap")
    expected = 2 * ndimage.convolve1d(rows, taps, axis=1, mode="wrap") - image
    np.testing.assert_allclose(apply(image, low_pass(step)), expected, rtol=0, atol=1e-12)
    assert low_pass(step).radius == 3 * step


@pytest.mark.parametrize("mapping", [fan((1, 1), (-1, 1)), fan((2, 4), (2, 0), 2), low_pass(2)])
def test_channels_are_polynomials_of_the_mapping(mapping):
    image, other = random((37, 50)), random((37, 50), 1)

    def function(x):
        return apply(x, mapping)

    for got, polynomial in zip(separate(image, mapping), (H0, H1), strict=True):
        expected = by_scipy(image, function, polynomial)
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
    expected = by_scipy(image, function, G0) + by_scipy(other, function, G1)
    np.testing.assert_allclose(unite(image, other, mapping), expected, rtol=0, atol=1e-12)


def test_fewer_directions_at_coarser_levels():
    assert NonsubsampledContourlet(4, 8).per_level == (8, 4, 4, 4)
    assert Contourlet(5, 16).per_level == (16, 8, 8, 4, 4)
    assert Contourlet(2, 4).per_level == (4, 4)


@pytest.mark.parametrize("shift", [(1, 0), (0, 1), (3, -5), (40, 33)], ids=str)
def test_nonsubsampled_contourlet_moves_with_the_image(shift):
    transform, image = NonsubsampledContourlet(3, 8), random((101, 67))
    still = transform.decompose(image)
    moved = transform.decompose(np.roll(image, shift, (0, 1)))
    pairs = zip((*still.details, still[:1]), (*moved.details, moved[:1]), strict=True)
    for before, after in (pair for level in pairs for pair in zip(*level, strict=True)):
        np.testing.assert_array_equal(after, np.roll(before, shift, (0, 1)))


@pytest.mark.parametrize("transform", [Contourlet(2, 8), Wavelet("db4", 2)], ids=repr)
def test_decimated_transforms_do_not_move_with_the_image(transform):
    image = ndimage.gaussian_filter(random((64, 64)), 1, mode="wrap")
    still, moved = (transform.decompose(np.roll(image, by, 1)).details[0][0] for by in (0, 1))
    assert abs(np.sum(still**2) / np.sum(moved**2) - 1) > 0.001


@pytest.mark.parametrize(
    ("transform", "least"),
    [
        (NonsubsampledContourlet(2, 4), 0.94),
        (NonsubsampledContourlet(2, 8), 0.76),
        (NonsubsampledContourlet(2, 16), 0.60),
        (Contourlet(2, 4), 0.89),
        (Contourlet(2, 8), 0.70),
        (Contourlet(2, 16), 0.55),
    ],
    ids=repr,
)
def test_waves_are_found_in_their_own_direction(transform, least):
    for wedge in range(transform.directions):
        wave = grating(wedge, transform.directions)
        share = shares(transform.decompose(wave).details[0])
        assert share[wedge] > least


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_ladder_is_critically_sampled_and_keeps_energy(directions):
    image = random((96, 64))
    subbands = ladder.spread(image, directions)
    assert len(subbands) == directions
    assert all(subband.size == image.size / directions for subband in subbands)
    energy = sum(np.sum(subband**2) for subband in subbands)
    np.testing.assert_allclose(energy, np.sum(image**2), rtol=0.1)
    np.testing.assert_allclose(ladder.gather(subbands), image, rtol=0, atol=1e-12)


def test_contourlet_has_a_third_more_coefficients_than_pixels():
    coefficients = Contourlet(3, 16).decompose(random((128, 128)))
    count = sum(subband.size for level in coefficients.details for subband in level)
    assert count == 128**2 * (1 + 1 / 4 + 1 / 16)
    assert coefficients.approximation.shape == (16, 16)


def test_dual_frame_leaves_out_what_no_image_can_have():
    image = random((64, 48))
    coarse, detail = laplacian.reduce(image)
    noise = random((64, 48), 1)
    # detail that is all low-pass cannot come from an image: it must not come back
    low = noise - laplacian.reduce(noise)[1]
    result = laplacian.expand(coarse, detail + low)
    np.testing.assert_allclose(result, image, rtol=0, atol=1e-10)


def test_directions_are_in_order_of_angle():
    means = []
    for wedge in range(8):
        spectrum = np.abs(np.fft.fft2(grating(wedge, 8, phase=0)))
        down, across = np.argwhere(spectrum > 1)[0]
        down, across = (f - 128 * (f > 64) for f in (down, across))
        means.append(np.degrees(np.arctan2(down, across)) % 180)
    steps = [(b - a) % 180 for a, b in pairwise(means)]
    assert all(10 < step < 40 for step in steps)
