"""Every metric keeps the registry's contract, and small cases agree with arithmetic by hand."""

import math
import subprocess
import sys

import numpy as np
import pytest

from bandweave.contracts.metrics import CONTRACTS
from bandweave.errors import BandweaveError, UnknownNameError
from bandweave.metrics import METRICS, by_band, score_all


def bands(seed: int = 0, shape: tuple[int, int] = (24, 31)):
    """Return a textured reference and a noisy estimate of it, 0..1."""
    rng = np.random.default_rng(seed)
    reference = rng.random(shape, dtype=np.float32)
    noise = rng.normal(0, 0.1, shape).astype(np.float32)
    return reference, np.clip(reference * np.float32(0.8) + noise, 0, 1)


def value(key: str, reference, estimate, data_range: float = 1.0, **masks) -> float:
    return METRICS[key](reference, estimate, data_range=data_range, **masks)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("key", METRICS)
def test_every_metric_keeps_every_contract(contract, key):
    contract(key)


@pytest.mark.parametrize("key", by_band())
class TestBands:
    @pytest.mark.parametrize("width", [255, 256, 257, 503, 600])
    def test_every_column_counts_once(self, key, width):
        reference, estimate = bands(shape=(13, width))
        turned = value(key, reference.T, estimate.T)
        np.testing.assert_allclose(value(key, reference, estimate), turned, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": np.zeros((3, 5), np.float32)}, r"\(3, 5\) and the estimate \(4, 5\)"),
        ({"estimate": np.zeros((2, 4, 5), np.float32)}, r"estimate has shape \(2, 4, 5\)"),
        ({"reference": np.zeros((0, 5), np.float32)}, r"reference has shape \(0, 5\)"),
        ({"estimate": np.zeros((4, 5), np.uint8)}, "estimate holds uint8"),
        ({"data_range": 0.0}, "data range is 0.0"),
        ({"data_range": -1.0}, "data range is -1.0"),
        ({"data_range": math.nan}, "data range is nan"),
        ({"data_range": math.inf}, "data range is inf"),
        ({"valid": np.ones((4, 4), bool)}, r"'valid' has shape \(4, 4\)"),
        ({"scored": np.ones((1, 5), bool)}, r"'scored' has shape \(1, 5\)"),
        ({"scored": np.ones((4, 5), np.float32)}, "'scored' .* float32"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {
        "reference": np.zeros((4, 5), np.float32),
        "estimate": np.zeros((4, 5), np.float32),
        "data_range": 1.0,
    } | change
    for metric in by_band().values():
        with pytest.raises(BandweaveError, match=message) as raised:
            metric(**arguments)
        assert raised.value.hint


def test_an_unknown_key_is_refused_with_the_known_ones():
    reference, estimate = bands()
    with pytest.raises(UnknownNameError, match="no metric 'rms'") as raised:
        score_all(reference, estimate, data_range=1.0, keys=["rms"])
    assert "rmse" in raised.value.hint


def test_scores_together_come_in_the_order_asked():
    reference, estimate = bands()
    assert list(score_all(reference, estimate, data_range=1.0)) == list(by_band())
    assert list(score_all(reference, estimate, data_range=1.0, keys=["uiqi", "mae"])) == [
        "uiqi",
        "mae",
    ]


def test_registry_is_read_without_the_compiler():
    code = "import sys, bandweave.metrics; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_errors_by_hand():
    reference = np.array([[1, 2], [3, 6]], np.float32)
    estimate = np.array([[2, 2], [1, 7]], np.float32)  # errors 1, 0, -2, 1
    scores = score_all(reference, estimate, data_range=10.0)
    # reference: mean 3, deviations -2 -1 0 3, sum of squares 14; estimate: -1 -1 -2 4 and 22
    expected = {
        "rmse": math.sqrt(6 / 4),
        "mae": 1.0,
        "bias": 0.0,
        "r2": 1 - 6 / 14,
        "pearson": 15 / math.sqrt(14 * 22),
    }
    for key, wanted in expected.items():
        np.testing.assert_allclose(scores[key], wanted, atol=1e-15)


def test_errors_by_hand_where_scored():
    reference = np.array([[1, 2, 9], [3, np.nan, 5]], np.float32)
    estimate = np.array([[2, 4, 9], [0, 1, np.nan]], np.float32)
    valid = np.array([[1, 1, 0], [1, 1, 1]], bool)
    scored = np.array([[1, 1, 1], [0, 1, 1]], bool)
    scores = score_all(reference, estimate, valid=valid, scored=scored, data_range=10.0)
    assert scores["bias"] == 1.5
    assert scores["mae"] == 1.5
    assert scores["rmse"] == math.sqrt(2.5)
    assert scores["r2"] == 1 - 5 / 0.5
    assert scores["pearson"] == 1.0


def test_bias_is_positive_where_the_estimate_is_too_high():
    reference, _ = bands()
    np.testing.assert_allclose(value("bias", reference, reference + 0.25), 0.25, rtol=1e-6)


def test_correlation_is_blind_to_gain_and_offset_and_r2_is_not():
    reference, estimate = bands()
    stretched = 3 * estimate.astype(float) - 7
    plain = value("pearson", reference, estimate)
    np.testing.assert_allclose(value("pearson", reference, stretched), plain, rtol=1e-12)
    np.testing.assert_allclose(value("pearson", reference, -stretched), -plain, rtol=1e-12)
    assert value("r2", reference, stretched) < -100


# 0.1 has no exact binary form: a mean computed by adding would miss it by a rounding error
@pytest.mark.parametrize("level", [0.0, 0.1, 1 / 3, 12345.678])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_has_no_correlation(level, dtype):
    reference, _ = bands(shape=(57, 63))
    constant = np.full(reference.shape, level, dtype)
    assert math.isnan(value("pearson", reference, constant))
    assert math.isnan(value("pearson", constant, reference))
    assert math.isnan(value("r2", constant, reference))
    assert value("r2", reference, constant) <= 0


def test_moments_survive_a_large_offset():
    reference, estimate = bands(shape=(64, 64))
    near, far = reference.astype(float), estimate.astype(float)
    offset = value("pearson", near + 1e6, far + 1e6)
    np.testing.assert_allclose(offset, value("pearson", near, far), rtol=1e-8)


def test_entropy_over_a_range_that_does_not_begin_at_zero():
    image = np.array([[5.0, 5.25, 5.5, 5.75]], np.float32)
    shifted = METRICS["entropy"](image, image, data_range=1.0, lowest=5.0)
    assert shifted == METRICS["entropy"](image - 5, image - 5, data_range=1.0) == 2.0
    assert METRICS["entropy"](image, image, data_range=1.0) == 0.0
