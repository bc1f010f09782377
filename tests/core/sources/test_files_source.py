import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from bandweave.prepare.clouds import coverage
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Window
from bandweave.raster.scene import RATIO_BAND, Resampled, Role, Unit, save_scene
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import inspect

SIDE = 48
MTL_LEVEL_1 = """GROUP = L1_METADATA_FILE
  GROUP = PRODUCT_METADATA
    DATE_ACQUIRED = 2021-03-04
  END_GROUP = PRODUCT_METADATA
  GROUP = IMAGE_ATTRIBUTES
    SUN_ELEVATION = 30.0
  END_GROUP = IMAGE_ATTRIBUTES
  GROUP = RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_4 = 2.0000E-05
    REFLECTANCE_ADD_BAND_4 = -0.100000
  END_GROUP = RADIOMETRIC_RESCALING
END_GROUP = L1_METADATA_FILE
END
"""
MTL_LEVEL_2 = """GROUP = LANDSAT_METADATA_FILE
  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
    REFLECTANCE_MULT_BAND_4 = 2.75e-05
    REFLECTANCE_ADD_BAND_4 = -0.2
  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS
  GROUP = LEVEL1_RADIOMETRIC_RESCALING
    REFLECTANCE_MULT_BAND_4 = 2.0000E-05
    REFLECTANCE_ADD_BAND_4 = -0.100000
  END_GROUP = LEVEL1_RADIOMETRIC_RESCALING
END_GROUP = LANDSAT_METADATA_FILE
"""
S2_XML = """<n1:Level-2A_User_Product><Product_Info>
<PROCESSING_BASELINE>05.09</PROCESSING_BASELINE>
<BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
<BOA_ADD_OFFSET band_id="0">-1000</BOA_ADD_OFFSET>
</Product_Info></n1:Level-2A_User_Product>"""


def numbers(bands=3, low=300, high=3000, dtype=np.uint16, side=SIDE, seed=0):
    """Optical numbers with every pixel different from its neighbours."""
    return np.random.default_rng(seed).integers(low, high, (bands, side, side)).astype(dtype)


def decibels(bands=2, side=SIDE, seed=1):
    rng = np.random.default_rng(seed)
    middle = np.array([-10.0, -17.0])[:bands, None, None]
    return (middle + rng.normal(0, 3, (bands, side, side))).astype(np.float32)


def noise_subtracted():
    """Power of which one pixel fell below 0."""
    power = 10 ** (decibels() / 10)
    power[1, 4, 4] = -0.002
    return power


@pytest.fixture
def radar(make_tif) -> Path:
    return make_tif("s1.tif", decibels(), bands=("VV", "VH"))


@pytest.fixture
def optical(make_tif) -> Path:
    return make_tif("optical.tif", numbers(), bands=("red", "green", "blue"))


def decided(scene, layer, what):
    """Return what was decided of a layer, the decisions."""
    return [
        each for each in scene.facts["evidence"] if (each["layer"], each["what"]) == (layer, what)
    ]


def told(scene, layer, what):
    """Return the value and basis of the one decision."""
    (found,) = decided(scene, layer, what)
    return found["value"], found["basis"]


def read(scene, layer="optical", **kwargs):
    return scene.layer(layer).raster.read(**kwargs)


