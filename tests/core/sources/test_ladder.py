"""What files hold is told by statement, tag, metadata and name before numbers, and is said."""

import json
import math
from datetime import date
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from bandweave.errors import SceneError, SettingError
from bandweave.raster.scene import RATIO_BAND
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import inspect
from tests.core.sources.concerns import concerns

SIDE = 64


def reflectance(bands=3, low=0.03, high=0.3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(low, high, (bands, SIDE, SIDE)).astype(np.float32)


def stored(values, scale, offset=0.0, dtype=np.uint16):
    """Return the numbers that are `values` once multiplied by a scale and with an offset added."""
    return np.round((values.astype(np.float64) - offset) / scale).astype(dtype)


def decibels(bands=2, seed=1):
    rng = np.random.default_rng(seed)
    middle = np.array([-10.0, -17.0])[:bands, None, None]
    return (middle + rng.normal(0, 2, (bands, SIDE, SIDE))).astype(np.float32)


def power(values):
    return 10 ** (values.astype(np.float64) / 10)


@pytest.fixture
def radar(make_tif) -> tuple[Path, ...]:
    return (make_tif("s1_db.tif", decibels(), bands=("VV", "VH")),)


@pytest.fixture
def optical(make_tif) -> tuple[Path, ...]:
    return (make_tif("S2_rgb.tif", stored(reflectance(), 1e-4), bands=("B4", "B3", "B2")),)


def decided(scene, layer, what):
    found = [e for e in scene.facts["evidence"] if (e["layer"], e["what"]) == (layer, what)]
    assert len(found) == 1, found
    return found[0]


def read(scene, layer="optical"):
    return scene.layer(layer).raster.read()


class TestNamesBeforeNumbers:
    @pytest.mark.parametrize(
        ("name", "bands", "scale", "offset", "dtype", "product"),
        [
            ("LC08_L2SP_020039_20150804_20200908_02_T1_SR.tif", ("SR_B2", "SR_B3", "SR_B4"),
             2.75e-5, -0.2, np.uint16, "landsat-c2l2"),
            ("composite_2023.tif", ("SR_B2", "SR_B3", "SR_B4"),
             2.75e-5, -0.2, np.float64, "landsat-c2l2"),
            ("composite_2023.tif", ("SR_B2", "SR_B3", "SR_B4"),
             2.75e-5, -0.2, np.int32, "landsat-c2l2"),
            ("LC08_L1TP_020039_20150804_20200908_02_T1_stack.tif", ("B2", "B3", "B4"),
             2e-5, -0.1, np.uint16, "landsat-level-1"),
            ("HLS.L30.T17RLN.2015216T160000.v2.0.tif", ("B02", "B03", "B04"),
             1e-4, 0.0, np.int16, "reflectance-10000"),
            ("T17RLN_20190804T160000_10m.tif", ("B02", "B03", "B04"),
             1e-4, 0.0, np.uint16, "sentinel-2"),
            ("20180616_023549_1038_3B_AnalyticMS_SR.tif", ("blue", "green", "red"),
             1e-4, 0.0, np.uint16, "reflectance-10000"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("snow", [False, True])
    def test_a_product_is_read_as_it_is_named_whatever_its_numbers(
        self, make_tif, radar, name, bands, scale, offset, dtype, product, snow
    ):
        values = reflectance(low=0.6, high=1.05) if snow else reflectance()
        path = make_tif(name, stored(values, scale, offset, dtype), bands=bands)
        scene = FilesSource(optical=(path,), radar=radar).make()
        found = decided(scene, "optical", "product")
        assert (found["value"], found["basis"]) == (product, "name")
        np.testing.assert_allclose(read(scene), values, atol=1e-4)

    def test_floats_of_a_named_product_may_be_reflectance_already(self, make_tif, radar):
        path = make_tif("gee.tif", reflectance(), bands=("SR_B2", "SR_B3", "SR_B4"))
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_array_equal(read(scene), reflectance())
        assert "scaled already" in decided(scene, "optical", "product")["why"]

    def test_what_numbers_alone_tell_is_unsure_and_warned_of(self, make_tif, radar):
        path = make_tif("o.tif", stored(reflectance(), 1e-4), bands=("red", "green", "blue"))
        scene = FilesSource(optical=(path,), radar=radar).make()
        found = decided(scene, "optical", "product")
        assert found["basis"] == "numbers" and not found["sure"]
        assert "percent" not in found["others"] and "reflectance-32768" in found["others"]
        assert scene.facts["evidence"][0]["sure"] is False
        assert (
            "Told from the numbers of the optical alone: product, scale." in scene.facts["warnings"]
        )

    @pytest.mark.parametrize(
        ("name", "tags", "full"),
        [
            ("2018-06-16-00:00_2018-06-16-23:59_Sentinel-2_L2A_B04_(Raw).tiff", {}, 65535),
            ("reflectance_red.tif", {"TIFFTAG_SOFTWARE": "Agisoft Metashape 2.1"}, 32768),
        ],
    )
    def test_numbers_of_sixteen_bits_whose_one_is_told(self, make_tif, radar, name, tags, full):
        values = reflectance(1, high=0.7)
        path = make_tif(name, stored(values, 1 / full), tags=tags)
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values, atol=2e-5)
        assert decided(scene, "optical", "product")["basis"] in ("name", "tag")

    @pytest.mark.parametrize(("top", "full"), [(0.9, 32768), (1.0, 65535)])
    def test_numbers_of_sixteen_bits_that_nothing_tells(self, make_tif, radar, top, full):
        values = reflectance(3, high=top)
        path = make_tif("map.tif", stored(values, 1 / full), bands=("red", "green", "blue"))
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values, atol=3e-5)
        assert not decided(scene, "optical", "product")["sure"]

    def test_too_bright_for_ground_and_no_snow_is_no_reflectance_x_10000(self, make_tif, radar):
        values = np.stack([*reflectance(3, 0.11, 0.16), *reflectance(1, 0.17, 0.3)])
        names = ("blue", "green", "red", "nir")
        path = make_tif("map.tif", stored(values, 1 / 32768), bands=names)
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values, atol=3e-5)
        # half of all lie below 0.11 + 2/3 0.05
        assert "0.47 where 10000 is 1" in decided(scene, "optical", "product")["why"]

    @pytest.mark.parametrize(
        ("names", "array", "wanted"),
        [
            (("Intensity_VV", "Intensity_VH"), power(decibels()) * 4e5, power(decibels()) * 4e5),
            (("Sigma0_VV_db", "Sigma0_VH_db"), decibels(), power(decibels())),
            (("Amplitude_VV", "Amplitude_VH"), power(decibels()), power(decibels()) ** 2),
        ],
    )
    def test_radar_units_are_as_the_bands_are_called(self, make_tif, optical, names, array, wanted):
        path = make_tif("S1A_IW_GRDH_Spk_TC.tif", array.astype(np.float32), bands=names)
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(read(scene, "radar"), wanted, rtol=1e-4)
        assert decided(scene, "radar", "unit")["basis"] == "name"

    @pytest.mark.parametrize(("letter", "exponent"), [("a", 2), ("p", 1)])
    def test_hyp3_says_its_scale_in_one_letter(self, make_tif, optical, letter, exponent):
        base = f"S1A_IW_20180616T161201_DVP_RTC10_G_g{letter}uned_0A1B"
        array = np.sqrt(power(decibels())).astype(np.float32)
        paths = tuple(
            make_tif(f"{base}_{p}.tif", array[n], nodata=0) for n, p in enumerate(("VV", "VH"))
        )
        scene = FilesSource(optical=optical, radar=paths).make()
        np.testing.assert_allclose(read(scene, "radar"), array**exponent, rtol=1e-5)
        assert scene.radar.calibration == "gamma0"

    def test_numbers_that_disprove_a_radar_name_count(self, make_tif, optical):
        path = make_tif("S1_linear.tif", decibels(), bands=("VV", "VH"))
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(read(scene, "radar"), power(decibels()), rtol=1e-5)
        assert any("says power" in said and "they count" in said for said in concerns(scene))


class TestTagsAndPixels:
    def test_a_scale_left_over_in_the_tags_is_not_applied_again(self, make_tif, radar):
        path = make_tif(
            "scaled.tif", reflectance(), bands=("red", "green", "blue"), scale=2.75e-5, offset=-0.2
        )
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_array_equal(read(scene), reflectance())
        assert any(
            "its tag says" in said and "the pixels count" in said for said in concerns(scene)
        )

    def test_an_offset_in_the_tags_that_the_pixels_disprove(self, make_tif, radar):
        path = make_tif(
            "S2A_rgb.tif", stored(reflectance(), 1e-4), bands=("B4", "B3", "B2"), nodata=0,
            scale=1e-4, offset=-0.1,
        )  # fmt: skip
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), reflectance(), atol=1e-4)
        assert any("darkest pixels would reflect" in said for said in concerns(scene))

    def test_per_cent_by_its_unit(self, make_tif, radar):
        path = make_tif(
            "toa.tif", stored(reflectance(), 1e-4), bands=("red", "green", "blue"), scale=0.01,
            units="%",
        )  # fmt: skip
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), reflectance(), atol=1e-4)
        assert decided(scene, "optical", "product")["basis"] == "tag"

    def test_a_product_that_the_numbers_disprove_is_not_believed(self, make_tif, radar):
        path = make_tif("gee.tif", stored(reflectance(), 1e-4), bands=("SR_B2", "SR_B3", "SR_B4"))
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), reflectance(), atol=1e-4)
        assert any("half of the pixels would reflect less" in said for said in concerns(scene))

    @pytest.mark.parametrize("stated", [{"optical_product": "reflectance"}, {"optical_scale": 1.0}])
    def test_what_is_stated_wins_over_tags(self, make_tif, radar, stated):
        path = make_tif("o.tif", reflectance(), bands=("red", "green", "blue"), scale=0.5)
        scene = FilesSource(optical=(path,), radar=radar, **stated).make()
        np.testing.assert_array_equal(read(scene), reflectance())
        assert decided(scene, "optical", "product")["basis"] == "stated"

    def test_a_picture_with_a_colour_table_is_refused(self, make_tif, radar):
        path = make_tif(
            "p.tif", stored(reflectance(1), 0.01, dtype=np.uint8), photometric="palette"
        )
        with pytest.raises(SceneError, match="colour table"):
            FilesSource(optical=(path,), radar=radar).make()

    def test_a_radar_picture_of_eight_bits_is_refused_unless_its_unit_is_stated(
        self, make_tif, optical
    ):
        array = np.clip((decibels() + 30) * 8, 1, 255).astype(np.uint8)
        path = make_tif("quicklook.tif", array, bands=("VV", "VH"))
        with pytest.raises(SceneError, match="8-bit picture"):
            FilesSource(optical=optical, radar=(path,)).make()
        stated = FilesSource(
            optical=optical, radar=(path,), radar_unit="amplitude", radar_scale=0.1
        )
        np.testing.assert_allclose(read(stated.make(), "radar"), (array * 0.1) ** 2.0, rtol=1e-5)


