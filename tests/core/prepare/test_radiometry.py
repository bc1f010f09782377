import numpy as np
import pytest

from bandweave.errors import SettingError, UnknownNameError
from bandweave.prepare.radiometry import (
    PRODUCTS,
    Scaling,
    amplitude_to_power,
    db_to_power,
    power_to_db,
    product_scaling,
    ratio,
    to_power,
    zero_is_fill,
)

NAN = np.nan


def pixels(*values):
    return np.array(values, np.float32).reshape(1, 1, -1)


def test_landsat_numbers_become_reflectance_and_fill_becomes_nan():
    # the product guide's valid range 7273..43636 is reflectance 0..1
    values = product_scaling("landsat-c2l2").reflectance(pixels(0, 7273, 43636, 1, 65535))
    np.testing.assert_allclose(
        values.ravel(), [NAN, 7.5e-6, 0.99999, -0.1999725, NAN], rtol=0, atol=1e-7
    )


def test_sentinel2_offset_is_added_before_the_division_and_zero_is_fill_first():
    values = product_scaling("sentinel-2", offset_numbers=-1000).reflectance(
        pixels(0, 1, 1000, 2500, 65535)
    )
    np.testing.assert_allclose(values.ravel(), [NAN, -0.0999, 0, 0.15, NAN], rtol=0, atol=1e-7)
    older = product_scaling("sentinel-2").reflectance(pixels(0, 1000))
    np.testing.assert_allclose(older.ravel(), [NAN, 0.1], atol=1e-7)


def test_negative_reflectance_survives_and_infinity_does_not():
    values = Scaling(1.0).reflectance(pixels(-0.05, 1.4, np.inf, NAN, 0.0))
    np.testing.assert_array_equal(values.ravel(), np.float32([-0.05, 1.4, NAN, NAN, 0.0]))


@pytest.mark.parametrize("scale", [0.0, -1.0, NAN, np.inf])
def test_impossible_scales_are_refused(scale):
    with pytest.raises(SettingError, match="impossible"):
        Scaling(scale)


def test_unknown_product_lists_what_is_known():
    with pytest.raises(UnknownNameError) as caught:
        product_scaling("sentinel2")
    assert "Did you mean 'sentinel-2'?" in caught.value.hint
    assert all(key in caught.value.hint for key in PRODUCTS)


def test_zero_in_every_band_is_fill_and_zero_in_one_is_data():
    cube = np.float32([[[0, 0, 0.2, NAN]], [[0, 0.1, 0, 0]]])
    kept = zero_is_fill(cube)
    np.testing.assert_array_equal(kept, np.float32([[[NAN, 0, 0.2, NAN]], [[NAN, 0.1, 0, NAN]]]))


def test_decibels_and_power():
    np.testing.assert_allclose(
        db_to_power(pixels(0, 10, -30, NAN)).ravel(), [1, 10, 0.001, NAN], rtol=1e-7
    )
    np.testing.assert_allclose(
        power_to_db(pixels(1, 100, 0, -1, NAN)).ravel(), [0, 20, NAN, NAN, NAN], rtol=1e-7
    )
    decibels = np.random.default_rng(1).uniform(-45, 30, (2, 16, 16)).astype(np.float32)
    np.testing.assert_allclose(power_to_db(db_to_power(decibels)), decibels, rtol=0, atol=1e-5)


def test_amplitude_is_squared_and_never_negative():
    np.testing.assert_array_equal(
        amplitude_to_power(pixels(3, 0, -1, NAN)).ravel(), np.float32([9, 0, NAN, NAN])
    )


@pytest.mark.parametrize(
    ("unit", "scale", "number", "power"),
    [
        ("db", 1.0, -10.0, 0.1),
        ("db", 0.0001, -100_000.0, 0.1),
        ("power", 1.0, 0.25, 0.25),
        ("power", 1.0, -0.25, NAN),
        ("amplitude", 1.0, 0.5, 0.25),
        ("db", 1.0, -np.inf, NAN),
        ("power", 1.0, np.inf, NAN),
        ("amplitude", 1.0, 1e30, NAN),
        ("db", 1.0, 4000.0, NAN),
    ],
)
def test_every_unit_becomes_power(unit, scale, number, power):
    np.testing.assert_allclose(to_power(pixels(number), unit, scale).item(), power, rtol=1e-6)


def test_ratio_is_the_quotient_of_powers_and_the_difference_of_decibels():
    vv, vh = np.float32([-8.0, 0.0, 5.0]), np.float32([-15.0, -3.0, 5.0])
    quotient = ratio(db_to_power(vv), db_to_power(vh))
    np.testing.assert_allclose(power_to_db(quotient), vv - vh, atol=1e-5)


def test_ratio_is_undefined_over_zero_negative_and_missing_power():
    vv = np.float32([0, 1, -1, 1, NAN, 0, 1, 3e38])
    vh = np.float32([0, 0, 1, -1, 1, 1, NAN, 1e-38])
    np.testing.assert_array_equal(ratio(vv, vh), np.float32([NAN, NAN, NAN, NAN, NAN, 0, NAN, NAN]))
