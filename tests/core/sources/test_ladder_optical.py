"""How optical files are read: what is no band, what is fill, the offset, and whose metadata."""

import json
from datetime import date

import numpy as np
import pytest

from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import band_places, inspect
from tests.core.sources.concerns import concerns
from tests.core.sources.test_ladder import (
    MTL,
    SCENE,
    SIDE,
    decibels,
    decided,
    power,
    read,
    reflectance,
    stored,
)

RGBN = ("B2", "B3", "B4", "B8")
DESERT = {"bands": 4, "low": 0.16, "high": 0.5}
"""Without a dark pixel, so that the numbers tell nothing of an offset."""


@pytest.fixture
def made(make_tif):
    """Return a scene of one optical file, with radar."""
    radar = make_tif("s1_db.tif", decibels(), bands=("VV", "VH"))

    def make(name, array, bands=RGBN, stated=None, **written):
        path = make_tif(name, array, bands=bands, **written)
        return FilesSource(optical=(path,), radar=(radar,), **(stated or {})).make()

    return make


def days(first=150):
    return np.full((1, SIDE, SIDE), first) + np.indices((SIDE, SIDE))[:1] % 40


class TestStrangers:
    @pytest.mark.parametrize("name", ["S2_mosaic_2021.tif", "composite_2021.tif"])
    @pytest.mark.parametrize(
        ("called", "other"),
        [
            ("epoch", days()),
            ("Map", days(10) // 10),
            ("classes", days(0) // 10 + 2),
            ("", days() % 2 * 255),
        ],
    )
    def test_a_band_of_other_numbers_decides_nothing_and_is_left_out(
        self, made, name, called, other
    ):
        array = np.concatenate([reflectance(4), other]).astype(np.float32)
        scene = made(name, array, (*RGBN, called))
        np.testing.assert_array_equal(read(scene), reflectance(4))
        left = decided(scene, "optical", "left out")
        assert left["basis"] == "numbers" and left["value"].endswith(called or "5")
        assert len(concerns(scene)) == 1 and "is left out: 99 %" in concerns(scene)[0]
        assert set(decided(scene, "optical", "bands")["value"]) == {"blue", "green", "red", "nir"}

    @pytest.mark.parametrize("other", [days() % 2, days() * 1000])
    def test_among_whole_numbers_too(self, made, other):
        array = np.concatenate([stored(reflectance(4), 1e-4), other]).astype(np.int32)
        scene = made("S2_stack.tif", array, (*RGBN, "what"))
        np.testing.assert_allclose(read(scene), reflectance(4), atol=1e-4)
        assert decided(scene, "optical", "left out")["value"] == "S2_stack.tif, what"

    def test_it_is_shown_as_left_out_before_the_import(self, make_tif):
        array = np.concatenate([reflectance(4), days()]).astype(np.float32)
        path = make_tif("S2_mosaic_2021.tif", array, bands=(*RGBN, "doy"))
        named = [place.name for place in band_places((path,))]
        assert (
            named == [*inspect(path)["guess"]["bands"], ""] == ["blue", "green", "red", "nir", ""]
        )

    def test_what_is_stated_to_be_a_band_is_one(self, made):
        array = np.concatenate([reflectance(4), days()]).astype(np.float32)
        stated = {"optical_bands": {"red": 3, "nir": 5}, "optical_scale": 0.001}
        scene = made("S2_mosaic_2021.tif", array, (*RGBN, "doy"), stated)
        assert scene.optical.bands == ("red", "nir")

    def test_a_dim_band_with_a_wavelength_is_one(self, made):
        array = stored(np.concatenate([reflectance(4), reflectance(1) / 100]), 1e-4)
        lengths = ("490 nm", "560 nm", "665 nm", "842 nm", "1900 nm")
        assert len(made("field.tif", array, lengths).optical.bands) == 5

    def test_one_odd_band_of_the_recognised_does_not_decide_for_all(self, made):
        values = reflectance(4)
        values[3] *= 9
        scene = made("S2_mosaic_2021.tif", values)
        np.testing.assert_array_equal(read(scene)[:3], values[:3])


class TestFillThatNoTagTells:
    @pytest.mark.parametrize(
        ("dtype", "fill"),
        [(np.int16, -999), (np.int16, 32767), (np.float32, -1), (np.float32, -9999)],
    )
    @pytest.mark.parametrize("stated", [{}, {"optical_product": "sentinel-2"}])
    def test_of_sentinel2(self, made, dtype, fill, stated):
        numbers = stored(reflectance(4), 1e-4, dtype=dtype)
        numbers[:, :9] = fill
        scene = made("S2A_20180616_rgbn.tif", numbers, stated=stated)
        assert np.isnan(read(scene)[:, :9]).all() and np.isfinite(read(scene)[:, 9:]).all()
        assert decided(scene, "optical", "fill")["value"] == str(fill)

    @pytest.mark.parametrize(
        ("dtype", "fill"), [(np.float32, -9999), (np.uint16, 65535), (np.int16, -9999)]
    )
    def test_of_files_with_their_own_scale(self, made, dtype, fill):
        scale, offset = (1e-4, 0.0) if dtype is np.int16 else (2.75e-5, -0.2)
        numbers = stored(reflectance(4), scale, offset, dtype)
        numbers[:, :9] = fill
        scene = made("sr.tif", numbers, scale=scale, offset=offset)
        assert np.isnan(read(scene)[:, :9]).all() and np.isfinite(read(scene)[:, 9:]).all()
        np.testing.assert_allclose(read(scene)[:, 9:], reflectance(4)[:, 9:], atol=1e-4)

    def test_of_files_with_metadata(self, made, tmp_path):
        (tmp_path / "MTL.json").write_text(json.dumps({"LANDSAT_METADATA_FILE": MTL}))
        numbers = stored(reflectance(), 4e-5, -0.2, np.float32)
        numbers[:, :9] = -999
        scene = made(f"{SCENE}_stack.tif", numbers, RGBN[:3])
        assert decided(scene, "optical", "product")["basis"] == "metadata"
        assert np.isnan(read(scene)[:, :9]).all() and np.isfinite(read(scene)[:, 9:]).all()

    @pytest.mark.parametrize("full", [65535, 32767])
    def test_what_a_files_own_scale_makes_1_is_data(self, made, full):
        values = reflectance(4, high=0.9)
        values[:, :9] = 1
        scene = made("map.tif", stored(values, 1 / full), scale=1 / full)
        np.testing.assert_allclose(read(scene), values, atol=5e-5)

    @pytest.mark.parametrize(
        ("name", "fill"),
        [
            ("landsat8_scaled_2021.tif", -0.2),
            ("S2A_20230616_boa.tif", -0.1),
            ("map.tif", np.float32(-1000) * np.float32(1e-4)),
        ],
    )
    def test_0_that_went_through_the_scaling(self, made, name, fill):
        values = reflectance(4)
        values[:, :9] = np.float32(fill)
        scene = made(name, values)
        assert np.isnan(read(scene)[:, :9]).all() and np.isfinite(read(scene)[:, 9:]).all()
        assert decided(scene, "optical", "fill")["value"] == f"{fill:g}"

    def test_0_that_went_through_the_offset_alone(self, made):
        numbers = stored(reflectance(4), 1e-4, dtype=np.int16)
        numbers[:, :9] = -1000
        scene = made("S2A_20180616_rgbn.tif", numbers)
        assert np.isnan(read(scene)[:, :9]).all() and np.isfinite(read(scene)[:, 9:]).all()

    def test_of_one_band_or_a_few_pixels_it_is_data(self, made):
        values = reflectance(4)
        values[0, :9] = -0.2
        values[:, 10, :40] = -0.2
        assert np.isfinite(read(made("S2A_boa.tif", values))).all()


class TestOffset:
    def test_an_unknown_baseline_says_nothing(self, made):
        name = "S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_26_57.tif"
        scene = made(name, stored(reflectance(**DESERT), 1e-4))
        np.testing.assert_allclose(read(scene), reflectance(**DESERT), atol=1e-4)
        assert not decided(scene, "optical", "product")["sure"]
        scene = made(name, stored(reflectance(4), 1e-4))
        np.testing.assert_allclose(read(scene), reflectance(4), atol=1e-4)
        assert concerns(scene) == [] and decided(scene, "optical", "product")["sure"]

    @pytest.mark.parametrize(
        "name", ["S2_SR_HARMONIZED_20230615.tif", "S2_HARMONIZED/S2_20230615.tif"]
    )
    def test_earth_engines_harmonized_collection_has_none(self, made, name):
        scene = made(name, stored(reflectance(**DESERT), 1e-4))
        np.testing.assert_allclose(read(scene), reflectance(**DESERT), atol=1e-4)
        found = decided(scene, "optical", "product")
        assert concerns(scene) == [] and found["sure"] and "harmonized" in found["why"]

    @pytest.mark.parametrize(("day", "alarm"), [("20190321", False), ("20230321", True)])
    def test_an_old_baseline_is_doubted_only_where_the_date_does(self, made, day, alarm):
        name = f"S2A_MSIL2A_{day}T023549_N0211_R089_T50SQB_{day}T055449_clip.tif"
        scene = made(name, stored(reflectance(**DESERT), 1e-4))
        np.testing.assert_allclose(read(scene), reflectance(**DESERT), atol=1e-4)
        assert any("may be of processing baseline" in said for said in concerns(scene)) == alarm

    def test_what_half_lies_below_is_of_data(self, made):
        numbers = stored(reflectance(4, 0.1, 0.3), 1e-4)
        numbers[:, 4:] = 0
        said = concerns(made("S2A_MSIL2A_20180616_edge.tif", numbers))
        assert len(said) == 1 and "(half below 0.208)" in said[0]


class TestCountOfBands:
    def test_it_is_a_guess_and_warned_of(self, made):
        numbers = stored(reflectance(12), 1e-4)
        scene = made("stack.tif", numbers, ())
        found = decided(scene, "optical", "product")
        assert (found["value"], found["basis"], found["sure"]) == ("sentinel-2", "numbers", False)
        assert any(said.startswith("Told from the numbers") for said in scene.facts["warnings"])

    def test_bands_that_only_sentinel2_has_make_it_sure(self, made):
        bands = [f"B{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, "8A", 9, 11, 12)]
        scene = made("stack.tif", stored(reflectance(12), 1e-4), bands)
        found = decided(scene, "optical", "product")
        assert (found["value"], found["basis"], found["sure"]) == ("sentinel-2", "name", True)

    @pytest.mark.parametrize(
        ("name", "bands"),
        [
            ("LC08_044034_20140318.tif", ()),
            ("stack.tif", [*(f"B{n}" for n in range(1, 12)), "pixel_qa"]),
            ("field.tif", [f"{450 + 40 * n} nm" for n in range(12)]),
            ("field.tif", ["yellow", *RGBN, *("",) * 7]),
        ],
    )
    def test_what_names_another_sensor_counts_before_it(self, made, name, bands):
        scene = made(name, stored(reflectance(12, 0.12, 0.5), 1e-4), bands, pixel=30)
        found = decided(scene, "optical", "product")
        assert (found["value"], found["sure"]) == ("reflectance-10000", False)
        assert np.nanmin(read(scene)) > 0.11

    def test_wavelengths_of_sentinel2_do_not(self, made):
        lengths = (443, 492, 560, 665, 704, 741, 783, 833, 865, 945, 1374, 1614, 2202)
        numbers = stored(reflectance(13), 1e-4)
        scene = made("snap.tif", numbers, [f"{length} nm" for length in lengths])
        assert decided(scene, "optical", "product")["value"] == "sentinel-2"


class TestWhoseMetadata:
    @pytest.mark.parametrize("kind", ["SR", "toar"])
    def test_planets_coefficients_of_radiance_are_not_of_reflectance(self, made, tmp_path, kind):
        (tmp_path / "20180616_023549_1038_3B_AnalyticMS_metadata.xml").write_text(
            "".join(
                f"<ps:bandSpecificMetadata><ps:bandNumber>{n}</ps:bandNumber>"
                "<ps:reflectanceCoefficient>2.2e-5</ps:reflectanceCoefficient>"
                "</ps:bandSpecificMetadata>"
                for n in range(1, 5)
            )
        )
        name = f"20180616_023549_1038_3B_AnalyticMS_{kind}.tif"
        scene = made(name, stored(reflectance(4), 1e-4), ())
        np.testing.assert_allclose(read(scene), reflectance(4), atol=1e-4)
        assert concerns(scene) == []

    def test_the_level_of_hls_is_not_that_of_its_source(self, made):
        scene = made(
            "HLS.L30.T50SQB.2018167T023549.v2.0.tif", stored(reflectance(4), 1e-4, dtype=np.int16),
            tags={"LANDSAT_PRODUCT_ID": SCENE}, nodata=-9999,
        )  # fmt: skip
        assert decided(scene, "optical", "level")["value"] == "SR"

    def test_the_collection_is_named_as_stac_does(self, made):
        values = reflectance(6)
        bands = ("blue", "green", "red", "nir08", "swir16", "swir22")
        numbers = stored(values, 2.75e-5, -0.2, np.float64)
        scene = made("landsat-c2-l2_2021-07-05.tif", numbers, bands, nodata=np.nan)
        np.testing.assert_allclose(read(scene), values, atol=1e-4)
        assert decided(scene, "optical", "product")["sure"]

    def test_no_radar_takes_landsats_date(self, make_tif, tmp_path):
        (tmp_path / "MTL.json").write_text(json.dumps({"LANDSAT_METADATA_FILE": MTL}))
        optical = make_tif("LC08_stack.tif", stored(reflectance(), 1e-4), bands=RGBN[:3])
        radar = make_tif("clip.tif", decibels())
        scene = FilesSource(optical=(optical,), radar=(radar,)).make()
        assert (scene.optical.date, scene.radar.date) == (date(2015, 8, 4), None)

    @pytest.mark.parametrize(
        ("written", "optical", "radar", "wanted"),
        [
            (
                "MTL",
                "S2A_MSIL2A_20180616T023549_rgb",
                "S1A_IW_20180617",
                ("2018-06-16", "2018-06-17"),
            ),
            ("S1_MTL", "S2_20180616", "S1_VV_VH_20180616", ("2018-06-16",) * 2),
            ("MTL", "HLS.L30.T50SQB.2018167T023549.v2.0", "clip", ("2018-06-16", "None")),
            ("MTL", "stack", "clip", ("2015-08-04", "None")),
            ("MTL", "LC08_stack", "clip", ("2015-08-04", "None")),
        ],
    )
    def test_landsats_date_is_of_what_may_be_landsat(
        self, make_tif, tmp_path, written, optical, radar, wanted
    ):
        (tmp_path / f"{written}.json").write_text(json.dumps({"LANDSAT_METADATA_FILE": MTL}))
        optical = make_tif(f"{optical}.tif", stored(reflectance(), 1e-4), bands=RGBN[:3])
        radar = make_tif(f"{radar}.tif", power(decibels()).astype(np.float32), bands=("VV", "VH"))
        scene = FilesSource(optical=(optical,), radar=(radar,)).make()
        assert (str(scene.optical.date), str(scene.radar.date)) == wanted
