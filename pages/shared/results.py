"""The rows of a session: the first results of a task, then what the user asked for since."""

from dataclasses import dataclass

import streamlit as st

from bandweave.errors import RunError
from bandweave.methods import METHODS
from bandweave.workspace.run_folders import Request, Run, State, open_run
from pages.shared import demo


@dataclass(frozen=True)
class Result:
    """A run as tables and panels name it."""

    run: Run
    label: str
    change: str
    """What differs from the first run of the same method, or nothing."""
    requested: bool = False
    """This session asked for it."""

    @property
    def title(self) -> str:
        """The label, with the change where there is one."""
        return f"{self.label} · {self.change}" if self.change else self.label


def remember(run: Run) -> None:
    """Add a run to this session's rows."""
    _requested(run.request.task).append(run.id)


def results(task: str) -> list[Result]:
    """Return the task's rows: a first result the user has asked for again appears once."""
    asked = [_result(run, requested=True) for run in _requested_runs(task)]
    again = [row.run.request for row in asked if row.run.status().state is State.DONE]
    first = [_result(run) for run in demo.first_runs(task) if run.request not in again]
    return first + asked


def _result(run: Run, *, requested: bool = False) -> Result:
    return Result(run, METHODS[run.request.method].label, difference(run.request), requested)


def difference(request: Request) -> str:
    """Say what a request changes against the demo's first one, such as `epochs 5 → 8`."""
    usual = demo.request(request.task, request.method)
    names = {declared.name: declared.label for declared in METHODS[request.method].settings()}
    changed = [
        f"{label.lower()} {usual.settings[name]} → {request.settings[name]}"
        for name, label in names.items()
        if usual.settings[name] != request.settings[name]
    ]
    if request.seed != usual.seed:
        changed.append(f"seed {usual.seed} → {request.seed}")
    return ", ".join(changed)


def _requested(task: str) -> list[str]:
    ids: list[str] = st.session_state.setdefault(f"runs-{task}", [])
    return ids


def _requested_runs(task: str) -> list[Run]:
    found = []
    for run_id in _requested(task):
        try:
            found.append(open_run(run_id))
        except RunError:  # deleted meanwhile, perhaps from another window
            continue
    return found
