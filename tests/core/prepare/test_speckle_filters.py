"""Filters agree with their formulas, keep means and edges, and do not depend on the window read."""

import subprocess
import sys

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import SettingError
from bandweave.prepare.speckle_filters import FilteredRaster, SpeckleFilter
from bandweave.raster.grid import Window
from bandweave.raster.virtual import MemoryRaster

KINDS = [
    SpeckleFilter("lee", 3, 4.4),
    SpeckleFilter("lee", 7, 1.0),
    SpeckleFilter("lee", 15, 100.0),
    SpeckleFilter("refined-lee", looks=4.4),
    SpeckleFilter("refined-lee", looks=50.0),
]
LEE, REFINED = SpeckleFilter("lee", 7, 4.4), SpeckleFilter("refined-lee", 7, 4.4)


def filtered(power: np.ndarray, speckle_filter: SpeckleFilter) -> np.ndarray:
    power = np.asarray(power, np.float32)
    power = power if power.ndim == 3 else power[None]
    bands = tuple(f"b{number}" for number in range(len(power)))
    raster = MemoryRaster(power, make_grid(*power.shape[1:]), bands)
    return FilteredRaster(raster, speckle_filter).read()


def speckled(height: int = 60, width: int = 50, looks: float = 4.4, bands: int = 2) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.gamma(looks, 1 / looks, size=(bands, height, width)).astype(np.float32)


def with_holes(power: np.ndarray) -> np.ndarray:
    power[:, np.random.default_rng(1).random(power.shape[1:]) < 0.2] = np.nan
    power[:, 10:21, 5:17] = np.nan
    power[:, 15, 10] = 3
    return power


def estimate(pixel: float, around: np.ndarray, looks: float) -> float:
    known = around[np.isfinite(around)].astype(float)
    mean, variance, noise = known.mean(), known.var(), 1 / looks
    signal = max(0, (variance - mean**2 * noise) / (1 + noise))
    return mean + (signal / variance if variance else 0) * (pixel - mean)


def half_window(seven: np.ndarray) -> np.ndarray:
    """The refined filter's 28 pixels, straight from the convention's words."""
    means = np.empty((3, 3))
    for row in range(3):
        for col in range(3):
            three = seven[2 * row : 2 * row + 3, 2 * col : 2 * col + 3]
            means[row, col] = np.nanmean(three) if np.isfinite(three).any() else np.nan
    (nw, n, ne), (w, c, e), (sw, s, se) = means
    down, right = np.mgrid[-3:4, -3:4]
    edges = [
        ((nw, w, n), (se, e, s), down + right),
        ((ne, n, e), (sw, w, s), down - right),
        ((w, nw, sw), (e, ne, se), right),
        ((n, nw, ne), (s, sw, se), down),
    ]
    gradients = [
        abs(sum(np.where(np.isnan(one), c, one)) - sum(np.where(np.isnan(other), c, other)))
        for one, other, _ in edges
    ]
    strongest = next(n for n, each in enumerate(gradients) if each > max(gradients) - 1e-9 * c)
    (one, *_), (other, *_), across = edges[strongest]
    nearer = abs(other - c) < abs(one - c) - 1e-9 * c or np.isnan(one)
    return seven[across >= 0] if nearer else seven[across <= 0]


def by_hand(power: np.ndarray, speckle_filter: SpeckleFilter) -> np.ndarray:
    halo = speckle_filter.halo
    edge = np.pad(power.astype(float), ((0, 0), (halo, halo), (halo, halo)), mode="reflect")
    result = np.full(power.shape, np.nan)
    for band, row, col in np.argwhere(np.isfinite(power)):
        around = edge[band, row : row + 2 * halo + 1, col : col + 2 * halo + 1]
        if speckle_filter.kind == "refined-lee":
            around = half_window(around)
        result[band, row, col] = estimate(power[band, row, col], around, speckle_filter.looks)
    return result


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("each", KINDS, ids=str)
def test_it_is_the_formula(each, holes):
    power = speckled(40, 36)
    power[:, :, 20:] *= 5
    power[:, 30:] *= 0.1
    if holes:
        power = with_holes(power)
    np.testing.assert_allclose(filtered(power, each), by_hand(power, each), rtol=1e-6)


def test_one_bright_pixel_by_hand():
    # m = 2, v = 8: var(x) = (8 - 4 / 2) / (1 + 1 / 2) = 4, b = 1 / 2, x = 2 + (10 - 2) / 2
    power = np.ones((9, 9))
    power[4, 4] = 10
    found = filtered(power, SpeckleFilter("lee", 3, 2.0))[0]
    assert found[4, 4] == 6
    assert found[4, 5] == 1.5  # 2 + (1 - 2) / 2
    assert found[4, 6] == 1


def test_the_refined_filter_looks_along_the_edge_only():
    power = np.ones((20, 20))
    power[:, 10:] = 4
    power[:, 10] = 2
    # the column of 2 is nearer to the ones' side: 7 of 28 pixels are 2, m = 1.25, v = 0.1875
    looks = 25.0
    signal = (0.1875 - 1.25**2 / looks) / (1 + 1 / looks)
    expected = 1.25 + signal / 0.1875 * (2 - 1.25)
    found = filtered(power, SpeckleFilter("refined-lee", looks=looks))[0]
    np.testing.assert_allclose(found[:, 10], expected, rtol=1e-6)
    np.testing.assert_array_equal(found[:, :7], 1)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("diagonal", [False, True])
