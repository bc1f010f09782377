"""Which images the Compare page shows, how they are laid out, and in what colours."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from bandweave.methods import METHODS
from bandweave.problem import Feature
from bandweave.raster.scene import Role
from bandweave.tasks import TASKS
from pages.shared.forms import choose
from pages.shared.images.composites import choose_bands, composites
from pages.shared.images.panels import (
    CLOUDS,
    DIFFERENCE,
    ERROR,
    GIVEN,
    ORIGINAL,
    RADAR,
    Look,
    Panels,
)
from pages.shared.images.stretches import PERCENTILES
from pages.shared.names import said
from pages.shared.viewer import MOST_PANELS

SIDE, SWIPE, MAP = "Side by side", "Swipe", "Map"
SHARED, SEPARATE = "Shared", "Separate"
ERRORS = {"Difference": DIFFERENCE, "Error": ERROR}
FIRST_RESULTS = 2
ASIDE = ("reference",)
"""Families shown only where there is nothing else, or when asked for."""
SAME = "As the others"


@dataclass(frozen=True)
class Arrangement:
    """Images by id, in order, and how they are shown."""

    mode: str
    shown: tuple[str, ...]
    look: Look


def arrange(panels: Panels, task: str, run_id: str) -> Arrangement:
    """Ask for mode, images and colours; the run of that id (if any) is shown first."""
    titles = panels.titles
    place = f"{panels.entry.id}-{task}"
    usual = _usual(panels, task, run_id)
    optical = panels.entry.scene.all(Role.OPTICAL, earlier=False)
    with st.container(horizontal=True, vertical_alignment="center", key="compare-images-row"):
        mode = choose("Mode", (SIDE, SWIPE, MAP), key="compare-mode")
        if mode == SIDE:
            shown = _images(titles, usual, place)
            shown = _with_errors(panels, shown)
        else:
            shown = _two(titles | _error_titles(panels, list(titles)), usual, place)
        bands = choose_bands(composites(optical[0].bands), key="compare-bands") if optical else ()
        look = _display(panels, shown, bands, titles)
    return Arrangement(mode, tuple(shown), look)


def _usual(panels: Panels, task: str, run_id: str) -> list[str]:
    """Return what is shown unless the user picks: what was given, results, the original."""
    done = {row.run.id: row for row in panels.rows}
    # what methods made is looked at before the rows they are measured against
    ranked = sorted(done, key=lambda each: METHODS[done[each].run.request.method].family in ASIDE)
    results = [run_id] if run_id in done else ranked[:FIRST_RESULTS]
    titles = panels.titles
    gaps = Feature.GAPS in TASKS[task].offers and GIVEN in titles if task else False
    wanted = [GIVEN, *results, ORIGINAL] if gaps else [ORIGINAL, *results]
    if not results:
        wanted = [ORIGINAL, *(each for each in titles if each.startswith(RADAR))]
    return [each for each in wanted if each in titles]


def _images(titles: dict[str, str], usual: list[str], place: str) -> list[str]:
    key = f"compare-images-{place}"
    kept = [each for each in st.session_state.get(key, usual) if each in titles]
    if kept != st.session_state.get(key):
        st.session_state[key] = kept
    chosen = st.multiselect(
        "Images",
        list(titles),
        format_func=lambda each: titles.get(each, each),
        key=key,
        label_visibility="collapsed",
        max_selections=MOST_PANELS,
        placeholder="Choose images",
        persist_state="session",
    )
    return chosen or usual


def _with_errors(panels: Panels, shown: Sequence[str]) -> list[str]:
    """Add what each shown result differs by, as far as there is room."""
    wanted = st.pills(
        "Errors",
        list(ERRORS),
        selection_mode="multi",
        key="compare-errors",
        label_visibility="collapsed",
        persist_state="session",
    )
    added = [
        each
        for title in wanted
        for each in _error_titles(panels, shown)
        if each.startswith(f"{ERRORS[title]}:")
    ]
    return [*shown, *added][:MOST_PANELS]


def _error_titles(panels: Panels, shown: Sequence[str]) -> dict[str, str]:
    """Return the difference and error panels there are for the results among some panels."""
    found = {}
    for title, kind in ERRORS.items():
        for run_id in panels.compared():
            if run_id in shown and (kind == DIFFERENCE or panels.judged(run_id)):
                found[f"{kind}:{run_id}"] = f"{title}: {panels.titles[run_id]}"
    return found


def _two(titles: dict[str, str], usual: list[str], place: str) -> list[str]:
    """Ask for the two images under a swipe."""
    results = [each for each in usual[1:] if each not in (ORIGINAL, GIVEN)]
    first = (usual[0], (results or usual)[-1])
    chosen = []
    for side, preferred in zip(("Left", "Right"), first, strict=True):
        key = f"compare-images-{side}-{place}"
        if st.session_state.get(key) not in titles:
            st.session_state[key] = preferred
        chosen.append(
            st.selectbox(
                side,
                list(titles),
                format_func=lambda each: titles.get(each, each),
                key=key,
                label_visibility="collapsed",
                width=220,
                persist_state="session",
            )
        )
    return chosen


def _display(
    panels: Panels, shown: Sequence[str], bands: tuple[str, ...], titles: dict[str, str]
) -> Look:
    """Ask for the stretch, and for bands of single images."""
    with st.popover("Display", icon=":material/tune:"):
        stretch = choose("Stretch", (SHARED, SEPARATE), key="compare-stretch", labelled=True)
        low, high = st.slider(
            "Percentiles shown as black and white",
            0.0,
            100.0,
            PERCENTILES,
            0.5,
            format="%g %%",
            key="compare-percentiles",
            persist_state="session",
        )
        own = _own_bands(panels, shown, titles)
    # two equal percentiles span nothing
    percentiles = (low, high) if high > low else PERCENTILES
    return Look(bands, own, stretch == SHARED, percentiles)


def _own_bands(
    panels: Panels, shown: Sequence[str], titles: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    optical = panels.entry.scene.all(Role.OPTICAL, earlier=False)
    offered = composites(optical[0].bands) if optical else {}
    names = titles | _error_titles(panels, shown)
    own = {}
    for each in shown:
        if each.startswith(RADAR) or each == CLOUDS or not offered:
            continue
        chosen = st.selectbox(
            said(names[each]),
            [SAME, *offered],
            key=f"compare-own-{panels.entry.id}-{each}",
            persist_state="session",
        )
        if chosen != SAME:
            own[each] = offered[chosen]
    return own
