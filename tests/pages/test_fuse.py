import dataclasses
import json
import shlex
from typing import ClassVar

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from bandweave.__main__ import parser
from bandweave.commands import fusion
from bandweave.contracts.small_scene import make_scene
from bandweave.methods import METHODS, families
from bandweave.methods.references.copy import Copy
from bandweave.raster.scene import Layer, Role, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.settings import setting
from bandweave.tasks import TASKS
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import CANCELLED, PROGRESS, RESULT, all_runs, new_run
from bandweave.workspace.studies import all_studies
from pages.fuse_parts import orders
from pages.shared.running.estimate import USUAL_PIXEL, USUAL_STEP, duration, estimated
from tests.pages.shown import ROOT, finish, html, texts


@pytest.fixture
def fuse(workspace, waiting_engine):
    """Return a function that opens the Fuse page under an address."""

    def opened(**address):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        for name, value in address.items():
            app.query_params[name] = value
        return ran(app.switch_page("pages/fuse.py"))

    return opened


@pytest.fixture
def small(workspace):
    return scene_library.store(make_scene(160, 160), "small")


def ran(page):
    page.run()
    assert not page.exception
    return page


def key(task, *parts, scene="small"):
    return "-".join(("fuse", scene, task, *parts))


def starting(page):
    return next(each for each in page.button if each.label.startswith("Start"))


def chosen(page, task):
    return [
        method
        for method in METHODS
        if METHODS[method].suits(TASKS[task])
        and page.checkbox(key=key(task, "method", method)).value
    ]


def fill_clouds(page):
    page.session_state["fuse-task"] = TASKS["gap"].label
    return ran(page)


def test_an_empty_workspace_leads_to_the_imagery(fuse):
    page = fuse()
    assert "There is no scene yet" in " ".join(texts(page, "markdown"))
    assert not [each for each in page.button if each.label.startswith("Start")]


def test_the_task_decides_which_methods_are_offered_and_chosen(fuse, small):
    page = fuse()
    assert chosen(page, "reconstruct") == ["shallow-cnn"]
    offered = {each.key for each in page.checkbox}
    assert key("reconstruct", "method", "copy") in offered
    assert key("reconstruct", "method", "laplace") not in offered
    fill_clouds(page)
    assert chosen(page, "gap") == ["bandweave", "radar-classes", "laplace"]
    assert key("gap", "method", "copy") not in {each.key for each in page.checkbox}


def test_sharpening_begins_with_what_is_hard_to_beat(fuse, small, waiting_engine):
    page = fuse()
    page.session_state["fuse-task"] = TASKS["sharpen"].label
    ran(page)
    assert set(chosen(page, "sharpen")) == {"back-projection", "bicubic"}
    assert key("sharpen", "method", "cae") not in {each.key for each in page.checkbox}
    page.number_input(key=key("sharpen", "task", "ratio")).set_value(2)
    page.number_input(key=key("sharpen", "back-projection", "iterations")).set_value(20)
    page.checkbox(key=key("sharpen", "method", "bicubic")).uncheck()
    page.number_input(key="fuse-seeds").set_value(2)
    ran(page)
    assert any("and Bicubic to compare with" in text for text in texts(page, "caption"))
    starting(page).click()
    ran(page)
    assert {each.task_settings["ratio"] for each in waiting_engine.submitted} == {2}
    assert [run.request.method for run in all_studies()[0].runs] == ["bicubic"] + [
        "back-projection"
    ] * 2


def test_real_clouds_are_filled_and_without_any_there_is_no_such_choice(fuse, workspace):
    scene = make_scene(160, 160)
    flags = np.zeros((1, 160, 160), np.float32)
    clear = Layer("cloud", Role.MASK, MemoryRaster(flags, scene.grid, ("cloud",)), Unit.FLAG, 30.0)
    scene_library.store(dataclasses.replace(scene, name="clear").adding(clear), "clear")
    cloudy = flags.copy()
    cloudy[:, 5:9, 5:9] = 1
    raster = MemoryRaster(cloudy, scene.grid, ("cloud",))
    scene_library.store(scene.adding(dataclasses.replace(clear, raster=raster)), "cloudy")
    page = fill_clouds(fuse(scene="cloudy"))

    assert page.selectbox(key=key("gap", "task", "purpose", scene="cloudy")).value == "fill"
    starting(page).click()
    ran(page)
    assert {run.request.task_settings["purpose"] for run in all_runs()} == {"fill"}
    page = fill_clouds(fuse(scene="clear"))
    choice = key("gap", "task", "purpose", scene="clear")
    assert choice not in {each.key for each in page.selectbox}
    assert page.number_input(key=key("gap", "task", "coverage", scene="clear")).value == 0.3
    # another scene takes the name
    scene_library.discard("clear")
    scene_library.store(scene.adding(dataclasses.replace(clear, raster=raster)), "clear")
    assert ran(page).selectbox(key=choice).value == "fill"


