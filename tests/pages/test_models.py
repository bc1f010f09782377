"""A finished run's page takes its model to another scene, and says where it does not fit."""

import shutil
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_scene
from bandweave.methods import METHODS
from bandweave.raster.scene import Role
from bandweave.running.execution import execute
from bandweave.workspace import scene_library
from bandweave.workspace.request import APPLY, START, Request, Taken
from bandweave.workspace.run_folders import CANCELLED, WORKER, all_runs, new_run
from tests.core.running.counting import NOTE, Counting
from tests.core.running.test_models import placed
from tests.pages.shown import ROOT, html, texts

USE = "Use this model on another scene"


@pytest.fixture
def app(workspace, waiting_engine):
    scene_library.store(placed(make_scene(), 0, "Here"), "here")
    scene_library.store(placed(make_scene(seed=1), 50_000, "There"), "there")
    coarse = placed(make_scene(), 90_000, "Coarse *radar*")
    radar = replace(coarse.radar, native_resolution=20.0)
    scene_library.store(coarse.adding(radar), "coarse")
    scene_library.store(make_scene().without(Role.RADAR), "bare")
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)


def opened(app, run, page="runs"):
    app.query_params["run"] = run.id
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    return app


def done(request):
    run = new_run(request)
    execute(run)
    return run


@pytest.fixture
def first(app):
    return done(Request("here", "gap", "laplace"))


def button(app, label):
    return next((each for each in app.button if each.label == label), None)


def captions(app):
    return " ".join(texts(app, "caption"))


def test_scenes_that_fit_are_offered_and_the_others_named_with_the_reason(app, first):
    opened(app, first)
    assert USE in [each.label for each in app.expander]
    chosen = app.selectbox(key=f"model-scene-{first.id}")
    assert chosen.options == ["There"]
    said = captions(app)
    assert "20 m" in said and "10 m native resolution" in said and "no radar layer" in said
    assert "will not be scored" not in said
    assert button(app, "Train on from it") is None
    button(app, "Apply").click().run()
    assert not app.exception
    (asked,) = [run for run in all_runs() if run.id != first.id]
    assert asked.request == replace(first.request, scene="there", model=Taken(first.id, APPLY))
    # the page shows the new run
    assert app.query_params["run"] == asked.id
    assert f"of run {first.id}, applied" in html(app)


def test_what_trains_in_steps_is_trained_on(app, monkeypatch):
    monkeypatch.setitem(METHODS, "counting", Counting)
    run = done(Request("here", "reconstruct", "counting"))
    opened(app, run)
    button(app, "Train on from it").click().run()
    assert not app.exception
    assert all_runs()[0].request.model == Taken(run.id, START)


def test_an_older_run_says_that_it_has_to_be_fitted_again(app, first):
    (first.folder / "model" / "fitted.json").unlink()
    opened(app, first)
    assert button(app, "Apply") is None
    assert "Fit it again" in captions(app)


def test_the_result_says_whose_model_it_is_also_when_that_run_is_gone(app, first):
    trained = done(replace(first.request, scene="there"))
    applied = done(replace(first.request, scene="there", model=Taken(first.id)))
    shutil.rmtree(first.folder)
    opened(app, applied)
    assert f"The model of run {first.id}, fitted to Here, was applied." in texts(app, "info")
    assert f"of run {first.id} (Here), applied" in html(app)
    # beside one that was fitted there it is a row of its own
    opened(app, applied, "metrics")
    rows = html(app)
    assert "model of Here" in rows and rows.count("<th scope='row'>Interpolation") == 2
    opened(app, trained, "compare")
    assert any("model of Here" in option for each in app.multiselect for option in each.options)


def test_what_is_not_scored_is_shown_without_scores(app, first):
    run = done(replace(first.request, scene="here", seed=5, model=Taken(first.id)))
    opened(app, run)
    assert "was applied. Not scored here. The model has learned" in texts(app, "info")[0]
    assert "not scored here" in html(app)
    opened(app, run, "compare")
    assert "not scored here" in captions(app)
    opened(app, run, "metrics")


def test_that_a_scene_shows_what_the_model_has_seen_is_said_before(app, first):
    again = scene_library.store(placed(make_scene(), 0, "Again"), "again")
    opened(app, first)
    app.selectbox(key=f"model-scene-{first.id}").select(again.id).run()
    assert "It will not be scored there. The model has learned from Here" in captions(app)


def test_a_run_that_was_cut_off_is_resumed(app, monkeypatch):
    monkeypatch.setitem(METHODS, "counting", Counting)
    run = new_run(Request("here", "reconstruct", "counting"))
    (run.folder / WORKER).write_text('{"pid": 1, "started": 0}')
    opened(app, run)
    assert button(app, "Resume") is None
    (run.folder / "checkpoint").mkdir()
    (run.folder / "checkpoint" / NOTE).write_text("[0]")
    opened(app, run)
    assert "Resume it: training goes on from where it was." in app.error[0].value
    button(app, "Resume").click().run()
    assert not app.exception and run.status().state == "queued"
    (run.folder / CANCELLED).touch()
    button(opened(app, run), "Resume").click().run()
    assert run.status().state == "queued"
