"""Sharpening is judged on what no method could have seen, and not finer than the sensor saw."""

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene, posed
from bandweave.errors import MethodError, SettingError, TaskError
from bandweave.evaluation.scores import MEAN, evaluate
from bandweave.methods import METHODS, chosen
from bandweave.methods.references.back_projection import BackProjection
from bandweave.prepare.degradation import COARSE, CellRaster, degraded, samples_of
from bandweave.problem import Problem
from bandweave.raster.scene import CLOUD, Layer, Resampled, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks import TASKS, sharpen
from bandweave.tasks.sharpen import Sharpen
from bandweave.workspace import scene_library
from tests.core.commands.test_real_journeys import spain
from tests.core.prepare.test_degradation import weights


def with_optical(scene: Scene, pixels: np.ndarray, **facts: object) -> Scene:
    raster = MemoryRaster(pixels.astype(np.float32), scene.grid, scene.optical.bands)
    return scene.adding(replace(scene.optical, raster=raster, **facts))


def everything(problem: Problem) -> dict[str, np.ndarray]:
    return {layer.name: layer.raster.read() for layer in problem.inputs.layers}


def projected(problem: Problem, iterations: int) -> np.ndarray:
    fuser = BackProjection(iterations=iterations).fit(problem)
    return fuser.fuse(fuser.prepare(problem.inputs))


def test_the_problem_holds_the_coarse_image_twice_and_says_how_coarse_it_is():
    scene = make_scene()
    problem, truth, product = Sharpen(ratio=2).pose(scene, 0)
    first, *_, last = problem.inputs.layers
    assert (first.name, last.name) == ("optical", COARSE)
    assert problem.inputs.optical is first
    assert (first.native_resolution, first.resampled) == (60.0, "cubic")
    assert (last.native_factor, last.resampled) == (6, "nearest")
    expected = degraded(scene.optical.raster, 6)
    np.testing.assert_array_equal(samples_of(last.raster, 6), expected)
    np.testing.assert_array_equal(problem.inputs.radar.raster.read(), scene.radar.raster.read())
    assert product is None and problem.hidden is None
    assert problem.known.target is problem.inputs.optical.raster
    assert (truth.cell, truth.resolution_ratio) == (3, 0.5)
    np.testing.assert_array_equal(truth.reference.read(), scene.optical.raster.read())


def test_where_the_image_is_native_its_pixels_are_what_is_compared():
    scene = make_scene()
    native = scene.adding(replace(scene.optical, native_resolution=10.0))
    problem, truth, _ = Sharpen().pose(native, 0)
    assert truth.cell == 1 and problem.inputs.optical.native_factor == 3


def test_fine_images_with_one_coarse_image_are_one_problem():
    """Detail that the coarse sensor cannot see is added: not one bit of a problem may change."""
    scene = make_scene()
    plain = np.full((3, 96, 96), 0.25)
    share = weights(96, 9)
    seen = np.linalg.pinv(share) @ share
    detail = np.random.default_rng(0).normal(0, 0.1, plain.shape)
    detail -= seen @ detail @ seen.T
    fine = [with_optical(scene, each) for each in (plain, plain + detail)]
    problems = [Sharpen().pose(each, 0) for each in fine]
    assert np.abs(detail).mean() > 0.05
    assert (problems[0].truth.reference.read() != problems[1].truth.reference.read()).mean() > 0.9
    first, second = (everything(each.problem) for each in problems)
    assert list(first) == list(second)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


def test_all_that_a_method_sees_of_an_image_are_its_samples(monkeypatch):
    """Whatever the fine image: with the samples of another one, the problem is the other one's."""
    scene, other = make_scene(seed=1), make_scene(seed=2)
    earlier = replace(scene.optical, name="earlier", earlier=True, date=datetime.date(2020, 1, 1))
    truth = replace(scene.optical, name="truth", role=Role.TRUTH)
    mixed = with_optical(other.adding(scene.radar), scene.optical.raster.read())
    samples = degraded(other.optical.raster, 9)
    expected = everything(Sharpen().pose(other.adding(scene.radar), 0).problem)
    monkeypatch.setattr(sharpen, "degraded", lambda *_: samples)
    found = everything(Sharpen().pose(mixed.adding(earlier, truth), 0).problem)
    assert list(found) == list(expected)
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name])


