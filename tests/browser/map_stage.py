"""A page with nothing but the area map, on two small scenes."""

from pathlib import Path

import streamlit as st

from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library
from pages.shared.map import area_map
from pages.shared.serving.routes import routes
from pages.shared.serving.start import guard


def page() -> None:
    """Show the map and, in words, how often the page ran and what it got."""
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    first, second = sorted(scene_library.entries(), key=lambda entry: entry.id)
    drawn = area_map(first, key="stage", others=[second])
    st.button("Again")
    st.text(f"runs {st.session_state['runs']}")
    st.text(f"drawn {drawn and ' '.join(f'{side:.5f}' for side in drawn)}")


if __name__ != "__main__":
    scene_library.store(make_scene(300, 300), "first")
    scene_library.store(make_scene(100, 100), "second")
    app = st.App(Path(__file__), routes=routes(), middleware=[guard()])
else:
    page()
