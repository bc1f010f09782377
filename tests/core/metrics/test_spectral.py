"""SAM and ERGAS agree with arithmetic by hand and with plain numpy."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from scipy import ndimage

from bandweave.errors import BandweaveError
from bandweave.metrics import of_all_bands, score_spectra
from bandweave.metrics.spectral import Spectra

SAM, ERGAS = of_all_bands()["sam"], of_all_bands()["ergas"]


def images(seed: int = 0, shape: tuple[int, ...] = (3, 24, 31)):
    """Return spectra of 0.1 to 0.5 and a noisy estimate of them."""
    rng = np.random.default_rng(seed)
    reference = rng.uniform(0.1, 0.5, shape).astype(np.float32)
    return reference, reference + rng.normal(0, 0.03, shape).astype(np.float32)


def one_row(*spectra: tuple[float, ...]) -> np.ndarray:
    """Return an image of one row whose pixels are the given spectra."""
    return np.array(spectra, np.float32).T[:, None, :]


def angles(reference, estimate):
    """Return every pixel's angle in degrees, by plain numpy in double precision."""
    y, x = (each.astype(float) for each in (reference, estimate))
    lengths = np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))
    with np.errstate(invalid="ignore"):
        return np.degrees(np.arccos(np.clip((x * y).sum(axis=0) / lengths, -1, 1)))


def relative_error(reference, estimate, counted=None):
    """Return ERGAS for h/l = 1 by plain numpy in double precision."""
    y, x = (each.astype(float)[:, counted].reshape(len(each), -1) for each in (reference, estimate))
    rmse = np.sqrt(((x - y) ** 2).mean(axis=1))
    return 100 * math.sqrt(((rmse / y.mean(axis=1)) ** 2).mean())


@pytest.mark.parametrize("key", of_all_bands())
class TestSums:
    @pytest.mark.parametrize("junk", [np.nan, np.inf, -np.inf])
    def test_a_pixel_counts_where_every_band_of_both_is_finite(self, key, junk):
        reference, estimate = images()
        out = np.zeros(reference.shape[1:], dtype=bool)
        out[3, 4] = out[7, 8:11] = True
        expected = of_all_bands()[key](reference, estimate, scored=~out)
        assert of_all_bands()[key](reference, estimate) != expected
        reference[1, 3, 4] = estimate[2, 7, 8:11] = junk
        assert of_all_bands()[key](reference, estimate) == expected

    def test_sums_of_windows_make_up_the_whole(self, key):
        reference, estimate = images()
        parts = [
            Spectra.of(reference[:, rows], estimate[:, rows], resolution_ratio=0.5)
            for rows in (slice(0, 5), slice(5, 6), slice(6, 24))
        ]
        expected = of_all_bands()[key](reference, estimate, resolution_ratio=0.5)
        found = score_spectra(Spectra.total(parts))[key]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_angles_by_hand():
    reference = one_row((1, 0, 0), (1, 0, 0), (1, 1, 0), (1, 2, 2))
    estimate = one_row((0, 3, 0), (-2, 0, 0), (1, 0, 0), (2, 4, 4))
    for pixel, expected in enumerate((90.0, 180.0, 45.0, 0.0)):
        here = slice(pixel, pixel + 1)
        found = SAM(reference[..., here], estimate[..., here])
        np.testing.assert_allclose(found, expected, atol=1e-6)
    # the mean of angles, not the angle of means
    np.testing.assert_allclose(SAM(reference, estimate), (90 + 180 + 45) / 4, atol=1e-6)


def test_angles_are_blind_to_brightness():
    reference, estimate = images()
    brightness = np.random.default_rng(1).uniform(0.2, 4, reference.shape[1:])
    np.testing.assert_allclose(
        SAM(reference.astype(float), estimate * brightness), SAM(reference, estimate), rtol=1e-12
    )
    assert ERGAS(reference, estimate * 2) > 10 * ERGAS(reference, estimate)


def test_zero_spectra_have_no_angle_and_count_as_errors():
    reference = one_row((1, 0), (0, 0), (1, 1))
    estimate = one_row((0, 1), (1, 1), (0, 0))
    np.testing.assert_allclose(SAM(reference, estimate), 90)
    assert math.isnan(SAM(reference[..., 1:], estimate[..., 1:]))
    assert Spectra.of(reference, estimate).pixels == 3


def test_one_band_has_no_angle():
    reference, estimate = images(shape=(1, 8, 8))
    assert math.isnan(SAM(reference, estimate))
    assert ERGAS(reference, estimate) > 0


def test_relative_error_by_hand():
    # errors of 1 and -1 around a mean of 4, and of 2 and 2 around a mean of 10
    reference = one_row((3, 8), (5, 12))
    estimate = one_row((4, 10), (4, 14))
    expected = 100 / 3 * math.sqrt(((1 / 4) ** 2 + (2 / 10) ** 2) / 2)
    np.testing.assert_allclose(ERGAS(reference, estimate, resolution_ratio=1 / 3), expected)
    assert math.isnan(ERGAS(one_row((1, 1), (-1, 1)), estimate))


@pytest.mark.parametrize("shape", [(2, 9, 7), (3, 40, 33), (11, 20, 20)])
def test_equals_numpy(shape):
    reference, estimate = images(shape=shape)
    scored = np.random.default_rng(2).random(shape[1:]) < 0.6
    estimate[0, 2, 2] = np.nan
    counted = scored & np.isfinite(estimate).all(axis=0)
    found = SAM(reference, estimate, scored=scored)
    # a cosine near 1 hides half of the digits of a small angle
    np.testing.assert_allclose(found, angles(reference, estimate)[counted].mean(), rtol=1e-7)
    expected = relative_error(reference, estimate, counted)
    np.testing.assert_allclose(ERGAS(reference, estimate, scored=scored), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": np.zeros((2, 3, 5), np.float32)}, r"\(2, 3, 5\) and the estimate \(2, 4"),
        ({"estimate": np.zeros((4, 5), np.float32)}, r"estimate has shape \(4, 5\); bands, rows"),
        ({"estimate": np.zeros((2, 4, 5), np.uint8)}, "estimate holds uint8"),
        ({"valid": np.ones((4, 4), bool)}, r"'valid' has shape \(4, 4\)"),
        ({"scored": np.ones((4, 5), np.float32)}, "'scored' .* float32"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {
        "reference": np.zeros((2, 4, 5), np.float32),
        "estimate": np.zeros((2, 4, 5), np.float32),
    } | change
    for metric in of_all_bands().values():
        with pytest.raises(BandweaveError, match=message) as raised:
            metric(**arguments)
        assert raised.value.hint


def test_a_real_image_and_its_blurred_copy_equal_numpy():
    if "BANDWEAVE_TEST_DATA" not in os.environ:
        pytest.skip("needs BANDWEAVE_TEST_DATA, the folder of real imagery")
    path = Path(os.environ["BANDWEAVE_TEST_DATA"]) / "spain-flood" / "Spain_7370579_S2Hand.tif"
    with rasterio.open(path) as source:
        reference = source.read([4, 3, 2, 8]).astype(np.float32) / np.float32(10_000)
    estimate = ndimage.gaussian_filter(reference, (0, 2, 2))
    assert reference.min() > 0
    np.testing.assert_allclose(
        SAM(reference, estimate), angles(reference, estimate).mean(), rtol=1e-9
    )
    np.testing.assert_allclose(
        ERGAS(reference, estimate), relative_error(reference, estimate), rtol=1e-11
    )
