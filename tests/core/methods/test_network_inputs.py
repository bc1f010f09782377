"""What a network sees comes from visible training pixels, and it learns from those alone."""

from dataclasses import replace

import numpy as np
import pytest

from bandweave.contracts.small_scene import posed
from bandweave.methods.networks.inputs import NetworkInputs
from bandweave.methods.references.radar_regression import RadarRegression
from bandweave.problem import Problem
from bandweave.raster.scene import HIDDEN
from bandweave.raster.virtual import MemoryRaster


def view(problem: Problem, share: float = 0.0) -> NetworkInputs:
    return NetworkInputs.learn("ratio", "min-max", problem, share, mask=True)


def with_radar(problem: Problem, pixels: np.ndarray) -> Problem:
    radar = problem.inputs.radar
    raster = MemoryRaster(pixels.astype(np.float32), problem.inputs.grid, radar.bands)
    changed = replace(radar, raster=raster)
    pairs = tuple(replace(pair, inputs=pair.inputs.adding(changed)) for pair in problem.pairs)
    return replace(problem, inputs=problem.inputs.adding(changed), pairs=pairs)


def test_scales_do_not_look_under_the_gap():
    problem = posed("gap").problem
    hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
    radar = problem.inputs.radar.raster.read()
    radar[0] = np.where(hidden, radar[0] * 1000, radar[0])
    assert view(with_radar(problem, radar)).radar == view(problem).radar


def test_scales_do_not_look_at_validation_blocks():
    problem = posed("reconstruct").problem
    _, validate = problem.split.read(problem.inputs.grid.full, 0.3)
    radar = problem.inputs.radar.raster.read()
    radar[0] = np.where(validate, radar[0] * 1000, radar[0])
    changed = with_radar(problem, radar)
    assert view(changed, 0.3).radar == view(problem, 0.3).radar
    assert view(changed).radar != view(problem).radar


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_only_learnable_pixels_train_or_validate(share):
    problem = posed("gap").problem
    train, validate = problem.split.read(problem.inputs.grid.full, share)
    for pair in problem.pairs:
        seen = view(problem, share).pair(pair, problem, share)
        learnable = pair.learnable.read()[0] == 1
        np.testing.assert_array_equal(seen.train, learnable & train)
        np.testing.assert_array_equal(seen.validate, learnable & validate)


def test_channels_are_the_filled_band_the_radar_and_the_mask():
    problem = posed("gap").problem
    pair = problem.pairs[0]
    seen = view(problem)
    arrays = seen.pair(pair, problem, 0.0)
    hidden = pair.inputs.layer(HIDDEN).raster.read()
    np.testing.assert_array_equal(arrays.mask, hidden)
    visible = hidden[0] == 0
    optical = seen.optical.apply(problem.inputs.optical.raster.read())
    np.testing.assert_array_equal(arrays.optical[:, visible], optical[:, visible])
    assert np.isfinite(arrays.optical).all()
    power = problem.inputs.radar.raster.read()
    quotient = power[0] / power[1]
    low, high = quotient[visible_training(problem)].min(), quotient[visible_training(problem)].max()
    np.testing.assert_allclose(arrays.radar[0], (quotient - low) / (high - low), rtol=1e-4)


def visible_training(problem: Problem) -> np.ndarray:
    return np.isfinite(problem.inputs.optical.raster.read()).all(axis=0)


def test_radar_without_data_is_taken_as_usual():
    problem = posed("gap").problem
    power = problem.inputs.radar.raster.read()
    lost = np.zeros(power.shape[1:], bool)
    lost[30:34, 40:44] = True
    changed = with_radar(problem, np.where(lost, np.nan, power))
    assert np.isfinite(view(changed).pair(changed.pairs[0], changed, 0.0).radar).all()
    fuser = RadarRegression().fit(changed)
    predicted = fuser.fuse(changed.inputs)[:, 31, 41]
    used = np.isfinite(changed.inputs.optical.raster.read()).all(axis=0) & ~lost
    mean = changed.inputs.optical.raster.read()[:, used].mean(axis=1)
    # least squares passes through the means: usual radar gives the usual colour
    np.testing.assert_allclose(predicted, mean, rtol=1e-4)
