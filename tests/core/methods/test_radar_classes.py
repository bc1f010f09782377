"""Radar's classes have the colours they have by hand, and count as far as they help."""

from dataclasses import replace

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import MethodError
from bandweave.methods.gap_filling.class_colours import (
    CELL,
    Classes,
    class_means,
    class_moments,
    local_colours,
    mixed,
)
from bandweave.methods.gap_filling.practice import block_errors, practice_gaps, worth_following
from bandweave.methods.gap_filling.radar_classes import (
    Learned,
    RadarClasses,
    RadarClassesFuser,
    classes_fill,
)
from bandweave.methods.gap_filling.radar_looks import Looks, learn_looks
from bandweave.methods.radar import joint_radar
from bandweave.prepare.gaps import laplace
from bandweave.raster.scene import HIDDEN, Resampled, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks.gap import Gap
from bandweave.tiling import fuse_block

LOOKS = Looks((0.0,) * 3, (1.0,) * 3, (0.0,) * 3)
TWO = Classes(((-1.0,) * 3, (1.0,) * 3))
"""Two classes among three maps of one band, so far apart that no pixel is in both."""


def halves(side: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Return maps of two halves, and an image with a colour for each."""
    left = np.broadcast_to(np.arange(side) < side // 2, (side, side))
    maps = np.repeat(np.where(left, -1, 1).astype(np.float32)[None], 3, axis=0)
    image = np.where(left, np.array([0.1, 0.3])[:, None, None], np.array([0.5, 0.2])[:, None, None])
    return maps, image.astype(np.float32)


def filled(scene: Scene, *, share: float | None = None) -> tuple[np.ndarray, np.ndarray, Learned]:
    """Return the fill of a scene posed as gap, plain interpolation's, and what was learned."""
    problem = Gap().pose(scene, 1).problem
    learned = RadarClasses().fit(problem).learned
    fuser = RadarClassesFuser(learned if share is None else replace(learned, share=share))
    prepared = fuser.prepare(problem.inputs)
    found = fuse_block(fuser, problem, prepared, prepared.grid.full)
    hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
    return found, laplace(problem.inputs.optical.raster.read(), hidden), learned


def with_radar(scene: Scene, power: np.ndarray, bands=("VV", "VH"), unit=Unit.POWER) -> Scene:
    raster = MemoryRaster(power.astype(np.float32), scene.grid, bands)
    return scene.adding(replace(scene.radar, raster=raster, unit=unit))


def test_a_class_has_its_colour_under_a_gap():
    maps, image = halves()
    hidden = np.zeros(image.shape[1:], bool)
    hidden[8:24, 6:26] = True
    found = classes_fill(TWO, maps, maps[1:2], np.where(hidden, np.nan, image), hidden)
    np.testing.assert_allclose(found, image, atol=1e-6)


def test_moments_are_means_of_membership_and_bands_over_a_cell():
    maps, image = halves(2 * CELL)
    seen = np.ones(image.shape[1:], bool)
    seen[0, :3] = False
    moments = class_moments(TWO, maps, image, seen)
    assert moments.shape == (2, 3, 2, 2)
    np.testing.assert_allclose(moments[0, :, 0, 0], np.array([1, 0.1, 0.3]) * 13 / 16, rtol=1e-6)
    np.testing.assert_allclose(moments[1, :, 1, 1], [1, 0.5, 0.2], rtol=1e-6)
    np.testing.assert_allclose(moments[1, :, 0, 0], 0, atol=1e-7)
    np.testing.assert_allclose(class_means(moments), [[0.1, 0.3], [0.5, 0.2]], rtol=1e-5)


def test_a_class_that_is_nowhere_seen_has_the_mean_of_all():
    maps, image = halves()
    seen = maps[0] < 0
    means = class_means(class_moments(TWO, maps, image, seen))
    np.testing.assert_allclose(means, [[0.1, 0.3]] * 2, rtol=1e-5)


def test_colours_are_local_and_end_at_the_scenes_mean():
    moments = np.zeros((1, 2, 120, 60), np.float32)
    moments[0, 0, :20] = 1
    moments[0, 1, :20] = 0.4
    colours = local_colours(moments, np.array([[0.7]]))[0, 0, :, 30]
    assert colours[0] == pytest.approx(0.4, abs=5e-3)
    assert colours[-1] == pytest.approx(0.7)
    assert (np.diff(colours[20:]) >= 0).all()


def test_colours_run_straight_from_cell_to_cell():
    maps = np.zeros((3, 16, 16), np.float32)
    one = replace(TWO, centres=((0.0,) * 3,))
    ramp = np.arange(4, dtype=np.float32)
    found = mixed(one, maps, np.broadcast_to(ramp, (1, 1, 4, 4)))
    expected = np.clip((np.arange(16) + 0.5) / CELL - 0.5, 0, 3)
    np.testing.assert_allclose(found[0], np.broadcast_to(expected, (16, 16)), atol=1e-6)


def test_windows_leave_no_trace(monkeypatch):
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(3, 41, 50)).astype(np.float32)
    image = generator.normal(size=(2, 41, 50)).astype(np.float32)
    hidden = generator.random((41, 50)) < 0.3
    whole = classes_fill(TWO, maps, maps[1:2], image, hidden)
    monkeypatch.setattr("bandweave.methods.gap_filling.class_colours._SIDE", 16)
    np.testing.assert_array_equal(classes_fill(TWO, maps, maps[1:2], image, hidden), whole)


