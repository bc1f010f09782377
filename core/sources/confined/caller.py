"""Asks the confined child: a function, its arguments, and nothing but the files they name.

    call(inspect_here, path)

calls a function of ours in a process without sockets, without other files and with limits on
memory and time. It sees the named files, and the descriptions that belong to them, below a folder
of its own, under the path they have; `.aux.xml`, `.ovr` and whatever else lies beside them is not
there. What it answers is JSON.
"""

import atexit
import contextlib
import functools
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bandweave import errors
from bandweave.errors import BandweaveError, RasterError
from bandweave.sources.confined import server
from bandweave.sources.confined.rewritten import keep, rewritten
from bandweave.sources.confined.rooms import room
from bandweave.sources.formats.recognition import companions
from bandweave.sources.metadata import descriptions

_logger = logging.getLogger(__name__)

GIB = 1 << 30
LONGEST_ANSWER = 32 << 20
_alone = True
"""Whether whoever uses this server sits at this machine."""
_START = 60.0
"""Seconds that the process which forks children has to load."""
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "NUMBA_CACHE_DIR", "TMPDIR", "SYSTEMROOT")
"""All of the environment that a child is given: no secret may stand in it."""
_DRIVERS = ("GTiff", "MEM")
"""GDAL's drivers that a child keeps: each other one is a way to open something else."""


class Limits(NamedTuple):
    """What one job may take, and how many of its kind work at once."""

    memory: int
    """Bytes of address space beyond what the process has at first."""
    seconds: int
    """Of processor time; by the clock it is allowed three times as much."""
    file_size: int
    """Bytes of a file that is written."""
    at_once: threading.Semaphore


LOOK = Limits(2 * GIB, 60, 5 * GIB, threading.Semaphore(2))
"""For a look at files: samples are read, whatever their size; other formats are rewritten."""
IMPORT = Limits(3 * GIB, 4 * 3600, 256 * GIB, threading.Semaphore(2))
"""For reading an area, which is as large as its owner wants it."""


def call(
    function: Callable[..., Any],
    *arguments: Any,
    limits: Limits = LOOK,
    writable: Sequence[Path] = (),
    as_they_are: bool = False,
) -> Any:
    """Return what a function of a module returns in a confined child.

    Arguments and the value are JSON, and paths in the arguments; below `writable` folders the child
    may make files. Files of other formats are GeoTIFFs there, unless they are wanted `as_they_are`.
    Raises the `BandweaveError` that the function raises, and `RasterError` where
    the child took more than it may or failed, or where files cannot be opened safely here.
    """
    _require_safe()
    if sys.platform != "linux":
        return function(*arguments)
    paths: list[Path] = []

    def named(value: object) -> object:
        if not isinstance(value, Path):
            raise TypeError(f"{value!r} is no JSON")
        paths.append(Path(os.path.abspath(value)))  # noqa: PTH100 - links stay as they are named
        return {"path": paths[-1].parts[1:]}

    written = json.dumps(arguments, default=named)
    names = ", ".join(path.name for path in paths)
    with _room(paths) as (root, readable), limits.at_once:
        job = {
            "function": f"{function.__module__}:{function.__qualname__}",
            "arguments": written,
            "root": str(root),
            "as_they_are": as_they_are,
            "readable": [str(path) for path in readable],
            "writable": [str(folder.resolve()) for folder in writable],
            "memory": limits.memory,
            "seconds": limits.seconds,
            "file_size": limits.file_size,
            "wall": 3 * limits.seconds,
        }
        said = _server().ask(job)
    return _value(said, names)


def serve_others() -> None:
    """Note that others reach this server: where it cannot confine a child, it opens no files."""
    global _alone  # noqa: PLW0603 - a fact of the process
    _alone = False


def alone() -> bool:
    """Whether whoever uses this server sits at this machine, and may name its files."""
    return _alone


def start() -> None:
    """Start the process that forks children, so that nobody waits for it."""
    unsafe()


