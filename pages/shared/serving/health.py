"""Whether the server can do its work, for whoever watches over it."""

import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bandweave.running import engine
from bandweave.workspace import paths
from pages.shared.serving.addresses import NEVER, everywhere

ADDRESS = "/api/health"
LOOKED_EVERY = 2.0
"""Seconds for which the workspace is taken to be as it was found."""
VERSION = version("bandweave")
_lock = threading.Lock()
_found: tuple[float, str, bool] = (-LOOKED_EVERY, "", False)


def health(_: Request) -> Response:
    """Answer `status` and `version`: 200 where all is well, else 503. Says nothing of anybody's."""
    trouble = ""
    if engine.local().stopped:
        trouble = "the engine has stopped"
    elif not _writable():
        trouble = "the workspace cannot be written"
    answer = {"status": trouble or "ok", "version": VERSION}
    return JSONResponse(answer, 503 if trouble else 200, NEVER)


def routes() -> list[Route]:
    """Return the route of the server's health."""
    return everywhere(ADDRESS, health)


def _writable() -> bool:
    """Whether a file can be made in the workspace; tried now and then, however often asked."""
    global _found  # noqa: PLW0603 - what was found last, and when
    home = paths.home()
    with _lock:
        looked, where, fine = _found
        if time.monotonic() - looked >= LOOKED_EVERY or where != str(home):
            fine = _made(home)
            _found = time.monotonic(), str(home), fine
        return fine


def _made(home: Path) -> bool:
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"\0")
    except OSError:
        return False
    return True
