"""Methods to choose from, as cards by family."""

from collections.abc import Collection

import streamlit as st

from core.methods import METHODS, families
from core.problem import Method, Task

FAMILIES = {"network": "Networks", "reference": "Reference rows"}
"""Headings for families whose name alone does not make one."""


def choose_methods(task: type[Task], *, key: str, suggested: Collection[str]) -> list[str]:
    """Offer the methods that suit a task, the suggested ones chosen; return what is chosen."""
    chosen = []
    for family, keys in families().items():
        offered = [METHODS[each] for each in keys if METHODS[each].suits(task)]
        if not offered:
            continue
        st.caption(FAMILIES.get(family, family.capitalize()))
        with st.container(key=f"methods-{family}"):
            chosen += [method.key for method in offered if _card(method, key, suggested)]
    return chosen


def selection_key(key: str, method: str) -> str:
    """Return where the session keeps whether a method is chosen."""
    return f"{key}-method-{method}"


def _card(method: type[Method], key: str, suggested: Collection[str]) -> bool:
    field = selection_key(key, method.key)
    if field not in st.session_state:
        st.session_state[field] = method.key in suggested
    with st.container(border=True, key=f"method-{method.key}", gap="xsmall"):
        chosen = st.checkbox(f"**{method.label}**", key=field, persist_state="session")
        st.caption(method.summary)
        weights = method().parameters()
        if weights:
            st.caption(f":material/memory: {weights:,} weights a band")
    return chosen
