"""The engine's processes: they start warm, end when told, and outlive the server."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.errors import RunError, SceneError, SettingError
from bandweave.running import engine as engine_module
from bandweave.running import memory
from bandweave.running.claims import claim
from bandweave.running.engine import LocalEngine
from bandweave.workspace import paths, scene_library
from bandweave.workspace.run_folders import (
    PROGRESS,
    REQUEST,
    WORKER,
    Request,
    Run,
    State,
    all_runs,
    discard,
    new_run,
    open_run,
    restore,
)

ROOT = Path(__file__).parents[3]
PATIENCE = 90.0
"""Seconds, of which a slow machine may need most to load TensorFlow."""
STUBBORN = ["bash", "-c", "trap '' TERM; echo; while true; do sleep 1; done"]
"""A process that does not end when it is told to."""


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "nothing happened in time"
        time.sleep(0.02)
    return time.monotonic() - begun


def state(run: Run) -> State:
    return run.status().state


@pytest.fixture
def engine(workspace: Path) -> Iterator[LocalEngine]:
    scene_library.store(make_scene(), "small")
    made = LocalEngine(limit=1)
    yield made
    for run_id in [*made._workers, *made.waiting()]:
        made.cancel(run_id)
    made.stop()


def quick(seed: int = 0) -> Request:
    return Request("small", "gap", "laplace", seed=seed)


def endless(seed: int = 0) -> Request:
    settings = {"patch": 32, "stride": 4, "batch": 1, "epochs": 500}
    return Request("small", "reconstruct", "shallow-cnn", settings, seed=seed)


def brief(seed: int = 0) -> Request:
    settings = {"patch": 32, "stride": 32, "batch": 8, "epochs": 1}
    return Request("small", "reconstruct", "shallow-cnn", settings, seed=seed)


def training(run: Run) -> bool:
    progress = run.status().progress
    return progress is not None and progress.stage.startswith("Training")


def group_alive(leader: psutil.Process) -> bool:
    """Whether any process of the group that `leader` leads, or led, still runs."""
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            own = os.getpgid(process.pid) == leader.pid
            if own and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def worker_of(run: Run) -> psutil.Process:
    worker = run.worker()
    assert worker is not None
    return worker


@pytest.fixture
def cold(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    """Return an engine that keeps no spare: every worker loads what it needs itself."""
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)
    return engine


def test_runs_queue_start_in_order_and_finish(engine: LocalEngine):
    runs = [engine.submit(quick(seed)) for seed in range(2)]
    assert engine.waiting() == [runs[1].id]
    until(lambda: state(runs[1]).final)
    assert [state(run) for run in runs] == [State.DONE, State.DONE]
    ended = [run.result()["seconds"] for run in runs]
    assert all(seconds > 0 for seconds in ended)


def test_no_more_runs_together_than_the_limit_allows(cold: LocalEngine):
    cold.limit = 2
    asked = [cold.submit(endless(seed)) for seed in range(4)]
    assert [state(run) for run in asked] == [State.RUNNING] * 2 + [State.QUEUED] * 2
    assert cold.waiting() == [run.id for run in asked[2:]]
    cold.cancel(asked[0].id)
    assert [state(run) for run in asked[1:]] == [State.RUNNING] * 2 + [State.QUEUED]
    cold.cancel(asked[3].id)
    assert cold.waiting() == []


def test_cancel_ends_the_process_group_before_the_worker_has_loaded_anything(cold: LocalEngine):
    run = cold.submit(endless())
    worker = worker_of(run)
    begun = time.monotonic()
    cold.cancel(run.id)
    assert time.monotonic() - begun < 2
    assert not group_alive(worker)
    assert state(run) is State.CANCELLED


def test_cancel_ends_the_process_group_while_tensorflow_loads(cold: LocalEngine):
    run, waiting = cold.submit(endless()), cold.submit(quick())

    def loading() -> bool:
        progress = run.status().progress
        return progress is not None and progress.stage == "Loading TensorFlow"

    until(loading)
    worker = worker_of(run)
    begun = time.monotonic()
    cold.cancel(waiting.id)
    cold.cancel(run.id)
    assert time.monotonic() - begun < 2
    assert not group_alive(worker)
    assert [state(run), state(waiting)] == [State.CANCELLED] * 2


def test_cancel_ends_the_process_group_while_it_trains(engine: LocalEngine):
    run = engine.submit(endless())
    until(lambda: training(run))
    worker = worker_of(run)
    begun = time.monotonic()
    engine.cancel(run.id)
    assert time.monotonic() - begun < 2
    assert not group_alive(worker)
    assert state(run) is State.CANCELLED


def test_a_worker_that_does_not_go_is_forced(cold: LocalEngine):
    stubborn = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE, start_new_session=True)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    leader, begun = psutil.Process(stubborn.pid), time.monotonic()
    try:
        engine_module.end_worker(leader)
        assert time.monotonic() - begun < 2
        until(lambda: not group_alive(leader), 1)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader.pid, signal.SIGKILL)
        stubborn.communicate()


@pytest.mark.parametrize("why", ["cancel", "memory", "aside"])
def test_nobody_waits_for_a_worker_that_takes_its_time_to_end(cold: LocalEngine, why: str):
    run = new_run(endless(), background=why == "aside")
    stubborn = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE, start_new_session=True)
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    assert claim(run, psutil.Process(stubborn.pid))
    cold.start()
    asked = {
        "cancel": lambda: cold.cancel(run.id),
        "memory": lambda: setattr(cold, "_allowed", 0.0),
        "aside": lambda: cold.submit(quick()),
    }
    ending = threading.Thread(target=asked[why])
    waits: list[float] = []
    try:
        ending.start()
        while stubborn.poll() is None:
            begun = time.monotonic()
            cold.waiting()
            waits.append(time.monotonic() - begun)
            assert sum(waits) < PATIENCE
            time.sleep(0.01)
        ending.join()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(stubborn.pid, signal.SIGKILL)
        stubborn.communicate()
    assert max(waits) < 0.5
    expected = {"cancel": State.CANCELLED, "memory": State.FAILED, "aside": State.QUEUED}
    assert state(run) is expected[why]


def test_a_run_that_cannot_be_started_holds_up_no_other(
    cold: LocalEngine, monkeypatch: pytest.MonkeyPatch
):
    def refusing(run: Run, process: psutil.Process) -> bool:
        if run.request.seed == 0:
            raise OSError("Input/output error")
        return claim(run, process)

    monkeypatch.setattr(engine_module, "claim", refusing)
    troubled, other = cold.submit(quick()), cold.submit(quick(1))
    until(lambda: state(other) is State.DONE)
    assert state(troubled) is State.QUEUED


def test_a_run_that_holds_too_much_is_ended_and_says_so(
    cold: LocalEngine, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(memory.VARIABLE, "0.2")
    run, following = cold.submit(endless()), cold.submit(quick())
    worker = worker_of(run)
    until(lambda: state(run).final)
    status = run.status()
    assert status.state is State.FAILED
    assert "at most 0.2 GiB" in status.error
    assert "smaller area, patch or batch" in status.hint
    until(lambda: not group_alive(worker), 2)
    # what needs no network fits
    until(lambda: state(following) is State.DONE)


def test_an_impossible_limit_is_refused(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch):
    for stated in ("much", "0", "-1", "nan", "inf"):
        monkeypatch.setenv(memory.VARIABLE, stated)
        with pytest.raises(SettingError, match=f"cannot be '{stated}'"):
            engine.start()


def test_a_run_given_to_a_worker_that_just_ended_goes_to_the_next(
    cold: LocalEngine, monkeypatch: pytest.MonkeyPatch
):
    start, ended = engine_module.start_worker, []

    def first_ends(*options: str) -> subprocess.Popen[bytes]:
        if ended:
            return start(*options)
        pipe = subprocess.PIPE
        ended.append(subprocess.Popen(["true"], stdin=pipe, stdout=pipe, start_new_session=True))
        while psutil.Process(ended[0].pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        return ended[0]

    monkeypatch.setattr(engine_module, "start_worker", first_ends)
    run = cold.submit(quick())
    until(lambda: state(run) is State.DONE)
    ended[0].wait()


def test_a_queued_run_that_was_deleted_holds_up_no_other(cold: LocalEngine):
    cold.start()
    cold.limit = 0
    runs = [cold.submit(quick(seed)) for seed in range(2)]
    paths.discard(runs[0].folder)
    cold.limit = 1
    until(lambda: state(runs[1]) is State.DONE)
    assert not runs[0].folder.exists()


def test_a_discarded_run_is_cancelled_and_can_be_restored(cold: LocalEngine):
    run = cold.submit(endless())
    worker = worker_of(run)
    with pytest.raises(RunError, match="under way"):
        discard(run.id)
    with pytest.raises(SceneError, match="in use by 1 run"):
        scene_library.discard("small")
    cold.discard(run.id)
    assert not group_alive(worker)
    assert all_runs() == []
    with pytest.raises(RunError, match="no run"):
        cold.discard(run.id)
    assert restore(run.id) == run
    assert state(open_run(run.id)) is State.CANCELLED
    with pytest.raises(RunError, match="already"):
        restore(run.id)


def test_a_new_engine_takes_up_what_was_never_begun_and_ends_what_was_cancelled(cold: LocalEngine):
    handed = new_run(quick())
    # its server ended between noting the worker and telling it
    (handed.folder / WORKER).write_text(f'{{"pid": {os.getpid()}, "started": 1.0}}')
    begun = new_run(quick(1))
    (begun.folder / WORKER).write_text(f'{{"pid": {os.getpid()}, "started": 1.0}}')
    (begun.folder / PROGRESS).write_text("")
    cancelled = new_run(endless())
    left = subprocess.Popen(["sleep", "60"], start_new_session=True)
    claim(cancelled, psutil.Process(left.pid))
    (cancelled.folder / "cancelled").touch()
    cold.start()
    left.wait(5)
    until(lambda: state(handed) is State.DONE)
    assert state(begun) is State.LOST


def test_a_shell_lists_runs_and_cancels_one(cold: LocalEngine, capsys: pytest.CaptureFixture[str]):
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out == "No runs yet.\n"
    run = cold.submit(endless())
    run.annotate(name="Long")
    worker = worker_of(run)
    assert main(["runs", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["id"], listed["state"], listed["name"]) == (run.id, "running", "Long")
    assert Request.from_json(listed["request"]) == run.request
    assert main(["runs", "cancel", run.id]) == 0
    assert capsys.readouterr().out == f"{run.id} is cancelled.\n"
    assert not group_alive(worker)
    assert main(["runs", "list"]) == 0
    assert f"{run.id}  cancelled  small" in capsys.readouterr().out
    assert main(["runs", "cancel", "nothing"]) == 1


def test_a_killed_worker_is_lost_and_the_next_run_starts(engine: LocalEngine):
    run, following = engine.submit(endless()), engine.submit(quick())
    until(lambda: training(run))
    os.kill(worker_of(run).pid, signal.SIGKILL)
    until(lambda: state(run) is State.LOST, 5)
    assert "memory" in run.status().hint
    until(lambda: state(following) is State.DONE)


def test_a_users_run_goes_ahead_of_background_ones(engine: LocalEngine):
    background = engine.submit(endless(), background=True)
    later = engine.submit(endless(1), background=True)
    until(lambda: training(background))
    asked = engine.submit(quick())
    assert state(background) is State.QUEUED
    # pushed aside, it keeps its turn
    assert engine.waiting() == [background.id, later.id]
    until(lambda: state(asked) is State.DONE)
    until(lambda: state(background) is State.RUNNING)


def test_a_study_takes_what_waits_in_the_background_along(engine: LocalEngine):
    background = [engine.submit(request, background=True) for request in (endless(), quick(5))]
    until(lambda: training(background[0]))
    study = engine.submit_study("Mine", [quick(6)], [quick(4), quick(5)])
    # what waited has its turn in the study, and the one that trains is not part of it
    assert [run.request.seed for run in study.runs] == [4, 5, 6]
    assert study.runs[1] == background[1]
    assert not background[1].background
    assert engine.waiting()[-3:] == [background[1].id, study.runs[2].id, background[0].id]
    until(lambda: all(state(run) is State.DONE for run in study.runs))


def test_a_run_waits_for_the_model_it_can_take_and_others_go_ahead(engine: LocalEngine):
    engine.limit = 2
    few = {"patch": 32, "stride": 4, "batch": 1, "epochs": 4}
    first = Request("small", "reconstruct", "shallow-cnn", few)
    taker = Request("small", "reconstruct", "shallow-cnn", {**few, "prediction": "patches"})
    study = engine.submit_study("Mine", [first, taker, quick()])
    learner, waiter, other = study.runs
    until(lambda: training(learner))
    until(lambda: state(other) is State.DONE)
    assert state(waiter) is State.QUEUED or state(learner) is State.DONE
    until(lambda: state(waiter) is State.DONE)
    assert waiter.result()["model_from"] == learner.id


def test_what_trains_nothing_goes_ahead_while_there_is_no_spare(cold: LocalEngine):
    cold.start()
    cold.limit = 0
    trains, quick_one = cold.submit_study("Mine", [endless(), quick()]).runs
    assert cold.waiting() == [trains.id, quick_one.id]
    cold.limit = 1
    until(lambda: state(quick_one) is State.RUNNING)
    assert state(trains) is State.QUEUED
    until(lambda: state(trains) is State.RUNNING)
    assert state(quick_one) is State.DONE


SERVER = """
import time
from bandweave.running.engine import LocalEngine

