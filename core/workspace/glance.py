"""A look at the files of something that cannot be read: their names, sizes and first characters."""

import stat
from itertools import islice
from pathlib import Path
from typing import NamedTuple

MOST = 40
"""Files that are looked at."""
BEGINNING = 160
"""Bytes that are shown of each."""


class Glance(NamedTuple):
    """What can be said of a file without trusting anything in it."""

    name: str
    size: int | None
    """Bytes; None for what is no file."""
    beginning: str
    """Its first characters, those that cannot be shown as �; any text, so to be escaped."""


def glances(folder: Path) -> list[Glance]:
    """Return a look at the first files of a folder, by name; none where it cannot be listed."""
    try:
        return [_glance(path) for path in sorted(islice(folder.iterdir(), MOST))]
    except OSError:
        return []


def _glance(path: Path) -> Glance:
    name = _shown(path.name)
    try:
        facts = path.lstat()
        # what is no file may have no end, or wait for somebody who writes into it
        if not stat.S_ISREG(facts.st_mode):
            return Glance(name, None, "")
        with path.open("rb") as stream:
            head = stream.read(BEGINNING)
    except OSError as error:
        return Glance(name, None, error.strerror or "")
    return Glance(name, facts.st_size, _shown(head.decode("utf-8", "replace")))


def _shown(text: str) -> str:
    return "".join(each if each.isprintable() or each == "\n" else "�" for each in text)
