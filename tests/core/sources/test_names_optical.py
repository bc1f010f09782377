"""Optical files and quality bands by the names, tags and flags that more of the field writes."""

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from bandweave.errors import SceneError
from bandweave.prepare.qa_kinds import cloud_flags
from bandweave.sources.bands import codings, pick_optical
from bandweave.sources.measured import open_one
from bandweave.sources.mosaic import pictures

SIDE = 64


def image(bands, seed=0, dtype=np.uint16):
    """Reflectance x 10000 with every pixel different from its neighbours."""
    return np.random.default_rng(seed).integers(300, 3000, (bands, SIDE, SIDE)).astype(dtype)


@pytest.fixture
def pick(make_tif):
    """Return what is picked of a stack, or of a file of one band a name."""

    def picked(*names, bands=(), pixel=30.0, count=1, **keywords):
        cube = image(len(bands) or count)
        paths = [make_tif(name, cube, bands=bands, pixel=pixel, **keywords) for name in names]
        return pick_optical(pictures([open_one(path) for path in paths]), None)

    return picked


def named(picked):
    return [pick.name for pick in picked.picks]


def tagged(path, tags, domain=None):
    """Return a file whose bands have got tags."""
    with rasterio.open(path, "r+") as file:
        for number, each in enumerate(tags, start=1):
            file.update_tags(number, ns=domain, **each)
    return path


class TestWavelengths:
    @pytest.mark.parametrize(
        "name", ["field.tif", "S2A_MSIL2A_20180616T023549_stack.tif", "S2A_B4.tif"]
    )
    @pytest.mark.parametrize("gdal", [False, True])
    def test_of_undescribed_bands_name_them(self, make_tif, name, gdal):
        lengths = (832.8, 664.6, 559.8, 492.4)
        own = [{"wavelength": f"{each}", "wavelength_units": "Nanometers"} for each in lengths]
        imagery = [{"CENTRAL_WAVELENGTH_UM": f"{each / 1000}"} for each in lengths]
        path = make_tif(name, image(4))
        tagged(path, imagery, "IMAGERY") if gdal else tagged(path, own)
        picked = pick_optical(pictures([open_one(path)]), None)
        assert named(picked) == ["nir", "red", "green", "blue"] and picked.sure
        assert {pick.label.number for pick in picked.picks} == {""}
        assert picked.why == "wavelength 832.8 nm"

    def test_tell_bands_apart_that_are_called_alike(self, pick):
        bands = ("Coastal blue 444", "Blue 475", "Green 531", "Green 560", "NIR-842")
        picked = pick("ortho.tif", bands=bands)
        assert named(picked) == ["coastal", "blue", "green_531", "green_560", "nir"]
        assert not picked.sure and "green is there twice" in picked.why

    def test_bands_called_alike_keep_their_numbers(self, pick):
        picked = pick("a.tif", bands=("B2 blue", "B8 nir", "B9 nir"))
        assert named(picked) == ["blue", "B8", "B9"]

    def test_what_only_repeats_itself_is_counted(self, pick):
        assert named(pick("a.tif", bands=("B4 red", "B4 red ", "nir"))) == ["B1", "B2", "nir"]


TM = ["blue", "green", "red", "nir", "swir1", "swir2"]


class TestNumbers:
    @pytest.mark.parametrize(
        ("name", "numbers", "names", "sure"),
        [
            ("a.tif", (1, 2, 3, 4, 5, 7), TM, True),
            ("median_2015.tif", (1, 2, 3, 4, 5, 7), TM, True),
            ("landsat_2006.tif", (3, 2, 1), ["red", "green", "blue"], True),
            ("a.tif", (3, 2, 1), ["red", "green", "blue"], False),
            ("a.tif", (1, 2, 3, 4), ["blue", "green", "red", "nir"], False),
            ("a.tif", (4, 3, 2), ["red", "green", "blue"], False),
            ("a.tif", (2, 3, 4, 5, 6, 7), TM, True),
            ("a_2019.tif", (4, 3, 2), ["red", "green", "blue"], True),
            ("a_2019.tif", (3, 2, 1), ["red", "green", "blue"], False),
            ("LC08_2019.tif", (3, 2, 1), ["green", "blue", "coastal"], True),
        ],
    )
    def test_of_landsat_s_surface_reflectance(self, pick, name, numbers, names, sure):
        picked = pick(name, bands=[f"SR_B{number}" for number in numbers], pixel=10.0)
        assert (named(picked), picked.sure) == (names, sure)

    @pytest.mark.parametrize(
        ("other", "names"),
        [("ST_B6", ["red", "green"]), ("SR_QA_AEROSOL", ["green", "blue"])],
    )
    def test_the_other_bands_tell_which_landsat_it_is(self, pick, other, names):
        picked = pick("a.tif", bands=("SR_B3", "SR_B2", other))
        assert named(picked) == names and picked.sure

    @pytest.mark.parametrize("pixel", [10.0, 30.0])
    def test_without_a_word_for_the_sensor_are_unsure(self, pick, pixel):
        picked = pick("clip.tif", bands=("B4", "B3", "B2"), pixel=pixel)
        assert named(picked) == ["red", "green", "blue"]
        assert not picked.sure and picked.basis == "numbers"

    def test_of_modis_are_its_own(self, pick):
        bands = [f"sur_refl_b0{number}" for number in range(1, 8)]
        picked = pick("a.tif", bands=[*bands, "state_1km", "DayOfYear"])
        assert named(picked) == ["red", "nir", "blue", "green", "B5", "swir1", "swir2"]
        assert picked.sure and len(picked.left_out) == 2