def test_no_data_stays_where_it_was_in_every_band():
    scene = make_scene()
    pixels = scene.optical.raster.read()
    pixels[0, 40:43, 50:58] = np.nan
    problem, truth, _ = Sharpen().pose(with_optical(scene, pixels), 0)
    lost = np.zeros((96, 96), bool)
    lost[40:43, 50:58] = True
    for band in problem.inputs.optical.raster.read():
        np.testing.assert_array_equal(np.isnan(band), lost)
    assert not truth.regions["all"].read()[0, lost].any()


def test_clouds_are_not_scored_nor_cells_that_they_touch():
    scene = make_scene()
    flags = np.zeros((1, 96, 96), np.float32)
    flags[0, 10:20, 10:30] = 1
    mask = Layer("cloud", Role.MASK, MemoryRaster(flags, scene.grid, (CLOUD,)), Unit.FLAG, 30.0)
    scored = Sharpen().pose(scene.adding(mask), 0).truth.regions["all"].read()[0] == 1
    # grown by the 3 pixels that a 30 m sample may reach beyond, then to whole cells of 3
    expected = np.ones((96, 96), bool)
    expected[6:24, 6:33] = False
    np.testing.assert_array_equal(scored, expected)


def test_the_scale_is_the_spread_of_what_is_scored():
    scene, truth = make_scene(), posed("sharpen").truth
    for pixels, scale in zip(scene.optical.raster.read(), truth.scales, strict=True):
        low, high = np.percentile(pixels, (2, 98))
        assert scale.data_range == pytest.approx(high - low, rel=1e-3)
        assert scale.lowest == pytest.approx(low, abs=1e-3) and (scale.lower, scale.upper) == (0, 1)


def test_scores_are_of_cell_means_and_ergas_of_the_ratio():
    problem, truth, _ = posed("sharpen")
    given, wanted = problem.inputs.optical.raster, truth.reference.read()
    error = (given.read() - wanted).reshape(3, 32, 3, 32, 3).mean(axis=(2, 4))
    rmse = np.sqrt((error.astype(float) ** 2).mean(axis=(1, 2)))
    scores = {(each.band, each.metric): each.value for each in evaluate(truth, given)}
    assert scores["red", "rmse"] == pytest.approx(rmse[0], rel=1e-5)
    relative = rmse / wanted.mean(axis=(1, 2))
    assert scores[MEAN, "ergas"] == pytest.approx(100 / 3 * np.sqrt((relative**2).mean()), rel=1e-5)
    assert ("red", "ergas") not in scores


def test_small_scenes_are_refused_with_what_would_do():
    with pytest.raises(TaskError, match="64 x 64 pixels make 7 coarse pixels of 9") as caught:
        Sharpen().pose(make_scene(64, 64), 0)
    assert "72 pixels a side" in caught.value.hint
    assert Sharpen().pose(make_scene(72, 80), 0)
    assert Sharpen(ratio=2).pose(make_scene(64, 64), 0)
    with pytest.raises(SettingError):
        Sharpen(ratio=7)


def test_clear_pixels_without_a_clear_cell_are_refused():
    scene = make_scene()
    pixels = scene.optical.raster.read()
    pixels[:, ::3] = np.nan
    with pytest.raises(TaskError, match="as a whole"):
        Sharpen().pose(with_optical(scene, pixels), 0)


def test_methods_that_train_or_copy_the_answer_make_no_sense_here():
    keys = [key for key in METHODS if METHODS[key].suits(Sharpen)]
    assert not {"copy", "block-mean", "laplace", "radar-laplace", "cae", "shallow-cnn"} & set(keys)
    assert {"bicubic", "back-projection", "band-mean", "radar-regression"} <= set(keys)
    for task, method, reason in (
        ("sharpen", "cae", "nothing to train on"),
        ("sharpen", "copy", "answer is hidden"),
        ("sharpen", "laplace", "no gaps to fill"),
        ("gap", "bicubic", "as fine as it is wanted"),
    ):
        with pytest.raises(MethodError, match=reason):
            chosen([method], TASKS[task])


