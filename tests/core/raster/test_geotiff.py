"""Grids refuse what cannot be, and files say why they cannot be read."""

import json
import math
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning

from bandweave.errors import RasterError
from bandweave.raster.geotiff import StoredRaster, create, read_image, write, write_cog
from bandweave.raster.grid import Grid, Window, north_up
from bandweave.raster.virtual import FlagRaster, MemoryRaster, SelectedRaster, WithheldRaster

UTM = CRS.from_epsg(32648)
NORTH_UP = Affine(10, 0, 680_000, 0, -10, 1_200_000)


def grid(height: int = 20, width: int = 30) -> Grid:
    return Grid(UTM, NORTH_UP, height, width)


def pixels(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, height, width)).astype(np.float32)


@pytest.mark.parametrize(
    ("crs", "transform", "shape", "said"),
    [
        (None, NORTH_UP, (2, 2), "no coordinate system"),
        (UTM, Affine(math.nan, 0, 0, 0, -10, 0), (2, 2), "not finite"),
        (UTM, Affine(10, 0, math.inf, 0, -10, 0), (2, 2), "not finite"),
        (UTM, Affine(10, 1, 0, 0, -10, 0), (2, 2), "north must be up"),
        (UTM, Affine(10, 0, 0, 0, 10, 0), (2, 2), "north must be up"),
        (UTM, NORTH_UP, (0, 2), "empty"),
        (CRS.from_epsg(4326), NORTH_UP, (2, 2), "no places on Earth"),
    ],
)
def test_impossible_grids_are_refused(crs, transform, shape, said):
    with pytest.raises(RasterError, match=said):
        Grid(crs, transform, *shape)


def test_grid_of_a_window_starts_at_its_corner():
    part = grid().at(Window(3, 4, 5, 6))
    assert part.transform @ (0, 0) == (680_040, 1_199_970)
    assert part.shape == (5, 6)
    assert part.bounds == (680_040, 1_199_920, 680_100, 1_199_970)


def test_degrees_become_metres_at_the_latitude():
    degrees = Grid(CRS.from_epsg(4326), Affine(1e-4, 0, 0, 0, -1e-4, 60 + 1e-4), 2, 2)
    width, height = degrees.pixel_metres
    assert width == pytest.approx(height / 2, rel=1e-4)
    assert height == pytest.approx(11.132)


def test_written_and_read_again_is_the_same(tmp_path: Path):
    image = pixels()
    image[0, 2, 3] = np.nan
    stored = write(tmp_path / "a.tif", image, grid(), ("VV", "VH"))
    np.testing.assert_array_equal(stored.read(), image)
    assert stored.grid == grid()
    assert stored.bands == ("VV", "VH")
    np.testing.assert_array_equal(stored.read(Window(2, 3, 4, 5), ["VH"]), image[1:, 2:6, 3:8])


def test_flags_keep_no_data(tmp_path: Path):
    flags = np.array([[[0, 1, np.nan]]], dtype=np.float32)
    stored = write(tmp_path / "a.tif", flags, grid(1, 3), ["cloud"], flags=True)
    np.testing.assert_array_equal(stored.read(), flags)


def test_large_files_have_overviews_and_tiles(tmp_path: Path):
    stored = write(tmp_path / "a.tif", pixels(1100, 700), grid(1100, 700), ("VV", "VH"))
    assert stored.dataset.overviews(1) == [2, 4]
    assert stored.dataset.block_shapes[0] == (512, 512)


def test_preview_is_the_average(tmp_path: Path):
    image = pixels(8, 8)
    stored = write(tmp_path / "a.tif", image, grid(8, 8), ("VV", "VH"))
    small = stored.preview(stored.grid.full, (4, 4))
    expected = image.reshape(2, 4, 2, 4, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(small, expected, atol=1e-6)


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path):
    path = tmp_path / "a.tif"
    write(path, pixels(), grid(), ("VV", "VH"))
    with pytest.raises(RasterError, match="shaped"), create(path, grid(), ["VV"]) as target:
        target.write(grid().full, pixels())
    assert StoredRaster(path).bands == ("VV", "VH")
    assert [each.name for each in tmp_path.iterdir()] == ["a.tif"]


def test_scale_offset_and_nodata_of_the_file_are_applied(make_tif):
    path = make_tif("a.tif", np.array([[0, 5, 7]], np.int16), nodata=0, scale=0.5, offset=1)
    np.testing.assert_array_equal(StoredRaster(path).read(), [[[np.nan, 3.5, 4.5]]])


