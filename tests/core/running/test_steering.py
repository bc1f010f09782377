"""Steering a sweep: what runs next, what is given up; any engine goes on where another ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import OwnershipError
from bandweave.running import claims, steering
from bandweave.running.engine import LocalEngine
from bandweave.running.steering import step
from bandweave.storage.versions import RESULT
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import (
    PROGRESS,
    SCORES,
    WORKER,
    Request,
    Run,
    State,
    all_runs,
    new_run,
    open_run,
)
from bandweave.workspace.studies import DONE, ENDED, Course, Study, new_study
from bandweave.workspace.sweeps import Search, Sweep
from bandweave.workspace.trials import best, trials

BASE = Request("small", "gap", "shallow-cnn", {"patch": 32, "epochs": 9})
RANGE = {"learning_rate": "0.0001..0.1"}


@dataclass
class Desk:
    """An engine that only writes down what it is asked."""

    adopted: list[str] = field(default_factory=list)
    given_up: dict[str, str] = field(default_factory=dict)
    full: bool = False

    def submit(self, request: Request) -> Run:
        if self.full:
            raise OwnershipError("There is no room.", "Make some.")
        return new_run(request)

    def adopt(self, run: Run) -> None:
        self.adopted.append(run.id)

    def cancel(self, run_id: str, early: str = "") -> None:
        self.given_up[run_id] = early
        claims.cancel(open_run(run_id), early)


@pytest.fixture
def begun(workspace: Path) -> Callable[..., Study]:
    """Return a function that writes a sweep down as an engine does."""
    scene = scene_library.store(make_scene(), "small").scene

    def made(varied: dict[str, str], seeds: tuple[int, ...] = (0,), **search: object) -> Study:
        sweep = Sweep.of(BASE, varied, Search(**search), seeds)
        return new_study("Sweep", (), sweep, Course(tuple(sweep.plan(scene))))

    return made


def now(study: Study) -> Study:
    return Study(study.folder)


def finish(run: Run, rmse: float | None) -> None:
    """End a run as its worker would, with a score or with none."""
    row = {"region": "hidden", "band": "mean", "metric": "rmse", "value": rmse}
    (run.folder / SCORES).write_text(json.dumps([row] if rmse is not None else []))
    result = {"seconds": 1.0} if rmse is not None else {"error": "No luck.", "hint": ""}
    (run.folder / RESULT.file).write_text(json.dumps(RESULT.stamped(result)))


def training(run: Run, monkeypatch: pytest.MonkeyPatch, *losses: float) -> None:
    """Have a run train, its validation losses a tenth of its steps apart."""
    lines = (
        {"stage": "Training red", "step": step, "steps": 10, "loss": 1, "validation": loss}
        for step, loss in enumerate(losses, start=1)
    )
    written = "".join(json.dumps(line | {"seconds": 0.0}) + "\n" for line in lines)
    (run.folder / PROGRESS).write_text(written)
    (run.folder / WORKER).write_text("{}")


def under_way(study: Study) -> list[Run]:
    return [run for run in now(study).runs if not run.status().state.final]


def played(study: Study, score: Callable[[Run], float | None], most: int = 60) -> int:
    """Take steps, ending all runs after each, until the sweep is over; return how many."""
    desk = Desk()
    for number in range(most):
        if step(study, desk):
            return number
        for run in under_way(study):
            finish(run, score(run))
    raise AssertionError("it never ended")


def rate(run: Run) -> float:
    return float(run.request.settings["learning_rate"])


def test_a_grid_runs_so_many_at_once_and_ends(begun):
    study = begun({"patch": "16, 24, 32"}, seeds=(0, 1), at_once=2)
    desk = Desk()
    assert not step(study, desk)
    assert [(run.request.settings["patch"], run.request.seed) for run in now(study).runs] == [
        (16, 0),
        (16, 1),
    ]
    assert not step(study, desk)
    # nothing more while both are under way; an engine that does not know them takes them up
    assert len(now(study).runs) == 2
    assert set(desk.adopted) == {run.id for run in now(study).runs}
    finish(now(study).runs[0], 0.1)
    step(study, desk)
    assert len(under_way(study)) == 2
    played(study, lambda run: 0.1 if run.request.settings["patch"] == 24 else 0.2)
    done = now(study)
    assert (len(done.runs), done.course.over) == (6, DONE)
    found = trials(done, done.sweep)
    assert [trial.value for trial in found] == [pytest.approx(x) for x in (0.15, 0.1, 0.2)]
    assert best(found).changes == {"patch": 24}
    # nothing happens to what is over
    assert step(study, desk) and len(now(study).runs) == 6


def test_halving_trains_the_best_third_longer(begun):
    study = begun(RANGE, strategy="halving", at_once=9)
    # best is the rate nearest to 0.01
    played(study, lambda run: abs(rate(run) - 0.01))
    runs = now(study).runs
    epochs = [run.request.settings["epochs"] for run in runs]
    assert epochs == [1] * 9 + [3] * 3 + [9]
    ranked = sorted(runs[:9], key=lambda run: abs(rate(run) - 0.01))
    assert [rate(run) for run in runs[9:12]] == [rate(run) for run in ranked[:3]]
    assert rate(runs[12]) == rate(ranked[0])


def test_halving_goes_on_with_those_that_have_a_score_and_ends_without_any(begun):
    some, none = (begun(RANGE, strategy="halving", at_once=9) for _ in range(2))
    played(some, lambda run: 0.1 if rate(run) == max(map(rate, now(some).runs)) else None)
    assert [run.request.settings["epochs"] for run in now(some).runs] == [1] * 9 + [3, 9]
    played(none, lambda _: None)
    assert len(now(none).runs) == 9
    assert best(trials(now(none), now(none).sweep)) is None


def test_a_hopeless_run_is_given_up_and_says_so(begun, monkeypatch):
    monkeypatch.setattr(Run, "worker_alive", lambda run: not run.result())
    study = begun({"learning_rate": "1e-4, 1e-3, 0.01, 0.1"}, at_once=4)
    desk = Desk()
    step(study, desk)
    runs = now(study).runs
    for run, losses in zip(runs, ((0.9, 0.1), (0.9, 0.2), (0.9, 0.3), (0.9, 0.8)), strict=True):
        training(run, monkeypatch, *losses)
    for run in runs[:3]:
        finish(run, 0.1)
    assert step(study, desk)
    assert list(desk.given_up) == [runs[3].id]
    status = runs[3].status()
    assert status.state is State.STOPPED
    assert "0.8 after 20%" in status.error
    assert trials(now(study), now(study).sweep)[3].value is None


def test_without_the_rule_none_is_given_up(begun, monkeypatch):
    monkeypatch.setattr(Run, "worker_alive", lambda run: not run.result())
    study = begun({"learning_rate": "1e-4, 1e-3, 0.01, 0.1"}, at_once=4, stop_early=False)
    desk = Desk()
    step(study, desk)
    for run in now(study).runs:
        training(run, monkeypatch, 0.9, rate(run))
    step(study, desk)
    assert not desk.given_up


def test_what_has_run_already_is_taken_and_a_deleted_run_is_not_made_again(begun, monkeypatch):
    monkeypatch.setattr(Run, "has_image", True)
    before = new_run(Sweep.of(BASE, {"patch": "16, 32"}, Search()).asks({"patch": 16}, 0))
    finish(before, 0.1)
    study = begun({"patch": "16, 32"}, at_once=1)
    step(study, Desk())
    assert [run.id for run in now(study).runs][0] == before.id
    assert len(all_runs()) == 2
    finish(now(study).runs[1], 0.2)
    assert step(study, Desk())
    assert len(all_runs()) == 2


def test_a_sweep_that_may_not_go_on_says_why(begun):
    study = begun({"patch": "16, 32"})
    assert step(study, Desk(full=True))
    assert now(study).course.over == "There is no room. Make some."


def test_a_new_engine_goes_on_with_what_another_left(begun, monkeypatch):
    study, over = begun({"patch": "16, 32"}), begun({"patch": "16, 32"})
    over.end(ENDED)
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_dispatch", lambda _: None)
    engine = LocalEngine(1)
    looked = steering.Steering(engine, everyone=True)
    monkeypatch.setattr(engine, "start", lambda: None)
    looked.look()
    assert engine.waiting() == [run.id for run in now(study).runs] != []
    assert not now(over).runs
    # one that was asked for one thing alone leaves others' sweeps to them
    alone = steering.Steering(engine, everyone=False)
    alone.look()
    assert len(now(study).runs) == 1


def test_optuna_learns_from_those_before(begun):
    pytest.importorskip("optuna")
    study = begun(RANGE, strategy="optuna", trials=15)
    played(study, lambda run: abs(rate(run) - 0.01))
    found = trials(now(study), now(study).sweep)
    assert len(found) == 15
    # the same as far as it is asked anew: nothing of it is kept but what is in the folders
    again = begun(RANGE, strategy="optuna", trials=15)
    played(again, lambda run: abs(rate(run) - 0.01))
    assert [trial.changes for trial in trials(now(again), now(again).sweep)] == [
        trial.changes for trial in found
    ]
