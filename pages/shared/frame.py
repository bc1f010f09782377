"""What surrounds every page: title, logo, and the few rules the theme has no setting for."""

from pathlib import Path

import streamlit as st

from pages.shared.serving.health import VERSION

_FOLDER = Path(__file__).parent
ASSETS = _FOLDER / "assets"


def frame() -> None:
    """Set up the window; called once a run, before the page."""
    st.set_page_config("Bandweave", str(ASSETS / "icon.svg"), layout="wide")
    st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"), size="large")
    st.html(_FOLDER / "frame.css")
    st.sidebar.caption(f"Bandweave {VERSION}")
