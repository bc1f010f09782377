"""Every metric keeps the registry's contract, and small cases agree with arithmetic by hand."""

import math
import subprocess
import sys

import numpy as np
import pytest

from bandweave.errors import BandweaveError, UnknownNameError
from bandweave.metrics import BY_BAND, METRICS, SPECTRAL, score_all

KEYS = ["rmse", "mae", "bias", "r2", "pearson", "ssim", "uiqi", "entropy", "sobel"]
KEYS += ["spatial-frequency", "gradient-magnitude"]
PERFECT = {"rmse": 0, "mae": 0, "bias": 0, "r2": 1, "pearson": 1, "ssim": 1, "uiqi": 1}


def bands(seed: int = 0, shape: tuple[int, int] = (24, 31)):
    """Return a textured reference and a noisy estimate of it, 0..1."""
    rng = np.random.default_rng(seed)
    reference = rng.random(shape, dtype=np.float32)
    noise = rng.normal(0, 0.1, shape).astype(np.float32)
    return reference, np.clip(reference * np.float32(0.8) + noise, 0, 1)


def value(key: str, reference, estimate, data_range: float = 1.0, **masks) -> float:
    return METRICS[key](reference, estimate, data_range=data_range, **masks)


def test_registry_lists_the_metrics_in_reading_order():
    assert list(BY_BAND) == KEYS
    assert list(METRICS) == [*KEYS[:7], *SPECTRAL, *KEYS[7:]]


@pytest.mark.parametrize("key", BY_BAND)
class TestContract:
    def test_facts_are_stated_and_consistent(self, key):
        metric = METRICS[key]
        assert metric.key == key
        assert metric.label and metric.source and metric.function.__doc__
        assert list(metric.as_json()) == ["key", "label", "better", "range", "unit", "source"]
        assert metric.needs_reference or metric.better == "closer"

    def test_returns_a_float_within_its_range(self, key):
        low, high = METRICS[key].range
        for seed in range(5):
            result = value(key, *bands(seed))
            assert type(result) is float
            assert (low is None or result >= low) and (high is None or result <= high)

    def test_double_precision_input_gives_the_same(self, key):
        reference, estimate = bands()
        single = value(key, reference, estimate)
        assert value(key, reference.astype(float), estimate.astype(float)) == single
        assert value(key, reference, estimate.astype(float)) == single

    def test_layout_in_memory_does_not_matter(self, key):
        reference, estimate = bands()
        scored = reference > 0.3
        stacked = np.stack([reference, estimate], axis=-1)
        assert value(
            key, stacked[..., 0], np.asfortranarray(estimate), scored=np.asfortranarray(scored)
        ) == value(key, reference, estimate, scored=scored)

    def test_inputs_are_left_alone(self, key):
        reference, estimate = bands()
        valid, scored = reference > 0.1, estimate > 0.2
        reference[3, 4] = np.nan
        arrays = (reference, estimate, valid, scored)
        before = [array.copy() for array in arrays]
        value(key, reference, estimate, valid=valid, scored=scored)
        for array, copy in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, copy)
            assert array.flags.writeable

    def test_nothing_scored_is_nan(self, key):
        reference, estimate = bands()
        nothing = np.zeros(reference.shape, dtype=bool)
        assert math.isnan(value(key, reference, estimate, scored=nothing))
        assert math.isnan(value(key, reference, estimate, valid=nothing))
        assert math.isnan(value(key, np.full_like(reference, np.nan), estimate))
        assert math.isnan(value(key, reference, np.full_like(reference, np.nan)))

    def test_full_masks_change_nothing(self, key):
        reference, estimate = bands()
        full = np.ones(reference.shape, dtype=bool)
        assert value(key, reference, estimate, valid=full, scored=full) == value(
            key, reference, estimate
        )

    @pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf, 1e30])
    def test_what_lies_in_invalid_pixels_does_not_matter(self, key, hole):
        reference, estimate = bands(shape=(40, 45))
        invalid = np.zeros(reference.shape, dtype=bool)
        invalid[5:9, 30:33] = invalid[20, 7] = True
        expected = value(key, reference, estimate, valid=~invalid)
        reference[invalid] = estimate[invalid] = hole
        assert value(key, reference, estimate, valid=~invalid) == expected
        if not np.isfinite(hole):
            assert value(key, reference, estimate) == expected
        reference, estimate = bands(shape=(40, 45))
        estimate[invalid] = np.nan
        assert value(key, reference, estimate) == expected

    def test_reference_is_not_read_where_none_is_needed(self, key):
        reference, estimate = bands()
        same = value(key, reference**2, estimate) == value(key, reference, estimate)
        assert same is not METRICS[key].needs_reference

    def test_scores_together_equal_single_ones(self, key):
        reference, estimate = bands()
        scored = reference > 0.4
        together = score_all(reference, estimate, scored=scored, data_range=0.7)
        assert together[key] == value(key, reference, estimate, data_range=0.7, scored=scored)

    @pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (10, 10)])
    def test_small_bands_give_a_number_or_nan(self, key, shape):
        assert isinstance(value(key, *bands(shape=shape)), float)

    @pytest.mark.parametrize("width", [255, 256, 257, 503, 600])
    def test_every_column_counts_once(self, key, width):
        reference, estimate = bands(shape=(13, width))
        turned = value(key, reference.T, estimate.T)
        np.testing.assert_allclose(value(key, reference, estimate), turned, rtol=1e-12)


@pytest.mark.parametrize(("key", "expected"), PERFECT.items())
def test_a_copy_is_perfect(key, expected):
    reference, _ = bands()
    np.testing.assert_allclose(value(key, reference, reference), expected, atol=1e-14)


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
    for metric in BY_BAND.values():
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
    assert list(score_all(reference, estimate, data_range=1.0)) == KEYS
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
    scores = score_all(reference, estimate, data_range=10.0, keys=KEYS[:5])
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
