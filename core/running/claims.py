"""Which process executes a run: claimed and given back under a lock, so that it is never two."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from bandweave.workspace.json_file import write_json
from bandweave.workspace.processes import identity
from bandweave.workspace.run_folders import PREVIEW, PROGRESS, REQUEST, WORKER, Run


def claim(run: Run, process: psutil.Process) -> bool:
    """Note which process executes a run.

    False where another living process has it, where this one has ended, or the run was deleted.
    """
    with _locked(run) as there:
        if not there:
            return False
        holder = run.worker()
        if holder is not None:
            return bool(holder.pid == process.pid)
        try:
            write_json(run.folder / WORKER, identity(process))
        except psutil.NoSuchProcess:
            return False
        return True


def release(run: Run) -> bool:
    """Let a run whose process has ended start over; False where one has it, or none had."""
    with _locked(run) as there:
        if not there or not (run.folder / WORKER).exists() or run.worker() is not None:
            return False
        for name in (PROGRESS, PREVIEW, WORKER):
            (run.folder / name).unlink(missing_ok=True)
        return True


@contextmanager
def _locked(run: Run) -> Iterator[bool]:
    """Hold the lock of a run, which is on its request: that file is written once and stays.

    The system takes the lock back should its holder be killed. False where there is no such run.
    """
    try:
        stream = (run.folder / REQUEST).open("rb+")
    except OSError:
        yield False
        return
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield True
