import json
import os
import re
import time

import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.geotiff import write
from bandweave.workspace import run_folders, scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import (
    CANCELLED,
    LOG,
    PREVIEW,
    PROGRESS,
    RESULT,
    WORKER,
    State,
    all_runs,
    new_run,
)
from bandweave.workspace.studies import new_study
from pages.runs_parts.loss_curve import MOST_POINTS, figure
from pages.runs_parts.previews import placed
from pages.shared.running.run_list import DAMAGED, Filter, rows
from tests.pages.shown import ROOT, finish, html, texts

LINE = {"stage": "Training red", "steps": 60, "loss": 0.5, "validation": None}


@pytest.fixture
def small(workspace, waiting_engine):
    return scene_library.store(make_scene(), "small")


@pytest.fixture
def app(small):
    """Return the app with one scene, on the page of its runs once `opened`."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)


def opened(page, **address):
    for name, value in address.items():
        page.query_params[name] = value
    return ran(page.switch_page("pages/runs.py"))


def ran(app):
    app.run()
    assert not app.exception
    return app


def asked(method="copy", task="reconstruct", **facts):
    return new_run(Request("small", task, method, **facts))


def running(run, *lines):
    """Let this test's own process be the one that executes a run."""
    process = psutil.Process(os.getpid())
    owner = {"pid": process.pid, "started": process.create_time()}
    (run.folder / WORKER).write_text(json.dumps(owner))
    (run.folder / PROGRESS).write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return run


def button(page, label):
    return next(each for each in page.button if each.label == label)


def listed(app):
    frame = app.dataframe[0].value
    return [dict(row, State=row["State"][0]) for row in frame.to_dict("records")]


def captions(app):
    pictures = re.findall(r"base64,[\w+/=]+' alt='([^']*)'", html(app))
    assert re.findall("<figcaption>([^<]*)", html(app)) == pictures
    return pictures


def test_without_runs_the_page_leads_to_fuse(app):
    opened(app)
    assert "Nothing has been run yet." in texts(app, "markdown")
    assert not app.dataframe


def test_runs_are_listed_newest_first_with_state_score_and_progress(app):
    done = finish(asked(), 0.0)
    half = running(asked("shallow-cnn"), LINE | {"step": 30, "seconds": 1.0})
    for run, stamp in ((done, "20260101-000000-aaaaaa"), (half, "20260102-000000-bbbbbb")):
        run.folder.rename(run.folder.with_name(stamp))
    first, second = listed(opened(app))
    assert (first["Run"], first["State"], first["Progress"]) == (
        "Shallow CNN · seed 0",
        "Running",
        50,
    )
    assert (second["Run"], second["State"], second["RMSE"]) == ("Copy · seed 0", "Done", 0)
    assert (second["Scene"], second["Task"], second["Seconds"]) == ("small", "Rebuild", 2.5)
    assert second["Asked"].isoformat().startswith("2026-01-01T00:00")


def test_the_address_says_which_run_is_shown(app):
    finish(asked(), 0.0)
    wanted = finish(asked("band-mean", seed=4), 0.1)
    opened(app, run=wanted.id)
    assert "Band mean · seed 4" in texts(app, "subheader")
    assert app.query_params["run"] == wanted.id
    assert wanted.id in html(app)


def test_an_address_of_no_run_says_so_and_shows_the_newest(app):
    finish(asked(), 0.0)
    opened(app, run="nope")
    assert texts(app, "warning") == ["The run of this address is gone."]
    assert "Copy · seed 0" in texts(app, "subheader")


def test_a_run_under_way_shows_how_far_it_is_and_can_be_cancelled(app):
    run = running(asked("shallow-cnn"), LINE | {"step": 30, "seconds": 1.0})
    opened(app)
    assert "step 30 of 60" in app.get("progress")[0].proto.text
    assert app.get("bidi_component")
    button(app, "Cancel").click()
    ran(app)
    assert (run.folder / CANCELLED).exists()
    assert listed(app)[0]["State"] == "Cancelled"
    assert "Cancel" not in [each.label for each in app.button]


