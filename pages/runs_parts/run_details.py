"""Everything about one run: how far, how good, what it was asked, and what can be done with it."""

from html import escape

import streamlit as st

from bandweave.errors import BandweaveError, RunError
from bandweave.running import engine
from bandweave.workspace import owners, run_folders, studies
from bandweave.workspace.models import words
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, State, open_run
from pages.runs_parts.findings import found
from pages.runs_parts.loss_curve import loss_curve
from pages.runs_parts.model_use import model_use
from pages.runs_parts.previews import pictures
from pages.shared import current, notices
from pages.shared.damage import files
from pages.shared.names import said
from pages.shared.people.account import sharing
from pages.shared.running import run_facts
from pages.shared.running.estimate import duration
from pages.shared.running.pace import every
from pages.shared.running.progress import bar
from pages.shared.scores.downloads import downloads

POLL = 1.0
"""Seconds between looks at a run that is under way."""
TAIL = 4000
"""Characters of the log's end that are shown."""
_DISCARDED, _AMISS = "discarded-runs", "amiss"


def run_details(run: Run) -> None:
    """Show one run; while it is under way, what changes is drawn anew about once a second."""
    if not run.sound:
        _damaged(run)
        return
    state = run.status().state
    with st.container(horizontal=True, vertical_alignment="center", key="run-head"):
        st.subheader(said(run_facts.title(run)), anchor=False, width="content")
        run_facts.badge(state)
        with st.container(
            horizontal=True, horizontal_alignment="right", vertical_alignment="center"
        ):
            sharing(run.folder, key=run.id)
            _actions(run, state)
    notices.failed(run)
    if whose := words(run.result()):
        st.info(said(" ".join(whose)), icon=":material/info:")
    _amiss_files(run)
    live = st.fragment(_live, run_every=None if state.final else every(POLL))
    live(run.id, state.final)
    found(run)
    if state is State.DONE:
        model_use(run)
    about, asked = st.columns([2, 3])
    with about:
        if owners.may_change(run.folder):
            _notes(run)
        elif run.note:
            st.text(run.note)
        st.html(_facts(run))
    with asked:
        st.html(_settings(run.request))
    if run.log:
        went_wrong = state in (State.FAILED, State.LOST)
        with st.expander("Log", went_wrong, icon=":material/article:"):
            st.code(run.log[-TAIL:], language=None, height=240)


def _live(run_id: str, final: bool) -> None:
    try:
        run = open_run(run_id)
    except RunError:  # deleted meanwhile, perhaps from another window
        st.rerun()
    if run.status().state.final != final:
        st.rerun()
    if not final:
        bar(run, run_facts.title(run))
    if run.request.configured_method.parameters() is None:
        pictures(run)
        return
    curve, shown = st.columns([3, 2])
    with curve:
        loss_curve(run)
    with shown:
        pictures(run)


def _actions(run: Run, state: State) -> None:
    chosen = {"run": run.id}
    if state is State.DONE:
        st.page_link("pages/compare.py", icon=":material/compare:", query_params=chosen)
        st.page_link("pages/metrics.py", icon=":material/bar_chart:", query_params=chosen)
        downloads(run)
    st.page_link(
        "pages/fuse.py",
        label="Clone settings",
        icon=":material/content_copy:",
        query_params=chosen | {"clone": "1"},
    )
    if run.resumable and owners.may_change(run.folder):
        st.button(
            "Resume",
            icon=":material/resume:",
            key=f"resume-{run.id}",
            help="Training goes on from where it was cut off.",
            on_click=_resume,
            args=(run.id,),
        )
    _delete_button(run)


def _resume(run_id: str) -> None:
    try:
        engine.local().resume(run_id)
    except BandweaveError as error:
        st.session_state[_AMISS] = error


def _delete_button(run: Run) -> None:
    if not owners.may_change(run.folder):
        return
    st.button(
        "Delete",
        icon=":material/delete:",
        key=f"delete-{run.id}",
        on_click=_discard,
        args=(run.id, run_facts.title(run) if run.sound else run.id),
    )


def _damaged(run: Run) -> None:
    st.subheader(said(run.name or run.id), anchor=False)
    try:
        _ = run.request
    except BandweaveError as error:
        notices.problem(error)
    files(run.folder)
    _delete_button(run)


