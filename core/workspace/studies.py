"""A study is a name for runs that belong together, kept in a folder of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bandweave.errors import RunError
from bandweave.workspace import owners, paths
from bandweave.workspace.json_file import read_json, write_json
from bandweave.workspace.run_folders import Run, open_run

STUDY = "study.json"


@dataclass(frozen=True)
class Study:
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
        for run_id in self._stored["runs"]:
            try:
                found.append(open_run(run_id))
            except RunError:
                continue
        return [run for run in found if run.sound]

    def scores(self) -> list[dict[str, Any]]:
        """Return the score rows of all its runs that have any."""
        return [row for run in self.runs for row in run.scores()]

    @property
    def sound(self) -> bool:
        """Whether its file can be read; a damaged one must not hide the others."""
        try:
            _ = self._stored
        except RunError:
            return False
        return True

    @cached_property
    def _stored(self) -> dict[str, Any]:
        try:
            stored: Any = read_json(self.folder / STUDY)
        except ValueError:
            stored = None
        if not isinstance(stored, dict) or not _sound(stored.get("runs")) or "name" not in stored:
            raise RunError(f"The {STUDY} in {self.folder.name} is damaged.", "Make a new study.")
        return stored


def _sound(runs: object) -> bool:
    return isinstance(runs, list) and all(isinstance(each, str) for each in runs)


def new_study(name: str, runs: Sequence[Run]) -> Study:
    """Write down that runs belong together."""
    if not name.strip():
        raise RunError("The study has no name.", "Give it one.")
    folder = paths.studies() / paths.new_id()
    folder.mkdir(parents=True)
    owners.stamp(folder)
    write_json(folder / STUDY, {"name": name.strip(), "runs": [run.id for run in runs]})
    return Study(folder)


def all_studies() -> list[Study]:
    """Return the workspace's studies, newest first; damaged ones are left out."""
    found = [Study(path) for path in owners.visible(paths.studies()) if (path / STUDY).is_file()]
    return sorted((study for study in found if study.sound), key=lambda s: s.id, reverse=True)


def open_study(study_id: str) -> Study:
    """Return a study of the workspace by its id."""
    study = Study(paths.studies() / study_id)
    # an id is one plain name: it may come from an address bar
    plain = bool(study_id) and Path(study_id).name == study_id
    if not plain or not owners.may_see(study.folder) or not study.sound:
        raise RunError(f"There is no study '{study_id}'.", "Choose one from the list.")
    return study
