"""netCDF as users have it: written here with h5py and scipy, values by hand."""

import datetime

import h5py
import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from scipy.io import netcdf_file

from bandweave.errors import RasterError
from bandweave.raster.scene import Role
from bandweave.sources import outside
from bandweave.sources.files import FilesSource
from bandweave.workspace import scene_library
from tests.core.sources.rewriting import as_made, stored, tags

UTM = CRS.from_epsg(32648).to_wkt()
ROWS, COLS = 6, 8
EAST = 600_005.0 + 10 * np.arange(COLS)
NORTH = 1_199_995.0 - 10 * np.arange(ROWS)
HERE = Affine(10, 0, 600_000, 0, -10, 1_200_000)
JUNE = [0, 12]
"""Days since 2018-06-04: the 4th and the 16th of June."""


def plane(dtype="u2", start=100):
    return (start + np.arange(ROWS * COLS)).reshape(ROWS, COLS).astype(dtype)


class Written:
    """A netCDF-4 file as openEO writes them: dimensions t, y, x and a variable a band."""

    def __init__(self, path, *, times=JUNE, x=EAST, y=NORTH, crs=UTM):
        self.file = h5py.File(path, "w", track_order=True)  # as netCDF does
        self.path = path
        self.scale("x", x, standard_name="projection_x_coordinate", units="m")
        self.scale("y", y, standard_name="projection_y_coordinate", units="m")
        if times is not None:
            self.scale("t", np.array(times), standard_name="time", units="days since 2018-06-04")
        if crs:
            self.variable("crs", np.array(0), (), crs_wkt=crs)

    def scale(self, name, values, **said):
        held = self.file.create_dataset(name, data=values)
        held.make_scale(name)
        held.attrs.update(said)

    def variable(self, name, values, dimensions, **said):
        chunks = {"compression": "gzip"} if values.ndim else {}
        held = self.file.create_dataset(name, data=values, **chunks)
        for place, dimension in enumerate(dimensions):
            held.dims[place].attach_scale(self.file[dimension])
        held.attrs.update(said)

    def done(self, **said):
        self.file.attrs.update(said)
        self.file.close()
        return self.path


@pytest.fixture
def written(tmp_path):
    return lambda **how: Written(tmp_path / "openEO.nc", **how)


def test_variables_become_described_bands_on_the_grid_of_their_coordinates(written):
    file = written(times=None)
    file.variable("B04", plane(), ("y", "x"), grid_mapping="crs", units="1", long_name="red")
    file.variable(
        "B08", plane(start=500), ("y", "x"), grid_mapping="crs", _FillValue=np.uint16(507)
    )
    raster = as_made(file.done())
    assert raster.bands == ("B04", "B08")
    assert raster.grid.transform == HERE and raster.grid.crs == CRS.from_epsg(32648)
    np.testing.assert_array_equal(raster.read(bands=["B04"])[0], plane())
    near = raster.read(bands=["B08"])[0]
    assert np.isnan(near[0, 7]) and near[1, 0] == 508 and np.isnan(near).sum() == 1
    assert tags(raster, 1)["long_name"] == "red" and raster.dataset.units[0] == "1"


def test_of_several_times_each_band_says_its_own(written):
    file = written()
    cube = np.stack([plane(), plane(start=900)])
    file.variable("VV", cube, ("t", "y", "x"), grid_mapping="crs")
    file.variable("VH", cube + 1, ("t", "y", "x"), grid_mapping="crs")
    raster = as_made(file.done())
    assert raster.bands == ("2018-06-04_VV", "2018-06-16_VV", "2018-06-04_VH", "2018-06-16_VH")
    np.testing.assert_array_equal(stored(raster)[:, 0, 0], [100, 900, 101, 901])
    assert "datetime" not in tags(raster)
    assert tags(raster, 2)["datetime"] == "2018-06-16T00:00:00"


def test_two_times_of_one_day_are_told_apart(written):
    file = written(times=[0.25, 0.75])
    file.variable("VV", np.stack([plane(), plane()]), ("t", "y", "x"))
    assert as_made(file.done()).bands == ("2018-06-04T06:00:00_VV", "2018-06-04T18:00:00_VV")


