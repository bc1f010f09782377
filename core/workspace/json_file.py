"""JSON files that a reader sees whole or not at all."""

import json
import math
import secrets
from pathlib import Path
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Return what a text says; ValueError where it is no JSON, or nested beyond all reason."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: Path) -> Any:
    """Return a file's JSON, None where there is no file; ValueError where it cannot be read."""
    try:
        return parse_json(path.read_text())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(str(error)) from error


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
    """Write under another name and rename."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        partial.write_text(json.dumps(content, indent=1, allow_nan=False))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
