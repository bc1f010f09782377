"""What pages say in words: what is being prepared, what it will take, what went wrong."""

from collections.abc import Mapping, Sequence

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.methods.networks.base import NetworkMethod
from bandweave.raster.grid import Grid
from bandweave.raster.scene import Scene
from bandweave.workspace.run_folders import Request, Run, State
from bandweave.workspace.scene_library import Entry
from pages.shared import current, demo

SIMULATED = "SIMULATED"


def problem(error: BandweaveError) -> None:
    """Say what happened and what to do."""
    st.error(f"{error.message} {error.hint}".strip(), icon=":material/error:")


def failed(run: Run) -> None:
    """Say why a run ended without a result, if it did."""
    status = run.status()
    if status.state in (State.FAILED, State.LOST):
        st.error(f"{status.error} {status.hint}".strip(), icon=":material/error:")


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
        return requests, plan(requests, entry.scene.grid)
    except BandweaveError as error:
        return [], f":red[{error.message} {error.hint}]"


def plan(requests: Sequence[Request], grid: Grid) -> str:
    """Say what the runs will take: steps, and seconds where the demo's first ones tell.

    Raises `MethodError` where a patch does not fit the grid.
    """
    steps, seconds = 0, 0.0
    for request in requests:
        planned = _steps(request, grid)
        steps += planned
        seconds += planned * _pace(request)
    words = f"{steps:,} training steps"
    return f"{words}, about {seconds:.0f} s" if seconds else words


def _steps(request: Request, grid: Grid) -> int:
    network = request.configured_method
    assert isinstance(network, NetworkMethod)
    return len(demo.VISIBLE) * network.plan(*grid.shape).steps


def _pace(request: Request) -> float:
    """Return the seconds a step took in the demo's first run of a method, 0 while unknown."""
    for run in demo.first_runs(request.task):
        if run.request.method == request.method and run.status().state is State.DONE:
            return _seconds_a_step(run)
    return 0.0


def _seconds_a_step(run: Run) -> float:
    training = [line for line in run.history() if line["stage"].startswith("Training")]
    if not training or not training[-1]["step"]:
        return 0.0
    return float(run.result()["seconds"]) / int(training[-1]["step"])