class TestOneProduct:
    def test_sentinel2_bands_agree_on_the_offset(self, make_tif, radar):
        # blue is bright by path radiance; red tells that there is no offset
        bands = {"B02": reflectance(1, 0.11, 0.3), "B04": reflectance(1, 0.02, 0.3)}
        paths = tuple(
            make_tif(f"T50SQB_20180616T023549_{band}.tif", stored(values[0], 1e-4), nodata=0)
            for band, values in bands.items()
        )
        scene = FilesSource(optical=paths, radar=radar).make()
        np.testing.assert_allclose(read(scene), np.concatenate([*bands.values()]), atol=1e-4)

    @pytest.mark.parametrize(("day", "offset"), [("20190321", 0.0), ("20230321", -0.1)])
    def test_where_pixels_cannot_tell_the_offset_the_date_does_and_it_is_said(
        self, make_tif, radar, day, offset
    ):
        values = reflectance(low=0.2, high=0.5)
        path = make_tif(
            f"S2A_MSIL2A_{day}_clip.tif", stored(values, 1e-4), bands=("B2", "B3", "B4")
        )
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values + offset, atol=1e-4)
        assert any("tells nothing of Sentinel-2's offset" in said for said in concerns(scene))
        found = decided(scene, "optical", "product")
        other = "reflectance-10000" if offset else "sentinel-2-n0400"
        assert not found["sure"] and list(found["others"]) == [other]
        other_way = FilesSource(optical=(path,), radar=radar, optical_product=other).make()
        np.testing.assert_allclose(read(other_way), values - 0.1 - offset, atol=1e-4)

    def test_no_hint_about_sentinel2_for_what_is_not(self, make_tif, radar):
        path = make_tif(
            "drone.tif", stored(reflectance(low=0.2), 1e-4), bands=("red", "green", "blue")
        )
        assert not any(
            "-1000" in said for said in FilesSource((path,), radar=radar).make().facts["warnings"]
        )

    def test_radar_files_in_two_units_are_read_each_in_its_own_and_said(self, make_tif, optical):
        vv, vh = decibels()
        paths = (make_tif("s1_VV.tif", vv), make_tif("s1_VH.tif", power(vh).astype(np.float32)))
        scene = FilesSource(optical=optical, radar=paths).make()
        np.testing.assert_allclose(read(scene, "radar"), power(decibels()), rtol=1e-5)
        assert any("read differently" in said for said in concerns(scene))

    def test_the_brighter_polarisation_is_looked_for_across_files(self, make_tif, optical):
        vv, vh = decibels()
        paths = (make_tif("s1_VV.tif", vh), make_tif("s1_VH.tif", vv))
        assert any(
            "may be swapped" in said
            for said in concerns(FilesSource(optical=optical, radar=paths).make())
        )

    def test_two_calibrations_are_named(self, make_tif, optical):
        vv, vh = decibels()
        paths = (
            make_tif("S1A__IW___A_20180616T095512_VV_gamma0-rtc_db.tif", vv),
            make_tif("S1A__IW___A_20180616T095512_VH_sigma0-elp_db.tif", vh),
        )
        scene = FilesSource(optical=optical, radar=paths).make()
        assert scene.radar.calibration == "gamma0 and sigma0"
        assert any("VH is sigma0, VV is gamma0" in said for said in concerns(scene))


