"""The processes that execute runs: how one is started and how it is ended."""

import contextlib
import os
import signal
import subprocess
import sys

import psutil

GRACE = 1.0
"""Seconds a worker has to end by itself when told to."""
NICE = 10
"""Workers yield to the web server, so that pages stay quick while a run trains."""


def start_worker(*options: str) -> subprocess.Popen[bytes]:
    """Start a worker that reads the folder of its run from its input, in a session of its own."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bandweave", "run", "--wait", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"BANDWEAVE_NICE": str(NICE)},
    )
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    return child


def end_worker(process: psutil.Process) -> None:
    """End a worker's whole process group, by force if it does not go at once."""
    try:
        # one started from a shell has the shell's group, which is not ours to end
        own_group = os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        return
    for stop in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess, psutil.TimeoutExpired):
            if own_group:
                os.killpg(process.pid, stop)
            else:
                process.send_signal(stop)
            process.wait(GRACE)
