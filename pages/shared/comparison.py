"""Images of one scene side by side or under a swipe, chosen by the user."""

from collections.abc import Sequence

import streamlit as st

from core.library import Entry
from pages.shared import demo, notices, panels
from pages.shared.forms import choose
from pages.shared.results import Result
from pages.shared.viewer import MOST_PANELS, viewer

SIDE, SWIPE = "Side by side", "Swipe"
COLOURS = {
    "True colour": demo.VISIBLE,
    **{band.capitalize(): (band,) for band in demo.VISIBLE},
}


def comparison(task: str, entry: Entry, rows: Sequence[Result]) -> None:
    """Show the original and the newest results, or what the user picks of what there is."""
    offered = panels.choices(task, rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = choose("View", (SIDE, SWIPE), key="view")
        colours = st.selectbox(
            "Bands",
            list(COLOURS),
            key="colours",
            label_visibility="collapsed",
            width=130,
            persist_state="session",
        )
        shown = _panels(task, offered, swipe=view == SWIPE)
        notices.simulated(entry.scene)
    layers = [panels.panel(each, task, rows, entry, COLOURS[colours]) for each in shown]
    viewer(entry.scene.grid, layers, key="comparison", mode="swipe" if view == SWIPE else "side")


def _panels(task: str, offered: panels.Choices, *, swipe: bool) -> Sequence[str]:
    """Ask which images to show; a new result takes its method's place by itself."""
    usual = offered.swiped if swipe else offered.usual
    chosen = st.multiselect(
        "Images",
        list(offered.titles),
        default=list(usual),
        format_func=lambda each: offered.titles[each],
        key="-".join(("images", task, *usual)),
        label_visibility="collapsed",
        max_selections=2 if swipe else MOST_PANELS,
        placeholder="Choose images",
        persist_state="session",
    )
    return chosen or usual