class TestFill:
    @pytest.mark.parametrize("tag", [None, np.nan])
    @pytest.mark.parametrize(
        "fill", [-9999.0, -32768.0, 2147483647.0, -3.4028234663852886e38, 1e20]
    )
    def test_fill_in_real_numbers_that_no_tag_tells(self, make_tif, optical, radar, fill, tag):
        values, gap = reflectance(), (slice(None), slice(5, 20), slice(3, 30))
        values[gap] = fill
        path = make_tif("o.tif", values, bands=("red", "green", "blue"), nodata=tag)
        found = read(FilesSource(optical=(path,), radar=radar).make())
        assert np.isnan(found[gap]).all() and np.isnan(found).sum() == 3 * 15 * 27
        backscatter = power(decibels()).astype(np.float32)
        backscatter[gap] = fill
        path = make_tif("r.tif", backscatter, bands=("VV", "VH"), nodata=tag)
        found = read(FilesSource(optical=optical, radar=(path,)).make(), "radar")
        assert np.isnan(found[gap]).all() and np.isnan(found).sum() == 2 * 15 * 27

    @pytest.mark.parametrize(("factor", "fill"), [(100, -32768), (10, -9999), (100, -9999)])
    def test_fill_among_whole_decibels(self, make_tif, optical, factor, fill):
        array = np.round(decibels() * factor).astype(np.int16)
        expected = power(array / factor)
        array[:, :9], expected[:, :9] = fill, np.nan
        path = make_tif("r.tif", array, bands=("VV", "VH"))
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(read(scene, "radar"), expected, rtol=1e-5)

    def test_areas_of_0_db_in_both_bands_are_fill_and_single_pixels_are_data(
        self, make_tif, optical
    ):
        array = np.minimum(decibels(), -0.01)
        rows, cols = np.indices((SIDE, SIDE))
        outside = cols < 8 + rows // 4
        array[:, outside] = 0
        array[:, 40, 50] = 0
        array[0, 50:54, 40:44] = 0  # of one band alone
        path = make_tif("tc_db.tif", array, bands=("Sigma0_VV_db", "Sigma0_VH_db"))
        scene = FilesSource(optical=optical, radar=(path,)).make()
        whole = read(scene, "radar")
        np.testing.assert_array_equal(np.isnan(whole[0]), outside)
        assert decided(scene, "radar", "fill")["value"] == "0"
        raster = scene.radar.raster
        for window in raster.grid.windows(16):
            rows_, cols_ = window.slices
            np.testing.assert_array_equal(raster.read(window), whole[:, rows_, cols_])

    def test_how_much_is_fill_is_said(self, make_tif, radar):
        values = reflectance()
        values[:, :16] = -9999
        path = make_tif("o.tif", values, bands=("red", "green", "blue"))
        found = decided(FilesSource(optical=(path,), radar=radar).make(), "optical", "fill")
        assert found["value"] == "-9999" and found["why"] == "25.0% of the sample"

    def test_one_value_in_a_third_of_all_pixels_is_warned_of(self, make_tif, radar):
        values = reflectance()
        values[:, :24] = 0.123
        path = make_tif("o.tif", values, bands=("red", "green", "blue"))
        said = concerns(FilesSource(optical=(path,), radar=radar).make())
        assert any("38% of o.tif have one and the same value, 0.123" in each for each in said)

    def test_white_where_opacity_is_nought_is_no_data(self, make_tif, radar):
        values = stored(reflectance(4), 1e-4)
        gap = np.add(*np.indices((SIDE, SIDE))) < 60
        values[:, gap] = 10000
        array = np.concatenate([values, np.where(gap, 0, 65535)[None].astype(np.uint16)])
        colours = [
            ColorInterp.blue,
            ColorInterp.green,
            ColorInterp.red,
            ColorInterp.undefined,
            ColorInterp.alpha,
        ]
        bands = ("blue", "green", "red", "nir", "alpha")
        path = make_tif("ortho.tif", array, bands=bands, colours=colours)
        scene = FilesSource(optical=(path,), radar=radar).make()
        assert scene.optical.bands == bands[:4] and concerns(scene) == []
        np.testing.assert_array_equal(np.isnan(read(scene)), np.broadcast_to(gap, (4, SIDE, SIDE)))

    def test_a_band_marked_as_opacity_but_described_as_a_band_is_one(self, make_tif, radar):
        array = stored(reflectance(4), 1e-4)
        colours = [ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.alpha]
        path = make_tif("four.tif", array, bands=("B2", "B3", "B4", "B8"), colours=colours)
        scene = FilesSource(optical=(path,), radar=radar).make()
        assert scene.optical.bands == ("blue", "green", "red", "nir")


