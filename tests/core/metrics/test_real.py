"""On real bands the metrics agree with independent implementations and published values."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from scipy import ndimage
from skimage.metrics import structural_similarity

from bandweave.metrics import METRICS, score_all

if "BANDWEAVE_TEST_DATA" not in os.environ:
    pytest.skip("needs BANDWEAVE_TEST_DATA, the folder of real imagery", allow_module_level=True)
DATA = Path(os.environ["BANDWEAVE_TEST_DATA"])
SPAIN = DATA / "spain-flood" / "Spain_7370579_S2Hand.tif"
CANAL = DATA / "sen12mscr-p839"


def reflectance(path: Path, band: int):
    with rasterio.open(path) as source:
        return source.read(band).astype(np.float32) / np.float32(10_000)


def blurred():
    """Return Spain's red band and a blurred copy of it, as a network leaves it."""
    red = reflectance(SPAIN, 4)
    return red, ndimage.gaussian_filter(red, 2)


def two_bands():
    return reflectance(SPAIN, 4), reflectance(SPAIN, 8)


def two_dates():
    return reflectance(CANAL / "s2_cloudfree.tif", 2), reflectance(CANAL / "s2_cloudy.tif", 2)


def dim():
    """Return bands as whole numbers far from 0, of which many windows are nearly flat."""
    red, smooth = blurred()
    return np.round(red * 200) + 10_000, np.round(smooth * 200) + 10_000


@pytest.fixture(params=[blurred, two_bands, two_dates, dim], ids=lambda make: make.__name__)
def bands(request):
    return request.param()


def uiqi_by_windows(reference, estimate):
    """Average UIQI over all windows, each centred before its moments are taken."""
    total, count = 0.0, 0
    for row in range(reference.shape[0] - 7):
        x, y = (
            np.lib.stride_tricks.sliding_window_view(
                band[row : row + 8].astype(float), (8, 8)
            ).reshape(-1, 64)
            for band in (estimate, reference)
        )
        mx, my = x.mean(axis=1), y.mean(axis=1)
        dx, dy = x - mx[:, None], y - my[:, None]
        spread, power = (dx**2 + dy**2).sum(axis=1), mx**2 + my**2
        flat = (np.ptp(x, axis=1) == 0) & (np.ptp(y, axis=1) == 0)
        structure = np.where(flat, 1, 2 * (dx * dy).sum(axis=1) / np.where(flat, 1, spread))
        counted = power > 0
        total += (structure[counted] * 2 * mx[counted] * my[counted] / power[counted]).sum()
        count += counted.sum()
    return total / count


def test_ssim_equals_scikit_image(bands):
    for data_range in np.ptp(bands[0]) * np.array([0.3, 1.0, 4.0]):
        expected = structural_similarity(
            *(band.astype(float) for band in bands),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=data_range,
        )
        result = METRICS["ssim"](*bands, data_range=data_range)
        # both subtract squares of means, beside which C2 = (.03 L)^2 may be small
        rounding = np.finfo(float).eps * (bands[0].mean() / (0.03 * data_range)) ** 2
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12 + 10 * rounding)


def test_uiqi_equals_windows_taken_one_by_one(bands):
    result = METRICS["uiqi"](*bands, data_range=1.0)
    np.testing.assert_allclose(result, uiqi_by_windows(*bands), rtol=0, atol=1e-11)


def test_errors_equal_numpy(bands):
    reference, estimate = (band.astype(float) for band in bands)
    error = estimate - reference
    expected = {
        "rmse": math.sqrt((error**2).mean()),
        "mae": abs(error).mean(),
        "bias": error.mean(),
        "r2": 1 - (error**2).sum() / ((reference - reference.mean()) ** 2).sum(),
        "pearson": np.corrcoef(reference.ravel(), estimate.ravel())[0, 1],
    }
    scores = score_all(*bands, data_range=1.0, keys=expected)
    for key, wanted in expected.items():
        np.testing.assert_allclose(scores[key], wanted, rtol=1e-11)


def test_sharpness_equals_scipy_and_numpy(bands):
    x = bands[1].astype(float)
    down, along = np.diff(x, axis=0), np.diff(x, axis=1)
    expected = {
        "sobel": np.hypot(ndimage.sobel(x, 0), ndimage.sobel(x, 1)).mean(),
        "spatial-frequency": math.sqrt(((down**2).sum() + (along**2).sum()) / x.size),
        "gradient-magnitude": np.hypot(*np.gradient(x)).mean(),
    }
    scores = score_all(*bands, data_range=1.0, keys=expected)
    for key, wanted in expected.items():
        np.testing.assert_allclose(scores[key], wanted, rtol=1e-11)


def test_entropy_equals_the_histogram_of_numpy(bands):
    x, span = bands[1].astype(float), float(np.percentile(bands[1], 95))
    counts, _ = np.histogram(np.clip(x, 0, span), bins=256, range=(0, span))
    shares = counts[counts > 0] / x.size
    expected = -(shares * np.log2(shares)).sum()
    result = METRICS["entropy"](*bands, data_range=span)
    np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_ssim_of_the_camera_image_is_the_published_value():
    camera = np.asarray(Image.open(DATA / "camera" / "camera.png"))
    noise = 20 * np.random.RandomState(5).randn(512, 512)  # noqa: NPY002 - the published recipe
    noisy = np.clip(camera + noise, 0, 255).astype(np.uint8)
    result = METRICS["ssim"](camera.astype(float), noisy.astype(float), data_range=255.0)
    np.testing.assert_allclose(result, 0.357959, atol=5e-4)


def test_blur_lowers_every_measure_of_sharpness():
    red, smooth = blurred()
    for key in ("sobel", "spatial-frequency", "gradient-magnitude"):
        own = METRICS[key](red, red, data_range=1.0)
        assert METRICS[key](red, smooth, data_range=1.0) < 0.7 * own