class TestScene:
    def test_two_files_become_a_scene_in_reflectance_and_power(self, optical, radar, tmp_path):
        made = FilesSource(optical=(optical,), radar=(radar,), name="Delta").make()
        scene = save_scene(made, tmp_path / "scene")
        assert scene.name == "Delta"
        assert [layer.name for layer in scene.layers] == ["optical", "radar"]
        assert (scene.optical.bands, scene.radar.bands) == (("red", "green", "blue"), ("VV", "VH"))
        assert (scene.optical.unit, scene.radar.unit) == (Unit.REFLECTANCE, Unit.POWER)
        # equal grids: numbers are scaled, never resampled
        np.testing.assert_allclose(read(scene), numbers() / 10000, rtol=1e-6)
        np.testing.assert_allclose(read(scene, "radar"), 10 ** (decibels() / 10), rtol=1e-5)
        assert scene.optical.resampled is scene.radar.resampled is Resampled.NONE
        assert scene.optical.native_resolution == 10
        assert scene.facts["files"] == {"optical": ["optical.tif"], "radar": ["s1.tif"]}
        json.dumps(scene.as_json(), allow_nan=False)
        assert coverage(scene) == (1.0, None)

    def test_a_coarser_optical_and_an_offset_radar_come_to_one_grid(self, make_tif):
        optical = make_tif("o.tif", numbers(side=16), pixel=30.0)
        radar = make_tif("r.tif", decibels(), origin=(600_004.0, 1_199_996.0))
        scene = FilesSource(optical=(optical,), radar=(radar,), resolution=10.0).make()
        assert scene.grid.pixel_size == (10.0, 10.0)
        assert scene.optical.resampled is Resampled.BILINEAR
        assert (scene.optical.native_resolution, scene.optical.native_factor) == (30, 3)
        assert scene.radar.resampled is Resampled.NONE
        coarse = FilesSource(optical=(optical,), radar=(radar,), resolution=30.0).make()
        assert coarse.optical.resampled is Resampled.NONE
        assert coarse.radar.resampled is Resampled.AVERAGE
        assert coarse.radar.native_resolution == 30

    def test_radar_is_averaged_in_power_not_in_decibels(self, make_tif):
        blocks = np.tile(np.float32([[0, -20], [-20, -20]]), (12, 12))
        radar = make_tif("r.tif", np.stack([blocks, blocks - 7]))
        optical = make_tif("o.tif", numbers(side=12), pixel=20.0)
        scene = FilesSource(optical=(optical,), radar=(radar,), resolution=20.0).make()
        np.testing.assert_allclose(read(scene, "radar")[0], (1 + 3 * 0.01) / 4, rtol=1e-6)

    def test_bounds_crop(self, optical, radar):
        box = (600_100.0, 1_199_700.0, 600_300.0, 1_199_900.0)
        scene = FilesSource(optical=(optical,), radar=(radar,), bounds=box).make()
        assert scene.grid.bounds == box
        np.testing.assert_allclose(read(scene), numbers()[:, 10:30, 10:30] / 10000, rtol=1e-6)

    @pytest.mark.parametrize("crs", ["EPSG:32649", "EPSG:4326"])
    def test_every_layer_is_the_same_by_window_and_whole(self, make_tif, crs):
        origin, pixel = {
            "EPSG:32649": ((-56_600.0, 1_205_100.0), 30.0),
            "EPSG:4326": ((105.9135, 10.8565), (8e-5, 1e-4)),
        }[crs]
        where = {"crs": crs, "origin": origin, "pixel": pixel}
        side = 40 if pixel == 30.0 else 90
        holes = numbers(side=side)
        holes[:, 10:13, 20:22] = 0
        qa = np.random.default_rng(5).choice([21824, 22280, 23888, 1], (side, side))
        scene = FilesSource(
            optical=(make_tif("o.tif", holes, **where),),
            qa=(make_tif("qa.tif", qa.astype(np.uint16), **where),),
            radar=(make_tif("r.tif", decibels(side=60)),),
            earlier_optical=(make_tif("e.tif", numbers(side=side, seed=4), **where),),
            earlier_radar=(make_tif("f.tif", decibels(seed=9), pixel=20.0),),
        ).make()
        names = ["optical", "radar", "cloud", "optical-earlier", "radar-earlier"]
        assert [layer.name for layer in scene.layers] == names
        assert [layer.earlier for layer in scene.layers] == [False] * 3 + [True] * 2
        assert scene.layer("cloud").resampled is Resampled.NEAREST
        height, width = scene.grid.shape
        rng = np.random.default_rng(6)
        for name in names:
            whole = read(scene, name)
            assert np.isfinite(whole).any(), name
            for _ in range(4):
                row, col = int(rng.integers(height)), int(rng.integers(width))
                window = Window(row, col, min(17, height - row), min(23, width - col))
                rows, cols = window.slices
                np.testing.assert_array_equal(
                    read(scene, name, window=window), whole[:, rows, cols]
                )

    def test_far_apart_dates_are_warned_of(self, make_tif):
        optical = make_tif("LC08_L2SP_125053_20210304_20210312_02_T1_SR.tif", numbers())
        radar = make_tif("S1A_IW_GRDH_1SDV_20210712T225512_vv_vh.tif", decibels())
        scene = FilesSource(optical=(optical,), radar=(radar,)).make()
        assert scene.optical.date == date(2021, 3, 4)
        assert scene.radar.date == date(2021, 7, 12)
        assert "Optical and radar were taken 130 days apart." in scene.facts["warnings"]

    def test_a_file_is_what_its_bytes_say(self, make_tif, radar):
        misnamed = make_tif("optical.jp2", numbers(), bands=("red", "green", "blue"))
        scene = FilesSource(optical=(misnamed,), radar=(radar,)).make()
        np.testing.assert_allclose(read(scene), numbers() / 10000, rtol=1e-6)


