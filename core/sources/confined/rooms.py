"""Folders for files that pass through: uploads, and what a child is given to read.

They lie among the system's temporary files; a process that is killed leaves them behind, and the
next one that sweeps tells them from those in use.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bandweave.storage.temporary import beside, in_use, is_temporary, taken_over

_NAME = "bandweave"


@contextmanager
def room() -> Iterator[Path]:
    """Yield a new folder of this user alone, that goes at the end."""
    with beside(Path(tempfile.gettempdir(), _NAME)) as folder:
        folder.mkdir(mode=0o700)
        yield folder


@contextmanager
def temporary_room() -> Iterator[None]:
    """Have what libraries write for themselves (TensorFlow does) where others sweep it.

    Should this process be killed, it would stay among the system's temporary files for good.
    """
    before = tempfile.tempdir
    with room() as folder:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = before


def leftovers() -> list[Path]:
    """Return the folders of processes that are gone."""
    found = Path(tempfile.gettempdir()).glob(f".{_NAME}.*")
    return [folder for folder in found if is_temporary(folder) and not in_use(folder)]


def sweep() -> None:
    """Delete the folders of processes that are gone."""
    for folder in leftovers():
        with taken_over(folder):
            continue