def test_start_asks_for_a_preset_fitted_to_the_scene(fuse, small, waiting_engine):
    page = fuse()
    starting(page).click()
    ran(page)
    (asked,) = waiting_engine.submitted
    shape = small.scene.grid.shape
    expected = METHODS["shallow-cnn"].from_values(METHODS["shallow-cnn"].preset("fast", shape))
    assert (asked.scene, asked.task, asked.method) == ("small", "reconstruct", "shallow-cnn")
    assert asked.settings == expected.values()
    assert [each.label for each in page.button].count("Cancel") == 1


def test_several_methods_and_seeds_are_a_study_beside_its_reference(fuse, small, waiting_engine):
    page = fuse()
    page.checkbox(key=key("reconstruct", "method", "cae")).check()
    page.number_input(key="fuse-seeds").set_value(3)
    page.number_input(key="fuse-first-seed").set_value(5)
    ran(page)
    assert starting(page).label == "Start 6 runs"
    assert any("6 runs, and Copy to compare with" in text for text in texts(page, "caption"))
    starting(page).click()
    ran(page)
    asked = [(each.method, each.seed) for each in waiting_engine.submitted]
    assert asked == [(method, seed) for method in ("shallow-cnn", "cae") for seed in (5, 6, 7)]
    (study,) = all_studies()
    assert [run.request.method for run in study.runs] == ["copy"] + ["shallow-cnn"] * 3 + [
        "cae"
    ] * 3
    assert study.name == "Rebuild: Shallow CNN, Autoencoder, 3 seeds"
    assert len({each.label for each in waiting_engine.submitted}) == 6


def test_gaps_follow_the_seed_and_so_does_what_they_are_compared_with(small):
    base = Request("small", "gap", "radar-laplace")
    references = orders.order([base], [0, 1]).references
    assert [(each.method, each.seed) for each in references] == [("laplace", 0), ("laplace", 1)]
    both = orders.order([base, Request("small", "gap", "laplace")], [0, 1])
    assert not both.references


def test_a_preset_fills_the_fields_and_is_the_one_they_agree_with(fuse, small):
    page = fuse()
    preset = key("reconstruct", "shallow-cnn", "preset")
    epochs = key("reconstruct", "shallow-cnn", "epochs")
    assert page.button_group(key=preset).value == "fast"
    page.button_group(key=preset).set_value("paper")
    ran(page)
    paper = METHODS["shallow-cnn"].preset("paper", small.scene.grid.shape)
    assert page.number_input(key=key("reconstruct", "shallow-cnn", "batch")).value == paper["batch"]
    assert any("batch 32" in text.lower() for text in texts(page, "caption"))
    page.number_input(key=epochs).set_value(77)
    ran(page)
    assert page.button_group(key=preset).value is None
    assert "Settings of your own." in texts(page, "caption")


def test_what_does_not_go_together_is_said_and_cannot_be_started(fuse, small):
    page = fuse()
    patch = key("reconstruct", "shallow-cnn", "patch")
    page.number_input(key=patch).set_value(256)
    ran(page)
    assert "The largest patch that works here is 160" in texts(page, "error")[0]
    assert starting(page).disabled
    page.number_input(key=patch).set_value(32)
    ran(page)
    assert not texts(page, "error") and not starting(page).disabled


def test_without_a_method_there_is_nothing_to_start(fuse, small):
    page = fuse()
    page.checkbox(key=key("reconstruct", "method", "shallow-cnn")).uncheck()
    ran(page)
    assert starting(page).disabled
    assert "Choose at least one method." in texts(page, "caption")


