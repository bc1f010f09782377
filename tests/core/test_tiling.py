"""The tiler reflects as numpy does and meets every pixel once."""

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.raster.grid import Window
from bandweave.raster.mirrored import read_reflected
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.tiling import cut, padded


@pytest.mark.parametrize("margin", [1, 5, 9, 30])
def test_reflection_is_numpys(margin: int):
    image = np.random.default_rng(0).normal(size=(1, 10, 7)).astype(np.float32)
    raster = MemoryRaster(image, make_grid(10, 7), ("a",))
    expected = np.pad(image, ((0, 0), (margin, margin), (margin, margin)), mode="reflect")
    found = read_reflected(raster, raster.grid.full.grown(margin))
    np.testing.assert_array_equal(found, expected)


def test_a_single_row_reflects_into_itself():
    raster = MemoryRaster(np.ones((1, 1, 4), np.float32), make_grid(1, 4), ("a",))
    assert read_reflected(raster, Window(-2, -1, 5, 6)).shape == (1, 5, 6)


@pytest.mark.parametrize(("height", "width", "side"), [(10, 7, 4), (8, 8, 8), (5, 90, 16)])
def test_blocks_meet_every_pixel_once(height, width, side):
    seen = np.zeros((height, width), int)
    for window in make_grid(height, width).windows(side):
        seen[window.slices] += 1
    assert (seen == 1).all()


def test_padding_reaches_multiples_of_the_stride():
    outer = padded(Window(64, 0, 64, 50), halo=14, stride=4)
    assert outer == Window(48, -16, 96, 80)
    assert padded(Window(3, 5, 2, 2), halo=0, stride=1) == Window(3, 5, 2, 2)


def test_a_cut_is_a_scene_with_the_same_facts():
    scene = make_scene(30, 40)
    part = cut(scene, Window(-4, 10, 20, 20))
    assert isinstance(part, Scene)
    assert part.simulated
    assert part.grid.transform @ (0, 0) == scene.grid.transform @ (10, -4)
    np.testing.assert_array_equal(
        part.radar.raster.read()[:, 4:], scene.radar.raster.read(Window(0, 10, 16, 20))
    )
