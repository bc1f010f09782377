"""What codes mean, by the products' own tables, and which codings values fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bandweave.errors import UnknownNameError
from bandweave.prepare.qa_kinds import QA_KINDS, cloud_flags, coding, fits, guess_kinds
from bandweave.raster.geotiff import StoredRaster

NAN = np.nan
SINGLE = [kind for kind, rules in QA_KINDS.items() if not rules.bands]


def flags(kind, *values):
    return cloud_flags(np.array(values, np.float32).reshape(1, 1, -1), kind).ravel().tolist()


def guessed(*values, dtype=""):
    return guess_kinds(np.float32([values]), dtype)


# the tables of values in the products' guides, by meaning
@pytest.mark.parametrize(
    ("kind", "clear", "cloudy", "fill"),
    [
        # 21824 clear, 21952 water; 21826 dilated, 22280 cloud, 23888 shadow, 54596 cirrus
        ("landsat-c2", (21824, 21952, 30048), (21826, 22280, 23888, 54596), (0, 1)),
        # 322 clear, 324 water, 336 snow; 328 shadow, 352 and 480 cloud, 834 high cirrus
        ("landsat-c1", (322, 324, 336), (328, 352, 480, 834), (0, 1)),
        # 2720 and 672 clear; 2800 and 752 cloud, 2976 and 928 shadow, 6816 cirrus
        ("landsat-c1-bqa", (2720, 672), (2800, 752, 2976, 928, 6816), (0, 1)),
        # 20480 clear; 61440 cloud and cirrus, 53248 cloud, 28672 cirrus
        ("landsat-bqa", (20480, 20512), (61440, 53248, 28672), (0, 1)),
        ("scl", (2, 4, 5, 6, 7, 11), (3, 8, 9, 10), (0, 1, 65535)),
        # 64 to 224 aerosol alone, 16 snow, 96 water; 66 cloud, 68 beside it, 72 shadow
        ("fmask-hls", (0, 64, 128, 192, 16, 32, 96, 224), (2, 66, 68, 70, 72, 104, 200), (255,)),
        ("fmask", (1, 4, 5), (2, 3), (0, 255)),
        ("fmask4", (0, 1, 3), (2, 4), (255,)),
        ("qa60", (0,), (1024, 2048, 3072), (NAN,)),
        # bits 2 and more say that a band's data are suspect, not that it is cloudy
        ("udm", (0, 4, 128), (2, 6), (1, 3)),
        ("cloud-probability", (0, 39, 40), (41, 100), (101, 255)),
        ("clear-probability", (60, 100), (0, 59), (101, 255)),
        ("mask", (0,), (1, 255), (NAN,)),
        ("clear-mask", (1, 255), (0,), (NAN,)),
        ("data-mask", (1, 255), (), (0,)),
    ],
)
def test_codes_mean_what_the_guides_say(kind, clear, cloudy, fill):
    assert flags(kind, *clear) == [0.0] * len(clear)
    assert flags(kind, *cloudy) == [1.0] * len(cloudy)
    assert np.isnan(flags(kind, *fill)).all()
    values = np.float32([[*clear, *cloudy]])
    assert kind in ("mask", "clear-mask", "data-mask") or fits(values, kind)


def udm2(**classes):
    """One pixel of a usable data mask: the classes given are 1."""
    return np.float32([classes.get(band, 0) for band in QA_KINDS["udm2"].bands]).reshape(8, 1, 1)


@pytest.mark.parametrize(
    ("pixel", "flag"),
    [
        (udm2(clear=1, confidence=90), 0),
        (udm2(snow=1), 0),
        (udm2(haze_light=1), 0),
        (udm2(shadow=1), 1),
        (udm2(haze_heavy=1), 1),
        (udm2(cloud=1), 1),
        (udm2(clear=1, unusable=4), 0),  # a suspect band, not blackfill
        (udm2(clear=1, unusable=1), NAN),
        (udm2(confidence=50), NAN),  # of no class: outside the picture
        (udm2(clear=1, cloud=NAN), NAN),
    ],
)
def test_planets_usable_data_mask_is_read_from_its_bands_together(pixel, flag):
    np.testing.assert_array_equal(cloud_flags(pixel, "udm2"), np.float32(flag).reshape(1, 1, 1))


def test_collection_1_read_as_collection_2_is_all_cloud():
    assert flags("landsat-c1", 322) == [0.0]
    assert flags("landsat-c2", 322) == [1.0]


@pytest.mark.parametrize("kind", SINGLE)
def test_no_data_negative_numbers_and_huge_ones_are_no_codes(kind):
    assert np.isnan(flags(kind, NAN, -9999, -1, 2**31, 3.4e38)).all()


def test_a_cloud_probability_is_cut_where_it_is_stated():
    values = np.float32([[0, 30, 60, 100]])
    assert cloud_flags(values, "cloud-probability", 30).tolist() == [[0, 0, 1, 1]]
    assert cloud_flags(values, "cloud-probability", 99).tolist() == [[0, 0, 0, 1]]
    assert cloud_flags(100 - values, "clear-probability", 30).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("kind", "stored", "dtype", "expected"),
    [
        ("cloud-probability", (0, 0.25, 1), "float32", (0, 25, 100)),
        ("clear-probability", (0, 0.25, 1), "float32", (0, 25, 100)),
        ("cloud-probability", (0, 1, 100), "uint8", (0, 1, 100)),
        ("cloud-probability", (0, 1), "uint8", (0, 1)),
        ("cloud-probability", (0, 51, 255, 102), "uint8", (0, 20, 100, 40)),
        ("mask", (0, 1, 255), "uint8", (0, 1, NAN)),
        ("clear-mask", (0, 1, 255), "uint8", (0, 1, NAN)),
        ("mask", (0, 255), "uint8", (0, 255)),
        ("scl", (1, 255), "uint8", (1, 255)),
        ("landsat-c2", (21824, -10940, -9999, -32768), "int16", (21824, 54596, -9999, -32768)),
        ("scl", (4, -1), "int16", (4, -1)),
    ],
)
def test_numbers_are_brought_to_their_coding(kind, stored, dtype, expected):
    sample = np.float32([stored])
    np.testing.assert_allclose(coding(sample, kind, dtype)(sample)[0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((21824, 22280, 1), "landsat-c2"),
        ((5440, 5504, 5896), "landsat-c2"),  # Landsat 4-7 leave bits 14-15 empty
        ((0, 21824), "landsat-c2"),  # cut out of its scene
        ((322, 480, 1), "landsat-c1"),
        ((66, 68, 224), "landsat-c1"),
        ((2720, 2800, 1), "landsat-c1-bqa"),
        ((672, 752), "landsat-c1-bqa"),
        ((20480, 20512, 61440), "landsat-bqa"),
        ((0, 4, 5, 8, 9), "scl"),
        ((0, 1), "mask"),
        ((0, 1, 255), "mask"),
        ((0, 255, NAN, -9999, 3e38), "mask"),
        ((0,), "mask"),
        ((0, 1024), "qa60"),
        ((64, 70, 224), "fmask-hls"),  # 64 has no class of Collection 1
        ((0, 13, 57, 100), "cloud-probability"),
        ((0.25, 0.5), "cloud-probability"),
    ],
)
def test_the_likeliest_coding_stands_first(values, kind):
    assert guessed(*values)[0].kind == kind


@pytest.mark.parametrize("values", [(12, 300, 40000), (3, 101, 255), (0.5, 700), (-3, 4), (NAN,)])
def test_what_fits_no_coding_is_not_guessed(values):
    assert guessed(*values) == ()


def test_every_coding_that_fits_is_told_with_its_share_of_cloud():
    """Water, shadow and cloud of HLS: as Landsat's first collection the water is cloud."""
    shares = {guess.kind: guess.cloud for guess in guessed(96, 96, 96, 72)}
    assert shares == {"landsat-c1": 1.0, "fmask-hls": 0.25, "cloud-probability": 1.0}
    assert str(guessed(96, 96, 96, 72)[1]) == "as HLS version 2 Fmask: 25% cloud"
    assert guessed(96, 96, 96, 72, dtype="uint8")[0].kind == "fmask-hls"
    binary = {guess.kind: guess.cloud for guess in guessed(0, 1, 1, 1)}
    assert (binary["mask"], binary["clear-mask"], binary["data-mask"]) == (0.75, 0.25, 0)
    assert np.isnan(binary["scl"]) and "all fill" in str(guessed(0, 1)[1])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("landsat-c2", 322),
        ("landsat-c1", 70),  # clear and water
        ("landsat-c1", 672),
        ("landsat-bqa", 2720),
        ("scl", 12),
        ("scl", 4.5),
        ("fmask-hls", 65),
        ("fmask", 6),
        ("fmask4", 5),
        ("qa60", 1),
        ("udm", 256),
        ("cloud-probability", 300),
        ("clear-mask", 4),
    ],
)
def test_impossible_values_disprove_a_coding(kind, value):
    assert not fits(np.float32([[value]]), kind)


