"""Where our own addresses begin: below `server.baseUrlPath`, which moves only Streamlit's own."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

import streamlit as st
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}
NEVER = {"Cache-Control": "no-store"}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class _Place(Convertor[int]):
    """A number as a part of an address, `{x:place}`: as many digits as any image has pixels."""

    regex: ClassVar[str] = "[0-9]{1,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("place", _Place())


def prefix() -> str:
    """Return what an address of ours begins with, as the browser asks for it."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}" if base else ""


def everywhere(
    address: str, endpoint: Callable[[Request], Response | Awaitable[Response]]
) -> list[Route]:
    """Return an address's routes: below the base path, and without it as proxies may ask."""
    return [Route(before + address, endpoint) for before in dict.fromkeys(("", prefix()))]


def nowhere() -> list[Route]:
    """Return routes for whatever else is asked for where ours are; Streamlit would show a page."""
    return [
        Route(f"{before}/{place}{below}", _absent, methods=_METHODS)
        for before in dict.fromkeys(("", prefix()))
        for place in ("api", "vendor")
        for below in ("", "/{rest:path}")
    ]


def _absent(request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        return PlainTextResponse("This can only be read.", 405, NEVER | {"Allow": "GET, HEAD"})
    return PlainTextResponse("No such address.", 404, NEVER)
