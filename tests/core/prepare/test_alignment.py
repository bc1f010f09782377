import math
from dataclasses import dataclass

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform

from bandweave.errors import RasterError, SceneError, SettingError
from bandweave.prepare import warping
from bandweave.prepare.alignment import (
    StackedRaster,
    align,
    common_grid,
    extent,
    metric_crs,
    overlap,
    suitable_resampling,
)
from bandweave.prepare.radiometry import db_to_power
from bandweave.prepare.warping import WarpedRaster
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Grid, Window, lattice_shift
from bandweave.raster.scene import Resampled
from bandweave.raster.virtual import MappedRaster, MemoryRaster

UTM_48 = CRS.from_epsg(32648)
UTM_49 = CRS.from_epsg(32649)
DEGREES = CRS.from_epsg(4326)
X, Y = 600_000.0, 1_200_000.0
MEASURED = [Resampled.BILINEAR, Resampled.CUBIC, Resampled.AVERAGE]


def grid(height, width, pixel=10.0, x=X, y=Y, crs=UTM_48):
    across, down = pixel if isinstance(pixel, tuple) else (pixel, pixel)
    return Grid(crs, Affine(across, 0, x, 0, -down, y), height, width)


def common(optical, radar, *more, **bounds):
    """The grid of pictures of one part each."""
    return common_grid([[each] for each in optical], [[each] for each in radar], *more, **bounds)


def memory(array, on):
    cube = np.asarray(array, np.float32)
    cube = cube[None] if cube.ndim == 2 else cube
    return MemoryRaster(cube, on, tuple(f"B{number + 1}" for number in range(len(cube))))


def elsewhere(crs, height=90, width=100, pixel=10.0):
    """A grid in another coordinate system that covers the place of `grid(60, 60)`."""
    (x,), (y,) = transform(UTM_48, crs, [X + 300], [Y - 300])
    if crs == DEGREES:
        pixel = (pixel / 109_000, pixel / 111_000)
    across, down = pixel if isinstance(pixel, tuple) else (pixel, pixel)
    return grid(height, width, pixel, x - width / 2 * across, y + height / 2 * down, crs)


def noise(height, width, bands=2, seed=0, gaps=0.0):
    rng = np.random.default_rng(seed)
    values = rng.gamma(2.0, 0.1, (bands, height, width)).astype(np.float32)
    values[rng.random(values.shape) < gaps] = np.nan
    return values


class TestOneLattice:
    def test_equal_grids_need_nothing(self):
        raster = memory(noise(5, 5), grid(5, 5))
        assert align(raster, grid(5, 5)) is raster

    def test_whole_pixel_shift_copies_bits_and_pads_with_nan(self):
        values = noise(4, 5, gaps=0.2)
        moved = align(memory(values, grid(4, 5)), grid(6, 6, x=X - 20, y=Y + 10))
        assert moved.how is Resampled.NONE
        expected = np.full((2, 6, 6), np.nan, np.float32)
        expected[:, 1:5, 2:6] = values[:, :, :4]
        np.testing.assert_array_equal(moved.read(), expected)
        np.testing.assert_array_equal(moved.read(bands=["B2"]), expected[1:])
        assert np.isnan(moved.read(Window(0, 0, 1, 1))).all()

    def test_half_a_pixel_is_another_lattice(self):
        assert lattice_shift(grid(4, 4), grid(4, 4, x=X + 5)) is None
        assert lattice_shift(grid(4, 4), grid(4, 4, x=X + 1e-4)) == (0, 0)
        with pytest.raises(RasterError, match="whole pixels"):
            WarpedRaster(memory(noise(4, 4), grid(4, 4)), grid(4, 4, x=X + 5), Resampled.NONE)


