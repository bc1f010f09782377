"""The app while it works: how quickly it answers, and how much memory its server takes.

Run as `.venv/bin/python benchmarks/responsiveness.py [SIDE]`. Drives Chromium. Bars: a click is
answered within 500 ms at the median and within 1.5 times as long as when idle while a training
runs; the server stays below 700 MB while ten scenes of SIDE x SIDE pixels (1024 by default) are
opened one after the other. Idle and training take turns, so that whatever else the machine does
weighs on both.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.running.engine import LocalEngine
from bandweave.sources.simulated import Simulated
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, Run, State, all_runs
from tests.browser.conftest import FLAGS, NAMES, serving

SHELVES = ("Tasks", "Metrics", "Sources")
TURNS, CLICKS = 5, 12
SCENES = 10
PATIENCE = 900.0
QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'
CANVAS = ".viewer canvas"
ANSWER = """([button, before]) => new Promise((resolve) => {
  const begun = performance.now();
  const look = () => {
    const card = document.querySelector("article.card");
    if (card && card.textContent !== before) resolve(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  button.click();
  look();
})"""
TRAINING = Request(
    scene_library.DEMO, "reconstruct", "shallow-cnn", {"patch": 64, "stride": 4, "epochs": 500}
)


def clicks(page: Page, count: int) -> list[float]:
    """Return the milliseconds from each click on a shelf of Methods to its first card."""
    taken = []
    for number in range(count):
        shelf = page.get_by_role("radio", name=SHELVES[number % len(SHELVES)]).element_handle()
        before = page.locator("article.card").first.text_content()
        taken.append(page.evaluate(ANSWER, [shelf, before]))
        page.wait_for_selector(QUIET)
    return taken


def waited(run: Run | None = None) -> None:
    """Wait until a run trains; without one, until the demo's runs have ended."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE:
        if run is None:
            found = [each.status().state for each in all_runs()]
            if len(found) >= 4 and all(state.final for state in found):
                return
        else:
            status = run.status()
            if status.progress and status.progress.stage.startswith("Training"):
                return
            if status.state is not State.RUNNING:
                raise SystemExit(f"The training is {status.state}: {status.error}")
        time.sleep(0.2)
    raise SystemExit("The app was not ready in time.")


def answers(page: Page, address: str) -> None:
    """Print how quickly clicks are answered with and without a training beside them."""
    page.goto(f"{address}/methods")
    page.wait_for_selector("article.card")
    waited()
    engine = LocalEngine(limit=1)
    run = engine.submit(TRAINING)
    try:
        waited(run)
        worker = run.worker()
        assert worker is not None
        idle: list[float] = []
        busy: list[float] = []
        clicks(page, CLICKS)
        for _ in range(TURNS):
            worker.suspend()
            idle += clicks(page, CLICKS)
            worker.resume()
            busy += clicks(page, CLICKS)
    finally:
        engine.cancel(run.id)
        engine.stop()
    for name, taken in (("idle", idle), ("training", busy)):
        median, slow = np.median(taken), np.percentile(taken, 90)
        print(f"{name:9} click to answer: median {median:5.0f} ms, 90 % within {slow:5.0f} ms")
    ratio = np.median(busy) / np.median(idle)
    print(f"training / idle {ratio:.2f} (bar 1.5), median bar 500 ms")


@contextmanager
def peak_memory(process: psutil.Process) -> Iterator[list[int]]:
    """Watch a process; the list given holds its memory in bytes, ten times a second."""
    seen, ended = [process.memory_info().rss], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def memory(page: Page, address: str, side: int) -> None:
    """Print the server's peak memory while scenes are opened on Imagery and Compare."""
    scene = Simulated(side, side).make()
    ids = [scene_library.store(scene, f"scene-{number}").id for number in range(SCENES)]
    children = psutil.Process().children(recursive=True)
    server = next(child for child in children if "streamlit" in " ".join(child.cmdline()))
    before = server.memory_info().rss
    for path in ("imagery", "compare"):
        with peak_memory(server) as seen:
            for scene_id in ids:
                page.goto(f"{address}/{path}?scene={scene_id}")
                page.wait_for_selector(QUIET)
                page.locator(CANVAS).first.wait_for(timeout=60_000)
                page.wait_for_load_state("networkidle")
        print(
            f"server's memory, {SCENES} scenes of {side} x {side} on {path}: "
            f"peak {max(seen) / 1e6:.0f} MB (bar 700), {seen[-1] / 1e6:.0f} MB after, "
            f"{before / 1e6:.0f} MB before"
        )


def main(side: int = 1024) -> None:
    """Start the app on an empty workspace and measure."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BANDWEAVE_HOME"] = folder
        with serving("app.py", Path(folder)) as address, sync_playwright() as playwright:
            chromium = next(filter(None, map(shutil.which, NAMES)), None)
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            answers(page, address)
            memory(page, address, side)
            browser.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