def test_what_the_bands_of_a_usable_data_mask_may_hold():
    assert fits(udm2(clear=1, confidence=100, unusable=255), "udm2")
    assert not fits(udm2(clear=2), "udm2")
    assert not fits(udm2(confidence=101), "udm2")


@given(
    st.sampled_from(sorted(QA_KINDS)),
    arrays(np.uint16, (8, 5), elements=st.integers(0, 65535) | st.integers(0, 12)),
)
def test_every_pixel_is_cloud_clear_or_fill(kind, codes):
    rules = QA_KINDS[kind]
    values = codes.astype(np.float32)
    found = cloud_flags(values, kind)
    fill, cloudy = rules.fill(values), rules.cloudy(values)
    assert found.shape == ((1, 5) if rules.bands else (8, 5))
    shares = [np.mean(found == 1), np.mean(found == 0), np.mean(np.isnan(found))]
    assert sum(shares) == pytest.approx(1)
    assert shares == [np.mean(cloudy & ~fill), np.mean(~cloudy & ~fill), np.mean(fill)]


@given(arrays(np.uint8, (1, 9)))
def test_a_clear_mask_is_the_inverse_of_a_cloud_mask(values):
    cloud, clear = (cloud_flags(values.astype(np.float32), kind) for kind in ("mask", "clear-mask"))
    np.testing.assert_array_equal(cloud, 1 - clear)


