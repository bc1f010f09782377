"""Where runs execute: one process a run on this machine, with a warm one waiting.

TensorFlow takes seconds to load, so a spare worker loads it before anybody asks; a user's run is
handed to it and trains at once. Runs wait in a queue; those a user asked for go ahead of background
ones, which get no spare and wait until there is one, and push a running one of those aside.
Workers are processes of their own session: they outlive the web server, and a new server finds
them again by their folders. A run that can take another's model waits until that one has learned.
"""

import itertools
import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

import psutil

from bandweave.errors import RunError
from bandweave.running import claims, memory
from bandweave.running.admission import Entry, admitted, in_turn, readmitted, waits
from bandweave.running.claims import claim, release
from bandweave.running.resuming import resume
from bandweave.running.reuse import can_reuse
from bandweave.running.steering import Steering
from bandweave.running.worker import end_worker, start_worker
from bandweave.sources.confined import rooms
from bandweave.storage import temporary
from bandweave.storage.json_file import write_json
from bandweave.workspace import owners, paths, run_folders, scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import (
    BACKGROUND,
    PROGRESS,
    STOPPED,
    Run,
    State,
    all_runs,
    new_run,
    open_run,
)
from bandweave.workspace.studies import ENDED, Course, Study, new_study
from bandweave.workspace.sweeps import Sweep
from bandweave.workspace.trials import runs_of

_logger = logging.getLogger(__name__)

POLL = 0.1
_CHILDREN: list[subprocess.Popen[bytes]] = []
"""Started workers not yet seen to end; here, since they may outlive an engine."""
LOOK = 600.0
"""Seconds between looks at the trash."""
RETRY = 10.0
"""Seconds before what failed is tried again: a spare that ended, a run that could not start."""


@dataclass
class _Worker:
    """A run being executed."""

    run: Run
    order: int
    process: psutil.Process