def test_bicubic_is_the_image_that_is_given():
    problem = posed("sharpen").problem
    found = METHODS["bicubic"]().fit(problem).fuse(problem.inputs)
    np.testing.assert_array_equal(found, problem.inputs.optical.raster.read())


@pytest.mark.parametrize("nan", [False, True])
def test_back_projection_comes_closer_to_the_samples_with_every_step(nan):
    problem = posed("sharpen", nan=nan).problem
    grid, samples = problem.inputs.grid, degraded(make_scene(nan=nan).optical.raster, 9)
    missed = []
    for iterations in (1, 2, 4, 8, 16, 30):
        image = MemoryRaster(projected(problem, iterations), grid, problem.bands)
        missed.append(np.sqrt(((degraded(image, 9) - samples) ** 2).mean()))
    assert (np.diff(missed) < 0).all()
    bicubic = degraded(problem.inputs.optical.raster, 9) - samples
    assert missed[0] < np.sqrt((bicubic**2).mean()) and missed[-1] < 0.1 * missed[0]


def test_back_projection_is_what_irani_and_peleg_wrote():
    """x <- x + up(coarse - down(x)), step by step on the fine grid."""
    problem = posed("sharpen", nan=True).problem
    grid, given = problem.inputs.grid, problem.inputs.optical.raster.read()
    samples = samples_of(problem.inputs.layer(COARSE).raster, 9)
    image = given.copy()
    for _ in range(3):
        down = degraded(MemoryRaster(image, grid, problem.bands), 9)
        step = CellRaster(samples - down, 9, grid, problem.bands, Resampled.CUBIC)
        image = image + step.read()
    np.testing.assert_allclose(projected(problem, 3), image, atol=1e-6)


def test_back_projection_gives_detail_back():
    problem, truth, _ = posed("sharpen")
    wanted = truth.reference.read()
    error = np.abs(projected(problem, 10) - wanted).mean()
    assert error < 0.8 * np.abs(problem.inputs.optical.raster.read() - wanted).mean()


@pytest.fixture
def core(capsys: pytest.CaptureFixture[str], workspace: Path) -> Callable[..., object]:
    def run(*words: object) -> object:
        assert main([*(str(word) for word in words), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_from_a_shell(core, tmp_path: Path):
    scene_library.store(make_scene(), "small")
    out = tmp_path / "o"
    scores = core(
        *("fuse", "--scene", "small", "--task", "sharpen", "--task-set", "ratio=2"),
        *("--method", "bicubic", "back-projection", "--out", out),
    )
    assert {row["region"] for row in scores} == {"all"}
    found = {(row["label"], row["metric"]): row["value"] for row in scores if row["band"] == MEAN}
    assert found["back-projection", "ergas"] < found["bicubic", "ergas"]
    result = json.loads((out / "bicubic" / "result.json").read_text())
    assert (result["cell"], result["resolution_ratio"]) == (3, 0.5)
    assert main(["run", str(out / "back-projection")]) == 0


def test_spain_as_measured(core, test_data: Path, tmp_path: Path):
    """Pixels as the file holds them gave 3.33 and 2.71; here they are warped to metres first."""
    core("scene", "create", "--name", "s", *spain(test_data))
    scores = core(
        *("fuse", "--scene", "s", "--task", "sharpen"),
        *("--method", "bicubic", "back-projection", "--out", tmp_path / "o"),
    )
    found = {(row["label"], row["metric"]): row["value"] for row in scores if row["band"] == MEAN}
    assert found["bicubic", "ergas"] == pytest.approx(3.22, abs=0.15)
    assert found["back-projection", "ergas"] == pytest.approx(2.50, abs=0.15)
    assert found["back-projection", "sam"] < 0.85 * found["bicubic", "sam"]
    assert found["back-projection", "ssim"] > found["bicubic", "ssim"] + 0.08
