"""A run is a folder, and its state is a fact about which files are in it.

One scene, task, method, configuration and seed. One writer a file: `request.json` is written once
by who asks; everything else by the one process that executes it: `worker.json` (who that is),
`progress.jsonl` (appended), `model/`, `fused.tif`, `scores.json` and last, by rename,
`result.json`. A worker that dies without a result reads as "lost", never as "running" for ever.
"""

import dataclasses
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import psutil

from core import workspace
from core.errors import RunError, UnknownNameError
from core.methods import method_class
from core.problem import Method, Progress, Task
from core.raster import StoredRaster
from core.settings import Value
from core.tasks import TASKS

REQUEST, WORKER, PROGRESS = "request.json", "worker.json", "progress.jsonl"
FUSED, SCORES, RESULT, MODEL, LOG = "fused.tif", "scores.json", "result.json", "model", "log.txt"
HIDDEN_MASK = "hidden.tif"
"""Which pixels the task hid, where it hid any; for the screen."""
CANCELLED, BACKGROUND = "cancelled", "background"
"""Empty files: the run was cancelled; nobody waits for it."""
RUN_FILES = {
    *(REQUEST, WORKER, PROGRESS, FUSED, SCORES, RESULT, MODEL, LOG),
    *(HIDDEN_MASK, CANCELLED, BACKGROUND),
}
"""Everything a run's folder may hold."""
TAIL = 4096
"""Bytes at the end of the progress file that hold its last lines."""


class State(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Request:
    """What is asked of a run; every setting is written out."""

    scene: str
    """An id of the library, or a scene folder's path."""
    task: str
    method: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    task_settings: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0
    label: str = ""
    fold: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be run, and write out the settings that were left to default."""
        if self.seed < 0:
            raise RunError(f"The seed cannot be {self.seed}.", "Give 0 or more.")
        object.__setattr__(self, "settings", self.configured_method.values())
        object.__setattr__(self, "task_settings", self.configured_task.values())
        object.__setattr__(self, "label", self.label or self.method)

    @property
    def configured_method(self) -> Method:
        """The method with its settings."""
        return method_class(self.method).from_values(self.settings)

    @property
    def configured_task(self) -> Task:
        """The task with its settings."""
        if self.task not in TASKS:
            raise UnknownNameError("task", self.task, TASKS)
        return TASKS[self.task].from_values(self.task_settings)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; what is not a field was added by a later version."""
        names = {each.name for each in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in names})


class Status(NamedTuple):
    """A run's state, how far it has come, and why it ended if it did not end well."""

    state: State
    progress: Progress | None
    error: str
    hint: str


