"""What surrounds every page: title, logo, and the few rules the theme has no setting for."""

from pathlib import Path

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.workspace import paths
from pages.shared.names import said
from pages.shared.people.account import signature
from pages.shared.serving.health import VERSION

_FOLDER = Path(__file__).parent
ASSETS = _FOLDER / "assets"


def frame() -> None:
    """Set up the window; called once a run, before the page."""
    st.set_page_config("Bandweave", str(ASSETS / "icon.svg"), layout="wide")
    st.logo(str(ASSETS / "logo.svg"), icon_image=str(ASSETS / "icon.svg"), size="large")
    st.html(_FOLDER / "frame.css")
    signature()
    st.sidebar.caption(f"Bandweave {VERSION}")


def workspace() -> None:
    """Say why the workspace cannot be used, and show no page, where that is so."""
    try:
        paths.home()
    except BandweaveError as error:
        st.error(said(f"{error.message} {error.hint}"), icon=":material/error:")
        st.stop()
