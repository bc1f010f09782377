"""What is decided once, before the first request: whom the server answers, and how it logs."""

import sys

from starlette.middleware import Middleware
from streamlit import config

from bandweave.errors import SettingError
from pages.shared.serving.guard import Guard
from pages.shared.serving.logs import join_logs
from pages.shared.serving.origins import edge


def guard() -> Middleware:
    """Return what stands before everything on the port; set the log and Streamlit up.

    A setting that is wrong ends the server with a sentence.
    """
    try:
        join_logs()
        found = edge()
    except SettingError as error:
        sys.exit(f"{error.message} {error.hint}")
    config.set_option("server.corsAllowedOrigins", sorted(found.origins))
    # never less than this, whatever was asked: what is allowed is said by the origins
    config.set_option("server.enableCORS", True)
    config.set_option("server.enableXsrfProtection", True)
    return Middleware(Guard, edge=found, address=config.get_option("server.address") or "")