class TestWhatIsNoBand:
    def test_masks_angles_and_temperatures_are_left_out_with_a_reason(self, make_tif, radar):
        array = np.concatenate(
            [stored(reflectance(), 1e-4), np.full((3, SIDE, SIDE), 40, np.uint16)]
        )
        path = make_tif(
            "20190616T023549_T50SQB.tif",
            array,
            bands=("B2", "B3", "B4", "MSK_CLDPRB", "AOT", "view_zenith"),
        )
        scene = FilesSource(optical=(path,), radar=radar).make()
        assert scene.optical.bands == ("blue", "green", "red")
        left = {e["value"]: e["why"] for e in scene.facts["evidence"] if e["what"] == "left out"}
        assert len(left) == 3 and "aerosol" in left["20190616T023549_T50SQB.tif, AOT"]

    def test_a_scene_classification_in_the_stack_is_the_mask(self, make_tif, radar):
        classes = np.full((SIDE, SIDE), 4, np.uint16)
        classes[:16] = 9
        array = np.concatenate([stored(reflectance(), 1e-4), classes[None]])
        path = make_tif("S2_stack.tif", array, bands=("B2", "B3", "B4", "SCL"))
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_array_equal(read(scene, "cloud")[0], classes == 9)

    @pytest.mark.parametrize(
        ("names", "said"),
        [
            (("coh_IW1_VV_16Jun2018_28Jun2018", "coh_IW1_VH_16Jun2018_28Jun2018"), "coherence"),
            (("localIncidenceAngle", "elevation"), "incidence angle"),
        ],
    )
    def test_what_is_no_backscatter_is_refused_by_name(self, make_tif, optical, names, said):
        path = make_tif("S1_TC.tif", np.abs(decibels()) / 40, bands=names)
        with pytest.raises(SceneError, match=said):
            FilesSource(optical=optical, radar=(path,)).make()

    def test_a_step_called_calibration_is_no_ratio(self, make_tif, optical):
        path = make_tif("S1A_20180616_Calibration_VV.tif", power(decibels(1))[0].astype(np.float32))
        with pytest.raises(SceneError, match="only VV is known"):
            FilesSource(optical=optical, radar=(path,)).make()
        ratio = make_tif("S1A_VV_VH_ratio.tif", decibels(1)[0])
        assert FilesSource(optical=optical, radar=(ratio,)).make().radar.bands == (RATIO_BAND,)

    def test_the_native_resolution_is_that_of_the_wanted_bands(self, make_tif, radar):
        coarse = np.kron(stored(reflectance(1), 1e-4)[0, :16, :16], np.ones((4, 4), np.uint16))
        array = np.concatenate([coarse[None], stored(reflectance(3), 1e-4)])
        path = make_tif("S2A_stack.tif", array, bands=("B1", "B2", "B3", "B4"))
        fine = FilesSource((path,), {"red": 4, "green": 3, "blue": 2}, radar=radar).make()
        assert fine.optical.native_resolution == 10
        assert FilesSource(optical=(path,), radar=radar).make().optical.native_resolution == 40