class TestValues:
    def test_bilinear_by_hand(self):
        # 20 m to 10 m: centres lie a quarter of a source pixel from the nearest one
        source = memory([[0.0, 4.0], [8.0, 12.0]], grid(2, 2, 20.0))
        found = align(source, grid(4, 4), Resampled.BILINEAR).read()[0]
        np.testing.assert_allclose(
            found, [[0, 1, 3, 4], [2, 3, 5, 6], [6, 7, 9, 10], [8, 9, 11, 12]], atol=1e-6
        )

    def test_average_by_hand(self):
        source = memory(np.arange(16).reshape(4, 4), grid(4, 4, 5.0))
        found = align(source, grid(2, 2)).read()[0]
        np.testing.assert_allclose(found, [[2.5, 4.5], [10.5, 12.5]], atol=1e-6)

    def test_average_weighs_partly_covered_pixels(self):
        # a 15 m pixel over 10 m ones covers one and a half of them
        source = memory([[1.0, 4.0, 7.0]], grid(1, 3, (10.0, 15.0)))
        found = align(source, grid(1, 2, 15.0), Resampled.AVERAGE).read()[0]
        np.testing.assert_allclose(found, [[(1 + 0.5 * 4) / 1.5, (0.5 * 4 + 7) / 1.5]], atol=1e-6)

    def test_nearest_repeats_and_picks(self):
        source = memory([[1.0, 2.0]], grid(1, 2, 30.0))
        found = align(source, grid(3, 6), Resampled.NEAREST).read()[0]
        np.testing.assert_array_equal(found, [[1, 1, 1, 2, 2, 2]] * 3)

    def test_cubic_reproduces_a_parabola(self):
        # Keys' kernel is exact for second order away from the edges
        at = np.arange(20.0) + 0.5
        source = memory(np.tile((at - 10) ** 2, (20, 1)), grid(20, 20, 20.0))
        found = align(source, grid(40, 40), Resampled.CUBIC).read()[0]
        expected = ((np.arange(40) + 0.5) / 2 - 10) ** 2
        np.testing.assert_allclose(found[20, 4:-4], expected[4:-4], atol=1e-5)

    @pytest.mark.parametrize("crs", [UTM_49, DEGREES], ids=["zone 49", "degrees"])
    def test_positions_across_coordinate_systems_are_exact(self, crs):
        # a raster that holds its own column and row numbers tells where a value was taken
        source_grid, target = elsewhere(crs), grid(60, 60)
        down, across = np.mgrid[: source_grid.height, : source_grid.width] + 0.5
        source = memory(np.stack([across, down]), source_grid)
        cols, rows = np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5)
        x, y = target.transform @ (cols.ravel(), rows.ravel())
        exact = ~source_grid.transform @ tuple(
            np.asarray(place) for place in transform(UTM_48, crs, x.tolist(), y.tolist())
        )
        found = align(source, target, Resampled.BILINEAR).read()
        np.testing.assert_allclose(found.reshape(2, -1), exact, rtol=0, atol=1e-3)

    @pytest.mark.parametrize("how", [Resampled.BILINEAR, Resampled.CUBIC])
    @pytest.mark.parametrize("crs", [UTM_49, DEGREES], ids=["zone 49", "degrees"])
    def test_agrees_with_gdal_where_gdal_is_exact(self, make_tif, crs, how):
        source_grid, target = elsewhere(crs, pixel=13.0), grid(60, 60)
        path = make_tif(
            "source.tif",
            noise(90, 100, bands=1),
            crs=crs,
            origin=(source_grid.transform.c, source_grid.transform.f),
            pixel=source_grid.pixel_size,
        )
        with (
            rasterio.open(path) as stored,
            WarpedVRT(
                stored,
                crs=target.crs,
                transform=target.transform,
                width=60,
                height=60,
                resampling=Resampling[how],
                tolerance=1e-6,
                XSCALE="1",
                YSCALE="1",
            ) as warped,
        ):
            expected = warped.read(1)
        found = align(StoredRaster(path), target, how).read()[0]
        # GDAL approximates positions even so, and pixels are spread by about 0.14
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-4)

    def test_radar_is_averaged_as_power(self):
        decibels = memory([[0.0, -10.0], [-10.0, -10.0]], grid(2, 2, 5.0))
        power = MappedRaster(decibels, db_to_power, ("B1",))
        found = align(power, grid(1, 1)).read().item()
        assert found == pytest.approx((1 + 0.1 + 0.1 + 0.1) / 4, rel=1e-6)


