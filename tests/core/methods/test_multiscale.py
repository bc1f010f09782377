"""Wavelet, contourlet, NSCT and the hybrids: identities, whole arrays beside blocks, no data."""

from dataclasses import replace

import numpy as np
import pytest
import pywt

from bandweave.contracts.small_scene import make_scene
from bandweave.methods import METHODS
from bandweave.methods.classical.coefficient_kernels import larger, stronger
from bandweave.methods.classical.multiscale import NEAR, Merge, MultiscaleMethod, patched
from bandweave.raster.grid import Window
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks.gap import Gap
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tiling import fuse_block
from bandweave.transforms.nsct import NonsubsampledContourlet
from bandweave.transforms.wavelet import FAMILIES, Wavelet

KEYS = [key for key, method in METHODS.items() if issubclass(method, MultiscaleMethod)]
BANDWISE = [key for key in KEYS if not METHODS[key].on_intensity]


def with_pixels(scene: Scene, *, optical=None, radar=None) -> Scene:
    for layer, pixels in ((scene.optical, optical), (scene.radar, radar)):
        if pixels is not None:
            raster = MemoryRaster(np.asarray(pixels, np.float32), scene.grid, layer.bands)
            scene = scene.adding(replace(layer, raster=raster))
    return scene


def fused(method, scene: Scene, window: Window | None = None) -> np.ndarray:
    problem = Reconstruct().pose(scene, 0).problem
    fuser = method.fit(problem)
    prepared = fuser.prepare(problem.inputs)
    return fuse_block(fuser, problem, prepared, window or prepared.grid.full)


def decibels(scene: Scene) -> np.ndarray:
    return np.clip(10 * np.log10(scene.radar.raster.read().astype(np.float64)), -40, 15)


def matched(radar: np.ndarray, component: np.ndarray) -> np.ndarray:
    return (radar - radar.mean()) * component.std() / radar.std() + component.mean()


@pytest.mark.parametrize("key", KEYS)
def test_tiled_equals_whole_as_declared(key):
    """With the default settings, whose halo is wider than the blocks."""
    scene = make_scene(320, 272)
    problem = Reconstruct().pose(scene, 0).problem
    fuser = METHODS[key]().fit(problem)
    whole = fuse_block(fuser, problem, problem.inputs, scene.grid.full)
    for window in scene.grid.windows(144):
        tile = fuse_block(fuser, problem, problem.inputs, window)
        np.testing.assert_allclose(
            tile, whole[(slice(None), *window.slices)], rtol=0, atol=1e-5, err_msg=str(window)
        )