SCENE = "LC08_L1TP_020039_20150804_20200908_02_T1"
MTL = {
    "PRODUCT_CONTENTS": {"PROCESSING_LEVEL": "L1TP", "LANDSAT_PRODUCT_ID": SCENE},
    "IMAGE_ATTRIBUTES": {"DATE_ACQUIRED": "2015-08-04", "SUN_ELEVATION": "30.0"},
    "LEVEL1_RADIOMETRIC_RESCALING": {
        **{f"REFLECTANCE_MULT_BAND_{n}": "2.0E-05" for n in (2, 3, 4)},
        **{f"REFLECTANCE_ADD_BAND_{n}": "-0.1" for n in (2, 3, 4)},
    },
}  # fmt: skip


def as_xml(groups):
    inner = "".join(
        f"<{name}>{''.join(f'<{key}>{value}</{key}>' for key, value in group.items())}</{name}>"
        for name, group in groups.items()
    )
    return f"<LANDSAT_METADATA_FILE>{inner}</LANDSAT_METADATA_FILE>"


class TestMetadata:
    @pytest.mark.parametrize(
        ("suffix", "written"),
        [("json", json.dumps({"LANDSAT_METADATA_FILE": MTL})), ("xml", as_xml(MTL))],
    )
    def test_landsat_metadata_in_other_formats(self, make_tif, radar, tmp_path, suffix, written):
        values = reflectance()
        path = make_tif(
            f"{SCENE}_stack.tif", stored(values * 0.5, 2e-5, -0.1), bands=("B2", "B3", "B4")
        )
        (tmp_path / f"{SCENE}_MTL.{suffix}").write_text(written)
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values, atol=1e-4)  # the sine of 30 degrees is 0.5
        assert scene.optical.date == date(2015, 8, 4)
        found = decided(scene, "optical", "product")
        assert (found["value"], found["basis"]) == ("landsat-level-1", "metadata")

    def test_metadata_of_another_image_are_not_used(self, make_tif, radar, tmp_path):
        values = reflectance()
        path = make_tif(f"{SCENE}_stack.tif", stored(values, 2e-5, -0.1), bands=("B2", "B3", "B4"))
        other = json.dumps({"LANDSAT_METADATA_FILE": MTL}).replace(
            "020039_20150804", "021039_20150811"
        )
        (tmp_path / "MTL.json").write_text(other)
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values, atol=1e-4)
        assert any("is of another image" in said for said in concerns(scene))
        assert any("not corrected for the sun's height" in said for said in concerns(scene))

    def test_planets_coefficients_are_of_each_band(self, make_tif, radar, tmp_path):
        values, factors = reflectance(4), (2.03e-5, 2.14e-5, 2.42e-5, 3.64e-5)
        numbers = np.stack([stored(v, f) for v, f in zip(values, factors, strict=True)])
        path = make_tif("20180616_023549_1038_3B_AnalyticMS.tif", numbers)
        with pytest.raises(SceneError, match="radiance"):
            FilesSource(optical=(path,), radar=radar).make()
        bands = "".join(
            f"<ps:bandSpecificMetadata><ps:bandNumber>{n}</ps:bandNumber><ps:reflectanceCoefficient>"
            f"{f}</ps:reflectanceCoefficient></ps:bandSpecificMetadata>"
            for n, f in enumerate(factors, start=1)
        )
        described = tmp_path / "20180616_023549_1038_3B_AnalyticMS_metadata.xml"
        described.write_text(f"<ps:EarthObservation xmlns:ps='x'>{bands}</ps:EarthObservation>")
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), values, atol=1e-4)
        assert decided(scene, "optical", "bands")["sure"]

    def test_sentinel2_metadata_of_another_level_are_not_used(self, make_tif, radar, tmp_path):
        path = make_tif(
            "S2A_MSIL1C_20190616T023549_N0207_R089_T50SQB_rgb.tif",
            stored(reflectance(), 1e-4),
            bands=("B2", "B3", "B4"),
        )
        (tmp_path / "MTD_MSIL2A.xml").write_text(
            '<BOA_ADD_OFFSET band_id="0">-1000</BOA_ADD_OFFSET>'
        )
        scene = FilesSource(optical=(path,), radar=radar).make()
        np.testing.assert_allclose(read(scene), reflectance(), atol=1e-4)
        assert any("is of L2A" in said for said in concerns(scene))


