"""What names say: real file names and descriptions of the field's providers."""

import datetime
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bandweave.sources.labels import Label, dates, label, sensing_date, wavelength
from bandweave.sources.sensors import KNOWN_PRODUCTS, PRODUCT_NAMES, SENSORS

ROWS = [
    ["" if cell == "-" else cell for cell in row.split(" | ")]
    for row in Path(__file__).with_name("names.txt").read_text("utf-8").splitlines()
    if row and not row.startswith("#")
]
OPERA = "PROCESSING_INFORMATION_OUTPUT_BACKSCATTER_"


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:2]) for row in ROWS])
def test_names_of_providers(row):
    name, description, role, product, level, band, number, unit, calibration, date = row
    found = label(name, description)
    assert found == Label(
        role,
        product,
        found.sensor,
        level,
        band,
        number,
        unit.replace("x10000", "reflectance x 10000"),
        calibration,
        found.why,
        found.product_why,
        found.unit_why,
    )
    assert str(sensing_date(name) or "") == date


def test_what_named_band_product_and_unit_is_said_of_each():
    stack = "LC09_L1TP_125052_20230804_20230808_02_T1_stack.tif"
    found = label(stack, "B2")
    assert (found.why, found.product_why, found.unit_why) == (
        "description B2", f"name {stack}", f"name {stack}"
    )  # fmt: skip
    radar = "S1A_IW_20230806T223542_DVR_RTC30_G_saufem_1C2D.tif"
    found = label(radar, "VV")
    assert (found.why, found.unit_why) == ("description VV", f"name {radar}")
    found = label(radar, "VV", band_tags={"units": "dB"})
    assert (found.unit, found.unit_why) == ("db", "tag units dB")
    assert label("picture.tif", "red").unit_why == ""


@pytest.mark.parametrize(
    ("name", "description", "sensor"),
    [
        ("landsat7_stack.tif", "B4", "Landsat 4-7"),
        ("LC09_L2SP_121044_20230110_20230112_02_T1_SR_B4.TIF", "", "Landsat 8-9"),
        ("LE71300411999327EDC00_B4.TIF", "", "Landsat 4-7"),
        ("LM05_L1TP_042035_19840618_20200912_02_T1_B4.TIF", "", "Landsat 4-5 MSS"),
        ("HLS.L30.T19LDD.2022165T144027.v2.0.B05.tif", "", "Landsat 8-9"),
        ("HLS.S30.T50SQB.2018167T023549.v2.0.B08.tif", "", "Sentinel-2"),
        ("20230912_175450_00_2439_3B_AnalyticMS_SR_8b_clip.tif", "", "PlanetScope 8 bands"),
        ("20180616_023549_1038_3B_AnalyticMS.tif", "", "PlanetScope"),
        ("ga_ls8c_nbar_3-0-0_092084_2016-06-28_final_band04.tif", "", "Landsat 8-9"),
        ("ga_ls7e_nbart_3-0-0_088080_1999-08-12_final_band04.tif", "", "Landsat 4-7"),
        ("landsat_composite_2023.tif", "SR_B4", ""),
        ("landsat_composite_2012-06-01.tif", "SR_B4", "Landsat 4-7"),
        ("2018-06-16_Sentinel-2_L2A_B04.tiff", "", "Sentinel-2"),
        ("stack.tif", "B8A", "Sentinel-2"),
        ("S1_S2_stack.tif", "B4", ""),
        ("S2_S1_stack.tif", "B4", ""),
        ("stack.tif", "B4", ""),
    ],
)
def test_sensors_whose_numbers_count(name, description, sensor):
    assert label(name, description).sensor == sensor


