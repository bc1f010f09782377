"""Killed at any moment: nothing earlier is lost, and what was interrupted is marked or gone.

Run as `.venv/bin/python benchmarks/kill.py [KILLS] [SEED] [quick]`. Commands, a worker that trains,
a download and the app itself (unless `quick`) end by kill -9 at random moments of their work, on
one workspace. After each, every earlier scene and run has the files it had and can be read; after
the last, the app starts once more, commands that were killed are given again, and nothing half made
is left: no hidden file, no process, nothing in the folder for temporary files.

Commands run in forks of this process, which has imported everything and never computes: so a kill
falls into the work.
"""

import contextlib
import hashlib
import importlib
import logging
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import psutil
import rasterio

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave import __main__ as command_line
from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.errors import BandweaveError
from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.running.execution import execute
from bandweave.sources import SOURCES
from bandweave.tasks import TASKS
from bandweave.workspace import paths, results, scene_library
from bandweave.workspace.run_folders import PRODUCT, Request, Run, State, all_runs, new_run

KILLS = 200
ROOT = Path(__file__).resolve().parents[1]
APP_TAKES, APP_SHARE = 25.0, 0.05
SETTLED = 1200.0
"""Seconds that the last start has for what was interrupted."""
TRAINED = Request(
    "small", "reconstruct", "shallow-cnn", {"patch": 32, "stride": 32, "epochs": 2, "batch": 8}
)
FUSE = ("fuse", "--scene", "small", "--task", "gap", "--out")
FILLED = Request("small", "gap", "laplace")