class TestNoData:
    @pytest.mark.parametrize("how", [Resampled.BILINEAR, Resampled.CUBIC])
    def test_a_gap_neither_spreads_nor_shrinks(self, how):
        values = np.full((8, 8), 5.0, np.float32)
        values[3:5, 2:4] = np.nan
        found = align(memory(values, grid(8, 8, 20.0)), grid(16, 16), how).read()[0]
        expected = np.kron(values, np.ones((2, 2), np.float32))
        # weights are renormalised, so a constant stays one up to the gap's edge
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_a_lonely_pixel_keeps_its_value(self):
        # cubic's negative weights on what little else is known would blow it up
        values = np.full((5, 5), np.nan, np.float32)
        values[2, 2], values[2, 4], values[4, 2] = 1.0, 50.0, 50.0
        shifted = grid(5, 5, x=X + 4, y=Y - 4)
        found = align(memory(values, grid(5, 5)), shifted, Resampled.CUBIC).read()[0]
        assert found[2, 2] == 1.0

    def test_average_needs_half_of_its_footprint(self):
        values = np.ones((2, 6), np.float32)
        values[0, 2] = values[0, 4] = values[1, 4] = values[1, 5] = np.nan
        values[0, 3] = values[1, 3] = np.nan
        found = align(memory(values, grid(2, 6, 5.0)), grid(1, 3)).read()[0]
        np.testing.assert_array_equal(found, [[1, np.nan, np.nan]])

    def test_a_band_keeps_its_own_gaps(self):
        values = np.ones((2, 4, 4), np.float32)
        values[1, 0, 0] = np.nan
        found = align(memory(values, grid(4, 4, 20.0)), grid(8, 8)).read()
        assert np.isfinite(found[0]).all()
        assert np.isnan(found[1, :2, :2]).all() and np.isnan(found[1]).sum() == 4

    @pytest.mark.parametrize("how", [Resampled.BILINEAR, Resampled.CUBIC, Resampled.NEAREST])
    def test_nothing_is_made_up_outside(self, how):
        # at the corners of 30 m pixels less than half of a bilinear kernel has data
        source = memory(noise(6, 6), grid(6, 6, 30.0))
        found = align(source, grid(26, 26, x=X - 40, y=Y + 40), how).read()
        inside = np.zeros((26, 26), bool)
        inside[4:22, 4:22] = True
        np.testing.assert_array_equal(np.isfinite(found), np.broadcast_to(inside, found.shape))

    def test_a_window_far_from_the_source_is_nan(self):
        warped = align(memory(noise(6, 6), grid(6, 6, 20.0)), grid(500, 500))
        assert np.isnan(warped.read(Window(400, 400, 50, 50))).all()


SOURCES = {
    "10 m, half a pixel off": grid(90, 100, x=X - 105, y=Y + 105),
    "30 m": grid(40, 40, 30.0, x=X - 95, y=Y + 80),
    "7 m": grid(120, 130, 7.0, x=X - 33, y=Y + 44),
    "zone 49": elsewhere(UTM_49),
    "degrees, not square": elsewhere(DEGREES, 120, 90, 7.3),
}


