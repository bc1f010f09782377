"""The seam index sees block edges, and the tiler makes none."""

from pathlib import Path

import numpy as np
import pytest

from bandweave.contracts.small_scene import fitted, posed
from bandweave.metrics.seams import seam_index
from bandweave.raster.geotiff import StoredRaster, create
from bandweave.tiling import fuse, fuse_block


def test_by_hand():
    reference = np.zeros((1, 4), np.float32)
    estimate = np.array([[0, 1, 4, 5]], np.float32)
    assert seam_index(reference, estimate, 2) == 3 / 1


def test_blocks_of_their_own_level_show_and_noise_does_not():
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(64, 64)).astype(np.float32)
    levels = generator.normal(size=(4, 4)).repeat(16, axis=0).repeat(16, axis=1)
    zero = np.zeros_like(noise)
    assert seam_index(zero, noise, 16) == pytest.approx(1, abs=0.1)
    assert seam_index(zero, noise + 10 * levels.astype(np.float32), 16) > 3


def test_no_data_does_not_count_and_nothing_to_compare_is_nan():
    image = np.zeros((8, 8), np.float32)
    assert np.isnan(seam_index(image, image, 4))
    assert np.isnan(seam_index(image, image + 1, 64))
    error = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    lost = error.copy()
    lost[0, 0] = np.nan
    assert np.isfinite(seam_index(image, lost, 4))


@pytest.mark.parametrize("method", ["shallow-cnn", "cae"])
def test_the_product_has_the_whole_scenes_seam_index(method, tmp_path: Path):
    problem, truth, _ = posed("reconstruct")
    fuser, side = fitted("reconstruct", method), 32
    with create(tmp_path / "fused.tif", problem.inputs.grid, fuser.bands) as target:
        fuse(fuser, problem, target, side=side)
    tiled = StoredRaster(tmp_path / "fused.tif").read()
    prepared = fuser.prepare(problem.inputs)
    whole = fuse_block(fuser, problem, prepared, prepared.grid.full)
    for reference, one, other in zip(truth.reference.read(), tiled, whole, strict=True):
        expected = seam_index(reference, other, side)
        assert seam_index(reference, one, side) == pytest.approx(expected, abs=0.005)
