"""A run's state is a fact about its files."""

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import psutil
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import RunError, SceneError, SettingError, TaskError, UnknownNameError
from bandweave.evaluation.scores import MEAN
from bandweave.methods.gap_filling.laplace import Laplace
from bandweave.metrics import METRICS
from bandweave.raster.scene import Scene, save_scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.running.claims import claim
from bandweave.running.execution import execute
from bandweave.sources.source import Source
from bandweave.storage import temporary
from bandweave.workspace import paths, scene_library
from bandweave.workspace.run_folders import (
    CANCELLED,
    NOTES,
    PROGRESS,
    REQUEST,
    RESULT,
    SCORES,
    STOPPED,
    WORKER,
    Request,
    Run,
    State,
    all_runs,
    discard,
    equivalent_run,
    new_run,
    open_run,
    restore,
)


@dataclass(frozen=True)
class Given(Source):
    """A source that has its scene already."""

    key: ClassVar[str] = "given"

    scene: Scene

    def make(self) -> Scene:
        return self.scene


@pytest.fixture
def stored(workspace: Path) -> str:
    """The small scene in the library."""
    return scene_library.store(make_scene(), "small").id


def test_a_request_writes_every_setting_out():
    request = Request("s", "gap", "shallow-cnn", {"epochs": 2})
    assert request.settings["epochs"] == 2
    assert request.settings["batch"]
    assert request.task_settings["coverage"] == 0.3
    assert request.label == "shallow-cnn"
    assert Request.from_json(json.loads(json.dumps(request.as_json()))) == request


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"method": "shallow-cn"}, UnknownNameError),
        ({"task": "gaps"}, UnknownNameError),
        ({"settings": {"epochs": 0}}, SettingError),
        ({"settings": {"epoch": 1}}, UnknownNameError),
        ({"task_settings": {"coverage": 2}}, SettingError),
        ({"seed": -1}, RunError),
    ],
)
def test_impossible_requests_are_refused(changes, error):
    fields = {"scene": "s", "task": "gap", "method": "shallow-cnn"} | changes
    with pytest.raises(error):
        Request(**fields)


def test_a_run_from_request_to_scores(stored: str):
    run = new_run(Request(stored, "gap", "laplace", seed=4))
    assert run.status().state is State.QUEUED
    scores = execute(run)
    assert run.status().state is State.DONE
    assert scores == run.scores() == json.loads((run.folder / "scores.json").read_text())
    assert {row["region"] for row in scores} == {"hidden"}
    assert {row["band"] for row in scores} == {"red", "green", "blue", MEAN}
    assert {row["metric"] for row in scores} == set(METRICS)
    first = scores[0]
    assert (first["method"], first["seed"], first["run"], first["task"]) == (
        "laplace",
        4,
        run.id,
        "gap",
    )
    result = run.result()
    assert result["seconds"] > 0
    assert result["peak_memory_mib"] > 10
    assert {row["metric"] for row in result["original"]} == {
        key for key, metric in METRICS.items() if not metric.needs_reference
    }
    assert run.fused.bands == ("red", "green", "blue")
    assert run.hidden is not None
    original = scene_library.find(stored).scene.optical.raster.read()
    changed = (run.fused.read() != original).any(axis=0)
    assert (run.hidden.read()[0][changed] == 1).all()
    assert run.fused.grid == scene_library.find(stored).scene.grid
    assert run.fused.dataset.tags()["simulated"] == "yes"


def test_progress_ends_with_done_and_never_goes_back(stored: str):
    run = new_run(Request(stored, "reconstruct", "copy"))
    seen = []
    execute(run, seen.append)
    lines = run.history()
    assert lines[-1]["stage"] == "Done"
    assert [line["seconds"] for line in lines] == sorted(line["seconds"] for line in lines)
    assert len(seen) == len(lines)


