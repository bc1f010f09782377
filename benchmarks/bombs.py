"""Tiles while files that harm are looked at: how long they take, beside how long they take without.

Run as `.venv/bin/python benchmarks/bombs.py [SECONDS]`, the seconds of each of six turns. Bar: 95 %
of the tiles within 1.5 times what they take alone. Some of the files are refused by their header,
others unpack to hundreds of megabytes in the child.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import tifffile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.errors import BandweaveError
from bandweave.sources import outside
from benchmarks.load import Seen, everybody, furnish, requests
from tests.browser.conftest import serving
from tests.core.sources.test_hostile_files import GEOGRAPHY, many_bands, many_blocks, one_tile

RATE = 20
BAR = 1.5
TURNS = 3


def bombs(folder: Path) -> list[Path]:
    """Return small files, each of which asks for much."""
    made = []
    for make in (one_tile, many_bands, many_blocks):
        made.append(folder / f"{make.__name__}.tif")
        make(made[-1])
    zeros = folder / "zeros.tif"
    side = 20000
    tifffile.imwrite(
        zeros, np.zeros((side, side), np.uint8), tile=(side, side), compression="zlib",
        metadata=None, extratags=GEOGRAPHY,
    )  # fmt: skip
    return [*made, zeros]


def look(files: list[Path], ended: threading.Event, looked: list[str]) -> None:
    """Look at one after the other for as long as the turn lasts."""
    for path in itertools.cycle(files):
        if ended.is_set():
            return
        with contextlib.suppress(BandweaveError):
            outside.inspect(path)
        looked.append(path.name)


def turn(address: str, layers: set[str], seconds: float, files: list[Path]) -> list[float]:
    """Return the seconds that tiles took in one turn."""
    seen, ended, looked = Seen(), threading.Event(), []
    seen.layers = layers
    looking = threading.Thread(target=look, args=(files, ended, looked))
    if files:
        looking.start()
    requests(address, seen, RATE, time.monotonic() + seconds)
    ended.set()
    if files:
        looking.join()
        print(f"  looked at {len(looked)} files")
    assert not seen.errors, seen.errors
    return seen.taken["tile"]


def main(seconds: int = 30) -> None:
    """Serve tiles with and without bombs, by turns."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    taken: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        os.environ["BANDWEAVE_HOME"] = name
        furnish()
        files = bombs(Path(name))
        with serving("app.py", Path(name)) as address:
            seen = Seen()
            asyncio.run(everybody(address, seen, 6, time.monotonic() + 20))
            turn(address, seen.layers, seconds, [])  # the app still makes its demo ready
            for number in range(2 * TURNS):
                armed = bool(number % 2)
                taken[armed] += turn(address, seen.layers, seconds, files if armed else [])
    alone, beside = (np.percentile(taken[armed], 95) * 1000 for armed in (False, True))
    print(
        f"95 % of the tiles within {alone:.1f} ms alone, {beside:.1f} ms while bombs are looked "
        f"at: {beside / alone:.2f} times (bar {BAR})"
    )
    sys.exit(bool(beside / alone > BAR))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
