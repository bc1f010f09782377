"""What a session is looking at: one scene and one run, in the address bar and over page changes.

The address wins when it changes, so that links work; otherwise what was chosen last is kept, and
each page writes it back into its own address.
"""

from collections import Counter
from functools import lru_cache
from pathlib import Path

import streamlit as st

from bandweave.errors import BandweaveError, RunError
from bandweave.workspace import owners, scene_library
from bandweave.workspace.run_folders import Run, open_run

SCENE, RUN = "scene", "run"
OPENED = 12
"""How many scenes keep their files open at once."""


def scene() -> scene_library.Entry | None:
    """Return the session's scene: the address's, else the last chosen, else the newest there is."""
    return _wanted(entries())


def _wanted(known: list[scene_library.Entry]) -> scene_library.Entry | None:
    wanted = _remembered(SCENE)
    found = next((entry for entry in known if entry.id == wanted), None)
    return found or (known[0] if known else None)


def choose_scene(label: str = "Scene", *, width: int = 320) -> scene_library.Entry | None:
    """Let the user choose among the workspace's scenes, the session's first; None without any."""
    known = entries()
    names, shown = _distinct_names(known), _wanted(known)
    if shown is None:
        return None
    # the widget follows a link, or another page's choice, by taking its value as its own
    st.session_state["scene-choice"] = shown.id
    st.selectbox(
        label,
        list(names),
        format_func=lambda scene_id: names.get(scene_id, scene_id),
        key="scene-choice",
        on_change=_chosen,
        label_visibility="collapsed",
        width=width,
    )
    remember(SCENE, shown.id)
    return shown


def names() -> dict[str, str]:
    """Return the scenes' names by id; those that share one say their id too."""
    return _distinct_names(entries())


def _distinct_names(found: list[scene_library.Entry]) -> dict[str, str]:
    often = Counter(entry.name for entry in found)
    return {entry.id: _named(entry, alone=often[entry.name] == 1) for entry in found}


def _named(entry: scene_library.Entry, *, alone: bool) -> str:
    by = owners.said(entry.folder)
    return entry.name + ("" if alone else f" ({entry.id})") + (f" · {by}" if by else "")


def entries() -> list[scene_library.Entry]:
    """Return the scenes that can be opened, newest first; each is opened once."""
    found = scene_library.entries()
    return [entry for entry in map(opened, found) if entry.sound]


def opened(entry: scene_library.Entry) -> scene_library.Entry:
    """Return a scene as it was opened first: its files are opened once."""
    return _opened(entry.id, entry.folder, entry.folder.stat().st_mtime_ns)


def run() -> Run | None:
    """Return the session's run: the address's, else the last chosen; None where it is gone."""
    wanted = _remembered(RUN)
    try:
        return open_run(wanted) if wanted else None
    except RunError:
        return None


def turned(page: str, run: Run) -> str | None:
    """Make a run's scene the session's where a page has not followed the run yet; return its id.

    None where the page has, or where the scene was deleted: the run's folder stays.
    """
    followed = f"{page}-followed"
    if st.session_state.get(followed) == run.id:
        return None
    st.session_state[followed] = run.id
    try:
        found = scene_library.find(run.request.scene).id
    except BandweaveError:
        return None
    remember(SCENE, found)
    return found


def remember(what: str, chosen: str) -> None:
    """Keep a choice for the session's other pages, and put it in this page's address."""
    st.session_state[f"current-{what}"] = chosen
    st.session_state[f"address-{what}"] = chosen
    if st.query_params.get(what) != chosen:
        st.query_params[what] = chosen


def _remembered(what: str) -> str | None:
    asked: str | None = st.query_params.get(what)
    if asked and asked != st.session_state.get(f"address-{what}"):
        st.session_state[f"address-{what}"] = asked
        st.session_state[f"current-{what}"] = asked
    kept: str | None = st.session_state.get(f"current-{what}")
    return kept


def _chosen() -> None:
    chosen = st.session_state["scene-choice"]
    st.session_state[f"current-{SCENE}"] = chosen
    st.session_state[f"address-{SCENE}"] = chosen
    st.query_params[SCENE] = chosen


@lru_cache(maxsize=OPENED)
def _opened(scene_id: str, folder: Path, _: int) -> scene_library.Entry:
    return scene_library.Entry(scene_id, folder)
