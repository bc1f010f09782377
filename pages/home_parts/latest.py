"""The newest runs somebody asked for, as links."""

import itertools

import streamlit as st

from bandweave.tasks import TASKS
from bandweave.workspace.run_folders import Run, all_runs
from pages.shared import current
from pages.shared.names import said
from pages.shared.running import run_facts

SHOWN = 4


def latest() -> None:
    """List the newest runs, if there are any; each leads to its page."""
    asked = (run for run in all_runs() if not run.background)
    shown = list(itertools.islice(asked, SHOWN))
    if not shown:
        return
    with st.container(border=True, key="card-latest"):
        st.subheader("Latest runs", anchor=False)
        names = current.names()
        for run in shown:
            _line(run, names)


def _line(run: Run, names: dict[str, str]) -> None:
    request = run.request
    scene = names.get(request.scene, request.scene)
    with st.container(horizontal=True, vertical_alignment="center", key=f"latest-{run.id}"):
        st.page_link(
            "pages/runs.py", label=f"**{said(run_facts.title(run))}**", query_params={"run": run.id}
        )
        st.caption(f"{said(scene)} · {TASKS[request.task].label}", width="content")
        run_facts.badge(run.status().state)