def test_names_are_numbers_where_the_file_has_none(make_tif):
    path = make_tif("a.tif", np.zeros((2, 3, 3), np.float32))
    assert StoredRaster(path).bands == ("B1", "B2")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        (b"", "0 bytes"),
        (b"just some words", "not a GeoTIFF"),
        (b"<VRTDataset/>", "not a GeoTIFF"),
        (b"II*\0garbage", "cannot be read"),
    ],
)
def test_what_is_no_raster_is_named(tmp_path: Path, content, said):
    path = tmp_path / "a.tif"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RasterError, match=said) as caught:
        StoredRaster(path).read()
    assert "a.tif" in caught.value.message
    assert str(tmp_path) not in caught.value.message
    assert caught.value.hint


def test_a_truncated_file_is_named(make_tif):
    path = make_tif("a.tif", np.ones((1, 400, 400), np.float32))
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(RasterError, match=r"a\.tif"):
        StoredRaster(path).read()


def test_an_image_needs_no_georeference(make_tif):
    path = make_tif("a.tif", np.ones((1, 4, 4), np.float32), crs=None)
    assert read_image(path).grid is None
    with pytest.raises(RasterError, match="no coordinate system"):
        StoredRaster(path).read()


def test_rows_from_south_to_north_are_turned_over(make_tif):
    image = pixels(40, 30)
    upright = StoredRaster(make_tif("n.tif", image, origin=(600_000, 1_200_400)))
    path = make_tif("s.tif", image[:, ::-1], origin=(600_000, 1_200_000), pixel=(10, -10))
    turned = StoredRaster(path)
    assert turned.grid == upright.grid
    for window in (None, Window(0, 0, 1, 30), Window(7, 3, 12, 9), Window(39, 29, 1, 1)):
        np.testing.assert_array_equal(turned.read(window), upright.read(window))
    window = Window(8, 2, 16, 8)
    np.testing.assert_allclose(
        turned.preview(window, (4, 2)), upright.preview(window, (4, 2)), rtol=1e-6
    )
    np.testing.assert_array_equal(turned.whole(), image)


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        (Affine(-10, 0, 600_000, 0, -10, 1_200_000), "mirrored"),
        (Affine(-10, 0, 600_000, 0, 10, 1_200_000), "rotated"),
        (Affine(0, 10, 600_000, 10, 0, 1_200_000), "rotated"),
        (Affine(10, 1e-3, 600_000, 0, -10, 1_200_000), "rotated"),
        # what GDAL gives where a file says nothing
        (Affine.identity(), "no place in it"),
    ],
)
def test_what_is_rotated_mirrored_or_nowhere_is_refused(tmp_path: Path, transform, said):
    path = tmp_path / "a.tif"
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "height": 20, "width": 30}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", crs="EPSG:32648", transform=transform, **profile) as file:
            file.write(np.ones((1, 20, 30), np.uint8))
    with pytest.raises(RasterError, match=said):
        _ = StoredRaster(path).grid


def test_a_rotation_by_rounding_is_none():
    turned = Affine(10, 1e-9, 600_000, -1e-9, -10, 1_200_000)
    assert north_up(turned, 400, 300) == (Affine(10, 0, 600_000, 0, -10, 1_200_000), False)


def test_windows_outside_are_refused():
    raster = MemoryRaster(pixels(), grid(), ("VV", "VH"))
    with pytest.raises(RasterError, match="not inside"):
        raster.read(Window(-1, 0, 2, 2))
    with pytest.raises(RasterError, match="not inside"):
        raster.read(Window(0, 0, 21, 2))


def test_missing_bands_list_what_there_is():
    raster = MemoryRaster(pixels(), grid(), ("VV", "VH"))
    with pytest.raises(RasterError) as caught:
        raster.read(bands=["HH"])
    assert "HH" in caught.value.message
    assert "VV, VH" in caught.value.hint


def test_arrays_must_fit_grid_and_bands():
    with pytest.raises(RasterError, match="ask"):
        MemoryRaster(pixels(), grid(), ("VV",))
    with pytest.raises(RasterError, match="distinct"):
        MemoryRaster(pixels(), grid(), ("VV", "VV"))


def test_selected_bands_in_their_own_order():
    image = pixels()
    chosen = SelectedRaster(MemoryRaster(image, grid(), ("VV", "VH")), ("VH", "VV"))
    np.testing.assert_array_equal(chosen.read(), image[::-1])
    np.testing.assert_array_equal(chosen.read(bands=["VH"]), image[1:])


