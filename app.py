"""Entry point: `streamlit run app.py`.

The server imports this file once, for its routes; each session then executes it as `__main__`.
"""

import logging
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent


def navigation(*, shown: bool = True) -> st.Page:
    """Declare the pages and return the one asked for; the menu is not always shown."""
    pages = ROOT / "pages"
    return st.navigation(
        {
            "": [
                st.Page(pages / "home.py", title="Overview", icon=":material/home:", default=True)
            ],
            "Work": [
                st.Page(pages / "imagery.py", title="Imagery", icon=":material/satellite_alt:"),
                st.Page(pages / "fuse.py", title="Fuse", icon=":material/join_inner:"),
                st.Page(pages / "runs.py", title="Runs", icon=":material/list_alt:"),
                st.Page(pages / "sweeps.py", title="Sweeps", icon=":material/tune:"),
            ],
            "Results": [
                st.Page(pages / "compare.py", title="Compare", icon=":material/compare:"),
                st.Page(pages / "metrics.py", title="Metrics", icon=":material/bar_chart:"),
            ],
            "Reference": [
                st.Page(pages / "paper.py", title="The paper", icon=":material/menu_book:"),
                st.Page(pages / "methods.py", title="Methods", icon=":material/schema:"),
            ],
        },
        position="sidebar" if shown else "hidden",
    )


if __name__ != "__main__":
    from starlette.middleware import Middleware

    from pages.shared.demo import lifespan
    from pages.shared.people.requests import AsPerson, enforce_or_exit
    from pages.shared.serving.leaving import leaving
    from pages.shared.serving.memory import give_back
    from pages.shared.serving.offline import stay_offline
    from pages.shared.serving.routes import routes
    from pages.shared.serving.start import guard

    enforce_or_exit()
    stay_offline()
    give_back()

    # Streamlit would take pages/ for pages of its own if a deep link came first; it warns that
    # there is no session yet, which is the point
    log = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    log.setLevel(logging.ERROR)
    navigation()
    log.setLevel(logging.NOTSET)
    inward = [leaving(), guard(), Middleware(AsPerson)]
    app = st.App(ROOT / "app.py", routes=routes(), middleware=inward, lifespan=lifespan)
else:
    from pages.shared.frame import frame, workspace
    from pages.shared.people.account import sign_in, signed_in

    frame()
    page = navigation(shown=signed_in())
    workspace()
    (page.run if signed_in() else sign_in)()
