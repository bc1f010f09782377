import asyncio

import pytest
from starlette.websockets import WebSocket, WebSocketDisconnected

from pages.shared.serving.leaving import Leaving


async def goodbye(scope, receive, send):
    """Do what Streamlit does with a browser that has left while it was sent something."""
    socket = WebSocket(scope, receive, send)
    await socket.accept()
    await socket.close()
    await socket.close()


async def sent(message):
    pass


async def received():
    return {"type": "websocket.connect"}


def test_a_browser_that_leaves_while_it_is_sent_something_is_no_error():
    scope = {"type": "websocket"}
    with pytest.raises(WebSocketDisconnected):
        asyncio.run(goodbye(scope, received, sent))
    asyncio.run(Leaving(goodbye)(scope, received, sent))
