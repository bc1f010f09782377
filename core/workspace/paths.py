"""Where the product keeps what users made: scenes, runs and studies, never inside the checkout."""

import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import platformdirs

from bandweave.errors import StorageError
from bandweave.storage import durable, temporary
from bandweave.storage.json_file import is_number, read_json, write_json
from bandweave.storage.processes import running_time
from bandweave.storage.refusal import writing
from bandweave.storage.versions import WORKSPACE

KEPT = 24 * 3600.0
"""Seconds for which what was discarded can be restored, counted while a server runs."""
TRASH, DAMAGED = "trash", "damaged"
"""The folder of what was discarded, and in it that of what was set aside as damaged."""
KEPT_FOR = ".kept.json"
"""What the trash notes in a discarded folder: how long it has been there."""


def home() -> Path:
    """Return the workspace: `BANDWEAVE_HOME`, else the platform's user data folder.

    Raises `NewerError` where a newer version of this program has made it.
    """
    stated = os.environ.get("BANDWEAVE_HOME")
    folder = Path(stated).expanduser() if stated else Path(platformdirs.user_data_dir("bandweave"))
    with suppress(OSError, ValueError):
        _require_known(folder, (folder / WORKSPACE.file).stat().st_mtime_ns)
    return folder


@lru_cache(maxsize=8)
def _require_known(folder: Path, _: int) -> None:
    WORKSPACE.read(folder)


def made(folder: Path) -> Path:
    """Return a folder of the workspace, made if need be; the workspace says its version then.

    Raises `StorageError`.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not (home() / WORKSPACE.file).exists():
            write_json(home() / WORKSPACE.file, WORKSPACE.stamped({}))
    return folder


def scenes() -> Path:
    """Return the folder of scenes, one subfolder each."""
    return home() / "scenes"


def runs() -> Path:
    """Return the folder of runs, one subfolder each."""
    return home() / "runs"


def studies() -> Path:
    """Return the folder of studies, one subfolder each."""
    return home() / "studies"


def folders(top: Path) -> list[Path]:
    """Return the folders in a folder of the workspace that are not hidden; none without it."""
    try:
        return [path for path in top.iterdir() if path.name[0] != "." and path.is_dir()]
    except FileNotFoundError:
        return []


def new_id() -> str:
    """Return an id that nothing else has; ids sort by when they were made."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def trash() -> Path:
    """Return the folder of what was discarded, a subfolder a kind."""
    return home() / TRASH


def discard(folder: Path) -> None:
    """Move a run's, a scene's or a study's folder to the trash; raises `StorageError`.

    What had its name there gets another, and stays as long as it would have.
    """
    place = _discarded(folder)
    made(place.parent)
    with writing(folder):
        if place.exists():
            place.rename(place.with_name(f"{place.name}-{secrets.token_hex(4)}"))
        (folder / KEPT_FOR).unlink(missing_ok=True)
        durable.move(folder, place)


def set_aside(path: Path) -> Path:
    """Move something damaged to the trash, where it stays until somebody removes it."""
    place = trash() / DAMAGED / path.relative_to(home())
    if place.exists():
        place = place.with_name(f"{place.name}-{secrets.token_hex(4)}")
    made(place.parent)
    with writing(path):
        durable.move(path, place)
    return place


def restore(folder: Path) -> bool:
    """Move a folder back from the trash; False where it is not there or its place is taken."""
    try:
        durable.move(_discarded(folder), folder)
    except OSError:
        return False
    (folder / KEPT_FOR).unlink(missing_ok=True)
    return True


def empty_trash() -> None:
    """Remove for good what has been in the trash for a day; to be called every now and then.

    The time counts from look to look while the system runs: a clock that is set, wrong after a
    start, or off for a week removes nothing.
    """
    for place in (path for path in trash().glob("*/*") if path.parent.name != DAMAGED):
        # another server may be emptying it too, and a disk may be full
        with suppress(OSError, StorageError):
            if not temporary.is_temporary(place) and _seconds_kept(place) > KEPT:
                temporary.remove(place)


def _seconds_kept(place: Path) -> float:
    """Count the time since the last look at something in the trash, and return all of it."""
    running, now = running_time()
    stored = _noted(place / KEPT_FOR)
    seconds = stored["seconds"]
    if stored["running"] == running:
        seconds += max(0.0, now - stored["at"])
    write_json(place / KEPT_FOR, {"seconds": seconds, "running": running, "at": now})
    return float(seconds)


def _noted(path: Path) -> dict[str, Any]:
    with suppress(ValueError):
        stored = read_json(path)
        if isinstance(stored, dict) and all(is_number(stored.get(x)) for x in ("seconds", "at")):
            return {"running": None, **stored}
    return {"seconds": 0.0, "running": None, "at": 0.0}


def _discarded(folder: Path) -> Path:
    return trash() / folder.parent.name / folder.name
