"""A study is a name for runs that belong together, kept in a folder of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bandweave.errors import RunError
from bandweave.storage import durable
from bandweave.storage.json_file import write_json
from bandweave.storage.versions import STUDY as STUDIES
from bandweave.workspace import owners, paths
from bandweave.workspace.run_folders import Run, open_run
from bandweave.workspace.tolerant import Readable

STUDY = STUDIES.file


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


def _sound(runs: object) -> bool:
    return isinstance(runs, list) and all(isinstance(each, str) for each in runs)


def new_study(name: str, runs: Sequence[Run]) -> Study:
    """Write down that runs belong together."""
    if not name.strip():
        raise RunError("The study has no name.", "Give it one.")
    folder = paths.made(paths.studies()) / paths.new_id()
    with durable.folder(folder) as partial:
        owners.stamp(partial)
        stored = {"name": name.strip(), "runs": [run.id for run in runs]}
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
