"""Whatever happens to one run's files, the others are listed, executed and shown."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import StorageError
from bandweave.running.engine import LocalEngine
from bandweave.running.execution import execute
from bandweave.running.reuse import can_reuse, reusable_model
from bandweave.storage.json_file import LARGEST, read_json, write_json
from bandweave.tasks import TASKS
from bandweave.workspace import paths, results, scene_library
from bandweave.workspace.glance import glances
from bandweave.workspace.run_folders import (
    LONGEST_LOG,
    NOTES,
    REQUEST,
    RUN_FILES,
    Request,
    Run,
    State,
    all_runs,
    damaged_runs,
    equivalent_runs,
    new_run,
)
from bandweave.workspace.studies import STUDY, all_studies, new_study

DAMAGES: dict[str, bytes | None] = {
    "empty": b"",
    "no text": b"\x00\xff\xfe\n\x80\n",
    "a list": b"[3]\n[3]\n",
    "nothing in it": b"{}\n{}\n",
    "null": b"null\nnull\n",
    "wrong kinds": (
        b'{"pid": "x", "started": [], "error": 3, "hint": null, "seconds": "long", "original": 7,'
        b' "stage": 5, "step": null, "steps": "x", "scene": 4, "task": [], "method": {},'
        b' "name": 4, "note": [], "runs": 4, "estimated": "x", "peak_memory_mib": []}\n'
    )
    * 2,
    "rows of nothing": b'[{}, {"value": "x", "metric": 3, "band": null, "region": []}]\n',
    "impossible": (
        b'{"seconds": NaN, "cell": 0, "resolution_ratio": 0, "peak_memory_mib": Infinity,'
        b' "scales": {"red": 5}, "stage": "Training red", "step": 9, "steps": 2, "loss": null,'
        b' "validation": null, "scene": 4, "task": "gap", "method": "laplace", "label": {},'
        b' "fold": "x", "name": "impossible", "runs": 4}\n'
    ),
    "impossible scores": (
        b'[{"value": [1], "metric": "rmse", "band": "mean", "region": "all"},'
        b' {"value": true, "metric": "mae", "band": "mean", "region": "all"}]\n'
    ),
    "nested": b"[" * 100_000,
    "nested inside": b'{"scene": ' + b'{"a":' * 900 + b"0" + b"}" * 900 + b"}\n",
    "huge numbers": b'{"version": 1' + b"0" * 5000 + b', "seconds": 1e999, "pid": 1e400}\n',
    "no version": b'{"version": "two", "seconds": 1}\n',
    "cut short": b'{"stage": "Training red", "step": 1, "st\n{"stage": "Tra\n',
    "a folder": None,
}


def damage(path: Path, how: str) -> None:
    """Put something else where a file of a run is."""
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    content = DAMAGES[how]
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)


def copy_name(file: str, how: str) -> str:
    """Name a copy by its damage; it sorts after the run it is of, which stays the newest."""
    return f"0-{file.replace('.', '-')}-{list(DAMAGES).index(how)}"


def damaged_copies(
    run: Run, files: set[str] = RUN_FILES, ways: Sequence[str] = tuple(DAMAGES)
) -> list[Run]:
    """Return copies of a run, each with one of its files damaged in one way."""
    copies = []
    for name in sorted(files):
        for how in ways:
            folder = run.folder.with_name(f"{copy_name(name, how)}-{run.id}")
            shutil.copytree(run.folder, folder)
            damage(folder / name, how)
            copies.append(Run(folder))
    return copies


@pytest.fixture
def whole(workspace: Path) -> Run:
    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    execute(run)
    run.annotate(name="whole")
    return run


def test_no_damage_of_one_run_hides_another_or_stops_who_looks(whole: Run):
    copies = damaged_copies(whole)
    everything = [whole, *copies]
    new_study("all", everything)
    listed = all_runs()
    assert whole in listed
    assert {run.id for run in listed} >= {
        run.id for run in copies if not run.id.startswith(f"0-{REQUEST.replace('.', '-')}")
    }
    for run in listed:
        status = run.status()
        assert isinstance(status.error + status.hint + run.name + run.note + run.log, str)
        run.history(), run.seconds_left(), run.background, run.worker_alive()
        run.scores(), run.originals(), run.result(), run.peak_memory_mib
        can_reuse(whole, run)
    assert results.csv(results.score_frame(listed))
    assert results.excel(results.score_frame(listed), listed)
    assert len(all_studies()[0].runs) == len(listed)
    for how in DAMAGES:
        damage(paths.studies() / "0-damaged" / STUDY, how)
        assert [study.name for study in all_studies() if study.runs] == ["all"]
    again = Request("small", "gap", "laplace")
    assert equivalent_runs([again]) == [whole]
    reusable_model(new_run(again), TASKS["gap"]().pose(scene_library.find("small").scene, 0)[0])


def test_no_damage_of_one_run_keeps_others_from_being_executed(whole: Run, workspace: Path):
    damaged_copies(whole, RUN_FILES - {"fused.tif", "hidden.tif", "scored.tif", "model"})
    waiting = damaged_copies(new_run(Request("small", "gap", "laplace", seed=1)), {REQUEST, NOTES})
    wanted = new_run(Request("small", "gap", "copy", seed=2))
    engine = LocalEngine(limit=1)
    engine._warm = lambda: None  # type: ignore[method-assign]
    try:
        engine.start()
        assert wanted.id in [*engine.waiting(), *engine._workers]
    finally:
        for run in [*waiting, wanted, *all_runs()]:
            if run.sound and not run.status().state.final:
                engine.cancel(run.id)
        engine.stop()


def test_a_result_that_is_damaged_says_so(whole: Run):
    for how in DAMAGES:
        damage(whole.folder / "result.json", how)
        status = whole.status()
        assert status.state is State.FAILED
        assert "damaged" in status.error


def test_a_file_beyond_reason_is_not_parsed(tmp_path: Path):
    path = tmp_path / "scores.json"
    path.write_text(f'"{"a" * LARGEST}"')
    with pytest.raises(ValueError, match="more than 8 MiB"):
        read_json(path)
    path.write_text(f'"{"a" * (LARGEST - 2)}"')
    assert len(read_json(path)) == LARGEST - 2


def test_what_is_large_or_waits_for_a_writer_stops_nobody(whole: Run):
    for name in sorted(RUN_FILES - {"model", "cancelled", "background"}):
        path = whole.folder.with_name(f"0-{name}") / name
        shutil.copytree(whole.folder, path.parent)
        path.unlink(missing_ok=True)
        with path.open("wb") as stream:
            stream.write(b'{"a": "')
            stream.truncate(100 << 20)
        shutil.copytree(whole.folder, whole.folder.with_name(f"1-{name}"))
        (pipe := whole.folder.with_name(f"1-{name}") / name).unlink(missing_ok=True)
        os.mkfifo(pipe)
    for run in [*all_runs(), *damaged_runs()]:
        run.status(), run.history(), run.scores(), run.name, run.damaged_files()
        assert len(run.log) <= LONGEST_LOG
        assert len(glances(run.folder)) > 3


DECISION = {
    "layer": "optical", "what": "bands", "value": 1, "basis": "name", "why": "b", "sure": True
}  # fmt: skip


def test_every_wrong_kind_in_a_scene_is_a_damaged_scene_or_harmless(whole: Run):
    path = scene_library.find("small").folder / "scene.json"
    stored = json.loads(path.read_text())
    extra = {
        "warnings": [],
        "evidence": [DECISION],
        "cropped_from": {"id": "a", "name": "b", "window": [0, 0, 1, 1]},
        "files": {"optical": ["a"]},
    }
    stored["facts"] |= extra
    wrong = (None, 3, -1e300, "x", "../../x", [], [3], {}, {"a": 3}, True)
    places = [(stored, name) for name in ("name", "layers", "facts")]
    places += [(stored["facts"], name) for name in extra]
    places += [(stored["layers"][0], name) for name in stored["layers"][0]]
    refused = 0
    for holder, name in places:
        kept = holder[name]
        for value in wrong:
            holder[name] = value
            path.write_text(json.dumps(stored))
            entry = scene_library.find("small")
            refused += not entry.sound
            if entry.sound:
                json.dumps(entry.as_json())
                assert isinstance(entry.name, str) and entry.scene.grid
        holder[name] = kept
    assert refused > 0.8 * len(places) * len(wrong)
    for how in DAMAGES:
        damage(path, how)
        (entry,) = (each for each in scene_library.entries() if each.id == "small")
        assert entry.damage is not None, how


def test_a_damaged_line_of_progress_costs_no_other(whole: Run):
    path = whole.folder / "progress.jsonl"
    before = whole.history()
    assert len(before) > 2
    path.write_text("{half\n" + path.read_text() + "[1, 2]\n\x00\x00\x00\n")
    assert whole.history() == before
    assert whole.status().progress is not None


def test_a_number_that_is_none_is_shown_as_none(whole: Run):
    path = whole.folder / "scores.json"
    for value in ("true", "[1]", "{}", '"0.5"', "1" + "0" * 400, "NaN"):
        place = '"metric": "rmse", "band": "mean", "region": "hidden"'
        path.write_text(f'[{{"value": {value}, {place}}}]')
        assert whole.scores() == [], value


def test_json_that_cannot_be_written_leaves_nothing(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    for name, content in (("folder", {}), ("a.json", float("nan"))):
        with pytest.raises((StorageError, ValueError)):
            write_json(tmp_path / name, content)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