class TestWindows:
    @pytest.mark.parametrize("how", [*MEASURED, Resampled.NEAREST])
    @pytest.mark.parametrize("source", SOURCES)
    def test_any_window_equals_the_same_window_of_the_whole_bit_for_bit(self, source, how):
        on = SOURCES[source]
        warped = align(memory(noise(*on.shape, gaps=0.05), on), grid(60, 60), how)
        whole = warped.read()
        assert np.isfinite(whole).any()
        rng = np.random.default_rng(3)
        for _ in range(12):
            row, col = rng.integers(0, 59, 2)
            height, width = rng.integers(1, 60 - row + 1), rng.integers(1, 60 - col + 1)
            window = Window(int(row), int(col), int(height), int(width))
            rows, cols = window.slices
            np.testing.assert_array_equal(warped.read(window), whole[:, rows, cols])

    @pytest.mark.parametrize("x", [X, X + 4])
    def test_a_window_beyond_the_grid_is_refused(self, x):
        warped = align(memory(noise(9, 9), grid(9, 9)), grid(5, 5, x=x))
        for window in (Window(-1, 0, 2, 2), Window(0, 4, 1, 2), Window(4, 0, 2, 1)):
            with pytest.raises(RasterError, match="beyond the grid"):
                warped.read(window)

    def test_a_read_in_halves_equals_a_read_at_once(self, monkeypatch):
        on = SOURCES["zone 49"]
        warped = align(memory(noise(*on.shape), on), grid(60, 60), Resampled.BILINEAR)
        whole = warped.read()
        largest = []

        @dataclass(frozen=True)
        class Watched:
            base: MemoryRaster

            grid = property(lambda self: self.base.grid)
            bands = property(lambda self: self.base.bands)

            def read(self, window=None, bands=None):
                largest.append(window.height * window.width)
                return self.base.read(window, bands)

        monkeypatch.setattr(warping, "SOURCE_LIMIT", 300)
        halved = WarpedRaster(Watched(warped.base), warped.grid, warped.how)
        np.testing.assert_array_equal(halved.read(), whole)
        assert max(largest) <= 300 and len(largest) > 10


class TestChoice:
    @pytest.mark.parametrize(
        ("pixel", "x", "how"),
        [
            (10.0, X, Resampled.NONE),
            (10.0, X + 5, Resampled.BILINEAR),
            (30.0, X, Resampled.BILINEAR),
            (7.0, X, Resampled.BILINEAR),
            (5.0, X, Resampled.AVERAGE),
            (2.5, X, Resampled.AVERAGE),
        ],
    )
    def test_resampling_follows_from_the_pixel_sizes(self, pixel, x, how):
        assert suitable_resampling(grid(20, 20, pixel, x=x), grid(20, 20)) is how


