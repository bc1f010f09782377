"""Where the product keeps what users made: scenes, runs and studies, never inside the checkout."""

import contextlib
import os
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

KEPT = 24 * 3600.0
"""Seconds for which what was discarded can be restored."""


def home() -> Path:
    """Return the workspace: `BANDWEAVE_HOME`, else the platform's user data folder."""
    stated = os.environ.get("BANDWEAVE_HOME")
    return Path(stated).expanduser() if stated else Path(platformdirs.user_data_dir("bandweave"))


def scenes() -> Path:
    """Return the folder of scenes, one subfolder each."""
    return home() / "scenes"


def runs() -> Path:
    """Return the folder of runs, one subfolder each."""
    return home() / "runs"


def studies() -> Path:
    """Return the folder of studies, one subfolder each."""
    return home() / "studies"


def new_id() -> str:
    """Return an id that nothing else has; ids sort by when they were made."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def trash() -> Path:
    """Return the folder of what was discarded, a subfolder a kind."""
    return home() / "trash"


def discard(folder: Path) -> None:
    """Move a run's or a scene's folder to the trash; what had its name there goes for good."""
    place = _discarded(folder)
    if place.exists():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    # when it was discarded: moving a folder does not change its time
    os.utime(folder)
    folder.rename(place)


def restore(folder: Path) -> bool:
    """Move a folder back from the trash; False where it is not there or its place is taken."""
    try:
        _discarded(folder).rename(folder)
    except OSError:
        return False
    return True


def empty_trash() -> None:
    """Remove for good what was discarded longer than a day ago."""
    for place in trash().glob("*/*"):
        # another server may be emptying it too
        with contextlib.suppress(FileNotFoundError):
            if time.time() - place.stat().st_mtime > KEPT:
                shutil.rmtree(place, ignore_errors=True)


def _discarded(folder: Path) -> Path:
    return trash() / folder.parent.name / folder.name