class TestBands:
    def test_one_file_a_band_is_named_by_the_file_names(self, make_tif, radar):
        cube = numbers(4)
        names = ("LC08_x_SR_B2.tif", "LC08_x_SR_B3.tif", "LC08_x_SR_B4.tif", "LC08_x_SR_B5.tif")
        paths = tuple(make_tif(name, cube[n]) for n, name in enumerate(names))
        source = FilesSource(optical=paths, optical_scale=0.0001, radar=(radar,))
        scene = source.make()
        assert scene.optical.bands == ("blue", "green", "red", "nir")
        np.testing.assert_allclose(read(scene), cube / 10000, rtol=1e-6)
        assert told(scene, "optical", "bands")[1] == "name"

    @pytest.mark.parametrize(
        ("bands", "names"),
        [
            (("B02", "B03", "B8A", "B11"), ("blue", "green", "nir08", "swir1")),
            (("Red", "Near Infrared NIR", "mystery"), ("red", "nir", "B3")),
            (("sur_red", "sur_red", "x"), ("B1", "B2", "B3")),
            ((), ("red", "green", "blue")),
        ],
    )
    def test_names_follow_descriptions_then_numbers_then_order(self, make_tif, radar, bands, names):
        optical = make_tif("o.tif", numbers(len(names)), bands=bands)
        scene = FilesSource(optical=(optical,), radar=(radar,)).make()
        assert scene.optical.bands == names
        if not bands:
            assert "usual order" in decided(scene, "optical", "bands")[0]["why"]
            assert not decided(scene, "optical", "bands")[0]["sure"]

    def test_stated_bands_are_counted_through_the_files_and_keep_their_order(self, make_tif, radar):
        first, second = numbers(2, seed=2), numbers(2, seed=3)
        paths = (make_tif("a.tif", first), make_tif("b.tif", second))
        stated = {"red": 4, "green": 1}
        scene = FilesSource(optical=paths, optical_bands=stated, radar=(radar,)).make()
        assert scene.optical.bands == ("red", "green")
        np.testing.assert_allclose(read(scene), np.stack([second[1], first[0]]) / 10000, rtol=1e-6)
        assert not decided(scene, "optical", "bands")

    def test_radar_of_two_files_and_swapped_bands(self, make_tif, optical):
        vv, vh = decibels()
        paths = (make_tif("s1-vh-x.tif", vh), make_tif("s1-vv-x.tif", vv))
        scene = FilesSource(optical=(optical,), radar=paths).make()
        np.testing.assert_allclose(read(scene, "radar"), 10 ** (decibels() / 10), rtol=1e-5)
        swapped = make_tif("swapped.tif", np.stack([vh, vv]))
        scene = FilesSource(optical=(optical,), radar=(swapped,)).make()
        np.testing.assert_allclose(read(scene, "radar"), 10 ** (decibels() / 10), rtol=1e-5)
        (bands,) = decided(scene, "radar", "bands")
        assert "the order as VH, VV" in bands["why"] and not bands["sure"]
        named = make_tif("named.tif", np.stack([vh, vv]), bands=("VV", "VH"))
        scene = FilesSource(optical=(optical,), radar=(named,)).make()
        assert any("may be swapped" in warning for warning in scene.facts["warnings"])

    @pytest.mark.parametrize("unit", ["", "db"])
    def test_a_ratio_alone_is_a_linear_quotient(self, make_tif, optical, unit):
        difference = decibels()[0] - decibels()[1]
        path = make_tif("s1_ratio.tif", difference)
        scene = FilesSource(optical=(optical,), radar=(path,), radar_unit=unit).make()
        assert (scene.radar.bands, scene.radar.unit) == ((RATIO_BAND,), Unit.RATIO)
        np.testing.assert_allclose(read(scene, "radar")[0], 10 ** (difference / 10), rtol=1e-5)
        positive = make_tif("s1_VV_VH_ratio.tif", np.clip(difference, 0.5, None))
        read_as = FilesSource(optical=(optical,), radar=(positive,), radar_unit=unit).make()
        assert told(read_as, "radar", "unit") == ("db", "stated" if unit else "numbers")
        linear = make_tif("linear.tif", 10 ** (difference / 10))
        stated = FilesSource(optical=(optical,), radar=(linear,), radar_bands={"VV/VH": 1}).make()
        assert told(stated, "radar", "unit") == ("power", "numbers")
        np.testing.assert_allclose(read(stated, "radar"), read(scene, "radar"), rtol=1e-5)


