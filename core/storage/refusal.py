"""What the system refuses, in words: a full disk is said as that, and not as a damaged file."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bandweave.errors import StorageError

GROWTH = 1 << 20
"""Bytes by which a file is made to grow to learn why it could not."""
_ROOM = "Make room there, or set another place, and try again."
_RIGHTS = "Check its rights, or choose a place that is yours."
_REASONS = {
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("your quota on this disk is used up", _ROOM),
    errno.EFBIG: ("the file would be larger than is allowed there", _ROOM),
    errno.EROFS: ("the file system can only be read", "Choose a place that can be written to."),
    errno.EACCES: ("the system does not allow it", _RIGHTS),
    errno.EPERM: ("the system does not allow it", _RIGHTS),
    errno.ENOENT: ("it is gone", "It may have been deleted meanwhile: look again."),
    errno.EIO: ("the disk reports an error", "Check the disk before anything else is kept on it."),
    errno.EMFILE: ("too many files are open", "Try again in a moment."),
    errno.ENFILE: ("too many files are open", "Try again in a moment."),
}


def reason(error: OSError) -> tuple[str, str]:
    """Return why the system refused something, and what can be done."""
    unknown = error.strerror or str(error)
    return _REASONS.get(error.errno or 0, (unknown, "Check the disk and its rights."))


def known(error: OSError) -> bool:
    """Whether the reason of a refusal is one that says nothing about the file itself."""
    return error.errno in _REASONS


def reserve(stream: IO[bytes], size: int) -> None:
    """Take so many bytes of the disk at a file's end; `OSError` where there are not so many."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(stream.fileno(), stream.seek(0, os.SEEK_END), size)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses about a file or folder into a `StorageError` that says it."""
    try:
        yield
    except OSError as error:
        why, hint = reason(error)
        raise StorageError(f"{path.name} cannot be kept in {path.parent}: {why}.", hint) from error


def growth(path: Path, size: int = GROWTH) -> OSError | None:
    """Return what keeps a file that is given up from growing so much, None where nothing does.

    Libraries tell that they could not write, and not why.
    """
    try:
        with path.open("ab") as stream:
            reserve(stream, size)
    except OSError as error:
        return error
    return None