def test_one_time_is_the_date_of_the_file(written):
    file = written(times=[12])
    file.variable("VV", plane("f4")[None], ("t", "y", "x"))
    path = file.done()
    raster = as_made(path)
    assert raster.bands == ("VV",)
    assert outside.inspect(path)["date"] == "2018-06-16"


@pytest.mark.parametrize(("unit", "count"), [("seconds", 43200), ("hours", 12), ("minutes", 720)])
def test_times_are_counted_as_they_are_said_to_be(written, unit, count):
    file = written(times=[count])
    file.file["t"].attrs["units"] = f"{unit} since 2018-06-15 12:00:00"
    file.variable("VV", plane()[None], ("t", "y", "x"))
    assert tags(as_made(file.done()))["datetime"] == "2018-06-16T00:00:00"


def test_a_calendar_of_models_gives_no_date(written):
    file = written()
    file.file["t"].attrs["calendar"] = "360_day"
    file.variable("VV", np.stack([plane(), plane()]), ("t", "y", "x"))
    assert as_made(file.done()).bands == ("time1_VV", "time2_VV")


def test_packed_numbers_stay_and_say_how_they_are_packed(written):
    file = written(times=None)
    file.variable(
        "VV", np.full((ROWS, COLS), -1250, "i2"), ("y", "x"), scale_factor=0.01, add_offset=1.0,
        units="dB",
    )  # fmt: skip
    raster = as_made(file.done())
    assert stored(raster)[0, 0, 0] == -1250 and raster.dataset.dtypes == ("int16",)
    assert (raster.dataset.scales, raster.dataset.offsets) == ((0.01,), (1.0,))
    np.testing.assert_allclose(raster.read()[0], -11.5)


def test_what_lies_outside_of_the_valid_range_is_no_data(written):
    file = written(times=None)
    file.variable("B04", plane(), ("y", "x"), valid_range=np.array([102, 140], "u2"))
    file.variable(
        "B08", plane("i2"), ("y", "x"), _FillValue=np.int16(-1), missing_value=np.int16(105)
    )
    raster = as_made(file.done())
    red, near = raster.read()
    np.testing.assert_array_equal(np.isnan(red), (plane() < 102) | (plane() > 140))
    np.testing.assert_array_equal(np.isnan(near), plane() == 105)
    assert raster.dataset.dtypes[0] == "int32"  # whole numbers stay whole


def test_rows_from_the_south_and_columns_from_the_east_are_turned(written):
    file = written(times=None, x=EAST[::-1], y=NORTH[::-1])
    file.variable("B04", plane()[::-1, ::-1], ("y", "x"))
    raster = as_made(file.done())
    assert raster.grid.transform == HERE
    np.testing.assert_array_equal(raster.read()[0], plane())


def test_columns_before_rows_are_turned(written):
    file = written()
    file.variable("B04", np.stack([plane().T, plane(start=7).T]), ("t", "x", "y"))
    np.testing.assert_array_equal(stored(as_made(file.done()))[1], plane(start=7))


def test_degrees_need_no_grid_mapping(tmp_path):
    file = h5py.File(tmp_path / "sar.nc", "w")
    for name, values, unit in (
        ("lon", 190.0005 + 0.001 * np.arange(COLS), "degrees_east"),
        ("lat", 9.9995 - 0.001 * np.arange(ROWS), "degrees_north"),
    ):
        file[name] = values.astype("f4")
        file[name].make_scale(name)
        file[name].attrs["units"] = unit
    file["Sigma0_VV"] = plane("f4")
    for place, name in enumerate(("lat", "lon")):
        file["Sigma0_VV"].dims[place].attach_scale(file[name])
    file.close()
    grid = as_made(tmp_path / "sar.nc").grid
    assert grid.crs == CRS.from_epsg(4326)
    np.testing.assert_allclose(tuple(grid.transform)[:6], (1e-3, 0, -170, 0, -1e-3, 10), atol=2e-5)


def test_a_transform_places_what_has_no_coordinates(tmp_path):
    path = tmp_path / "gdal.nc"
    with netcdf_file(path, "w") as file:
        file.createDimension("y", ROWS)
        file.createDimension("x", COLS)
        file.createVariable("crs", "c", ()).spatial_ref = UTM
        file.variables["crs"].GeoTransform = "600000 10 0 1200000 0 -10 "
        band = file.createVariable("Band1", "i2", ("y", "x"))
        band[:] = plane("i2")
        band.grid_mapping = "crs"
        band._FillValue = np.int16(103)
    raster = as_made(path)
    assert raster.grid.transform == HERE and raster.descriptions == ("Band1",)
    expected = plane("f4")
    expected[expected == 103] = np.nan
    np.testing.assert_array_equal(raster.read()[0], expected)