class TestReflectance:
    @pytest.mark.parametrize(
        ("array", "kwargs", "product", "scale", "offset"),
        [
            (numbers(), {}, "reflectance-10000", 1e-4, 0),
            (numbers(dtype=np.int16), {}, "reflectance-10000", 1e-4, 0),
            (numbers(low=7300, high=14000), {}, "landsat-c2l2", 2.75e-5, -0.2),
            (numbers() / np.float32(10000), {}, "reflectance", 1, 0),
            (numbers().astype(np.float32), {}, "reflectance-10000", 1e-4, 0),
            (numbers(13), {}, "sentinel-2", 1e-4, 0),
            (numbers(13, low=1005), {}, "sentinel-2", 1e-4, -0.1),
            (numbers(low=10, high=250, dtype=np.uint8), {}, "8-bit", 1 / 255, 0),
            (numbers(), {"scale": 2.75e-5, "offset": -0.01}, "reflectance", 2.75e-5, -0.01),
        ],
    )
    def test_products_are_told_from_numbers(
        self, make_tif, radar, array, kwargs, product, scale, offset
    ):
        path = make_tif("o.tif", array, **kwargs)
        scene = FilesSource(optical=(path,), radar=(radar,)).make()
        basis = "tag" if kwargs else "numbers"
        assert told(scene, "optical", "product") == (product, basis)
        np.testing.assert_allclose(
            read(scene), array.astype(np.float64) * scale + offset, rtol=1e-5, atol=1e-7
        )

    def test_a_stated_scale_or_product_is_used_and_not_guessed(self, make_tif, optical, radar):
        source = FilesSource(
            optical=(optical,), optical_scale=0.0002, optical_offset=0.05, radar=(radar,)
        )
        np.testing.assert_allclose(read(source.make()), numbers() * 0.0002 + 0.05, rtol=1e-5)
        landsat = make_tif("l.tif", numbers(low=7300, high=14000))
        stated = FilesSource(optical=(landsat,), optical_product="landsat-c2l2", radar=(radar,))
        assert told(stated.make(), "optical", "product") == ("landsat-c2l2", "stated")

    def test_sentinel2_offset_comes_from_the_products_own_metadata(self, make_tif, radar, tmp_path):
        inner = "S2A_MSIL2A_X.SAFE/GRANULE/L2A_X/IMG_DATA/R10m/T48PXS_20220301T031541_B04_10m.tif"
        path = make_tif(inner, numbers(1, low=1100))
        (tmp_path / "S2A_MSIL2A_X.SAFE" / "MTD_MSIL2A.xml").write_text(S2_XML)
        scene = FilesSource(optical=(path,), radar=(radar,)).make()
        assert scene.optical.bands == ("red",)
        assert scene.optical.date == date(2022, 3, 1)
        (product,) = decided(scene, "optical", "product")
        assert "MTD_MSIL2A.xml: offset -1000" in product["why"] and product["basis"] == "metadata"
        np.testing.assert_allclose(read(scene), (numbers(1, low=1100) - 1000.0) / 10000, atol=1e-7)
        assert not any("optical" in warning for warning in scene.facts["warnings"])

    @pytest.mark.parametrize(
        ("baseline", "low", "offset", "warning"),
        [
            ("N0400", 1100, -1000, None),
            ("N0213", 300, 0, None),
            ("N0213", 1100, 0, "may be of processing baseline 04.00"),
            ("N0510", 300, 0, "its pixels say that there is none"),
        ],
    )
    @pytest.mark.parametrize("product", ["", "sentinel-2"])
    def test_baseline_in_the_name_and_dark_pixels_are_held_together(
        self, make_tif, radar, baseline, low, offset, warning, product
    ):
        path = make_tif(f"S2B_MSIL2A_20220301T031541_{baseline}_R118.tif", numbers(low=low))
        scene = FilesSource(optical=(path,), optical_product=product, radar=(radar,)).make()
        np.testing.assert_allclose(
            read(scene), (numbers(low=low) + float(offset)) / 10000, atol=1e-7
        )
        found = [text for text in scene.facts["warnings"] if "S2B_MSIL2A" in text]
        assert not found if warning is None else warning in found[0]

    def test_landsat_metadata_tell_scale_sun_and_date(self, make_tif, radar, tmp_path):
        path = make_tif("l8_B4.tif", numbers(1, low=6000, high=20000))
        (tmp_path / "l8_MTL.txt").write_text(MTL_LEVEL_1)
        (tmp_path / "MTL.txt").write_text(MTL_LEVEL_1.replace("2021-03-04", "1999-01-01"))
        scene = FilesSource(optical=(path,), radar=(radar,)).make()
        # the sun stands 30 degrees high, whose sine is one half
        expected = (numbers(1, low=6000, high=20000) * 2e-5 - 0.1) / 0.5
        np.testing.assert_allclose(read(scene), expected, rtol=1e-5)
        assert scene.optical.date == date(2021, 3, 4)

    def test_landsat_level_2_scale_is_not_confused_with_level_1(self, make_tif, radar, tmp_path):
        path = make_tif("LC09_1_SR_B4.tif", numbers(1, low=7300, high=12000))
        (tmp_path / "LC09_1_MTL.txt").write_text(MTL_LEVEL_2)
        (tmp_path / "LC08_1_MTL.txt").write_text(MTL_LEVEL_1)
        scene = FilesSource(optical=(path,), radar=(radar,)).make()
        expected = numbers(1, low=7300, high=12000) * 2.75e-5 - 0.2
        np.testing.assert_allclose(read(scene), expected, rtol=1e-5, atol=1e-7)
        other = FilesSource(
            optical=(path,), optical_scale=2e-5, optical_offset=-0.1, radar=(radar,)
        ).make()
        np.testing.assert_allclose(
            read(other), numbers(1, low=7300, high=12000) * 2e-5 - 0.1, rtol=1e-5
        )


