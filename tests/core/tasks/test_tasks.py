"""A problem never holds what its task hides, and what is scored depends on nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from bandweave.contracts.small_scene import make_grid, make_scene, posed
from bandweave.contracts.tasks import CONTRACTS
from bandweave.errors import TaskError
from bandweave.methods import METHODS
from bandweave.problem import BlockSplit
from bandweave.raster.grid import Window
from bandweave.raster.scene import CLOUD, HIDDEN, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks import TASKS
from bandweave.tasks.gap import Gap
from bandweave.tasks.reconstruct import Reconstruct


def with_optical(scene: Scene, pixels: np.ndarray) -> Scene:
    raster = MemoryRaster(pixels.astype(np.float32), scene.grid, scene.optical.bands)
    return scene.adding(replace(scene.optical, raster=raster))


def with_clouds(scene: Scene) -> Scene:
    flags = np.zeros((1, *scene.grid.shape), np.float32)
    flags[0, 10:20, 10:30] = 1
    raster = MemoryRaster(flags, scene.grid, (CLOUD,))
    return scene.adding(Layer("cloud", Role.MASK, raster, Unit.FLAG, 30.0))


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("key", TASKS)
def test_every_task_keeps_every_contract(contract, key):
    contract(key)


def test_a_problem_without_anything_to_learn_from_is_refused():
    problem = posed("gap").problem
    with pytest.raises(TaskError, match="nothing to learn from"):
        replace(problem, pairs=())


def test_reconstruct_declares_the_papers_scale():
    scene = make_scene(nan=True)
    problem, truth, _ = Reconstruct().pose(scene, 0)
    optical = scene.optical.raster.read()
    for index, scale in enumerate(truth.scales):
        assert scale.lower == np.nanmin(optical[index])
        assert scale.upper == np.nanmax(optical[index])
        assert scale.data_range == 1
    assert problem.hidden is None
    assert truth.regions["all"].read().sum() == np.isfinite(optical).all(axis=0).sum()


def test_reconstruct_leaves_clouds_out_of_its_scale_and_says_both():
    scene = make_scene()
    optical = scene.optical.raster.read()
    optical[:, 10:20, 10:30] = 5.0
    _, truth, _ = Reconstruct().pose(with_clouds(with_optical(scene, optical)), 0)
    assert set(truth.regions) == {"all", "clear"}
    assert max(scale.upper for scale in truth.scales) < 5


def test_gap_hides_the_share_it_says():
    problem, truth, _ = Gap(coverage=0.4).pose(make_scene(240, 240), 1)
    hidden = problem.inputs.layer(HIDDEN).raster.read()
    assert hidden.mean() == pytest.approx(0.4, abs=0.02)
    # the rim that guards against copies of the truth is hidden but not scored
    assert 0.1 < truth.regions["hidden"].read().mean() < hidden.mean()


def test_gap_scores_only_clear_pixels_and_hides_clouds_too():
    scene = with_clouds(make_scene())
    problem, truth, _ = Gap().pose(scene, 1)
    cloud = scene.layer("cloud").raster.read()[0] == 1
    scored = truth.regions["hidden"].read()[0] == 1
    hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
    assert not scored[cloud].any()
    assert hidden[cloud].all()
    assert hidden[scored].all()
    # 30 m cells reach 3 pixels beyond a cloud's edge
    assert hidden[7:23, 7:33].all()


def test_gap_trains_on_visible_pixels_with_gaps_of_their_own():
    problem, truth, _ = posed("gap")
    scored = truth.regions["hidden"].read()[0] == 1
    for pair in problem.pairs:
        learnable = pair.learnable.read()[0] == 1
        assert learnable.any()
        assert not learnable[scored].any()
        assert np.isnan(pair.inputs.optical.raster.read()[:, learnable]).all()
        assert np.isfinite(pair.target.read()[:, learnable]).all()
        assert np.isnan(pair.target.read()[:, scored]).all()


def test_what_is_scored_depends_on_scene_settings_and_seed_only():
    scored = [
        Gap(coverage=c).pose(make_scene(), s)[1].regions["hidden"].read()
        for c, s in [(0.3, 1), (0.3, 1), (0.3, 2), (0.4, 1)]
    ]
    np.testing.assert_array_equal(scored[0], scored[1])
    assert (scored[0] != scored[2]).any()
    assert (scored[0] != scored[3]).any()


def test_gap_scale_is_the_visible_pixels_spread():
    problem, truth, _ = posed("gap")
    visible = problem.inputs.optical.raster.read()
    for index, scale in enumerate(truth.scales):
        values = visible[index][np.isfinite(visible[index])]
        low, high = np.percentile(values, (2, 98))
        assert scale.data_range == pytest.approx(high - low, rel=1e-3)
        assert (scale.lower, scale.upper) == (0, 1)


def test_a_tiny_scene_is_refused_with_what_would_do():
    with pytest.raises(TaskError, match="too small") as caught:
        Gap().pose(make_scene(40, 40), 0)
    assert "64 x 64" in caught.value.hint
    assert Gap().pose(make_scene(64, 64), 0)


@pytest.mark.parametrize("method", [m for m in METHODS if METHODS[m].suits(Gap)])
def test_hidden_means_hidden(method):
    """Perturb every native cell that a scored gap was drawn on: not one bit may change."""
    scene = make_scene(seed=5)
    task = Gap(training_masks=1)
    settings = METHODS[method].quick
    _, truth, _ = task.pose(scene, 2)
    scored = truth.regions["hidden"].read()[0] == 1
    pixels = scene.optical.raster.read()
    perturbed = np.where(scored, 7.0 - 3 * pixels, pixels)
    assert (perturbed != pixels).any()
    answers = []
    for each in (scene, with_optical(scene, perturbed)):
        problem, _, _ = task.pose(each, 2)
        fuser = METHODS[method].from_values(settings).fit(problem)
        prepared = fuser.prepare(problem.inputs)
        answers.append(fuser.fuse(prepared))
    np.testing.assert_array_equal(*answers)


def test_blocks_split_by_share_with_a_buffer():
    grid = make_grid(160, 160)
    split = BlockSplit(grid, side=20, buffer=6, seed=0)
    train, validate = split.read(grid.full, 0.25)
    assert validate.mean() == pytest.approx(0.25)
    assert not (train & validate).any()
    for row, col in zip(*np.nonzero(train), strict=True):
        near = validate[max(0, row - 6) : row + 7, max(0, col - 6) : col + 7]
        assert not near.any()
    everything, nothing = split.read(grid.full, 0.0)
    assert everything.all() and not nothing.any()
    part_train, _ = split.read(Window(33, 47, 50, 60), 0.25)
    np.testing.assert_array_equal(part_train, train[33:83, 47:107])


def test_gap_fills_real_clouds_and_estimates_its_score_on_simulated_gaps():
    scene = with_clouds(make_scene())
    measured, filled = (Gap(purpose=each).pose(scene, 1) for each in ("measure", "fill"))
    assert measured.product is None
    wanted = filled.product.inputs.layer(HIDDEN).raster.read()[0] == 1
    # the cloud and its rim of one 30 m cell that it may have been resampled into, nothing else
    assert wanted[7:23, 7:33].all()
    assert wanted.sum() == 16 * 26
    scored = [each.truth.regions["hidden"].read() for each in (measured, filled)]
    np.testing.assert_array_equal(*scored)
    visible = filled.product.inputs.optical.raster.read()
    np.testing.assert_array_equal(visible[:, ~wanted], scene.optical.raster.read()[:, ~wanted])
    assert np.isnan(visible[:, wanted]).all()


def test_gap_refuses_to_fill_a_scene_without_clouds():
    with pytest.raises(TaskError, match="no clouds to fill") as caught:
        Gap(purpose="fill").pose(make_scene(), 1)
    assert "quality band" in caught.value.hint


@pytest.mark.parametrize("buffer", [-1, 11, 40])
def test_a_buffer_that_cannot_keep_blocks_apart_is_refused(buffer: int):
    with pytest.raises(TaskError, match=f"20 pixels cannot have a buffer of {buffer}"):
        BlockSplit(make_scene().grid, side=20, buffer=buffer, seed=0)


@pytest.mark.parametrize("kind", [BlockSplit.read, BlockSplit.hold_out])
@pytest.mark.parametrize("buffer", [0, 1, 10])
def test_no_training_pixel_lies_within_the_buffer_of_a_chosen_block(buffer: int, kind):
    split = BlockSplit(make_grid(90, 70), side=20, buffer=buffer, seed=3)
    train, chosen = kind(split, split.grid.full, 0.3)
    assert chosen.any()
    side = np.ones((2 * buffer + 1, 2 * buffer + 1), dtype=bool)
    np.testing.assert_array_equal(train, ~binary_dilation(chosen, side))


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_no_block_that_is_held_out_is_validated_in(share: float):
    split = BlockSplit(make_grid(160, 160), side=20, buffer=6, seed=0)
    (_, validated), (_, held) = (
        each(split.grid.full, share) for each in (split.read, split.hold_out)
    )
    assert validated.mean() == held.mean() == pytest.approx(share, abs=0.01)
    assert not (validated & held).any()


@pytest.mark.parametrize("side", [20, 60, 100, 140])
def test_two_halves_of_an_odd_number_of_blocks_share_none(side: int):
    split = BlockSplit(make_grid(20, side), side=20, buffer=0, seed=0)
    (_, validated), (_, held) = (
        each(split.grid.full, 0.5) for each in (split.read, split.hold_out)
    )
    assert not (validated & held).any()
