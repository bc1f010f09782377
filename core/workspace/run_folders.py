"""A run is a folder, and its state is a fact about which files are in it.

One writer a file. `request.json` is written once by who asks, `notes.json` by who names the run;
`cancelled` and `stopped.json` (why it was ended from outside) by the engine; everything else by the
one process that executes it: `worker.json` (who that is), `progress.jsonl` (appended),
`sketch.tif`, `checkpoint/` (what training can go on from, gone when the run ends by itself),
`model/`, `fused.tif`, `scores.json` and last, by rename, `result.json`. A worker that dies without
a result reads as "lost", never as "running" for ever.
"""

import math
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bandweave.errors import BandweaveError, NewerError, RunError
from bandweave.problem import Progress
from bandweave.raster.geotiff import StoredRaster
from bandweave.storage import durable, processes
from bandweave.storage.json_file import write_json
from bandweave.storage.refusal import writing
from bandweave.storage.versions import REQUEST as REQUESTS
from bandweave.storage.versions import SCENE
from bandweave.workspace import owners, paths, progress
from bandweave.workspace.request import Request as Request
from bandweave.workspace.tolerant import (
    Readable,
    amiss,
    require_raster,
    require_result,
    require_rows,
    require_texts,
    sound_json,
    sound_raster,
    sound_rows,
    sound_texts,
)

REQUEST, WORKER, PROGRESS = "request.json", "worker.json", "progress.jsonl"
FUSED, SCORES, RESULT, MODEL, LOG = "fused.tif", "scores.json", "result.json", "model", "log.txt"
HIDDEN_MASK = "hidden.tif"
"""Which pixels the task hid, where it hid any; for the screen."""
SCORED = "scored.tif"
"""Which pixels were scored, a band of flags each region."""
CANCELLED, BACKGROUND = "cancelled", "background"
"""Empty files: the run was cancelled; nobody waits for it."""
CHECKPOINT = "checkpoint"
NOTES, STOPPED, PREVIEW = "notes.json", "stopped.json", "sketch.tif"
PRODUCT = "fused-cog.tif"
"""The fused image made for taking away, once somebody has asked for it."""
EARLY = "early"
"""Name of the text in `stopped.json` that says why a sweep gave the run up."""
LONGEST_LOG = 1 << 20
"""Bytes of a log that are read."""
RUN_FILES = {
    *(REQUEST, WORKER, PROGRESS, FUSED, SCORES, RESULT, MODEL, LOG),
    *(
        CHECKPOINT,
        HIDDEN_MASK,
        SCORED,
        CANCELLED,
        BACKGROUND,
        NOTES,
        STOPPED,
        PREVIEW,
        PRODUCT,
        owners.OWNER,
    ),
}
"""Everything a run's folder may hold."""
_ID = re.compile(r"\w[\w.-]{0,99}", re.ASCII)
_LOST = (
    "Where it is lost again, the system may have run out of memory: take a smaller area, patch or "
    "batch. The log may tell more."
)
LOST_HINT = f"Start it again. {_LOST}"
RESUME_HINT = f"Resume it: training goes on from where it was. {_LOST}"


