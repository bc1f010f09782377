"""Every request is answered as to the person whose cookie it carries.

What our own routes may open follows from who acts. Streamlit's files for download and pictures are
known by their content alone, so that a link passed on would work for anybody: here they are given
to the person whose session made them. Files are taken from who is signed in only.
"""

import sys
import threading
from collections import OrderedDict
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from bandweave.errors import BandweaveError
from bandweave.workspace import owners
from bandweave.workspace.owners import Viewer
from pages.shared.people.identity import enforce, viewer_of, viewer_of_cookies
from pages.shared.serving.addresses import NEVER

MEDIA, UPLOADS = "/media/", "/_stcore/upload_file/"
KEPT = 10_000
_given: OrderedDict[tuple[str, str], None] = OrderedDict()
"""The names of Streamlit's files, each with a session that it is for, the newest last."""
_lock = threading.Lock()


class AsPerson:
    """Says who acts in each request; changes nothing where nobody signs in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request as to whoever asks."""
        if scope["type"] != "http" or not owners.enforced():
            await self._app(scope, receive, send)
            return
        who, path = viewer_of_cookies(Request(scope).cookies), scope["path"]
        if (MEDIA in path and not _has(who, path)) or (UPLOADS in path and not _uploads(who, path)):
            await PlainTextResponse("No such file.", 404, NEVER)(scope, receive, send)
            return
        with owners.acting_as(who):
            await self._app(scope, receive, send)


def enforce_or_exit() -> None:
    """Let people sign in where that is set up; end the server where it cannot be safe."""
    try:
        enforce()
    except BandweaveError as error:
        sys.exit(f"{error.message} {error.hint}")
    if owners.enforced():
        _remember_files()


def _remember_files() -> None:
    """Have Streamlit note for which session it shows a file, or makes one that was asked for."""
    show, make = MediaFileManager.add, MediaFileManager.execute_deferred

    def shown(manager: MediaFileManager, *given: Any, **named: Any) -> str:
        context = get_script_run_ctx(suppress_warning=True)
        return _noted(show(manager, *given, **named), context.session_id if context else "")

    def made(manager: MediaFileManager, file_id: str) -> str:
        asked: Any = manager._deferred_callables.get(file_id, {})  # noqa: SLF001
        return _noted(make(manager, file_id), str(asked.get("session_id")))

    MediaFileManager.add = shown  # type: ignore[method-assign,assignment]
    MediaFileManager.execute_deferred = made  # type: ignore[method-assign,assignment]


def _noted(address: str, session: str) -> str:
    with _lock:
        _given[_name(address), session] = None
        _given.move_to_end((_name(address), session))
        while len(_given) > KEPT:
            _given.popitem(last=False)
    return address


def _has(who: Viewer, path: str) -> bool:
    """Whether a file was shown to, or made for, a session of somebody."""
    return any((_name(path), session) in _given for session in _sessions(who))


def _uploads(who: Viewer, path: str) -> bool:
    """Whether a file is sent to a session of somebody who is signed in."""
    session = path.partition(UPLOADS)[2].partition("/")[0]
    return who != owners.NOBODY and session in _sessions(who)


def _sessions(who: Viewer) -> set[str]:
    """Return the ids of somebody's sessions."""
    found = runtime.get_instance()._session_mgr.list_sessions()  # noqa: SLF001
    sessions = [info.session for info in found]
    return {each.id for each in sessions if viewer_of(each._user_info).id == who.id}  # noqa: SLF001


def _name(address: str) -> str:
    return address.rpartition("/")[2]
