"""Executing a run: the one process that writes a run folder's results."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
import psutil

from bandweave.errors import BandweaveError, RasterError, RunError
from bandweave.evaluation.scores import Score, evaluate, original
from bandweave.metrics.metric import stored
from bandweave.problem import Fuser, Problem, Progress, Report, TrainingPreview, Truth
from bandweave.raster.geotiff import StoredRaster, create, write
from bandweave.raster.grid import BLOCK, Raster
from bandweave.raster.scene import HIDDEN
from bandweave.running import memory
from bandweave.running.claims import claim
from bandweave.running.learning import learned
from bandweave.storage import durable
from bandweave.storage.json_file import write_json
from bandweave.storage.refusal import reserve, writing
from bandweave.storage.temporary import beside, remove
from bandweave.storage.versions import RESULT as RESULTS
from bandweave.tiling import fuse
from bandweave.workspace import scene_library
from bandweave.workspace.models import write_fitted
from bandweave.workspace.progress import as_line, last_line
from bandweave.workspace.run_folders import (
    CHECKPOINT,
    FUSED,
    HIDDEN_MASK,
    MODEL,
    PREVIEW,
    PROGRESS,
    SCORED,
    SCORES,
    Request,
    Run,
)

NOTE_EVERY = 0.2
"""Seconds between lines of progress."""
PREVIEW_EVERY, PREVIEW_SHARE = 1.0, 0.015
"""Seconds between previews, more where drawing them would take more than a share of the time."""

TOLD = 128 + signal.SIGTERM
"""What a process that was told to end answers."""
_told_to_end = threading.Event()
ROOM = 1 << 18
"""Bytes of the disk that are held back for the result."""


def execute(run: Run, watch: Callable[[Progress], None] | None = None) -> list[dict[str, Any]]:
    """Do what the request asks, in this process, and return the scores.

    An error that the user can put right is written to `result.json` as well as raised.
    """
    started = time.monotonic()
    _told_to_end.clear()  # what ended an earlier run of this process says nothing about this one
    if not claim(run, psutil.Process()):
        raise RunError(
            f"The run {run.id} is being executed, or was cancelled.", "Wait for it, or ask anew."
        )
    try:
        with _room_for_result(run.folder), _Notes(run, watch) as notes:
            started -= notes.before
            result = _execute(run, notes.note)
        _forget(run)
        _end(run, result | _cost(started))
    except Exception as error:
        if _told_to_end.is_set():  # whoever was called has made an error of his own of it
            raise SystemExit(TOLD) from error
        _fail(run, error, started)
        raise
    return run.scores()


def end_when_told() -> None:
    """Let SIGTERM end this process in such a way that it cleans up; that is no failure of a run."""

    def end(*_: object) -> None:
        _told_to_end.set()
        raise SystemExit(TOLD)

    signal.signal(signal.SIGTERM, end)


def _fail(run: Run, error: Exception, started: float) -> None:
    """Write down why a run has failed."""
    if isinstance(error, BandweaveError):
        failure = {"error": error.message, "hint": error.hint}
    else:
        failure = {"error": f"{type(error).__name__}: {error}", "hint": "The log has the details."}
        refusal = memory.exhausted(error)
        failure = refusal._asdict() if refusal else failure
    _forget(run)
    _end(run, failure | _cost(started))


def _forget(run: Run) -> None:
    """Remove what training could have gone on from: the run has come to its end."""
    with suppress(OSError):  # a file more is no reason to fail
        if (run.folder / CHECKPOINT).exists():
            remove(run.folder / CHECKPOINT)


@contextmanager
def _room_for_result(folder: Path) -> Iterator[None]:
    """Hold back some of the disk, so that a run that fills it up can say so at its end."""
    path = folder / RESULTS.file
    with ExitStack() as stack:
        with writing(path):
            held = stack.enter_context(beside(path))
            with held.open("wb") as stream:
                reserve(stream, ROOM)
        yield


def _end(run: Run, result: Mapping[str, Any]) -> None:
    write_json(run.folder / RESULTS.file, RESULTS.stamped(result))


def _execute(run: Run, report: Report) -> dict[str, Any]:
    request = run.request
    report(Progress("Preparing", 0, 1))
    scene = scene_library.find_or_open(request.scene).scene
    problem, truth, product = request.configured_task.pose(scene, request.seed)
    wanted = product or problem
    if wanted.hidden is not None:
        _write_flags(run.folder / HIDDEN_MASK, {HIDDEN: wanted.hidden.raster})
    fuser, fitted, facts, told = learned(run, scene, problem, report)
    scores: list[Score] = []
    if not told:
        _write_flags(run.folder / SCORED, {str(name): each for name, each in truth.regions.items()})
    if product is None or told:
        _write_fused(run, run.folder / FUSED, fuser, wanted, report)
        scores = [] if told else _scores(truth, run.fused, report)
    else:
        with beside(run.folder / FUSED) as estimate:
            _write_fused(run, estimate, fuser, problem, report)
            scores = _scores(truth, StoredRaster(estimate), report)
        _write_fused(run, run.folder / FUSED, fuser, product, report)
    write_json(run.folder / SCORES, [_row(run, request, score) | facts for score in scores])
    with durable.folder(run.folder / MODEL) as model, writing(run.folder / MODEL):
        fuser.save(model)
        write_fitted(model, fitted)
    report(Progress("Done", 1, 1))
    reference = [each._asdict() | {"value": stored(each.value)} for each in original(truth)]
    scales = {
        band: scale._asdict() for band, scale in zip(problem.bands, truth.scales, strict=True)
    }
    return {
        "original": reference,
        "scales": scales,
        "cell": truth.cell,
        "resolution_ratio": truth.resolution_ratio,
        "scene": scene.name,
        **({"estimated": True} if product and not told else {}),
        **({"not_scored": told} if told else {}),
        **({"findings": found._asdict()} if (found := fuser.findings()) else {}),
        **facts,
    }


def _write_flags(path: Path, flags: Mapping[str, Raster]) -> None:
    """Write rasters of one band of flags each as the bands of one file."""
    grid = next(iter(flags.values())).grid
    with create(path, grid, tuple(flags), flags=True) as target:
        for window in grid.windows(BLOCK):
            target.write(window, np.concatenate([each.read(window) for each in flags.values()]))


def _scores(truth: Truth, fused: Raster, report: Report) -> list[Score]:
    report(Progress("Scoring", 0, 1))
    return evaluate(truth, fused)


def _write_fused(run: Run, path: Path, fuser: Fuser, problem: Problem, report: Report) -> None:
    simulated = problem.inputs.simulated
    tags = {"unit": "reflectance", "method": run.request.method, "task": run.request.task}
    tags |= {"simulated": "yes"} if simulated else {}
    with create(path, problem.inputs.grid, fuser.bands, tags=tags) as target:
        fuse(fuser, problem, target, report=report)


def _row(run: Run, request: Request, score: Score) -> dict[str, Any]:
    return {
        "label": request.label,
        "method": request.method,
        "seed": request.seed,
        "fold": request.fold,
        "run": run.id,
        "task": request.task,
        "region": score.region,
        "band": score.band,
        "metric": score.metric,
        "value": stored(score.value),
    }


class _Notes:
    """Appends progress, at most a few lines a second, but every new stage and every last step.

    Where a run goes on from a checkpoint, so does its progress. What is being learned is drawn
    about once a second into a file of its own. Where neither can be written any more the run goes
    on: there may be room again when it ends.
    """

    def __init__(self, run: Run, watch: Callable[[Progress], None] | None) -> None:
        path = run.folder / PROGRESS
        last = last_line(path) if run.checkpoint else None
        self.before = float(last["seconds"]) if last else 0.0
        """Seconds that the run had taken when it was cut off."""
        with writing(path):
            self._stream = path.open("ab" if last else "wb", buffering=0)
            if last:  # which may have been half written
                self._stream.write(b"\n")
        self._preview = run.folder / PREVIEW
        self._watch = watch
        self._begun = time.monotonic() - self.before
        self._last = -NOTE_EVERY
        self._stage = ""
        self._drawn_again = float("inf")

    def note(self, progress: Progress) -> None:
        """Write one line and tell who watches."""
        seconds = time.monotonic() - self._begun
        new = progress.stage != self._stage or progress.step == progress.steps
        if not (new or progress.milestone) and seconds - self._last < NOTE_EVERY:
            return
        if progress.stage != self._stage:
            self._drawn_again = seconds + PREVIEW_EVERY
        self._last, self._stage = seconds, progress.stage
        with suppress(OSError):
            self._stream.write(as_line(progress, seconds).encode())
        if self._watch:
            self._watch(progress)
        if progress.preview and (progress.milestone or seconds >= self._drawn_again):
            first = not self._preview.exists()
            self._draw(progress.preview())
            # the first one is dear, since it prepares the others
            spent = 0 if first else time.monotonic() - self._begun - seconds
            self._drawn_again = seconds + max(PREVIEW_EVERY, spent / PREVIEW_SHARE)

    def _draw(self, preview: TrainingPreview) -> None:
        tags = {"unit": "reflectance"}
        with suppress(RasterError):
            write(self._preview, preview.pixels, preview.grid, [preview.band], tags=tags)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _cost(started: float) -> dict[str, Any]:
    """Return the seconds since then and the peak memory of this process in MiB."""
    return {"seconds": round(time.monotonic() - started, 3), "peak_memory_mib": memory.peak_mib()}