class LocalEngine:
    """Executes runs of the workspace on this machine."""

    def __init__(self, limit: int | None = None, *, alone: bool = False) -> None:
        """Prepare one; `alone`: it leaves to others what it was not asked for itself."""
        self._alone = alone
        self._steering = Steering(self, everyone=not alone)
        self.limit = limit or max(1, (os.cpu_count() or 2) // 2)
        self._allowed = float("inf")
        self._queue: list[Entry] = []
        self._order = itertools.count()
        self._served: dict[str, int] = {}
        self._workers: dict[str, _Worker] = {}
        self._later: dict[str, float] = {}
        """When to try again to start a run that could not be started."""
        self._spare: subprocess.Popen[bytes] | None = None
        self._spare_ready = False
        self._spare_failed = -RETRY
        self._tidied = 0.0
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Warm up a spare worker and take up what an earlier server left; once."""
        # it is nobody's who happens to ask first
        with owners.acting_as(owners.SYSTEM), self._lock:
            if self._thread is not None:
                return
            self._allowed = memory.allowed(self.limit)
            self._tidied = time.monotonic()
            temporary.sweep(paths.home())
            rooms.sweep()
            paths.empty_trash()
            left = []
            for run in reversed([] if self._alone else all_runs()):
                with _guarded(run):
                    left += self._take_up(run)
            self._warm()
            self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
            self._thread.start()
        for process in left:
            end_worker(process)

    def _take_up(self, run: Run) -> list[psutil.Process]:
        """Go on with a run where an earlier engine left it; return what is to be ended of it."""
        state = run.status().state
        # a server that ended while it handed the run over: nothing was done yet
        undone = state is State.LOST and not (run.folder / PROGRESS).exists()
        process = run.worker()
        if state is State.QUEUED or (undone and release(run)):
            self._enqueue(run, next(self._order))
        elif state is State.RUNNING and process is not None:
            self._workers[run.id] = _Worker(run, next(self._order), process)
        elif state is not State.LOST and process is not None and not run.result():
            return [process]
        return []

    def submit(self, request: Request, *, background: bool = False) -> Run:
        """Queue a request as a new run of the workspace."""
        self.start()
        with admitted([request]):
            run = new_run(request, background=background)
        with self._lock:
            self._enqueue(run, next(self._order))
        if not background:
            self._make_way()
        with self._lock:
            self._dispatch()
        return run

    def submit_study(
        self, name: str, requests: Sequence[Request], references: Sequence[Request] = ()
    ) -> Study:
        """Queue requests as the runs of a new study, references first.

        A reference that has run already, or is under way, is taken as it is; where it waits in
        the background it takes its turn with the others.
        """
        self.start()
        known = [run_folders.equivalent_run(request) for request in references]
        asked = list(zip(known, references, strict=True)) + [(None, each) for each in requests]
        with admitted([request for run, request in asked if run is None]), ExitStack() as undo:
            made = [run or _made(request, undo) for run, request in asked]
            study = new_study(name, made)
            undo.pop_all()
        with self._lock:
            for run in made:
                if run in known:
                    self._promote(run)
                else:
                    self._enqueue(run, next(self._order))
        self._make_way()
        with self._lock:
            self._dispatch()
        return study

    def resume(self, run_id: str) -> Run:
        """Queue a run that was lost or cancelled once more, to go on from where it was."""
        self.start()
        run = open_run(run_id)
        with readmitted():
            resume(run)
        with self._lock:
            self._workers.pop(run_id, None)
            self._enqueue(run, next(self._order))
        self._make_way()
        with self._lock:
            self._dispatch()
        _logger.info("Goes on.", extra={"run": run_id})
        return run

    def submit_sweep(self, name: str, sweep: Sweep, references: Sequence[Request] = ()) -> Study:
        """Begin a sweep as a new study; its references are taken or queued at once.

        Refuses in words what cannot be run, before anything is started.
        """
        self.start()
        scene = scene_library.find_or_open(sweep.request.scene).scene
        course = Course(tuple(map(dict, sweep.plan(scene))))
        known = run_folders.equivalent_runs(references)
        missing = [each for run, each in zip(known, references, strict=True) if run is None]
        # what quotas allow is asked again as each of its runs begins
        first = sweep.asks({}, sweep.seeds[0])
        with admitted([*missing, *[first] * min(sweep.search.at_once, sweep.runs())]):
            made = [run for run in known if run] + [new_run(each) for each in missing]
            study = new_study(name, made, sweep, course)
        for run in made:
            self.adopt(run)
        self._steering.add(study)
        return study

    def submit_to(self, study: Study, request: Request) -> Run:
        """Queue one more run of a study."""
        owners.require_change(study.folder)
        run = self.submit(request)
        with study.held() as now:
            if now is not None:
                now.go_on([run], now.course)
        return run

    def end_sweep(self, study: Study) -> None:
        """End a sweep and its runs that are under way; what is done stays."""
        owners.require_change(study.folder)
        with study.held() as now:
            if now is None or (sweep := now.sweep) is None:
                return
            if not now.course.over:
                now = now.end(ENDED)
            under_way = runs_of(now, sweep)
        # the last first: what waits must not start when the one before it ends
        for run in reversed(under_way):
            self.cancel(run.id)

    def adopt(self, run: Run) -> None:
        """Queue a run that waits, unless it is in the queue."""
        with self._lock:
            if run.id not in self.waiting() and run.status().state is State.QUEUED:
                self._enqueue(run, next(self._order))

    def discard(self, run_id: str) -> None:
        """Move a run to the workspace's trash, cancelled first if it is under way."""
        self.cancel(run_id)
        run_folders.discard(run_id)

    def cancel(self, run_id: str, early: str = "") -> None:
        """End a run at once, whatever it is doing; one that has ended stays as it is.

        `early` says why where a sweep gives it up.
        """
        run = open_run(run_id)
        owners.require_change(run.folder)
        with self._lock:
            self._dequeue(run_id)
            if run.status().state.final:
                return
            process = claims.cancel(run, early)
        _logger.info("Cancelled.", extra={"run": run_id})
        # it may take its time: others need not wait for that
        if process is not None:
            end_worker(process)
            temporary.sweep(run.folder)
        with self._lock:
            self._workers.pop(run_id, None)
            self._dispatch()

    @property
    def stopped(self) -> bool:
        """Whether it was ended, or its thread has; one that has not begun has not stopped."""
        thread = self._thread
        return self._stopping.is_set() or (thread is not None and not thread.is_alive())

    def waiting(self) -> list[str]:
        """Return the ids of queued runs in their order, in which some may be passed over."""
        with self._lock:
            return [run.id for _, _, run in self._queue]

    def stop(self) -> None:
        """Stop dispatching and let the spare go; runs that execute go on."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            if self._spare is not None:
                self._spare.kill()
                self._spare.communicate()
                self._spare = None

    def _enqueue(self, run: Run, order: int) -> None:
        self._queue.append((run.background, order, run))
        self._queue.sort(key=lambda entry: entry[:2])

    def _dequeue(self, run_id: str) -> bool:
        """Take a run out of the queue; tell whether it was there."""
        left = [entry for entry in self._queue if entry[2].id != run_id]
        found = len(left) < len(self._queue)
        self._queue = left
        return found

    def _promote(self, run: Run) -> None:
        """Let a background run queue up anew, as one that somebody waits for."""
        if run.background:
            (run.folder / BACKGROUND).unlink(missing_ok=True)
            if self._dequeue(run.id):
                self._enqueue(run, next(self._order))

    def _make_way(self) -> None:
        """Push one background run aside if all places are taken; it starts over in its turn."""
        with self._lock:
            background = [
                worker
                for worker in self._workers.values()
                if worker.run.background and not worker.run.result()
            ]
            if len(self._workers) < self.limit or not background:
                return
            worker = background[0]
        end_worker(worker.process)
        with self._lock:
            self._workers.pop(worker.run.id, None)
            # it may have come to its end all the same
            with _guarded(worker.run):
                if not worker.run.result() and release(worker.run):
                    self._enqueue(worker.run, worker.order)

    @owners.acting_as(owners.SYSTEM)
    def _work(self) -> None:
        while not self._stopping.wait(POLL):
            try:
                self._end_greedy()
                self._tidy()
                self._steering.look()
                with self._lock:
                    self._reap()
                    self._warm()
                    self._dispatch()
            except Exception:
                _logger.exception("The engine could not go on; it tries again.")
                self._stopping.wait(RETRY)

    def _end_greedy(self) -> None:
        """End the runs that hold more memory than they may; nobody waits for that."""
        with self._lock:
            workers = list(self._workers.values())
        for worker in workers:
            held = memory.held(worker.process)
            if held > self._allowed:
                refusal = memory.too_much(held, self._allowed)
                with _guarded(worker.run):
                    write_json(worker.run.folder / STOPPED, refusal._asdict())
                end_worker(worker.process)

    def _tidy(self) -> None:
        """Let the trash count its time, and go when that is up."""
        if time.monotonic() - self._tidied > LOOK:
            self._tidied = time.monotonic()
            paths.empty_trash()

    def _reap(self) -> None:
        _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]
        for run_id, worker in list(self._workers.items()):
            if not worker.run.worker_alive():
                del self._workers[run_id]
                _logger.info("Its process has ended.", extra={"run": run_id})
                # one that was killed could not clean up
                temporary.sweep(worker.run.folder)
        if self._spare is not None:
            assert self._spare.stdout is not None
            # said once; reading gives nothing until then
            self._spare_ready |= bool(self._spare.stdout.read())
            if self._spare.poll() is not None:
                self._spare.communicate()
                self._spare, self._spare_ready = None, False
                self._spare_failed = time.monotonic()

    def _dispatch(self) -> None:
        while len(self._workers) < self.limit and not self._stopping.is_set():
            entry = self._next()
            if entry is None:
                return
            background, order, run = entry
            if background and not self._spare_ready:
                return
            try:
                # another server, or its owner, may have dealt with it
                if run.folder.is_dir() and run.status().state is State.QUEUED:
                    process = self._handed_over(run)
                    if process is None:
                        return
                    self._workers[run.id] = _Worker(run, order, process)
                    self._served[owners.owner_of(run.folder).id] = next(self._order)
                    _logger.info("Started, by process %d.", process.pid, extra={"run": run.id})
                self._dequeue(run.id)
            except Exception:
                about = {"run": run.id}
                _logger.exception("It could not be started; it is tried again.", extra=about)
                self._postpone(run)

    def _postpone(self, run: Run) -> None:
        """Let others go ahead of a run that cannot be started now."""
        self._later[run.id] = time.monotonic() + RETRY

    def _next(self) -> Entry | None:
        """Return what of the queue starts next; None where all wait for a model being learned.

        While the spare still loads TensorFlow, what trains nothing goes ahead of what waits for it.
        """
        learning = [worker.run for worker in self._workers.values()]
        first = None
        for entry in in_turn(self._queue, self._served):
            background, _, run = entry
            if self._later.get(run.id, 0.0) > time.monotonic():
                continue
            if not run.folder.is_dir():
                return entry
            try:
                if waits(run, learning) or any(can_reuse(run, other) for other in learning):
                    continue
                at_once = self._spare_ready or not _trains(run)
            except Exception:
                _logger.exception("What it asks for cannot be read.", extra={"run": run.id})
                self._postpone(run)
                continue
            if at_once:
                return entry if first is None or first[0] == background else first
            first = first or entry
        return first

    def _handed_over(self, run: Run) -> psutil.Process | None:
        """Give a run to the spare worker or to a new one; None where that one ended just now.

        A run that trains nothing does not wait for a spare that still loads TensorFlow, and leaves
        it to others that are queued.
        """
        child = self._spare
        at_once = self._spare_ready and len(self._queue) == 1
        usable = child is not None and child.poll() is None and (_trains(run) or at_once)
        if run.background or not usable:
            child = start_worker()
        else:
            self._spare, self._spare_ready = None, False
        assert child is not None
        process = psutil.Process(child.pid)
        claimed = False
        try:
            claimed = claim(run, process)
        finally:
            if not claimed:
                child.kill()
                child.communicate()
        if not claimed:
            if run.status().state is not State.QUEUED:  # another server was quicker
                return None
            raise RunError(f"The run {run.id} cannot be claimed.", "Cancel it, or delete it.")
        _CHILDREN.append(child)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.close()
        try:
            child.stdin.write(f"{run.folder}\n".encode())
            child.stdin.close()
        except BrokenPipeError:  # it ended just now, before it knew of the run
            release(run)
            return None
        return process

    def _warm(self) -> None:
        """Keep a spare ready, but do not let it load while a user's run needs the machine.

        It does load where a user's run already waits for it, or a sweep's will.
        """
        busy = any(not worker.run.background for worker in self._workers.values())
        wanted = self._steering.busy or any(not background for background, _, _ in self._queue)
        rested = time.monotonic() - self._spare_failed > RETRY
        if self._spare is None and rested and (wanted or not busy):
            self._spare = start_worker("--warm")


@contextmanager
def _guarded(run: Run) -> Iterator[None]:
    """Keep one run's trouble, such as files that cannot be written, from the others."""
    try:
        yield
    except Exception:
        _logger.exception("The engine could not deal with it.", extra={"run": run.id})


def _made(request: Request, undo: ExitStack) -> Run:
    """Return a new run that goes again where not all that belong together can be made."""
    run = new_run(request)
    undo.callback(temporary.remove, run.folder)
    return run


def _trains(run: Run) -> bool:
    return run.request.configured_method.parameters() is not None


@cache
def local() -> LocalEngine:
    """Return this process's engine."""
    return LocalEngine()