def test_a_sketch_is_shown_beside_the_original_of_the_same_window(app, small):
    run = running(asked("shallow-cnn"), LINE | {"step": 30, "seconds": 1.0})
    opened(app)
    assert "A picture appears here." in texts(app, "caption")
    grid = small.scene.grid
    part = grid.at(small.scene.grid.full._replace(row=8, col=16, height=64, width=48))
    assert tuple(placed(part, grid)) == (8, 16, 64, 48)
    write(run.folder / PREVIEW, np.full((1, 64, 48), 0.2, np.float32), part, ("red",))
    ran(app)
    assert captions(app) == ["Red, as learned so far", "Original"]


def test_a_half_written_sketch_does_not_break_the_page(app):
    run = running(asked("shallow-cnn"), LINE | {"step": 30, "seconds": 1.0})
    (run.folder / PREVIEW).write_bytes(b"II*")
    opened(app)
    assert any("The picture cannot be read" in text for text in texts(app, "caption"))


def test_a_finished_run_shows_its_result_cost_and_settings(app):
    run = finish(asked("shallow-cnn", settings={"patch": 32, "epochs": 7}), 0.01)
    result = json.loads((run.folder / RESULT).read_text())
    (run.folder / RESULT).write_text(
        json.dumps(result | {"peak_memory_mib": 512, "estimated": True})
    )
    opened(app)
    shown = html(app)
    assert "512 MiB" in shown and "<dd>2 s</dd>" in shown
    assert "(whole image, estimated on simulated gaps)" in shown
    assert "<th scope='row'>Epochs</th><td class='best'>7</td><td>5</td>" in shown
    assert "<th scope='row'>Batch</th><td class=''>2</td><td>2</td>" in shown
    assert captions(app) == ["Result", "Original"]


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_that_went_wrong_shows_its_reason_and_log(app, lost):
    run = asked("shallow-cnn")
    (run.folder / LOG).write_text("first line\n" + "x" * 5000 + "\nlast line")
    if lost:
        (run.folder / WORKER).write_text('{"pid": 1, "started": 0}')
    else:
        (run.folder / RESULT).write_text('{"error": "No memory.", "hint": "Take less."}')
    opened(app)
    reason = "ended without a result" if lost else "No memory. Take less."
    assert reason in texts(app, "error")[0]
    log = texts(app, "code")[0]
    assert log.endswith("last line") and "first line" not in log


def test_a_damaged_run_shows_as_damaged_and_can_be_deleted(app):
    finish(asked(), 0.0)
    damaged = asked()
    (damaged.folder / "request.json").write_text("{")
    opened(app, run=damaged.id)
    assert sorted(row["State"] for row in listed(app)) == [DAMAGED, "Done"]
    assert "is not a run's request" in texts(app, "error")[0]
    button(app, "Delete").click()
    ran(app)
    assert [row["State"] for row in listed(app)] == ["Done"]


def test_a_run_is_renamed_and_gets_a_note(app):
    run = finish(asked(), 0.0)
    opened(app)
    app.text_input(key=f"name-{run.id}").set_value("Baseline")
    app.text_area(key=f"note-{run.id}").set_value("As in the paper.")
    ran(app)
    assert (run.name, run.note) == ("Baseline", "As in the paper.")
    assert listed(app)[0]["Run"] == "Baseline"
    run.annotate(name="From another window")
    ran(app)
    assert app.text_input(key=f"name-{run.id}").value == "From another window"


def test_a_deleted_run_comes_back_when_that_is_undone(app):
    keep, run = finish(asked(), 0.0), finish(asked("band-mean"), 0.1)
    opened(app, run=run.id)
    button(app, "Delete").click()
    ran(app)
    assert [each.id for each in all_runs()] == [keep.id]
    assert any("Deleted “Band mean · seed 0”" in text for text in texts(app, "caption"))
    assert "Copy · seed 0" in texts(app, "subheader") and not texts(app, "warning")
    button(app, "Undo").click()
    ran(app)
    assert {each.id for each in all_runs()} == {keep.id, run.id}
    assert "Band mean · seed 0" in texts(app, "subheader")
    assert "Undo" not in [each.label for each in app.button]


def test_what_cannot_be_brought_back_says_so(app):
    run = finish(asked(), 0.0)
    opened(app)
    button(app, "Delete").click()
    ran(app)
    new_run(run.request, run.folder)
    button(app, "Undo").click()
    ran(app)
    assert "There is a run" in texts(app, "error")[0]


