"""The demo's images side by side or under a swipe, chosen by the user."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from bandweave.methods import METHODS
from bandweave.workspace.run_folders import State
from bandweave.workspace.scene_library import Entry
from pages.shared import demo, notices
from pages.shared.forms import choose
from pages.shared.images.composites import choose_bands, composites
from pages.shared.images.panels import GIVEN, ORIGINAL, Look, Panels
from pages.shared.results import Result
from pages.shared.viewer import MOST_PANELS, viewer

SIDE, SWIPE = "Side by side", "Swipe"


class Offer(NamedTuple):
    """The images that can be shown, by id, and those shown unless the user picks others."""

    titles: dict[str, str]
    usual: tuple[str, ...]

    @property
    def swiped(self) -> tuple[str, str]:
        """The usual two: what was given against the newest result."""
        results = [each for each in self.usual if each not in (ORIGINAL, GIVEN)]
        return self.usual[0], results[0]


def comparison(task: str, entry: Entry, rows: Sequence[Result]) -> None:
    """Show the original and the newest results, or what the user picks of what there is."""
    with st.container(horizontal=True, vertical_alignment="center"):
        view = choose("View", (SIDE, SWIPE), key="view")
        look = Look(choose_bands(composites(demo.VISIBLE), key="colours"))
        panels = Panels(entry, rows, look)
        shown = _choose(task, offer(task, panels), swipe=view == SWIPE)
        notices.simulated(entry.scene)
    layers = [panels.layer(each, shown) for each in shown]
    viewer(entry.scene.grid, layers, key="comparison", mode="swipe" if view == SWIPE else "side")


def offer(task: str, panels: Panels) -> Offer:
    """Return what can be shown; a network without a result yet has a place that waits for it."""
    newest = tuple(_newest(panels.rows, method) or method for method in demo.NETWORKS)
    waiting = {method: METHODS[method].label for method in newest if method in METHODS}
    if task == "reconstruct":
        return Offer(panels.titles | waiting, (ORIGINAL, *newest))
    titles = {GIVEN: "Input"} | panels.titles | waiting
    return Offer(titles, (GIVEN, *newest, ORIGINAL))


def _choose(task: str, offered: Offer, *, swipe: bool) -> Sequence[str]:
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


def _newest(rows: Sequence[Result], method: str) -> str | None:
    """Return the id of a method's newest finished run."""
    done = [row.run for row in rows if row.run.request.method == method]
    done = [run for run in done if run.status().state is State.DONE]
    return done[-1].id if done else None
