"""`bandweave sweep`: what it would take, the whole of one on a small scene, and ending one."""

import json
from pathlib import Path

import pytest

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.running.engine import LocalEngine
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import State, all_runs, new_run
from bandweave.workspace.studies import ENDED, Course, all_studies, new_study
from bandweave.workspace.sweeps import Search, Sweep

IHS = ["sweep", "start", "--scene", "small", "--task", "reconstruct", "--method", "ihs"]


@pytest.fixture
def small(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene_library.store(make_scene(), "small")
    # nothing here needs TensorFlow
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)


def told(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict:
    code = main([*words, "--json"])
    printed = json.loads(capsys.readouterr().out)
    return printed | {"code": code}


def test_a_plan_is_told_and_nothing_started(small: None, capsys: pytest.CaptureFixture[str]):
    varied = ["--vary", "weight=0.1,0.2", "match=yes,no", "--seed", "0", "1"]
    wrong = told([*IHS, *varied, "--plan"], capsys)
    assert (wrong["code"], wrong["error"]) == (1, "There is no setting 'match'.")
    plan = told([*IHS, "--vary", "weight=0.1..0.9", "--strategy", "random", "--plan"], capsys)
    assert (plan["code"], plan["runs"], len(plan["planned"])) == (0, 9, 9)
    assert not all_runs() and not all_studies()


def test_a_sweep_runs_to_its_end_and_names_the_best(
    small: None, capsys: pytest.CaptureFixture[str]
):
    found = told([*IHS, "--vary", "weight=0.6,0.1", "--at-once", "2", "--name", "Weights"], capsys)
    assert (found["code"], found["name"], found["over"]) == (0, "Weights", "done")
    # the input contains the answer, and radar takes away from it
    assert found["best"]["settings"] == {"weight": 0.1}
    assert [trial["state"] for trial in found["trials"]] == ["done", "done"]
    assert told(["sweep", "show", found["study"]], capsys)["best"] == found["best"]


def test_one_that_is_ended_starts_nothing_more(small: None, capsys: pytest.CaptureFixture[str]):

    sweep = Sweep.of(Request("small", "reconstruct", "ihs"), {"weight": "0.1, 0.2"}, Search())
    waiting = new_run(sweep.asks({"weight": 0.1}, 0))
    study = new_study("Weights", [waiting], sweep, Course(({"weight": 0.1}, {"weight": 0.2}), 1))
    assert told(["sweep", "stop", study.id], capsys)["over"] == ENDED
    assert waiting.status().state is State.CANCELLED
    plain = new_study("Plain", ())
    assert told(["sweep", "stop", plain.id], capsys)["code"] == 1