def test_a_run_deleted_in_another_window_is_gone_here(app):
    run = finish(asked(), 0.0)
    opened(app, run=run.id)
    run_folders.discard(run.id)
    ran(app)
    assert "Nothing has been run yet." in texts(app, "markdown")


def test_the_list_can_be_filtered(app):
    copy, mean = finish(asked(), 0.0), asked("band-mean", seed=9)
    study = new_study("Two seeds", [mean])
    every = rows()
    ids = {
        "words": Filter(words="band mean"),
        "state": Filter(states=("Done",)),
        "task": Filter(tasks=("Fill clouds",)),
        "method": Filter(methods=("Copy",)),
        "scene": Filter(scenes=("small",)),
        "study": Filter(study=study.id),
    }
    found = {name: {row.id for row in wanted.chosen(every)} for name, wanted in ids.items()}
    assert found == {
        "words": {mean.id},
        "state": {copy.id},
        "task": set(),
        "method": {copy.id},
        "scene": {copy.id, mean.id},
        "study": {mean.id},
    }
    opened(app)
    app.text_input(key="runs-words").set_value("nothing like it")
    ran(app)
    assert "No run is like that." in texts(app, "caption")
    app.text_input(key="runs-words").set_value("")
    app.selectbox(key="runs-study").set_value(study.id)
    ran(app)
    assert [row["Method"] for row in listed(app)] == ["Band mean"]


def test_an_ended_run_is_read_again_only_when_its_folder_changes(workspace, small):
    run = finish(asked(), 0.0)
    (first,) = rows()
    run.annotate(name="Renamed")
    (second,) = rows()
    assert (first.name, second.name) == ("Copy · seed 0", "Renamed")
    waiting = running(asked(), LINE | {"step": 15, "seconds": 1.0})
    assert {row.state: row.share for row in rows()} == {"Done": 1, "Running": 0.25}
    with (waiting.folder / PROGRESS).open("a") as stream:
        stream.write(json.dumps(LINE | {"step": 30, "seconds": 2.0}) + "\n")
    assert {row.state: row.share for row in rows()} == {"Done": 1, "Running": 0.5}
    (waiting.folder / CANCELLED).touch()
    assert {row.state for row in rows()} == {"Done", "Cancelled"}


def test_the_loss_curve_breaks_between_bands_and_keeps_its_view():
    history = [
        {"stage": f"Training {band}", "step": step, "steps": 8, "loss": 1 / step, "validation": v}
        for band, step, v in (
            ("red", 1, None),
            ("red", 2, 0.5),
            ("red", 3, 0.5),
            ("red", 4, 0.25),
            ("green", 5, None),
            ("green", 6, 0.4),
        )
    ]
    chart = figure(history, "run-1", logarithmic=True)
    training, validation = chart.data
    assert training.x == (1, 2, 3, 4, None, 5, 6, None)
    assert training.y[:4] == (1, 1 / 2, 1 / 3, 1 / 4)
    assert (validation.x, validation.y) == ((2, 4, None, 6, None), (0.5, 0.25, None, 0.4, None))
    assert chart.layout.uirevision == "run-1" and chart.layout.yaxis.type == "log"
    assert [note.text for note in chart.layout.annotations] == ["red", "green"]


def test_a_long_curve_is_thinned_but_ends_where_training_is():
    history = [LINE | {"step": step, "steps": 5000} for step in range(1, 5001)]
    (training,) = figure(history, "run").data
    assert len(training.x) <= MOST_POINTS + 1 and training.x[-2] == 5000


def test_three_hundred_runs_are_listed_without_reading_them_all_again(app):
    request = Request("small", "reconstruct", "copy")
    for number in range(300):
        run = new_run(request, run_folders.paths.runs() / f"20260101-{number:06}-aaaaaa")
        (run.folder / RESULT).write_text('{"seconds": 1.0}')
    assert len(rows()) == 300
    begun = time.perf_counter()
    rows()
    assert time.perf_counter() - begun < 1
    assert len(listed(opened(app))) == 300


def test_a_state_is_final_or_under_way(small):
    assert all(row.final for row in rows())
    asked()
    assert [row.final for row in rows()] == [False]
    assert State.LOST.final