def test_classic_files_and_unsigned_bytes(tmp_path):
    path = tmp_path / "classic.nc"
    with netcdf_file(path, "w") as file:
        for name, values in (("t", np.array(JUNE)), ("y", NORTH), ("x", EAST)):
            file.createDimension(name, None if name == "t" else len(values))
            file.createVariable(name, "f8", (name,))[:] = values.astype("f8")
        file.variables["t"].units = "days since 2018-06-04"
        file.createDimension("one", 1)  # scipy cannot write a variable without dimensions
        file.createVariable("crs", "i4", ("one",)).crs_wkt = UTM
        band = file.createVariable("SCL", "b", ("t", "y", "x"))
        band[:] = np.stack([np.full((ROWS, COLS), -56), np.full((ROWS, COLS), 4)])
        band[0, 0, 1] = -1
        band._Unsigned = "true"
        band._FillValue = np.int8(-1)
        band.valid_min = np.int8(4)
    raster = as_made(path)
    assert raster.bands == ("2018-06-04_SCL", "2018-06-16_SCL")
    np.testing.assert_array_equal(stored(raster)[:, 0, 0], [200, 4])
    assert raster.dataset.nodata == 255
    assert np.isnan(raster.read()[0, 0]).tolist() == [False, True, *[False] * (COLS - 2)]
    assert "LEFT_OUT" not in tags(raster)  # a grid mapping is no band, and no loss


def test_worldcereal_s_radar_keeps_its_numbers_and_says_what_they_stand_for(written):
    file = written()
    numbers = np.stack([plane(), plane()])
    numbers[0, 0, :2] = 0, 65535
    file.variable("S1-SIGMA0-VV", numbers, ("t", "y", "x"), _FillValue=np.uint16(65535))
    file.variable("S2-L2A-B04", numbers, ("t", "y", "x"), _FillValue=np.uint16(65535))
    raster = as_made(file.done())
    assert raster.dataset.dtypes[0] == "uint16"
    assert tags(raster, 1)["DN_ENCODING"] == "dB = 20 log10(DN) - 83"
    assert "DN_ENCODING" not in tags(raster, 3)
    radar, _, red, _ = raster.read()
    assert np.isnan(radar[0, :2]).all() and radar[0, 2] == 102
    assert red[0, 0] == 0 and np.isnan(red[0, 1])


def test_bands_of_one_array_are_called_as_its_coordinate_says(written):
    file = written(times=None)
    file.scale("band", np.array([b"B04", b"B08"]))
    file.variable("__xarray_dataarray_variable__", np.stack([plane(), plane()]), ("band", "y", "x"))
    assert as_made(file.done()).bands == ("B04", "B08")


def test_what_is_no_band_is_said(written):
    file = written()
    file.variable("VV", np.stack([plane(), plane()]), ("t", "y", "x"))
    file.variable("orbit", np.array([1, 2]), ("t",))
    assert tags(as_made(file.done()))["LEFT_OUT"] == "orbit (not over y and x)"


def test_a_scene_is_made_of_netcdf(written, make_tif, workspace):
    noise = np.random.default_rng(4)
    optical = make_tif("o.tif", noise.integers(300, 3000, (3, ROWS, COLS)).astype(np.uint16),
                       bands=("red", "green", "blue"))  # fmt: skip
    file = written(times=[12])
    decibels = noise.normal(-10, 2, (2, 1, ROWS, COLS)).astype("f4") - [[[[0]]], [[[7]]]]
    for name, values in zip(("VV", "VH"), decibels, strict=True):
        file.variable(name, values.astype("f4"), ("t", "y", "x"), grid_mapping="crs", units="dB")
    source = FilesSource(optical=(optical,), radar=(file.done(),))
    scene = scene_library.add(source, "openeo").scene
    assert scene.radar.date == datetime.date(2018, 6, 16)
    assert scene.all(Role.RADAR)[0].bands == ("VV", "VH")
    np.testing.assert_allclose(scene.radar.raster.read(), 10 ** (decibels[:, 0] / 10), rtol=1e-5)