def test_a_constant_image_is_returned():
    scene = make_scene()
    even = MemoryRaster(np.full((3, *scene.grid.shape), 0.2), scene.grid, scene.optical.bands)
    found, _, learned = filled(scene.adding(replace(scene.optical, raster=even)), share=1.0)
    np.testing.assert_allclose(found, 0.2, atol=1e-6)
    assert learned.share == 0


def test_radar_that_tells_something_helps():
    posed = Gap().pose(make_scene(), 1)
    scored = posed.truth.regions["hidden"].read()[0] == 1
    truth = posed.truth.reference.read()[:, scored]
    found, plain, learned = filled(make_scene())
    error, before = (np.sqrt(((x[:, scored] - truth) ** 2).mean()) for x in (found, plain))
    assert learned.share > 0.5
    assert learned.rmse[1] < learned.rmse[0]
    assert error < 0.9 * before
    said = RadarClassesFuser(learned).findings()
    assert f"followed {learned.share:.0%}" in said.sentence
    assert [row[0] for row in said.rows] == ["interpolation", "radar classes"]
    unpractised = RadarClassesFuser(replace(learned, share=0.0, rmse=())).findings()
    assert "nothing to practise on" in unpractised.sentence and not unpractised.rows


@pytest.mark.parametrize("seed", range(3))
def test_radar_that_is_noise_is_left_out(seed):
    scene = make_scene(seed=seed)
    speckle = np.random.default_rng(seed).gamma(4.4, 0.02, (2, *scene.grid.shape))
    found, plain, learned = filled(with_radar(scene, speckle))
    assert learned.share < 0.1
    said = RadarClassesFuser(learned).findings()
    assert said.sentence.startswith("Radar does not help here") == (learned.share == 0)
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize(
    ("bands", "unit"),
    [(("HH", "HV"), Unit.POWER), (("VV",), Unit.POWER), (("VV/VH",), Unit.RATIO)],
)
def test_any_radar_will_do(bands, unit):
    scene = make_scene()
    power = scene.radar.raster.read()
    power = power[:1] / power[1:] if unit is Unit.RATIO else power[: len(bands)]
    found, _, learned = filled(with_radar(scene, power, bands, unit), share=1.0)
    assert np.isfinite(found).all()
    assert len(learned.looks.means) == 3 * len(bands)


def test_any_number_of_bands_will_do():
    scene = make_scene()
    six = np.concatenate([scene.optical.raster.read()] * 2)
    raster = MemoryRaster(six, scene.grid, ("red", "green", "blue", "nir", "swir1", "swir2"))
    found, _, _ = filled(scene.adding(replace(scene.optical, raster=raster)), share=1.0)
    assert np.isfinite(found).all()


def test_radar_without_data_is_typical():
    scene = make_scene()
    power = scene.radar.raster.read()
    power[:, :50] = np.nan
    lost = with_radar(scene, power)
    visible = np.ones(scene.grid.shape, bool)
    looks, _ = learn_looks(lost.radar, visible, np.random.default_rng(0))
    maps = looks.maps(lost.radar)
    typical = (np.array(looks.typical) - looks.means) / looks.deviations
    np.testing.assert_allclose(maps[:, 10, 10], typical, atol=1e-5)


def test_radar_nowhere_beside_the_image_is_refused():
    scene = make_scene()
    nothing = np.full((2, *scene.grid.shape), np.nan)
    with pytest.raises(MethodError, match="both radar and visible"):
        filled(with_radar(scene, nothing))


def test_a_model_of_other_radar_bands_is_refused():
    problem = Gap().pose(make_scene(), 1).problem
    fuser = RadarClassesFuser(replace(RadarClasses().fit(problem).learned, share=1.0))
    power = problem.inputs.radar.raster.read(bands=["VV"])
    with pytest.raises(MethodError, match="The radar has VV"):
        fuser.prepare(with_radar(problem.inputs, power, ("VV",)))


