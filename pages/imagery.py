"""Imagery: the scenes there are, a look at each, an area cut from one, and the import of files."""

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.workspace import owners, scene_library
from bandweave.workspace.scene_library import Entry
from pages.imagery_parts.area import area_of_interest
from pages.imagery_parts.deleting import damaged, discard, undo
from pages.imagery_parts.histograms import histograms
from pages.imagery_parts.importing import importing
from pages.imagery_parts.quicklook import layers_view
from pages.shared import current, demo, notices
from pages.shared.forms import choose
from pages.shared.names import said
from pages.shared.people.account import sharing
from pages.shared.scene_facts import scene_facts

SCENE, AREA, IMPORT = "Scene", "Area of interest", "Import"
_NEXT = "imagery-next"


def main() -> None:
    """Show the page."""
    if goal := st.session_state.pop(_NEXT, None):
        st.session_state["imagery-view"] = goal
    with st.container(horizontal=True, vertical_alignment="bottom", key="head"):
        with st.container(gap=None):
            st.title("Imagery", anchor=False)
            st.caption("Optical and radar images of one place, on one grid.")
        view = choose("View", (SCENE, AREA, IMPORT), key="imagery-view")
    undo()
    if view == IMPORT:
        opened(importing())
        return
    with st.container(horizontal=True, vertical_alignment="center", key="scene-row"):
        entry = current.choose_scene()
        if entry:
            about(entry)
    damaged()
    if entry is None:
        empty()
        return
    try:
        if view == AREA:
            opened(area_of_interest(entry))
        else:
            look(entry)
    except BandweaveError as error:
        notices.problem(error)


def about(entry: Entry) -> None:
    """Show what can be done with a scene."""
    notices.simulated(entry.scene)
    st.page_link(
        "pages/fuse.py",
        label="Fuse this scene",
        icon=":material/join_inner:",
        query_params={"scene": entry.id},
    )
    sharing(entry.folder, key=entry.id)
    if entry.id != scene_library.DEMO and owners.may_change(entry.folder):
        st.button(
            "Delete",
            icon=":material/delete:",
            type="tertiary",
            on_click=discard,
            args=(entry.id, entry.name),
        )


def look(entry: Entry) -> None:
    """Show a scene: its layers, their histograms, and what is known of it."""
    with st.container(border=True, key="card-look"):
        layers_view(entry)
    left, right = st.columns([3, 2])
    with left, st.container(border=True, key="card-facts", height="stretch"):
        scene_facts(entry)
    with right, st.container(border=True, key="card-histograms", height="stretch"):
        histograms(entry)


def opened(entry: Entry | None) -> None:
    """Make a scene that was just saved the current one, and show it."""
    if entry is None:
        return
    current.remember(current.SCENE, entry.id)
    st.session_state[_NEXT] = SCENE
    st.toast(f"Saved as “{said(entry.name)}”.", icon=":material/check:")
    st.rerun()


def empty() -> None:
    """Say what to do while there is no scene."""
    st.caption("No scene yet. Import GeoTIFFs of your own, or wait for the demo.")
    notices.preparing(demo.failure())


main()
