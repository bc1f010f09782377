"""JSON files that a reader sees whole or not at all, and never reads without end."""

import json
import math
from pathlib import Path
from typing import Any

from bandweave.storage.durable import write

LARGEST = 8 << 20
"""Bytes of a file that is read; the largest that is written here has some hundred thousand."""


def parse_json(text: str | bytes) -> Any:
    """Return what a text says; ValueError where it is no JSON, or nested beyond all reason."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: Path) -> Any:
    """Return a file's JSON, None where there is no file; ValueError where it cannot be read."""
    try:
        # what is no file may have no end, or wait for somebody who writes into it
        if path.exists() and not path.is_file():
            raise ValueError("it is no file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from error
    if len(content) > LARGEST:
        raise ValueError(f"it has more than {LARGEST >> 20} MiB")
    return parse_json(content.decode())


def is_number(value: object) -> bool:
    """Whether a stored value is a number that can be reckoned with: finite, and no flag.

    >>> is_number(0.5), is_number(True), is_number(float("nan")), is_number(10**400)
    (True, False, False, False)
    """
    try:
        return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]
    except OverflowError:
        return False


def write_json(path: Path, content: object) -> None:
    """Write a file whole or not at all; raises `StorageError`."""
    write(path, json.dumps(content, indent=1, allow_nan=False))