class TestPractice:
    """Gaps to practise on, and what is concluded."""

    def test_they_lie_in_visible_pixels_and_opposites_do_not_meet(self):
        scene = make_scene()
        visible = np.random.default_rng(0).random(scene.grid.shape) < 0.7
        fine = replace(scene.optical, native_resolution=10.0, resampled=Resampled.NONE)
        gaps = [gap.hidden for gap in practice_gaps(fine, visible, 4)]
        for first, second in zip(gaps[::2], gaps[1::2], strict=True):
            assert not ((first | second) & ~visible).any()
            assert not (first & second).any()
            assert first.sum() == second.sum()
            assert 0.2 <= first.sum() / visible.sum() <= 0.5

    def test_errors_are_summed_by_blocks(self):
        truth, found = np.zeros((2, 2, 40, 70), np.float32)
        found[:, 0, 0], found[:, 39, 69] = 1, 3
        scored = np.zeros((40, 70), bool)
        scored[0, :2] = scored[39, 69] = True
        np.testing.assert_array_equal(block_errors(truth, found, scored), [2, 0, 0, 0, 0, 18])

    def test_a_gain_that_is_everywhere_the_same_is_followed_all_the_way(self):
        before = np.array([4.0, 8.0, 0.0, 1.0])
        assert worth_following(before, before / 4) == pytest.approx(1)

    def test_a_loss_is_not_followed(self):
        before = np.array([4.0, 8.0])
        assert worth_following(before, before) == 0
        assert worth_following(before, before * 1.01) == 0
        assert worth_following(np.zeros(2), np.zeros(2)) == 0

    def test_a_gain_from_few_blocks_is_followed_part_of_the_way(self):
        before, after = np.ones(40), np.ones(40)
        after[:30] = 0.5
        sure = worth_following(before, after)
        after[1:30] = 1.0
        assert 0 == worth_following(before, after) < sure < 1


@pytest.mark.parametrize(
    "change",
    [
        {"share": 1.5},
        {"colours": ((0.1,), (0.2,), (0.3,))},
        {"colours": ((0.1, 0.2), (0.2, 0.3))},
        {"classes": Classes(((1.0, 2.0),) * 2)},
    ],
)
def test_contradictions_are_refused(change):
    learned = Learned(("red",), LOOKS, TWO, ((0.1,), (0.2,)), 0.5, ())
    with pytest.raises(ValueError, match="its"):
        replace(learned, **change)


@pytest.mark.parametrize(
    "change", [{"means": (0.0,)}, {"means": ()}, {"deviations": (1.0, 0.0, 1.0)}]
)
def test_maps_that_contradict_themselves_are_refused(change):
    with pytest.raises(ValueError, match="its"):
        replace(LOOKS, **change)


@pytest.mark.parametrize("centres", [(), ((1.0,), (1.0, 2.0))])
def test_classes_that_contradict_themselves_are_refused(centres):
    with pytest.raises(ValueError, match="its"):
        Classes(centres)


def test_several_dates_are_averaged_in_power_before_any_logarithm():
    scene = make_scene()
    power = scene.radar.raster.read()
    second = power * 3
    second[:, 10, 10] = np.nan
    raster = MemoryRaster(second, scene.grid, scene.radar.bands)
    two = scene.adding(replace(scene.radar, name="radar-2", raster=raster))
    joint = joint_radar(two).raster.read()
    np.testing.assert_allclose(joint[:, 20, 20], 2 * power[:, 20, 20], rtol=1e-6)
    np.testing.assert_array_equal(joint[:, 10, 10], power[:, 10, 10])
    assert joint_radar(scene) is scene.radar
    # another mode is no further date of the first
    other = replace(
        scene.radar, name="radar-2", raster=MemoryRaster(power, scene.grid, ("HH", "HV"))
    )
    assert joint_radar(scene.adding(other)) is scene.radar


def test_on_another_scene_the_classes_stay_and_their_colours_are_its_own():
    there = Gap().pose(make_scene(), 1).problem
    here = Gap().pose(make_scene(seed=1), 1).problem
    fitted = RadarClasses().fit(there)
    moved = fitted.moved(here)
    assert moved.learned.classes == fitted.learned.classes
    assert moved.learned.rmse != fitted.learned.rmse
    # as many colours as classes, of this scene: their mean over memberships is the image's
    maps = moved.learned.looks.maps(here.inputs.radar)
    image = here.known.target.read()
    visible = np.isfinite(image).all(axis=0)
    expected = class_means(class_moments(fitted.learned.classes, maps, image, visible))
    np.testing.assert_array_equal(np.array(moved.learned.colours), expected)
    # on its own scene it is what was fitted there, to the bit
    assert fitted.moved(there).learned == fitted.learned
