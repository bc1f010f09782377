"""A training that was cut off goes on under its own id, from what it had noted."""

import json
import os
import signal
import time

import pytest

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.errors import OwnershipError, RunError
from bandweave.methods import METHODS
from bandweave.running.claims import release
from bandweave.running.engine import LocalEngine
from bandweave.running.execution import execute
from bandweave.workspace import owners, scene_library
from bandweave.workspace.archive import export
from bandweave.workspace.request import Request
from bandweave.workspace.restoring import restore
from bandweave.workspace.run_folders import CANCELLED, WORKER, State, new_run, open_run
from tests.core.running import counting
from tests.core.running.counting import NOTE, STEPS, TOOK, Counting

ASKED = Request("small", "reconstruct", "copy")


@pytest.fixture
def engine(workspace, tmp_path, monkeypatch):
    """Return an engine whose workers know a method that counts, twenty steps a second."""
    (tmp_path / "packages").mkdir()
    counting.install(tmp_path / "packages")
    known = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'packages'}{os.pathsep}{known}")
    monkeypatch.setenv(TOOK, "0.05")
    monkeypatch.setitem(METHODS, "counting", Counting)
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)
    scene_library.store(make_scene(), "small")
    made = LocalEngine(limit=1)
    yield made
    for run_id in [*made._workers, *made.waiting()]:
        made.cancel(run_id)
    made.stop()


def until(condition):
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 60, "nothing happened in time"
        time.sleep(0.02)


def started(engine, **changes):
    """Return a run that has taken some steps and not all."""
    run = engine.submit(Request("small", "reconstruct", "counting", **changes))
    until(lambda: noted(run) > 3)
    return run


def noted(run):
    path = run.folder / "checkpoint" / NOTE
    return len(json.loads(path.read_text())) if path.exists() else 0


def state(run):
    return run.status().state


def steps(run):
    return [line["step"] for line in run.history() if line["stage"] == "Training"]


def whole(run):
    """Tell that a run has come to its end as if it had never been cut off."""
    learned = json.loads((run.folder / "model" / "fuser.json").read_text())["weights"]
    seconds = [line["seconds"] for line in run.history()]
    assert seconds == sorted(seconds)
    assert run.result()["seconds"] >= seconds[-1]
    assert not (run.folder / "checkpoint").exists()
    return state(run) is State.DONE and learned == list(range(STEPS))


def test_a_training_that_was_killed_goes_on(engine):
    run = started(engine)
    os.kill(run.worker().pid, signal.SIGKILL)
    until(lambda: state(run) is State.LOST)
    before, left = steps(run), noted(run)
    assert run.resumable and 3 < left < STEPS
    with (run.folder / "progress.jsonl").open("a") as stream:
        stream.write('{"stage": "Trai')  # it was cut off as it wrote
    assert engine.resume(run.id).id == run.id
    until(lambda: state(run) is State.DONE)
    assert whole(run)
    # progress goes on: what there was stays, and no step that was noted is taken again
    after = steps(run)
    assert after[: len(before)] == before
    assert min(after[len(before) :]) >= left
    with pytest.raises(RunError, match="is done, with nothing to go on from"):
        engine.resume(run.id)


def test_a_cancelled_one_goes_on_from_a_shell(engine, capsys):
    run = started(engine)
    engine.cancel(run.id)
    assert state(run) is State.CANCELLED and run.resumable
    until(lambda: not run.worker_alive())
    assert main(["runs", "resume", run.id]) == 0
    assert "RMSE" in capsys.readouterr().out
    assert whole(run)
    assert not (run.folder / CANCELLED).exists()


@pytest.fixture
def cut(workspace, monkeypatch):
    """Return a run whose process is gone, with a checkpoint."""
    monkeypatch.setitem(METHODS, "counting", Counting)
    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "reconstruct", "counting"))
    (run.folder / WORKER).write_text('{"pid": 1, "started": 0}')
    (run.folder / "checkpoint").mkdir()
    (run.folder / "checkpoint" / NOTE).write_text("[0, 1]")
    return run


def refused(run, why):
    with pytest.raises(RunError, match=why):
        LocalEngine().resume(run.id)


@pytest.fixture
def quiet(monkeypatch):
    monkeypatch.setattr(LocalEngine, "start", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_dispatch", lambda _: None)


@pytest.mark.usefixtures("quiet")
def test_what_has_nothing_to_go_on_from_is_refused(cut):
    assert cut.resumable
    (cut.folder / "checkpoint" / NOTE).unlink()
    refused(cut, "is lost, with nothing to go on from")
    refused(new_run(ASKED), "is queued, with nothing")


@pytest.mark.usefixtures("quiet")
def test_a_run_whose_scene_is_another_by_now_is_refused(cut):
    os.utime(cut.folder / "request.json", (1e9, 1e9))
    refused(cut, "is another one by now")


@pytest.mark.usefixtures("quiet")
def test_a_process_that_has_not_ended_is_waited_for(cut):
    import psutil

    from bandweave.storage.processes import identity

    (cut.folder / WORKER).write_text(json.dumps(identity(psutil.Process())))
    (cut.folder / CANCELLED).touch()
    refused(cut, "has not ended yet")
    assert state(cut) is State.CANCELLED


@pytest.mark.usefixtures("quiet")
def test_only_its_owner_resumes_a_run(cut, monkeypatch):
    monkeypatch.setattr(owners, "_present", lambda: None)
    with owners.acting_as(owners.SYSTEM):
        owners.share(cut.folder, shared=True)
    with owners.acting_as(owners.Viewer("b", "B")), pytest.raises(OwnershipError):
        LocalEngine().resume(cut.id)


@pytest.mark.usefixtures("quiet")
def test_one_that_is_resumed_waits_and_a_release_keeps_its_place(cut):
    engine = LocalEngine()
    assert engine.resume(cut.id) == cut
    assert engine.waiting() == [cut.id]
    assert state(cut) is State.QUEUED
    (cut.folder / WORKER).write_text('{"pid": 1, "started": 0}')
    (cut.folder / "progress.jsonl").write_text("{}\n")
    assert release(cut) and (cut.folder / "progress.jsonl").exists()
    (cut.folder / "checkpoint" / NOTE).unlink()
    (cut.folder / WORKER).write_text('{"pid": 1, "started": 0}')
    assert release(cut) and not (cut.folder / "progress.jsonl").exists()


def test_a_failure_leaves_nothing_to_go_on_from(cut, monkeypatch):
    def fit_on(self, problem, begun, report=None):
        raise RunError("It cannot.")

    monkeypatch.setattr(Counting, "fit_on", fit_on)
    with pytest.raises(RunError, match="It cannot"):
        execute(cut)
    assert state(cut) is State.FAILED and not (cut.folder / "checkpoint").exists()


def test_a_backup_leaves_it_out_and_knows_the_run_again(cut, tmp_path, monkeypatch):
    export(tmp_path / "backup.zip")
    assert restore(tmp_path / "backup.zip").present == ["scenes/small"]
    (cut.folder / "checkpoint").rename(tmp_path / "gone")
    execute(cut)
    (tmp_path / "gone").rename(cut.folder / "checkpoint")
    export(tmp_path / "again.zip")
    assert f"runs/{cut.id}" in restore(tmp_path / "again.zip").present
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path / "other"))
    restore(tmp_path / "backup.zip")
    assert open_run(cut.id).checkpoint is None