class TestNoData:
    def test_fills_of_every_kind_become_nan_and_negatives_survive(self, make_tif, radar):
        cube = numbers(2, dtype=np.int16)
        cube[0, 0, :4] = [0, -9999, -250, -3]
        cube[1, 3:6, :] = -1  # 65535 written as a signed number
        scene = FilesSource(optical=(make_tif("o.tif", cube),), radar=(radar,)).make()
        found = read(scene)
        np.testing.assert_allclose(found[0, 0, :4], [np.nan, np.nan, -0.025, -0.0003], atol=1e-7)
        assert np.isnan(found[1, 3:6]).all()
        assert np.isnan(found).sum() == 2 + 3 * SIDE

    @pytest.mark.parametrize("fill", [0, np.nan])
    def test_data_that_no_sample_meets_are_found(self, make_tif, fill):
        cube = np.full((2, 600, 600), fill, np.float32)
        cube[:, 150:220, 150:220] = numbers(2, side=70) / 10000
        radar = make_tif("r.tif", decibels(side=600))
        scene = FilesSource(optical=(make_tif("o.tif", cube),), radar=(radar,)).make()
        assert coverage(scene).valid_fraction == pytest.approx(70 * 70 / 600**2)

    def test_a_rare_minus_one_is_a_dark_surface(self, make_tif, radar):
        cube = numbers(2, dtype=np.int16)
        cube[0, 0, :9] = -1
        scene = FilesSource(optical=(make_tif("o.tif", cube),), radar=(radar,)).make()
        np.testing.assert_allclose(read(scene)[0, 0, :9], -0.0001, atol=1e-8)

    def test_minus_one_among_other_dark_numbers_is_data(self, make_tif, radar):
        cube = numbers(2, dtype=np.int16)
        cube[:, :9] = np.random.default_rng(4).integers(-3, 3, (2, 9, SIDE)) * 2 + 1
        scene = FilesSource(optical=(make_tif("o.tif", cube),), radar=(radar,)).make()
        assert np.isfinite(read(scene)).all()

    def test_a_tag_beside_a_zero_fill(self, make_tif, radar):
        cube = numbers(2, dtype=np.int16)
        cube[:, 0, 0] = 0  # fill, though the tag names another
        cube[0, 0, 1] = 0  # dark in one band
        cube[0, 0, 2] = -32768
        path = make_tif("o.tif", cube, nodata=-32768)
        found = read(FilesSource(optical=(path,), radar=(radar,)).make())
        np.testing.assert_array_equal(np.isnan(found[0, 0, :3]), [True, False, True])
        assert found[0, 0, 1] == 0

    def test_zero_in_all_bands_of_a_float_file_is_fill(self, make_tif, radar):
        cube = numbers(2) / np.float32(10000)
        cube[:, :5] = 0
        cube[0, 7, 7] = 0
        found = read(FilesSource(optical=(make_tif("o.tif", cube),), radar=(radar,)).make())
        assert np.isnan(found[:, :5]).all()
        assert np.isfinite(found[:, 5:]).all()

    def test_own_scale_with_an_untagged_fill(self, make_tif, radar):
        cube = numbers(2)
        cube[0, 0, 0] = 0
        path = make_tif("o.tif", cube, scale=2.75e-5, offset=-0.01)
        found = read(FilesSource(optical=(path,), radar=(radar,)).make())
        assert np.isnan(found[0, 0, 0]) and np.isnan(found).sum() == 1

    def test_zero_decibels_are_data_and_radar_gaps_are_not(self, make_tif, optical):
        cube = decibels()
        cube[:, 0, 0] = 0
        cube[0, 0, 1:4] = [np.nan, -9999, -np.inf]
        scene = FilesSource(optical=(optical,), radar=(make_tif("r.tif", cube),)).make()
        found = read(scene, "radar")
        np.testing.assert_array_equal(found[:, 0, 0], [1, 1])
        assert np.isnan(found[0, 0, 1:4]).all() and np.isnan(found).sum() == 3

    def test_zero_power_in_both_bands_is_outside_the_swath(self, make_tif, optical):
        cube = 10 ** (decibels() / 10)
        cube[:, :6] = 0
        scene = FilesSource(optical=(optical,), radar=(make_tif("r.tif", cube),)).make()
        assert np.isnan(read(scene, "radar")[:, :6]).all()
        assert coverage(scene).valid_fraction == pytest.approx(1 - 6 / SIDE)


