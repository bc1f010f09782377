"""Patch by patch is what plain loops give, and shuffled radar is really shuffled."""

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid, make_scene, posed
from bandweave.errors import MethodError
from bandweave.methods import METHODS
from bandweave.methods.networks.patchwise import (
    PREDICTED,
    Patches,
    ShuffledRaster,
    average,
    block_side,
)
from bandweave.methods.networks.training import offsets
from bandweave.metrics.seams import seam_index
from bandweave.raster.geotiff import StoredRaster, create
from bandweave.raster.grid import Window
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tiling import fuse

NETWORKS = ("shallow-cnn", "cae")


def fitted(key, problem, **changes):
    return METHODS[key].from_values({**METHODS[key].quick, **changes}).fit(problem)


def test_overlaps_are_averaged_by_hand():
    """Rows 0-3, 2-5 and, moved inwards, 3-6 of seven; the prediction is the patch's number."""
    grid, numbers = make_grid(7, 4), iter([1.0, 2.0, 6.0])

    def predict(patches):
        return np.full(patches.shape[:3], next(numbers), np.float32)

    found = average(
        grid, Patches(4, 2), predict, lambda w: np.zeros((1, w.height, w.width), np.float32)
    )
    np.testing.assert_allclose(found[:, 0], [1, 1, 1.5, 3, 4, 4, 6])


@pytest.mark.parametrize("key", NETWORKS)
def test_patches_are_predicted_by_plain_loops(key):
    scene = make_scene(84, 101)
    problem = Reconstruct().pose(scene, 3).problem
    fuser = fitted(key, problem, prediction="patches")
    found = fuser.prepare(problem.inputs).layer(PREDICTED).raster.read()
    view, side = fuser._view, 32
    stride = side // 2 if key == "shallow-cnn" else side
    full = scene.grid.full
    optical = view.optical_channels(problem.inputs, full)
    radar = view.radar_channels(problem.inputs, full)
    model = METHODS[key].architecture.build(2)
    for index, band in enumerate(problem.bands):
        model.set_weights(fuser._weights[band])
        total, count = np.zeros(scene.grid.shape), np.zeros(scene.grid.shape)
        image = np.stack([optical[index], radar[0]], axis=-1)
        for row in offsets(84, side, stride):
            for col in offsets(101, side, stride):
                at = slice(row, row + side), slice(col, col + side)
                total[at] += model(image[at][None]).numpy()[0, :, :, 0]
                count[at] += 1
        expected = view.optical.band(index).undo((total / count)[None].astype(np.float32))
        np.testing.assert_allclose(found[index], expected[0], atol=1e-6)


@pytest.mark.parametrize("key", NETWORKS)
def test_tiled_equals_whole_and_borders_show(key, tmp_path):
    problem = posed("reconstruct").problem
    made = {}
    for prediction, side in (("patches", 32), ("patches", 96), ("seamless", 96)):
        path = tmp_path / f"{prediction}{side}.tif"
        fuser = fitted(key, problem, prediction=prediction)
        with create(path, problem.inputs.grid, fuser.bands) as target:
            fuse(fuser, problem, target, side=side)
        made[prediction, side] = StoredRaster(path).read()
    np.testing.assert_array_equal(made["patches", 32], made["patches", 96])
    lines = METHODS[key].from_values(METHODS[key].quick).patch_stride
    assert lines == (16 if key == "shallow-cnn" else 32)
    assert seam_index(made["seamless", 96][0], made["patches", 96][0], lines) > 2


@pytest.mark.parametrize("key", NETWORKS)
def test_neither_setting_changes_what_is_learned(key):
    problem = posed("reconstruct").problem
    plain = fitted(key, problem)
    other = fitted(key, problem, prediction="patches", radar_given="shuffled")
    assert plain._view == other._view
    for band in problem.bands:
        for one, two in zip(plain._weights[band], other._weights[band], strict=True):
            np.testing.assert_array_equal(one, two)


def test_the_shuffled_tensor_differs_and_the_optical_one_does_not():
    problem = posed("reconstruct").problem
    fuser = fitted("shallow-cnn", problem, radar_given="shuffled")
    full = problem.inputs.grid.full
    given = fuser.prepare(problem.inputs)
    before, after = (fuser._view.radar_channels(scene, full) for scene in (problem.inputs, given))
    assert (before != after).mean() > 0.9
    np.testing.assert_allclose(np.sort(before.ravel()), np.sort(after.ravel()))
    np.testing.assert_array_equal(
        fuser._view.optical_channels(problem.inputs, full),
        fuser._view.optical_channels(given, full),
    )


def numbered(height, width):
    grid = make_grid(height, width)
    pixels = np.arange(2 * height * width, dtype=np.float32).reshape(2, height, width)
    return MemoryRaster(pixels, grid, ("VV", "VH"))


def test_every_full_block_moves_and_the_edges_stay():
    base = numbered(140, 200)
    before, after = base.read(), ShuffledRaster(base, 5).read()
    assert not (before == after)[:, :128, :192].any()
    np.testing.assert_array_equal(before[:, 128:], after[:, 128:])
    np.testing.assert_array_equal(before[:, :, 192:], after[:, :, 192:])
    np.testing.assert_array_equal(np.sort(before.ravel()), np.sort(after.ravel()))
    # both bands move alike
    np.testing.assert_array_equal(after[1] - after[0], before[1] - before[0])


def test_windows_of_shuffled_radar_are_windows_of_the_whole():
    shuffled = ShuffledRaster(numbered(140, 200), 5)
    window = Window(30, 50, 105, 149)
    np.testing.assert_array_equal(
        shuffled.read(window, ["VH"])[0], shuffled.read()[1][window.slices]
    )


def test_the_seed_says_where_blocks_go():
    base = numbered(256, 256)
    one, same, other = (ShuffledRaster(base, seed).read() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize(("shape", "side"), [((96, 120), 24), ((64, 64), 16), ((64, 128), 64)])
def test_small_scenes_have_smaller_blocks(shape, side):
    assert block_side(shape) == side
    base = numbered(*shape)
    assert (ShuffledRaster(base, 0).read() != base.read()).any()


def test_without_radar_shuffling_is_refused():
    with pytest.raises(MethodError, match="nothing to shuffle"):
        METHODS["cae"](radar="none", radar_given="shuffled")
