"""A study is a name for runs that belong together, kept in a folder of its own.

Where it is a sweep it also says what was asked, and how far that has come: whoever steers it reads
all of that from here and from the runs' folders, so that anybody can go on with it.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bandweave.errors import RunError
from bandweave.storage import durable
from bandweave.storage.json_file import write_json
from bandweave.storage.versions import STUDY as STUDIES
from bandweave.workspace import owners, paths
from bandweave.workspace.run_folders import Run, open_run
from bandweave.workspace.sweeps import Changes, Sweep
from bandweave.workspace.tolerant import Readable

STUDY = STUDIES.file
DONE, ENDED = "done", "ended"
"""How a sweep can end, other than for a reason in words: by itself, and by its owner."""


@dataclass(frozen=True)
class Course:
    """How far a sweep has come."""

    planned: tuple[Changes, ...] = ()
    """What is tried, as far as that is decided, in its order: what each trial changes."""
    asked: int = 0
    """How many runs have been asked for: of each trial one a seed, in the order planned."""
    over: str = ""
    """How it ended; empty while it has not."""


@dataclass(frozen=True)
class Study(Readable):
    """One study, by its folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def name(self) -> str:
        """What its owner called it."""
        return str(self._stored["name"])

    @property
    def runs(self) -> list[Run]:
        """Its runs in the order they were asked for, without those deleted meanwhile."""
        found = []
        for run_id in self.run_ids:
            try:
                found.append(open_run(run_id))
            except RunError:
                continue
        return [run for run in found if run.sound]

    def scores(self) -> list[dict[str, Any]]:
        """Return the score rows of all its runs that have any."""
        return [row for run in self.runs for row in run.scores()]

    def keep(self, run_ids: Sequence[str]) -> None:
        """Name only some of its runs from now on; raises `StorageError`."""
        write_json(self.folder / STUDY, STUDIES.stamped(self._stored | {"runs": list(run_ids)}))

    @property
    def is_sweep(self) -> bool:
        """Whether settings are varied."""
        return "sweep" in self._stored

    @cached_property
    def sweep(self) -> Sweep | None:
        """What is varied, None where nothing is; `RunError` where that cannot be read."""
        if not self.is_sweep:
            return None
        try:
            return Sweep.from_json(self._stored["sweep"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RunError(
                f"What the sweep {self.name} varies is damaged.", "Make a new one."
            ) from error

    @property
    def course(self) -> Course:
        """How far a sweep has come."""
        stored = self._stored.get("course", {})
        try:
            planned = tuple(map(dict, stored["planned"]))
            return Course(planned, int(stored["asked"]), str(stored["over"]))
        except (KeyError, TypeError, ValueError):
            return Course(over="What says how far it has come is damaged.")

    @contextmanager
    def held(self, *, wait: bool = True) -> Iterator["Study | None"]:
        """Give the study as it is now, to its one writer at a time.

        None where it is gone, or where another process writes and this one does not `wait`. The
        system takes the lock back should its holder be killed.
        """
        try:
            handle = os.open(self.folder, os.O_RDONLY)
        except OSError:
            yield None
            return
        try:
            now = Study(self.folder)
            yield now if _locked(handle, wait) and now.sound else None
        finally:
            os.close(handle)

    def go_on(self, runs: Sequence[Run], course: Course) -> "Study":
        """Write down more runs and how far it has come; raises `StorageError`."""
        ids = [*self.run_ids, *(run.id for run in runs if run.id not in self.run_ids)]
        stored = self._stored | {"runs": ids, "course": asdict(course)}
        write_json(self.folder / STUDY, STUDIES.stamped(stored))
        return Study(self.folder)

    def end(self, over: str) -> "Study":
        """Write down how a sweep ended."""
        return self.go_on((), replace(self.course, over=over))

    def read(self) -> object:
        """Read its file."""
        return self._stored

    @property
    def run_ids(self) -> list[str]:
        """The ids of its runs in the order they were asked for, with those deleted meanwhile."""
        return list(self._stored["runs"])

    @cached_property
    def _stored(self) -> dict[str, Any]:
        try:
            stored = STUDIES.read(self.folder) or {}
            if not _sound(stored.get("runs")) or not isinstance(stored.get("name"), str):
                raise ValueError("it needs a name and runs")
        except ValueError as error:
            raise RunError(
                f"The {STUDY} in {self.folder.name} is damaged: {str(error)[:200]}.",
                "Delete it, and make a new study.",
            ) from error
        return stored


def _locked(handle: int, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:  # a network file system may lock no folders: there is one server then
        pass
    return True


def _sound(runs: object) -> bool:
    return isinstance(runs, list) and all(isinstance(each, str) for each in runs)


def new_study(
    name: str, runs: Sequence[Run], sweep: Sweep | None = None, course: Course | None = None
) -> Study:
    """Write down that runs belong together, and what is varied where it is a sweep."""
    if not name.strip():
        raise RunError("The study has no name.", "Give it one.")
    folder = paths.made(paths.studies()) / paths.new_id()
    with durable.folder(folder) as partial:
        owners.stamp(partial)
        stored: dict[str, Any] = {"name": name.strip(), "runs": [run.id for run in runs]}
        if sweep:
            stored |= {"sweep": sweep.as_json(), "course": asdict(course or Course())}
        write_json(partial / STUDY, STUDIES.stamped(stored))
    return Study(folder)


def all_studies() -> list[Study]:
    """Return the workspace's studies, newest first, without `damaged_studies`."""
    return [study for study in _listed() if study.sound]


def damaged_studies() -> list[Study]:
    """Return the workspace's studies that cannot be read, newest first; `damage` says why."""
    return [study for study in _listed() if not study.sound]


def _listed() -> list[Study]:
    found = map(Study, owners.visible(paths.studies()))
    return sorted(found, key=lambda study: study.id, reverse=True)


def discard(study_id: str) -> None:
    """Move a study to the trash, a damaged one too; its runs stay. Raises `StorageError`."""
    if study_id not in {study.id for study in _listed()}:
        raise RunError(f"There is no study '{study_id}'.", "It may be deleted.")
    owners.require_change(paths.studies() / study_id)
    paths.discard(paths.studies() / study_id)


def open_study(study_id: str) -> Study:
    """Return a study of the workspace by its id."""
    study = Study(paths.studies() / study_id)
    # an id is one plain name: it may come from an address bar
    plain = bool(study_id) and Path(study_id).name == study_id
    if not plain or not owners.may_see(study.folder) or not study.sound:
        raise RunError(f"There is no study '{study_id}'.", "Choose one from the list.")
    return study
