"""Threads for each kind of answer, so that what takes minutes keeps nothing waiting.

Starlette would run every answer in one pool of 40 threads, Streamlit's own among them. A lane has a
few of its own and a bounded queue before them. Those who ask the same wait for one another without
taking a thread, and find made what the first one made; who leaves gives up the place.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from weakref import WeakValueDictionary

from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from pages.shared.serving.addresses import NEVER

Endpoint = Callable[[Request], Response]
BUSY = NEVER | {"Retry-After": "2"}
STALLED = 120.0
"""Seconds after which who takes nothing of a file loses the place; the rest can be asked for."""
_gone: ContextVar[threading.Event | None] = ContextVar("gone", default=None)


def wanted() -> bool:
    """Whether somebody still waits for the answer being made here."""
    gone = _gone.get()
    return gone is None or not gone.is_set()


class Lane:
    """Answers at most `threads` at a time while `waiting` queue; who comes then is told to return.

    `held`: the place is kept until all of the answer has been sent.
    """

    def __init__(self, threads: int, waiting: int, *, held: bool = False) -> None:
        self._limiter = CapacityLimiter(threads)
        self._most = threads + waiting
        self._held = held
        self._taken = 0
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def serving(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers as this one does, in the lane."""

        async def answer(request: Request) -> Response:
            if self._taken >= self._most:
                return PlainTextResponse("Too many ask at once; ask again.", 503, BUSY)
            self._taken += 1
            response: Response | None = None
            try:
                response = await self._made(endpoint, request)
            finally:
                if response is None or not self._held:
                    self._leave()
            return _Held(response, self._leave) if self._held else response

        return answer

    async def _made(self, endpoint: Endpoint, request: Request) -> Response:
        gone = threading.Event()
        with CancelScope() as scope:

            async def watch() -> None:
                while (await request.receive()).get("more_body"):
                    continue
                if (await request.receive())["type"] == "http.disconnect":
                    gone.set()
                    scope.cancel()

            watching = asyncio.create_task(watch())
            try:
                _gone.set(gone)
                async with self._turns.setdefault(request.url.path, asyncio.Lock()):
                    return await to_thread.run_sync(endpoint, request, limiter=self._limiter)
            finally:
                watching.cancel()
        return Response(status_code=499)  # nobody is there to read it

    def _leave(self) -> None:
        self._taken -= 1


class _Held(Response):
    """Another answer, and what is to be done once it was sent or nobody takes it any more."""

    def __init__(self, answer: Response, done: Callable[[], None]) -> None:
        self._answer, self._done = answer, done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: object) -> None:
            async with asyncio.timeout(STALLED):
                await send(message)  # type: ignore[arg-type]

        try:
            await self._answer(scope, receive, sent)
        finally:
            self._done()


TILES = Lane(4 * (os.cpu_count() or 2), 128)
"""For images of the viewer and of maps: each takes some 30 ms, part of it waiting for the disk."""
VALUES = Lane(2, 128)
"""For single pixels: they should not wait for images."""
DOWNLOADS = Lane(2, 62, held=True)
"""For files that are made when asked for: a whole Sentinel-2 tile takes minutes."""