class TestRefused:
    """What cannot be read, or must not be, is refused in words."""

    @pytest.fixture
    def refused(self):
        def why(path):
            with pytest.raises(RasterError) as caught:
                outside.inspect(path)
            return f"{caught.value.message} {caught.value.hint}"

        return why

    @pytest.mark.parametrize("link", [h5py.ExternalLink("secret.nc", "/VV"), h5py.SoftLink("/x")])
    def test_links(self, written, refused, link):
        file = written()
        file.file["VV"] = link
        assert "names another place for VV, which is not opened" in refused(file.done())

    def test_numbers_kept_in_another_file(self, written, refused, tmp_path):
        file = written(times=None)
        (tmp_path / "raw.bin").write_bytes(plane().tobytes())
        file.file.create_dataset(
            "VV", (ROWS, COLS), "u2", external=[(str(tmp_path / "raw.bin"), 0, 96)]
        )
        assert "names another place for VV" in refused(file.done())

    def test_views_of_another_file(self, written, refused, tmp_path):
        with h5py.File(tmp_path / "other.nc", "w") as other:
            other["VV"] = plane()
        file = written(times=None)
        layout = h5py.VirtualLayout((ROWS, COLS), "u2")
        layout[:] = h5py.VirtualSource(tmp_path / "other.nc", "VV", (ROWS, COLS))
        file.file.create_virtual_dataset("VV", layout)
        assert "names another place for VV" in refused(file.done())

    def test_sizes_that_are_absurd(self, tmp_path, refused):
        file = Written(tmp_path / "bomb.nc", times=None, x=np.arange(0.0, 1e5), y=np.arange(1e5))
        held = file.file.create_dataset("VV", (100_000, 100_000), "f4", chunks=(100, 100))
        for place, name in enumerate("yx"):
            held.dims[place].attach_scale(file.file[name])
        assert "4 GiB are not read" in refused(file.done())

    def test_blocks_that_are_absurd(self, tmp_path, refused):
        file = Written(tmp_path / "bomb.nc", times=None)
        file.file.create_dataset("VV", (20_000, 20_000), "f4", chunks=(20_000, 20_000))
        assert "blocks of 1525 MiB" in refused(file.done())

    def test_more_bands_than_there_are(self, written, refused):
        file = written(times=list(range(1100)))
        file.variable("VV", np.zeros((1100, ROWS, COLS), "u1"), ("t", "y", "x"))
        assert "1100 bands" in (said := refused(file.done())) and "fewer bands or dates" in said

    def test_pixels_on_no_grid(self, written, refused):
        file = written(times=None, x=EAST + 2.0 * (np.arange(COLS) == 3))
        file.variable("VV", plane(), ("y", "x"))
        assert "uneven steps of x" in refused(file.done())

    def test_swaths_and_unknown_layouts(self, tmp_path, refused):
        with h5py.File(tmp_path / "gedi.h5", "w") as file:
            file["latitude"] = file["rh98"] = plane()
            file.create_group("BEAM0000")
        assert "has no variable whose last dimensions are y and x" in (
            said := refused(tmp_path / "gedi.h5")
        )
        assert "rh98" in said and "BEAM0000" in said

    def test_no_coordinate_system(self, written, refused):
        file = written(times=None, crs="")
        file.variable("VV", plane(), ("y", "x"))
        assert "states no coordinate system" in refused(file.done())

    def test_several_grids(self, written, refused):
        file = written(times=None)
        file.scale("lat", NORTH)
        file.variable("VV", plane(), ("y", "x"))
        file.variable("B04", plane(), ("lat", "x"))
        assert "holds pixels on several grids" in refused(file.done())

    @pytest.mark.parametrize("start", [b"\x89HDF\r\n\x1a\n", b"CDF\1", b"CDF\2"])
    def test_what_is_cut_short_or_made_up(self, tmp_path, refused, start):
        for number in range(4):
            path = tmp_path / f"damaged{number}.nc"
            path.write_bytes(start + np.random.default_rng(number).bytes(600 * number))
            assert "cannot be read as netCDF" in refused(path)

    def test_the_one_classic_format_that_is_not_known(self, tmp_path, refused):
        (tmp_path / "new.nc").write_bytes(b"CDF\5" + bytes(100))
        assert "nccopy" in refused(tmp_path / "new.nc")