class TestDates:
    def test_of_several_dates_in_a_file_the_nearest_to_the_other_image_is_taken(self, make_tif):
        optical = make_tif(
            "S2_20180616_rgb.tif", stored(reflectance(), 1e-4), bands=("B4", "B3", "B2")
        )
        early = decibels(seed=5) + 3
        names = [
            f"S1A_IW_GRDH_1SDV_{day}T095512_{day}T095537_020968_0DF9_{p}"
            for day in ("20180311", "20180615")
            for p in ("VV", "VH")
        ]
        path = make_tif("series.tif", np.concatenate([early, decibels()]), bands=names)
        scene = FilesSource(optical=(optical,), radar=(path,)).make()
        np.testing.assert_allclose(read(scene, "radar"), power(decibels()), rtol=1e-5)
        left = [e["why"] for e in scene.facts["evidence"] if e["what"] == "left out"]
        assert left == ["of 2018-03-11, not 2018-06-15"] * 2
        assert scene.radar.date == date(2018, 6, 15)
        assert any("holds several dates" in said for said in concerns(scene))


class TestStatedScale:
    def test_a_factor_to_decibels_and_to_power(self, make_tif, optical):
        tenths = make_tif("r.tif", np.round(decibels() * 7).astype(np.int16), bands=("VV", "VH"))
        scene = FilesSource(
            optical=optical, radar=(tenths,), radar_unit="db", radar_scale=1 / 7
        ).make()
        np.testing.assert_allclose(
            read(scene, "radar"), power(np.round(decibels() * 7) / 7), rtol=1e-4
        )
        whole = np.round(power(decibels()) * 1e4).astype(np.uint16)
        linear = make_tif("p.tif", whole, bands=("VV", "VH"))
        scene = FilesSource(
            optical=optical, radar=(linear,), radar_unit="power", radar_scale=1e-4
        ).make()
        np.testing.assert_allclose(read(scene, "radar"), whole * 1e-4, rtol=1e-5)
        assert not any("up to a factor" in said for said in concerns(scene))

    def test_a_name_that_says_db_forbids_amplitude(self, make_tif, optical):
        path = make_tif("s1_db.tif", np.abs(decibels()) * 3, bands=("VV", "VH"))
        with pytest.raises(SceneError, match="taken as in dB"):
            FilesSource(optical=optical, radar=(path,)).make()


def test_the_order_of_files_changes_nothing(make_tif, radar):
    values = reflectance(4)
    names = ("B02", "B03", "B04", "B08")
    paths = [
        make_tif(f"T50SQB_20180616T023549_{n}.tif", stored(v, 1e-4), nodata=0)
        for n, v in zip(names, values, strict=True)
    ]
    for order in list(permutations(paths))[::5]:
        scene = FilesSource(optical=tuple(order), radar=radar).make()
        for name, wanted in zip(("blue", "green", "red", "nir"), values, strict=True):
            found = scene.optical.raster.read(bands=[name])[0]
            np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_water_and_vegetation_that_are_too_bright_are_warned_of(make_tif, radar):
    values = reflectance(3, 0.02, 0.04)
    values[2] += 0.5
    path = make_tif("o.tif", values * 1.9, bands=("green", "red", "nir"))
    assert any(
        "Vegetation in o.tif" in said for said in concerns(FilesSource((path,), radar=radar).make())
    )
    values[2] = 0.01
    path = make_tif(
        "w.tif",
        np.stack([values[0] * 20, values[1], values[2] * 25]),
        bands=("green", "red", "nir"),
    )
    assert any(
        "Water in w.tif" in said for said in concerns(FilesSource((path,), radar=radar).make())
    )


