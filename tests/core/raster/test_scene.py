"""A scene cannot be made of layers that are not one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from bandweave.errors import SceneError
from bandweave.raster.grid import Window
from bandweave.raster.scene import Layer, Role, Scene, Unit, open_scene, save_scene
from bandweave.raster.virtual import MemoryRaster


def layer(scene: Scene, **changes) -> Layer:
    return replace(scene.radar, **changes)


@pytest.mark.parametrize("unit", [Unit.DB, Unit.AMPLITUDE, Unit.REFLECTANCE])
def test_radar_must_be_power(scene: Scene, unit: Unit):
    with pytest.raises(SceneError, match="not power or ratio"):
        layer(scene, unit=unit)


def test_the_hint_says_how_decibels_become_power(scene: Scene):
    with pytest.raises(SceneError) as caught:
        layer(scene, unit=Unit.DB)
    assert "10^(dB/10)" in caught.value.hint


def test_a_ratio_is_one_band_of_that_name(scene: Scene):
    one = MemoryRaster(np.ones((1, 96, 96), np.float32), scene.grid, ("VV/VH",))
    assert layer(scene, unit=Unit.RATIO, raster=one).bands == ("VV/VH",)
    with pytest.raises(SceneError, match="do not fit"):
        layer(scene, unit=Unit.RATIO)
    with pytest.raises(SceneError, match="do not fit"):
        layer(scene, raster=one)


@pytest.mark.parametrize("metres", [0.0, -10.0, float("nan"), float("inf")])
def test_impossible_native_resolutions(scene: Scene, metres: float):
    with pytest.raises(SceneError, match="impossible"):
        layer(scene, native_resolution=metres)


@pytest.mark.parametrize("name", ["", "a/b", "../up", "a b", "a.tif"])
def test_names_are_plain_since_they_become_files(scene: Scene, name: str):
    with pytest.raises(SceneError, match="cannot name"):
        layer(scene, name=name)


def test_two_grids_are_refused(scene: Scene):
    moved = replace(scene.grid, transform=scene.grid.transform @ Affine.translation(1, 0))
    other = layer(
        scene, name="radar-2", raster=MemoryRaster(scene.radar.raster.read(), moved, ("VV", "VH"))
    )
    with pytest.raises(SceneError, match="different grids"):
        Scene((*scene.layers, other))


def test_mixed_calibrations_are_refused(scene: Scene):
    sigma = layer(scene, calibration="sigma0")
    gamma = layer(scene, name="radar-2", calibration="gamma0")
    unknown = layer(scene, name="radar-3")
    with pytest.raises(SceneError, match="gamma0, sigma0"):
        Scene((sigma, gamma))
    assert len(Scene((sigma, unknown)).all(Role.RADAR)) == 2


def test_two_layers_of_one_name_are_refused(scene: Scene):
    with pytest.raises(SceneError, match="one name"):
        Scene((scene.radar, scene.radar))


def test_missing_layers_say_what_to_do(scene: Scene):
    with pytest.raises(SceneError, match="no radar layer") as caught:
        _ = scene.without(Role.RADAR).radar
    assert caught.value.hint
    with pytest.raises(SceneError, match="at least one"):
        scene.without(Role.RADAR, Role.OPTICAL)


def test_adding_replaces_in_place(scene: Scene):
    names = [each.name for each in scene.adding(scene.optical, layer(scene, name="b")).layers]
    assert names == ["optical", "radar", "b"]


def test_saved_and_opened_is_the_same(scene: Scene, tmp_path: Path):
    stored = save_scene(scene, tmp_path / "s")
    again = open_scene(tmp_path / "s")
    assert again.as_json() == scene.as_json() == stored.as_json()
    assert again.simulated
    for before, after in zip(scene.layers, again.layers, strict=True):
        np.testing.assert_array_equal(before.raster.read(), after.raster.read())


def test_opening_reads_no_pixels(scene: Scene, tmp_path: Path):
    save_scene(scene, tmp_path / "s")
    for path in (tmp_path / "s").glob("radar.tif"):
        path.write_bytes(path.read_bytes()[:4000])
    assert open_scene(tmp_path / "s").optical.raster.read(Window(0, 0, 2, 2)).shape == (3, 2, 2)


def test_an_empty_folder_is_no_scene(tmp_path: Path):
    with pytest.raises(SceneError, match="no scene"):
        open_scene(tmp_path)
