"""What a run's progress file tells: a line each for stage, step, loss and seconds since the start.

One process appends to the file while others read it, so the last line may be half written.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bandweave.problem import Progress
from bandweave.storage.json_file import is_number, parse_json

TAIL = 4096
"""Bytes at the end of the file that hold its last lines."""
LONGEST = 1 << 26
"""Bytes of the file that are read at most, its last ones: lines of several days."""
RECENT = 1 << 18
"""Bytes that hold the lines of the last minutes, from which a pace is told."""
_NAMES = ("stage", "step", "steps", "loss", "validation")

Line = dict[str, Any]


def lines(path: Path, most: int = LONGEST) -> list[Line]:
    """Return every whole line that can be read, of the last `most` bytes; none without a file."""
    try:
        if not path.is_file():
            return []
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - most))
            # what follows the last line's end is still being written
            found = stream.read(most).split(b"\n")[:-1]
    except OSError:
        return []
    return [line for line in map(_parsed, found) if line]


def last_line(path: Path) -> Line | None:
    """Return the last whole line that can be read, without reading the others."""
    return next(reversed(lines(path, TAIL)), None)


def as_line(progress: Progress, seconds: float) -> str:
    """Return the line that tells of some progress, that many seconds after the start."""
    content = progress._asdict()
    written = {name: content[name] for name in _NAMES}
    return json.dumps(written | {"seconds": round(seconds, 3)}) + "\n"


def from_line(line: Mapping[str, Any]) -> Progress:
    """Return what a line says."""
    return Progress(*(line[name] for name in _NAMES))


def seconds_left(path: Path) -> float | None:
    """Return how long the present stage's remaining steps take at its pace so far.

    Training counts as one stage, whatever the band; a stage that comes again, or begins anew,
    counts from there. None before a pace is known.
    """
    first: Line | None = None
    last: Line | None = None
    for line in lines(path, RECENT):
        goes_on = last and _kind(line) == _kind(last) and line["step"] >= last["step"]
        first = first if goes_on else line
        last = line
    if first is None or last is None or last["step"] <= first["step"]:
        return None
    pace = (last["seconds"] - first["seconds"]) / (last["step"] - first["step"])
    return float(pace * (last["steps"] - last["step"]))


def _kind(line: Line) -> str:
    return str(line["stage"]).partition(" ")[0]


def _parsed(written: bytes) -> Line | None:
    """Return what a line says, None where it is damaged: whoever watches can do without it."""
    try:
        # a line that was written here is shorter by far
        line = parse_json(written) if len(written) < TAIL else {}
        numbers = [line[name] for name in ("step", "steps", "seconds")]
        numbers += [line[name] or 0.0 for name in ("loss", "validation")]
        sound = isinstance(line["stage"], str) and all(map(is_number, numbers))
        sound = sound and 0 <= line["step"] <= line["steps"]
    except (ValueError, TypeError, KeyError):
        return None
    return line if sound else None
