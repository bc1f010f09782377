"""Lets everything on the port tell the log what it has to say, as we do."""

import logging
from typing import Any

from streamlit import logger as streamlit_logger

from bandweave import logs

_SERVER = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def join_logs() -> None:
    """Set the server's log up: Streamlit and uvicorn have handlers of their own, which go."""
    logs.set_up()
    for name in _SERVER:
        _hand_on(logging.getLogger(name))
    # Streamlit gives one to each of its loggers, when it is first asked for
    streamlit_logger.setup_formatter = _hand_on
    for each in streamlit_logger._loggers.values():  # noqa: SLF001 - told no other way
        _hand_on(each)


def _hand_on(logger: Any) -> None:
    logger.handlers.clear()
    logger.propagate = True
