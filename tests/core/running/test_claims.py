"""A run belongs to one process, whoever asks at the same moment and whatever the clock does."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bandweave.running.claims import cancel, claim, release
from bandweave.running.engine import LocalEngine
from bandweave.workspace.run_folders import REQUEST, WORKER, Request, Run, State, new_run


@pytest.fixture
def run(workspace: Path) -> Run:
    return new_run(Request("small", "gap", "laplace"))


@pytest.fixture
def asleep() -> Iterator[Callable[[], psutil.Process]]:
    """Start processes that do nothing, to stand for workers."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> psutil.Process:
        started.append(subprocess.Popen(["sleep", "60"]))
        return psutil.Process(started[-1].pid)

    yield start
    for each in started:
        each.kill()
        each.wait()


def leave_stale(run: Run) -> None:
    (run.folder / WORKER).write_text('{"pid": 1, "started": 1.0}')


def holder(run: Run) -> int:
    return int(json.loads((run.folder / WORKER).read_text())["pid"])


def test_of_two_processes_that_find_a_stale_claim_one_gets_the_run(
    run: Run, asleep: Callable[[], psutil.Process], monkeypatch: pytest.MonkeyPatch
):
    leave_stale(run)
    look = Run.worker

    def slowly(self: Run) -> psutil.Process | None:
        found = look(self)
        time.sleep(0.2 if threading.current_thread().name == "slow" else 0)
        return found

    monkeypatch.setattr(Run, "worker", slowly)
    got: dict[int, bool] = {}

    def ask(process: psutil.Process) -> None:
        got[process.pid] = claim(run, process)

    first, second = asleep(), asleep()
    slow = threading.Thread(target=ask, args=[first], name="slow")
    slow.start()
    time.sleep(0.05)
    ask(second)
    slow.join()
    assert sorted(got.values()) == [False, True]
    assert got[holder(run)]


def test_a_claim_is_given_back_only_when_its_process_has_ended(
    run: Run, asleep: Callable[[], psutil.Process]
):
    assert not release(run)
    worker = asleep()
    assert claim(run, worker)
    assert claim(run, worker)
    assert not claim(run, asleep())
    assert not release(run)
    assert holder(run) == worker.pid
    worker.kill()
    worker.wait()
    assert release(run)
    assert run.status().state is State.QUEUED


def test_taking_up_a_lost_run_leaves_the_claim_that_another_has_just_made(
    run: Run, asleep: Callable[[], psutil.Process], monkeypatch: pytest.MonkeyPatch
):
    leave_stale(run)
    look, other = Run.status, asleep()

    def look_and_be_late(self: Run):
        found = look(self)
        if found.state is State.LOST:
            assert claim(run, other)
        return found

    monkeypatch.setattr(Run, "status", look_and_be_late)
    engine = LocalEngine(limit=1)
    engine._take_up(run)
    assert holder(run) == other.pid
    assert engine.waiting() == []


def test_a_run_that_was_deleted_cannot_be_claimed(run: Run):
    for path in run.folder.iterdir():
        path.unlink()
    run.folder.rmdir()
    assert not claim(run, psutil.Process())
    assert not release(run)


def test_a_clock_that_jumps_does_not_lose_a_worker(run: Run, monkeypatch: pytest.MonkeyPatch):
    assert claim(run, psutil.Process())
    begun = psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: begun(self) + 3600)
    assert run.status().state is State.RUNNING


def test_a_process_that_got_the_number_of_one_that_ended_is_another(run: Run):
    assert claim(run, psutil.Process())
    noted = json.loads((run.folder / WORKER).read_text())
    for changed in ({"born": f"{noted['born']}0"}, {"born": None, "started": 1.0}):
        (run.folder / WORKER).write_text(json.dumps(noted | changed))
        assert run.status().state is State.LOST


def test_a_claim_of_before_births_were_noted_is_read(run: Run):
    process = psutil.Process()
    (run.folder / WORKER).write_text(
        json.dumps({"pid": process.pid, "started": process.create_time()})
    )
    assert run.status().state is State.RUNNING


@pytest.mark.parametrize("error", [psutil.NoSuchProcess, psutil.AccessDenied])
def test_a_worker_that_vanishes_between_two_looks_has_ended(
    run: Run, error: type[psutil.Error], monkeypatch: pytest.MonkeyPatch
):
    assert claim(run, psutil.Process())

    def vanished(_: psutil.Process) -> str:
        raise error(1)

    monkeypatch.setattr(psutil.Process, "status", vanished)
    assert run.status().state is State.LOST


def test_a_run_that_was_cancelled_is_taken_by_nobody(
    run: Run, asleep: Callable[[], psutil.Process]
):
    assert cancel(run) is None
    assert not claim(run, asleep())
    assert run.status().state is State.CANCELLED


def test_who_cancels_learns_who_has_the_run(run: Run, asleep: Callable[[], psutil.Process]):
    worker = asleep()
    assert claim(run, worker)
    assert cancel(run) == worker
    assert not claim(run, worker), "it shall not begin"


def test_what_a_killed_process_left_half_written_goes(run: Run):
    leave_stale(run)
    (run.folder / ".fused.tif.1.partial.tif").write_bytes(b"half")
    (run.folder / ".estimate-abc").mkdir()
    assert release(run)
    assert [path.name for path in run.folder.iterdir()] == ["request.json"]


def test_a_request_that_may_not_be_written_can_be_claimed(run: Run, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    (run.folder / REQUEST).chmod(0o444)
    assert claim(run, psutil.Process())
