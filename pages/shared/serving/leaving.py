"""Browsers that leave while they are sent something: nobody's fault, and nothing for the log."""

from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnected


class Leaving:
    """Ends quietly where Streamlit says goodbye to a web socket that is closed already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        try:
            await self._app(scope, receive, send)
        except WebSocketDisconnected:
            if scope["type"] != "websocket":
                raise


def leaving() -> Middleware:
    """Return what goes around everything on the port."""
    return Middleware(Leaving)
