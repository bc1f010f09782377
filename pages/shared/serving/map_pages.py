"""Whole pages of maps, by opaque ids: a page of its own may be held to rules of its own."""

import hashlib
import secrets
import threading
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from pages.shared.serving.addresses import NEVER, everywhere, prefix

MAPS = "/api/maps/"
KEPT = 256
_SECRET = secrets.token_bytes(32)
_pages: OrderedDict[str, str] = OrderedDict()
_lock = threading.Lock()


def map_page(html: str) -> str:
    """Let the browser ask for a page, and return its address; the oldest are forgotten."""
    identity = hashlib.blake2b(html.encode(), key=_SECRET, digest_size=12).hexdigest()
    with _lock:
        _pages[identity] = html
        _pages.move_to_end(identity)
        while len(_pages) > KEPT:
            _pages.popitem(last=False)
    return f"{prefix()}{MAPS}{identity}"


def page(request: Request) -> Response:
    """Answer a map's page; 404 for one that nobody asked for."""
    with _lock:
        html = _pages.get(request.path_params["page"])
    return PlainTextResponse("No such map.", 404, NEVER) if html is None else _found(html)


def _found(html: str) -> Response:
    return HTMLResponse(html, headers=NEVER)


def routes() -> list[Route]:
    """Return the route of maps."""
    return everywhere(f"{MAPS}{{page}}", page)
