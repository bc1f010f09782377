"""Methods to choose from, as cards by family; where their settings go, and what is said of them."""

from collections.abc import Collection, Iterable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from bandweave.methods import METHODS, families
from bandweave.problem import Method, Task
from bandweave.tiling import overhead
from pages.shared.cards import looks

FAMILIES = {
    "filling": "Gap filling",
    "network": "Networks",
    "classical": "Classical",
    "reference": "Reference rows",
}
"""Headings for families whose name alone does not make one."""
MOST_OPEN = 3
"""How many methods' settings are shown unfolded; more would make the page endless."""
COSTLY = 1.5
"""How many times its own area a block reads before that is said where a run is started."""


def choose_methods(task: type[Task], *, key: str, suggested: Collection[str]) -> list[str]:
    """Offer the methods that suit a task, the suggested ones chosen; return what is chosen."""
    chosen = []
    for family, keys in families().items():
        offered = [METHODS[each] for each in keys if METHODS[each].suits(task)]
        if not offered:
            continue
        for method in offered:
            st.session_state.setdefault(selection_key(key, method.key), method.key in suggested)
        _heading(family, [selection_key(key, method.key) for method in offered], key)
        with st.container(key=f"methods-{family}"):
            chosen += [method.key for method in offered if _card(method, key)]
    return chosen


def selection_key(key: str, method: str) -> str:
    """Return where the session keeps whether a method is chosen."""
    return f"{key}-method-{method}"


def settings_place(method: str, *, key: str) -> DeltaGenerator:
    """Return where a chosen method's settings go: below its name, folded where many have some.

    `key` is the one its selection was asked under. A method without settings gets no name.
    """
    chosen = [each for each in METHODS if st.session_state.get(selection_key(key, each))]
    made = METHODS[method]
    if not made.settings():
        return st.container()
    if sum(bool(METHODS[each].settings()) for each in chosen) > MOST_OPEN:
        return st.expander(f"**{made.label}**", type="compact")
    place = st.container()
    place.subheader(made.label, anchor=False)
    return place


def show_reach(method: Method) -> None:
    """Say how far a method looks where reading that far costs much."""
    halo = method.reach()
    if halo is not None and overhead(halo) > COSTLY:
        st.caption(f":material/zoom_out_map: Looks {looks(halo)}.")


def _heading(family: str, fields: list[str], key: str) -> None:
    """Name a family; with several methods, offer to choose all of them or none."""
    heading = FAMILIES.get(family, family.capitalize())
    with st.container(
        key=f"family-{family}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        st.caption(heading, width="content")
        if len(fields) < 2:
            return
        chosen = [st.session_state[field] for field in fields]
        for label, value in (("All", True), ("None", False)):
            st.button(
                label,
                key=f"{key}-{family}-{label.lower()}",
                type="tertiary",
                help=f"{heading}: choose {label.lower()}",
                disabled=all(each is value for each in chosen),
                on_click=_choose_every,
                args=(fields, value),
            )


def _choose_every(fields: Iterable[str], value: bool) -> None:
    for field in fields:
        st.session_state[field] = value


def _card(method: type[Method], key: str) -> bool:
    field = selection_key(key, method.key)
    with st.container(border=True, key=f"method-{method.key}", gap="xsmall"):
        chosen = st.checkbox(f"**{method.label}**", key=field, persist_state="session")
        st.caption(method.summary)
        weights = method().parameters()
        if weights:
            st.caption(f":material/memory: {weights:,} weights a band")
    return chosen