def test_withheld_pixels_are_never_read():
    image, flags = pixels(), np.zeros((20, 30), bool)
    flags[5:9, 7] = True
    withheld = WithheldRaster(
        MemoryRaster(image, grid(), ("VV", "VH")), FlagRaster(flags, grid(), "hidden")
    )
    np.testing.assert_array_equal(np.isnan(withheld.read()[0]), flags)
    window = Window(4, 6, 3, 3)
    np.testing.assert_array_equal(withheld.read(window), withheld.read()[:, 4:7, 6:9])


def test_reading_in_many_threads_gives_the_same(tmp_path: Path):
    from concurrent.futures import ThreadPoolExecutor

    image = pixels(600, 600)
    stored = write(tmp_path / "a.tif", image, grid(600, 600), ("VV", "VH"))
    windows = [Window(row, row, 50, 50) for row in range(0, 500, 25)] * 4
    with ThreadPoolExecutor(8) as pool:
        for window, part in zip(windows, pool.map(stored.read, windows), strict=True):
            np.testing.assert_array_equal(part, image[(slice(None), *window.slices)])


def test_files_carry_their_tags(tmp_path: Path):
    write(tmp_path / "a.tif", pixels(), grid(), ("VV", "VH"), tags={"simulated": "yes"})
    with rasterio.open(tmp_path / "a.tif") as source:
        assert source.tags()["simulated"] == "yes"


WRITES = """
import json, resource, sys
from pathlib import Path
import numpy as np
from bandweave.contracts.small_scene import make_grid
from bandweave.errors import RasterError
from bandweave.raster.geotiff import StoredRaster, create, write_cog

kind, folder = sys.argv[1], Path(sys.argv[2])
grid, path, source = make_grid(700, 700), folder / "made.tif", folder.with_name("source.tif")
pixels = np.random.default_rng(0).random((3, 700, 700), dtype=np.float32)
def write(path):
    with create(path, grid, ("red", "green", "blue")) as target:
        target.write(grid.full, pixels)
def make():
    write(path) if kind == "plain" else write_cog(StoredRaster(source), path, {})
write(source)
make()
assert np.array_equal(StoredRaster(path).read(), pixels)
whole = path.stat().st_size
path.unlink()
for limit in (whole // 2, whole - 100_000, whole - 400, whole - 1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        make()
        said = "nothing"
    except RasterError as error:
        said = f"{error.message} {error.hint}"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    print(json.dumps([said, [each.name for each in folder.iterdir()]]))
"""


@pytest.mark.parametrize("kind", ["plain", "cog"])
def test_a_full_disk_leaves_no_file_and_is_not_taken_for_a_damaged_one(kind, tmp_path):
    """At whatever byte it is full: the last ones are written when the file is closed."""
    words = [sys.executable, "-c", WRITES, kind, str(tmp_path / "full")]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    lines = [json.loads(line) for line in printed.splitlines()]
    assert len(lines) == 4
    for said, left in lines:
        assert said.startswith("made.tif cannot be written: the file would be larger than is")
        assert left == []


@pytest.mark.parametrize("shape", [(1600, 400), (300, 1100), (1030, 1030), (100, 1100), (20, 30)])
def test_an_image_of_any_shape_can_be_taken_away(shape, tmp_path):
    image = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    made = write(tmp_path / "made.tif", image, grid(*shape), ["red"])
    taken = write_cog(made, tmp_path / "taken.tif", {})
    np.testing.assert_array_equal(taken.read(), image)


def test_a_copy_of_a_damaged_file_says_so_and_not_that_the_disk_is_full(tmp_path):
    path = tmp_path / "made.tif"
    write(path, pixels(900, 900), grid(900, 900), ["red", "green"])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(RasterError, match="made.tif cannot be read"):
        write_cog(StoredRaster(path), tmp_path / "copy.tif", {})
    assert [each.name for each in tmp_path.iterdir()] == ["made.tif"]


def test_what_else_goes_wrong_while_a_file_is_made_is_not_told_as_a_full_disk(tmp_path):
    with pytest.raises(OSError, match="elsewhere"), create(tmp_path / "a.tif", grid(), ["red"]):
        raise OSError("elsewhere")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError])
def test_a_file_that_may_not_be_read_or_vanishes_says_so(error, tmp_path, monkeypatch):
    path = tmp_path / "made.tif"
    write(path, pixels(), grid(), ["red", "green"])

    def refused(*_, **__):
        raise error("as it happens")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(RasterError, match="made.tif cannot be read"):
        _ = StoredRaster(path).grid