LocalEngine(limit=1).start()
time.sleep(600)
"""


def test_no_run_is_lost_or_run_twice_when_the_server_is_killed(
    workspace: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    scene_library.store(make_scene(), "small")
    runs = [new_run(endless()), new_run(brief(1)), new_run(brief(2), background=True)]
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT)
    successors = [LocalEngine(limit=1) for _ in range(2)]
    try:
        until(lambda: training(runs[0]))
        worker = worker_of(runs[0])
        server.kill()
        server.wait()
        # two servers on one workspace take up the same queue
        for successor in successors:
            successor.start()
            assert successor.waiting() == [run.id for run in runs[1:]]
        assert [state(run) for run in runs] == [State.RUNNING, State.QUEUED, State.QUEUED]
        assert worker_of(runs[0]) == worker
        successors[0].cancel(runs[0].id)
        assert not group_alive(worker)
        until(lambda: all(state(run) is State.DONE for run in runs[1:]))
    finally:
        server.kill()
        server.wait()
        for run in runs:
            successors[0].cancel(run.id)
        for successor in successors:
            successor.stop()
    started = [vars(each)["run"] for each in caplog.records if each.msg.startswith("Started")]
    assert sorted(started) == [run.id for run in runs[1:]]


def test_what_trains_nothing_leaves_the_spare_to_others(engine: LocalEngine):
    engine.start()
    until(lambda: engine._spare_ready)
    assert engine._spare is not None
    spare = engine._spare.pid
    study = engine.submit_study("several", [quick(seed) for seed in range(3)])
    until(lambda: all(state(run).final for run in study.runs))
    assert all(state(run) is State.DONE for run in study.runs)
    workers = [json.loads((run.folder / WORKER).read_text())["pid"] for run in study.runs]
    assert spare not in workers[:2]
    assert workers[2] == spare


@pytest.mark.parametrize("trouble", ["its request is damaged", "it cannot be claimed"])
def test_a_run_that_cannot_start_lets_others_go_ahead(
    cold: LocalEngine, trouble: str, monkeypatch: pytest.MonkeyPatch
):
    bad, good = new_run(quick(1)), new_run(quick(2))
    if trouble == "it cannot be claimed":
        refuses = lambda run, process: run.id != bad.id and claim(run, process)  # noqa: E731
        monkeypatch.setattr(engine_module, "claim", refuses)
    with cold._lock:
        for number, run in enumerate((bad, good)):
            cold._enqueue(run, number)
        if trouble == "its request is damaged":
            (bad.folder / REQUEST).write_text("")
        cold._dispatch()
        assert list(cold._workers) == [good.id]
        assert cold.waiting() == [bad.id]


def test_a_run_cancelled_while_it_is_handed_over_stays_cancelled(
    cold: LocalEngine, monkeypatch: pytest.MonkeyPatch
):
    run = new_run(quick())
    start = engine_module.start_worker

    def overtaken(*options: str) -> subprocess.Popen[bytes]:
        LocalEngine(1).cancel(run.id)  # as another process does
        return start(*options)

    monkeypatch.setattr(engine_module, "start_worker", overtaken)
    with cold._lock:
        cold._enqueue(run, 0)
        cold._dispatch()
        assert not cold._workers
    assert state(run) is State.CANCELLED
    assert not (run.folder / WORKER).exists()


def test_a_worker_that_is_ended_cleans_up(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    scene_library.store(make_scene(), "small")
    run = new_run(quick())

    def ended(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)

    monkeypatch.setattr("bandweave.running.execution.fuse", ended)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{run.folder}\n"))
    monkeypatch.setattr("bandweave.commands.fusion.os.dup2", lambda *_: None)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(SystemExit):
            main(["run", "--wait"])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert not [path.name for path in run.folder.iterdir() if path.name.startswith(".")]
    assert not run.result()