class TestCommonGrid:
    def test_optical_in_utm_at_the_resolution_keeps_its_own_pixels(self):
        optical = grid(50, 60, x=X + 3.3, y=Y + 1.1)
        radar = grid(40, 40, 20.0, x=X + 100, y=Y)
        found = common((optical,), (radar,))
        assert lattice_shift(optical, found) == (1, 10)
        assert found.shape == (49, 50)

    def test_otherwise_radar_keeps_its_own_and_else_edges_are_whole_multiples(self):
        optical = grid(20, 20, 30.0, x=X + 15, y=Y + 15)
        radar = grid(90, 90, x=X + 4, y=Y + 4)
        assert common((optical,), (radar,)).transform.c == X + 24
        coarse = grid(30, 30, 20.0, x=X + 4, y=Y + 4)
        found = common((optical,), (coarse,))
        assert found.bounds == (X + 20, Y - 580, X + 600, Y)
        assert found.crs == UTM_48

    @pytest.mark.parametrize("crs", [DEGREES, CRS.from_epsg(3857)], ids=["degrees", "mercator"])
    def test_other_coordinate_systems_go_to_the_utm_zone_of_the_centre(self, crs):
        optical = elsewhere(crs)
        found = common((optical,), (grid(80, 80),), 10.0)
        assert found.crs == UTM_48
        assert found.pixel_size == (10.0, 10.0)
        assert all(math.fmod(side, 10.0) == 0 for side in found.bounds)

    @pytest.mark.parametrize(
        ("longitude", "latitude", "epsg"),
        [
            (-0.76, 38.1, 32630),
            (106.7, 10.8, 32648),
            (-179.9, -18.0, 32701),
            (179.9, -18, 32760),
            (355.0, 5.0, 32630),
        ],
    )
    def test_zone_of_a_place(self, longitude, latitude, epsg):
        place = grid(10, 10, 0.001, x=longitude, y=latitude, crs=DEGREES)
        assert metric_crs(place).to_epsg() == epsg

    def test_a_place_on_the_antimeridian_is_whole(self):
        zone_1 = CRS.from_epsg(32701)
        (x,), (y,) = transform(DEGREES, zone_1, [-180.0], [-17.0])
        fiji = grid(100, 100, x=x - 500, y=y, crs=zone_1)
        west, _, east, _ = extent(fiji, DEGREES)
        assert west < 180 < east and east - west < 0.02
        mercator = Grid(CRS.from_epsg(3832), Affine(10, 0, 3_339_000, 0, -10, -1_900_000), 90, 90)
        assert metric_crs(mercator).to_epsg() in (32760, 32701)

    def test_disjoint_extents_are_named_in_degrees(self):
        with pytest.raises(SceneError, match="do not overlap") as caught:
            common((grid(10, 10),), (grid(10, 10, x=X + 50_000),))
        assert "the optical covers 105.915 to 105.916 degrees east" in caught.value.message

    def test_files_of_one_sensor_that_share_no_place_are_refused_for_that(self):
        with pytest.raises(SceneError, match="The radar files have no place in common"):
            common((grid(10, 10),), (elsewhere(UTM_49), grid(10, 10, x=X + 50_000)))
        antipode = grid(10, 10, 0.001, x=-88.0, y=30.0, crs=DEGREES)
        with pytest.raises(SceneError, match="-88.000 to -87.990 degrees east"):
            common((antipode,), (grid(10, 10),))

    def test_touching_along_an_edge_is_disjoint(self):
        with pytest.raises(SceneError, match="do not overlap"):
            common((grid(10, 10),), (grid(10, 10, x=X + 100),))

    def test_bounds_crop_in_degrees_and_in_metres(self):
        both = (grid(100, 100),), (grid(100, 100),)
        metres = common(*both, bounds=(X + 101, Y - 501, X + 403, Y - 99))
        assert metres.bounds == (X + 110, Y - 500, X + 400, Y - 100)
        box = extent(metres, DEGREES)
        degrees = common(*both, bounds=box)
        # a box around a box that is turned by the meridians' convergence
        assert np.abs(np.subtract(degrees.bounds, metres.bounds)).max() <= 10

    def test_bounds_of_half_the_world_crop_nothing(self):
        # transformed as they are, their west edge would fall on the zone's central meridian
        place = grid(100, 100, x=400_000.0)
        assert common((place,), (place,), bounds=(-180, -90, 180, 90)) == place

    @pytest.mark.parametrize(
        ("bounds", "error"),
        [
            ((0, 0, 1, 1), "lie outside"),
            ((X + 10, Y, X, Y - 10), "enclose nothing"),
            ((X, Y, math.nan, Y), "enclose nothing"),
            ((X + 1, Y - 8, X + 8, Y - 1), "less than one pixel"),
        ],
    )
    def test_useless_bounds_are_refused(self, bounds, error):
        with pytest.raises((SceneError, SettingError), match=error):
            common((grid(10, 10),), (grid(10, 10),), bounds=bounds)

    @pytest.mark.parametrize("resolution", [0.0, -10.0, math.nan, math.inf])
    def test_impossible_resolutions_are_refused(self, resolution):
        with pytest.raises(SettingError, match="impossible"):
            common((grid(10, 10),), (grid(10, 10),), resolution)

    def test_overlap_is_a_share_of_the_target(self):
        assert overlap(grid(10, 10), grid(10, 10, x=X + 25)) == pytest.approx(0.75)
        assert overlap(grid(10, 10), grid(10, 10, x=X + 1000)) == 0