def test_a_mss_band_is_not_counted_by_the_table_of_tm():
    found = label("LM05_L1TP_042035_19840618_20200912_02_T1_B4.TIF")
    assert (found.number, found.band) == ("4", "nir")
    assert label("LM05_L1TP_042035_19840618_20200912_02_T1_B1.TIF").band == "green"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("S2A_T50SQB_B4.tif", "green"), "description green"),
        (("a/S2A_T50SQB_B4.tif", "haze"), "name S2A_T50SQB_B4.tif"),
        (("S2A_50SQB_20180616_0_L2A/haze.tif",), "folder S2A_50SQB_20180616_0_L2A"),
        (("a.tif", "", {"PRODUCT_URI": "S2A_MSIL1C_X"}), "tag PRODUCT_URI S2A_MSIL1C_X"),
        (("a.tif", "", {}, {"BANDNAME": "red"}), "tag BANDNAME red"),
        (("a.tif", "haze"), ""),
    ],
)
def test_the_text_that_says_so_is_told(arguments, why):
    assert label(*arguments).why == why


class TestTags:
    def test_of_opera_say_unit_and_calibration(self):
        tags = {
            f"{OPERA}EXPRESSION_CONVENTION": "linear backscatter intensity",
            f"{OPERA}NORMALIZATION_CONVENTION": "sigma0",
            f"{OPERA}DECIBEL_CONVERSION_EQUATION": "backscatter_dB = 10*log10(backscatter_linear)",
            "PROCESSING_INFORMATION_INPUT_BACKSCATTER_NORMALIZATION_CONVENTION": "beta0",
        }
        found = label("renamed_VV.tif", "", tags)
        assert (found.unit, found.calibration) == ("power", "sigma0")

    def test_say_the_sensor_that_the_name_does_not(self):
        tags = {"SPACECRAFT_ID": "LANDSAT_7"}
        assert label("stack.tif", "B4", tags).band == "nir"

    def test_of_hls_name_the_product_that_it_was_made_of(self):
        name = "HLS.S30.T50SQB.2018167T023549.v2.0.B04.tif"
        tags = {"PRODUCT_URI": "S2A_MSIL1C_20180616T023549_N0206_R089_T50SQB_20180616T053821.SAFE"}
        assert label(name, "", tags).product == "hls-s30"

    @pytest.mark.parametrize(("text", "unit"), [("dB", "db"), ("%", "percent"), ("W/m2/sr", "")])
    def test_of_units(self, text, unit):
        band = "VV" if unit == "db" else "red"
        assert label("a.tif", band, {}, {"units": text}).unit == unit

    def test_of_a_band_name_it(self):
        found = label("a.tif", "", {}, {"long_name": "Red Edge 2", "polarization": "none"})
        assert found.band == "rededge2"

    @pytest.mark.parametrize(
        ("tags", "band"),
        [
            ({"wavelength": "0.665000", "wavelength_units": "Micrometers"}, "red"),
            ({"WAVELENGTH": "560", "WAVELENGTH_UNIT": "nm"}, "green"),
            ({"CENTRAL_WAVELENGTH_UM": "0.865"}, "nir"),
            ({"wavelength": "2201.0"}, "swir2"),
            ({"wavelength": "0.0555"}, "yellow"),
        ],
    )
    def test_wavelengths_decide_before_names(self, tags, band):
        assert label("a.tif", "yellow", {}, tags).band == band

    def test_wavelengths_of_all_bands_are_of_none(self):
        assert wavelength("", {"wavelength": "0.45 0.56 0.665", "wavelength units": "um"}) is None


class TestTwoReadings:
    def test_a_radar_band_in_a_file_named_for_sentinel_2(self):
        found = label("S2A_T50SQB_20180616_with_radar.tif", "VV")
        assert (found.role, found.product, found.unit) == ("radar", "", "")

    def test_an_optical_band_in_a_file_named_for_sentinel_1(self):
        found = label("S1A_IW_20180616T161201_DVP_RTC10_G_gpuned_0A1B_VV.tif", "red")
        assert (found.role, found.product, found.unit) == ("optical", "", "")

    def test_sr_b_is_landsats_whatever_the_file_is_called(self):
        found = label("on_S2A_grid.tif", "SR_B6")
        assert (found.product, found.sensor, found.band) == ("landsat-c2l2", "Landsat 8-9", "swir1")

    def test_a_name_decides_before_its_folder(self):
        found = label("S2A_MSIL2A_20180616T023549/LC08_X_B5.tif")
        assert (found.product, found.sensor, found.band) == ("", "Landsat 8-9", "nir")

    def test_a_tag_of_the_sensor_takes_no_product_from_the_name(self):
        name = "LE07_L2SP_042035_20050318_20200914_02_T1_SR.tif"
        found = label(name, "SR_B4", {"SPACECRAFT_ID": "LANDSAT_7"})
        assert (found.product, found.level, found.band) == ("landsat-c2l2", "L2SP", "nir")

    def test_a_description_that_counts_layers_yields_to_the_number_in_the_name(self):
        found = label("T50SQB_20180616T023549_B08_10m.jp2", "Band 1")
        assert (found.number, found.band) == ("8", "nir")


