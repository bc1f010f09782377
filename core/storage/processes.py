"""Processes: which one is meant, whatever the clock does, and which one lets others go first."""

import os
import secrets
import time
from pathlib import Path
from typing import Any

import psutil

TOLERANCE = 1.0
"""Seconds by which two readings of one start time may differ where it is read off the clock."""
BOOT = Path("/proc/sys/kernel/random/boot_id")
STARTED = 19
"""Where, behind its name in brackets, the system says how many ticks after boot one began."""
AUTOGROUP = Path("/proc/self/autogroup")
TRIES = 10
"""How often a session is set again, where others were set just before."""

_PROCESS = secrets.token_hex(8)
"""Stands for the system's running where that has no name."""


def give_way(nice: int) -> None:
    """Let other processes go first: by niceness, and that of the session, which is what counts
    where Linux shares the processor out by session (autogroups, sched(7)).
    """
    if hasattr(os, "nice"):
        os.nice(nice)
    for _ in range(TRIES):
        try:
            AUTOGROUP.write_text(str(nice))
        except BlockingIOError:  # of all sessions of the system one is taken in a tenth of a second
            time.sleep(0.1)
        except OSError:
            return
        else:
            return


def running_time() -> tuple[str, float]:
    """Return which running of the system it is and for how many seconds that goes on.

    No setting of the clock changes either. Where the system does not tell, this process's stands
    for it.
    """
    try:
        return BOOT.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):
        return _PROCESS, time.monotonic()


def identity(process: psutil.Process) -> dict[str, Any]:
    """Return what `find` needs; raises `psutil.NoSuchProcess` where it has ended."""
    return {
        "pid": process.pid,
        "started": process.create_time(),
        "born": _born(process.pid),
    }


def find(stored: object) -> psutil.Process | None:
    """Return the process of an `identity`, None where it has ended or nothing sound is stored.

    The clock may be set while a process runs, so its birth is counted from the system's start
    where that can be read; elsewhere, and in what was stored before, it is a time of day.
    """
    if not isinstance(stored, dict) or not isinstance(stored.get("pid"), int):
        return None
    try:
        process = psutil.Process(stored["pid"])
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if stored.get("born") is not None:
            return process if _born(process.pid) == stored["born"] else None
        return process if abs(process.create_time() - stored["started"]) < TOLERANCE else None
    except (psutil.Error, ValueError, OverflowError, KeyError, TypeError):
        return None


def _born(pid: int) -> str | None:
    """Return the system's start and the ticks from there to the process's; None off Linux."""
    try:
        facts = Path(f"/proc/{pid}/stat").read_text()
        return f"{BOOT.read_text().strip()}:{facts.rpartition(')')[2].split()[STARTED]}"
    except OSError:
        return None