class TestStacking:
    def test_bands_of_several_rasters_under_new_names(self):
        one, two = memory(noise(4, 5, seed=1), grid(4, 5)), memory(noise(4, 5, seed=2), grid(4, 5))
        stack = StackedRaster(((two, "B2", "red"), (one, "B1", "nir"), (two, "B1", "blue")))
        assert stack.bands == ("red", "nir", "blue")
        np.testing.assert_array_equal(
            stack.read(), np.stack([two.array[1], one.array[0], two.array[0]])
        )
        np.testing.assert_array_equal(
            stack.read(Window(1, 2, 2, 3), ["blue", "red"]), two.array[:, 1:3, 2:5]
        )
        with pytest.raises(RasterError, match="no band green"):
            stack.read(bands=["green"])

    def test_different_grids_and_repeated_names_are_refused(self):
        one, two = memory(noise(4, 5), grid(4, 5)), memory(noise(4, 5), grid(4, 5, x=X + 10))
        with pytest.raises(RasterError, match="align them first"):
            StackedRaster(((one, "B1", "red"), (two, "B1", "nir")))
        with pytest.raises(RasterError, match="distinct"):
            StackedRaster(((one, "B1", "red"), (one, "B2", "red")))


class TestSpain:
    def test_windows_of_a_real_warp_equal_the_whole(self, test_data):
        source = StoredRaster(test_data / "spain-flood" / "Spain_7370579_S2Hand.tif")
        target = common((source.grid,), (source.grid,))
        assert (target.crs.to_epsg(), target.pixel_size) == (32630, (10.0, 10.0))
        warped = align(source, target)
        bands = ["B4", "B3"]
        whole = warped.read(bands=bands)
        for window in (Window(0, 0, 64, 64), Window(100, 37, 200, 113), Window(518, 414, 1, 1)):
            rows, cols = window.slices
            np.testing.assert_array_equal(warped.read(window, bands), whole[:, rows, cols])
        # the footprint turns by 1.4 degrees between the meridians, hence slivers without data
        assert np.isnan(whole[0]).mean() == pytest.approx(0.0438, abs=1e-3)


def fiji(crs, x0, y0, pixel, side, turn=0.0):
    """A raster over the antimeridian: how far its pixels are from a corner in UTM 60 S, in km."""
    on = Grid(crs, Affine(pixel, 0, x0, 0, -pixel, y0), side, side)
    rows, cols = np.mgrid[:side, :side] + 0.5
    x, y = on.transform @ (cols.ravel(), rows.ravel())
    places = transform(crs, FIJI, (x - turn).tolist(), y.tolist())
    east, north = (np.reshape(each, (side, side)) for each in places)
    return memory([(east - CORNER[0]) / 1000, (north - CORNER[1]) / 1000], on)


FIJI = CRS.from_epsg(32760)
WEST_OF_IT = CRS.from_epsg(32701)
MERCATOR = CRS.from_epsg(3857)
TURN = 2 * math.pi * 6_378_137
# 180 degrees east at 16.7 south lies at an easting of 819,900 m in zone 60
CORNER = 819_500.0, 8_150_000.0
DEGREE = 10 / 111_320


PLACES = (
    *("zone 60", "zone 1", "degrees beyond 180", "degrees below -180"),
    *("Mercator beyond its edge", "Mercator below its edge"),
)


@pytest.fixture(scope="module")
def rasters():
    """A picture of one place over the antimeridian, in each way to write where it is."""
    (lon,), (lat,) = transform(FIJI, DEGREES, [CORNER[0] - 500], [CORNER[1] + 500])
    (x1,), (y1,) = transform(FIJI, WEST_OF_IT, [CORNER[0] - 500], [CORNER[1] + 700])
    (mx,), (my,) = transform(FIJI, MERCATOR, [CORNER[0] - 500], [CORNER[1] + 500])
    found = (
        fiji(FIJI, CORNER[0] - 500, CORNER[1] + 500, 10, 220),
        fiji(WEST_OF_IT, x1, y1, 10, 260),
        fiji(DEGREES, lon, lat, DEGREE, 240),
        fiji(DEGREES, lon - 360, lat, DEGREE, 240, -360),
        fiji(MERCATOR, mx, my, 10, 240),
        fiji(MERCATOR, mx - TURN, my, 10, 240, -TURN),
    )
    return dict(zip(PLACES, found, strict=True))


