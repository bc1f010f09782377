"""The house method: better than interpolation where radar tells something, never much worse."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bandweave.contracts.small_scene import fitted, make_scene, posed, quick
from bandweave.errors import MethodError
from bandweave.methods.gap_filling import drafts, practice
from bandweave.methods.gap_filling.bandweave import Bandweave, BandweaveFuser
from bandweave.methods.gap_filling.ensemble import ALONE, EARLIER_DATE, RADAR, Columns
from bandweave.methods.gap_filling.practice import practice_sites
from bandweave.prepare.gaps import laplace
from bandweave.raster.scene import HIDDEN, Scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks.gap import Gap
from bandweave.tiling import fuse_block

QUICK = Bandweave(steps=20)


def filled(scene: Scene, method: Bandweave = QUICK):
    """Return RMSE of the fill over that of interpolation, and the fuser."""
    problem, truth, _ = Gap().pose(scene, 1)
    fuser = method.fit(problem)
    found = fuse_block(fuser, problem, fuser.prepare(problem.inputs), scene.grid.full)
    scored = truth.regions["hidden"].read()[0] == 1
    hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
    plain = laplace(problem.inputs.optical.raster.read(), hidden)
    error, before = (
        np.sqrt(((each - truth.reference.read())[:, scored] ** 2).mean()) for each in (found, plain)
    )
    return error / before, fuser


def with_noise(scene: Scene) -> Scene:
    power = np.random.default_rng(0).gamma(4.4, 0.02, (2, *scene.grid.shape)).astype(np.float32)
    return scene.adding(replace(scene.radar, raster=MemoryRaster(power, scene.grid, ("VV", "VH"))))


def with_earlier(scene: Scene) -> Scene:
    image = scene.optical.raster.read() * 0.8 + 0.01
    raster = MemoryRaster(image, scene.grid, scene.optical.bands)
    return scene.adding(replace(scene.optical, name="optical-earlier", raster=raster, earlier=True))


@cache
def informed():
    return filled(make_scene())


def test_radar_that_tells_something_is_followed():
    ratio, fuser = informed()
    assert ratio < 0.85
    learned = fuser.learned
    assert learned.share > 0.5
    assert sum(learned.weights) == pytest.approx(1)
    assert learned.rmse[-1] < learned.rmse[0]
    (worth,) = learned.worth
    assert worth > 0.1


def test_what_it_found_is_told_in_words_and_numbers():
    _, fuser = informed()
    found = fuser.findings()
    assert "nearer the truth than interpolation" in found.sentence
    names = [row[0] for row in found.rows]
    assert names[0] == "with radar" and ALONE in names and drafts.GUIDED in names
    assert all(len(row) == len(found.columns) for row in found.rows)
    counted = sum(float(row[1].rstrip("%")) for row in found.rows if row[1])
    assert counted == pytest.approx(100 * fuser.learned.share, abs=len(found.rows))


def test_radar_that_is_noise_changes_little_and_that_is_said():
    ratio, fuser = filled(with_noise(make_scene()))
    assert ratio < 1.02
    nothing = BandweaveFuser(replace(fuser.learned, share=0.0, alone=0.0), {})
    assert nothing.findings().sentence.startswith("Radar does not help here")


def test_followed_nowhere_it_is_interpolation():
    problem = posed("gap").problem
    learned = replace(fitted("gap", "bandweave").learned, share=0.0, alone=0.0)
    fuser = BandweaveFuser(learned, {})
    found = fuse_block(fuser, problem, fuser.prepare(problem.inputs), problem.inputs.grid.full)
    hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
    np.testing.assert_allclose(
        found, laplace(problem.inputs.optical.raster.read(), hidden), atol=1e-6
    )


def test_without_radar_it_sees_the_image_alone():
    ratio, fuser = filled(make_scene(), replace(QUICK, radar="left out"))
    assert 0.9 < ratio < 1.03
    learned = fuser.learned
    assert not learned.worth and not learned.drafting.evidence.names
    assert {member.name for member in learned.members} == {"ridge", "perceptron", ALONE}
    assert fuser.findings().sentence == "There is no radar to learn from."
    # radar does not so much as change a bit of it
    assert filled(with_noise(make_scene()), replace(QUICK, radar="left out"))[0] == ratio


def test_an_earlier_date_is_worth_more_than_radar_and_can_be_left_out():
    scene = with_earlier(make_scene())
    ratio, fuser = filled(scene)
    assert ratio < 0.3
    learned = fuser.learned
    radar, earlier = learned.worth
    assert earlier > 0.3 and earlier > radar
    assert [row[0] for row in fuser.findings().rows[:2]] == [
        f"with {RADAR}",
        f"with {EARLIER_DATE}",
    ]
    assert filled(scene, replace(QUICK, earlier="left out"))[0] == informed()[0]


def test_columns_without_a_source_are_those_it_has_no_part_in():
    _, fuser = filled(with_earlier(make_scene()))
    columns = Columns(fuser.learned.drafting, 3)
    names = dict(enumerate(columns.maps, columns.count - len(columns.maps)))
    without_radar = columns.without(RADAR)
    assert {names[each].split(",")[0] for each in without_radar if each in names} == {
        "earlier",
        "earlier mean 2",
    }
    assert columns.drafts[drafts.LOCAL].start in without_radar
    without_earlier = columns.without(EARLIER_DATE)
    assert columns.drafts[drafts.LOCAL].start not in without_earlier
    assert not {names[each] for each in without_earlier if each in names} & {
        names[each] for each in without_radar if each in names
    }


def test_several_dates_of_radar_tell_more_than_one():
    scene = make_scene()
    power = scene.radar.raster.read()
    speckled = np.random.default_rng(5).gamma(1, 1, (4, *power.shape)).astype(np.float32)
    one, *others = (
        replace(scene.radar, name=name, raster=MemoryRaster(power * each, scene.grid, ("VV", "VH")))
        for name, each in zip(("radar", "radar-2", "radar-3", "radar-4"), speckled, strict=True)
    )
    single, _ = filled(scene.adding(one))
    several, fuser = filled(scene.adding(one, *others))
    assert fuser.learned.drafting.evidence.radar == 4
    assert several < 0.95 * single


class TestAnotherScene:
    """A model moved."""

    def test_its_learners_stay_and_all_else_is_the_new_scenes_own(self):
        here = Gap().pose(make_scene(seed=1), 1).problem
        there = informed()[1]
        moved = there.moved(here)
        assert moved._arrays["ridge"] is there._arrays["ridge"]
        assert moved.learned.units != there.learned.units
        assert moved.learned.rmse != there.learned.rmse
        assert moved.learned.drafting != there.learned.drafting
        own = QUICK.fit(here).learned
        # drafts, classes and units are those of a fit; only the learners come from elsewhere
        assert moved.learned.drafting == own.drafting and moved.learned.units == own.units
        assert moved.learned.share > 0.3

    def test_a_scene_with_other_imagery_is_refused(self):
        earlier = Gap().pose(with_earlier(make_scene(seed=1)), 1).problem
        assert informed()[1].moved(earlier).learned.drafting.evidence.earlier_bands == ()
        single = make_scene(seed=1)
        power = single.radar.raster.read(bands=["VV"])
        radar = replace(single.radar, raster=MemoryRaster(power, single.grid, ("VV",)))
        with pytest.raises(MethodError, match="other radar or earlier imagery"):
            informed()[1].moved(Gap().pose(single.adding(radar), 1).problem)


class TestIntervals:
    """Bounds beside the fill."""

    def test_they_hold_most_of_the_truth_and_surround_the_fill(self):
        problem, truth, _ = Gap().pose(make_scene(), 1)
        fuser = informed()[1]
        prepared = fuser.prepare(problem.inputs)
        lower, upper = fuser.bounds(prepared)
        hidden = problem.inputs.layer(HIDDEN).raster.read()[0] == 1
        assert np.isnan(lower[:, ~hidden]).all()
        scored = (truth.regions["hidden"].read()[0] == 1) & np.isfinite(lower).all(axis=0)
        reference = truth.reference.read()
        held = ((reference >= lower) & (reference <= upper))[:, scored].mean()
        assert 0.75 < held < 0.99
        assert (lower[:, scored] < upper[:, scored]).all()

    def test_deeper_than_practice_nothing_is_said(self):
        problem = posed("gap").problem
        learned = fitted("gap", "bandweave").learned
        shallow = replace(learned, intervals=replace(learned.intervals, deepest=2.0))
        fuser = BandweaveFuser(shallow, fitted("gap", "bandweave")._arrays)
        prepared = fuser.prepare(problem.inputs)
        lower, _ = fuser.bounds(prepared)
        planes = prepared.layer("drafts").raster.read()
        distance = planes[fuser.columns.drafts[drafts.DISTANCE]][0]
        known = np.isfinite(lower).all(axis=0)
        assert known.any() and (distance[known] <= 2).all()

    def test_the_truth_under_the_gap_moves_neither_fill_nor_bounds(self):
        def outcome(scene):
            problem = Gap().pose(scene, 1).problem
            fuser = QUICK.fit(problem)
            prepared = fuser.prepare(problem.inputs)
            return (fuser.fuse(prepared), *fuser.bounds(prepared)), fuser.learned

        scene = make_scene()
        hidden = Gap().pose(scene, 1).problem.inputs.layer(HIDDEN).raster.read()[0] == 1
        spoilt = scene.optical.raster.read()
        spoilt[:, hidden] = 0.9
        raster = MemoryRaster(spoilt, scene.grid, scene.optical.bands)
        expected, learned = outcome(scene)
        found, again = outcome(scene.adding(replace(scene.optical, raster=raster)))
        assert again == learned
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(other, one)


class TestLargeScenes:
    """Practice in squares of a large scene."""

    def test_a_small_one_is_practised_on_as_a_whole(self):
        assert practice_sites(np.ones((1024, 500), bool), 0) == [(0, 0, 1024, 500)]

    def test_squares_lie_inside_where_something_is_visible(self):
        visible = np.zeros((2000, 1500), bool)
        visible[900:] = True
        sites = practice_sites(visible, 3)
        assert len(set(sites)) == 4
        for row, col, height, width in sites:
            assert (height, width) == (768, 768) and row + 768 <= 2000 and col + 768 <= 1500
            assert visible[row : row + 768].mean() >= visible.mean()
        assert practice_sites(visible, 3) == sites != practice_sites(visible, 4)

    def test_it_is_fitted_in_squares_as_well(self, monkeypatch):
        monkeypatch.setattr(practice, "WHOLE", 64)
        monkeypatch.setattr(practice, "SITE", 64)
        ratio, fuser = filled(make_scene(120, 120))
        assert ratio < 0.95 and fuser.learned.share > 0


def test_an_image_without_any_contrast_is_returned():
    scene = make_scene()
    even = MemoryRaster(np.full((3, *scene.grid.shape), 0.2), scene.grid, scene.optical.bands)
    problem = Gap().pose(scene.adding(replace(scene.optical, raster=even)), 1).problem
    fuser = QUICK.fit(problem)
    found = fuse_block(fuser, problem, fuser.prepare(problem.inputs), scene.grid.full)
    np.testing.assert_allclose(found, 0.2, atol=1e-6)
    assert fuser.learned.share == 0 and fuser.learned.worth == (0.0,)
    assert fuser.findings().rows[0] == ("with radar", "", "+0.0%")


def test_too_little_to_practise_on_is_said():
    scene = make_scene()
    image = scene.optical.raster.read()
    image[:, 14:] = np.nan
    image[:, :, 20:] = np.nan
    few = MemoryRaster(image, scene.grid, scene.optical.bands)
    problem = Gap().pose(scene.adding(replace(scene.optical, raster=few)), 1).problem
    with pytest.raises(MethodError, match="Too few pixels are visible to practise on"):
        QUICK.fit(problem)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"share": 2.0}, "shares"),
        ({"alone": -0.1}, "shares"),
        ({"weights": (1.0,)}, "weights"),
        ({"worth": ()}, "worth"),
    ],
)
def test_contradictions_are_refused(change, said):
    with pytest.raises(ValueError, match=said):
        replace(fitted("gap", "bandweave").learned, **change)


def test_arrays_of_another_model_are_refused(tmp_path):
    informed()[1].save(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    filled(make_scene(), replace(QUICK, radar="left out"))[1].save(other)
    (tmp_path / "arrays.npz").write_bytes((other / "arrays.npz").read_bytes())
    with pytest.raises(MethodError, match=r"arrays\.npz of this model"):
        quick("bandweave").load(tmp_path)
