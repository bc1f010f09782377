"""What can go wrong in a way the user can put right.

Every message says what happened and what was expected; `hint` says what to do. Pages and the
command line catch `BandweaveError` and nothing else: any other exception is a bug and must be seen.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class BandweaveError(Exception):
    """Base of all errors that a user can put right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RasterError(BandweaveError):
    """A file cannot be read or written as a georeferenced raster."""


class SceneError(BandweaveError):
    """Layers do not make one scene, or a scene lacks what was asked of it."""


class SettingError(BandweaveError):
    """A setting has a value it cannot have."""


class TaskError(BandweaveError):
    """A task cannot be posed on this scene."""


class MethodError(BandweaveError):
    """A method cannot be fitted to this problem."""


class RunError(BandweaveError):
    """A run folder is not what it should be, or a run did not finish."""


class StorageError(BandweaveError):
    """Something cannot be kept or read where it should be, for a reason that is not its own."""


class NewerError(BandweaveError):
    """Something stored was made by a version that knows more than this one."""


class OwnershipError(BandweaveError):
    """Something belongs to somebody else, or is more than one person may have."""


class ArchiveError(BandweaveError):
    """A backup cannot be written, or what should be one cannot be taken in."""


class UnknownNameError(BandweaveError):
    """A name is not in its registry; the hint lists what is."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        close = get_close_matches(name, known, n=1)
        guess = f"Did you mean '{close[0]}'? " if close else ""
        listed = f"Known: {', '.join(known)}." if known else "There is none to choose from."
        super().__init__(f"There is no {kind} '{name}'.", guess + listed)