def test_a_half_written_line_is_not_read(stored: str):
    run = new_run(Request(stored, "reconstruct", "copy"))
    execute(run)
    count = len(run.history())
    with (run.folder / PROGRESS).open("a") as stream:
        stream.write('{"stage": "Tra')
    assert len(run.history()) == count


def test_an_error_is_kept_with_its_advice(stored: str):
    run = new_run(Request(stored, "gap", "laplace", task_settings={"coverage": 0.9}))
    scene_library.store(make_scene(40, 40), "tiny")
    tiny = new_run(Request("tiny", "gap", "laplace"))
    with pytest.raises(TaskError):
        execute(tiny)
    status = tiny.status()
    assert status.state is State.FAILED
    assert "too small" in status.error
    assert status.hint
    execute(run)
    assert run.status().state is State.DONE


def test_a_missing_scene_fails_the_run(workspace: Path):
    run = new_run(Request("nowhere", "gap", "laplace"))
    with pytest.raises(SceneError):
        execute(run)
    assert run.status().state is State.FAILED


def test_a_dead_worker_reads_as_lost(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    (run.folder / WORKER).write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
    assert run.status().state is State.LOST
    assert run.status().hint


def test_a_living_worker_reads_as_running_and_is_not_robbed(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    parent = psutil.Process().parent()
    assert parent is not None
    assert claim(run, parent)
    assert run.status().state is State.RUNNING
    with pytest.raises(RunError, match="being executed"):
        execute(run)


def test_memory_that_runs_out_is_said_so(stored: str, monkeypatch):
    def greedy(*_: object) -> None:
        np.empty((1 << 20, 1 << 20, 1 << 20), np.float32)

    monkeypatch.setattr(Laplace, "fit", greedy)
    run = new_run(Request(stored, "gap", "laplace"))
    with pytest.raises(MemoryError):
        execute(run)
    status = run.status()
    assert status.state is State.FAILED
    assert "no more memory for the run: Unable to allocate 4.00 EiB" in status.error
    assert "smaller area, patch or batch" in status.hint


def test_what_ended_a_run_from_outside_is_its_reason(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    (run.folder / STOPPED).write_text(json.dumps({"error": "It held 9 GiB.", "hint": "Less."}))
    assert run.status()[0] is State.FAILED
    assert run.status()[2:] == ("It held 9 GiB.", "Less.")
    # it had finished a moment before
    (run.folder / RESULT).write_text(json.dumps({"seconds": 1}))
    assert run.status().state is State.DONE


def test_a_run_has_a_name_and_a_note(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    assert (run.name, run.note) == ("", "")
    run.annotate(name=" Delta ")
    run.annotate(note="With clouds\nover the sea")
    assert (open_run(run.id).name, open_run(run.id).note) == ("Delta", "With clouds\nover the sea")
    run.annotate(name="")
    assert (run.name, run.note) == ("", "With clouds\nover the sea")
    assert {path.name for path in run.folder.iterdir()} == {REQUEST, NOTES}


def test_a_damaged_file_hides_neither_the_run_nor_the_others(stored: str):
    whole = new_run(Request(stored, "gap", "laplace"))
    broken = new_run(Request(stored, "gap", "copy"))
    for name in (WORKER, NOTES, SCORES, STOPPED, RESULT):
        assert broken.status().state is State.QUEUED
        (broken.folder / name).write_text('{"half":')
        assert (broken.name, broken.scores()) == ("", [])
        if name == WORKER:
            assert broken.status().state is State.LOST
            (broken.folder / WORKER).unlink()
    assert broken.status().state is State.FAILED
    assert "damaged" in broken.status().error
    assert broken.peak_memory_mib is None
    assert {run.id for run in all_runs()} == {whole.id, broken.id}
    for wrong in ('{"half":', "[]", '{"scene": "s"}', '{"scene":1,"task":"gap","method":"no"}'):
        (broken.folder / REQUEST).write_text(wrong)
        assert all_runs() == [whole]
        assert not open_run(broken.id).sound


def test_time_left_follows_the_pace_of_the_stage(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    assert run.seconds_left() is None

    def note(stage: str, step: int, steps: int, seconds: float) -> float | None:
        content = {"stage": stage, "step": step, "steps": steps, "seconds": seconds}
        line = json.dumps(content | {"loss": None, "validation": None})
        with (run.folder / PROGRESS).open("a") as stream:
            stream.write(line + "\n")
        return run.seconds_left()

    assert note("Loading TensorFlow", 0, 1, 0.0) is None
    assert note("Training red", 10, 100, 5.0) is None
    assert note("Training red", 20, 100, 6.0) == pytest.approx(8.0)
    # another band is the same stage: 40 steps took 5 s, 50 are left
    assert note("Training green", 50, 100, 10.0) == pytest.approx(6.25)
    assert note("Fusing", 1, 5, 20.0) is None
    assert note("Fusing", 3, 5, 26.0) == pytest.approx(6.0)
    assert note("Done", 1, 1, 30.0) is None
    # an image that is estimated first is fused twice, the second time at a pace of its own
    assert note("Fusing", 1, 5, 100.0) is None
    assert note("Fusing", 2, 5, 101.0) == pytest.approx(3.0)
    assert note("Fusing", 1, 5, 102.0) is None
    assert note("Fusing", 2, 5, 104.0) == pytest.approx(6.0)


def test_a_run_that_asks_the_same_is_found(stored: str):
    request = Request(stored, "gap", "laplace", seed=1)
    assert equivalent_run(request) is None
    other, newest = new_run(request), new_run(replace(request, label="newest"))
    assert equivalent_run(request) == newest
    (newest.folder / CANCELLED).touch()
    assert equivalent_run(request) == other
    execute(other)
    assert equivalent_run(request) == other
    for changed in ({"seed": 2}, {"task_settings": {"coverage": 0.2}}, {"method": "copy"}):
        assert equivalent_run(replace(request, **{"settings": {}} | changed)) is None
    # the scene that has the id now is another one
    later = time.time() + 10
    os.utime(paths.scenes() / stored / "scene.json", (later, later))
    assert equivalent_run(request) is None


def test_a_discarded_run_can_be_restored_for_a_day(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    execute(run)
    discard(run.id)
    assert all_runs() == []
    paths.empty_trash()
    assert restore(run.id) == run
    assert run.status().state is State.DONE
    discard(run.id)
    temporary.remove(paths.trash() / "runs" / run.id)
    for gone in (run.id, "../runs", ""):
        with pytest.raises(RunError):
            restore(gone)


def test_cancelled_is_a_fact_too(stored: str):
    run = new_run(Request(stored, "gap", "laplace"))
    (run.folder / CANCELLED).touch()
    assert run.status().state is State.CANCELLED


def test_the_workspace_lists_its_runs_newest_first(stored: str):
    made = [new_run(Request(stored, "gap", "laplace", seed=n)) for n in range(3)]
    assert all_runs() == made[::-1]
    assert open_run(made[1].id).request.seed == 1
    with pytest.raises(RunError, match="no run"):
        open_run("nothing")
    with pytest.raises(RunError, match="no run"):
        _ = Run(made[0].folder.parent).request
    assert (made[0].folder / REQUEST).is_file()
    assert not (made[0].folder / RESULT).exists()


def test_scenes_are_found_by_id_name_and_folder(workspace: Path, tmp_path: Path):
    first = scene_library.store(make_scene(), "first")
    save_scene(make_scene(), tmp_path / "elsewhere")
    assert scene_library.find("first").folder == first.folder
    assert scene_library.find("small").id == "first"
    assert scene_library.find_or_open(str(tmp_path / "elsewhere")).name == "small"
    scene_library.store(make_scene(), "second")
    with pytest.raises(SceneError, match="2 scenes are named"):
        scene_library.find("small")
    with pytest.raises(SceneError, match="no scene") as caught:
        scene_library.find("third")
    assert "demo, first, second" in caught.value.hint


def test_imports_of_one_name_keep_both(workspace: Path):
    made = [scene_library.add(Given(make_scene(seed=seed)), "same") for seed in range(2)]
    assert [entry.id for entry in made] == ["same", "same-2"]
    for seed, entry in enumerate(made):
        np.testing.assert_array_equal(
            entry.scene.radar.raster.read(), make_scene(seed=seed).radar.raster.read()
        )


def test_an_id_taken_meanwhile_is_not_overwritten(workspace: Path, monkeypatch):
    free = iter(["same", "same", "same-2"])
    monkeypatch.setattr("bandweave.workspace.scene_library._free_id", lambda _: next(free))
    first = scene_library.add(Given(make_scene(seed=0)), "same")
    second = scene_library.add(Given(make_scene(seed=1)), "same")
    assert (first.id, second.id) == ("same", "same-2")


def test_a_folder_that_is_no_scene_is_in_the_way_but_stays(workspace: Path):
    (workspace / "scenes" / "same").mkdir(parents=True)
    (workspace / "scenes" / "same" / "left.tif").write_text("half an import")
    assert scene_library.add(Given(make_scene()), "same").id == "same-2"
    assert (workspace / "scenes" / "same" / "left.tif").is_file()


def test_a_scene_needs_a_name(workspace: Path):
    with pytest.raises(SceneError, match="no name"):
        scene_library.add(Given(make_scene()), " ")


def test_where_scenes_cannot_be_kept_it_is_said(tmp_path: Path, monkeypatch):
    (tmp_path / "home").write_text("a file")
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path / "home"))
    with pytest.raises(SceneError, match="cannot be kept") as caught:
        scene_library.add(Given(make_scene()), "x")
    assert "BANDWEAVE_HOME" in caught.value.hint


def test_undefined_numbers_of_the_original_are_null(workspace: Path):
    scene = make_scene()
    pixels = np.full((3, *scene.grid.shape), np.nan, np.float32)
    pixels[:, 4, 4] = 0.2
    raster = MemoryRaster(pixels, scene.grid, scene.optical.bands)
    scene_library.store(scene.adding(replace(scene.optical, raster=raster)), "one")
    run = new_run(Request("one", "reconstruct", "copy"))
    execute(run)
    assert None in [each["value"] for each in run.result()["original"]]


def test_a_deleted_scene_is_gone_and_others_stay(workspace: Path):
    scene_library.store(make_scene(), "first")
    scene_library.store(make_scene(), "second")
    scene_library.delete("first")
    assert [entry.id for entry in scene_library.entries()] == ["second"]
    with pytest.raises(SceneError):
        scene_library.delete("../second")


def test_a_discarded_scene_can_be_restored_unless_its_id_is_taken(workspace: Path):
    first = scene_library.store(make_scene(seed=1), "same")
    scene_library.discard("same")
    assert scene_library.entries() == []
    assert scene_library.restore("same") == first
    scene_library.discard("same")
    scene_library.store(make_scene(seed=2), "same")
    with pytest.raises(SceneError, match="by now"):
        scene_library.restore("same")
    # the one discarded last is the one that comes back
    scene_library.discard("same")
    np.testing.assert_array_equal(
        scene_library.restore("same").scene.radar.raster.read(),
        make_scene(seed=2).radar.raster.read(),
    )
    for wrong in ("none", "../home"):
        with pytest.raises(SceneError, match="cannot be restored"):
            scene_library.restore(wrong)
        with pytest.raises(SceneError, match="no scene"):
            scene_library.discard(wrong)


def test_an_import_that_fails_leaves_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch):
    scene_library.store(make_scene(), "first")

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("bandweave.workspace.scene_library.save_scene", broken)
    with pytest.raises(OSError, match="disk full"):
        scene_library.store(make_scene(), "second")
    assert [entry.id for entry in scene_library.entries()] == ["first"]
    assert [path.name for path in (workspace / "scenes").iterdir()] == ["first"]
