"""The finished runs of a scene under a task, named so that they can be told apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from bandweave.methods import METHODS
from bandweave.tasks import TASKS
from bandweave.workspace.models import named as named_model
from bandweave.workspace.run_folders import Run
from bandweave.workspace.scene_library import Entry
from pages.shared import current
from pages.shared.results import Result
from pages.shared.running import run_facts
from pages.shared.scores.finished import finished_on, varying


def follow() -> Run | None:
    """Return the session's run; turn to its scene and task whenever it is another than before."""
    run = current.run()
    if run is None or not run.sound:
        return None
    if scene := current.turned("compare", run):
        st.session_state[task_key(scene)] = TASKS[run.request.task].label
        for name in [name for name in st.session_state if str(name).startswith("compare-images")]:
            del st.session_state[name]
    return run


def task_key(scene: str) -> str:
    """Return the key under which a session keeps the task it looks at on a scene."""
    return f"compare-task-{scene}"


def tasks_on(entry: Entry) -> list[str]:
    """Return the tasks with a finished run on a scene, in the registry's order."""
    found = {each.run.request.task for each in finished_on(entry)}
    return [key for key in TASKS if key in found]


def candidates(entry: Entry, task: str) -> list[Result]:
    """Return what has been finished on a scene under a task and still has its image, newest first.

    A run is named as its owner did, else by its method and what tells it from the others.
    """
    found = [each.run for each in finished_on(entry) if each.run.request.task == task]
    found = [run for run in found if run.has_image]
    rows = [_row(run, found) for run in found]
    repeated = Counter(row.title for row in rows)
    return [_dated(row) if repeated[row.title] > 1 else row for row in rows]


def _row(run: Run, runs: Sequence[Run]) -> Result:
    request = run.request
    if run.name:
        return Result(run, run.name, "")
    method, task = METHODS[request.method], TASKS[request.task]
    all_settings = [each.request.task_settings for each in runs]
    same = [each.request for each in runs if each.request.method == request.method]
    details = [
        named_model(run.result()),
        varying(method.settings(), request.settings, [each.settings for each in same]),
        varying(task.settings(), request.task_settings, all_settings),
        f"seed {request.seed}" if any(each.seed != request.seed for each in same) else "",
    ]
    return Result(run, method.label, ", ".join(filter(None, details)))


def _dated(row: Result) -> Result:
    asked = run_facts.asked_at(row.run)
    when = asked.strftime("%d %b %H:%M:%S") if asked else row.run.id
    return replace(row, change=", ".join(filter(None, (row.change, when))))
