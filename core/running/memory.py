"""How much memory a run holds, how much it may hold, and what is said when that is not enough."""

import os
import re
from pathlib import Path
from typing import NamedTuple

import psutil

from bandweave.errors import SettingError

VARIABLE = "BANDWEAVE_MEMORY_GIB"
FOR_RUNS = 0.75
"""Share of the machine's memory that all runs together may hold."""
LEAST_GIB = 1.5
"""What a network needs on a large scene, with TensorFlow; less would let no run train."""
CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
MIB, GIB = 1 << 20, 1 << 30


class Refusal(NamedTuple):
    """Why a run was ended, and what its owner can do."""

    error: str
    hint: str


def allowed(at_once: int) -> float:
    """Return the bytes one of `at_once` runs may hold: as stated in the environment, else a share.

    The environment states GiB a run; a share is of the machine's memory, or its container's.
    """
    stated = os.environ.get(VARIABLE, "").strip()
    if not stated:
        return max(FOR_RUNS * _machine() / at_once, LEAST_GIB * GIB)
    try:
        gib = float(stated)
    except ValueError:
        gib = 0.0
    if not 0 < gib < float("inf"):
        raise SettingError(
            f"{VARIABLE} cannot be '{stated}'.", "Give the GiB that one run may hold, such as 4."
        )
    return gib * GIB


def held(process: psutil.Process) -> float:
    """Return the bytes that only this process holds, 0 where it has ended.

    Pages of files count for nobody: the system takes them back when it needs to.
    """
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0.0
    return float(memory.rss - getattr(memory, "shared", 0))


def peak_mib() -> float | None:
    """Return the most MiB this process has had in memory; None where that is not known."""
    try:
        # the system's own count of resources begins with the peak of the process that started it
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        found = None
    if found:
        return round(int(found[1]) / 1024)
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # bytes on macOS, kibibytes elsewhere
    return round(peak / (MIB if os.uname().sysname == "Darwin" else 1024))


def too_much(needed: float, limit: float) -> Refusal:
    """Say that a run held more than it may."""
    return Refusal(
        f"The run needed more memory than it may have: it held {needed / GIB:.1f} GiB of at most "
        f"{limit / GIB:.1f} GiB when it was ended.",
        f"Take a smaller area, patch or batch, or allow more GiB a run with {VARIABLE}.",
    )


def exhausted(error: Exception) -> Refusal | None:
    """Say that the system gave a run no more memory, if that is what an error is about."""
    # TensorFlow has an error of its own for it
    if not isinstance(error, MemoryError) and type(error).__name__ != "ResourceExhaustedError":
        return None
    peak = peak_mib()
    had = f" It had held up to {peak / 1024:.1f} GiB." if peak else ""
    reason = str(error).strip().splitlines()[:1]
    return Refusal(
        f"The machine had no more memory for the run{f': {reason[0]}' if reason else ''}.{had}",
        "Take a smaller area, patch or batch, or let other programs end first.",
    )


def _machine() -> float:
    sizes = [float(psutil.virtual_memory().total)]
    for path in CONTAINER:
        try:
            # the word 'max' stands for no limit
            sizes.append(float(Path(path).read_text().replace("max", "inf")))
        except (OSError, ValueError):
            continue
    return min(sizes)
