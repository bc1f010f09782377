"""Every transform gives the image back, keeps its bounds, and tells directions apart."""

import numpy as np
import pytest
import pywt

from bandweave.errors import SettingError
from bandweave.transforms.contourlet import Contourlet
from bandweave.transforms.nsct import NonsubsampledContourlet
from bandweave.transforms.transform import Coefficients
from bandweave.transforms.wavelet import FAMILIES, Wavelet

SIZES = [(1, 1), (3, 5), (17, 17), (64, 48), (101, 67), (128, 128)]
WAVELETS = [Wavelet(family, levels) for family in FAMILIES for levels in (1, 3)]
BANKS = [
    transform(levels, directions)
    for transform in (Contourlet, NonsubsampledContourlet)
    for levels, directions in [(1, 4), (2, 8), (3, 8), (3, 16)]
]
SOME = [Wavelet("haar", 3), Wavelet("db4", 2), Wavelet("bior4.4", 2), *BANKS]


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def rounding(transform):
    # PyWavelets has its symlets and 9/7 filters to 12 digits
    return 1e-12 if isinstance(transform, NonsubsampledContourlet) else 1e-10


def all_of(coefficients):
    return [coefficients.approximation, *(s for level in coefficients.details for s in level)]


def larger(one, other):
    """Keep of two decompositions what is larger: pointwise, and not linear."""
    pick = [
        tuple(np.where(np.abs(a) >= np.abs(b), a, b) for a, b in zip(*levels, strict=True))
        for levels in zip(one.details, other.details, strict=True)
    ]
    a, b = one.approximation, other.approximation
    return Coefficients(np.where(np.abs(a) >= np.abs(b), a, b), tuple(pick))


@pytest.mark.parametrize("transform", WAVELETS + BANKS, ids=repr)
@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_reconstruction_is_perfect(transform, shape):
    image = random(shape)
    kept = image.copy()
    result = transform.reconstruct(transform.decompose(image), shape)
    np.testing.assert_allclose(result, image, rtol=0, atol=rounding(transform))
    np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize("transform", SOME, ids=repr)
def test_halves_of_the_transform_undo_each_other(transform):
    image = random((96, 64))
    approximation, bands = transform.split(image)
    np.testing.assert_allclose(
        transform.join(approximation, bands), image, rtol=0, atol=rounding(transform)
    )
    for level, band in enumerate(bands):
        subbands = transform.spread(band, level)
        kept = [subband.copy() for subband in subbands]
        for given, got in zip(band, transform.gather(subbands, level), strict=True):
            np.testing.assert_allclose(got, given, rtol=0, atol=1e-12)
        for given, after in zip(kept, subbands, strict=True):
            np.testing.assert_array_equal(after, given)


@pytest.mark.parametrize("transform", SOME, ids=repr)
def test_transform_is_linear(transform):
    x, y = random((48, 64), 1), random((48, 64), 2)
    parts = (all_of(transform.decompose(image)) for image in (x, y, 2 * x - 3 * y))
    for of_x, of_y, of_both in zip(*parts, strict=True):
        np.testing.assert_allclose(of_both, 2 * of_x - 3 * of_y, rtol=0, atol=1e-12)


@pytest.mark.parametrize("transform", SOME, ids=repr)
def test_constant_has_no_details(transform):
    coefficients = transform.decompose(np.full((50, 70), 7.0))
    gain = 1 if transform.stride == 1 else 2**transform.levels
    np.testing.assert_allclose(coefficients.approximation, 7 * gain, rtol=1e-12)
    for subband in all_of(coefficients)[1:]:
        np.testing.assert_allclose(subband, 0, atol=rounding(transform))


@pytest.mark.parametrize("transform", SOME, ids=repr)
def test_reach_is_a_bound_and_not_a_loose_one(transform):
    reach, stride = transform.reach, transform.stride
    side = -(-(2 * reach + 12) // stride) * stride
    images = [random((side, side), seed) for seed in (0, 1)]
    one, other = map(transform.decompose, images)
    before = transform.reconstruct(larger(one, other))
    farthest = 0
    for where in range(side // 2, side // 2 + 2):
        images[0][where, where] += 50.0
        after = transform.reconstruct(larger(transform.decompose(images[0]), other))
        images[0][where, where] -= 50.0
        farthest = max(farthest, np.abs(np.argwhere(after != before) - where).max())
    assert farthest <= reach
    assert farthest >= reach / 2


def test_reach_by_hand():
    # the last few pixels change by less than rounding, so the test above cannot see them.
    # f is applied five times both ways: 3 pixels in the pyramid, 3 a split (6 at the third depth)
    assert NonsubsampledContourlet(1, 8).reach == 5 * 3 + 5 * (3 + 3 + 6)
    assert NonsubsampledContourlet(3, 8).reach == 5 * 3 * (1 + 2 + 4) + 5 * (3 + 3) * 4
    # H and G 4 and 3 pixels: down to level 2 and up, there both of them twice, and the ladders
    assert Contourlet(3, 8).reach == 7 * (1 + 2) + (14 + 5 * (3 + 3)) * 4
    assert Wavelet("db4", 3).reach == 7 * (1 + 2 + 4)


@pytest.mark.parametrize("transform", SOME, ids=repr)
def test_windows_agree_bit_by_bit_inside(transform):
    reach, stride = transform.reach, transform.stride
    side = -(-(2 * reach + 40) // stride) * stride
    start = (5 * stride, 3 * stride)
    scene = random((side + 8 * stride, side + 8 * stride))
    window = scene[start[0] : start[0] + side, start[1] : start[1] + side].copy()
    larger_window, smaller_window = (
        transform.reconstruct(larger(transform.decompose(image), transform.decompose(-0.7 * image)))
        for image in (scene, window)
    )
    inside = slice(reach, side - reach)
    inner = larger_window[start[0] :, start[1] :][inside, inside]
    np.testing.assert_array_equal(smaller_window[inside, inside], inner)


@pytest.mark.parametrize("family", FAMILIES)
def test_wavelet_is_that_of_pywavelets(family):
    image = random((128, 96))
    expected = pywt.wavedec2(image, family, mode="periodization", level=2)
    got = Wavelet(family, 2).decompose(image)
    np.testing.assert_array_equal(got.approximation, expected[0])
    for ours, theirs in zip(got.details, reversed(expected[1:]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Wavelet("db77", 2),
        lambda: Wavelet("haar", 0),
        lambda: Contourlet(0, 8),
        lambda: Contourlet(2, 6),
        lambda: NonsubsampledContourlet(-1, 8),
        lambda: NonsubsampledContourlet(2, 2),
    ],
)
def test_impossible_parameters_are_refused(make):
    with pytest.raises(SettingError):
        make()