def unsafe() -> str:
    """Return why files are not opened in a confined child here, empty where they are."""
    if sys.platform != "linux":
        return "only Linux can confine the process that reads a file"
    return _server().lacking


def _require_safe() -> None:
    reason = unsafe()
    if not reason:
        return
    if not _alone:
        raise RasterError(
            f"Files cannot be opened safely on this server: {reason}.",
            "It needs Linux 5.19 or newer with Landlock; its operator can also serve one person.",
        )
    _warn_once(reason)


@functools.cache
def _warn_once(reason: str) -> None:
    _logger.warning("Open only files that you trust: %s.", reason)


def _value(said: bytes, names: str) -> Any:
    """Return the value that was answered, or raise what was."""
    try:
        answer = json.loads(said)
    except ValueError:
        answer = {"error": "ended"}
    if "value" in answer:
        return answer["value"]
    if "unexpected" in answer:
        _logger.warning("A file from outside could not be read: %s", answer["unexpected"])
        raise RasterError(f"{names} cannot be read.", "It may be damaged: export it again.")
    kind = getattr(errors, str(answer.get("error")), None)
    if isinstance(kind, type) and issubclass(kind, BandweaveError):
        error = kind.__new__(kind)
        BandweaveError.__init__(error, str(answer.get("message")), str(answer.get("hint")))
        raise error
    raise RasterError(
        f"{names} takes more memory or time to read than a file may.",
        "It may be damaged; export it as a tiled GeoTIFF, or give a smaller area.",
    )


@contextlib.contextmanager
def _room(paths: Sequence[Path]) -> Iterator[tuple[Path, list[Path]]]:
    """Give a folder in which files, and the descriptions beside them, lie under their own paths.

    With it come the files that are meant: what is there is a link to each.
    """
    meant = []
    with room() as folder:
        for path in paths:
            for each in (path, *descriptions(path), *companions(path)):
                place = folder.joinpath(*each.parts[1:])
                place.parent.mkdir(parents=True, exist_ok=True)
                target = rewritten(each) if each == path else each
                if not place.is_symlink():
                    place.symlink_to(target)
                meant += [target.resolve()] if target.is_file() else []
        yield folder, meant
        for path in paths:
            keep(path, folder.joinpath(*path.parts[1:]))


class _Server:
    """The process that forks confined children, and the way to ask it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", server.__name__],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        self.owner = os.getpid()
        self._socket = ours
        self._lock = threading.Lock()
        ours.settimeout(_START)
        try:
            said = ours.recv(4096)
        except OSError:
            said = b""
        self.lacking = "" if said == server.READY else said.decode() or "it could not be started"

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.owner == os.getpid() and self._process.poll() is None

    def ask(self, job: dict[str, Any]) -> bytes:
        """Return what a child answers to a job, empty where it was ended."""
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as answer:
            try:
                with self._lock:
                    message = json.dumps({**job, "confined": not self.lacking}).encode()
                    socket.send_fds(self._socket, [message], [writer])
            except OSError:
                return b""
            finally:
                os.close(writer)
            return answer.read(LONGEST_ANSWER)

    def end(self) -> None:
        """Let it and its children end."""
        self._socket.close()
        self._process.wait()


@functools.cache
def _drivers_left_out() -> str:
    import rasterio

    with rasterio.Env() as environment:
        return " ".join(set(environment.drivers()) - set(_DRIVERS))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "GDAL_SKIP": _drivers_left_out(),
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
        "GDAL_PAM_ENABLED": "NO",
        "OMP_NUM_THREADS": "1",
        # each heap asks for more of what is bounded than it needs
        "MALLOC_ARENA_MAX": "2",
    }


_servers: list[_Server] = []
_starting = threading.Lock()


def _server() -> _Server:
    """Return the process that is asked; a new one where there is none, or it has ended."""
    with _starting:
        if not _servers or not _servers[0].alive:
            _servers[:] = [_Server()]
            atexit.register(_servers[0].end)
        return _servers[0]
