"""Who connects to a port, and who opens a file: told by the system, not by those who do it."""

import ctypes
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

IN_ACCESS, IN_OPEN = 0x1, 0x20


@contextmanager
def listener() -> Iterator[tuple[int, list[socket.socket]]]:
    """Give a port on loopback, and a list that grows by what connects to it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        came = []
        server.settimeout(0.05)
        ended = threading.Event()

        def accept():
            while not ended.is_set():
                try:
                    came.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], came
            time.sleep(0.1)
        finally:
            ended.set()
            thread.join()
            for each in came:
                each.close()


@contextmanager
def traced(path: Path) -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether anybody has opened a file since, as the system saw it."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(handle, os.fsencode(path), IN_OPEN | IN_ACCESS) > 0

    def opened():
        try:
            return bool(os.read(handle, 4096))
        except BlockingIOError:
            return False

    try:
        yield opened
    finally:
        os.close(handle)