class TestAntimeridian:
    @pytest.mark.parametrize("radar", PLACES)
    @pytest.mark.parametrize("optical", PLACES)
    def test_nothing_is_lost_and_all_is_in_its_place(self, rasters, optical, radar):
        pair = rasters[optical], rasters[radar]
        target = common((pair[0].grid,), (pair[1].grid,))
        assert min(target.shape) > 190
        rows, cols = np.mgrid[: target.height, : target.width] + 0.5
        x, y = target.transform @ (cols.ravel(), rows.ravel())
        east, north = transform(target.crs, FIJI, x.tolist(), y.tolist())
        expected = np.stack([np.subtract(east, CORNER[0]), np.subtract(north, CORNER[1])]) / 1000
        inner = (slice(None), slice(15, -15), slice(15, -15))
        for raster in pair:
            found = align(raster, target).read()
            np.testing.assert_allclose(
                found[inner], expected.reshape(found.shape)[inner], atol=0.0007
            )

    @pytest.mark.parametrize(
        ("west", "east"), [(179.997, -179.997), (179.997, 180.003), (-180.003, -179.997)]
    )
    def test_bounds_in_degrees_cross_it(self, rasters, west, east):
        grids = [(rasters["zone 60"].grid,), (rasters["degrees below -180"].grid,)]
        whole = common(*grids)
        lon, south, _, north = extent(whole, DEGREES)
        found = common(*grids, bounds=(west, south, east, north))
        edges = extent(found, DEGREES)
        assert edges[0] == pytest.approx(179.997, abs=4e-4)
        assert edges[2] == pytest.approx(180.003, abs=4e-4)
        assert lon < edges[0]

    def test_bounds_on_either_side_or_around_the_earth(self, rasters):
        grids = [(rasters["zone 1"].grid,), (rasters["zone 60"].grid,)]
        whole = common(*grids)
        assert common(*grids, bounds=(-180, -90, 180, 90)) == whole
        assert common(*grids, bounds=(0, -90, 360, 90)) == whole
        _, south, _, north = extent(whole, DEGREES)
        beyond = extent(common(*grids, bounds=(-180, south, -170, north)), DEGREES)
        assert beyond[0] == pytest.approx(180, abs=4e-4)
        with pytest.raises(SettingError, match="enclose nothing"):
            common(*grids, bounds=(179.9, south, 179.8, north))

    def test_a_picture_of_the_whole_earth_crops_nothing(self):
        # transformed as it is, its west edge would fall on the zone's central meridian
        world = Grid(DEGREES, Affine(1, 0, -180, 0, -1, 90), 180, 360)
        for place in (grid(100, 100, x=400_000.0), grid(100, 100, x=600_000.0)):
            assert common((place,), (world,)) == place
        half = Grid(DEGREES, Affine(1, 0, -180, 0, -1, 90), 180, 180)
        with pytest.raises(SceneError, match="do not overlap"):
            common((grid(100, 100),), (half,))

    def test_a_picture_around_the_earth_is_read_where_the_scene_is(self):
        # a crossing picture written as one of all longitudes: its parts lie at both of its ends
        step = 0.01
        on = Grid(DEGREES, Affine(step, 0, -180, 0, -step, -16), 150, 36_000)
        row, col = np.mgrid[:150, :36_000]
        values = np.where(np.abs(col - 17_999.5) < 9000, -50.0, row)
        scene = fiji(FIJI, CORNER[0] - 5000, CORNER[1] + 5000, 100, 100)
        target = common((scene.grid,), (on,), 100.0)
        assert target == scene.grid
        found = align(memory(values, on), target).read()
        _, lat = transform(FIJI, DEGREES, [CORNER[0]], [CORNER[1]])
        assert np.isfinite(found).all()
        assert found[0, 50, 50] == pytest.approx((-16 - lat[0]) / step - 0.5, abs=0.1)
        assert found.min() > 0
