"""The doctor finds what is wrong, says what it would do, does it when asked, and loses nothing."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.running.claims import claim
from bandweave.running.execution import execute
from bandweave.sources.confined import rooms
from bandweave.storage.temporary import beside
from bandweave.workspace import paths, run_folders, scene_library, studies
from bandweave.workspace.run_folders import Request, Run, State, new_run
from bandweave.workspace.studies import new_study

Doctor = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what is left among temporary files of this test alone."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


@pytest.fixture
def doctor(workspace: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    def ask(*words: str) -> dict[str, dict[str, Any]]:
        assert main(["doctor", *words, "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        return {each["place"]: each for each in said["findings"]}

    return ask


@pytest.fixture
def run(workspace: Path) -> Run:
    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    execute(run)
    return run


def content(top: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()
    }


def cut(path: Path) -> None:
    """Cut off the last half of an image: it can be opened, and not all of it read."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_nothing_is_wrong_with_a_sound_workspace(run: Run, doctor: Doctor):
    new_study("all", [run])
    with beside(paths.scenes() / "being made") as partial:
        partial.write_text("half")
        assert doctor() == {}
        assert doctor("--repair") == {}
        assert partial.read_text() == "half"


def test_all_that_is_wrong_is_said_then_repaired_and_nothing_is_lost(
    run: Run, doctor: Doctor, workspace: Path
):
    scene_library.store(make_scene(), "cut")
    cut(workspace / "scenes" / "cut" / "radar.tif")
    scene_library.store(make_scene(), "spoilt")
    (workspace / "scenes" / "spoilt" / "scene.json").write_text("{")
    lost = new_run(Request("small", "gap", "copy"))
    (lost.folder / "worker.json").write_text('{"pid": 1, "started": 1.0}')
    spoilt = new_run(Request("small", "gap", "copy", seed=1))
    (spoilt.folder / "request.json").write_text("[3]")
    scored = Run(run.folder.with_name("0-scored"))
    shutil.copytree(run.folder, scored.folder)
    cut(scored.folder / "fused.tif")
    (scored.folder / "scores.json").write_text("{")
    for name in (".fused.tif.0a0b0c0d.partial", ".estimate-abc"):
        (scored.folder / name).mkdir()
        (scored.folder / name / "half").write_text("half")
    some, none = new_study("some", [run, lost]), new_study("none", [lost])
    stored = json.loads((some.folder / "study.json").read_text())
    (some.folder / "study.json").write_text(json.dumps(stored | {"runs": [run.id, "gone"]}))
    (none.folder / "study.json").write_text(json.dumps(stored | {"runs": ["gone"]}))
    (workspace / "studies" / "empty").mkdir()
    (workspace / "workspace.json").unlink()

    before = content(workspace)
    found = doctor()
    assert content(workspace) == before
    assert set(found) == {
        "workspace.json",
        "scenes/cut",
        "scenes/spoilt",
        f"runs/{lost.id}",
        f"runs/{spoilt.id}",
        "runs/0-scored/fused.tif",
        "runs/0-scored/scores.json",
        "runs/0-scored/.fused.tif.0a0b0c0d.partial",
        "runs/0-scored/.estimate-abc",
        f"studies/{some.id}/study.json",
        f"studies/{none.id}",
        "studies/empty",
    }
    assert all(each["repair"] and not each["done"] for each in found.values())

    done = doctor("--repair")
    assert set(done) == set(found)
    assert all(each["done"] and not each["failed"] for each in done.values())
    assert doctor() == {}
    assert lost.status().state is State.QUEUED
    assert run.status().state is scored.status().state is State.DONE
    assert studies.all_studies()[0].runs == [run]
    assert [entry.id for entry in scene_library.entries()] == ["small"]
    left = set(content(workspace).values())
    changed = {before[f"studies/{some.id}/study.json"], before[f"runs/{lost.id}/worker.json"]}
    assert set(before.values()) - left <= changed | {b"half", b""}
    damaged = workspace / "trash" / "damaged"
    assert (damaged / "runs" / "0-scored" / "fused.tif").is_file()
    assert (damaged / "scenes" / "cut" / "optical.tif").is_file()


def test_what_is_under_way_is_left_alone(run: Run, doctor: Doctor):
    working = new_run(Request("small", "gap", "copy"))
    assert claim(working, psutil.Process())
    (working.folder / "notes.json").write_text("{")
    waiting = new_run(Request("small", "gap", "copy", seed=1))
    assert doctor("--repair") == {}
    assert working.status().state is State.RUNNING
    assert waiting.status().state is State.QUEUED
    (working.folder / "request.json").write_text("{")
    assert doctor("--repair") == {}


def test_what_a_newer_version_or_another_package_made_is_left_alone(
    run: Run, doctor: Doctor, workspace: Path
):
    foreign = new_run(Request("small", "gap", "copy"))
    for path, changes in (
        (run.folder / "result.json", {"version": 99}),
        (workspace / "scenes" / "small" / "scene.json", {"version": 99}),
        (foreign.folder / "request.json", {"method": "of-a-package"}),
    ):
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    before = content(workspace)
    found = doctor("--repair")
    assert len(found) == 3
    assert not any(each["repair"] or each["done"] for each in found.values())
    assert content(workspace) == before


def test_rights_are_given_back_before_anything_is_taken_for_damaged(
    run: Run, doctor: Doctor, workspace: Path
):
    closed = (run.folder / "request.json", run.folder / "fused.tif", paths.scenes())
    for path in closed:
        path.chmod(0o000)
    found = doctor("--repair")
    assert {str(path.relative_to(workspace)) for path in closed} == set(found)
    assert all(path.stat().st_mode & 0o400 for path in closed)
    assert os.access(paths.scenes(), os.W_OK | os.X_OK)
    assert doctor() == {}


def test_what_cannot_be_repaired_says_why(run: Run, workspace: Path, monkeypatch, capsys):
    (run.folder / "scores.json").write_text("{")

    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refused)
    assert main(["doctor", "--repair"]) == 0
    said = " ".join(capsys.readouterr().out.split())  # a long path leaves the words few columns
    assert "not: " in said and "only be read" in said
    assert run_folders.all_runs() == [run]


def test_where_there_is_no_workspace_none_is_made(doctor: Doctor, workspace: Path):
    assert doctor() == doctor("--repair") == {}
    assert not workspace.exists()


def test_a_room_that_a_killed_reader_left_is_said_and_removed(doctor, run, tmp_path):
    left = tmp_path / "temporary" / ".bandweave.0123abcd.partial"
    (left / "bandweave").mkdir(parents=True)
    with rooms.room() as used:
        assert doctor().keys() >= {str(left)}
        doctor("--repair")
        assert used.is_dir() and not left.exists()
    assert not doctor().get(str(left))
