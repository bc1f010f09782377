import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from bandweave.errors import SceneError, UnknownNameError
from bandweave.prepare.clouds import cloud_flags, coverage, guess_kind, require_kind
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Grid
from bandweave.raster.scene import CLOUD, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster

NAN = np.nan


def flags(kind, *values):
    return cloud_flags(np.array(values, np.float32).reshape(1, 1, -1), kind).ravel().tolist()


# the tables of values in the products' guides, by meaning
@pytest.mark.parametrize(
    ("kind", "clear", "cloudy", "fill"),
    [
        # 21824 clear, 21952 water; 21826 dilated, 22280 cloud, 23888 shadow, 54596 cirrus
        ("landsat-c2", (21824, 21952, 30048), (21826, 22280, 23888, 54596), 1),
        # 322 clear, 324 water, 336 snow; 328 shadow, 352 and 480 cloud, 834 high cirrus
        ("landsat-c1", (322, 324, 336), (328, 352, 480, 834), 1),
        # 20480 clear; 61440 cloud and cirrus, 53248 cloud, 28672 cirrus
        ("landsat-bqa", (20480, 20512), (61440, 53248, 28672), 1),
        ("scl", (2, 4, 5, 6, 7, 11), (3, 8, 9, 10), 0),
        ("mask", (0,), (1, 255), NAN),
    ],
)
def test_codes_mean_what_the_guides_say(kind, clear, cloudy, fill):
    assert flags(kind, *clear) == [0.0] * len(clear)
    assert flags(kind, *cloudy) == [1.0] * len(cloudy)
    assert np.isnan(flags(kind, fill)).all()


def test_collection_1_read_as_collection_2_is_all_cloud():
    assert flags("landsat-c1", 322) == [0.0]
    assert flags("landsat-c2", 322) == [1.0]


def test_no_data_stays_no_data_in_every_kind():
    for kind in ("landsat-c2", "landsat-c1", "scl", "mask"):
        assert np.isnan(flags(kind, NAN)).all()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((21824, 22280, 1), "landsat-c2"),
        ((5440, 5504, 5896), "landsat-c2"),  # Landsat 4-7 leave bits 14-15 empty
        ((322, 480, 1), "landsat-c1"),
        ((66, 68, 224), "landsat-c1"),
        ((20480, 20512, 61440), "landsat-bqa"),
        ((0, 4, 5, 8, 9), "scl"),
        ((0, 1), "mask"),
        ((0, 255, NAN), "mask"),
        ((0,), "mask"),
        ((12, 300, 40000), ""),
        ((0.25, 0.5), ""),
        ((-3, 4), ""),
        ((NAN,), ""),
    ],
)
def test_kind_is_told_from_values(values, kind):
    guess = guess_kind(np.float32(values))
    assert guess.kind == kind
    assert guess.why


def test_a_stated_kind_wins_and_an_unknown_one_is_refused():
    unsure = guess_kind(np.float32([12, 300, 40000]))
    assert require_kind("scl", unsure) == "scl"
    with pytest.raises(SceneError, match="cannot be told") as caught:
        require_kind("", unsure)
    assert "landsat-c2" in caught.value.hint
    with pytest.raises(UnknownNameError):
        require_kind("landsat-c3", unsure)
    with pytest.raises(UnknownNameError):
        cloud_flags(np.zeros((1, 2, 2), np.float32), "landsat-c3")


def scene(optical, radar, cloud=None):
    grid = Grid(CRS.from_epsg(32648), Affine(10, 0, 0, 0, -10, 0), *optical.shape[1:])
    layers = [
        Layer("optical", Role.OPTICAL, MemoryRaster(optical, grid, ("red",)), Unit.REFLECTANCE, 10),
        Layer("radar", Role.RADAR, MemoryRaster(radar, grid, ("VV", "VH")), Unit.POWER, 10),
    ]
    if cloud is not None:
        mask = MemoryRaster(cloud, grid, (CLOUD,))
        layers.append(Layer("cloud", Role.MASK, mask, Unit.FLAG, 10))
    return Scene(tuple(layers))


def test_coverage_counts_pixels_with_all_bands_and_clouds_among_flagged_ones():
    height, width = 1030, 1027  # more than one block each way
    optical = np.ones((1, height, width), np.float32)
    radar = np.ones((2, height, width), np.float32)
    cloud = np.zeros((1, height, width), np.float32)
    optical[0, :103] = NAN
    radar[1, 103:206] = NAN
    cloud[0, :515] = NAN
    cloud[0, 515:618] = 1
    found = coverage(scene(optical, radar, cloud))
    assert found.valid_fraction == pytest.approx(0.8, abs=1e-12)
    assert found.cloud_fraction == pytest.approx(0.2, abs=1e-12)


def test_coverage_without_flags_has_no_cloud_fraction():
    optical, radar = np.ones((1, 4, 4), np.float32), np.ones((2, 4, 4), np.float32)
    assert coverage(scene(optical, radar)) == (1.0, None)
    unknown = np.full((1, 4, 4), NAN, np.float32)
    assert coverage(scene(optical, radar, unknown)) == (1.0, None)


# on the cloudy date Collection 2 rules see exactly the complement: "clear" is "dilated cloud"
@pytest.mark.parametrize(
    ("date", "as_collection_1", "as_collection_2"),
    [("20180701", 0.0, 1.0), ("20170831", 0.3357, 0.6643)],
)
def test_flanders_is_collection_1(test_data, date, as_collection_1, as_collection_2):
    raster = StoredRaster(test_data / "flanders" / f"landsat8_pixel_qa_{date}.tif")
    quality = raster.read()
    assert guess_kind(quality).kind == "landsat-c1"
    assert np.mean(cloud_flags(quality, "landsat-c1")) == pytest.approx(as_collection_1, abs=1e-3)
    assert np.mean(cloud_flags(quality, "landsat-c2")) == pytest.approx(as_collection_2, abs=1e-3)


def test_florida_is_pre_collection(test_data):
    quality = StoredRaster(test_data / "landsat8-florida" / "l8_BQA.tif").read()
    assert guess_kind(quality).kind == "landsat-bqa"
    assert 0.02 < np.nanmean(cloud_flags(quality, "landsat-bqa")) < 0.9