def test_a_constant_band_is_warned_of(make_tif, radar):
    values = reflectance()
    values[1] = 0.2
    path = make_tif("o.tif", values, bands=("red", "green", "blue"))
    said = concerns(FilesSource((path,), radar=radar).make())
    assert "Band green of o.tif is 0.2 everywhere in the sample." in said


def test_optical_and_radar_of_different_ground_are_warned_of(make_tif):
    rng = np.random.default_rng(3)
    ground = rng.uniform(0.03, 0.3, (3, 128, 128)).astype(np.float32)
    noise = rng.normal(-12, 2, (2, 128, 128)).astype(np.float32)
    optical = make_tif("o.tif", ground, bands=("red", "green", "blue"))
    apart = make_tif("r.tif", noise, bands=("VV", "VH"))
    assert any(
        "go together in no band" in said
        for said in concerns(FilesSource((optical,), radar=(apart,)).make())
    )
    alike = make_tif("s.tif", noise + 20 * ground[:2], bands=("VV", "VH"))
    assert not any(
        "go together" in said for said in concerns(FilesSource((optical,), radar=(alike,)).make())
    )


def test_inspection_tells_what_the_import_will(make_tif):
    path = make_tif(f"{SCENE}_SR.tif", stored(reflectance(), 2e-5, -0.1), bands=("B2", "B3", "B4"))
    assert inspect(path)["guess"]["what"] == "landsat-level-1"
    assert math.isfinite(inspect(path)["resolution"])


