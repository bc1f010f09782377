"""Two servers on one workspace: no run is executed twice, and neither sweeps the other's work."""

import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bandweave.errors import StorageError
from bandweave.running import engine as engines
from bandweave.running.engine import LocalEngine
from bandweave.storage.temporary import beside, leftovers
from bandweave.workspace import paths
from bandweave.workspace.run_folders import Request, State, all_runs, new_run

SERVERS, RUNS = 2, 6


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Have workers that only wait."""
    children: list[subprocess.Popen[bytes]] = []

    def start(*_: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        children.append(
            subprocess.Popen(["sleep", "60"], stdin=pipe, stdout=pipe, start_new_session=True)
        )
        return children[-1]

    monkeypatch.setattr(engines, "start_worker", start)
    monkeypatch.setattr(LocalEngine, "_warm", lambda self: None)
    yield children
    for child in children:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


def test_each_run_is_handed_over_once(
    workspace: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
):
    runs = [new_run(Request("small", "gap", "laplace", seed=seed)) for seed in range(RUNS)]
    given: list[str] = []
    hand_over = LocalEngine._handed_over

    def counted(self, run):
        process = hand_over(self, run)
        given.extend([run.id] if process else [])
        return process

    monkeypatch.setattr(LocalEngine, "_handed_over", counted)
    servers = [LocalEngine(limit=RUNS) for _ in range(SERVERS)]
    together = threading.Barrier(SERVERS)
    threads = [
        threading.Thread(target=lambda each=each: (together.wait(), each.start()))
        for each in servers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waited = threading.Event()
    for _ in range(200):
        if all(run.status().state is State.RUNNING for run in runs):
            break
        waited.wait(0.05)
    # some looks more, at which nothing may be handed over again
    waited.wait(0.5)
    for server in servers:
        server.stop()
    assert Counter(given) == Counter(run.id for run in runs)
    assert sum(child.poll() is None for child in started) == RUNS


def test_a_study_that_cannot_be_kept_leaves_no_runs(
    workspace: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
):
    def refused(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(engines, "new_study", refused)
    requests = [Request("small", "gap", "laplace", seed=seed) for seed in range(3)]
    server = LocalEngine(limit=1)
    with pytest.raises(StorageError):
        server.submit_study("all", requests[:2], requests[2:])
    server.stop()
    assert all_runs() == [] == started


@pytest.mark.parametrize("how", ["cancelled", "killed"])
def test_what_a_killed_worker_left_goes_at_once(
    how: str, workspace: Path, started: list[subprocess.Popen[bytes]]
):
    server = LocalEngine(limit=1)
    run = server.submit(Request("small", "gap", "laplace"))
    (run.folder / ".fused.tif.0a0b0c0d.partial").mkdir()
    if how == "cancelled":
        server.cancel(run.id)
    else:
        started[0].kill()
    waited = threading.Event()
    for _ in range(100):
        if not leftovers(run.folder):
            break
        waited.wait(0.05)
    server.stop()
    assert leftovers(run.folder) == []
    assert run.status().state is (State.CANCELLED if how == "cancelled" else State.LOST)


def test_a_server_that_starts_sweeps_what_was_left_and_not_what_another_makes(
    workspace: Path, started: list[subprocess.Popen[bytes]]
):
    left = paths.made(paths.scenes()) / ".scene.0a0b0c0d.partial"
    left.mkdir()
    (left / "optical.tif").write_text("half")
    with beside(paths.scenes() / "scene") as partial:
        partial.write_text("half")
        server = LocalEngine(limit=1)
        server.start()
        server.stop()
        assert not left.exists()
        assert partial.read_text() == "half"
    assert all_runs() == []
