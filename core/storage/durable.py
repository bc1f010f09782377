"""Writing that lasts: under a hidden name, synced, renamed, and the folder synced after it.

Whoever looks sees what was there before or what is there after, also when the power failed between.
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bandweave.storage.refusal import writing
from bandweave.storage.temporary import beside, is_temporary, remove, stem, taken_over

_HERE, _EXCHANGE = -100, 2
"""Linux's numbers for the working folder, and for two names that change places."""
_EARLIER, _MOVED = "earlier", "moved"
"""Beside what was made: what had its place, and the note that all of that lies there."""


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, text as UTF-8; raises `StorageError`."""
    with writing(path):
        put(path, content)


def put(path: Path, content: str | bytes) -> None:
    """Do what `write` does; raises what the system says, `OSError`."""
    with beside(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        keep(partial, path)


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """Give a folder to write into that takes a place when it is whole; raises `StorageError`."""
    with ExitStack() as stack:
        with writing(path):
            partial = stack.enter_context(beside(path))
            partial.mkdir()
        yield partial
        with writing(path):
            settle(partial, path)


def touch(path: Path) -> None:
    """Make an empty file that stays; raises `StorageError`."""
    with writing(path):
        path.touch()
        sync(path.parent)


def keep(partial: Path, path: Path) -> None:
    """Give a finished file or folder a name for good; OSError where a folder's is taken."""
    sync_all(partial)
    partial.replace(path)
    sync(path.parent)


def move(source: Path, target: Path) -> None:
    """Move a file or folder to a name that is free, to another disk too; raises `OSError`."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with beside(target) as partial:
            if source.is_dir():
                shutil.copytree(source, partial, symlinks=True)
            else:
                shutil.copy2(source, partial)
            keep(partial, target)
        remove(source)
    sync(target.parent)
    sync(source.parent)


def settle(made: Path, place: Path) -> None:
    """Put a finished folder of `beside` in its place; what was there goes with the hidden one.

    In one step where the system can exchange two names. Elsewhere, and where the place is a disk of
    its own, entry by entry, so noted that `recover` undoes or completes it.
    """
    sync_all(made)
    if not place.exists():
        made.rename(place)
    elif not _exchanged(made, place):
        _put_aside(made.parent, place)
        _put_in(made, place)
    sync(place.parent)


def recover(place: Path) -> None:
    """Undo or complete what a killed process left of `settle`, and remove what else it left."""
    for parent in (place.parent, place):
        found = list(parent.iterdir()) if parent.is_dir() else []
        for left in found:
            if is_temporary(left) and left.name.startswith(stem(place)):
                with taken_over(left) as ours:
                    if ours and (left / _EARLIER).is_dir():
                        _put_right(left, place)


def room_for(place: Path) -> Path:
    """Return the path whose hidden folder a new content of a place is made in.

    Inside where the place is a disk of its own, or what is around it may not be written to.
    """
    inside = place.is_dir() and (os.path.ismount(place) or not os.access(place.parent, os.W_OK))
    return (place if inside else place.parent) / place.name


def sync(path: Path) -> None:
    """Have the disk keep a file's content, or a folder's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # some file systems sync no folders
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def sync_all(path: Path) -> None:
    """Have the disk keep all of a folder, or a file."""
    for top, _, names in os.walk(path):
        for name in names:
            if not (each := Path(top, name)).is_symlink():
                sync(each)
        sync(Path(top))
    if not path.is_dir():
        sync(path)


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    names = (os.fsencode(one), os.fsencode(other))
    return call is not None and call(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0


def _put_aside(hidden: Path, place: Path) -> None:
    """Move what a place holds into `hidden`, and note there when all of it has been."""
    earlier = hidden / _EARLIER
    earlier.mkdir()
    _move_entries(place, earlier)
    (hidden / _MOVED).touch()
    sync_all(hidden)


def _put_in(made: Path, place: Path) -> None:
    _move_entries(made, place)
    sync(place)


def _put_right(hidden: Path, place: Path) -> None:
    """Go on with the second half of what was begun, or back where that had not begun."""
    place.mkdir(exist_ok=True)
    moved = (hidden / _MOVED).exists()
    _put_in(hidden / (place.name if moved else _EARLIER), place)


def _move_entries(source: Path, target: Path) -> None:
    for entry in list(source.iterdir()):
        if not is_temporary(entry):
            entry.rename(target / entry.name)
