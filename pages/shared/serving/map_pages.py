"""Whole pages of maps, by opaque ids: a page of its own may be held to rules of its own."""

import hashlib
import secrets
import threading
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from bandweave.workspace import owners
from pages.shared.serving.addresses import NEVER, everywhere, prefix

MAPS = "/api/maps/"
KEPT = 256
_SECRET = secrets.token_bytes(32)
_pages: OrderedDict[str, tuple[str, str]] = OrderedDict()
"""Who asked for a page, and the page."""
_lock = threading.Lock()


def map_page(html: str) -> str:
    """Let the browser ask for a page, and return its address; the oldest are forgotten."""
    mine = owners.viewer().id
    stated = f"{mine} {html}".encode()
    identity = hashlib.blake2b(stated, key=_SECRET, digest_size=12).hexdigest()
    with _lock:
        _pages[identity] = mine, html
        _pages.move_to_end(identity)
        while len(_pages) > KEPT:
            _pages.popitem(last=False)
    return f"{prefix()}{MAPS}{identity}"


def page(request: Request) -> Response:
    """Answer a map's page; 404 for one that nobody asked for, or somebody else."""
    with _lock:
        whose, html = _pages.get(request.path_params["page"], ("", ""))
    if not html or whose != owners.viewer().id:
        return PlainTextResponse("No such map.", 404, NEVER)
    return HTMLResponse(html, headers=NEVER)


def routes() -> list[Route]:
    """Return the route of maps."""
    return everywhere(f"{MAPS}{{page}}", page)
