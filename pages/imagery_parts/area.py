"""The area of interest: drawn on the images or the map, or typed, and kept as a window of pixels.

Whatever is said last is the area; the drawing and the fields then show it.
"""

from typing import cast

import streamlit as st

from bandweave.errors import BandweaveError, SceneError
from bandweave.prepare.alignment import WGS84, Bounds, extent
from bandweave.prepare.geography import window_within
from bandweave.raster.grid import Grid, Window
from bandweave.tasks.selection import SMALLEST_SIDE
from bandweave.workspace import scene_library
from bandweave.workspace.scene_library import Entry
from pages.imagery_parts.quicklook import area_view
from pages.shared import current, notices
from pages.shared.forms import choose
from pages.shared.map import area_map
from pages.shared.scene_facts import place, size_words

SMALLEST = 32
"""Rows and columns of the smallest area that a network can be trained on."""
DIGITS = 5
"""Decimal places of typed degrees: about a metre."""
IMAGE, MAP = "On the images", "On the map"
DEGREES, PIXELS = "Degrees", "Pixels"
_SIDES = ("West", "South", "East", "North")
_CORNER = ("First row", "First column", "Rows", "Columns")


def area_of_interest(entry: Entry) -> Entry | None:
    """Let the user choose an area of a scene; return the scene made of it once it is saved."""
    grid = entry.scene.grid
    with st.container(border=True, key="card-draw"):
        window = _drawn(entry)
    with st.container(border=True, key="card-area"):
        _fields(entry.id, grid, window)
        return _use(entry, window)


def _drawn(entry: Entry) -> Window | None:
    """Show the scene with its area, and return the area; None while there is none."""
    grid, slot = entry.scene.grid, _slot(entry.id)
    kept: Window | None = st.session_state.get(slot)
    if choose("Draw", (IMAGE, MAP), key="area-on") == IMAGE:
        window = area_view(entry, kept or True)
    else:
        box = area_map(
            entry,
            key=f"area-map-{entry.id}",
            height=460,
            area=grid.at(kept) if kept else None,
        )
        window = (window_within(grid, box) if box else None) or kept
    if window != kept:
        st.session_state[slot] = window
        st.session_state.pop(_problem(entry.id), None)
        # the drawing on the map becomes the area of whole pixels
        if st.session_state["area-on"] == MAP:
            st.rerun()
    return window


def _fields(scene_id: str, grid: Grid, window: Window | None) -> None:
    """Show the area's bounds, of the whole scene while there is none, to be typed over."""
    problem = st.session_state.get(_problem(scene_id))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = choose("Bounds", (DEGREES, PIXELS), key="area-bounds")
        labels = _SIDES if kind == DEGREES else _CORNER
        shown = degrees(grid, window or grid.full) if kind == DEGREES else window or grid.full
        for label, value in zip(labels, shown, strict=True):
            key = f"area-{label}-{scene_id}"
            # what cannot be an area stays as typed, to be put right
            if problem is None or key not in st.session_state:
                st.session_state[key] = value
            st.number_input(
                f"{label} (°)" if kind == DEGREES else label,
                key=key,
                step=0.001 if kind == DEGREES else 1,
                format=f"%.{DIGITS}f" if kind == DEGREES else "%d",
                width=150,
                on_change=_typed,
                args=(scene_id, grid, kind),
            )
    if problem is not None:
        notices.problem(problem)


def _typed(scene_id: str, grid: Grid, kind: str) -> None:
    """Take what was typed as the area, or keep the one there was and say what is wrong."""
    labels = _SIDES if kind == DEGREES else _CORNER
    typed = tuple(st.session_state[f"area-{label}-{scene_id}"] for label in labels)
    before = st.session_state.get(_slot(scene_id)) or grid.full
    try:
        if any(value is None for value in typed):
            raise SceneError("A bound is missing.", f"Give {', '.join(labels).lower()}.")
        window = (
            window_of_degrees(grid, before, cast(Bounds, typed))
            if kind == DEGREES
            else _clipped(grid, Window(*typed))
        )
    except BandweaveError as error:
        st.session_state[_problem(scene_id)] = error
        return
    st.session_state[_slot(scene_id)] = window
    st.session_state.pop(_problem(scene_id), None)


def degrees(grid: Grid, window: Window) -> Bounds:
    """Return a window's bounds in degrees: west, south, east, north, rounded as they are shown."""
    west, south, east, north = (round(side, DIGITS) for side in extent(grid.at(window), WGS84))
    return west, south, east, north


def window_of_degrees(grid: Grid, before: Window, typed: Bounds) -> Window:
    """Return the pixels inside typed bounds; a side that still says what it said stays as it was.

    Without that, a grid that is not north-up in degrees would grow at every change.
    """
    west, south, east, north = typed
    if not (west < east and south < north):
        raise SceneError(
            f"Bounds from {west:g} to {east:g} east and {south:g} to {north:g} north enclose "
            "nothing.",
            "West must be less than east, and south less than north.",
        )
    found = window_within(grid, typed)
    if found is None:
        raise SceneError("The bounds lie outside the scene.", f"It spans {place(grid)}.")
    same = [new == old for new, old in zip(typed, degrees(grid, before), strict=True)]
    left = before.col if same[0] else found.col
    bottom = before.stop[0] if same[1] else found.stop[0]
    right = before.stop[1] if same[2] else found.stop[1]
    top = before.row if same[3] else found.row
    return _clipped(grid, Window(top, left, bottom - top, right - left))


def _clipped(grid: Grid, window: Window) -> Window:
    """Return the part of a window that is inside the grid."""
    bottom, right = (min(stop, size) for stop, size in zip(window.stop, grid.shape, strict=True))
    row, col = max(0, window.row), max(0, window.col)
    if bottom <= row or right <= col:
        raise SceneError(
            "The bounds enclose no pixel of the scene.",
            f"Rows run from 0 to {grid.height - 1}, columns from 0 to {grid.width - 1}.",
        )
    return Window(row, col, bottom - row, right - col)


def _use(entry: Entry, window: Window | None) -> Entry | None:
    """Say how large the area is, and save it as a scene when asked to."""
    grid = entry.scene.grid
    words = "Draw a rectangle, or type its bounds."
    fits = window is not None and min(window[2:]) >= SMALLEST
    if window is not None:
        words = size_words(grid.at(window))
        if not fits:
            words += f": too small to train on. It takes at least {SMALLEST} × {SMALLEST} pixels."
        elif min(window[2:]) < SMALLEST_SIDE:
            words += f". Filling clouds takes at least {SMALLEST_SIDE} × {SMALLEST_SIDE} pixels."
    st.markdown(words if fits or window is None else f":red[{words}]")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suggested = _free_name(entry)
        name = st.text_input(
            "Name of the new scene", suggested, 80, key=f"area-name-{suggested}", width=320
        )
        asked = st.button(
            "Use this area", type="primary", icon=":material/crop:", disabled=not fits
        )
    if not asked or window is None:
        return None
    try:
        with st.spinner("Saving the area", show_time=True):
            return scene_library.crop(entry, window, name)
    except BandweaveError as error:
        notices.problem(error)
        return None


def _free_name(entry: Entry) -> str:
    """Return the name of a scene's next area."""
    taken = {known.name for known in current.entries()}
    number = 1
    while f"{entry.name}, area {number}" in taken:
        number += 1
    return f"{entry.name}, area {number}"


def _slot(scene_id: str) -> str:
    return f"chosen-area-{scene_id}"


def _problem(scene_id: str) -> str:
    return f"area-problem-{scene_id}"
