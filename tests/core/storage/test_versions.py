"""Older files are read, newer ones say so, and neither is taken for a damaged one."""

import json
from pathlib import Path

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import NewerError
from bandweave.raster.scene import open_scene, save_scene
from bandweave.running.execution import execute
from bandweave.storage.versions import REQUEST, RESULT, SCENE, STUDY, WORKSPACE, Format
from bandweave.workspace import paths, scene_library
from bandweave.workspace.run_folders import Request, Run, State, new_run
from bandweave.workspace.studies import Study, new_study

NEWER = "was made by a newer version of Bandweave: update it"
THIRD = Format(
    "thing.json",
    (lambda old: {"name": old["title"]}, lambda old: {**old, "bands": [old["name"]]}),
)


@pytest.mark.parametrize(
    "stored",
    [
        {"title": "red"},
        {"version": 1, "title": "red"},
        {"version": 2, "name": "red"},
        {"version": 3, "name": "red", "bands": ["red"]},
    ],
)
def test_every_version_is_read_as_the_present_one(stored, tmp_path):
    (tmp_path / "thing.json").write_text(json.dumps(stored))
    read = THIRD.read(tmp_path)
    assert {name: read[name] for name in ("name", "bands")} == {"name": "red", "bands": ["red"]}


@pytest.mark.parametrize("version", [0, -1, "2", None, True, 1.0, [1]])
def test_a_version_that_is_none_is_damage(version, tmp_path):
    (tmp_path / "thing.json").write_text(json.dumps({"version": version}))
    with pytest.raises(ValueError, match="version"):
        THIRD.read(tmp_path)


def test_a_newer_version_says_so(tmp_path):
    (tmp_path / "thing.json").write_text('{"version": 4}')
    with pytest.raises(NewerError, match=NEWER) as caught:
        THIRD.read(tmp_path)
    assert "reads up to 3" in caught.value.hint


def change(path: Path, **names: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | names))


@pytest.fixture
def run(workspace: Path) -> Run:
    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    execute(run)
    return run


def test_what_is_written_says_its_version(run, workspace):
    study = new_study("all", [run])
    folders = (workspace, workspace / "scenes" / "small", run.folder, run.folder, study.folder)
    for made, folder in zip((WORKSPACE, SCENE, REQUEST, RESULT, STUDY), folders, strict=True):
        path = folder / made.file
        assert json.loads(path.read_text())["version"] == made.version


def test_what_was_written_before_there_were_versions_is_read(run, tmp_path):
    for path in (run.folder / "request.json", run.folder / "result.json"):
        stored = json.loads(path.read_text())
        del stored["version"]
        path.write_text(json.dumps(stored))
    assert Run(run.folder).request.method == "laplace"
    assert run.status().state is State.DONE
    save_scene(make_scene(), tmp_path / "scene")
    stored = json.loads((tmp_path / "scene" / "scene.json").read_text())
    del stored["version"]
    (tmp_path / "scene" / "scene.json").write_text(json.dumps(stored))
    assert open_scene(tmp_path / "scene").optical


def test_a_newer_scene_run_result_or_study_is_no_damaged_one(run):
    study = new_study("all", [run])
    scene = scene_library.find("small")
    change(run.folder / "result.json", version=99)
    assert NEWER in run.status().error
    for folder, file in (
        (run.folder, "request.json"),
        (study.folder, "study.json"),
        (scene.folder, "scene.json"),
    ):
        change(folder / file, version=99)
    for damage in (
        Run(run.folder).damage,
        Study(study.folder).damage,
        scene_library.find("small").damage,
    ):
        assert isinstance(damage, NewerError)
        assert NEWER in damage.message


def test_a_newer_workspace_is_left_alone(workspace):
    paths.made(paths.scenes())
    change(workspace / "workspace.json", version=99)
    for asked in (paths.home, paths.runs, scene_library.entries):
        with pytest.raises(NewerError, match=NEWER):
            asked()
    change(workspace / "workspace.json", version=1)
    assert paths.home() == workspace
