"""Every bad input is refused with one clear message that says what to do, and nothing else."""

import shutil

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from PIL import Image
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS

from bandweave.errors import BandweaveError, RasterError, SceneError, SettingError, UnknownNameError
from bandweave.raster.scene import save_scene
from bandweave.sources.files import FilesSource
from bandweave.sources.headers import require_sound

SIDE = 40
ENGINEERING = 'LOCAL_CS["site",UNIT["metre",1]]'


def numbers(bands=3, dtype=np.uint16):
    return np.random.default_rng(0).integers(300, 3000, (bands, SIDE, SIDE)).astype(dtype)


def decibels(bands=2):
    middle = np.array([-10.0, -17.0])[:bands, None, None]
    noise = np.random.default_rng(1).normal(0, 3, (bands, SIDE, SIDE))
    return (middle + noise).astype(np.float32)


@pytest.fixture
def optical(make_tif):
    return make_tif("optical.tif", numbers(), bands=("red", "green", "blue"))


@pytest.fixture
def radar(make_tif):
    return make_tif("radar.tif", decibels(), bands=("VV", "VH"))


def refused(error, match, **source):
    """Return the error's hint after checking its class and message."""
    with pytest.raises(error, match=match) as caught:
        FilesSource(**source).make()
    assert caught.value.hint, "a refusal says what to do"
    return caught.value.hint


class TestFilesThatAreNoRaster:
    def test_missing_folder_empty_text_and_picture(self, tmp_path, optical, radar):
        (tmp_path / "folder.tif").mkdir()
        (tmp_path / "empty.tif").touch()
        (tmp_path / "text.tif").write_text("elevation in metres\n" * 50)
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "picture.tif", format="PNG")
        for name, match in {
            "missing.tif": "There is no file missing.tif",
            "folder.tif": "folder.tif is a folder",
            "empty.tif": r"empty.tif is empty \(0 bytes\)",
            "text.tif": "text.tif is not a GeoTIFF",
            "picture.tif": "picture.tif is not a GeoTIFF",
        }.items():
            refused(RasterError, match, optical=(tmp_path / name,), radar=(radar,))
            refused(RasterError, match, optical=(optical,), radar=(tmp_path / name,))

    @pytest.mark.parametrize(
        "profile",
        [{}, {"compress": "deflate"}, {"tiled": True, "blockxsize": 16, "blockysize": 16},
         {"BIGTIFF": "YES"}, {"COPY_SRC_OVERVIEWS": "YES", "compress": "lzw"}],
        ids=["plain", "deflate", "tiled", "bigtiff", "lzw"],
    )  # fmt: skip
    def test_a_file_cut_short_anywhere(self, make_tif, radar, tmp_path, profile):
        names = ("red", "green", "blue")
        whole = make_tif("whole.tif", numbers(), bands=names, **profile).read_bytes()
        cut = tmp_path / "cut.tif"
        lengths = np.unique(np.linspace(1, len(whole) - 1, 60).astype(int))
        for length in [*lengths, len(whole) - 2]:
            cut.write_bytes(whole[:length])
            with pytest.raises(BandweaveError) as caught:
                save_scene(FilesSource(optical=(cut,), radar=(radar,)).make(), tmp_path / "scene")
            assert "cut.tif" in caught.value.message and caught.value.hint
        cut.write_bytes(whole)
        assert FilesSource(optical=(cut,), radar=(radar,)).make().optical.bands == names

    def test_missing_blocks_are_noticed_without_reading_them(self, make_tif, tmp_path):
        path = tmp_path / "o.tif"
        cube = np.random.default_rng(0).integers(1, 9999, (3, 300, 300)).astype(np.uint16)
        rasterio.shutil.copy(make_tif("a.tif", cube), path, driver="COG", blocksize=128)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        with pytest.raises(RasterError, match="cut short"):
            require_sound(path)

    def test_a_complete_file_passes_whatever_its_layout(self, make_tif):
        for name, profile in {
            "a.tif": {"tiled": True, "sparse_ok": True},
            "b.tif": {"ENDIANNESS": "BIG"},
            "c.tif": {"BIGTIFF": "YES", "ENDIANNESS": "BIG"},
            "d.tif": {"interleave": "pixel", "compress": "zstd"},
        }.items():
            require_sound(make_tif(name, numbers(), **profile))

    def test_damaged_bytes_never_raise_anything_else(self, make_tif, radar, tmp_path):
        whole = bytearray(make_tif("whole.tif", numbers(), compress="deflate").read_bytes())
        rng = np.random.default_rng(7)
        damaged = tmp_path / "damaged.tif"
        for _ in range(60):
            copy = bytearray(whole)
            for at in rng.integers(0, min(len(copy), 600), 3):
                copy[at] = rng.integers(256)
            damaged.write_bytes(copy)
            try:
                save_scene(FilesSource(optical=(damaged,), radar=(radar,)).make(), tmp_path / "s")
            except BandweaveError:
                continue


