"""What is varied, over which values, and what is refused before anything is started."""

import itertools
import json
from pathlib import Path

import pytest

from bandweave.errors import BandweaveError, RunError, SettingError
from bandweave.methods import METHODS
from bandweave.raster.scene import Scene
from bandweave.workspace.request import Request
from bandweave.workspace.studies import ENDED, STUDY, Course, Study, new_study, open_study
from bandweave.workspace.sweeps import BUDGET, Search, Sweep, Varied

NETWORK = Request("small", "gap", "shallow-cnn", {"patch": 32, "epochs": 9})


def declared(name: str, method: str = "shallow-cnn"):
    return next(each for each in METHODS[method].settings() if each.name == name)


def sweep(varied: dict[str, str], request: Request = NETWORK, **search: object) -> Sweep:
    return Sweep.of(request, varied, Search(**search))


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("patch", "16, 32,32", (16, 32)),
        ("mask", "yes,no", (True, False)),
        ("radar", "db, none", ("db", "none")),
        ("learning_rate", "1e-3, 0.01", (0.001, 0.01)),
    ],
)
def test_values_are_read_by_the_settings_own_declaration(name: str, text: str, values: tuple):
    varied = Varied.parse(declared(name), text)
    assert varied.values == values
    assert Varied.parse(declared(name), varied.text) == varied


def test_a_range_draws_what_the_setting_may_be_and_is_written_as_it_was():
    import numpy as np

    generator = np.random.default_rng(0)
    patch = Varied.parse(declared("patch"), "30..64")
    drawn = {patch.draw(generator) for _ in range(200)}
    # steps of 4 from the setting's minimum of 8
    assert drawn == set(range(32, 65, 4))
    rate = Varied.parse(declared("learning_rate"), "0.0001..0.01")
    assert (patch.text, rate.text, patch.by_powers, rate.by_powers) == (
        "30..64",
        "0.0001..0.01",
        False,
        True,
    )
    rates = [rate.draw(generator) for _ in range(400)]
    assert min(rates) >= 1e-4 and max(rates) <= 1e-2
    # half of them below the middle by powers
    assert 150 < sum(each < 1e-3 for each in rates) < 250


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("patch", "32", "has 1 value to vary"),
        ("patch", "", "has no values to vary"),
        ("patch", "64..32", "smaller end"),
        ("patch", "33..34", "steps of 4"),
        ("patch", "4, 32", "8 to 512"),
        ("radar", "ratio..db", "Choose one of"),
        ("radar", "ratio, sum", "Choose one of"),
    ],
)
def test_what_is_no_variation_is_refused(name: str, text: str, said: str):
    with pytest.raises(BandweaveError) as refused:
        Varied.parse(declared(name), text)
    assert said in f"{refused.value.message} {refused.value.hint}"


def test_a_grid_is_every_combination_in_order(scene: Scene):
    grid = sweep({"patch": "16, 32", "radar": "db, none"})
    assert grid.plan(scene) == [
        {"patch": patch, "radar": radar}
        for patch, radar in itertools.product((16, 32), ("db", "none"))
    ]
    assert Sweep.of(NETWORK, {"patch": "16, 32"}, Search(), (3, 4)).runs() == 4


@pytest.mark.parametrize("strategy", ["random", "halving"])
def test_what_is_drawn_depends_on_the_seed_alone_and_never_twice(scene: Scene, strategy: str):
    ranges = {"learning_rate": "1e-4..0.1", "patch": "16..64"}
    first = sweep(ranges, strategy=strategy)
    plan = first.plan(scene)
    assert len(plan) == 9 and plan == first.plan(scene)
    assert len({json.dumps(each) for each in plan}) == 9
    assert Sweep.of(NETWORK, ranges, Search(strategy=strategy), (1,)).plan(scene) != plan
    # of the thirteen patches that there are
    patches = [
        each["patch"]
        for each in sweep({"patch": "16..64"}, strategy="random", trials=12).plan(scene)
    ]
    assert len(set(patches)) == 12
    few = sweep({"patch": "16, 32, 48"}, strategy="random", trials=100)
    assert len(few.plan(scene)) == few.runs() == 3