@dataclass(frozen=True)
class Run:
    """One run, by its folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def request(self) -> Request:
        """What was asked."""
        try:
            stored = read_json(self.folder / REQUEST)
        except ValueError as error:
            raise _not_a_request(self.folder) from error
        if stored is None:
            raise RunError(
                f"There is no run in {self.folder.name}.",
                "Choose one from the run list; it may have been deleted.",
            )
        try:
            return Request.from_json(stored)
        except (TypeError, AttributeError) as error:
            raise _not_a_request(self.folder) from error

    def status(self) -> Status:
        """Return where the run is now."""
        progress = self._last_progress()
        # a worker's life is read before the result: it may end between the two
        alive = self.worker_alive()
        result = self.result()
        if result:
            error, hint = result.get("error", ""), result.get("hint", "")
            return Status(State.FAILED if error else State.DONE, progress, error, hint)
        if (self.folder / CANCELLED).exists():
            return Status(State.CANCELLED, progress, "", "")
        if alive:
            return Status(State.RUNNING, progress, "", "")
        if (self.folder / WORKER).exists():
            message = "The process that ran this ended without a result."
            return Status(State.LOST, progress, message, "Start it again; the log may tell why.")
        return Status(State.QUEUED, progress, "", "")

    def worker_alive(self) -> bool:
        """Whether the process that took the run still exists (pid and start time both match)."""
        process = self.worker()
        return process is not None and process.status() != psutil.STATUS_ZOMBIE

    def worker(self) -> psutil.Process | None:
        """Return the process that took the run, if it still exists."""
        stored = read_json(self.folder / WORKER)
        if stored is None:
            return None
        try:
            process = psutil.Process(stored["pid"])
            return process if abs(process.create_time() - stored["started"]) < 1 else None
        except psutil.NoSuchProcess:
            return None

    def history(self) -> list[dict[str, Any]]:
        """Return the lines of progress: stage, step, steps, loss, validation, seconds."""
        path = self.folder / PROGRESS
        if not path.is_file():
            return []
        text = path.read_text()
        # the last line may be half written
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def _last_progress(self) -> Progress | None:
        try:
            with (self.folder / PROGRESS).open("rb") as stream:
                stream.seek(0, os.SEEK_END)
                stream.seek(max(0, stream.tell() - TAIL))
                lines = stream.read().split(b"\n")
        except FileNotFoundError:
            return None
        # what follows the last line end is half written, or nothing
        return _progress(json.loads(lines[-2])) if len(lines) > 1 else None

    @property
    def background(self) -> bool:
        """Whether nobody waits for it, so that others may go ahead."""
        return (self.folder / BACKGROUND).exists()

    def result(self) -> dict[str, Any]:
        """Return what the run took (and the error it ended with), empty while it has not ended."""
        return read_json(self.folder / RESULT) or {}

    def scores(self) -> list[dict[str, Any]]:
        """Return the rows of `scores.json`, empty while there are none."""
        stored: list[dict[str, Any]] | None = read_json(self.folder / SCORES)
        return stored or []

    @property
    def fused(self) -> StoredRaster:
        """The fused image, in reflectance."""
        return StoredRaster(self.folder / FUSED)

    @property
    def hidden(self) -> StoredRaster | None:
        """Which pixels the task hid (1), once it has; None where it hides none."""
        path = self.folder / HIDDEN_MASK
        return StoredRaster(path) if path.is_file() else None

    @property
    def log(self) -> str:
        """What the worker printed."""
        path = self.folder / LOG
        return path.read_text(errors="replace") if path.is_file() else ""


def new_run(request: Request, folder: Path | None = None, *, background: bool = False) -> Run:
    """Write a request into a folder (by default a new one of the workspace)."""
    if folder is None:
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        folder = workspace.runs() / f"{stamp}-{secrets.token_hex(3)}"
    folder.mkdir(parents=True, exist_ok=True)
    if background:
        (folder / BACKGROUND).touch()
    write_json(folder / REQUEST, request.as_json())
    return Run(folder)


def all_runs() -> list[Run]:
    """Return the workspace's runs, newest first."""
    folder = workspace.runs()
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if (path / REQUEST).is_file()]
    return [Run(path) for path in sorted(found, key=lambda path: path.name, reverse=True)]


def open_run(run_id: str) -> Run:
    """Return a run of the workspace by its id."""
    folder = workspace.runs() / run_id
    # an id is one plain name: it may come from an address bar
    if Path(run_id).name != run_id or not (folder / REQUEST).is_file():
        raise RunError(
            f"There is no run '{run_id}'.", "Choose one from the run list; it may be deleted."
        )
    return Run(folder)


def _not_a_request(folder: Path) -> RunError:
    return RunError(
        f"The {REQUEST} in {folder.name} is not a run's request.",
        "It needs at least scene, task and method; 'fuse' writes one.",
    )


def _progress(line: Mapping[str, Any]) -> Progress:
    return Progress(line["stage"], line["step"], line["steps"], line["loss"], line["validation"])


def read_json(path: Path) -> Any:
    """Return a file's JSON, None where there is no file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def write_json(path: Path, content: object) -> None:
    """Write under another name and rename: a reader sees all of it or nothing."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(content, indent=1, allow_nan=False))
    partial.replace(path)
