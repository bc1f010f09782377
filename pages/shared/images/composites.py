"""Which optical bands are shown: three as red, green and blue, or one."""

from collections.abc import Iterable

import streamlit as st

from pages.shared.images.stretches import VISIBLE

COMPOSITES = {"True colour": VISIBLE, "Infrared": ("nir", "red", "green")}


def composites(bands: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what can be shown of some bands, by name: composites first, then each band."""
    known = tuple(bands)
    whole = {name: three for name, three in COMPOSITES.items() if set(three) <= set(known)}
    return whole | {band[:1].upper() + band[1:]: (band,) for band in known}


def choose_bands(offered: dict[str, tuple[str, ...]], *, key: str) -> tuple[str, ...]:
    """Ask for one of the offered choices, the first unless chosen otherwise."""
    if st.session_state.get(key) not in offered:
        st.session_state[key] = next(iter(offered))
    chosen: str = st.selectbox(
        "Bands",
        list(offered),
        key=key,
        label_visibility="collapsed",
        width=140,
        persist_state="session",
    )
    return offered[chosen]