def days(*texts):
    return tuple(datetime.date.fromisoformat(text) for text in texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MOD09GA.A2018167.h18v04.006.2018175034545.hdf", days("2018-06-16")),
        ("A2016366", days("2016-12-31")),
        ("A2018366", ()),
        ("A2018000", ()),
        ("S2_20181316.tif", ()),
        ("S2_20180230.tif", ()),
        ("S2_2018_06_16.tif", days("2018-06-16")),
        ("S2_2018.06.16.tif", days("2018-06-16")),
        ("2018-06-16T02:35:49Z", days("2018-06-16")),
        ("120180616", ()),
        ("Mekong_1977254_S2Hand.tif", ()),
        ("HLS.L30.T23LLF.2013107.v1.4.hdf", days("2013-04-17")),
        ("a/S2A_OPER_PRD_MSIL1C_PDMC_20160605T121004_R022/B04.jp2", ()),
        ("coh_IW1_VV_16Jun2018_28Jun2018", days("2018-06-16", "2018-06-28")),
        ("S1__IW__D_20190601_20190801_VV_median.tif", days("2019-06-01", "2019-08-01")),
        ("20180616_B4_20180616", days("2018-06-16")),
        ("S1A_IW_GRDH_1SDV_20180311T235955_20180312T000020_020968", days("2018-03-11")),
        ("S2A_MSIL1C_20170601T235911_N0205_R141_T12RWU_20170602T015818", days("2017-06-01")),
        ("20160817T101032_20160818T101559_T33UUU", days("2016-08-17")),
        ("LC08_CU_012006_20180616_20190615_C01_V01_SR", days("2018-06-16")),
        ("S2A_OPER_MTD_SAFL1C_PDMC_20160605T121004_R022_V20160506T100032", days("2016-05-06")),
        ("S2A_OPER_MSI_L1C_DS_SGS__20160507T153005_S20160506T100032_N02.02", days("2016-05-06")),
    ],
)
def test_days_of_sensing(text, expected):
    assert dates(text) == expected
    assert sensing_date(text) == (expected[0] if len(expected) == 1 else None)


def test_every_product_has_a_name_and_every_name_a_product():
    assert {key for _, key in PRODUCT_NAMES} == set(KNOWN_PRODUCTS)
    sensors = {known.sensor for known in KNOWN_PRODUCTS.values()}
    assert sensors - {"", "Sentinel-1", "EnMAP"} <= set(SENSORS)


WORDS = st.sampled_from([*{cell for row in ROWS for cell in row[:2]}, "_", "/", " ", "wavelength="])
TEXTS = st.text() | st.lists(st.text(max_size=4) | WORDS, max_size=5).map("".join)
TAGS = st.dictionaries(st.sampled_from(["units", "wavelength", "PRODUCT", "name"]) | TEXTS, TEXTS)


@given(TEXTS, TEXTS, TAGS, TAGS)
def test_any_text_has_a_label(name, description, tags, band_tags):
    found = label(name, description, tags, band_tags)
    assert found.role in ("optical", "radar", "quality", "none", "")
    assert found.product in {"", *KNOWN_PRODUCTS}
    assert all(isinstance(field, str) for field in found)
    assert len(dates(name)) == len(set(dates(name)))


@pytest.mark.parametrize(
    "part", ["_1m", "1", "_20180616", "_vv_over_", "S1A_", " (1)", "/a", "wavelength"]
)
def test_long_texts_take_no_time(part):
    text = part * 300_000
    start = process_time()
    label(text, text, {"units": text, text: "a"}, {"wavelength": text, "name": text})
    dates(text)
    assert process_time() - start < 1
