"""Many at once: sessions that open pages, tiles, downloads and one training.

Run as `.venv/bin/python benchmarks/load.py [SECONDS] [SESSIONS] [TILES]`. Bars, over 600 s with 50
sessions that open a page a minute each and 20 tiles a second together: no error, 95 % of the tiles
within 1 s, and the server's private memory flat. Sessions speak Streamlit's own messages over web
sockets, and ask again for what refreshes itself, as a browser does.
"""

import asyncio
import itertools
import logging
import os
import random
import re
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.contracts.small_scene import make_scene
from bandweave.running.engine import LocalEngine
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, State, all_runs, new_run
from pages.shared import demo
from tests.browser.conftest import serving
from tests.pages.shown import finish

SIDE = 1200
SCENES = 3
PAGES = ("", "imagery", "fuse", "runs", "compare", "metrics", "methods")
EVERY = 60.0
"""Seconds between the pages of a session."""
DOWNLOAD_EVERY = 10.0
PATIENCE = 60.0
FULL_TILES = -(-SIDE // 512)
TRAINING = Request(
    scene_library.DEMO, "reconstruct", "shallow-cnn", {"patch": 64, "stride": 4, "epochs": 500}
)
_ID = re.compile(rb"/api/tiles/([0-9a-f]{24})/")


class Seen:
    """What all sessions and requests together have met."""

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self.taken: dict[str, list[float]] = {}
        self.layers: set[str] = set()
        self.held: list[float] = []
        """The server's private memory in MiB, once a second."""

    def took(self, what: str, seconds: float) -> None:
        """Note how long an answer took."""
        self.taken.setdefault(what, []).append(seconds)


def furnish() -> None:
    """Make scenes and finished runs, the demo's first ones included."""
    scene = make_scene(SIDE, SIDE)
    for name in (scene_library.DEMO, *(f"scene-{number}" for number in range(SCENES))):
        scene_library.store(scene, name)
    for task in demo.REFERENCES:
        for request in demo.first_requests(task):
            finish(new_run(request), 0.01)
    for number in range(SCENES):
        finish(new_run(Request(f"scene-{number}", "reconstruct", "copy")), 0.01)


async def session(address: str, seen: Seen, number: int, ends: float) -> None:
    """Open a page a minute until the end, as one browser."""
    chance = random.Random(number)
    await asyncio.sleep(EVERY * number / 50 % EVERY)
    url = f"{address.replace('http', 'ws')}/_stcore/stream"
    try:
        async with connect(
            url, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE
        ) as socket:
            while time.monotonic() < ends:
                await _page(socket, seen, chance, min(ends, time.monotonic() + EVERY))
    except Exception as error:  # whatever a session meets is what is counted
        seen.errors[f"session: {type(error).__name__}: {error}"[:200]] += 1


async def _page(socket: ClientConnection, seen: Seen, chance: random.Random, until: float) -> None:
    message = BackMsg()
    name = chance.choice(PAGES)
    message.rerun_script.page_name = name
    known = chance.choice([entry.id for entry in scene_library.entries()])
    message.rerun_script.query_string = f"scene={known}"
    await socket.send(message.SerializeToString())
    begun, shown, again = time.monotonic(), False, {}
    while (now := time.monotonic()) < until:
        due = min([until, *(when for when, _ in again.values())])
        try:
            async with asyncio.timeout(max(0.0, due - now)):
                received = await socket.recv()
        except TimeoutError:
            await _refresh(socket, again)
            if not shown and now - begun > PATIENCE:
                raise TimeoutError(f"the page '{name}' did not come") from None
            continue
        said = ForwardMsg.FromString(received)
        seen.layers.update(found.decode() for found in _ID.findall(received))
        kind = said.WhichOneof("type")
        if kind == "delta" and said.delta.new_element.HasField("exception"):
            seen.errors[f"{name}: {said.delta.new_element.exception.message}"[:200]] += 1
        elif kind == "auto_rerun":
            seconds = max(0.5, said.auto_rerun.interval)
            again[said.auto_rerun.fragment_id] = (time.monotonic() + seconds, seconds)
        elif kind == "script_finished" and not shown:
            shown = True
            seen.took("page", time.monotonic() - begun)


async def _refresh(socket: ClientConnection, again: dict[str, tuple[float, float]]) -> None:
    for fragment, (when, seconds) in again.items():
        if when <= time.monotonic():
            message = BackMsg()
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            await socket.send(message.SerializeToString())
            again[fragment] = (time.monotonic() + seconds, seconds)


def ask(address: str, path: str, what: str, seen: Seen) -> None:
    """Fetch one address and note how long that took."""
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(address + path, timeout=PATIENCE) as answer:
            while answer.read(1 << 16):
                continue
        seen.took(what, time.monotonic() - begun)
    except (OSError, urllib.error.URLError) as error:
        seen.errors[f"{what}: {error}"[:200]] += 1


def requests(address: str, seen: Seen, rate: float, ends: float) -> None:
    """Ask for tiles at a steady rate, and now and then for a value, a map's tile or a file."""
    chance = random.Random(0)
    downloads = itertools.cycle(run.id for run in all_runs() if run.has_image)
    due = next_download = time.monotonic() + 5
    with ThreadPoolExecutor(64) as pool:
        while time.monotonic() < ends:
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / rate
            if time.monotonic() > next_download:
                path = f"/api/runs/{next(downloads)}/fused.tif"
                pool.submit(ask, address, path, "download", seen)
                next_download += DOWNLOAD_EVERY
            if not seen.layers:
                continue
            layer = chance.choice(sorted(seen.layers))
            x, y = chance.randrange(FULL_TILES), chance.randrange(FULL_TILES)
            path = chance.choice((f"0/{x}/{y}", f"0/{x}/{y}", f"1/{x // 2}/{y // 2}", "2/0/0"))
            pool.submit(ask, address, f"/api/tiles/{layer}/{path}", "tile", seen)
            if chance.random() < 0.1:
                path = f"/api/values/{x * 400}/{y * 400}/{layer}"
                pool.submit(ask, address, path, "value", seen)


def watch(server: psutil.Process, seen: Seen, ended: threading.Event) -> None:
    """Note the server's private memory once a second."""
    while not ended.wait(1.0):
        with suppress(psutil.Error):
            seen.held.append(server.memory_full_info().uss / 2**20)


async def everybody(address: str, seen: Seen, sessions: int, ends: float) -> None:
    """Open all sessions."""
    await asyncio.gather(*(session(address, seen, number, ends) for number in range(sessions)))


def tell(seen: Seen) -> bool:
    """Print what was met; whether all bars are kept."""
    for what, taken in sorted(seen.taken.items()):
        median, slow = np.percentile(taken, (50, 95))
        print(
            f"{what:9} {len(taken):6}  median {median * 1000:6.0f} ms, "
            f"95 % within {slow * 1000:6.0f} ms, slowest {max(taken) * 1000:6.0f} ms"
        )
    thirds = [np.percentile(part, 95) for part in np.array_split(seen.taken["tile"], 3)]
    print("tiles, 95 % within, by thirds  " + ", ".join(f"{each * 1000:.0f} ms" for each in thirds))
    third = max(1, len(seen.held) // 3)
    early, late = np.median(seen.held[third : third + third]), np.median(seen.held[-third:])
    held = [np.median(seen.held[:third]), early, late]
    print("private memory, by thirds  " + ", ".join(f"{each:.0f} MiB" for each in held))
    for error, often in seen.errors.most_common(12):
        print(f"  {often} x {error}")
    slow = np.percentile(seen.taken.get("tile", [np.inf]), 95)
    return bool(not seen.errors and slow < 1 and late < 1.15 * early)


def put_under_load(address: str, seen: Seen, seconds: int, sessions: int, tiles: int) -> None:
    """Let everybody come at once, and watch the server meanwhile."""
    ended, ends = threading.Event(), time.monotonic() + seconds
    engine = LocalEngine(limit=1)
    run = engine.submit(TRAINING)
    children = psutil.Process().children()
    server = next(each for each in children if "streamlit" in " ".join(each.cmdline()))
    others = [
        threading.Thread(target=requests, args=(address, seen, tiles, ends)),
        threading.Thread(target=watch, args=(server, seen, ended)),
    ]
    try:
        for other in others:
            other.start()
        asyncio.run(everybody(address, seen, sessions, ends))
        if run.status().state is not State.RUNNING:
            seen.errors[f"the training is {run.status().state}"] += 1
    finally:
        ended.set()
        for other in others:
            other.join()
        engine.cancel(run.id)
        engine.stop()


def main(seconds: int = 600, sessions: int = 50, tiles: int = 20) -> None:
    """Start the app in a workspace of its own and put it under load."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BANDWEAVE_HOME"] = folder
        furnish()
        try:
            with serving("app.py", Path(folder)) as address:
                put_under_load(address, seen, seconds, sessions, tiles)
        except AssertionError as error:  # the server's log has a traceback
            seen.errors[str(error).strip().splitlines()[-1]] += 1
    load = os.getloadavg()[0]
    print(f"{seconds} s, {sessions} sessions, {tiles} tiles a second, system load {load:.1f}")
    sys.exit(not tell(seen))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:4]))