def test_halving_cuts_the_epochs_and_keeps_one_in_three(scene: Scene):
    halving = sweep({"learning_rate": "1e-4..0.1"}, strategy="halving", trials=10)
    assert halving.rounds() == ((10, 1), (3, 3), (1, 9))
    assert halving.runs() == 14
    assert {changes[BUDGET] for changes in halving.plan(scene)} == {1}


@pytest.mark.parametrize(
    ("varied", "search", "said"),
    [
        ({}, {}, "No setting is varied"),
        ({"patch": "16..64"}, {}, "A grid cannot take all"),
        ({"patch": "32, 1024"}, {}, "cannot be 1024"),
        ({"patch": "32, 512"}, {}, "With patch 512: A patch of 512 pixels is larger"),
        ({"epochs": "1..9"}, {"strategy": "halving"}, "sets the epochs itself"),
        ({"patch": "16, 32"}, {"strategy": "halving"}, "one in 3 is none"),
        ({"learning_rate": "0.01..0.1"}, {"strategy": "halving", "trials": 27}, "cannot be cut"),
        ({"patch": "400..512"}, {"strategy": "random"}, "is larger than the scene"),
        ({name: "1, 2, 3, 4, 5, 6, 7, 8" for name in ("batch", "epochs", "patience")}, {}, "512"),
    ],
)
def test_an_impossible_sweep_is_refused_in_words(
    scene: Scene, varied: dict[str, str], search: dict[str, object], said: str
):
    with pytest.raises(BandweaveError, match=said):
        sweep(varied, **search).plan(scene)


def test_halving_needs_a_method_that_trains_in_epochs(scene: Scene):
    request = Request("small", "reconstruct", "brovey")
    with pytest.raises(RunError, match="does not train in epochs"):
        sweep({"weight": "0.2, 0.4, 0.6"}, request, strategy="halving").plan(scene)


def test_an_unknown_setting_is_refused_with_those_there_are():
    with pytest.raises(BandweaveError, match="no setting 'patches'"):
        sweep({"patches": "1, 2"})


def test_a_study_keeps_its_sweep_and_reads_what_a_later_version_added(workspace: Path):
    asked = sweep({"patch": "16, 32", "learning_rate": "1e-3, 1e-2"}, at_once=2)
    study = new_study("Patches", (), asked, Course(({"patch": 16},)))
    assert open_study(study.id).sweep == asked
    assert open_study(study.id).course == Course(({"patch": 16},))
    stored = json.loads((study.folder / STUDY).read_text())
    stored["sweep"]["search"]["later"] = stored["sweep"]["later"] = 1
    (study.folder / STUDY).write_text(json.dumps(stored))
    assert open_study(study.id).sweep == asked
    del stored["sweep"]["varied"]
    (study.folder / STUDY).write_text(json.dumps(stored))
    with pytest.raises(RunError, match="is damaged"):
        _ = open_study(study.id).sweep
    # an old study, which is no sweep
    plain = new_study("Plain", ())
    assert (plain.sweep, plain.is_sweep) == (None, False)


def test_one_writer_at_a_time_has_a_study(workspace: Path):
    study = new_study("Patches", (), sweep({"patch": "16, 32"}))
    with study.held() as mine:
        assert mine == study
        with Study(study.folder).held(wait=False) as theirs:
            assert theirs is None
        mine.end(ENDED)
    with study.held(wait=False) as mine:
        assert mine and mine.course.over == ENDED


def test_choices_name_what_they_can_be():
    with pytest.raises(SettingError) as refused:
        Varied.parse(declared("radar"), "db")
    assert "ratio, db, none" in refused.value.hint
