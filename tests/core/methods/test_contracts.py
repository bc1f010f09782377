"""What holds for every method under every task it suits, none exempt."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bandweave.methods import METHODS, chosen, configured
from bandweave.raster.geotiff import StoredRaster, create
from bandweave.raster.grid import Window
from bandweave.raster.scene import HIDDEN
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks import TASKS
from bandweave.tiling import fuse, fuse_block
from tests.small import FEW_STEPS, SUITED, fitted, posed


@pytest.mark.parametrize("key", METHODS)
def test_facts_are_given(key):
    method = METHODS[key]
    assert method.key == key
    assert method.label and method.family and method.source
    assert method.formula and "\n" not in method.formula
    assert method.summary.endswith(".")
    for preset in method.presets.values():
        method.from_values(preset)
    assert method.from_values(method().values()) == method()


def whole(task: str, method: str, *, nan: bool = False) -> np.ndarray:
    problem, fuser = posed(task, nan=nan).problem, fitted(task, method, nan=nan)
    prepared = fuser.prepare(problem.inputs)
    return fuse_block(fuser, problem, prepared, prepared.grid.full)


@pytest.mark.parametrize("side", [20, 32, 41])
def test_tiled_equals_whole(pairing, side, tmp_path: Path):
    task, method = pairing
    problem, fuser = posed(task).problem, fitted(task, method)
    with create(tmp_path / "fused.tif", problem.inputs.grid, fuser.bands) as target:
        fuse(fuser, problem, target, side=side)
    tiled = StoredRaster(tmp_path / "fused.tif").read()
    np.testing.assert_allclose(tiled, whole(task, method), rtol=0, atol=1e-5)


def test_bands_shape_and_finite(pairing):
    problem = posed(pairing[0]).problem
    result = whole(*pairing)
    assert result.dtype == np.float32
    assert result.shape == (len(problem.bands), *problem.inputs.grid.shape)
    assert fitted(*pairing).bands == problem.bands
    assert np.isfinite(result).all()


@pytest.mark.parametrize("pairing", [pair for pair in SUITED if TASKS[pair[0]].has_gaps])
def test_visible_pixels_are_unchanged(pairing):
    problem = posed(pairing[0]).problem
    visible = problem.inputs.layer(HIDDEN).raster.read()[0] == 0
    optical = problem.inputs.optical.raster.read()
    np.testing.assert_array_equal(whole(*pairing)[:, visible], optical[:, visible])


def test_no_data_stays_no_data_and_does_not_spread(pairing):
    task, _ = pairing
    problem = posed(task, nan=True).problem
    result = whole(*pairing, nan=True)
    optical = problem.inputs.optical.raster.read()
    lost = np.isnan(optical).any(axis=0)
    if problem.hidden is not None:
        lost &= problem.hidden.raster.read()[0] == 0
    np.testing.assert_array_equal(np.isnan(result).any(axis=0), lost)


def test_saved_and_loaded_gives_the_same(pairing, tmp_path: Path):
    task, method = pairing
    problem, fuser = posed(task).problem, fitted(task, method)
    fuser.save(tmp_path)
    again = METHODS[method].from_values(FEW_STEPS.get(method, {})).load(tmp_path)
    prepared = again.prepare(problem.inputs)
    window = Window(20, 24, 40, 36)
    expected = fuse_block(fuser, problem, fuser.prepare(problem.inputs), window)
    np.testing.assert_array_equal(fuse_block(again, problem, prepared, window), expected)


def test_fitting_again_gives_the_same(pairing):
    task, method = pairing
    problem = posed(task).problem
    again = METHODS[method].from_values(FEW_STEPS.get(method, {})).fit(problem)
    result = fuse_block(again, problem, again.prepare(problem.inputs), problem.inputs.grid.full)
    np.testing.assert_array_equal(result, whole(task, method))


def test_fitting_changes_no_input(pairing):
    task, method = pairing
    problem = posed(task).problem
    before = [layer.raster.read() for layer in problem.inputs.layers]
    METHODS[method].from_values(FEW_STEPS.get(method, {})).fit(problem)
    for earlier, layer in zip(before, problem.inputs.layers, strict=True):
        np.testing.assert_array_equal(layer.raster.read(), earlier)


def test_the_halo_is_as_far_as_it_looks(pairing):
    """Change inputs beyond the halo: the block's result must not change at all."""
    task, method = pairing
    problem, fuser = posed(task).problem, fitted(task, method)
    prepared = fuser.prepare(problem.inputs)
    window = Window(4, 4, 4, 4)
    reach = fuser.halo + fuser.stride
    far = np.ones(prepared.grid.shape, bool)
    far[: 8 + reach, : 8 + reach] = False
    assert far.any()
    expected = fuse_block(fuser, problem, prepared, window)
    changed = prepared
    for layer in prepared.layers:
        pixels = np.where(far, 0.5, layer.raster.read())
        raster = MemoryRaster(pixels, prepared.grid, layer.bands)
        changed = changed.adding(type(layer)(**{**vars(layer), "raster": raster}))
    np.testing.assert_array_equal(fuse_block(fuser, problem, changed, window), expected)


def test_a_family_is_what_suits_the_task():
    assert chosen(["reference"], TASKS["reconstruct"]) == [
        "copy",
        "band-mean",
        "block-mean",
        "radar-regression",
    ]
    assert "copy" not in chosen(["reference"], TASKS["gap"])
    assert chosen(["cae", "network"], TASKS["gap"]) == ["cae", "shallow-cnn"]


def test_settings_reach_the_methods_that_have_them():
    settings = configured(["shallow-cnn", "laplace"], "paper", {"epochs": "7"})
    assert settings["laplace"] == {}
    assert settings["shallow-cnn"]["epochs"] == 7
    assert settings["shallow-cnn"]["batch"] == 32


def test_core_does_not_load_tensorflow():
    code = (
        "import bandweave, bandweave.__main__, bandweave.methods, bandweave.running.engine, "
        "bandweave.commands.fusion, sys;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("shape", [(1024, 1024), (519, 415), (160, 160), (64, 64)])
@pytest.mark.parametrize("preset", ["demo", "fast"])
@pytest.mark.parametrize("key", ["shallow-cnn", "cae"])
def test_a_preset_takes_about_as_many_steps_on_every_scene(key, preset, shape):
    method = METHODS[key]
    wanted = method.from_values(method.presets[preset]).plan(1024, 1024).steps
    fitted_to = method.from_values(configured([key], preset, {}, shape)[key])
    assert wanted <= fitted_to.plan(*shape).steps <= 1.5 * wanted
    if shape == (1024, 1024):
        assert fitted_to == method.from_values(method.presets[preset])


def test_what_the_paper_did_stays_so_on_every_scene():
    for shape in ((519, 415), (64, 64)):
        settings = configured(["cae"], "paper", {}, shape)["cae"]
        assert (settings["patch"], settings["stride"], settings["epochs"]) == (128, 128, 15)


def test_a_preset_fits_a_scene_smaller_than_its_patch():
    settings = configured(["cae"], "fast", {}, (64, 64))["cae"]
    assert settings["patch"] == 32


def test_what_is_set_outdoes_the_preset_fitted_to_a_scene():
    settings = configured(["shallow-cnn"], "fast", {"stride": "32"}, (519, 415))["shallow-cnn"]
    assert settings["stride"] == 32
