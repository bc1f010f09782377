"""The process that forks a confined child for every job: `python -m` of this file.

It has loaded what jobs need and holds nothing of anybody: each job is a fork that takes the
milliseconds of one, not the second of a new interpreter. Its input is a socket; a message is a job
as JSON, with the pipe for the answer. It ends when the socket's other end is closed, and its
children with it.

A job is {function, arguments, root, as_they_are, readable, writable, memory, seconds, file_size,
wall, confined}. The answer is one JSON value: {value}, or {error, message, hint} of a
`BandweaveError`, or {unexpected}, where the reader of a file failed in a way that nobody foresaw.
Nothing comes where the child was ended.
"""

import array
import importlib
import json
import os
import select
import signal
import socket
import sys
import sysconfig
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bandweave.errors import BandweaveError
from bandweave.sources.confined import limits
from bandweave.sources.formats.recognition import as_geotiff
from bandweave.storage.processes import give_way

LONGEST = 1 << 20
"""Bytes of a job."""
READY = b"confined"
"""What is said first where the system can confine; else why it cannot."""
BROKEN = "the system does not keep to the limits it was given"
_LOOKED_AT = 0.5
"""Seconds between two looks at which jobs have had their time."""
_LOADED = ("files", "inspection", "outside")
"""What jobs need of this shelf; compiled loops have to be found while folders can be written."""


def serve(requests: socket.socket) -> None:
    """Fork a child for every job until nobody can send one."""
    for name in _LOADED:
        importlib.import_module(f"bandweave.sources.{name}")
    importlib.import_module("bandweave.prepare.resampling_kernels")
    _compile_for_once()
    requests.send(_tried().encode() or READY)
    running: dict[int, float] = {}
    while True:
        ready, _, _ = select.select([requests], [], [], _LOOKED_AT if running else None)
        if ready and not _begun(requests, running):
            break
        _looked_after(running)
    for pid in running:
        _end(pid)


def _begun(requests: socket.socket, running: dict[int, float]) -> bool:
    """Take one job; False where there will be none."""
    size = array.array("i").itemsize
    message, ancillary, _, _ = requests.recvmsg(LONGEST, socket.CMSG_SPACE(size))
    if not message:
        return False
    handles = array.array("i")
    for _, _, data in ancillary:
        handles.frombytes(data[: len(data) - len(data) % size])
    answer = handles[0]
    job = json.loads(message)
    pid = os.fork()
    if pid == 0:
        requests.close()
        _work(job, answer)
    os.close(answer)
    running[pid] = time.monotonic() + job["wall"]
    return True


def _looked_after(running: dict[int, float]) -> None:
    """Let go of children that have ended, and end those that have had their time."""
    for pid, until in list(running.items()):
        if os.waitpid(pid, os.WNOHANG)[0]:
            del running[pid]
        elif time.monotonic() > until:
            _end(pid)
            del running[pid]


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _work(job: dict[str, Any], answer: int) -> None:
    """Do a job in a forked child, and end."""
    status = 1
    try:
        limits.die_with_parent()
        os.setsid()
        give_way(10)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        module, _, name = job["function"].partition(":")
        function = getattr(importlib.import_module(module), name)
        writable = [Path(folder) for folder in job["writable"]]
        limits.bound(job["memory"], job["seconds"], job["file_size"])
        if job["confined"]:
            readable = [Path(path) for path in job["readable"]]
            limits.confine([*_libraries(), *readable], [Path(job["root"]), *writable])
        said = json.dumps(_done(function, job))
        with os.fdopen(answer, "w") as pipe:
            pipe.write(said)
        status = 0
    finally:
        os._exit(status)


def _done(function: Callable[..., Any], job: dict[str, Any]) -> dict[str, Any]:
    """Call the function with its paths moved below the job's root."""
    root = Path(job["root"])

    def placed(value: dict[str, Any]) -> Any:
        if value.keys() != {"path"}:
            return value
        path = root.joinpath(*value["path"])
        if not job["as_they_are"]:
            as_geotiff(path)
        return path

    try:
        return {"value": function(*json.loads(job["arguments"], object_hook=placed))}
    except BandweaveError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    except MemoryError:
        return {"error": "memory"}
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return {"unexpected": f"{type(error).__name__} in {Path(place.filename).name}"}


def _compile_for_once() -> None:
    """Let numba take what was compiled before, and not write what it compiles: a child may not."""
    from numba.core.caching import Cache

    Cache.save_overload = lambda *_: None  # type: ignore[method-assign]


def _libraries() -> list[Path]:
    """Return where code and the tables of its libraries lie."""
    found = [Path(__file__).resolve().parents[2], Path(os.devnull)]
    found += [Path(sysconfig.get_path(kind)) for kind in ("stdlib", "platstdlib")]
    found += [Path(path) for path in sys.path if path.endswith("-packages")]
    found += [Path(path) for path in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")]
    return [path for path in dict.fromkeys(found) if path.exists()]


def _tried() -> str:
    """Return why a child cannot be confined here, empty where it can: one tries what it may not."""
    reader, writer = os.pipe()
    with tempfile.NamedTemporaryFile() as foreign:
        pid = os.fork()
        if pid == 0:
            os.write(writer, _attempt(Path(foreign.name)).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            reason = said.read()
        os.waitpid(pid, 0)
    return reason


def _attempt(foreign: Path) -> str:
    try:
        limits.confine(_libraries())
    except (OSError, AttributeError) as error:
        return str(error)
    for forbidden in (socket.socket, foreign.read_bytes, os.fork):
        try:
            forbidden()
        except OSError:
            continue
        return BROKEN
    return ""


if __name__ == "__main__":
    serve(socket.socket(fileno=0))
