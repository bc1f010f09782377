"""Which process executes a run: claimed and given back under a lock, so that it is never two."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bandweave.storage import durable, temporary
from bandweave.storage.json_file import write_json
from bandweave.storage.processes import identity
from bandweave.workspace.run_folders import (
    CANCELLED,
    EARLY,
    PREVIEW,
    PROGRESS,
    REQUEST,
    STOPPED,
    WORKER,
    Run,
)


def claim(run: Run, process: psutil.Process) -> bool:
    """Note which process executes a run.

    False where another living process has it, where this one has ended, or the run was cancelled or
    deleted.
    """
    with _locked(run) as there:
        if not there or (run.folder / CANCELLED).exists():
            return False
        holder = run.worker()
        if holder is not None:
            return bool(holder.pid == process.pid)
        try:
            write_json(run.folder / WORKER, identity(process))
        except psutil.NoSuchProcess:
            return False
        return True


def cancel(run: Run, early: str = "") -> psutil.Process | None:
    """Note that a run is cancelled, so that nobody takes it; return the process that has it.

    `early` says why a sweep gives it up.
    """
    with _locked(run) as there:
        if there:
            durable.touch(run.folder / CANCELLED)
            if early:
                write_json(run.folder / STOPPED, {EARLY: early})
        return run.worker()


def release(run: Run) -> bool:
    """Let a run whose process has ended start over, or go on where training can.

    False where a process has it, or none had.
    """
    with _locked(run) as there:
        if not there or not (run.folder / WORKER).exists() or run.worker() is not None:
            return False
        _clear(run)
        return True


def resume(run: Run) -> bool:
    """Let a run that was lost or cancelled go on from where it was; False where it cannot."""
    with _locked(run) as there:
        if not there or run.worker() is not None or not run.resumable:
            return False
        _clear(run)
        (run.folder / CANCELLED).unlink(missing_ok=True)
        return True


def _clear(run: Run) -> None:
    """Remove what the process left that had a run, but what training can go on from."""
    for name in (PREVIEW, WORKER) if run.checkpoint else (PROGRESS, PREVIEW, WORKER):
        (run.folder / name).unlink(missing_ok=True)
    temporary.sweep(run.folder)
    for left in temporary.former_leftovers(run.folder):
        temporary.remove(left)


@contextmanager
def _locked(run: Run) -> Iterator[bool]:
    """Hold the lock of a run, which is on its request: that file is written once and stays.

    The system takes the lock back should its holder be killed. False where there is no such run,
    or what it was asked cannot be read.
    """
    try:
        # a network file system locks only what may be written
        path = run.folder / REQUEST
        stream = path.open("rb+" if os.access(path, os.W_OK) else "rb")
    except OSError:
        yield False
        return
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield True
