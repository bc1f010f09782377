"""Compare: results of one scene beside the original, under a swipe, on the map, along a line."""

from collections.abc import Sequence

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.tasks import TASKS
from bandweave.workspace.run_folders import Run, State
from bandweave.workspace.scene_library import Entry
from pages.compare_parts.arrangement import MAP, SWIPE, Arrangement, arrange
from pages.compare_parts.candidates import candidates, follow, task_key, tasks_on
from pages.compare_parts.profile_chart import profile_chart
from pages.shared import current, notices
from pages.shared.forms import choose
from pages.shared.images.panels import Panels
from pages.shared.map import swipe_map
from pages.shared.names import said
from pages.shared.results import Result
from pages.shared.scores.downloads import downloads
from pages.shared.scores.regions import REGIONS, preferred
from pages.shared.scores.tables import score_table
from pages.shared.viewer import viewer


def main() -> None:
    """Show the page."""
    with st.container(gap=None):
        st.title("Compare", anchor=False)
        st.caption("Results beside the original: every pixel, at the same place.")
    run = follow()
    with st.container(horizontal=True, vertical_alignment="center", key="compare-scope"):
        entry = current.choose_scene()
        task = choose_task(entry) if entry else ""
        if entry:
            notices.simulated(entry.scene)
    if entry is None:
        with st.container(border=True, key="card-empty"):
            st.write("There is no scene yet.")
            st.page_link("pages/imagery.py", label="Add imagery", icon=":material/satellite_alt:")
        return
    state_of(run, entry)
    try:
        compare(entry, task, candidates(entry, task), run)
    except BandweaveError as error:
        notices.problem(error)


def choose_task(entry: Entry) -> str:
    """Ask for one of the tasks that have results on the scene; empty without any."""
    labels = {TASKS[key].label: key for key in tasks_on(entry)}
    return labels[choose("Task", labels, key=task_key(entry.id))] if labels else ""


def state_of(run: Run | None, entry: Entry) -> None:
    """Say what became of the session's run where it has no image to show."""
    if run is None or run.request.scene not in (entry.id, str(entry.folder)):
        st.query_params.pop(current.RUN, None)
        return
    current.remember(current.RUN, run.id)
    state = run.status().state
    notices.failed(run)
    if not state.final:
        st.caption("The run you asked for is still under way.")
        st.page_link(
            "pages/runs.py",
            label="Watch it",
            icon=":material/list_alt:",
            query_params={"run": run.id},
        )
    elif state is State.CANCELLED:
        st.caption("The run you asked for was cancelled.")


def compare(entry: Entry, task: str, rows: Sequence[Result], run: Run | None) -> None:
    """Show the images, a profile through them, and the scores of what is shown."""
    with st.container(border=True, key="card-panels"):
        arrangement, panels = arranged(entry, task, rows, run)
        images(panels, arrangement)
        if not rows:
            st.write(f"Nothing has been finished on {said(entry.name)} yet.")
            st.page_link("pages/fuse.py", label="Fuse this scene", icon=":material/join_inner:")
    with st.container(border=True, key="card-profile"):
        profile_chart(panels, arrangement.shown)
    shown = {row.run.id: row for each in arrangement.shown if (row := panels.row(each))}
    if shown:
        with st.container(border=True, key="card-scores"):
            scores(list(shown.values()))


def arranged(
    entry: Entry, task: str, rows: Sequence[Result], run: Run | None
) -> tuple[Arrangement, Panels]:
    """Let the user choose images and colours; return them with the panels they make."""
    own = next((row for row in rows if run and row.run.id == run.id), None)
    given = own or next((row for row in rows if row.run.hidden is not None), None)
    offered = Panels(entry, rows, given_to=given)
    arrangement = arrange(offered, task, own.run.id if own else "")
    return arrangement, Panels(entry, rows, arrangement.look, given_to=given)


def images(panels: Panels, arrangement: Arrangement) -> None:
    """Show the images as the user wants them laid out."""
    shown = arrangement.shown
    layers = [panels.layer(each, shown) for each in shown]
    grid, key = panels.entry.scene.grid, f"compare-{panels.entry.id}"
    if arrangement.mode == MAP:
        swipe_map(layers[0], layers[-1], grid, key=key)
    else:
        viewer(grid, layers, key=key, mode="swipe" if arrangement.mode == SWIPE else "side")


def scores(rows: Sequence[Result]) -> None:
    """Show the scores of the shown results, and offer each for taking away."""
    regions = preferred({score["region"] for row in rows for score in row.run.scores()})
    estimated = any(row.run.result().get("estimated") for row in rows)
    place = REGIONS.get(regions[0], regions[0]).lower() if regions else ""
    title = "Estimated on simulated gaps" if estimated else f"Scores, {place}"
    st.subheader(title if regions else "Not scored here", anchor=False)
    if regions:
        st.html(score_table(rows, regions[0]))
    for row in rows:
        if reason := row.run.result().get("not_scored"):
            st.caption(f"**{said(row.title)}**: not scored here. {said(reason)}")
    with st.container(horizontal=True, vertical_alignment="center", key="compare-away"):
        for row in rows:
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.caption(said(row.title), width="content")
                downloads(row.run)
        st.page_link(
            "pages/metrics.py",
            label="All metrics",
            icon=":material/bar_chart:",
            query_params={"run": rows[0].run.id},
        )


main()
