"""Folders for files that pass through, named after the process that made them.

A process that is killed leaves them behind; the name tells the next one which those are.
"""

import re
import shutil
import tempfile
from pathlib import Path

import psutil

_NAME = re.compile(r"bandweave-[a-z]+-(\d+)-(\d+)-")
_TOLERANCE = 3
"""Seconds: a start is worked out from the machine's own, which a set clock moves a little."""


def make_room(kind: str) -> Path:
    """Return a new folder among the system's temporary ones; `kind` says what for."""
    me = psutil.Process()
    prefix = f"bandweave-{kind}-{me.pid}-{int(me.create_time())}-"
    return Path(tempfile.mkdtemp(prefix=prefix))


def sweep() -> None:
    """Delete the folders of processes that are gone; a number used again has another start."""
    for folder in Path(tempfile.gettempdir()).glob("bandweave-*"):
        found = _NAME.match(folder.name)
        if found and not _alive(int(found[1]), int(found[2])):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int, started: int) -> bool:
    try:
        return bool(abs(psutil.Process(pid).create_time() - started) < _TOLERANCE)
    except psutil.Error:
        return False
