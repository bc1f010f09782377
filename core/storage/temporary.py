"""Hidden folders in which something is made beside its place, and what is left of them.

Who makes something holds the lock on its folder's file `lock`; the system takes that back when the
process ends, however it ends and whatever the clock says. So what nobody makes any more is told
from what another server, in a container of its own too, still makes.
"""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

LOCK = "lock"
STEM = 40
"""Characters of a name that its hidden folder repeats: names have an end."""
_NAME = re.compile(r"\..*\.[0-9a-f]{8}\.partial", re.DOTALL)
_FORMER = re.compile(
    r"\.\d+-[0-9a-f]{6}|\..+\.\d+\.partial(\.tif)?|\.(cog|estimate)-.+|\..+\.json\.[0-9a-f]{8}"
)
"""What hidden files were called before they said who makes them."""


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yield a path of the same name in a hidden folder beside it; what is left in there goes.

    Raises `OSError` where the folder cannot be made.
    """
    folder, lock = _made(path)
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def remove(path: Path) -> None:
    """Remove a file or folder: it is gone at once, or there as a whole."""
    with beside(path) as gone:
        path.rename(gone)


def stem(path: Path) -> str:
    """Return what the names of the hidden folders of a path begin with."""
    return f".{path.name[:STEM]}."


def is_temporary(path: Path) -> bool:
    """Whether a path is named as `beside` names its folders."""
    return bool(_NAME.fullmatch(path.name))


def leftovers(top: Path) -> list[Path]:
    """Return everything under a folder that processes left half made when they were killed."""
    found = []
    for folder, folders, _ in os.walk(top):
        temporary = [name for name in folders if is_temporary(Path(name))]
        folders[:] = [name for name in folders if name not in temporary]
        found += [path for name in temporary if not in_use(path := Path(folder, name))]
    return found


def former_leftovers(top: Path) -> list[Path]:
    """Return what versions that noted no maker left, or still make, under a folder."""
    return [path for path in top.rglob(".*") if _FORMER.fullmatch(path.name)]


def sweep(top: Path) -> list[Path]:
    """Remove `leftovers` and return them; what another process makes stays."""
    swept = []
    for path in leftovers(top):
        with taken_over(path) as ours:
            pass
        if ours and not path.exists():
            swept.append(path)
    return swept


@contextmanager
def taken_over(folder: Path) -> Iterator[bool]:
    """Remove a folder of `beside` at the end; False, and it stays, where a process makes it."""
    lock = _held(folder)
    if lock is None:
        yield False
        return
    with lock:
        yield True
        shutil.rmtree(folder, ignore_errors=True)


def _made(path: Path) -> tuple[Path, IO[bytes]]:
    """Make a hidden folder and lock it; another time where it was swept before it was locked."""
    while True:
        folder = path.with_name(f"{stem(path)}{secrets.token_hex(4)}.partial")
        folder.mkdir()
        try:
            lock = _held(folder, locks_needed=False)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if lock is not None:
            return folder, lock
        shutil.rmtree(folder, ignore_errors=True)


def _held(folder: Path, *, locks_needed: bool = True) -> IO[bytes] | None:
    """Take a folder's lock; None where another has it, or the folder is gone.

    Where the file system knows no locks, who needs none goes on, and nothing is ever swept.
    """
    try:
        lock = (folder / LOCK).open("ab")
    except FileNotFoundError:
        return None
    except OSError:
        if locks_needed:
            return None
        raise
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if locks_needed or isinstance(error, BlockingIOError):
            lock.close()
            return None
    with suppress(OSError):
        if os.path.samestat(os.fstat(lock.fileno()), (folder / LOCK).stat()):
            return lock
    lock.close()
    return None


def in_use(folder: Path) -> bool:
    """Whether a process makes something in a folder of `beside`; looking changes nothing."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
