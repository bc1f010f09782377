"""What stands before everything on the port: who is answered at all, and with which headers.

A page elsewhere can have its name lead to this machine (DNS rebinding), and would then be the
browser's same origin: so a request must name a host that the server goes by, and what comes from a
page must come from one of its own. A host is an address of this machine's loopback, the very
address the request arrived at, or one that `BANDWEAVE_ORIGINS` lists. `X-Forwarded-Host` is never
read: a proxy either passes `Host` on, or is itself on loopback and its origin is listed.
"""

import logging
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from pages.shared.serving.addresses import NEVER, prefix
from pages.shared.serving.map_pages import MAPS
from pages.shared.serving.origins import ORIGINS, Edge, origin
from pages.shared.serving.policy import map_headers, page_headers

LONGEST = 4096
"""Characters that an address may have."""
MOST_NOTED = 100
"""How many refused hosts and origins are told to the log; a stranger could name any number."""
_OPEN = ("health", "host-config", "stream", "upload_file", "bidi-components")
"""What Streamlit's own pages need of it below `_stcore`; its metrics and its API for agents are
closed."""
_logger = logging.getLogger(__name__)


class Guard:
    """Refuses who does not belong, and adds the headers to every answer."""

    def __init__(self, app: ASGIApp, edge: Edge, address: str = "") -> None:
        self._app = app
        self._edge = edge
        self._names = edge.names | {address.lower()} - {""}
        self._page, self._map = page_headers(edge), map_headers(edge)
        self._noted: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a plain sentence."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal:
                await WebSocket(scope, receive, send).send_denial_response(refusal)
            else:
                await self._app(scope, receive, send)
            return
        dressed = _Dressed(send, self._map if _is_map(scope["path"]) else self._page)
        if refusal:
            await refusal(scope, receive, dressed)
            return
        try:
            await self._app(scope, receive, dressed)
        except Exception:
            _logger.exception("A request for %s failed.", scope["path"])
            if not dressed.begun:
                await _answer(500, "Something went wrong here.")(scope, receive, dressed)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        path, headers = scope["path"], Headers(scope=scope)
        longest = max(len(scope.get("raw_path") or b""), len(scope["query_string"]))
        if longest > LONGEST or any(letter < " " or letter in "\x7f\ufffd" for letter in path):
            return _answer(400, "This address cannot be read.")
        hosts = headers.getlist("host")
        name = _name(f"//{hosts[0]}") if len(hosts) == 1 else None
        if name is None:
            return _answer(400, "The request does not name one host.")
        if not self._goes_by(name, scope):
            return self._told("host", name)
        sources = headers.getlist("origin")
        if sources and not all(self._own(source, hosts[0]) for source in sources):
            return self._told("origin", sources[0])
        return _answer(404, "No such address.") if _closed(path) else None

    def _goes_by(self, name: str, scope: Scope) -> bool:
        arrived = (scope.get("server") or ("",))[0]
        return name in self._names or loopback(name) or name == _name(f"//{_bracketed(arrived)}")

    def _own(self, source: str, host: str) -> bool:
        """Whether a page of that origin is the server's own."""
        try:
            stated = origin(source)
            return stated in self._edge.origins or stated in {
                origin(f"{scheme}://{host}") for scheme in ("http", "https")
            }
        except ValueError:
            return False

    def _told(self, kind: str, value: str) -> PlainTextResponse:
        """Refuse, and tell the log once: a browser shows nobody why a websocket was refused."""
        if value not in self._noted and len(self._noted) < MOST_NOTED:
            self._noted.add(value)
            _logger.warning("Refused a request of the %s %s: %s.", kind, value[:200], _HINT)
        return _answer(403, f"This server does not go by the {kind} of this request: {_HINT}.")


class _Dressed:
    """Sends with headers added; knows whether an answer has begun."""

    def __init__(self, send: Send, headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            MutableHeaders(scope=message).update(self._headers)
        await self._send(message)


_HINT = f"if it should, whoever runs it lists it in {ORIGINS}"


def _answer(status: int, words: str) -> PlainTextResponse:
    return PlainTextResponse(words, status, NEVER)


def _name(address: str) -> str | None:
    """Return the host of `//host:port` in the one form hosts are compared in; None for no host."""
    try:
        parts = urlsplit(address)
        _ = parts.port
        stated = origin(f"http:{address}")
    except ValueError:
        return None
    name = str(urlsplit(stated).hostname).rstrip(".")
    try:
        number = ip_address(name)
    except ValueError:
        return name
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return str(mapped or number)


def _bracketed(address: str) -> str:
    return f"[{address.partition('%')[0]}]" if ":" in address else address


def loopback(name: str) -> bool:
    """Whether a host is this machine by itself."""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _closed(path: str) -> bool:
    """Whether this is one of Streamlit's own addresses that nobody here needs."""
    before, found, after = path.partition("/_stcore")
    if not found or (after and not after.startswith("/")):
        return False
    return before not in ("", prefix()) or after.strip("/").split("/")[0] not in _OPEN


def _is_map(path: str) -> bool:
    below = path.removeprefix(prefix())
    return below.startswith(("/component/", MAPS))