class TestFillAndDateStated:
    def test_stated_fill_is_what_is_no_data_and_nothing_else(self, make_tif, radar):
        numbers = stored(reflectance(), 1e-4, dtype=np.int16)
        numbers[:, :8], numbers[:, 8:16], numbers[:, 16:24] = 0, 12345, -9999
        path = make_tif("S2_rgb.tif", numbers, bands=("B4", "B3", "B2"))
        told = FilesSource(optical=(path,), radar=radar).make()
        lost = np.isnan(read(told)).all(axis=0)
        assert lost[:8].all() and not lost[8:16].any() and lost[16:24].all()
        source = FilesSource(optical=(path,), radar=radar, optical_fill=(12345.0, -9999.0))
        scene = source.make()
        lost = np.isnan(read(scene)).all(axis=0)
        assert not lost[:8].any() and lost[8:24].all() and not lost[24:].any()
        assert np.all(read(scene)[:, :8] == 0)
        found = decided(scene, "optical", "fill")
        assert (found["value"], found["basis"]) == ("12345, -9999", "stated")
        np.testing.assert_array_equal(read(scene)[:, 24:], read(told)[:, 24:])

    def test_stated_fill_counts_before_the_numbers_are_looked_at(self, make_tif, radar):
        numbers = stored(reflectance(), 1e-4)
        numbers[:, : SIDE * 3 // 4] = 60000
        path = make_tif("rgb.tif", numbers, bands=("red", "green", "blue"))
        scene = FilesSource(optical=(path,), radar=radar, optical_fill=(60000.0,)).make()
        assert decided(scene, "optical", "product")["value"] == "reflectance-10000"
        assert np.isnan(read(scene)).all(axis=0).mean() == 0.75

    @pytest.mark.parametrize("linear", [False, True])
    def test_stated_fill_of_radar(self, make_tif, optical, linear):
        numbers = power(decibels()) if linear else decibels()
        numbers[:, :8], numbers[:, 8:16] = 0, -7 if not linear else 7
        path = make_tif("s1.tif", numbers.astype(np.float32), bands=("VV", "VH"))
        told = FilesSource(optical=optical, radar=(path,)).make()
        lost = np.isnan(read(told, "radar")).all(axis=0)
        assert lost[:8].all() and not lost[8:].any()
        fill = (7.0,) if linear else (-7.0,)
        scene = FilesSource(optical=optical, radar=(path,), radar_fill=fill).make()
        lost = np.isnan(read(scene, "radar")).all(axis=0)
        assert not lost[:8].any() and lost[8:16].all() and not lost[16:].any()
        assert np.all(read(scene, "radar")[:, :8] == (0 if linear else 1))
        assert decided(scene, "radar", "fill")["basis"] == "stated"

    def test_a_stated_date_wins_and_picks_among_several(self, make_tif, radar):
        both = np.concatenate([reflectance(), reflectance(low=0.05, seed=5)])
        bands = [f"{day}_{name}" for day in ("20230601", "20230701") for name in ("B4", "B3", "B2")]
        path = make_tif("S2_series.tif", stored(both, 1e-4), bands=bands)
        for day, place in (("2023-06-02", 0), ("2023-06-30", 3)):
            source = FilesSource(
                optical=(path,), radar=radar, optical_date=day, radar_date="2023-08-01"
            )
            scene = source.make()
            assert scene.optical.date == date.fromisoformat(day)
            assert scene.radar.date == date(2023, 8, 1)
            assert decided(scene, "optical", "date")["basis"] == "stated"
            expected = stored(both[place : place + 3], 1e-4) / 1e4
            np.testing.assert_allclose(
                np.sort(read(scene).ravel()), np.sort(expected.ravel()), atol=1e-6
            )

    @pytest.mark.parametrize(
        "stated",
        [{"optical_date": "June"}, {"radar_date": "2023-13-01"}, {"optical_fill": (math.nan,)}],
    )
    def test_what_is_no_date_or_number_is_refused(self, optical, radar, stated):
        with pytest.raises(SettingError, match=r"June|2023-13-01|nan"):
            FilesSource(optical=optical, radar=radar, **stated)


class TestWhatNamesTellOfRadar:
    @pytest.mark.parametrize("unit", ["amplitude", "linear amplitude"])
    def test_a_bands_own_unit_is_believed_before_the_files_name(self, make_tif, optical, unit):
        path = make_tif("s1_db.tif", np.sqrt(power(decibels())), bands=("VV", "VH"))
        with rasterio.open(path, "r+") as file:
            file.units = (unit, unit)
        scene = FilesSource(optical=optical, radar=(path,)).make()
        np.testing.assert_allclose(read(scene, "radar"), power(decibels()), rtol=1e-3)
        found = decided(scene, "radar", "unit")
        assert (found["value"], found["basis"]) == ("amplitude", "tag")

    @pytest.mark.parametrize("inner", ["", "clipped"])
    def test_a_folder_of_hyp3_tells_unit_and_calibration(self, make_tif, optical, inner):
        array = np.sqrt(power(decibels())).astype(np.float32)
        folder = make_tif("o.tif", array).parent / "S1A_IW_20180616T161201_DVP_RTC10_G_sauned_0A1B"
        (folder / inner).mkdir(parents=True)
        paths = tuple(
            make_tif(name, array[place : place + 1]).rename(folder / inner / name)
            for place, name in enumerate(("VV.tif", "clip_VH.tif"))
        )
        scene = FilesSource(optical=optical, radar=paths).make()
        np.testing.assert_allclose(read(scene, "radar"), power(decibels()), rtol=1e-3)
        assert scene.radar.calibration == "sigma0"

    def test_a_folder_of_another_sensor_hides_no_band(self, make_tif, optical):
        path = make_tif("VV.tif", decibels()[:1])
        folder = path.parent / "S2A_MSIL2A_20180616T023549_N0208_R089_T50SQB_20180616T053821"
        folder.mkdir()
        paths = (
            path.rename(folder / "VV.tif"),
            make_tif("VH.tif", decibels()[1:]).rename(folder / "VH.tif"),
        )
        scene = FilesSource(optical=optical, radar=paths).make()
        assert scene.radar.bands == ("VV", "VH")

    @pytest.mark.parametrize(
        ("bands", "day"),
        [
            (("VV_20180616", "VH_20180616"), date(2018, 6, 16)),
            (("Sigma0_VV_S_mst_16Jun2018", "Sigma0_VH_S_mst_16Jun2018"), date(2018, 6, 16)),
            (("VV_20180616", "VH"), date(2018, 6, 16)),
            (("VV_20180601_20180630", "VH_20180601_20180630"), None),
        ],
    )
    def test_one_date_that_descriptions_say_is_the_layers(self, make_tif, optical, bands, day):
        path = make_tif("s1_db.tif", decibels(), bands=bands)
        scene = FilesSource(optical=optical, radar=(path,)).make()
        assert scene.radar.date == day
        assert not any("several dates" in warning for warning in scene.facts["warnings"])

    def test_a_picture_of_several_bands_is_left_out_as_one(self, make_tif, optical):
        name = "S1A_IW_20180616T161201_DVP_RTC10_G_gpuned_0A1B"
        linear = power(decibels()).astype(np.float32)
        paths = (
            make_tif(f"{name}_VV.tif", linear[:1]),
            make_tif(f"{name}_VH.tif", linear[1:]),
            make_tif(f"{name}_rgb.tif", np.full((3, SIDE, SIDE), 50, np.uint8)),
        )
        scene = FilesSource(optical=optical, radar=paths).make()
        left = [e for e in scene.facts["evidence"] if e["what"] == "left out"]
        assert [e["why"] for e in left] == [f"a picture, by name {name}_rgb.tif"] * 3

    def test_a_radar_band_that_nothing_names_is_left_out_for_that(self, make_tif, optical):
        array = np.concatenate([decibels(), decibels()[1:]])
        path = make_tif("S1_db.tif", array, bands=("VV", "VH", "CR"))
        found = decided(FilesSource(optical=optical, radar=(path,)).make(), "radar", "left out")
        assert found["why"] == "radar, but nothing says which band"
