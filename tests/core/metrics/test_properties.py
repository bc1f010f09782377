"""What metrics do whatever the image: bounds, identities, and what they are blind to."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bandweave.metrics import METRICS
from bandweave.paper.arithmetic import gradient_bound, sf_bound, sobel_bound

values = st.floats(0, 1, width=32)
shapes = st.tuples(st.integers(11, 20), st.integers(11, 20))


@st.composite
def pairs(draw) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(shapes)
    return tuple(draw(arrays(np.float32, shape, elements=values, fill=values)) for _ in range(2))


def value(key: str, reference, estimate) -> float:
    return METRICS[key](reference, estimate, data_range=1.0)


@given(pairs())
def test_errors_are_ordered_and_symmetric(pair):
    reference, estimate = pair
    rmse, mae, bias = (value(key, *pair) for key in ("rmse", "mae", "bias"))
    assert abs(bias) <= mae + 1e-12 and mae <= rmse + 1e-12
    for key, sign in (("rmse", 1), ("mae", 1), ("bias", -1)):
        assert value(key, estimate, reference) == pytest.approx(sign * value(key, *pair))


@given(pairs())
def test_likeness_is_bounded_symmetric_and_1_of_itself(pair):
    reference, estimate = pair
    for key in ("ssim", "uiqi", "pearson"):
        found, turned = value(key, reference, estimate), value(key, estimate, reference)
        assert math.isnan(found) == math.isnan(turned)
        if not math.isnan(found):
            assert -1 - 1e-9 <= found <= 1 + 1e-9
            assert found == pytest.approx(turned, abs=1e-6)
        itself = value(key, reference, reference)
        assert math.isnan(itself) or itself == pytest.approx(1, abs=1e-6)


@given(pairs())
def test_no_image_is_sharper_than_its_original_and_its_error_allow(pair):
    """The bounds that the audit of printed figures rests on."""
    reference, estimate = pair
    rmse = value("rmse", *pair)
    for key, bound in (
        ("spatial-frequency", sf_bound),
        ("sobel", sobel_bound),
        ("gradient-magnitude", gradient_bound),
    ):
        original = value(key, reference, reference)
        assert value(key, *pair) <= bound(original, rmse) + 1e-6


@given(pairs(), st.floats(0.01, 100))
def test_sharpness_grows_with_the_scale_and_entropy_does_not(pair, factor):
    _, image = pair
    scaled = image.astype(float) * factor
    for key in ("spatial-frequency", "sobel", "gradient-magnitude"):
        assert value(key, scaled, scaled) == pytest.approx(
            factor * value(key, image, image), rel=1e-6, abs=1e-12
        )
    bits = METRICS["entropy"](image, image, data_range=1.0)
    assert 0 <= bits <= min(8, math.log2(image.size)) + 1e-9


@given(pairs())
def test_order_of_rows_and_columns_does_not_matter_to_errors(pair):
    reference, estimate = pair
    for key in ("rmse", "mae", "bias", "r2", "entropy"):
        mirrored = value(key, reference[::-1, ::-1], estimate[::-1, ::-1])
        assert mirrored == pytest.approx(value(key, *pair), nan_ok=True, rel=1e-6, abs=1e-9)
