"""What all fuzzers share: seeds, odd values, limits of time and memory, counting and the report.

An attempt gets a generator of its own, made from its seed, so that one failure can be had again
alone: `benchmarks/fuzz_NAME.py 1 SEED`.
"""

import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

Attempt = Callable[[random.Random], object]
WITHIN = 5.0
"""Seconds an attempt may take."""
GROWTH_MIB = 400
"""What the process's peak may grow by with one attempt, once it is warm, or with all after that."""
WARM = 20
"""Attempts after which a process has loaded what it needs."""
SHOWN = 12
TEXTS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "nan",
        "inf",
        "1e999",
        "null",
        "true",
        "\0",
        "\n",
        "é",
        "\ud800",
        "٣",
        "１",
    ),
    *("../..", "/etc/passwd", "C:\\con", "a/b", ".", "..", "%2e%2e%2f", "demo", "small", "=1+1"),
    *("<script>alert(1)</script>", "![x](http://203.0.113.1/x)", "$x^2$", ":material/home:", "{0}"),
    *(
        "a" * 300,
        "𝒳" * 40,
        "\u202edlrow",
        "'; drop table runs; --",
        "${HOME}",
        "1_0",
        "0x10",
        "1e3",
    ),
)
NUMBERS = (
    *(0, 1, -1, 2, 3, 0.5, -0.0, 1e-320, 1e308, -1e308, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63)),
    *(10**400, float("nan"), float("inf"), -float("inf"), True, False),
)


class Failure(NamedTuple):
    """An attempt that went wrong."""

    seed: int
    what: str


class TooSlowError(Exception):
    """An attempt that took longer than it may."""


def odd(random: random.Random, depth: int = 2) -> Any:
    """Return a value that nobody expects where it will stand."""
    kind = random.randrange(8 if depth else 6)
    if kind < 3:
        return random.choice(NUMBERS)
    if kind < 5:
        return random.choice(TEXTS)
    if kind == 5:
        return None
    inner = [odd(random, depth - 1) for _ in range(random.randrange(4))]
    if kind == 6:
        return inner
    return {random.choice(TEXTS): value for value in inner}


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def slow(*_: object) -> None:
        raise TooSlowError(f"took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def failures(
    attempt: Attempt,
    count: int,
    first: int = 0,
    *,
    within: float = WITHIN,
    growth: float = GROWTH_MIB,
) -> list[Failure]:
    """Make attempts with the seeds from `first` on; whatever one raises is a failure.

    So is one that takes longer than `within` seconds, or holds `growth` MiB more than any before.
    """
    found = []
    held = peak_mib()
    for done, seed in enumerate(range(first, first + count)):
        try:
            with _limited(within):
                attempt(random.Random(seed))
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
            found.append(Failure(seed, f"{type(error).__name__} at {place}: {error}"[:300]))
        now = peak_mib()
        grown = now - held > growth
        if grown:
            found.append(Failure(seed, f"memory: {held:.0f} MiB became {now:.0f}"))
        if grown or done < WARM:
            held = now
    return found


def peak_mib() -> float:
    """Return the most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(name: str, find: Callable[[int, int], list[Failure]], usual: int) -> None:
    """Make as many attempts as the command line says, from its seed, and say what was found."""
    words = [int(word) for word in sys.argv[1:3]]
    count, first = (words + [usual, 0][len(words) :])[:2]
    begun = time.monotonic()
    found = find(count, first)
    seconds = time.monotonic() - begun
    print(
        f"{name}: {count} inputs from seed {first} in {seconds:.0f} s, {len(found)} failures, "
        f"peak {peak_mib():.0f} MiB"
    )
    kinds: dict[str, list[int]] = {}
    for failure in found:
        kinds.setdefault(failure.what.partition(": ")[0], []).append(failure.seed)
    for seeds in sorted(kinds.values(), key=len, reverse=True)[:SHOWN]:
        example = next(each for each in found if each.seed == seeds[0])
        print(f"  {len(seeds)} x seeds {seeds[:5]}: {example.what}")
    sys.exit(bool(found))
