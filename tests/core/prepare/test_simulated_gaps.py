"""Simulated gaps have the stated share, depend on no window, and hide what they are meant to."""

from dataclasses import replace

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.prepare.simulated_gaps import GapField, gap_field, growth, simulate_gaps
from bandweave.raster.grid import Window
from bandweave.raster.scene import Resampled
from bandweave.raster.virtual import FlagRaster


def everywhere(grid) -> FlagRaster:
    return FlagRaster(np.ones(grid.shape, bool), grid, "clear")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize(("cell", "grown"), [(1, 0), (3, 2)])
def test_the_share_is_exact_up_to_a_cell(share, cell, grown):
    grid = make_grid(300, 210)
    found, drawn = simulate_gaps(GapField(grid, cell, grown, (1,)), everywhere(grid), share)
    assert not (drawn & ~found).any()
    # ties within a cell and within the maximum's square go together
    assert found.mean() == pytest.approx(share, abs=cell**2 * (2 * grown + 1) ** 2 / found.size)


def test_only_allowed_pixels_are_hidden_and_counted():
    grid = make_grid(200, 200)
    allowed = np.zeros(grid.shape, bool)
    allowed[:, :80] = True
    found, _ = simulate_gaps(GapField(grid, 1, 0, (1,)), FlagRaster(allowed, grid, "clear"), 0.25)
    assert not found[:, 80:].any()
    assert found[:, :80].mean() == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize(("cell", "grown"), [(1, 0), (3, 2)])
def test_any_window_is_the_same_window_of_the_whole(cell, grown):
    field = GapField(make_grid(300, 400), cell, grown, (4,))
    whole = field.read(field.grid.full)
    window = Window(37, 251, 120, 101)
    np.testing.assert_array_equal(field.read(window), whole[window.slices])


def test_seeds_give_different_holes():
    grid = make_grid(128, 128)
    first, second = (
        simulate_gaps(GapField(grid, 1, 0, (s,)), everywhere(grid), 0.3) for s in (0, 1)
    )
    assert (first.hidden != second.hidden).mean() > 0.2


def test_growth_follows_the_kernel():
    optical = make_scene().optical
    reach = {kind: growth(replace(optical, resampled=kind)) for kind in Resampled}
    assert reach[Resampled.NEAREST] < reach[Resampled.BILINEAR] < reach[Resampled.CUBIC]
    native = replace(optical, native_resolution=10.0, resampled=Resampled.NONE)
    assert growth(native) == 0


def test_grown_holes_contain_the_drawn_ones_with_their_margin():
    layer = replace(make_scene(150, 150).optical, resampled=Resampled.CUBIC)
    field = gap_field(layer, (2,))
    hidden, drawn = simulate_gaps(field, everywhere(field.grid), 0.4)
    cells = drawn[::3, ::3]
    assert cells.any()
    np.testing.assert_array_equal(cells.repeat(3, axis=0).repeat(3, axis=1), drawn)
    for row, col in zip(*np.nonzero(cells), strict=True):
        top, left = max(0, 3 * (row - 3)), max(0, 3 * (col - 3))
        assert hidden[top : 3 * (row + 4), left : 3 * (col + 4)].all()


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_no_copy_of_what_was_drawn_is_visible_wherever_native_cells_begin(phase):
    layer = replace(make_scene(150, 150).optical, resampled=Resampled.NEAREST)
    hidden, drawn = simulate_gaps(gap_field(layer, (2,)), everywhere(layer.raster.grid), 0.4)
    number = (np.arange(150) + phase) // 3
    native = number[:, None] * 1000 + number
    assert not np.isin(native[drawn], native[~hidden]).any()


def test_an_inverted_field_hides_first_what_the_other_hides_last():
    grid = make_grid(200, 150)
    field = GapField(grid, 1, 0, (5,), scales=(4.0, 8.0))
    pair = [
        simulate_gaps(each, everywhere(grid), 0.5).hidden
        for each in (field, replace(field, inverted=True))
    ]
    np.testing.assert_array_equal(pair[0], ~pair[1])