class TestFilesWithoutAPlace:
    def test_no_coordinate_system(self, make_tif, radar):
        path = make_tif("nowhere.tif", numbers(), crs=None)
        hint = refused(
            RasterError,
            "nowhere.tif: The raster has no coordinate",
            optical=(path,),
            radar=(radar,),
        )
        assert "Assign one" in hint

    def test_control_points_only(self, make_tif, optical):
        path = make_tif("grd.tif", decibels(), crs=None)
        with rasterio.open(path, "r+") as raw:
            points = [GroundControlPoint(0, 0, 105.0, 10.0), GroundControlPoint(9, 9, 105.1, 9.9)]
            raw.gcps = (points, CRS.from_epsg(4326))
        hint = refused(RasterError, "ground control points only", optical=(optical,), radar=(path,))
        assert "Terrain-correct" in hint

    def test_a_coordinate_system_not_of_the_earth(self, make_tif, radar):
        path = make_tif("site.tif", numbers(), crs=ENGINEERING)
        refused(RasterError, "site.tif: .* neither geographic", optical=(path,), radar=(radar,))
        path = make_tif("lost.tif", numbers(), crs="EPSG:4326", origin=(500.0, 400.0))
        refused(RasterError, "lost.tif: .* no places on Earth", optical=(path,), radar=(radar,))

    def test_disjoint(self, make_tif, optical):
        far = make_tif("far.tif", decibels(), origin=(700_000.0, 1_200_000.0))
        hint = refused(SceneError, "do not overlap: the optical", optical=(optical,), radar=(far,))
        assert "same place" in hint
        antipode = make_tif("anti.tif", decibels(), crs="EPSG:4326", origin=(-74, -10), pixel=1e-4)
        refused(SceneError, "the radar -74.000 to", optical=(optical,), radar=(antipode,))

    def test_frames_overlap_but_data_do_not(self, make_tif):
        left, right = numbers(), decibels()
        left[:, :, SIDE // 2 :] = 0
        right[:, :, : SIDE // 2] = np.nan
        refused(
            SceneError,
            "no pixel in common",
            optical=(make_tif("l.tif", left),),
            radar=(make_tif("r.tif", right),),
        )


class TestBands:
    def test_one_band_too_few(self, make_tif, optical, radar):
        single = make_tif("single.tif", decibels(1))
        hint = refused(
            SceneError, "needs VV and VH.* in single.tif", optical=(optical,), radar=(single,)
        )
        assert "VV=1,VH=2" in hint
        only_vv = make_tif("s1.tif", decibels(1), bands=("VV",))
        refused(SceneError, "only VV is known of 1 band", optical=(optical,), radar=(only_vv,))
        refused(
            SceneError,
            "only VV is known",
            optical=(optical,),
            radar=(radar,),
            radar_bands={"VV": 1},
        )

    @pytest.mark.parametrize("place", [0, 4, 14])
    def test_a_band_that_is_not_there(self, optical, radar, place):
        hint = refused(
            SceneError,
            f"red is said to be number {place}; there are 3 bands",
            optical=(optical,),
            optical_bands={"red": place},
            radar=(radar,),
        )
        assert "from 1" in hint

    def test_an_unknown_polarisation(self, optical, radar):
        refused(
            SceneError,
            "no radar band 'XX'",
            optical=(optical,),
            radar=(radar,),
            radar_bands={"XX": 1},
        )

    def test_dates_with_different_bands(self, make_tif, optical, radar):
        earlier = make_tif("earlier.tif", numbers(2), bands=("red", "nir"))
        refused(
            SceneError,
            "earlier optical has the bands red, nir",
            optical=(optical,),
            radar=(radar,),
            earlier_optical=(earlier,),
        )

    def test_complex_numbers(self, make_tif, optical):
        path = make_tif("slc.tif", decibels().astype(np.complex64))
        refused(RasterError, "complex numbers", optical=(optical,), radar=(path,))


class TestNumbers:
    @pytest.mark.parametrize(
        ("array", "nodata"),
        [
            (np.zeros((3, SIDE, SIDE), np.uint16), None),
            (np.full((3, SIDE, SIDE), -9999, np.int16), -9999),
            (np.full((3, SIDE, SIDE), np.nan, np.float32), None),
            (np.zeros((3, SIDE, SIDE), np.float32), None),
        ],
    )
    @pytest.mark.parametrize("product", ["", "sentinel-2", "reflectance"])
    def test_optical_that_is_all_no_data(self, make_tif, radar, array, nodata, product):
        path = make_tif("void.tif", array, nodata=nodata)
        refused(
            SceneError,
            "void.tif holds no data",
            optical=(path,),
            optical_product=product,
            radar=(radar,),
        )

    @pytest.mark.parametrize("fill", [np.nan, -9999, -np.inf])
    @pytest.mark.parametrize("unit", ["", "db"])
    def test_radar_that_is_all_no_data(self, make_tif, optical, fill, unit):
        path = make_tif("void.tif", np.full((2, SIDE, SIDE), fill, np.float32))
        refused(
            SceneError, "void.tif holds no data", optical=(optical,), radar=(path,), radar_unit=unit
        )

    def test_one_band_that_is_all_no_data(self, make_tif, optical, radar):
        cube = numbers()
        cube[1] = 0
        path = make_tif("o.tif", cube, bands=("red", "green", "blue"))
        refused(SceneError, "Band green of o.tif holds no data", optical=(path,), radar=(radar,))
        pair = decibels()
        pair[1] = np.nan
        path = make_tif("r.tif", pair)
        refused(SceneError, "Band VH of r.tif holds no data", optical=(optical,), radar=(path,))
        black = make_tif("black.tif", np.zeros((2, SIDE, SIDE), np.float32))
        refused(
            SceneError, "black.tif holds no data", optical=(optical,), radar=(black,),
            radar_unit="power",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("array", "unit", "match"),
        [
            (decibels(), "power", "never negative"),
            (decibels(), "amplitude", "never negative"),
            (10 ** (decibels() / 20), "db", "looks like linear power"),
            (numbers(2), "db", "expected within -80 to 40"),
            (decibels() * 30, "db", "cannot be told"),
            (decibels() * 30, "", "cannot be told"),
        ],
    )
    def test_wrong_radar_units(self, make_tif, optical, array, unit, match):
        path = make_tif(
            "r.tif", np.clip(array, None, 1.9) if unit == "db" and array.max() < 5 else array
        )
        if match == "cannot be told" and unit == "db":
            match = "expected within -80 to 40"
        refused(SceneError, match, optical=(optical,), radar=(path,), radar_unit=unit)

    @pytest.mark.parametrize(
        ("array", "product", "match"),
        [
            (numbers(), "reflectance", "99 % below"),
            (numbers(), "landsat-c2l2", "half below -0.15"),
            (numbers() / np.float32(1e4), "sentinel-2", "not reflectance as stated"),
            (numbers().astype(np.uint32) * 40, "", "cannot be told"),
            (numbers() / np.float32(100), "", "cannot be told"),
        ],
    )
    def test_wrong_optical_scales(self, make_tif, radar, array, product, match):
        path = make_tif("o.tif", array)
        refused(SceneError, match, optical=(path,), optical_product=product, radar=(radar,))

    def test_quality_of_another_place_or_of_no_known_kind(self, make_tif, optical, radar):
        codes = np.full((SIDE, SIDE), 322, np.uint16)
        far = make_tif("far.tif", codes, origin=(700_000.0, 1_200_000.0))
        refused(SceneError, "far.tif does not cover", optical=(optical,), radar=(radar,), qa=(far,))
        odd = make_tif("odd.tif", codes * 99)
        hint = refused(
            SceneError, "kind of the quality", optical=(optical,), radar=(radar,), qa=(odd,)
        )
        assert "landsat-c1" in hint


class TestRequests:
    def test_nothing_given(self, optical, radar):
        refused(SceneError, "No optical file", radar=(radar,))
        refused(SceneError, "No radar file", optical=(optical,))

    @pytest.mark.parametrize(
        ("settings", "match"),
        [
            ({"radar_unit": "decibel"}, "Radar unit cannot be 'decibel'"),
            ({"qa_kind": "landsat"}, "Kind of quality band cannot be"),
            ({"qa_kind": "scl"}, "no file is given"),
            ({"qa_band": "SCL"}, "no file is given"),
            ({"qa_probability": 101.0}, "Cloud probability cannot be"),
            ({"optical_product": "landsat"}, "Optical product cannot be"),
            ({"resolution": 0.0}, "Resolution cannot be"),
            ({"resolution": float("nan")}, "Resolution cannot be"),
            ({"optical_product": "sentinel-2", "optical_scale": 1.0}, "Both an optical product"),
            ({"optical_offset": 0.1}, "without a scale"),
            ({"optical_scale": 0.0}, "impossible"),
            ({"optical_native": -3.0}, "native resolution"),
            ({"bounds": (1.0, 2.0, 3.0)}, "four numbers"),
        ],
    )
    def test_impossible_settings(self, optical, radar, settings, match):
        error = (SettingError, UnknownNameError)
        refused(error, match, optical=(optical,), radar=(radar,), **settings)

    def test_a_refusal_leaves_a_saved_scene_alone(self, optical, radar, make_tif, tmp_path):
        folder = tmp_path / "scene"
        save_scene(FilesSource(optical=(optical,), radar=(radar,)).make(), folder)
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        broken = make_tif("broken.tif", numbers())
        broken.write_bytes(broken.read_bytes()[:2000])
        refused(RasterError, "broken.tif", optical=(broken,), radar=(radar,))
        assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


class TestRealImagery:
    def test_florida_and_spain_are_disjoint(self, test_data):
        hint = refused(
            SceneError,
            "-87.497 to -87.300 degrees east.*-0.782 to -0.736 degrees east",
            optical=tuple(test_data / "landsat8-florida" / f"l8_B{n}.tif" for n in (2, 3, 4)),
            radar=(test_data / "spain-flood" / "Spain_7370579_S1Hand.tif",),
        )
        assert "same place" in hint

    def test_a_real_file_cut_by_a_few_bytes_would_lose_its_band_names(self, test_data, tmp_path):
        folder = test_data / "flanders"
        cut = tmp_path / "landsat8_sr_20180701.tif"
        shutil.copy(folder / cut.name, cut)
        cut.chmod(0o644)
        with cut.open("r+b") as stream:
            stream.truncate(cut.stat().st_size - 6)
        radar = folder / "sentinel1_db_20180702.tif"
        refused(RasterError, "cut short", optical=(cut,), radar=(radar,))


def test_a_file_removed_before_its_header_is_read_is_refused(tmp_path):
    with pytest.raises(RasterError, match=r"gone\.tif cannot be read: No such file"):
        require_sound(tmp_path / "gone.tif")
