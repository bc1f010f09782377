"""The engine's processes: they start warm, end when told, and outlive the server."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import library
from core.engine import LocalEngine
from core.runs import Request, Run, State
from tests.small import make_scene

PATIENCE = 90.0
"""Seconds, of which a slow machine may need most to load TensorFlow."""


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
    library.store(make_scene(), "small")
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


def training(run: Run) -> bool:
    progress = run.status().progress
    return progress is not None and progress.stage.startswith("Training")


def test_runs_queue_start_in_order_and_finish(engine: LocalEngine):
    runs = [engine.submit(quick(seed)) for seed in range(2)]
    assert engine.waiting() == [runs[1].id]
    until(lambda: state(runs[1]).final)
    assert [state(run) for run in runs] == [State.DONE, State.DONE]
    ended = [run.result()["seconds"] for run in runs]
    assert all(seconds > 0 for seconds in ended)


def test_cancel_within_two_seconds_whatever_the_run_is_doing(engine: LocalEngine):
    run, waiting = engine.submit(endless()), engine.submit(quick())
    begun = time.monotonic()
    engine.cancel(waiting.id)
    assert state(waiting) is State.CANCELLED
    engine.cancel(run.id)  # TensorFlow is still loading
    assert state(run) is State.CANCELLED
    assert time.monotonic() - begun < 2
    again = engine.submit(endless())
    until(lambda: training(again))
    worker = again.worker()
    assert worker is not None
    begun = time.monotonic()
    engine.cancel(again.id)
    assert time.monotonic() - begun < 2
    assert not worker.is_running()
    assert state(again) is State.CANCELLED


def test_a_killed_worker_is_lost_and_the_next_run_starts(engine: LocalEngine):
    run, following = engine.submit(endless()), engine.submit(quick())
    until(lambda: training(run))
    worker = run.worker()
    assert worker is not None
    os.kill(worker.pid, signal.SIGKILL)
    until(lambda: state(run) is State.LOST, 5)
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


def test_a_run_survives_the_server_and_is_found_again(engine: LocalEngine):
    run = engine.submit(endless())
    background, following = engine.submit(quick(), background=True), engine.submit(quick(1))
    until(lambda: training(run))
    engine.stop()
    assert state(run) is State.RUNNING
    assert state(following) is State.QUEUED
    successor = LocalEngine(limit=1)
    try:
        successor.start()
        assert successor.waiting() == [following.id, background.id]
        successor.cancel(run.id)
        until(lambda: state(following) is State.DONE)
    finally:
        successor.stop()