class TestRadarUnits:
    @pytest.mark.parametrize(
        ("array", "unit", "power"),
        [
            (decibels(), "db", 10 ** (decibels() / 10)),
            (10 ** (decibels() / 10), "power", 10 ** (decibels() / 10)),
            (noise_subtracted(), "power", noise_subtracted()),
            (np.round(decibels() * 1e4).astype(np.int32), "db", 10 ** (decibels() / 10)),
            (np.round(decibels() * 100).astype(np.int16), "db", 10 ** (decibels() / 10)),
            (numbers(2, 50, 400), "amplitude", numbers(2, 50, 400).astype(float) ** 2),
        ],
    )
    @pytest.mark.parametrize("stated", [False, True])
    def test_units_are_told_from_numbers_or_stated(
        self, make_tif, optical, array, unit, power, stated
    ):
        path = make_tif("r.tif", array)
        scene = FilesSource(
            optical=(optical,), radar=(path,), radar_unit=unit if stated else ""
        ).make()
        assert told(scene, "radar", "unit") == (unit, "stated" if stated else "numbers")
        expected = np.where(power >= 0, power, np.nan)
        np.testing.assert_allclose(read(scene, "radar"), expected, rtol=2e-3)

    def test_calibration_is_read_from_names(self, make_tif, optical):
        path = make_tif("r.tif", decibels(), bands=("Gamma0_VV_db", "Gamma0_VH_db"))
        scene = FilesSource(optical=(optical,), radar=(path,)).make()
        assert scene.radar.calibration == "gamma0"
        assert scene.radar.bands == ("VV", "VH")


