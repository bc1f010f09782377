import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from bandweave.prepare.clouds import coverage
from bandweave.raster.grid import Grid
from bandweave.raster.scene import CLOUD, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster

NAN = np.nan


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
