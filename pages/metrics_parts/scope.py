"""What a table of scores is about: a scene, a task with its settings, a region, bands and rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from bandweave.evaluation.scores import MEAN
from bandweave.settings import Value
from bandweave.tasks import TASKS
from bandweave.workspace.run_folders import Run
from bandweave.workspace.scene_library import Entry
from bandweave.workspace.studies import Study, all_studies
from pages.shared import current
from pages.shared.forms import choose
from pages.shared.scores.finished import Finished, Line, lines, varying
from pages.shared.scores.regions import REGIONS, preferred

EACH, MEAN_OF_BANDS = "Each band", "Mean of bands"


@dataclass(frozen=True)
class Scope:
    """Rows that may share a table, and which of their numbers to show."""

    entry: Entry
    task: str
    lines: tuple[Line, ...]
    region: str
    bands: tuple[str, ...]

    @property
    def runs(self) -> list[Finished]:
        """The runs of all rows."""
        return [each for line in self.lines for each in line.runs]

    @property
    def estimated(self) -> bool:
        """Whether the scores are of simulated gaps, the images of the real ones."""
        return any(each.estimated for each in self.runs)


def follow() -> None:
    """Turn to the scene of the session's run whenever that is another one than before."""
    run = current.run()
    if run is None or not run.sound:
        return
    if scene := current.turned("metrics", run):
        task = run.request.task
        st.session_state[f"metrics-task-{scene}"] = TASKS[task].label
        st.session_state[f"metrics-settings-{scene}-{task}"] = _settings_key(run)


def choose_scope(entry: Entry, found: Sequence[Finished]) -> Scope:
    """Let the user choose among a scene's finished runs, of which there is at least one."""
    here = [key for key in TASKS if any(each.run.request.task == key for each in found)]
    labels = {TASKS[key].label: key for key in here}
    task = labels[choose("Task", labels, key=f"metrics-task-{entry.id}")]
    comparable = _of_settings(entry, task, [each for each in found if _task(each) == task])
    rows = _rows(entry, task, comparable)
    regions = preferred({place[0] for each in comparable for place in each.scores})
    region = regions[0]
    if len(regions) > 1:
        words = {REGIONS[each]: each for each in regions}
        region = words[choose("Region", words, key=f"metrics-region-{entry.id}-{task}")]
    wanted = choose("Bands", (MEAN_OF_BANDS, EACH), key="metrics-bands")
    named = [place[1] for place in comparable[0].scores if place[1] != MEAN]
    bands = (MEAN,) if wanted == MEAN_OF_BANDS else tuple(dict.fromkeys(named))
    return Scope(entry, task, tuple(rows), region, bands)


def _of_settings(entry: Entry, task: str, found: Sequence[Finished]) -> list[Finished]:
    """Return the runs of one choice of task settings; ask which where there are several."""
    groups: dict[str, list[Finished]] = {}
    for each in found:
        groups.setdefault(_settings_key(each.run), []).append(each)
    if len(groups) == 1:
        return list(found)
    values = {key: group[0].run.request.task_settings for key, group in groups.items()}
    key = f"metrics-settings-{entry.id}-{task}"
    if st.session_state.get(key) not in groups:
        st.session_state[key] = next(iter(groups))
    chosen = st.selectbox(
        "Task settings",
        list(groups),
        format_func=lambda each: _settings_words(task, values[each], list(values.values())),
        key=key,
        label_visibility="collapsed",
        width=240,
        persist_state="session",
    )
    return groups[chosen or next(iter(groups))]


def _rows(entry: Entry, task: str, found: Sequence[Finished]) -> list[Line]:
    """Return the rows the user wants: of some studies, some rows, or all there are."""
    rows = {line.key: line for line in lines(found)}
    studies = {study.id: study for study in _studies(found)}
    offered = [*studies, *rows]
    key = f"metrics-rows-{entry.id}-{task}"
    # a row that was deleted meanwhile is no option any more
    kept = [each for each in st.session_state.get(key, []) if each in offered]
    if kept != st.session_state.get(key, []):
        st.session_state[key] = kept
    chosen = st.multiselect(
        "Rows",
        offered,
        format_func=lambda each: (
            f"Study: {studies[each].name}" if each in studies else rows[each].title
        ),
        key=key,
        label_visibility="collapsed",
        placeholder="All runs",
        width=320,
        persist_state="session",
    )
    if not chosen:
        return list(rows.values())
    ids = {run.id for each in chosen if each in studies for run in studies[each].runs}
    picked = []
    for line in rows.values():
        runs = tuple(each for each in line.runs if line.key in chosen or each.run.id in ids)
        if runs:
            picked.append(replace(line, runs=runs))
    return picked


def _studies(found: Sequence[Finished]) -> list[Study]:
    """Return the studies with at least one of these runs."""
    ids = {each.run.id for each in found}
    return [study for study in all_studies() if ids & {run.id for run in study.runs}]


def _task(each: Finished) -> str:
    return each.run.request.task


def _settings_key(run: Run) -> str:
    return json.dumps(dict(run.request.task_settings), sort_keys=True)


def _settings_words(
    task: str, mine: Mapping[str, Value], others: Sequence[Mapping[str, Value]]
) -> str:
    words = varying(TASKS[task].settings(), mine, others)
    return words[:1].upper() + words[1:]