def _amiss_files(run: Run) -> None:
    """Say which of a run's files cannot be read, and let them be looked at."""
    amiss = run.damaged_files()
    if amiss:
        with st.expander(f"Damaged: {said(', '.join(amiss))}", icon=":material/broken_image:"):
            st.text("\n".join(error.message for error in amiss.values()))
            files(run.folder)


def _discard(run_id: str, name: str) -> None:
    try:
        engine.local().discard(run_id)
    except BandweaveError as error:
        st.session_state[_AMISS] = error
        return
    st.session_state.setdefault(_DISCARDED, {})[run_id] = name
    # the page shows another one then, and its address follows
    st.session_state.pop(f"current-{current.RUN}", None)
    st.query_params.pop(current.RUN, None)


def discard_study(study_id: str, _: str) -> None:
    """Delete a study; its runs stay."""
    try:
        studies.discard(study_id)
    except BandweaveError as error:
        st.session_state[_AMISS] = error


def undo() -> None:
    """Offer to bring back what this session deleted; say what went wrong with the last attempt."""
    amiss = st.session_state.pop(_AMISS, None)
    if amiss:
        notices.problem(amiss)
    for run_id, name in reversed(st.session_state.get(_DISCARDED, {}).items()):
        with st.container(horizontal=True, vertical_alignment="center", key=f"deleted-{run_id}"):
            st.caption(f":material/delete: Deleted “{said(name)}”.", width="content")
            st.button(
                "Undo",
                icon=":material/undo:",
                key=f"undo-{run_id}",
                on_click=_restore,
                args=(run_id,),
            )


def _restore(run_id: str) -> None:
    st.session_state[_DISCARDED].pop(run_id, None)
    try:
        run_folders.restore(run_id)
    except BandweaveError as error:
        st.session_state[_AMISS] = error
        return
    current.remember(current.RUN, run_id)


def _notes(run: Run) -> None:
    """Let the user name the run and write about it; what another window wrote is taken over."""
    name, note = f"name-{run.id}", f"note-{run.id}"
    st.session_state[name], st.session_state[note] = run.name, run.note
    st.text_input("Name", key=name, on_change=_annotate, args=(run, "name", name), max_chars=120)
    st.text_area(
        "Note", key=note, on_change=_annotate, args=(run, "note", note), max_chars=4000, height=110
    )


def _annotate(run: Run, what: str, key: str) -> None:
    try:
        run.annotate(**{what: st.session_state[key]})
    except BandweaveError as error:  # deleted meanwhile from another window, or a full disk
        st.session_state[_AMISS] = error


def _facts(run: Run) -> str:
    """Return what the run was asked and what it took as HTML."""
    request, result = run.request, run.result()
    asked = run_facts.asked_at(run)
    names = current.names()
    facts = {
        "Scene": str(result.get("scene", names.get(request.scene, request.scene))),
        "Task": request.configured_task.label,
        "Method": request.configured_method.label,
        "Seed": str(request.seed),
        "Asked": f"{asked:%d %B %Y, %H:%M} UTC" if asked else "",
        "Took": duration(result["seconds"]) if "seconds" in result else "",
        "Model": _whose(run),
        "RMSE": run_facts.score_words(run),
        "Peak memory": f"{run.peak_memory_mib:,.0f} MiB" if run.peak_memory_mib else "",
        "Run": run.id,
    }
    items = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>"
        for name, value in facts.items()
        if value
    )
    return f"<dl class='run-facts'>{items}</dl>"


def _whose(run: Run) -> str:
    """Name the run whose model this one takes; nothing where it fits its own."""
    model, result = run.request.model, run.result()
    if model is None:
        return ""
    scene = f" ({result['model_scene']})" if "model_scene" in result else ""
    return f"of run {model.run}{scene}, {run_facts.USES[model.use]}"


def _settings(request: Request) -> str:
    """Return every setting of task and method as an HTML table; changed ones stand out."""
    lines = "".join(
        f"<tr><th scope='row'>{escape(each.label)}</th>"
        f"<td class='{'best' if values[each.name] != each.default else ''}'>"
        f"{_said(values[each.name], each.unit)}</td><td>{_said(each.default, each.unit)}</td></tr>"
        for declared, values in (
            (request.configured_task, request.task_settings),
            (request.configured_method, request.settings),
        )
        for each in declared.settings()
    )
    return (
        "<div class='scores' tabindex='0'><table><thead><tr><th scope='col'>Setting</th>"
        "<th scope='col'>Value</th><th scope='col'>Default</th></tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _said(value: object, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(f"{value} {unit}".strip())
