"""The form of a sweep, and its page: trials in order, and what is said and done of the best."""

import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import new_run
from bandweave.workspace.studies import DONE, ENDED, Course, all_studies, new_study
from bandweave.workspace.sweeps import Search, Sweep
from tests.pages.shown import ROOT, finish, html, texts

BASE = Request("small", "gap", "shallow-cnn", {"patch": 32, "epochs": 2})


@pytest.fixture
def small(workspace):
    return scene_library.store(make_scene(160, 160), "small")


@pytest.fixture
def opened(workspace, waiting_engine):
    def page(name):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        return ran(app.switch_page(f"pages/{name}.py"))

    return page


def ran(page):
    page.run()
    assert not page.exception
    return page


def button(page, label):
    return next(each for each in page.button if each.label == label)


def test_one_form_makes_a_sweep_or_says_why_not(opened, small):
    page = opened("fuse")
    page.toggle(key="sweep-on").set_value(True)
    assert "Choose settings to vary." in texts(ran(page), "caption")
    page.session_state["sweep-shallow-cnn-names"] = ["patch", "radar"]
    ran(page)
    page.text_input(key="sweep-shallow-cnn-patch").set_value("32, 4096")
    assert any("cannot be 4096" in text for text in texts(ran(page), "caption"))
    assert button(page, "Start").disabled
    page.text_input(key="sweep-shallow-cnn-patch").set_value("32, 48")
    button(ran(page), "Start 6 runs").click()
    ran(page)
    made = all_studies()[0]
    assert made.name == "Shallow CNN: patch, radar input"
    assert [len(each.values) for each in made.sweep.varied] == [2, 3]


def test_the_best_comes_first_and_can_be_trained_longer(opened, small, waiting_engine):
    sweep = Sweep.of(BASE, {"patch": "16, 32, 48"}, Search())
    planned = tuple(sweep.plan(small.scene))
    runs = [new_run(sweep.asks(changes, 0)) for changes in planned]
    for run, noise in zip(runs, (0.03, 0.01, 0.02), strict=True):
        finish(run, noise)
    study = new_study("Patches", runs, sweep, Course(planned, 3, DONE))
    page = opened("sweeps")
    places = [html(page).index(f"scope='row'>{patch}<") for patch in (32, 48, 16)]
    assert places == sorted(places)
    assert any("Chosen among 3" in text for text in texts(page, "caption"))
    longer = page.number_input(key=f"longer-{study.id}-{runs[1].id}")
    assert longer.value == 8
    longer.set_value(6)
    button(ran(page), "Train the best longer").click()
    ran(page)
    asked = waiting_engine.submitted[-1].settings
    assert (asked["patch"], asked["epochs"]) == (32, 6)
    assert len(all_studies()[0].runs) == 4


def test_a_sweep_under_way_can_be_ended(opened, small):
    assert any("Nothing has been swept yet" in text for text in texts(opened("sweeps"), "markdown"))
    sweep = Sweep.of(BASE, {"patch": "16, 32"}, Search())
    new_study(
        "Patches", [new_run(sweep.asks({"patch": 16}, 0))], sweep, Course(({"patch": 16},), 1)
    )
    page = opened("sweeps")
    assert any("0 of 2 runs" in text for text in texts(page, "caption"))
    button(page, "End the sweep").click()
    ran(page)
    assert all_studies()[0].course.over == ENDED
