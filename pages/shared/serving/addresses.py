"""Where our own addresses begin: below `server.baseUrlPath`, which moves only Streamlit's own."""

from collections.abc import Awaitable, Callable

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}
NEVER = {"Cache-Control": "no-store"}


def prefix() -> str:
    """Return what an address of ours begins with, as the browser asks for it."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def everywhere(
    address: str, endpoint: Callable[[Request], Response | Awaitable[Response]]
) -> list[Route]:
    """Return an address's routes: below the base path, and without it as proxies may ask."""
    return [Route(before + address, endpoint) for before in dict.fromkeys(("", prefix()))]