BLUE, GREEN, RED, ALPHA, UNDEFINED = (
    ColorInterp.blue, ColorInterp.green, ColorInterp.red, ColorInterp.alpha, ColorInterp.undefined
)  # fmt: skip


class TestColourInterpretation:
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_a_continuous_band_is_no_opacity(self, make_tif, dtype):
        cube = (image(4) // 12).astype(dtype)
        path = make_tif("rgbn.tif", cube, colours=[RED, GREEN, BLUE, ALPHA])
        picked = pick_optical(pictures([open_one(path)]), None)
        assert named(picked) == ["red", "green", "blue", "nir"] and not picked.sure

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NodataShadowWarning")
    def test_of_planet_s_four_bands_the_last_is_infrared(self, make_tif):
        name = "20180616_023549_1038_3B_AnalyticMS_SR.tif"
        path = make_tif(name, image(4), nodata=0, colours=[BLUE, GREEN, RED, ALPHA])
        assert named(pick_optical(pictures([open_one(path)]), None)) == [
            "blue",
            "green",
            "red",
            "nir",
        ]

    @pytest.mark.parametrize("opaque", [255, 65535])
    def test_opacity_with_soft_edges_masks_and_is_said_to(self, make_tif, opaque):
        cube = image(4)
        cube[3] = opaque
        cube[3, :20], cube[3, 20:24] = 0, np.arange(256).reshape(4, SIDE) * (opaque // 255)
        path = make_tif("rgba.tif", cube, colours=[RED, GREEN, BLUE, ALPHA])
        picked = pick_optical(pictures([open_one(path)]), None)
        assert named(picked) == ["red", "green", "blue"]
        assert picked.left_out == {"rgba.tif, B4": "opacity, which masks the others"}

    @pytest.mark.parametrize(
        ("colours", "names"),
        [
            ((RED, GREEN, BLUE, UNDEFINED), ["red", "green", "blue", "nir"]),
            ((BLUE, GREEN, RED, UNDEFINED, ALPHA), ["blue", "green", "red", "nir"]),
            ((RED, GREEN, BLUE, UNDEFINED, UNDEFINED), ["red", "green", "blue", "B4", "B5"]),
        ],
    )
    def test_one_band_beside_three_colours_is_the_near_infrared(self, make_tif, colours, names):
        cube = image(len(colours))
        cube[-1] = np.where(cube[-1] > 900, 65535, 0) if ALPHA in colours else cube[-1]
        path = make_tif("quad.tif", cube, colours=colours)
        picked = pick_optical(pictures([open_one(path)]), None)
        assert named(picked) == names and not picked.sure and picked.basis == "numbers"


class TestTheia:
    def test_flat_reflectance_is_taken_before_that_of_slopes(self, pick):
        scene = "SENTINEL2A_20180616-023549-461_L2A_T50SQB_C_V2-2"
        files = [f"{scene}_{kind}_{band}.tif" for kind in ("SRE", "FRE") for band in ("B2", "B8")]
        picked = pick(*files)
        assert named(picked) == ["blue", "nir"]
        assert all("_FRE_" in pick.raster.path.name for pick in picked.picks)
        assert set(picked.left_out) == {f"{scene}_SRE_{band}.tif, B1" for band in ("B2", "B8")}
        assert named(pick(files[0])) == ["blue"]


class TestQuality:
    def test_any_bit_of_theia_s_mask_is_cloud_or_shadow(self):
        flags = cloud_flags(np.float32([[0, 1, 2, 8, 128, 255]]), "theia-clm")
        np.testing.assert_array_equal(flags, [[0, 1, 1, 1, 1, 1]])

    def test_fmask_within_a_stack_masks_its_clouds(self, make_tif):
        path = make_tif("dea_2018.tif", image(3), bands=("nbart_red", "nbart_nir_1", "oa_fmask"))
        assert codings(open_one(path)) == {"oa_fmask": "fmask"}


class TestRefusals:
    def test_say_what_a_file_of_several_bands_holds_by_its_name(self, pick):
        with pytest.raises(SceneError, match="holds no optical band: a picture, by name T50SQB"):
            pick("T50SQB_20180616T023549_TCI_10m.tif", count=3)

    def test_say_that_nothing_but_opacity_is_there(self, make_tif):
        path = make_tif("a.tif", np.uint8(image(1) > 900) * 255, colours=[ColorInterp.alpha])
        with pytest.raises(SceneError, match="holds no optical band: opacity"):
            pick_optical(pictures([open_one(path)]), None)
