"""A study keeps runs together; references are not run twice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import RunError
from bandweave.running.engine import LocalEngine
from bandweave.running.execution import execute
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, Run, State, discard, new_run
from bandweave.workspace.studies import STUDY, all_studies, new_study, open_study


@pytest.fixture
def scene_id(workspace: Path) -> str:
    return scene_library.store(make_scene(), "small").id


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """Return an engine that starts nothing."""
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_dispatch", lambda _: None)
    made = LocalEngine(limit=1)
    yield made
    made.stop()


def done(request: Request) -> Run:
    run = new_run(request)
    execute(run)
    return run


def test_a_study_joins_the_scores_of_its_runs(scene_id: str):
    made = [done(Request(scene_id, "reconstruct", "copy", seed=seed)) for seed in range(2)]
    study = new_study(" Two seeds ", made)
    found = open_study(study.id)
    assert (found.name, found.runs) == ("Two seeds", made)
    assert found.scores() == made[0].scores() + made[1].scores()
    discard(made[0].id)
    assert found.runs == made[1:]
    assert found.scores() == made[1].scores()


def test_studies_are_listed_newest_first_and_a_damaged_one_hides_no_other(workspace: Path):
    for name in ("20250101-000000-a", "20250102-000000-b", "20250103-000000-c"):
        (workspace / "studies" / name).mkdir(parents=True)
    content = {"name": "kept", "runs": ["gone"]}
    for name in ("20250101-000000-a", "20250102-000000-b"):
        (workspace / "studies" / name / STUDY).write_text(json.dumps(content))
    (workspace / "studies" / "20250103-000000-c" / STUDY).write_text("{")
    assert [study.id[-1] for study in all_studies()] == ["b", "a"]
    assert all_studies()[0].runs == []
    for wrong in ("20250103-000000-c", "nothing", "", "../runs"):
        with pytest.raises(RunError, match="no study"):
            open_study(wrong)


def test_a_study_needs_a_name(workspace: Path):
    with pytest.raises(RunError, match="no name"):
        new_study(" ", [])
    assert all_studies() == []


def test_a_reference_that_has_run_is_not_run_again(idle: LocalEngine, scene_id: str):
    reference = Request(scene_id, "reconstruct", "copy", label="as it was")
    other = Request(scene_id, "reconstruct", "band-mean")
    asked = [Request(scene_id, "reconstruct", "shallow-cnn", seed=seed) for seed in range(2)]
    kept = done(Request(scene_id, "reconstruct", "copy"))
    study = idle.submit_study("Seeds", asked, [reference, other])
    assert study.runs[0] == kept
    assert [run.request for run in study.runs[1:]] == [other, *asked]
    assert idle.waiting() == [run.id for run in study.runs[1:]]
    # what was asked for itself is run again, a reference under way is not
    again = idle.submit_study("Again", asked[:1], [other])
    assert again.runs[0] == study.runs[1]
    assert again.runs[1] not in study.runs
    assert [run.status().state for run in again.runs] == [State.QUEUED] * 2
