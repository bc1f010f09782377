"""JSON files that a reader sees whole or not at all."""

import json
import secrets
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """Return a file's JSON, None where there is no file; ValueError where it cannot be read."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(str(error)) from error


def write_json(path: Path, content: object) -> None:
    """Write under another name and rename."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    partial.write_text(json.dumps(content, indent=1, allow_nan=False))
    partial.replace(path)
