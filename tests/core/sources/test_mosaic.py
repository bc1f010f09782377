"""Files that are parts of one picture are one; what is not used is said."""

from itertools import permutations

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.warp import transform

from bandweave.prepare.alignment import align
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.scene import Resampled
from bandweave.raster.virtual import MemoryRaster
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import band_places
from bandweave.sources.mosaic import pictures, why_apart
from tests.core.sources.concerns import concerns

SIDE = 64
WEST, NORTH = 600_000.0, 1_200_000.0


def reflectances(bands=3, seed=0):
    return np.random.default_rng(seed).integers(300, 3000, (bands, SIDE, SIDE)).astype(np.uint16)


def decibels(seed=1):
    middle = np.array([-10.0, -17.0])[:, None, None]
    noise = np.random.default_rng(seed).normal(0, 3, (2, SIDE, SIDE))
    return (middle + noise).astype(np.float32)


@pytest.fixture
def cut(make_tif):
    """Write columns `first` to `stop` of a picture."""

    def make(name, array, first, stop, **written):
        place = (WEST + 10 * first, NORTH)
        return make_tif(name, array[..., first:stop], origin=place, **written)

    return make


@pytest.fixture
def radar(make_tif):
    return (make_tif("s1.tif", decibels(), bands=("VV", "VH")),)


@pytest.fixture
def optical(make_tif):
    return (make_tif("optical.tif", reflectances(), bands=("red", "green", "blue")),)


def groups(*paths):
    found = pictures([StoredRaster(path) for path in paths])
    return [[part.raster.path.name for part in parts] for parts in found]


def mosaics(scene):
    return [each["value"] for each in scene.facts["evidence"] if each["what"] == "mosaic"]


