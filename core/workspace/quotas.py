"""How much each person may have, where people sign in: declared once, stated in the environment.

The administrator has no limit on disk and waiting runs.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from bandweave.errors import OwnershipError
from bandweave.settings import Declared, setting
from bandweave.workspace import owners, paths

PREFIX = "BANDWEAVE_QUOTA_"
GIB = 1 << 30


@dataclass(frozen=True)
class Quotas(Declared):
    """What one person may have; 0 sets no limit."""

    gib: float = setting(
        50.0, PREFIX + "GIB", "Disk for scenes, runs and trash together.", unit="GiB", minimum=0.0
    )
    queued: int = setting(100, PREFIX + "QUEUED", "Runs that wait or execute.", minimum=0)
    jobs: int = setting(
        2, PREFIX + "JOBS", "Runs that execute at once; more wait, and let others ahead.", minimum=0
    )


def stated() -> Quotas:
    """Return the quotas as the environment states them: `BANDWEAVE_QUOTA_` and a name."""
    found = {each.name: os.environ.get(each.label, "").strip() for each in Quotas.settings()}
    return Quotas.from_values({name: text for name, text in found.items() if text})


def limited() -> bool:
    """Whether who acts has a quota."""
    me = owners.viewer()
    return not me.admin and me != owners.EVERYBODY


def used(owner: str) -> int:
    """Return the bytes of an owner's scenes, runs and studies, and of what is in the trash."""
    places = (paths.scenes(), paths.runs(), paths.studies(), *paths.trash().glob("*"))
    folders = (folder for place in places if place.is_dir() for folder in place.iterdir())
    return sum(size(folder) for folder in folders if owners.owner_of(folder).id == owner)


def require_room(expected: int) -> None:
    """Refuse who would have more than they may with that many bytes more."""
    owners.require_person()
    allowed = stated().gib
    if not limited() or not allowed:
        return
    held = used(owners.viewer().id)
    if held + expected > allowed * GIB:
        raise OwnershipError(
            f"There is not enough room: this may take {_gib(expected)}, {_gib(held)} are used, and "
            f"{allowed:g} GiB are allowed.",
            "Delete scenes or runs; they count until they leave the trash, a day later.",
        )


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except FileNotFoundError:  # deleted meanwhile
            continue
    return total


def _gib(held: int) -> str:
    return f"{held / GIB:.2f} GiB"
