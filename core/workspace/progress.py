"""What a run's progress file tells: a line each for stage, step, loss and seconds since the start.

One process appends to the file while others read it, so the last line may be half written.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bandweave.problem import Progress

TAIL = 4096
"""Bytes at the end of the file that hold its last lines."""

Line = dict[str, Any]


def lines(path: Path) -> list[Line]:
    """Return every whole line, none where there is no file."""
    if not path.is_file():
        return []
    text = path.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def last_line(path: Path) -> Line | None:
    """Return the last whole line, without reading the others."""
    try:
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL))
            found = stream.read().split(b"\n")
    except FileNotFoundError:
        return None
    last: Line | None = json.loads(found[-2]) if len(found) > 1 else None
    return last


def as_line(progress: Progress, seconds: float) -> str:
    """Return the line that tells of some progress, that many seconds after the start."""
    content = progress._asdict()
    written = {name: content[name] for name in ("stage", "step", "steps", "loss", "validation")}
    return json.dumps(written | {"seconds": round(seconds, 3)}) + "\n"


def from_line(line: Mapping[str, Any]) -> Progress:
    """Return what a line says."""
    return Progress(line["stage"], line["step"], line["steps"], line["loss"], line["validation"])


def seconds_left(path: Path) -> float | None:
    """Return how long the present stage's remaining steps take at its pace so far.

    Training counts as one stage, whatever the band. None before a pace is known.
    """
    last = last_line(path)
    if last is None:
        return None
    kind = json.dumps({"stage": last["stage"].split()[0]})[:-2].encode()
    with path.open("rb") as stream:
        found = next((line for line in stream if line.startswith(kind)), b"")
    first: Line = json.loads(found)
    done = last["step"] - first["step"]
    if done <= 0:
        return None
    pace = (last["seconds"] - first["seconds"]) / done
    return float(pace * (last["steps"] - last["step"]))
