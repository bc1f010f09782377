import pytest

from bandweave.errors import SceneError
from bandweave.workspace.run_folders import RESULT, WORKER, State, all_runs
from pages.shared import demo
from pages.shared.running.estimate import duration, estimated
from tests.pages.shown import finish, names, rows, texts


def opened(page):
    page.run()
    assert not page.exception
    return page


def button(page, label):
    return next(each for each in page.button if each.label == label)


def test_before_the_scene_is_there_the_page_says_so_and_cannot_train(home):
    opened(home)
    assert any("being made" in text for text in texts(home, "caption"))
    assert button(home, "Train").disabled


def test_a_demo_that_cannot_be_made_is_explained(home, monkeypatch):
    error = SceneError("The disk is full.", "Free some space.")
    monkeypatch.setattr(demo, "failure", lambda: error)
    opened(home)
    assert texts(home, "error") == ["The disk is full. Free some space."]


@pytest.mark.parametrize("task", ["Rebuild the image", "With the answer hidden"])
def test_without_results_the_scene_is_shown_and_the_plan_told(home, demo_scene, task):
    home.session_state["task"] = task
    opened(home)
    assert "SIMULATED" in str([each.proto for each in home.get("markdown")])
    assert not button(home, "Train").disabled
    assert any("training steps" in text for text in texts(home, "caption"))
    assert not names(home)


def test_the_first_results_are_the_papers_table(home, first_results):
    opened(home)
    assert names(home) == ["Copy", "Shallow CNN", "Autoencoder"]
    assert "Here the input contains the answer; a plain copy scores 0." in texts(home, "caption")
    copy, shallow, autoencoder = rows(home)
    assert copy["rmse"] == "0.0000" and copy["ssim"] == "1.0000" and not copy["best"]
    assert {"rmse", "ssim", "uiqi", "pearson"} <= set(shallow["best"])
    assert float(shallow["rmse"]) < float(autoencoder["rmse"])


def test_a_band_of_its_own_has_its_own_scores(home, first_results):
    mean = rows(opened(home))[1]
    home.session_state["band"] = "red"
    red = rows(opened(home))[1]
    assert red["name"] == mean["name"] and red["rmse"] != mean["rmse"]


def test_with_the_answer_hidden_only_hidden_pixels_are_scored(home, first_results):
    home.session_state["task"] = "With the answer hidden"
    opened(home)
    assert names(home) == ["Interpolation", "Shallow CNN", "Autoencoder"]
    assert all(float(row["rmse"]) > 0 for row in rows(home))
    assert any("only those pixels are scored" in text for text in texts(home, "caption"))


def test_train_asks_for_the_demos_preset(home, demo_scene, waiting_engine):
    button(opened(home), "Train").click()
    opened(home)
    assert waiting_engine.submitted == [demo.request("reconstruct", "shallow-cnn")]
    assert button(home, "Cancel")


def test_both_networks_train_with_their_own_patch_and_epochs(home, demo_scene, waiting_engine):
    home.session_state["model"] = "Both"
    button(opened(home), "Train").click()
    opened(home)
    asked = [
        (request.method, request.settings["patch"], request.settings["epochs"])
        for request in waiting_engine.submitted
    ]
    assert asked == [("shallow-cnn", 64, 5), ("cae", 128, 15)]


def test_a_further_click_adds_a_row_that_says_what_changed(home, first_results, waiting_engine):
    opened(home)
    home.number_input(key="shallow-cnn-epochs").set_value(8)
    home.number_input(key="seed").set_value(3)
    button(home, "Train").click()
    opened(home)
    assert len(names(home)) == 3
    finish(all_runs()[0], 0.005)
    added = rows(opened(home))[3]
    assert (added["name"], added["chip"]) == ("Shallow CNN", "epochs 5 → 8, seed 0 → 3")


def test_asking_for_a_first_result_again_does_not_repeat_its_row(home, first_results):
    button(opened(home), "Train").click()
    opened(home)
    finish(all_runs()[0], 0.01)
    opened(home)
    assert names(home) == ["Copy", "Autoencoder", "Shallow CNN"]


def test_a_patch_larger_than_the_scene_cannot_be_asked_for(home, demo_scene, waiting_engine):
    opened(home)
    home.number_input(key="shallow-cnn-patch").set_value(256)
    opened(home)
    assert button(home, "Train").disabled
    assert any(
        "The largest patch that works here is 160" in text for text in texts(home, "caption")
    )


def test_cancel_ends_the_run_and_adds_no_row(home, first_results):
    button(opened(home), "Train").click()
    opened(home)
    button(home, "Cancel").click()
    opened(home)
    assert all_runs()[0].status().state is State.CANCELLED
    assert not [each for each in home.button if each.label == "Cancel"]
    assert names(home) == ["Copy", "Shallow CNN", "Autoencoder"]


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_that_went_wrong_says_why(home, demo_scene, lost):
    button(opened(home), "Train").click()
    opened(home)
    folder = all_runs()[0].folder
    if lost:
        (folder / WORKER).write_text('{"pid": 1, "started": 0}')
    else:
        (folder / RESULT).write_text('{"error": "No memory.", "hint": "Choose a smaller patch."}')
    opened(home)
    expected = "ended without a result" if lost else "No memory. Choose a smaller patch."
    assert expected in texts(home, "error")[0]


def test_what_a_click_would_take_is_said(home, first_results, demo_scene):
    planned = next(text for text in texts(opened(home), "caption") if "training steps" in text)
    expected = estimated(demo.request("reconstruct", "shallow-cnn"), demo_scene, all_runs())
    assert planned == f"{expected.steps:,} training steps, about {duration(expected.seconds)}"
