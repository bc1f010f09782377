"""The reference rows agree with what they say they are, by plain numpy."""

import numpy as np
import pytest

from bandweave.contracts.small_scene import fitted, posed
from bandweave.methods.gap_filling.radar_laplace import RadarLaplace
from bandweave.methods.references.block_mean import BlockMean
from bandweave.methods.references.radar_regression import RadarRegression
from bandweave.prepare.gaps import laplace
from bandweave.raster.scene import HIDDEN
from bandweave.tiling import fuse_block


def result(task: str, method) -> np.ndarray:
    problem = posed(task).problem
    fuser = method.fit(problem)
    prepared = fuser.prepare(problem.inputs)
    return fuse_block(fuser, problem, prepared, prepared.grid.full)


def test_the_copy_is_the_image():
    problem = posed("reconstruct").problem
    copied = fitted("reconstruct", "copy").fuse(problem.inputs)
    np.testing.assert_array_equal(copied, problem.inputs.optical.raster.read())


def test_the_band_mean_is_of_visible_pixels():
    problem = posed("gap").problem
    optical = problem.inputs.optical.raster.read()
    painted = fitted("gap", "band-mean").fuse(problem.inputs)
    np.testing.assert_allclose(painted[:, 0, 0], np.nanmean(optical, axis=(1, 2)), rtol=1e-5)


def test_block_means_of_four_by_four():
    optical = posed("reconstruct").problem.inputs.optical.raster.read()
    cells = optical.reshape(3, 24, 4, 24, 4).mean(axis=(2, 4))
    expected = cells.repeat(4, axis=1).repeat(4, axis=2)
    np.testing.assert_allclose(result("reconstruct", BlockMean()), expected, rtol=1e-5)


def least_squares() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return prediction, visible image and mask of a plain per-pixel regression."""
    inputs = posed("gap").problem.inputs
    optical = inputs.optical.raster.read().astype(np.float64)
    decibels = 10 * np.log10(inputs.radar.raster.read().astype(np.float64))
    decibels = np.clip(decibels, -40, 15)
    design = np.stack([np.ones(optical.shape[1:]), *decibels])
    visible = np.isfinite(optical).all(axis=0)
    coefficients = np.linalg.lstsq(design[:, visible].T, optical[:, visible].T, rcond=None)[0]
    return np.einsum("fo,fij->oij", coefficients, design), optical, visible


def test_radar_regression_is_least_squares_on_decibels():
    predicted, _, visible = least_squares()
    found = result("gap", RadarRegression())
    np.testing.assert_allclose(found[:, ~visible], predicted[:, ~visible], atol=1e-5)


def test_radar_laplace_adds_the_interpolated_error():
    predicted, optical, visible = least_squares()
    residual = (optical - predicted).astype(np.float32)
    expected = predicted + laplace(residual, ~visible)
    found = result("gap", RadarLaplace(looks="pixel"))
    np.testing.assert_allclose(found[:, ~visible], expected[:, ~visible], atol=1e-5)


def test_interpolation_is_laplaces():
    problem = posed("gap").problem
    hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
    expected = laplace(problem.inputs.optical.raster.read(), hidden)
    prepared = fitted("gap", "laplace").prepare(problem.inputs)
    np.testing.assert_array_equal(fitted("gap", "laplace").fuse(prepared), expected)


@pytest.mark.parametrize("method", [RadarRegression, RadarLaplace])
def test_averaged_radar_tells_more_of_what_is_smooth(method):
    truth = posed("gap").truth
    hidden = truth.regions["hidden"].read()[0] == 1
    reference = truth.reference.read()
    error = {
        looks: np.sqrt(((result("gap", method(looks=looks)) - reference)[:, hidden] ** 2).mean())
        for looks in ("pixel", "multi-look")
    }
    assert error["multi-look"] < error["pixel"]