def test_a_family_is_chosen_and_cleared_in_one_click(fuse, small):
    page = fuse()
    task = TASKS["reconstruct"]
    suited = [each for each in families()["reference"] if METHODS[each].suits(task)]
    page.button(key=key("reconstruct", "reference", "all")).click()
    ran(page)
    assert chosen(page, "reconstruct") == ["shallow-cnn", *suited]
    assert page.button(key=key("reconstruct", "reference", "all")).disabled
    assert starting(page).label == f"Start {1 + len(suited)} runs"
    page.button(key=key("reconstruct", "network", "all")).click()
    ran(page)
    page.button(key=key("reconstruct", "reference", "none")).click()
    ran(page)
    assert chosen(page, "reconstruct") == ["shallow-cnn", "cae"]
    assert page.button(key=key("reconstruct", "reference", "none")).disabled
    page.checkbox(key=key("reconstruct", "method", "cae")).uncheck()
    ran(page)
    assert not page.button(key=key("reconstruct", "network", "all")).disabled


def configurable(count):
    """Methods with settings that say what they are after, and nothing else."""
    made = {}
    for number in range(count):
        facts = {"key": f"tuned-{number}", "label": f"Tuned {number}", "family": "tuned"}
        fields = [("epochs", int, setting(1, "Epochs", minimum=1, maximum=9))]
        method = dataclasses.make_dataclass("Tuned", fields, bases=(Copy,), frozen=True)
        for name, value in facts.items():
            setattr(method, name, value)
        made[facts["key"]] = method
    return made


@pytest.mark.parametrize(("count", "folded"), [(2, 0), (3, 4)])
def test_settings_are_folded_where_many_methods_have_some(fuse, small, monkeypatch, count, folded):
    """The network that is chosen at first has settings too."""
    for name, method in configurable(count).items():
        monkeypatch.setitem(METHODS, name, method)
    page = fuse()
    page.button(key=key("reconstruct", "tuned", "all")).click()
    page.checkbox(key=key("reconstruct", "method", "copy")).check()
    ran(page)
    labels = ["Shallow CNN", *(f"Tuned {number}" for number in range(count))]
    folds = {f"**{label}**" for label in labels}
    assert len([each for each in page.expander if each.label in folds]) == folded
    assert len({each.value for each in page.subheader} & set(labels)) == len(labels) - folded
    page.number_input(key=key("reconstruct", "tuned-1", "epochs")).set_value(7)
    ran(page)
    starting(page).click()
    ran(page)
    asked = {run.request.method: run.request.settings for run in all_runs()}
    assert asked["tuned-1"] == {"epochs": 7} and asked["tuned-0"] == {"epochs": 1}
    assert asked["copy"] == {}


def test_what_is_amiss_is_seen_above_folded_settings(fuse, small, monkeypatch):
    for name, method in configurable(3).items():
        monkeypatch.setitem(METHODS, name, method)
    page = fuse()
    page.button(key=key("reconstruct", "tuned", "all")).click()
    page.number_input(key=key("reconstruct", "shallow-cnn", "patch")).set_value(256)
    ran(page)
    assert "The largest patch that works here is 160" in texts(page, "error")[0]
    assert not [error for fold in page.expander for error in fold.error]


@pytest.mark.parametrize(("halo", "told"), [(None, False), (100, False), (270, True)])
def test_a_method_that_looks_very_far_says_what_that_costs(fuse, small, monkeypatch, halo, told):
    class Far(Copy):
        key: ClassVar[str] = "far"

        def reach(self) -> int | None:
            return halo

    monkeypatch.setitem(METHODS, "far", Far)
    page = fuse()
    page.checkbox(key=key("reconstruct", "method", "far")).check()
    ran(page)
    words = "Looks 270 px far; a block of 1,024 px reads 2.3 times its own area."
    assert any(words in text for text in texts(page, "caption")) == told
    assert any("its own area" in text for text in texts(page, "caption")) == told


def test_a_choice_survives_a_change_of_page(fuse, small):
    page = fuse()
    epochs = key("reconstruct", "shallow-cnn", "epochs")
    page.number_input(key=epochs).set_value(9)
    ran(page)
    ran(page.switch_page("pages/methods.py"))
    ran(page.switch_page("pages/fuse.py"))
    assert page.number_input(key=epochs).value == 9


def test_cloning_fills_everything_in(fuse, small, waiting_engine):
    scene_library.store(make_scene(96, 96), "other")
    wanted = Request(
        "small", "gap", "cae", {"patch": 32, "epochs": 3, "mask": True}, {"coverage": 0.2}, seed=7
    )
    page = fuse(run=new_run(wanted).id, clone="1")
    assert "clone" not in page.query_params
    starting(page).click()
    ran(page)
    assert waiting_engine.submitted == [Request(**(wanted.as_json() | {"label": "cae"}))]


