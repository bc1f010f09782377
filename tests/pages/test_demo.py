from bandweave.errors import SceneError
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import RESULT, all_runs
from pages.shared import demo


def asked(engine):
    return [(request.task, request.method) for request in engine.submitted]


def test_the_server_asks_for_reference_rows_before_networks(demo_scene, waiting_engine):
    demo.prepare()
    assert asked(waiting_engine) == [
        ("reconstruct", "copy"),
        ("gap", "laplace"),
        ("reconstruct", "shallow-cnn"),
        ("reconstruct", "cae"),
        ("gap", "shallow-cnn"),
        ("gap", "cae"),
    ]
    assert waiting_engine.warm and waiting_engine.background == [True] * 6


def test_what_is_there_or_under_way_is_not_asked_for_again(demo_scene, waiting_engine):
    demo.prepare()
    waiting_engine.submitted.clear()
    demo.prepare()
    assert not waiting_engine.submitted


def test_what_went_wrong_is_asked_for_again(demo_scene, waiting_engine):
    demo.prepare()
    waiting_engine.submitted.clear()
    copy = next(run for run in all_runs() if run.request.method == "copy")
    (copy.folder / RESULT).write_text('{"error": "No memory.", "hint": ""}')
    demo.prepare()
    assert asked(waiting_engine) == [("reconstruct", "copy")]


def test_a_scene_that_cannot_be_made_is_told_to_pages(workspace, waiting_engine, monkeypatch):
    error = SceneError("The disk is full.")

    def refuse():
        raise error

    monkeypatch.setattr(scene_library, "demo", refuse)
    monkeypatch.setattr(demo, "_failure", None)
    demo.prepare()
    assert demo.failure() is error and not waiting_engine.submitted
