"""An area of a scene saved as a scene: the same pixels on the shifted grid, the same facts."""

import datetime

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from bandweave.errors import RasterError, SceneError
from bandweave.raster.grid import BLOCK, Grid, Window
from bandweave.raster.scene import CLOUD, Layer, Resampled, Role, Scene, Unit
from bandweave.raster.virtual import CroppedRaster, MemoryRaster
from bandweave.workspace import scene_library

GRID = Grid(CRS.from_epsg(32648), Affine(10, 0, 680_000, 0, -10, 1_200_000), 70, BLOCK + 60)
AREA = Window(3, 41, 65, BLOCK + 7)
"""Wider than a block, and starting inside a native cell of three pixels."""
FACTS = {"source": "files", "warnings": ["Hazy."], "evidence": [], "files": {"radar": ["vv.tif"]}}


def layers():
    generator = np.random.default_rng(7)
    shape = GRID.shape

    def raster(bands, values):
        return MemoryRaster(values.astype(np.float32), GRID, bands)

    def measured(bands, lowest):
        values = generator.normal(0.2, 0.1, (len(bands), *shape)).clip(lowest)
        values[generator.random(values.shape) < 0.05] = np.nan
        return raster(bands, values)

    flags = generator.choice([0.0, 1.0, np.nan], (1, *shape), p=[0.7, 0.2, 0.1])
    labels = generator.integers(0, 7, (1, *shape))
    day, before = datetime.date(2019, 9, 18), datetime.date(2018, 9, 1)
    colours, polarisations = ("red", "green", "blue"), ("VV", "VH")
    return (
        Layer("optical", Role.OPTICAL, measured(colours, -0.1), Unit.REFLECTANCE, 30.0, day,
              resampled=Resampled.NEAREST),
        Layer("radar", Role.RADAR, measured(polarisations, 0), Unit.POWER, 20.0,
              datetime.date(2019, 9, 17), calibration="gamma0", resampled=Resampled.BILINEAR),
        Layer("cloud", Role.MASK, raster((CLOUD,), flags), Unit.FLAG, 30.0, day),
        Layer("optical-earlier", Role.OPTICAL, measured(colours, -0.1), Unit.REFLECTANCE, 30.0,
              before, earlier=True),
        Layer("cover", Role.LABELS, raster(("class",), labels), Unit.CLASS, 10.0),
    )  # fmt: skip


@pytest.fixture
def whole(workspace):
    return scene_library.store(Scene(layers(), "Orihuela", FACTS), "orihuela")


def test_every_layer_is_the_window_of_the_original(whole):
    cropped = scene_library.crop(whole, AREA, "Orihuela, area 1")
    rows, cols = AREA.slices
    for before, after in zip(whole.scene.layers, cropped.scene.layers, strict=True):
        pixels = after.raster.read()
        np.testing.assert_array_equal(pixels, before.raster.read()[:, rows, cols])
        assert after.raster.dataset.dtypes == before.raster.dataset.dtypes
        assert before.as_json() == after.as_json()


def test_the_grid_is_shifted_to_the_window(whole):
    grid = scene_library.crop(whole, AREA, "a").scene.grid
    assert grid.shape == (65, BLOCK + 7)
    assert grid.transform == Affine(10, 0, 680_410, 0, -10, 1_199_970)
    assert grid.crs == GRID.crs


def test_facts_stay_and_say_where_it_was_cut_from(whole):
    cropped = scene_library.crop(whole, AREA, "Orihuela, area 1")
    origin = {"id": "orihuela", "name": "Orihuela", "window": [3, 41, 65, BLOCK + 7]}
    assert cropped.scene.facts == FACTS | {"cropped_from": origin}
    assert (cropped.id, cropped.name) == ("orihuela-area-1", "Orihuela, area 1")
    assert "cropped_from" not in scene_library.find("orihuela").scene.facts


def test_a_crop_of_a_crop_is_the_window_of_the_whole(whole):
    first = scene_library.crop(whole, Window(10, 100, 60, 200), "a")
    second = scene_library.crop(first, Window(5, 20, 40, 30), "b")
    expected = whole.scene.optical.raster.read(Window(15, 120, 40, 30))
    np.testing.assert_array_equal(second.scene.optical.raster.read(), expected)
    assert second.scene.facts["cropped_from"]["id"] == "a"


@pytest.mark.parametrize(
    "window",
    [(-1, 0, 10, 10), (0, 0, 71, 10), (0, BLOCK + 59, 5, 2), (0, 0, 0, 5), (2, 2, 5, -1)],
)
def test_a_window_outside_or_empty_is_refused(whole, window):
    with pytest.raises(SceneError, match="of 70 rows and 1084 columns") as caught:
        scene_library.crop(whole, Window(*window), "a")
    assert caught.value.hint
    assert [entry.id for entry in scene_library.entries()] == ["orihuela"]


def test_an_area_without_data_is_refused(workspace):
    optical, radar, *_ = layers()
    optical.raster.array[:, :20] = np.nan
    entry = scene_library.store(Scene((optical, radar), "half"), "half")
    with pytest.raises(SceneError, match="No pixel of the area has both"):
        scene_library.crop(entry, Window(0, 0, 20, 50), "a")
    assert scene_library.crop(entry, Window(0, 0, 21, 50), "a").scene.grid.height == 21


def test_a_crop_needs_a_name(whole):
    with pytest.raises(SceneError, match="no name"):
        scene_library.crop(whole, AREA, " ")


def test_a_simulated_scene_stays_simulated(workspace, scene):
    entry = scene_library.store(scene, "small")
    assert scene_library.crop(entry, Window(0, 0, 64, 64), "part").scene.simulated


def test_a_cropped_raster_reads_windows_and_bands_of_its_own():
    values = np.arange(2 * 4 * 5, dtype=np.float32).reshape(2, 4, 5)
    grid = Grid(GRID.crs, GRID.transform, 4, 5)
    cropped = CroppedRaster(MemoryRaster(values, grid, ("VV", "VH")), Window(1, 2, 3, 3))
    np.testing.assert_array_equal(cropped.read(Window(1, 0, 2, 2), ["VH"]), [[[32, 33], [37, 38]]])
    assert cropped.bands == ("VV", "VH")
    with pytest.raises(RasterError):
        cropped.read(Window(0, 0, 4, 3))
    with pytest.raises(RasterError):
        CroppedRaster(cropped.base, Window(2, 0, 3, 3))
