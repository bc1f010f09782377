"""Whose a scene, a run or a study is, and who may see and change it.

A file in its folder says so. Where there is none it is the administrator's: it was made from a
shell, or before anybody had to sign in. What is shared is seen by everybody who is signed in, and
changed by its owner and the administrator alone.

Who acts is found here and nowhere else, so that a page cannot forget to ask. Without sign-in that
is the system, which may everything; with it, whoever cannot be named may nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bandweave.errors import OwnershipError
from bandweave.storage.json_file import write_json
from bandweave.workspace import paths
from bandweave.workspace.tolerant import sound_json

OWNER = "owner.json"
DEMO = "demo"
"""The id of the embedded scene, which belongs to everybody."""
SOMEBODY, ADMINISTRATOR = "somebody", "the administrator"
"""What is said of an owner who has no name."""


@dataclass(frozen=True)
class Viewer:
    """Who looks or acts."""

    id: str
    """What the identity provider's name for somebody comes to; empty for the system."""
    name: str = ""
    admin: bool = False
    """Whether everything may be seen and changed."""


SYSTEM = Viewer("", admin=True)
"""A shell, a worker, the server itself; what they make is the administrator's."""
EVERYBODY = Viewer("everybody")
"""Who makes what belongs to all, such as the demo's first runs; sees what is shared."""
NOBODY = Viewer("nobody")
"""Whoever is not signed in where one has to be."""


@dataclass(frozen=True)
class Owner:
    """Whose something is, as its folder says."""

    id: str = ""
    """Empty where it is the administrator's."""
    name: str = ""
    shared: bool = False


_acting: ContextVar[Viewer | None] = ContextVar("acting", default=None)
_present: Callable[[], Viewer | None] | None = None


def enforce(present: Callable[[], Viewer | None]) -> None:
    """From now on let everybody see and change only what they may, until this process ends.

    `present` says who acts where `acting_as` does not; None stands for nobody.
    """
    global _present  # noqa: PLW0603 - one process has one way of signing in
    _present = present


def enforced() -> bool:
    """Whether people sign in."""
    return _present is not None


def viewer() -> Viewer:
    """Return who acts."""
    if _present is None:
        return SYSTEM
    return _acting.get() or _present() or NOBODY


@contextmanager
def acting_as(who: Viewer) -> Iterator[None]:
    """Act as somebody, in this context and in what is started from it."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def owner_of(folder: Path) -> Owner:
    """Return whose a folder is; the administrator's alone where what says so is damaged."""
    if (folder.parent.name, folder.name) == (paths.scenes().name, DEMO):
        return Owner(EVERYBODY.id, shared=True)
    stored = sound_json(folder / OWNER)
    if not isinstance(stored, dict):
        return Owner()
    owner, name = stored.get("id"), stored.get("name")
    if not isinstance(owner, str) or not isinstance(name, str):
        return Owner()
    return Owner(owner, name, shared=stored.get("shared") is True)


def may_see(folder: Path) -> bool:
    """Whether who acts may know of a scene, a run or a study."""
    me = viewer()
    if me.admin or me == NOBODY:
        return me.admin
    owner = owner_of(folder)
    return owner.shared or owner.id == me.id


def may_change(folder: Path) -> bool:
    """Whether who acts may cancel, delete, restore, name or share it."""
    me = viewer()
    return me.admin or (me != NOBODY and owner_of(folder).id == me.id)


def may_take(folder: Path) -> bool:
    """Whether who acts may build on a run as on one of their own: it is, or it is everybody's."""
    me = viewer()
    allowed = {me.id, EVERYBODY.id} | ({SYSTEM.id} if me.admin else set())
    return me == SYSTEM or owner_of(folder).id in allowed


def alike(folder: Path, other: Path) -> bool:
    """Whether what is in a folder may build on what is in another: one owner's, or everybody's."""
    mine, theirs = owner_of(folder).id, owner_of(other).id
    return theirs in (mine, EVERYBODY.id)


def visible(folder: Path) -> list[Path]:
    """Return what who acts may see of the folder of scenes, runs or studies, in any order."""
    return [path for path in paths.folders(folder) if may_see(path)]


def readable(path: Path) -> bool:
    """Whether who acts may read a file: one of a scene or a run that they may see.

    What lies anywhere else is the system's.
    """
    me = viewer()
    if me.admin:
        return True
    for folder in (paths.scenes(), paths.runs()):
        if path.is_relative_to(folder) and path != folder:
            return may_see(folder / path.relative_to(folder).parts[0])
    return False


def require_change(folder: Path) -> None:
    """Refuse who may see something but not change it; what is gone meanwhile is nobody's."""
    if folder.exists() and not may_change(folder):
        raise OwnershipError(
            f"This belongs to {said(folder) or SOMEBODY}.",
            "Only its owner and the administrator can change it.",
        )


def require_person() -> None:
    """Refuse who is not signed in where one has to be."""
    if viewer() == NOBODY:
        raise OwnershipError("Nobody is signed in.", "Sign in first.")


def stamp(folder: Path) -> None:
    """Make a new folder belong to who acts; before it is whole, so that nobody else ever sees it.

    What the system makes is not marked.
    """
    require_person()
    me = viewer()
    if me.id:
        write_json(folder / OWNER, asdict(Owner(me.id, me.name, shared=me == EVERYBODY)))


def share(folder: Path, shared: bool) -> None:
    """Let everybody who is signed in see something, or nobody else any more."""
    require_change(folder)
    write_json(folder / OWNER, asdict(replace(owner_of(folder), shared=shared)))


def said(folder: Path) -> str:
    """Return the name of another's; empty for one's own, for everybody's, and without sign-in."""
    me, owner = viewer(), owner_of(folder) if enforced() else Owner()
    if me == SYSTEM or owner.id in (me.id, EVERYBODY.id) or (me.admin and not owner.id):
        return ""
    return owner.name or (SOMEBODY if owner.id else ADMINISTRATOR)


def in_trash(folder: Path) -> Path:
    """Return where a scene's or a run's folder is once it is discarded."""
    return paths.trash() / folder.parent.name / folder.name
