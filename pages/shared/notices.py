"""What pages say in words: what is being prepared, what it will take, what went wrong."""

from collections.abc import Mapping

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.raster.scene import Scene
from bandweave.workspace.run_folders import Request, Run, State, all_runs
from bandweave.workspace.scene_library import Entry
from pages.shared import current, demo
from pages.shared.names import said
from pages.shared.running.estimate import duration, estimated

SIMULATED = "SIMULATED"


def problem(error: BandweaveError) -> None:
    """Say what happened and what to do."""
    st.error(said(f"{error.message} {error.hint}"), icon=":material/error:")


def failed(run: Run) -> None:
    """Say why a run ended without a result, if it did."""
    status = run.status()
    if status.state in (State.FAILED, State.LOST):
        st.error(said(f"{status.error} {status.hint}"), icon=":material/error:")


def simulated(scene: Scene) -> None:
    """Mark a scene that is not real, wherever it is shown."""
    if scene.simulated:
        st.badge(
            SIMULATED, color="orange", help="Made by a model of a delta city, not by a satellite."
        )


@st.fragment(run_every=1.0)
def preparing(error: BandweaveError | None) -> None:
    """Hold the page's shape while the demo scene is made; rerun the page when it is there."""
    if error is not None:
        problem(error)
        return
    if demo.scene() is not None:
        st.rerun()
    with st.container(border=True, key="card-panels"):
        st.caption("The demo scene is being made; this takes a few seconds, once.")
        st.skeleton(360)
    with st.container(border=True, key="card-scores"):
        st.skeleton(120)


@st.fragment(run_every=2.0)
def no_scene() -> None:
    """Say where scenes come from; the page runs again when the demo has been made."""
    if current.entries():
        st.rerun()
    with st.container(border=True, key="card-empty"):
        st.write("There is no scene yet. Import one, or wait until the demo has been made.")
        st.page_link("pages/imagery.py", icon=":material/satellite_alt:")


def offer(
    task: str, changes: Mapping[str, Mapping[str, object]], seed: int, entry: Entry | None
) -> tuple[list[Request], str]:
    """Return what a click would ask for, and what it would take; nothing if it cannot be done."""
    if entry is None:
        return [], ""
    try:
        requests = [demo.request(task, method, values, seed) for method, values in changes.items()]
        runs = all_runs()
        expected = [estimated(request, entry, runs) for request in requests]
    except BandweaveError as error:
        return [], f":red[{said(f'{error.message} {error.hint}')}]"
    steps = sum(each.steps for each in expected)
    seconds = duration(sum(each.seconds for each in expected))
    return requests, f"{steps:,} training steps, about {seconds}"
