"""Requests to our own addresses, as the server would hand them on; no port is opened."""

import asyncio
from typing import NamedTuple
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.middleware import Middleware

from pages.shared.serving.guard import Guard
from pages.shared.serving.origins import Edge
from pages.shared.serving.routes import routes


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def guarded(edge=None, address="127.0.0.1", own=None):
    """Return an app of our routes behind the guard."""
    return Starlette(
        routes=routes() if own is None else own,
        middleware=[Middleware(Guard, edge or Edge(), address)],
    )


def ask(app, path, *, method="GET", headers=(("host", "localhost:8501"),), kind="http", query=""):
    """Send one request and return its answer; a path may be percent-encoded."""
    scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http" if kind == "http" else "ws",
        "path": unquote(path),
        "raw_path": path.encode(errors="surrogateescape"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("192.0.2.7", 8501),
        "extensions": {"websocket.http.response": {}},
    }
    if kind == "websocket":
        scope["subprotocols"] = []
    sent, asked = [], []

    async def receive():
        if asked:  # nobody hangs up
            await asyncio.Event().wait()
        asked.append(True)
        return {"type": "http.request" if kind == "http" else "websocket.connect", "body": b""}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = next(each for each in sent if each["type"].endswith("start"))
    names = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], names, b"".join(each.get("body", b"") for each in sent))
