"""Starting a run's settings over again: from an address to the filled form."""

from dataclasses import replace

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.workspace.run_folders import open_run
from pages.fuse_parts import fusion_form
from pages.shared import current, notices

CLONE, SEED = "clone", "seed"


def clone_asked() -> None:
    """Fill the form from the run that the address asks to clone, once; with its seed or another."""
    if CLONE not in st.query_params:
        return
    del st.query_params[CLONE]
    seed = st.query_params.pop(SEED, "")
    try:
        request = open_run(st.query_params.get(current.RUN, "")).request
    except BandweaveError as error:
        notices.problem(error)
        return
    fusion_form.fill(
        replace(request, seed=int(seed)) if seed.isdecimal() and len(seed) < 10 else request
    )
    if request.scene in {entry.id for entry in current.entries()}:
        current.remember(current.SCENE, request.scene)
    else:
        st.warning(
            "The scene of that run is gone. Its task and seed are filled in; choose another scene.",
            icon=":material/warning:",
        )