class State(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped early"
    LOST = "lost"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (State.QUEUED, State.RUNNING)


SOUND = (State.QUEUED, State.RUNNING, State.DONE)
"""Under way, or done well."""


class Status(NamedTuple):
    """A run's state, how far it has come, and why it ended if it did not end well."""

    state: State
    progress: Progress | None
    error: str
    hint: str


@dataclass(frozen=True)
class Run(Readable):
    """One run, by its folder."""

    folder: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def name(self) -> str:
        """What its owner called it, empty if nothing."""
        return self._notes().get("name", "")

    @property
    def note(self) -> str:
        """What its owner wrote about it, empty if nothing."""
        return self._notes().get("note", "")

    def annotate(self, *, name: str | None = None, note: str | None = None) -> None:
        """Give the run a name or a note; what is not given stays."""
        owners.require_change(self.folder)
        given = {"name": name, "note": note}
        changed = {key: text.strip() for key, text in given.items() if text is not None}
        write_json(self.folder / NOTES, self._notes() | changed)

    def _notes(self) -> dict[str, str]:
        return sound_texts(self.folder / NOTES)

    @cached_property
    def request(self) -> Request:
        """What was asked."""
        try:
            return _stored_request(self.folder, (self.folder / REQUEST).stat().st_mtime_ns)
        except OSError as error:
            raise RunError(
                f"There is no run in {self.folder.name}: it has no {REQUEST}.",
                "Choose one from the run list; it may have been deleted.",
            ) from error

    @property
    def asked(self) -> float:
        """When it was asked for, in seconds since 1970; long ago where it was deleted meanwhile."""
        try:
            return (self.folder / REQUEST).stat().st_mtime
        except OSError:
            return -math.inf

    def read(self) -> object:
        """Read the request."""
        return self.request

    def damaged_files(self) -> dict[str, BandweaveError]:
        """Return why files cannot be read that everybody goes on without, by their names."""
        texts, rasters = (NOTES, STOPPED), (FUSED, HIDDEN_MASK, SCORED)
        checks: dict[str, Callable[[Path], object]]
        checks = dict.fromkeys(texts, require_texts) | dict.fromkeys(rasters, require_raster)
        checks |= {SCORES: require_rows, RESULT: require_result}
        return {
            name: why for name, check in checks.items() if (why := amiss(check, self.folder / name))
        }

    def status(self) -> Status:
        """Return where the run is now."""
        line = progress.last_line(self.folder / PROGRESS)
        reached = progress.from_line(line) if line else None
        result = self.result()
        alive = not result and self.worker_alive()
        if not result and not alive:
            # it may have ended between the two looks
            result = self.result()
        if result:
            error, hint = result.get("error", ""), result.get("hint", "")
            return Status(State.FAILED if error else State.DONE, reached, error, hint)
        stopped = sound_texts(self.folder / STOPPED)
        if EARLY in stopped:
            return Status(State.STOPPED, reached, stopped[EARLY], "")
        if (self.folder / CANCELLED).exists():
            return Status(State.CANCELLED, reached, "", "")
        if stopped:
            why = stopped.get("error", ""), stopped.get("hint", "")
            return Status(State.FAILED, reached, *why)
        if alive:
            return Status(State.RUNNING, reached, "", "")
        if (self.folder / WORKER).exists():
            message = "The process that ran this ended without a result."
            hint = RESUME_HINT if self.checkpoint else LOST_HINT
            return Status(State.LOST, reached, message, hint)
        return Status(State.QUEUED, reached, "", "")

    @property
    def checkpoint(self) -> Path | None:
        """What its training can go on from after it was cut off; None where there is nothing."""
        folder = self.folder / CHECKPOINT
        return folder if folder.is_dir() and any(folder.iterdir()) else None

    @property
    def resumable(self) -> bool:
        """Whether it was lost or cancelled, and can go on from where it was."""
        return self.status().state in (State.LOST, State.CANCELLED) and bool(self.checkpoint)

    def worker_alive(self) -> bool:
        """Whether the process that took the run still exists."""
        return self.worker() is not None

    def worker(self) -> psutil.Process | None:
        """Return the process that took the run, if it still exists."""
        return processes.find(sound_json(self.folder / WORKER))

    def history(self) -> list[dict[str, Any]]:
        """Return the lines of progress: stage, step, steps, loss, validation, seconds."""
        return progress.lines(self.folder / PROGRESS)

    def seconds_left(self) -> float | None:
        """Return how long the present stage will take at its pace; None before that is known."""
        return progress.seconds_left(self.folder / PROGRESS)

    @property
    def background(self) -> bool:
        """Whether nobody waits for it, so that others may go ahead."""
        return (self.folder / BACKGROUND).exists()

    def result(self) -> dict[str, Any]:
        """Return what the run took (and the error it ended with), empty while it has not ended."""
        try:
            return require_result(self.folder / RESULT)
        except NewerError as error:
            return {"error": error.message, "hint": error.hint}
        except ValueError as error:
            damage = f"The {RESULT} of this run is damaged: {error}."
            return {"error": damage, "hint": "Start the run again."}

    @property
    def peak_memory_mib(self) -> float | None:
        """The most memory its process held, once it has ended; None where that is not known."""
        peak: float | None = self.result().get("peak_memory_mib")
        return peak

    def scores(self) -> list[dict[str, Any]]:
        """Return the rows of `scores.json`, empty while there are none.

        A value is None where undefined, and may be infinite.
        """
        return sound_rows(sound_json(self.folder / SCORES))

    def originals(self) -> list[dict[str, Any]]:
        """Return the rows of what the original itself scores; empty before the run has ended."""
        return sound_rows(self.result().get("original"))

    @property
    def fused(self) -> StoredRaster:
        """The fused image, in reflectance."""
        return StoredRaster(self.folder / FUSED)

    @property
    def has_image(self) -> bool:
        """Whether the fused image is there and can be opened."""
        return sound_raster(self.folder / FUSED) is not None

    @property
    def hidden(self) -> StoredRaster | None:
        """Which pixels the task hid (1), once it has; None where it hides none."""
        return sound_raster(self.folder / HIDDEN_MASK)

    @property
    def scored(self) -> StoredRaster | None:
        """Which pixels were scored (1), a band each region; None where no run has noted it."""
        return sound_raster(self.folder / SCORED)

    @property
    def preview(self) -> StoredRaster | None:
        """One band of the middle of the scene as training has it now, in reflectance.

        Its band says which. Written anew about once a second; None before there is one.
        """
        path = self.folder / PREVIEW
        return StoredRaster(path) if path.is_file() else None

    @property
    def log(self) -> str:
        """What the worker printed, the end of it where that is long."""
        path = self.folder / LOG
        try:
            if not path.is_file():
                return ""
            with path.open("rb") as stream:
                stream.seek(max(0, path.stat().st_size - LONGEST_LOG))
                return stream.read(LONGEST_LOG).decode(errors="replace")
        except OSError:
            return ""


def new_run(request: Request, folder: Path | None = None, *, background: bool = False) -> Run:
    """Write a request into a folder (by default a new one of the workspace).

    A run of the workspace is there with its request or not at all. Raises `StorageError`.
    """
    asked = REQUESTS.stamped(request.as_json())
    if folder is not None:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        owners.stamp(folder)
        write_json(folder / REQUEST, asked)
        return Run(folder)
    folder = paths.made(paths.runs()) / paths.new_id()
    with durable.folder(folder) as partial:
        owners.stamp(partial)
        if background:
            durable.touch(partial / BACKGROUND)
        write_json(partial / REQUEST, asked)
    return Run(folder)


def all_runs() -> list[Run]:
    """Return the workspace's runs, newest first, without `damaged_runs`."""
    return [run for run in _listed() if run.sound]


def damaged_runs() -> list[Run]:
    """Return the workspace's runs whose request cannot be read, newest first; `damage` says why."""
    return [run for run in _listed() if not run.sound]


def _listed() -> list[Run]:
    return sorted(map(Run, owners.visible(paths.runs())), key=lambda run: run.id, reverse=True)


def open_run(run_id: str) -> Run:
    """Return a run of the workspace by its id, a damaged one too."""
    run = Run(_folder(run_id))
    if not run.folder.is_dir() or not owners.may_see(run.folder):
        raise _no_run(run_id)
    return run


def find_or_open_run(text: str) -> Run:
    """Return the run of an id, else of a folder's path; for a shell and for workers.

    What a browser says goes to `open_run`, which opens no folder but the workspace's.
    """
    try:
        return open_run(text)
    except RunError:
        folder = Path(text).expanduser()
        if not (folder / REQUEST).is_file():
            raise
        return Run(folder.resolve())


def equivalent_run(request: Request) -> Run | None:
    """Return the newest run that asks the same, if it is under way or has done well with an image.

    One made before the scene that now has the id does not count.
    """
    return equivalent_runs([request])[0]


def equivalent_runs(
    requests: Sequence[Request], states: Container[State] = SOUND
) -> list[Run | None]:
    """Return for each request what `equivalent_run` does, listing the runs once.

    Another's is none, even where it is shared: it may be gone tomorrow.
    """
    runs = [run for run in all_runs() if owners.may_take(run.folder)]
    return [_equivalent(request, runs, states) for request in requests]


def _equivalent(request: Request, runs: Sequence[Run], states: Container[State]) -> Run | None:
    scene = paths.scenes() / request.scene / SCENE.file
    made = scene.stat().st_mtime if scene.is_file() else 0.0
    for run in runs:
        if run.request.equivalent_to(request) and run.asked >= made:
            state = run.status().state
            if state in states and (state is not State.DONE or run.has_image):
                return run
    return None


def discard(run_id: str) -> None:
    """Move a run that has ended to the trash, from where `restore` brings it back for a day."""
    run = open_run(run_id)
    if run.worker_alive() if run.damage else not run.status().state.final:
        raise RunError(f"The run '{run_id}' is under way.", "Cancel it first.")
    owners.require_change(run.folder)
    paths.discard(run.folder)


def restore(run_id: str) -> Run:
    """Bring a discarded run back."""
    folder = _folder(run_id)
    if folder.exists() and owners.may_see(folder):
        raise RunError(f"There is a run '{run_id}' already.", "It need not be restored.")
    if not owners.may_change(owners.in_trash(folder)) or not paths.restore(folder):
        raise RunError(
            f"The run '{run_id}' cannot be restored.", "What was deleted is kept for a day."
        )
    return Run(folder)


def _folder(run_id: str) -> Path:
    # an id is one plain name: it may come from an address bar
    if not _ID.fullmatch(run_id):
        raise _no_run(run_id)
    return paths.runs() / run_id


def _no_run(run_id: str) -> RunError:
    return RunError(
        f"There is no run '{run_id}'.", "Choose one from the run list; it may be deleted."
    )


@lru_cache(maxsize=4096)
def _stored_request(folder: Path, _: int) -> Request:
    """Read a request; a list of runs asks for the same ones again and again."""
    try:
        return Request.from_json(REQUESTS.read(folder) or {})
    except (ValueError, TypeError, AttributeError) as error:
        why = str(error)[:200] if isinstance(error, ValueError) else "a name lacks, or its value"
        raise RunError(
            f"The {REQUEST} in {folder.name} is not a run's request: {why}.",
            "It needs at least scene, task and method; 'fuse' writes one.",
        ) from error
