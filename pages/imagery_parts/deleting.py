"""Deleting scenes, and taking it back."""

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.workspace import scene_library
from pages.shared import current, notices
from pages.shared.damage import damaged_row

_DELETED = "deleted-scene"


def discard(scene_id: str, name: str) -> None:
    """Delete a scene in a way that can be undone."""
    try:
        scene_library.discard(scene_id)
        st.session_state[_DELETED] = (scene_id, name)
    except BandweaveError as error:
        st.session_state[_DELETED] = error


def restore(scene_id: str) -> None:
    """Bring a deleted scene back and make it the current one."""
    try:
        current.remember(current.SCENE, scene_library.restore(scene_id).id)
        st.session_state.pop(_DELETED)
    except BandweaveError as error:
        st.session_state[_DELETED] = error


def undo() -> None:
    """Say what was deleted last and offer it back, or why it could not be."""
    deleted = st.session_state.get(_DELETED)
    if isinstance(deleted, BandweaveError):
        notices.problem(st.session_state.pop(_DELETED))
    elif deleted:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"“{deleted[1]}” is deleted.", width="content")
            st.button("Undo", icon=":material/undo:", on_click=restore, args=deleted[:1])


def damaged() -> None:
    """Name the scenes that cannot be opened; they are in nobody's way."""
    for entry in scene_library.entries():
        if error := entry.damage:
            damaged_row("scene", entry.folder, error, discard)