@pytest.mark.parametrize("rule", ["max-abs", "energy"])
@pytest.mark.parametrize("key", KEYS)
def test_nothing_beyond_the_reach_matters(key, rule):
    method = METHODS[key](rule=rule)
    reach = method.reach()
    assert reach > 50
    side = 8 + reach + 40
    scene = make_scene(side, side)
    problem = Reconstruct().pose(scene, 0).problem
    fuser = method.fit(problem)
    assert fuser.halo == reach
    window = Window(0, 0, 8, 8)
    expected = fuse_block(fuser, problem, problem.inputs, window)
    # the window padded to the stride sees no farther
    near = 8 + reach + fuser.stride
    results = []
    for edge in (near, reach // 3):
        optical, radar = scene.optical.raster.read(), scene.radar.raster.read()
        optical[:, edge:], optical[:, :, edge:] = 0.9, 0.9
        radar[:, edge:], radar[:, :, edge:] = 0.3, 0.3
        changed = with_pixels(scene, optical=optical, radar=radar)
        inputs = problem.inputs.adding(changed.optical, changed.radar)
        results.append(fuse_block(fuser, problem, inputs, window))
    np.testing.assert_array_equal(results[0], expected)
    assert (results[1] != expected).any()


@pytest.mark.parametrize(("rule", "farthest"), [("max-abs", 1), ("energy", 3)])
def test_energy_looks_one_coefficient_farther(rule, farthest):
    """One Haar level makes coefficients of 2 x 2 pixels: neighbours add two pixels each way."""
    merge = Merge(Wavelet("haar", 1), rule, 0.0)
    assert merge.halo == farthest
    generator = np.random.default_rng(2)
    own, other = generator.normal(size=(2, 24, 24))
    coefficients = merge.transform.decompose(other)
    expected = merge.merged(own, coefficients)
    seen = 0
    for row, col in np.ndindex(4, 4):
        changed = own.copy()
        changed[10 + row, 10 + col] += 9
        rows, cols = np.nonzero(merge.merged(changed, coefficients) - expected)
        distance = max(abs(rows - 10 - row).max(), abs(cols - 10 - col).max())
        seen = max(seen, int(distance))
    assert seen == farthest


@pytest.mark.parametrize("matching", ["moments", "histogram"])
@pytest.mark.parametrize("key", KEYS)
def test_a_component_fused_with_itself_gives_the_input(key, matching):
    scene = make_scene(64, 72)
    optical = scene.optical.raster.read()
    # every band alike, so that each of them and their mean are what radar shows
    optical[:] = optical[:1]
    itself = optical[0].astype(np.float64)
    radar = 10 ** ((-12 + 3 * (itself - itself.mean()) / itself.std()) / 10)
    alike = with_pixels(scene, optical=optical, radar=[radar, radar])
    result = fused(METHODS[key](matching=matching, share=0.5), alike)
    tolerance = 2e-6 if matching == "moments" else 5e-5
    np.testing.assert_allclose(result, optical, rtol=0, atol=tolerance)


def test_wavelets_agree_with_plain_pywavelets():
    """Max-abs details and the optical approximation, by PyWavelets on the whole image."""
    scene = make_scene(256, 256)
    optical = scene.optical.raster.read()
    optical[0, 130:140, 130:140] = -0.02
    scene = with_pixels(scene, optical=optical)
    radar = decibels(scene)[0]
    result = fused(METHODS["wavelet"](wavelet="db2", levels=2), scene)
    for band, pixels in zip(result, optical.astype(np.float64), strict=True):
        own, other = (
            pywt.wavedec2(image, "db2", "periodization", level=2)
            for image in (pixels, matched(radar, pixels))
        )
        chosen = [own[0]] + [
            tuple(np.where(abs(b) > abs(a), b, a) for a, b in zip(*pair, strict=True))
            for pair in zip(own[1:], other[1:], strict=True)
        ]
        expected = pywt.waverec2(chosen, "db2", "periodization")
        inner = (slice(40, -40), slice(40, -40))
        np.testing.assert_allclose(band[inner], expected[inner], rtol=0, atol=1e-6)


def strongest(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Choose by energy in 3 x 3, by plain numpy."""

    def energy(image: np.ndarray) -> np.ndarray:
        moves = [(row, col) for row in (-1, 0, 1) for col in (-1, 0, 1)]
        return sum(np.roll(image**2, move, (0, 1)) for move in moves)

    return np.where(energy(other) > energy(own), other, own)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1), (2, 3), (17, 20)])
def test_choices_are_those_of_plain_numpy_up_to_the_edges(shape):
    own, other = np.random.default_rng(4).normal(size=(2, *shape))
    found = own.copy()
    stronger(found, other)
    np.testing.assert_array_equal(found, strongest(own, other))
    found = own.copy()
    larger(found, other)
    np.testing.assert_array_equal(found, np.where(abs(other) > abs(own), other, own))


@pytest.mark.parametrize("key", ["nsct", "ihs-nsct"])
def test_nsct_agrees_with_its_transform_on_the_whole_image(key):
    scene = make_scene(150, 140)
    optical = scene.optical.raster.read().astype(np.float64)
    radar = decibels(scene)[0]
    method = METHODS[key](levels=2)
    around, made = method.reach(), NonsubsampledContourlet(2, 8)

    def mirrored(image: np.ndarray) -> np.ndarray:
        return np.pad(image, around, mode="reflect")

    components = optical if key == "nsct" else [optical.mean(axis=0)]
    changes = []
    for component in components:
        own = made.decompose(mirrored(component))
        other = made.decompose(mirrored(matched(radar, component)))
        details = tuple(
            tuple(strongest(a, b) for a, b in zip(*pair, strict=True))
            for pair in zip(own.details, other.details, strict=True)
        )
        low = 0.5 * own.approximation + 0.5 * other.approximation
        image = made.reconstruct(own._replace(approximation=low, details=details))
        changes.append(image[around:-around, around:-around] - component)
    expected = optical + np.array(changes)
    np.testing.assert_allclose(fused(method, scene), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("key", KEYS)
def test_the_weight_is_how_much_is_injected(key):
    scene = make_scene(64, 64)
    optical = scene.optical.raster.read()
    whole, half, none = (fused(METHODS[key](weight=w, levels=2), scene) for w in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(none, optical)
    np.testing.assert_allclose(half, (optical + whole) / 2, atol=1e-6)
    assert np.abs(whole - optical).max() > 1e-3


@pytest.mark.parametrize("key", ["ihs-nsct", "wavelet-ihs"])
def test_hybrids_keep_the_differences_between_bands(key):
    scene = make_scene(64, 64)
    optical, result = scene.optical.raster.read(), fused(METHODS[key](), scene)
    np.testing.assert_allclose(
        result - result.mean(axis=0), optical - optical.mean(axis=0), atol=1e-6
    )


@pytest.mark.parametrize("key", KEYS)
def test_no_data_spreads_no_farther_than_the_reach(key):
    method = METHODS[key](levels=1)
    side = 2 * method.reach() + 60
    scene = make_scene(side, side)
    optical, radar = scene.optical.raster.read(), scene.radar.raster.read()
    middle = side // 2
    optical[:, middle, middle] = np.nan
    radar[:, middle, middle + 3 : middle + 5] = np.nan
    problem = Reconstruct().pose(scene, 0).problem
    fuser = method.fit(problem)
    holed = with_pixels(scene, optical=optical, radar=radar)
    results = []
    for each in (scene, holed):
        inputs = problem.inputs.adding(each.optical, each.radar)
        results.append(fuse_block(fuser, problem, inputs, scene.grid.full))
    before, after = results
    assert np.isnan(after).sum() == 3
    assert np.isnan(after[:, middle, middle]).all()
    rows, cols = np.nonzero((before != after).any(axis=0))
    assert max(abs(rows - middle).max(), abs(cols - middle).max()) <= method.reach() + 5


@pytest.mark.parametrize("key", KEYS)
def test_where_radar_has_no_data_nothing_is_injected(key):
    method = METHODS[key](levels=1)
    reach = method.reach()
    scene = make_scene(40, 2 * reach + 80)
    radar = scene.radar.raster.read()
    edge = reach + 30
    radar[:, :, edge:] = np.nan
    result = fused(method, with_pixels(scene, radar=radar))
    optical = scene.optical.raster.read()
    assert np.isfinite(result).all()
    # a transform and its inverse give back the image to 1e-10
    far = (slice(None), slice(None), slice(edge + reach, None))
    np.testing.assert_allclose(result[far], optical[far], rtol=0, atol=1e-7)
    assert np.abs(result - optical)[:, :, :edge].max() > 1e-3


def test_a_gap_starts_from_the_interpolated_image():
    problem = Gap().pose(make_scene(), 3).problem
    fuser = METHODS["wavelet"]().fit(problem)
    prepared = fuser.prepare(problem.inputs)
    filled = prepared.layer("filled").raster.read()
    assert np.isfinite(filled).all()
    nothing = METHODS["wavelet"](weight=0.0).fit(problem)
    np.testing.assert_array_equal(nothing.fuse(prepared), filled)
    assert np.abs(fuser.fuse(prepared) - filled).max() > 1e-3


def test_patches_take_the_mean_of_what_is_near():
    image = np.full((1, 40), np.nan)
    image[0, 0], image[0, 3] = 1.0, 3.0
    result = patched(image, 7.0)[0]
    assert (result[0], result[3]) == (1.0, 3.0)
    assert result[1] == 2.0
    assert result[NEAR] == 2.0
    assert result[NEAR + 1] == 3.0
    assert (result[NEAR + 4 :] == 7.0).all()


def test_of_equal_coefficients_the_images_own_count():
    image = np.random.default_rng(0).normal(size=(32, 32))
    for rule in ("max-abs", "energy"):
        merge = Merge(Wavelet("haar", 2), rule, 0.0)
        opposite = merge.transform.decompose(-image)
        np.testing.assert_allclose(merge.merged(image, opposite), image, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_wavelet_can_be_chosen(family):
    result = fused(METHODS["wavelet"](wavelet=family), make_scene(64, 64))
    assert np.isfinite(result).all()