class TestScenes:
    @pytest.mark.parametrize("stop", [30, 38], ids=["adjoining", "overlapping"])
    def test_one_file_of_several_bands_each(self, cut, radar, optical, stop):
        names = {"bands": ("red", "green", "blue")}
        west = cut("T48PXS_west.tif", reflectances(), 0, stop, **names)
        east = cut("T48PXS_east.tif", reflectances(), 30, SIDE, **names)
        whole = FilesSource(optical=optical, radar=radar).make()
        for order in permutations((west, east)):
            scene = FilesSource(optical=order, radar=radar).make()
            assert scene.grid == whole.grid
            np.testing.assert_array_equal(scene.optical.raster.read(), whole.optical.raster.read())
            assert scene.optical.resampled is Resampled.NONE
            assert mosaics(scene) == ["T48PXS_east.tif, T48PXS_west.tif"]
            assert concerns(scene) == []

    @pytest.mark.parametrize("inside", [True, False], ids=["in the stacks", "beside them"])
    def test_every_tile_has_its_own_quality_band(self, cut, radar, inside):
        classes = np.where(np.arange(SIDE) % 9 < 3, 9, 4).astype(np.uint16)
        scl = np.broadcast_to(classes, (1, SIDE, SIDE))
        stack = np.concatenate([reflectances(), scl]) if inside else reflectances()
        names = ("red", "green", "blue", "SCL")[: len(stack)]
        optical, qa = [], []
        for tile, first, stop in (("T48PXS", 0, 30), ("T48PYS", 30, SIDE)):
            name = f"S2A_20190918_{tile}"
            optical.append(cut(f"{name}_stack.tif", stack, first, stop, bands=names))
            qa += [] if inside else [cut(f"{name}_SCL.tif", scl, first, stop)]
        for order in (1, -1):
            source = FilesSource(tuple(optical[::order]), radar=radar, qa=tuple(qa[::order]))
            scene = source.make()
            expected = np.broadcast_to(classes == 9, (SIDE, SIDE))
            np.testing.assert_array_equal(scene.layer("cloud").raster.read()[0], expected)
            assert concerns(scene) == []

    def test_a_second_quality_band_of_the_place_is_named(self, make_tif, optical, radar):
        scl = np.full((1, SIDE, SIDE), 4, np.uint8)
        qa = [make_tif(f"{name}_SCL.tif", scl + more) for name, more in (("a", 0), ("b", 5))]
        scene = FilesSource(optical=optical, radar=radar, qa=tuple(qa)).make()
        assert not scene.layer("cloud").raster.read().any()
        assert "b_SCL.tif is not used for clouds: the place is the same." in scene.facts["warnings"]

    def test_the_parts_of_an_export(self, cut, optical):
        names = {"bands": ("VV", "VH"), "nodata": float("nan")}
        paths = [
            cut(f"S1_median-0000000000-{first:010d}.tif", decibels(), first, first + 16, **names)
            for first in range(0, SIDE, 16)
        ]
        scene = FilesSource(optical=optical, radar=tuple(paths)).make()
        expected = 10 ** (decibels().astype(np.float64) / 10)
        np.testing.assert_allclose(scene.radar.raster.read(), expected, rtol=1e-6)

    def test_a_part_without_data_is_left_out_and_named(self, cut, optical):
        names = {"bands": ("VV", "VH"), "nodata": float("nan")}
        image = decibels()
        image[:, :, :20] = np.nan
        empty = cut("S1-0000000000-0000000000.tif", image, 0, 20, **names)
        full = cut("S1-0000000000-0000000020.tif", image, 20, SIDE, **names)
        scene = FilesSource(optical=optical, radar=(empty, full)).make()
        assert scene.grid.width == SIDE - 20
        assert concerns(scene) == [f"{empty.name} is not used: it holds no data."]

    def test_two_tiles_of_a_file_a_band_in_two_zones(self, make_tif, radar, tmp_path):
        """Tile 48PXS ends in its middle column; 49PBM holds all of it in the neighbouring zone."""
        image = np.empty((2, SIDE, SIDE), np.uint16)
        image[:] = 300 + 20 * np.arange(SIDE)[:, None]
        image[1] += 100
        there = CRS.from_epsg(32649)
        (x,), (y,) = transform("EPSG:32648", there, [WEST - 300], [NORTH + 400])
        paths = []
        for number, band in enumerate(("B04", "B03")):
            name = f"20180616T030541_{band}_10m.tif"
            paths.append(make_tif(f"T48PXS_{name}", image[number, :, :32]))
            whole = MemoryRaster(
                image[number][None].astype(np.float32), StoredRaster(radar[0]).grid, ("b",)
            )
            grid = StoredRaster(
                make_tif("grid.tif", np.zeros((200, 200), np.uint8), crs=there, origin=(x, y))
            ).grid
            moved = np.nan_to_num(align(whole, grid).read()[0]).round().astype(np.uint16)
            paths.append(make_tif(f"T49PBM_{name}", moved, crs=there, origin=(x, y)))
        scene = FilesSource(optical=tuple(paths), radar=radar).make()
        assert scene.optical.bands == ("red", "green")
        assert (scene.grid.crs.to_epsg(), scene.grid.width) == (32648, SIDE)
        found = scene.optical.raster.read() * 10_000
        np.testing.assert_allclose(found[:, :, :32], image[:, :, :32], rtol=1e-6)
        np.testing.assert_allclose(found[:, 4:-4, 32:-4], image[:, 4:-4, 32:-4], atol=3)
        assert scene.optical.resampled is Resampled.BILINEAR
        assert scene.optical.date and concerns(scene) == []

    def test_parts_that_differ_are_warned_of(self, cut, radar):
        names = {"bands": ("red", "green", "blue")}
        brighter = (reflectances() * 1.5).astype(np.uint16)
        paths = (
            cut("west.tif", reflectances(), 0, 40, **names),
            cut("east.tif", brighter, 20, SIDE, **names),
        )
        (said,) = concerns(FilesSource(optical=paths, radar=radar).make())
        assert said.startswith("east.tif and west.tif differ by 33% where they overlap")

    def test_a_part_elsewhere_is_named(self, make_tif, optical, radar):
        far = make_tif(
            "far.tif", reflectances(), bands=("red", "green", "blue"), origin=(690_000.0, NORTH)
        )
        scene = FilesSource(optical=(*optical, far), radar=radar).make()
        assert scene.grid.width == SIDE
        (said,) = concerns(scene)
        assert said == "far.tif is not used: it lies outside the scene."

    def test_the_same_bands_of_another_date_are_named(self, make_tif, optical):
        paths = [
            make_tif(f"S1_{day}_{band}.tif", image)
            for day, level in (("20180311", 4), ("20180615", 0))
            for band, image in zip(("VV", "VH"), decibels() + level, strict=True)
        ]
        scene = FilesSource(optical=optical, radar=tuple(paths)).make()
        assert [said for said in scene.facts["warnings"] if "not used" in said] == [
            f"S1_20180311_{band}.tif is not used: S1_20180615_{band}.tif holds the same bands, but "
            "the dates differ (2018-03-11 and 2018-06-15)."
            for band in ("VH", "VV")
        ]