def test_a_clean_edge_in_any_direction_survives_the_refined_filter(diagonal, turns):
    rows, cols = np.mgrid[:24, :24]
    power = np.rot90(np.where((rows + cols > 23) if diagonal else (cols > 11), 4.0, 1.0), turns)
    found = filtered(power, REFINED)[0]
    inner = (slice(4, -4), slice(4, -4))
    np.testing.assert_allclose(found[inner], power[inner], rtol=1e-6)


@pytest.mark.parametrize("each", KINDS, ids=str)
def test_a_constant_stays_exactly_what_it_is(each):
    np.testing.assert_array_equal(filtered(np.full((30, 30), 0.1), each), np.float32(0.1))
    np.testing.assert_array_equal(filtered(np.zeros((30, 30)), each), 0)


@pytest.mark.parametrize("each", [LEE, REFINED], ids=str)
def test_speckle_goes_and_the_mean_stays(each):
    power = speckled(512, 512, bands=1)
    found = filtered(power, each)
    assert found.mean() == pytest.approx(power.mean(), rel=0.01)
    assert found.var() < 0.1 * power.var()


def test_the_refined_filter_keeps_an_edge_better():
    truth = np.where(np.arange(200) < 100, 1.0, 8.0) * np.ones((200, 1))
    power = truth * speckled(200, 200, bands=1)[0]
    beside = (slice(None), slice(97, 103))
    error = {
        each.kind: np.sqrt(np.mean((filtered(power, each)[0] - truth)[beside] ** 2))
        for each in (LEE, REFINED)
    }
    noise = np.sqrt(np.mean((power - truth)[beside] ** 2))
    assert error["refined-lee"] < 0.7 * error["lee"]
    assert error["refined-lee"] < 0.5 * noise


@pytest.mark.parametrize("each", [*KINDS, SpeckleFilter()], ids=str)
@pytest.mark.parametrize(
    "window", [Window(0, 0, 9, 9), Window(17, 5, 30, 44), Window(59, 49, 1, 1), Window(3, 0, 1, 50)]
)
def test_any_window_is_the_same_window_of_the_whole_to_the_bit(each, window):
    power = with_holes(speckled())
    looked = FilteredRaster(MemoryRaster(power, make_grid(60, 50), ("VV", "VH")), each)
    whole = looked.read()[(slice(None), *window.slices)]
    np.testing.assert_array_equal(looked.read(window), whole)
    np.testing.assert_array_equal(looked.read(window, ["VH"]), whole[1:])
    assert looked.read(window).dtype == np.float32


@pytest.mark.parametrize("each", KINDS, ids=str)
def test_the_halo_is_as_far_as_it_looks(each):
    power = speckled(50, 50, bands=1)
    changed = power.copy()
    changed[0, 25, 25] *= 100
    rows, cols = np.nonzero((filtered(power, each) != filtered(changed, each))[0])
    assert (max(abs(rows - 25)), max(abs(cols - 25))) == (each.halo, each.halo)


@pytest.mark.parametrize("each", KINDS, ids=str)
def test_no_data_stays_and_counts_nowhere(each):
    power = np.full((30, 30), 0.3, np.float32)
    power[5:14, 5:14] = np.nan
    power[9, 9] = 7  # alone
    power[20, 20] = np.inf
    found = filtered(power, each)[0]
    lost = ~np.isfinite(power)
    np.testing.assert_array_equal(np.isnan(found), lost)
    alone = found[9, 9] if each.halo < 5 else 7
    assert alone == 7
    far = ~lost & (np.indices(power.shape) != 9).any(axis=0)
    if each.halo < 5:
        np.testing.assert_array_equal(found[far], np.float32(0.3))


def test_none_returns_the_pixels_as_they_are():
    power = with_holes(speckled())
    np.testing.assert_array_equal(filtered(power, SpeckleFilter()), power)
    assert SpeckleFilter().halo == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 12), (2, 2), (5, 3)])
@pytest.mark.parametrize("each", KINDS, ids=str)
def test_images_smaller_than_the_window_are_mirrored(each, shape):
    power = speckled(*shape, bands=1)
    assert np.isfinite(filtered(power, each)).all()


@pytest.mark.parametrize("window", [4, 2, 1, 17, 0, -3])
def test_a_window_without_a_centre_is_refused(window):
    with pytest.raises(SettingError, match=f"cannot be {window} pixels") as refused:
        SpeckleFilter("lee", window, 4.4)
    assert "odd number from 3 to 15" in refused.value.hint


@pytest.mark.parametrize("looks", [0, -1.5, float("nan"), float("inf")])
def test_no_looks_are_refused(looks):
    with pytest.raises(SettingError, match="number of looks"):
        SpeckleFilter("lee", 7, looks)


def test_a_filter_that_does_not_exist_is_refused():
    with pytest.raises(SettingError, match="no speckle filter 'frost'"):
        SpeckleFilter("frost")  # type: ignore[arg-type]


def test_importing_costs_no_compiler():
    code = "import bandweave.prepare.speckle_filters, sys; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