class Grounds:
    """The workspace, the folders of results, and what has to stay as it is."""

    def __init__(self, top: Path) -> None:
        self.top, self.out, self.scratch = top, top / "out", top / "tmp"
        for folder in (self.out, self.scratch):
            folder.mkdir()
        os.environ["BANDWEAVE_HOME"] = str(top / "home")
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.scratch)
        self.kept: dict[str, dict[str, str]] = {}
        self.number = 0

    def keep(self, folder: Path) -> None:
        """Note a folder's files: from now on they may not change."""
        self.kept[str(folder)] = digests(folder)

    def fresh(self, name: str) -> Path:
        """Return a path that nothing has yet."""
        self.number += 1
        return self.out / f"{name}-{self.number}"


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file that cannot be made again."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != PRODUCT)
    return {
        str(path.relative_to(folder)): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def commanded(*words: str) -> Callable[[], None]:
    """Return what runs a command."""

    def run() -> None:
        if command_line.main(list(words)):
            raise SystemExit(1)

    return run


def prepared(grounds: Grounds, *, training: bool) -> dict[str, Callable[[], Callable[[], None]]]:
    """Make what may not be lost, and return what is begun and killed, by name."""
    kinds: dict[str, Callable[[], Callable[[], None]]] = {}

    def make() -> None:
        scene_library.store(make_scene(), "small")
        execute(new_run(FILLED))
        _files(grounds.top)

    ended(make)
    for entry in scene_library.entries():
        grounds.keep(entry.folder)
    done = all_runs()[0]
    grounds.keep(done.folder)
    old = grounds.fresh("old")
    ended(commanded(*FUSE, str(old), "--method", "laplace"))
    files = (
        "--optical",
        str(grounds.top / "optical.tif"),
        "--radar",
        str(grounds.top / "radar.tif"),
    )

    def over() -> Callable[[], None]:
        grounds.kept.pop(str(old), None)
        return commanded(*FUSE, str(old), "--method", "laplace")

    def asked(request: Request) -> Callable[[], Callable[[], None]]:
        return lambda: commanded("run", str(new_run(request).folder))

    def download() -> Callable[[], None]:
        (done.folder / PRODUCT).unlink(missing_ok=True)
        return lambda: _downloaded(done)

    kinds["fuse, new folder"] = lambda: commanded(
        *FUSE, str(grounds.fresh("new")), "--method", "laplace"
    )
    kinds["fuse, over results"] = over
    kinds["fuse, several"] = lambda: commanded(
        *FUSE, str(grounds.fresh("several")), "--method", "laplace", "band-mean"
    )
    kinds["scene create"] = lambda: commanded("scene", "create", "--name", "Made", *files)
    kinds["run"] = asked(FILLED)
    kinds["download"] = download
    if training:
        kinds["training"] = asked(TRAINED)
    archive = grounds.top / "all.zip"
    if ended(commanded("workspace", "export", "--out", str(archive))):
        kinds["export"] = lambda: commanded(
            "workspace", "export", "--out", str(grounds.fresh("archive"))
        )
        kinds["import"] = lambda: commanded("workspace", "import", str(archive))
    return kinds


def _files(folder: Path) -> None:
    """Write the files that `scene create` imports."""
    scene = make_scene(200, 200)
    grid = make_grid(200, 200)
    facts = {"driver": "GTiff", "dtype": "float32", "height": 200, "width": 200}
    place = {"crs": grid.crs, "transform": grid.transform}
    radar = 10 * np.log10(scene.radar.raster.read())
    for name, pixels, bands in (
        ("optical", scene.optical.raster.read(), scene.optical.bands),
        ("radar", radar, ("VV", "VH")),
    ):
        path = folder / f"{name}.tif"
        with rasterio.open(path, "w", count=len(pixels), **facts, **place) as target:
            target.write(pixels.astype(np.float32))
            target.descriptions = bands


def _downloaded(run: Run) -> None:
    results.LARGE = 0
    results.fused_cog(run)


def forked(work: Callable[[], None]) -> int:
    """Begin some work in a process of its own; return its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        work()
        code = 0
    finally:
        os._exit(code)


def ended(work: Callable[[], None], within: float | None = None) -> bool:
    """Let work end, or kill it after so many seconds; whether it came to its end."""
    child = forked(work)
    until = time.monotonic() + (600 if within is None else within)
    while time.monotonic() < until:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return status == 0
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


@contextlib.contextmanager
def app(grounds: Grounds) -> Iterator[str]:
    """Start the app on the workspace, and kill it in the end; its workers go on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    with (grounds.top / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def workers(grounds: Grounds) -> list[psutil.Process]:
    """Return the processes that belong to the workspace, this one and its app aside."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            mine = process.environ().get("BANDWEAVE_HOME") == os.environ["BANDWEAVE_HOME"]
            if mine and process.pid != os.getpid():
                found.append(process)
    return found


def losses(grounds: Grounds) -> Iterator[str]:
    """Yield what is not as it was, or cannot be read."""
    for name, before in grounds.kept.items():
        folder = Path(name)
        after = digests(folder) if folder.is_dir() else {}
        if after != before:
            gone = sorted(file for file in before if after.get(file) != before[file])
            yield f"{folder.name} changed: {gone or sorted(set(after) - set(before))}"
    for entry in scene_library.entries():
        try:
            for layer in entry.scene.layers:
                layer.raster.read()
        except BandweaveError as error:
            yield f"the scene {entry.id} cannot be read: {error.message}"
    for path in paths.runs().iterdir():
        if not path.name.startswith("."):
            yield from _lost_of(Run(path))
    yield from _old_results(grounds.out / "old-1")


def _lost_of(run: Run) -> Iterator[str]:
    try:
        status = run.status()
        if status.state is State.DONE:
            run.fused.read()
        if status.state is State.FAILED or (status.state is State.DONE and not run.scores()):
            yield f"the run {run.id} is {status.state}: {status.error}"
    except BandweaveError as error:
        yield f"the run {run.id} cannot be read: {error.message}"


def _old_results(folder: Path) -> Iterator[str]:
    """Results that are replaced are there before, afterwards, and at every moment between."""
    run = Run(folder)
    try:
        run.fused.read()
        if run.status().state is not State.DONE or not run.scores():
            yield f"the results that were replaced are {run.status().state}"
    except BandweaveError as error:
        yield f"the results that were replaced cannot be read: {error.message}"


def leftovers(grounds: Grounds) -> list[str]:
    """Return what is left of work that was killed."""
    found = [path for path in grounds.top.rglob(".*") if path.name not in (".streamlit",)]
    found += list(grounds.scratch.iterdir())
    running = [f"process {' '.join(each.cmdline()[-4:])}" for each in workers(grounds)]
    return sorted({str(path.relative_to(grounds.top)) for path in found}) + running


def settle(grounds: Grounds, *, quick: bool) -> list[str]:
    """Start once more, wait until what was interrupted has been dealt with, and end; say the rest.

    `quick`: an engine alone is started, as the app would.
    """
    for name in sorted({path.name for path in grounds.out.iterdir()}):
        # the results' own name: their hidden companions repeat it
        path = grounds.out / name.strip(".").partition(".")[0]
        if name.startswith(".") and name.strip(".").startswith(("new", "old", "several")):
            ended(commanded(*FUSE, str(path), "--method", "laplace"))
        if name.startswith(".archive"):
            ended(commanded("workspace", "export", "--out", str(path)))
    if quick:
        ended(_engine)
        return leftovers(grounds)
    with app(grounds) as address:
        until = time.monotonic() + SETTLED
        while time.monotonic() < until:
            time.sleep(2)
            if _answers(address) and not any(_under_way(grounds)):
                break
        waiting = list(_under_way(grounds))
    for process in workers(grounds):
        # a worker that waits ends with the server that it waited for
        with contextlib.suppress(psutil.Error):
            process.wait(20)
    return [*leftovers(grounds), *waiting]


def _answers(address: str) -> bool:
    with contextlib.suppress(OSError), urlopen(f"{address}/_stcore/health", timeout=5):
        return True
    return False


def _under_way(grounds: Grounds) -> Iterator[str]:
    """Yield what the app has still to do: the demo's first runs are the last."""
    runs = all_runs()
    yield from (f"run {run.id} waits" for run in runs if not run.status().state.final)
    if not any(run.request.scene == scene_library.DEMO for run in runs):
        yield "the demo is not ready"
    yield from map(str, (grounds.top / "home").rglob(".*.partial"))


def _engine() -> None:
    from bandweave.running.engine import LocalEngine

    engine = LocalEngine(limit=1)
    engine._warm = lambda: None  # type: ignore[method-assign]  # noqa: SLF001
    engine._dispatch = lambda: None  # type: ignore[method-assign]  # noqa: SLF001
    engine.start()
    engine.stop()


def imported() -> None:
    """Import what commands would import when they need it."""
    for registry in (METHODS, METRICS, TASKS, SOURCES):
        list(registry.values())
    for package in ("commands", "metrics", "prepare"):
        for path in sorted((ROOT / "core" / package).glob("*.py")):
            importlib.import_module(f"bandweave.{package}.{path.stem}".removesuffix(".__init__"))


def kill_all(kills: int, seed: int, *, quick: bool) -> Counter[str]:
    """Kill that many times; return what was lost or left over, and how often."""
    chance, found, done = random.Random(seed), Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as top:
        grounds = Grounds(Path(top).resolve())
        kinds = prepared(grounds, training=not quick)
        takes: dict[str, float] = {}
        for number in range(kills):
            name = chance.choice(list(kinds))
            if not quick and chance.random() < APP_SHARE:
                name = "app"
                with app(grounds):
                    time.sleep(chance.uniform(0, APP_TAKES))
                    chosen = workers(grounds)
                    if chosen and chance.random() < 0.5:
                        with contextlib.suppress(psutil.Error):
                            chance.choice(chosen).kill()
            else:
                if name not in takes:
                    begun = time.monotonic()
                    if not ended(kinds[name]()):
                        found[f"{name} does not come to its end"] += 1
                    takes[name] = time.monotonic() - begun
                    _adopt(grounds)
                ended(kinds[name](), chance.uniform(0, 1.05 * takes[name]))
            done[name] += 1
            for loss in losses(grounds):
                found[f"after {name}: {loss}"] += 1
                print(f"kill {number} of seed {seed}, {name}: {loss}", flush=True)
            _adopt(grounds)
        for left in settle(grounds, quick=quick):
            found[f"left over: {left}"] += 1
        for loss in losses(grounds):
            found[f"after the last start: {loss}"] += 1
    print(f"kills: {dict(done)}, whole in s: " + str({k: round(v, 1) for k, v in takes.items()}))
    return found


def _adopt(grounds: Grounds) -> None:
    """From now on what has come to its end may not change either; new scenes are removed again."""
    for entry in scene_library.entries():
        if str(entry.folder) not in grounds.kept:
            if len(grounds.kept) > 30:
                shutil.rmtree(entry.folder)
            else:
                grounds.keep(entry.folder)
    for run in all_runs():
        if run.status().state is State.DONE and str(run.folder) not in grounds.kept:
            grounds.keep(run.folder)


def main() -> None:
    """Kill, and say what was found."""
    words = [word for word in sys.argv[1:] if word != "quick"]
    kills, seed = ([int(word) for word in words] + [KILLS, 0][len(words) :])[:2]
    logging.disable(logging.WARNING)
    imported()
    begun = time.monotonic()
    found = kill_all(kills, seed, quick="quick" in sys.argv)
    print(
        f"{kills} kills in {time.monotonic() - begun:.0f} s: {sum(found.values())} losses and rest"
    )
    for what, often in found.most_common(30):
        print(f"  {often} x {what}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
