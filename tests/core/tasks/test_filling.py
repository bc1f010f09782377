"""A scene's real clouds are filled, and the score says that it is an estimate."""

from pathlib import Path

import numpy as np

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.scene import CLOUD, HIDDEN, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.running.execution import execute
from bandweave.sources.files import FilesSource
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, Run, new_run


def cloudy() -> Scene:
    scene = make_scene()
    flags = np.zeros((1, *scene.grid.shape), np.float32)
    flags[0, 10:20, 10:30] = 1
    raster = MemoryRaster(flags, scene.grid, (CLOUD,))
    return scene.adding(Layer("cloud", Role.MASK, raster, Unit.FLAG, 30.0))


def ran(scene_id: str, use: str, method: str = "radar-laplace") -> Run:
    run = new_run(Request(scene_id, "gap", method, task_settings={"purpose": use}, seed=1))
    execute(run)
    return run


def test_only_clouds_are_filled_and_the_estimate_is_what_measuring_gives(workspace: Path):
    scene = scene_library.store(cloudy(), "small").scene
    measured, filled = ran("small", "measure"), ran("small", "fill")
    cloud = filled.hidden.read()[0] == 1
    assert cloud.sum() == 16 * 26
    fused, optical = filled.fused.read(), scene.optical.raster.read()
    np.testing.assert_array_equal(fused[:, ~cloud], optical[:, ~cloud])
    assert (fused[:, cloud] != optical[:, cloud]).mean() > 0.99
    assert np.isfinite(fused).all()
    values = [
        [(row["region"], row["metric"], row["band"], row["value"]) for row in run.scores()]
        for run in (measured, filled)
    ]
    assert values[0] == values[1]
    assert filled.result()["estimated"] is True
    assert "estimated" not in measured.result()
    assert not list(filled.folder.glob(".estimate*"))


def test_what_lies_under_a_cloud_changes_nothing(workspace: Path):
    answers = []
    for name, value in (("white", 0.9), ("dark", -0.1)):
        scene = cloudy()
        pixels = scene.optical.raster.read()
        pixels[:, 10:20, 10:30] = value
        raster = MemoryRaster(pixels, scene.grid, scene.optical.bands)
        optical = Layer("optical", Role.OPTICAL, raster, Unit.REFLECTANCE, 30.0)
        scene_library.store(scene.adding(optical), name)
        answers.append(ran(name, "fill").fused.read())
    np.testing.assert_array_equal(*answers)


def test_the_clouds_of_a_real_landsat_date(test_data: Path, workspace: Path):
    folder = test_data / "flanders"
    source = FilesSource(
        optical=(folder / "landsat8_sr_20170831.tif",),
        qa=(folder / "landsat8_pixel_qa_20170831.tif",),
        qa_kind="landsat-c1",
        radar=(folder / "sentinel1_db_20170831.tif",),
        optical_native=30.0,
    )
    entry = scene_library.add(source, "Flanders")
    run = ran(entry.id, "fill")
    optical = entry.scene.optical.raster.read(bands=run.fused.bands)
    cloud = run.hidden.read()[0] == 1
    flagged = entry.scene.mask(CLOUD).raster.read()[0] == 1
    assert 0.05 < cloud.mean() < 0.95
    assert cloud[flagged].all()
    fused = run.fused.read()
    np.testing.assert_array_equal(fused[:, ~cloud], optical[:, ~cloud])
    assert np.isfinite(fused).all()
    # clouds are brighter than what is put in their place
    assert fused[:, flagged].mean() < optical[:, flagged].mean()
    assert run.hidden.bands == (HIDDEN,)
