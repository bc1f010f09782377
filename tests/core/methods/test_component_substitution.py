"""IHS, Brovey, PCA and Gram-Schmidt: identities, numbers by hand, and plain numpy beside them."""

from dataclasses import replace

import numpy as np
import pytest
from skimage.exposure import match_histograms

from bandweave.contracts.small_scene import make_grid, make_scene, posed
from bandweave.errors import MethodError
from bandweave.methods import METHODS
from bandweave.methods.classical.base import Classical
from bandweave.methods.classical.pca import first_axis
from bandweave.methods.matching import Component, Matching, band_statistics, match
from bandweave.methods.model_file import load_fitted, save_fitted
from bandweave.methods.radar_image import COMPONENTS, RadarImage
from bandweave.prepare.speckle_filters import SpeckleFilter
from bandweave.raster.scene import RATIO_BAND, Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks.gap import Gap
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tiling import fuse_block

KEYS = ("ihs", "brovey", "pca", "gram-schmidt")
UNFILTERED = SpeckleFilter("none")


def scene_of(optical, radar, bands=("VV", "VH")) -> Scene:
    """Return a scene of (band, row, col) reflectance and (band, row, col) radar power."""
    optical, radar = np.asarray(optical, np.float32), np.asarray(radar, np.float32)
    grid = make_grid(*optical.shape[1:])
    names = ("red", "green", "blue", "nir")[: len(optical)]
    unit = Unit.RATIO if bands == (RATIO_BAND,) else Unit.POWER
    return Scene(
        (
            Layer("s2", Role.OPTICAL, MemoryRaster(optical, grid, names), Unit.REFLECTANCE, 10.0),
            Layer("s1", Role.RADAR, MemoryRaster(radar, grid, bands), unit, 10.0),
        ),
        "tiny",
    )


def fused(method, scene: Scene) -> np.ndarray:
    problem = Reconstruct(bands="all").pose(scene, 0).problem
    fuser = method.fit(problem)
    return fuse_block(fuser, problem, fuser.prepare(problem.inputs), problem.inputs.grid.full)


def power(decibels: np.ndarray) -> np.ndarray:
    return 10 ** (np.asarray(decibels, np.float64) / 10)


def textured(bands: int = 3, side: int = 40, seed: int = 1) -> np.ndarray:
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(1, side, side))
    return 0.15 + 0.04 * shared + 0.02 * generator.normal(size=(bands, side, side))


def component_of(key: str, optical: np.ndarray) -> np.ndarray:
    """Return what a method takes out, by plain numpy."""
    if key != "pca":
        return optical.mean(axis=0)
    flat = optical.reshape(len(optical), -1)
    axis = np.linalg.eigh(np.cov(flat))[1][:, -1]
    axis *= np.sign(axis.sum())
    return np.tensordot(axis, optical - flat.mean(axis=1)[:, None, None], 1)


@pytest.mark.parametrize("matching", ["moments", "histogram"])
@pytest.mark.parametrize("key", KEYS)
def test_a_component_replaced_by_itself_gives_the_input(key, matching):
    optical = textured()
    itself = component_of(key, optical.astype(np.float32).astype(np.float64))
    radar = power(-12 + 3 * (itself - itself.mean()) / itself.std())
    result = fused(METHODS[key](matching=matching), scene_of(optical, [radar, radar]))
    # a histogram knows values to the width of its bins
    tolerance = 2e-7 if matching == "moments" else 2e-5
    np.testing.assert_allclose(result, optical.astype(np.float32), rtol=0, atol=tolerance)


@pytest.mark.parametrize("matching", ["moments", "histogram"])
@pytest.mark.parametrize("key", [key for key in METHODS if issubclass(METHODS[key], Classical)])
def test_constant_radar_adds_nothing(key, matching):
    optical = textured(side=64)
    scene = scene_of(optical, np.full((2, 64, 64), 0.05))
    result = fused(METHODS[key](matching=matching), scene)
    np.testing.assert_array_equal(result, optical.astype(np.float32))