class TestGroups:
    def test_files_of_bands_and_tiles_in_any_order(self, cut):
        paths = [
            cut(f"T48P{tile}S_20180616T030541_{band}_10m.tif", reflectances(1), first, first + 40)
            for tile, first in (("X", 0), ("Y", 24))
            for band in ("B02", "B8A", "SCL")
        ]
        for order in ([0, 1, 2, 3, 4, 5], [5, 1, 3, 0, 4, 2]):
            found = groups(*(paths[number] for number in order))
            assert {frozenset(each) for each in found} == {
                frozenset(path.name for path in (paths[number], paths[number + 3]))
                for number in range(3)
            }

    @pytest.mark.parametrize(
        ("second", "why"),
        [
            ({"name": "a_20180616_VH.tif", "first": 40}, "the bands differ"),
            ({"name": "b_20180618_VV.tif", "first": 40}, "the dates differ"),
            (
                {"name": "b_20180616_VV.tif", "first": 40, "dtype": np.int16},
                "the kinds of numbers",
            ),
            ({"name": "b_20180616_VV.tif", "first": 40, "dtype": np.float64}, ""),
            ({"name": "b_20180616_VV.tif", "first": 40, "pixel": 20.0}, "the pixels differ"),
            ({"name": "b_20180616_VV.tif", "first": 0}, "the place is the same"),
            ({"name": "b_20180616_VV.tif", "first": 30}, ""),
            # a crop of one place is a part; what nothing names is not
            ({"name": "b_20180616_VV.tif", "first": 5}, ""),
        ],
    )
    def test_what_keeps_files_apart(self, cut, second, why):
        image = decibels()[0]
        wanted = dict(second)
        name, first, dtype = (
            wanted.pop("name"),
            wanted.pop("first"),
            wanted.pop("dtype", np.float32),
        )
        one = cut("a_20180616_VV.tif", image, 0, 45)
        other = cut(name, image.astype(dtype), first, min(first + 45, SIDE), **wanted)
        said = why_apart(StoredRaster(one), StoredRaster(other))
        assert said.startswith(why) and bool(said) is bool(why)
        assert len(groups(one, other)) == (2 if why else 1)

    def test_unnamed_files_are_parts_only_where_that_is_clear(self, cut):
        image = decibels()[0]
        left, right = cut("left.tif", image, 0, 32), cut("right.tif", image, 30, SIDE)
        assert groups(left, right) == [["left.tif", "right.tif"]]
        # another crop of one place may be another band
        assert len(groups(left, cut("more.tif", image, 4, 36))) == 2
        # one may belong to either of two
        again = cut("left-2.tif", image, 0, 32)
        assert groups(left, again, right) == [["left.tif"], ["left-2.tif"], ["right.tif"]]

    def test_bands_are_counted_once_a_picture(self, cut):
        names = {"bands": ("VV", "VH")}
        paths = (
            cut("a.tif", decibels(), 0, 32, **names),
            cut("b.tif", decibels(), 32, SIDE, **names),
        )
        found = band_places(paths, radar=True)
        assert [(each.file, each.band, each.name) for each in found] == [
            ("a.tif", "VV", "VV"),
            ("a.tif", "VH", "VH"),
        ]
