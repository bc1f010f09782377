"""Runs: find one, watch it, name it, stop it, delete it, and start it over."""

from collections.abc import Iterable

import streamlit as st

from bandweave.methods import METHODS
from bandweave.tasks import TASKS
from bandweave.workspace.run_folders import Run, State, open_run
from bandweave.workspace.studies import all_studies, damaged_studies
from pages.runs_parts.run_details import discard_study, run_details, undo
from pages.shared import current
from pages.shared.damage import damaged_row
from pages.shared.running.run_list import Filter, Row, rows
from pages.shared.running.run_table import STATES, run_table


def main() -> None:
    """Show the page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Runs", anchor=False, width="stretch")
        found = rows()
        wanted = filters(found) if found else Filter()
    undo()
    for study in damaged_studies():
        if error := study.damage:
            damaged_row("study", study.folder, error, discard_study)
    if not found:
        with st.container(border=True, key="card-empty"):
            st.write("Nothing has been run yet.")
            st.page_link("pages/fuse.py", label="Fuse imagery", icon=":material/join_inner:")
        return
    run = shown(wanted.chosen(found))
    with st.container(border=True, key="card-runs"):
        run_table(wanted, run.id if run else None)
    if run:
        with st.container(border=True, key="card-run"):
            run_details(run)


def shown(found: list[Row]) -> Run | None:
    """Return the session's run; at first the newest that is executing, else the newest."""
    run = current.run()
    if run is None and current.RUN in st.query_params:
        st.warning("The run of this address is gone.", icon=":material/warning:")
    if run is None and found:
        executing = [row for row in found if row.state == State.RUNNING.capitalize()]
        run = open_run((executing or found)[0].id)
    if run is not None:
        current.remember(current.RUN, run.id)
    return run


def filters(found: list[Row]) -> Filter:
    """Ask which runs are wanted."""
    words = st.text_input(
        "Search",
        key="runs-words",
        placeholder="Search",
        icon=":material/search:",
        label_visibility="collapsed",
        width=220,
        persist_state="session",
    )
    studies = {study.id: study.name for study in all_studies()}
    with st.popover("Filter", icon=":material/filter_list:"):
        return Filter(
            words or "",
            states=several("State", STATES),
            scenes=several("Scene", sorted({row.scene for row in found if row.scene})),
            tasks=several("Task", [task.label for task in TASKS.values()]),
            methods=several("Method", [method.label for method in METHODS.values()]),
            study=st.selectbox(
                "Study",
                list(studies),
                None,
                format_func=lambda study: studies[study],
                key="runs-study",
                placeholder="Any",
                persist_state="session",
            )
            or "",
        )


def several(label: str, options: Iterable[str]) -> tuple[str, ...]:
    """Ask for some of a few options; none stands for all."""
    key = f"runs-{label.lower()}"
    return tuple(
        st.multiselect(label, list(options), key=key, placeholder="Any", persist_state="session")
    )


main()
