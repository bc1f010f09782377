"""GeoTIFFs that a child has made of other formats, kept for the next look at the same file.

A band of Sentinel-2 as JPEG 2000 takes half a minute to decode; a form that shows it asks three
times. Kept as long as this process and the original live, the most recent ones of so many bytes.
"""

import atexit
import functools
import itertools
import shutil
import threading
from contextlib import ExitStack
from pathlib import Path

from bandweave.sources.confined.rooms import room
from bandweave.sources.formats.recognition import companions

MOST = 8 << 30
"""Bytes, among the system's temporary files."""
_Key = tuple[tuple[Path, int, int], ...]
_kept: dict[_Key, Path] = {}
_lock = threading.Lock()
_numbers = itertools.count()


def rewritten(path: Path) -> Path:
    """Return what was made of a file, the file itself where nothing was."""
    with _lock:
        _forget_others()
        return _kept.get(_key(path), path) if path.is_file() else path


def keep(path: Path, made: Path) -> None:
    """Take what a child has put in the place of a file; nothing where it left the link there."""
    if made.is_symlink() or not made.is_file() or not path.is_file():
        return
    with _lock:
        place = folder() / str(next(_numbers))
        shutil.move(made, place)
        _kept[_key(path)] = place
        _forget_others()


@functools.cache
def folder() -> Path:
    """Return the one folder of all of them, which goes with this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(room())


def _forget_others() -> None:
    """Delete what was made of files that are gone or changed, and the oldest beyond `MOST`."""
    held = 0
    for key, place in reversed(list(_kept.items())):
        held += place.stat().st_size
        if held > MOST or not key[0][0].is_file() or _key(key[0][0]) != key:
            _kept.pop(key)
            place.unlink()


def _key(path: Path) -> _Key:
    """Return what changes with a file, or with one that it was made of too."""
    facts = ((each, each.stat()) for each in (path, *companions(path)))
    return tuple((each, known.st_mtime_ns, known.st_size) for each, known in facts)
