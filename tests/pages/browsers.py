"""Asking our own routes as the web server does, with a browser that may leave."""

import asyncio
from dataclasses import dataclass, field

from starlette.applications import Starlette

from pages.shared.serving.routes import routes


@dataclass
class Browser:
    """One request for an address, and what came of it."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __post_init__(self):
        self.left = asyncio.Event()

    async def ask(self, app=None):
        path, _, query = self.address.partition("?")
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "scheme": "http"}
        scope |= {"query_string": query.encode(), "asgi": {"version": "3.0", "spec_version": "2.3"}}
        scope["headers"] = [(k.lower().encode(), v.encode()) for k, v in self.headers.items()]
        begun = False

        async def receive():
            nonlocal begun
            if not begun:
                begun = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self.left.wait()
            return {"type": "http.disconnect"}

        await (app or Starlette(routes=routes()))(scope, receive, self.take)
        return self

    async def take(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            pairs = message["headers"]
            self.answered = {name.decode(): value.decode() for name, value in pairs}
        else:
            self.body += message.get("body", b"")