def test_moments_by_hand():
    """Three pixels: red 1 2 3, green 0 0 3, radar 0 dB, 10 dB, -10 dB."""
    scene = scene_of([[[1, 2, 3]], [[0, 0, 3]]], [[[1, 10, 0.1]], [[1, 1, 1]]])
    problem = Reconstruct(bands="all").pose(scene, 0).problem
    known = band_statistics(problem.known, RadarImage("VV", UNFILTERED).of(scene))
    assert known.pixels == 3
    np.testing.assert_allclose(known.means, [2, 1, 0], atol=1e-6)
    # means of products less products of means: radar (0, 10, -10) has variance 200 / 3
    expected = [[2 / 3, 1, -10 / 3], [1, 2, -10], [-10 / 3, -10, 200 / 3]]
    np.testing.assert_allclose(known.covariance, expected, rtol=1e-6)
    np.testing.assert_allclose(known.extent, [[1, 3], [0, 3], [-10, 10]], rtol=1e-6)
    # the mean of the bands is .5, 1, 3: mean 1.5, variance (1 + .25 + 2.25) / 3
    mean, spread = known.component(np.array([0.5, 0.5]), 0.0)
    assert mean == pytest.approx(1.5)
    assert spread**2 == pytest.approx(3.5 / 3)


@pytest.mark.parametrize("block", [16, 1024])
def test_statistics_are_those_of_the_whole_scene_window_by_window(block, monkeypatch):
    monkeypatch.setattr("bandweave.methods.matching.BLOCK", block)
    optical = textured(2, 60)
    optical[:, :20, :20] = np.nan
    optical[:, 40:] += 0.5
    decibels = np.random.default_rng(3).normal(-11, 4, (60, 60))
    scene = scene_of(optical, power([decibels, decibels]))
    problem = Reconstruct(bands="all").pose(scene, 0).problem
    radar = RadarImage("VV", UNFILTERED).of(scene)
    known = band_statistics(problem.known, radar)
    both = np.isfinite(optical[0])
    values = np.array([*optical[:, both], decibels[both]])
    assert known.pixels == both.sum()
    np.testing.assert_allclose(known.means, values.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(known.covariance, np.cov(values, bias=True), rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(known.extent, [[v.min(), v.max()] for v in values], rtol=1e-5)
    (curve,) = match("histogram", problem.known, radar, known, [Component(np.array([0.5, 0.5]))])
    matched = curve.apply(radar.read()[0])[both]
    image = optical.mean(axis=0)[both]
    ranks = np.linspace(0.02, 0.98, 49)
    np.testing.assert_allclose(
        np.quantile(matched, ranks), np.quantile(image, ranks), rtol=0, atol=2e-3
    )


def test_gains_by_hand():
    """The same three pixels: cov(I, red) = 5/6, cov(I, green) = 3/2, var(I) = 7/6."""
    scene = scene_of([[[1, 2, 3]], [[0, 0, 3]]], [[[1, 10, 0.1]], [[1, 1, 1]]])
    problem = Reconstruct(bands="all").pose(scene, 0).problem
    made = METHODS["gram-schmidt"]().fit(problem).substitution
    np.testing.assert_allclose(made.gains, [5 / 7, 9 / 7], rtol=1e-6)
    assert made.weights == (0.5, 0.5)


def test_moments_are_matched_by_hand():
    """Radar 0, 10, -10 dB onto a component of mean 1.5 and variance 7/6: slope sqrt(7/400)."""
    scene = scene_of([[[1, 2, 3]], [[0, 0, 3]]], [[[1, 10, 0.1]], [[1, 1, 1]]])
    problem = Reconstruct(bands="all").pose(scene, 0).problem
    radar = RadarImage("VV", UNFILTERED).of(scene)
    (line,) = match(
        "moments",
        problem.known,
        radar,
        band_statistics(problem.known, radar),
        [Component(np.full(2, 0.5))],
    )
    slope = np.sqrt(7 / 400)
    matched = line.apply(np.array([[0, 10, -10]], np.float32))
    np.testing.assert_allclose(matched, [[1.5, 1.5 + 10 * slope, 1.5 - 10 * slope]], rtol=1e-6)


def transcribed(key: str, optical: np.ndarray, decibels: np.ndarray) -> np.ndarray:
    """Return a method's result by its formula over whole arrays, in float64."""
    m, r = optical.astype(np.float64), decibels.astype(np.float64)
    both = np.isfinite(m).all(axis=0) & np.isfinite(r)
    known, radar = m[:, both], r[both]
    means = known.mean(axis=1)[:, None, None]
    if key == "pca":
        axis = np.linalg.eigh(np.cov(known, bias=True))[1][:, -1]
        axis *= np.sign(axis.sum())
        component = np.tensordot(axis, m - means, 1)
    else:
        component = m.mean(axis=0)
    taken = component[both]
    matched = (r - radar.mean()) * taken.std() / radar.std() + taken.mean()
    change = np.where(np.isnan(r), 0, matched - component)
    if key == "brovey":
        return m * (1 + change / np.maximum(component, 0.1 * known.mean()))
    if key == "pca":
        return m + axis[:, None, None] * change
    if key == "gram-schmidt":
        gains = [np.cov(taken, band, bias=True)[0, 1] / taken.var() for band in known]
        return m + np.array(gains)[:, None, None] * change
    return m + change


@pytest.mark.parametrize("bands", [2, 3, 4])
@pytest.mark.parametrize("key", KEYS)
def test_agrees_with_plain_numpy(key, bands):
    optical = textured(bands, 60)
    optical[:, 5, 5] = -0.03
    optical[:, 6, 6] = 0.0
    optical[:, 20:23, 30:35] = np.nan
    decibels = np.random.default_rng(3).normal(-11, 4, (2, 60, 60))
    decibels[:, 40:45, 10:14] = np.nan
    decibels[:, 0, :10] = 0.0
    scene = scene_of(optical, power(decibels))
    expected = transcribed(key, optical.astype(np.float32), decibels[0])
    np.testing.assert_allclose(fused(METHODS[key](), scene), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("key", KEYS)
def test_the_weight_is_how_much_is_injected(key):
    scene = make_scene()
    optical = scene.optical.raster.read()
    whole, half, none = (fused(METHODS[key](weight=w), scene) for w in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(none, optical)
    np.testing.assert_allclose(half, (optical + whole) / 2, atol=1e-6)


@pytest.mark.parametrize("key", ["ihs", "brovey"])
def test_intensity_becomes_radars(key):
    """Its mean, its spread and its pattern: that is what is substituted."""
    scene = make_scene()
    optical = scene.optical.raster.read().astype(np.float64)
    result = fused(METHODS[key](), scene).astype(np.float64)
    decibels = 10 * np.log10(scene.radar.raster.read()[0])
    intensity = result.mean(axis=0)
    if key == "ihs":
        assert intensity.mean() == pytest.approx(optical.mean(), rel=1e-5)
        assert intensity.std() == pytest.approx(optical.mean(axis=0).std(), rel=1e-4)
        # differences between bands stay
        np.testing.assert_allclose(result - intensity, optical - optical.mean(axis=0), atol=1e-6)
    else:
        np.testing.assert_allclose(
            result / intensity, optical / optical.mean(axis=0), rtol=2e-4, atol=1e-6
        )
    assert np.corrcoef(intensity.ravel(), decibels.ravel())[0, 1] > 0.999


def test_brovey_is_bounded_where_intensity_is_near_zero():
    optical = textured()
    optical[:, 3, 3] = (0.02, -0.01, -0.0099)
    optical[:, 4, 4] = (-0.02, -0.01, -0.01)
    decibels = np.random.default_rng(0).normal(-10, 3, (2, 40, 40))
    decibels[:, 3:5, 3:5] = 15.0
    result = fused(METHODS["brovey"](), scene_of(optical, power(decibels)))
    # 8 standard deviations of radar above a tenth of the mean intensity
    assert np.abs(result[:, 3:5, 3:5]).max() < 1
    assert (result[:, 4, 4] < 0).all()


def test_the_first_axis_is_signed_so_that_brighter_means_more():
    for covariance in ([[2.0, 1.0], [1.0, 2.0]], [[2.0, -1.9], [-1.9, 3.0]]):
        axis = first_axis(np.array(covariance))
        assert axis.sum() > 0
        values, axes = np.linalg.eigh(covariance)
        assert abs(axis @ axes[:, np.argmax(values)]) == pytest.approx(1)
    balanced = first_axis(np.array([[1.0, -0.5], [-0.5, 1.0]]))
    assert balanced.sum() == pytest.approx(0, abs=1e-12)
    assert balanced[0] > 0


def test_pca_gives_the_same_whichever_way_the_bands_run():
    optical = textured()
    radar = power(np.random.default_rng(0).normal(-10, 3, (2, 40, 40)))
    forwards = fused(METHODS["pca"](), scene_of(optical, radar))
    backwards = fused(METHODS["pca"](), scene_of(optical[::-1], radar))
    np.testing.assert_allclose(forwards, backwards[::-1], atol=1e-6)


def test_histograms_are_matched_as_scikit_image_does():
    optical = textured(1, 128)
    decibels = np.random.default_rng(5).gamma(3, 2, (128, 128)) - 18
    scene = scene_of(optical, power([decibels, decibels]))
    problem = Reconstruct(bands="all").pose(scene, 0).problem
    radar = RadarImage("VV", UNFILTERED).of(scene)
    (curve,) = match(
        "histogram",
        problem.known,
        radar,
        band_statistics(problem.known, radar),
        [Component(np.ones(1))],
    )
    ours = curve.apply(radar.read()[0])
    theirs = match_histograms(decibels, optical[0])
    inner = np.abs(theirs - 0.15) < 0.1
    assert inner.mean() > 0.97
    np.testing.assert_allclose(ours[inner], theirs[inner], atol=1e-3)
    assert ours.min() == pytest.approx(optical.min(), abs=1e-3)
    assert ours.max() == pytest.approx(optical.max(), abs=1e-3)


def test_a_curve_is_stored_and_read(tmp_path):
    curve = Matching(knots=(-20.0, -10.0, 0.0), values=(0.0, 1.0, 3.0))
    save_fitted(tmp_path, curve)
    assert load_fitted(tmp_path, Matching) == curve


def test_radar_components_by_hand():
    scene = scene_of([[[0.1, 0.1]]], [[[1.0, 100.0]], [[0.1, 0.1]]])
    expected = {"VV": [0, 15], "VH": [-10, -10], "mean": [-5, 2.5], "VV/VH": [10, 15]}
    for component in COMPONENTS:
        pixels = RadarImage(component, UNFILTERED).of(scene).read()[0, 0]
        # 20 dB and 30 dB are cut to 15
        np.testing.assert_allclose(pixels, expected[component], atol=1e-5)


def test_a_quotient_is_all_that_a_scene_with_nothing_else_has():
    scene = scene_of([[[0.1, 0.1]]], [[[10.0, 1.0]]], (RATIO_BAND,))
    pixels = RadarImage("VV/VH", UNFILTERED).of(scene).read()[0, 0]
    np.testing.assert_allclose(pixels, [10, 0], atol=1e-5)
    with pytest.raises(MethodError, match="The radar has VV/VH, not VV and VH") as caught:
        RadarImage("mean", UNFILTERED).of(scene)
    assert "Choose VV/VH" in caught.value.hint


def test_zero_decibels_are_data_and_no_power_is_none():
    scene = scene_of([[[0.1, 0.1, 0.1]]], [[[1.0, 0.0, np.nan]], [[1.0, 1.0, 1.0]]])
    pixels = RadarImage("VV", UNFILTERED).of(scene).read()[0, 0]
    assert pixels[0] == 0
    assert np.isnan(pixels[1:]).all()


def test_radar_that_overlaps_no_visible_pixel_is_refused():
    optical, radar = np.full((1, 4, 4), 0.1), np.full((2, 4, 4), 0.1)
    optical[:, :2] = np.nan
    radar[:, 2:] = np.nan
    with pytest.raises(MethodError, match="No pixel has both"):
        fused(METHODS["ihs"](), scene_of(optical, radar))


@pytest.mark.parametrize("key", KEYS)
def test_filtered_radar_is_what_is_injected(key):
    scene = make_scene()
    speckle = SpeckleFilter("lee", 5, 4.4)
    filtered = RadarImage("VV", speckle).of(scene).read()[0]
    expected = transcribed(key, scene.optical.raster.read(), filtered)
    result = fused(METHODS[key](speckle="lee", radius=2), scene)
    np.testing.assert_allclose(result, expected, atol=1e-6)
    assert METHODS[key](speckle="lee", radius=2).reach() == 2


def test_a_gap_starts_from_the_interpolated_image_with_visible_statistics():
    problem = posed("gap").problem
    fuser = METHODS["ihs"]().fit(problem)
    prepared = fuser.prepare(problem.inputs)
    filled = prepared.layer("filled").raster.read().astype(np.float64)
    decibels = 10 * np.log10(problem.inputs.radar.raster.read()[0].astype(np.float64))
    visible = np.isfinite(problem.inputs.optical.raster.read()).all(axis=0)
    intensity = filled.mean(axis=0)
    known, radar = intensity[visible], decibels[visible]
    matched = (decibels - radar.mean()) * known.std() / radar.std() + known.mean()
    expected = filled + matched - intensity
    np.testing.assert_allclose(fuser.fuse(prepared), expected, atol=1e-6)


def test_bands_of_any_number_are_fused():
    scene = make_scene()
    for count in (1, 2):
        names = scene.optical.bands[:count]
        pixels = scene.optical.raster.read(bands=names)
        few = scene.adding(replace(scene.optical, raster=MemoryRaster(pixels, scene.grid, names)))
        problem = Gap(bands="all").pose(few, 0).problem
        for key in KEYS:
            fuser = METHODS[key]().fit(problem)
            assert fuser.fuse(fuser.prepare(problem.inputs)).shape[0] == count
