"""Open files that wait to be read again: few, since each holds on to megabytes it has decoded."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Key = tuple[Path, int, int]


class Handles:
    """Lends open files to one thread at a time and keeps those used last for the next."""

    def __init__(self, opened: Callable[[Path], Any], most: int) -> None:
        self._opened = opened
        self._most = most
        self._waiting: list[tuple[Key, Any]] = []
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, path: Path) -> Iterator[Any]:
        """Lend a handle of the file that has the path now."""
        handle, key = None, _key(path)
        with self._lock:
            for place in reversed(range(len(self._waiting))):
                if self._waiting[place][0] == key:
                    _, handle = self._waiting.pop(place)
                    break
        if handle is None:
            handle = self._opened(path)
        try:
            yield handle
        except BaseException:
            handle.close()
            raise
        with self._lock:
            self._waiting.append((key, handle))
            dropped = self._waiting[: -self._most]
            del self._waiting[: -self._most]
        for _, old in dropped:
            old.close()


def _key(path: Path) -> Key:
    """Tell a file from another that takes its place; one that is gone is told when opened."""
    try:
        facts = path.stat()
    except OSError:
        return path, 0, 0
    return path, facts.st_ino, facts.st_mtime_ns