class TestNativeResolution:
    def test_repeated_pixels_betray_their_native_size(self, make_tif, radar):
        cube = np.kron(numbers(2, side=18), np.ones((1, 3, 3), np.uint16))[:, 2:50, 1:49]
        scene = FilesSource(optical=(make_tif("o.tif", cube),), radar=(radar,)).make()
        assert scene.optical.native_resolution == 30
        assert scene.optical.resampled is Resampled.NEAREST
        (native,) = decided(scene, "optical", "native resolution")
        assert "blocks of 3 x 3" in native["why"]

    @pytest.mark.parametrize(
        ("stated", "native", "resampled"),
        [(30.0, 30.0, Resampled.CUBIC), (10.0, 10.0, Resampled.NONE), (5.0, 10.0, Resampled.NONE)],
    )
    def test_a_stated_native_size_of_smooth_pixels(self, optical, radar, stated, native, resampled):
        source = FilesSource(optical=(optical,), optical_native=stated, radar=(radar,))
        layer = source.make().optical
        assert (layer.native_resolution, layer.resampled) == (native, resampled)


class TestClouds:
    def test_quality_becomes_flags_on_the_scenes_grid(self, make_tif, optical, radar):
        qa = np.full((16, 16), 21824, np.uint16)
        qa[2, 3], qa[4, 5] = 22280, 1
        path = make_tif("qa.tif", qa, pixel=30.0)
        scene = FilesSource(optical=(optical,), radar=(radar,), qa=(path,)).make()
        flags = read(scene, "cloud")[0]
        expected = np.zeros((16, 16), np.float32)
        expected[2, 3], expected[4, 5] = 1, np.nan
        np.testing.assert_array_equal(flags, np.kron(expected, np.ones((3, 3))))
        assert scene.mask("cloud").role is Role.MASK
        assert told(scene, "quality band", "kind") == ("landsat-c2", "numbers")

    def test_a_kind_that_does_not_fit_is_warned_of(self, make_tif, optical, radar):
        qa = np.random.default_rng(0).choice([322, 480], (SIDE, SIDE)).astype(np.uint16)
        source = FilesSource(
            optical=(optical,), radar=(radar,), qa=(make_tif("qa.tif", qa),), qa_kind="landsat-c2"
        )
        assert any("looks like landsat-c1" in text for text in source.make().facts["warnings"])

    def test_a_quality_band_inside_the_optical_stack(self, make_tif, radar):
        scl = np.full((1, SIDE, SIDE), 4, np.uint16)
        scl[0, :12] = 9
        path = make_tif("s.tif", np.concatenate([numbers(), scl]), bands=("B4", "B3", "B2", "SCL"))
        optical = {"red": 1, "green": 2, "blue": 3}
        for stated in ({}, {"qa_band": "SCL"}, {"qa_band": "4", "qa_kind": "scl"}):
            source = FilesSource((path,), optical, radar=(radar,), qa=(path,), **stated)
            assert coverage(source.make()).cloud_fraction == 0.25
        source = FilesSource(
            (path,), optical, radar=(radar,), qa=(path,), qa_band="SCL", qa_probability=3.0,
            qa_kind="cloud-probability",
        )  # fmt: skip
        assert coverage(source.make()).cloud_fraction == 1
        source = FilesSource(
            (path,), optical, radar=(radar,), qa=(path,), qa_band="1", qa_kind="mask"
        )
        assert coverage(source.make()).cloud_fraction == 1

    def test_a_mask_whose_clear_is_tagged_as_no_data(self, make_tif, optical, radar):
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[:12] = 1
        path = make_tif("mask.tif", mask, nodata=0)
        scene = FilesSource(optical=(optical,), radar=(radar,), qa=(path,)).make()
        np.testing.assert_array_equal(read(scene, "cloud")[0], mask)
        assert coverage(scene).cloud_fraction == 0.25

    def test_a_quality_band_of_half_the_scene_is_warned_of(self, make_tif, optical, radar):
        path = make_tif("qa.tif", np.full((SIDE, SIDE // 2), 21824, np.uint16))
        scene = FilesSource(optical=(optical,), radar=(radar,), qa=(path,)).make()
        assert any("covers 50% of the scene" in text for text in scene.facts["warnings"])
        assert np.isnan(read(scene, "cloud")[0, :, SIDE // 2 :]).all()


class TestInspection:
    def test_a_file_is_described_with_its_role(self, make_tif, optical, radar):
        facts = inspect(radar)
        assert facts["guess"]["role"] == "radar" and facts["guess"]["what"] == "db"
        assert (facts["height"], facts["width"], facts["resolution"]) == (SIDE, SIDE, 10)
        assert facts["numbers"]["VV"]["p50"] == pytest.approx(-10, abs=0.5)
        assert inspect(optical)["guess"]["what"] == "reflectance-10000"
        qa = make_tif("qa.tif", np.full((SIDE, SIDE), 322, np.uint16), nodata=0)
        assert inspect(qa)["guess"] | {"why": ""} == {
            "role": "quality",
            "bands": ["quality"],
            "what": "landsat-c1",
            "why": "",
        }
        two = inspect(make_tif("two.tif", numbers(2)))
        assert two["guess"]["role"] == "optical"
        empty = inspect(make_tif("empty.tif", np.full((2, 20, 20), np.nan, np.float32)))
        assert empty["guess"]["what"] == "" and empty["numbers"]["B1"]["no_data"] == 1
        json.dumps([facts, two, empty], allow_nan=False)


class TestRealImagery:
    @pytest.fixture
    def real(self, test_data):
        def make(folder, *, optical, radar, **kwargs):
            at = test_data / folder
            return FilesSource(
                optical=tuple(at / name for name in optical),
                radar=tuple(at / name for name in radar),
                **{k: (at / v,) if k == "qa" else v for k, v in kwargs.items()},
            ).make()

        return make

    def test_flanders(self, real, test_data):
        folder = test_data / "flanders"
        scene = real(
            "flanders",
            optical=["landsat8_sr_20180701.tif"],
            radar=["sentinel1_db_20180702.tif"],
            qa="landsat8_pixel_qa_20180701.tif",
            earlier_optical=(folder / "landsat8_sr_20170831.tif",),
            earlier_radar=(folder / "sentinel1_db_20170831.tif",),
        )
        assert (scene.grid.shape, scene.grid.crs.to_epsg()) == ((64, 64), 32631)
        optical = scene.optical
        assert optical.bands == ("red", "green", "blue", "nir")
        assert (optical.native_resolution, optical.resampled) == (30, Resampled.NEAREST)
        assert (scene.radar.native_resolution, scene.radar.resampled) == (20, Resampled.BILINEAR)
        assert (optical.date, scene.radar.date) == (date(2018, 7, 1), date(2018, 7, 2))
        assert coverage(scene) == (1.0, 0.0)
        stored = StoredRaster(folder / "landsat8_sr_20180701.tif").read()
        np.testing.assert_allclose(read(scene), stored / 10000, rtol=1e-6)
        assert read(scene, "optical-earlier").min() == pytest.approx(-0.1588)

    def test_flanders_under_clouds(self, real):
        scene = real(
            "flanders",
            optical=["landsat8_sr_20170831.tif"],
            radar=["sentinel1_db_20170831.tif"],
            qa="landsat8_pixel_qa_20170831.tif",
            qa_kind="landsat-c1",
        )
        assert coverage(scene).cloud_fraction == pytest.approx(0.3357, abs=1e-4)

    def test_spain(self, real):
        scene = real(
            "spain-flood",
            optical=["Spain_7370579_S2Hand.tif"],
            radar=["Spain_7370579_S1Hand.tif"],
            optical_bands={"red": 4, "green": 3, "blue": 2},
        )
        assert (scene.grid.shape, scene.grid.crs.to_epsg()) == ((519, 415), 32630)
        assert coverage(scene).valid_fraction == pytest.approx(0.956, abs=1e-3)
        assert told(scene, "radar", "unit")[0] == "db"
        medians = np.nanmedian(read(scene), axis=(1, 2))
        np.testing.assert_allclose(medians, [0.1187, 0.1232, 0.1222], atol=2e-3)

    def test_sen12(self, real, test_data):
        scene = real(
            "sen12mscr-p839",
            optical=["s2_cloudfree.tif"],
            radar=["s1.tif"],
            optical_bands={"red": 4, "green": 3, "blue": 2},
            radar_bands={"VV": 1, "VH": 2},
        )
        stored = StoredRaster(test_data / "sen12mscr-p839" / "s1.tif").read()
        found = read(scene, "radar")
        assert np.sum(stored[0] == 0) == np.sum(found[0] == 1) == 58
        assert coverage(scene).valid_fraction == 1
        assert scene.optical.resampled is scene.radar.resampled is Resampled.NONE

    def test_florida_is_read_by_its_metadata(self, test_data):
        facts = inspect(test_data / "landsat8-florida" / "l8_B4.tif")
        assert facts["guess"]["what"] == "landsat-level-1"
        assert facts["date"] == "2015-08-04"