def test_cloning_a_run_whose_scene_is_gone_says_so(fuse, small):
    page = fuse(run=new_run(Request("gone", "reconstruct", "copy")).id, clone="1")
    assert "The scene of that run is gone" in texts(page, "warning")[0]


def test_cloning_what_is_no_run_says_so(fuse, small):
    assert "There is no run 'nope'" in texts(fuse(run="nope", clone="1"), "error")[0]


def test_the_command_asks_for_the_same(workspace, small, monkeypatch):
    requests = [
        Request(
            "small", "gap", "cae", {"patch": 32, "mask": True, "radar": "db"}, {"coverage": 0.2}
        ),
        Request("small", "gap", "laplace", {}, {"coverage": 0.2}),
    ]
    asked = orders.order(requests, [3, 4])
    made = []
    monkeypatch.setattr(fusion, "execute", lambda run, _: made.append(run.request) or [])
    for line in orders.command(asked).splitlines():
        words = shlex.split(line)
        assert words[0] == "bandweave"
        arguments = parser().parse_args([*words[1:-1], str(workspace / "out")])
        arguments.command(arguments)
    assert made == list(asked.requests)


def test_seconds_come_from_the_finished_run_most_alike(small):
    asked = Request("small", "reconstruct", "shallow-cnn", {"patch": 32, "stride": 32})
    unknown = estimated(asked, small, [])
    assert (unknown.plan.patches, unknown.steps) == (
        25,
        3 * 5 * 13,
    )  # bands, epochs, pairs of patches
    assert unknown.seconds == pytest.approx(195 * 2 * 32**2 * USUAL_STEP + 160**2 * USUAL_PIXEL)
    for patch, pace in ((64, 0.5), (8, 0.1)):
        other = dataclasses.replace(asked, settings={"patch": patch})
        run = finish(new_run(other), 0, seconds=100 * pace + 10)
        line = {"stage": "Training red", "steps": 101, "loss": 1, "validation": None}
        lines = [line | {"step": n, "seconds": 2 + pace * (n - 1)} for n in (1, 101)]
        (run.folder / PROGRESS).write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    # 64 is nearer to 32 than 8 is; its steps are four times as large
    assert estimated(asked, small, all_runs()).seconds == pytest.approx(195 * 0.5 / 4 + 10)


def test_the_page_tells_weights_patches_steps_and_seconds(fuse, small):
    shown = html(fuse())
    assert "2,769 weights a band" in shown
    assert "Patches" in shown and "Training steps" in shown
    page = fuse()
    expected = estimated(
        Request(
            "small",
            "reconstruct",
            "shallow-cnn",
            METHODS["shallow-cnn"].preset("fast", small.scene.grid.shape),
        ),
        small,
        [],
    )
    assert f"1 run, about {duration(expected.seconds)}." in texts(page, "caption")
    assert f"<td>{expected.plan.patches:,}</td><td>{expected.steps:,}</td>" in shown


def test_what_has_ended_is_a_row_and_what_failed_says_why(fuse, small):
    page = fuse()
    page.checkbox(key=key("reconstruct", "method", "copy")).check()
    ran(page)
    starting(page).click()
    ran(page)
    copy, network = sorted(all_runs(), key=lambda run: run.request.method)
    finish(copy, 0.0)
    (network.folder / RESULT).write_text('{"error": "No memory.", "hint": "Take a smaller patch."}')
    ran(page)
    assert "2 of 2 runs have ended." in texts(page, "caption")
    assert "Copy · seed 0" in html(page) and "<td>Failed</td>" in html(page)
    assert texts(page, "error") == ["No memory. Take a smaller patch."]


def test_all_that_waits_can_be_cancelled_at_once(fuse, small):
    page = fuse()
    page.number_input(key="fuse-seeds").set_value(2)
    ran(page)
    starting(page).click()
    ran(page)
    next(each for each in page.button if each.label == "Cancel all").click()
    ran(page)
    own = [run for run in all_runs() if run.request.method != "copy"]
    assert len(own) == 2 and all((run.folder / CANCELLED).exists() for run in own)


def test_a_damaged_run_and_a_damaged_scene_do_not_break_the_page(fuse, small, workspace):
    for folder, name in (
        ("runs/20260101-000000-aaaaaa", "request.json"),
        ("scenes/bad", "scene.json"),
    ):
        (workspace / folder).mkdir(parents=True)
        (workspace / folder / name).write_text("{")
    assert not starting(fuse()).disabled
