"""All runs of the workspace as rows to filter and to choose from, quick with hundreds of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from bandweave.methods import METHODS
from bandweave.tasks import TASKS
from bandweave.workspace import paths
from bandweave.workspace.run_folders import Run, State
from bandweave.workspace.studies import all_studies
from pages.shared import current
from pages.shared.running import run_facts
from pages.shared.running.progress import reached

DAMAGED = "Damaged"
KEPT = 2000
"""How many ended runs are remembered, so that they need not be read again."""


@dataclass(frozen=True)
class Row:
    """A run as the list shows it."""

    id: str
    state: str
    name: str
    scene: str = ""
    """The scene's id, or its name where that is known."""
    task: str = ""
    method: str = ""
    asked: datetime | None = None
    seconds: float | None = None
    score: float | None = None
    share: float = 0.0
    """How far it has come, 0 to 1."""
    final: bool = True
    written: int = 0
    """When its request was written, in ns: of those asked for in one second, which came first."""

    def holds(self, words: str) -> bool:
        """Whether every word occurs in what the row says."""
        said = " ".join((self.id, self.state, self.name, self.scene, self.task, self.method))
        return all(word in said.lower() for word in words.lower().split())


@dataclass(frozen=True)
class Filter:
    """Which runs are wanted; what is empty wants all."""

    words: str = ""
    states: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    study: str = ""

    def chosen(self, rows: Iterable[Row]) -> list[Row]:
        """Return the wanted rows, in their order."""
        member = _members(self.study) if self.study else None
        wanted = (
            (self.states, "state"),
            (self.scenes, "scene"),
            (self.tasks, "task"),
            (self.methods, "method"),
        )
        return [
            row
            for row in rows
            if row.holds(self.words)
            and all(not values or getattr(row, name) in values for values, name in wanted)
            and (member is None or row.id in member)
        ]


def _members(study_id: str) -> set[str]:
    return {run.id for study in all_studies() if study.id == study_id for run in study.runs}


def rows() -> list[Row]:
    """Return every run, newest first; one whose request cannot be read says it is damaged."""
    names = current.names()
    found = [row for path in paths.folders(paths.runs()) if (row := _row(path))]
    found.sort(key=lambda row: (row.id[: run_facts.STAMP], row.written), reverse=True)
    return [replace(row, scene=names.get(row.scene, row.scene)) for row in found]


def _row(folder: Path) -> Row | None:
    try:
        # a folder's time changes with every file that appears in it
        changed = folder.stat().st_mtime_ns
    except FileNotFoundError:  # deleted meanwhile
        return None
    return _ended(folder, changed) or _read(folder)


@lru_cache(maxsize=KEPT)
def _ended(folder: Path, _: int) -> Row | None:
    """Return the row of a run to which nothing more will happen."""
    row = _read(folder)
    return row if row.final else None


def _read(folder: Path) -> Row:
    run = Run(folder)
    asked, damage = run_facts.asked_at(run), run.damage
    written = 0 if math.isinf(run.asked) else round(run.asked * 1e9)
    if damage:
        name = f"{run.name or run.id}: {damage.message}"
        return Row(run.id, DAMAGED, name, asked=asked, written=written)
    request, status = run.request, run.status()
    return Row(
        id=run.id,
        state=status.state.capitalize(),
        name=run_facts.title(run),
        scene=request.scene,
        task=TASKS[request.task].label,
        method=METHODS[request.method].label,
        asked=asked,
        seconds=run.result().get("seconds"),
        score=run_facts.key_score(run),
        share=1.0 if status.state is State.DONE else reached(status.progress),
        final=status.state.final,
        written=written,
    )
