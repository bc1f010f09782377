"""Sweeps: how a method's settings compare, as they come in, and what to do with the best."""

from dataclasses import replace

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.methods import METHODS
from bandweave.running import engine
from bandweave.tasks import TASKS
from bandweave.workspace import owners
from bandweave.workspace.studies import DONE, ENDED, Study, all_studies, open_study
from bandweave.workspace.sweeps import BUDGET, Sweep
from bandweave.workspace.trials import Trial, best, trials
from pages.shared import current, notices
from pages.shared.forms import setting_field
from pages.shared.names import said
from pages.shared.people.account import sharing
from pages.shared.running.chart import chart
from pages.shared.running.pace import every
from pages.shared.running.progress import bar
from pages.sweeps_parts.coordinates import HEIGHT, axes, figure
from pages.sweeps_parts.trial_table import trial_table

POLL = 1.0
"""Seconds between looks at a sweep that is under way."""
LONGER = 4
"""How many times the epochs a longer training is first offered with."""
_AMISS = "sweeps-amiss"


def main() -> None:
    """Show the page."""
    found = {study.id: study for study in all_studies() if study.is_sweep}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Sweeps", anchor=False, width="stretch")
        study = choose(found) if found else None
    if amiss := st.session_state.pop(_AMISS, None):
        notices.problem(amiss)
    if study is None:
        with st.container(border=True, key="card-empty"):
            st.write("Nothing has been swept yet. Turn on *Vary settings* on the page Fuse.")
            st.page_link("pages/fuse.py", label="Fuse imagery", icon=":material/join_inner:")
        return
    try:
        show(study)
    except BandweaveError as error:
        notices.problem(error)


def choose(found: dict[str, Study]) -> Study:
    """Let the user choose a sweep: at first the address's, else the newest."""
    asked = st.query_params.get("study")
    if asked in found and st.session_state.get("sweeps-address") != asked:
        st.session_state["sweeps-study"] = st.session_state["sweeps-address"] = asked
    if st.session_state.get("sweeps-study") not in found:
        st.session_state["sweeps-study"] = next(iter(found))
    chosen = st.selectbox(
        "Sweep",
        list(found),
        format_func=lambda study: found[study].name,
        key="sweeps-study",
        label_visibility="collapsed",
        width=320,
        persist_state="session",
    )
    st.query_params["study"] = st.session_state["sweeps-address"] = chosen
    return found[chosen]


def show(study: Study) -> None:
    """Show a sweep; while it is under way, drawn anew about once a second."""
    sweep = study.sweep
    if sweep is None:
        return
    request = sweep.request
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(said(study.name), anchor=False, width="content")
        entry = next((each for each in current.entries() if each.id == request.scene), None)
        if entry:
            notices.simulated(entry.scene)
        with st.container(horizontal=True, horizontal_alignment="right"):
            sharing(study.folder, key=study.id)
    scene = entry.name if entry else request.scene
    about = (METHODS[request.method].label, TASKS[request.task].label, scene, sweep.takes)
    st.caption(said(" · ".join(about)))
    over = finished(study, trials(study, sweep))
    live = st.fragment(draw, run_every=None if over else every(POLL))
    live(study.id, over)


def finished(study: Study, found: list[Trial]) -> bool:
    """Whether nothing more will happen to a sweep and what was added to it."""
    return bool(study.course.over) and all(trial.state.final for trial in found)


def draw(study_id: str, over: bool) -> None:
    """Draw what changes."""
    study = open_study(study_id)
    sweep = study.sweep
    if sweep is None:
        return
    found = trials(study, sweep)
    if finished(study, found) != over:
        st.rerun()
    progress(study, sweep, found)
    if not found:
        return
    settings = axes(sweep, found)
    first = best(found)
    with st.container(border=True, key="card-coordinates"):
        words = f"{len(found)} trials; best: {sweep.said(first.changes)}" if first else "Trials"
        chart(figure(sweep, found, settings), words, key=f"sweep-{study.id}", height=HEIGHT)
    with st.container(border=True, key="card-trials"):
        st.html(trial_table(study, sweep, found, settings))
        if first:
            scored = sum(trial.value is not None for trial in found)
            st.caption(said(sweep.caution(scored)))
    if first:
        with st.container(border=True, key="card-best"):
            offer(study, sweep, first)


def progress(study: Study, sweep: Sweep, found: list[Trial]) -> None:
    """Say how far the sweep is, with bars of what executes and a way to end it."""
    runs = [run for trial in found for run in trial.runs]
    active = [run for run in runs if not run.status().state.final]
    over = study.course.over
    if over and not active:
        if over not in (DONE, ENDED):
            st.warning(said(f"It ended before its time. {over}"), icon=":material/warning:")
        elif over == ENDED:
            st.caption("Ended before its time.")
        return
    with st.container(border=True, key="card-progress"):
        with st.container(horizontal=True, vertical_alignment="center"):
            count = max(sweep.runs(), len(runs))
            words = f"{len(runs) - len(active)} of {count} runs have ended."
            st.caption(said(words), width="stretch")
            if not over and owners.may_change(study.folder):
                st.button("End the sweep", icon=":material/close:", on_click=end, args=(study,))
        names = {run.id: trial.changes for trial in found for run in trial.runs}
        for run in active[: sweep.search.at_once]:
            words = sweep.said(names[run.id])
            bar(run, words[:1].upper() + words[1:])


def offer(study: Study, sweep: Sweep, first: Trial) -> None:
    """Offer what can be done with the best."""
    run, seed = first.runs[0], max(sweep.seeds) + 1
    st.subheader("The best", anchor=False)
    words = sweep.said(first.changes)
    st.write(said(words[:1].upper() + words[1:]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.page_link(
            "pages/fuse.py",
            label="Use these settings",
            icon=":material/content_copy:",
            query_params={"run": run.id, "clone": "1", "seed": str(seed)},
        )
        st.page_link("pages/compare.py", icon=":material/compare:", query_params={"run": run.id})
        declared = {each.name: each for each in METHODS[run.request.method].settings()}
        if BUDGET not in declared or not owners.may_change(study.folder):
            return
        now = int(run.request.settings[BUDGET])
        most = int(declared[BUDGET].maximum or LONGER * now)
        key = f"longer-{study.id}-{run.id}"
        longer = setting_field(declared[BUDGET], min(LONGER * now, most), key=key, width=150)
        st.button(
            "Train the best longer",
            type="primary",
            icon=":material/model_training:",
            disabled=longer == now,
            on_click=train_longer,
            args=(study, sweep, first, int(longer)),
        )


def train_longer(study: Study, sweep: Sweep, first: Trial, epochs: int) -> None:
    """Start the best once more with other epochs, everything else the same, in the same study."""
    try:
        for seed in sweep.seeds:
            asked = sweep.asks({**first.changes, BUDGET: epochs}, seed)
            engine.local().submit_to(study, replace(asked, label=f"{asked.method}-{epochs}"))
    except BandweaveError as error:
        st.session_state[_AMISS] = error


def end(study: Study) -> None:
    """End a sweep."""
    try:
        engine.local().end_sweep(study)
    except BandweaveError as error:
        st.session_state[_AMISS] = error


main()