@given(arrays(np.uint16, (1, 9)), st.sampled_from(["", "uint8", "uint16", "float32"]))
def test_what_is_guessed_can_be(values, dtype):
    for guess in guess_kinds(values.astype(np.float32), dtype):
        assert fits(values.astype(np.float32), guess.kind)
        assert np.isnan(guess.cloud) or 0 <= guess.cloud <= 1


def test_an_unknown_coding_is_refused():
    with pytest.raises(UnknownNameError):
        cloud_flags(np.zeros((1, 2, 2), np.float32), "landsat-c3")


# on the cloudy date Collection 2 rules see exactly the complement: "clear" is "dilated cloud"
@pytest.mark.parametrize(
    ("date", "as_collection_1", "as_collection_2"),
    [("20180701", 0.0, 1.0), ("20170831", 0.3357, 0.6643)],
)
def test_flanders_is_collection_1(test_data, date, as_collection_1, as_collection_2):
    raster = StoredRaster(test_data / "flanders" / f"landsat8_pixel_qa_{date}.tif")
    quality = raster.read()
    assert guess_kinds(quality.reshape(1, -1))[0].kind == "landsat-c1"
    assert np.mean(cloud_flags(quality, "landsat-c1")) == pytest.approx(as_collection_1, abs=1e-3)
    assert np.mean(cloud_flags(quality, "landsat-c2")) == pytest.approx(as_collection_2, abs=1e-3)


def test_florida_is_pre_collection(test_data):
    quality = StoredRaster(test_data / "landsat8-florida" / "l8_BQA.tif").read()
    assert guess_kinds(quality.reshape(1, -1))[0].kind == "landsat-bqa"
    assert 0.02 < np.nanmean(cloud_flags(quality, "landsat-bqa")) < 0.9
