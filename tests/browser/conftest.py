"""The app on a free port with an empty workspace, and a Chromium that reaches nothing else."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import psutil
import pytest

ROOT = Path(__file__).parents[2]
collect_ignore = ["stage.py", "map_stage.py", "names_stage.py"]
"""Apps to be served, not tests: they need a workspace as soon as they are imported."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # a name that is no name of this machine's, as behind a proxy
    "--host-resolver-rules=MAP fusion.example.org 127.0.0.1",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOURCES = os.pathsep.join([str(ROOT), str(ROOT / ".src")])
STARTED_WITHIN = 60
POLICY = "Content Security Policy"
"""What the browser says when a page does what its policy does not allow."""
LOCAL = ("127.0.0.1", "localhost", "")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, browser_type):
    """Use the system's Chromium, else the one Playwright installed; fail if there is neither."""
    if os.environ.get("BANDWEAVE_NO_BROWSER") == "1":
        pytest.skip("BANDWEAVE_NO_BROWSER=1: browser tests are switched off")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and not Path(browser_type.executable_path).exists():
        pytest.fail("There is no Chromium: run `make browser` (or set BANDWEAVE_NO_BROWSER=1).")
    system = {"executable_path": found} if found else {}
    return {**browser_type_launch_args, **system, "args": list(FLAGS)}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Start the app as `make run` does; every worker it started ends with it."""
    with serving("app.py", tmp_path_factory.mktemp("home")) as address:
        yield address


@contextmanager
def serving(script, home, *options, base="", **settings):
    """Serve a script on a free port, below a base path, with `home` as its workspace."""
    port = free_port()
    log = home / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"]
            + [f"--server.port={port}", f"--server.baseUrlPath={base}", *options],
            cwd=ROOT,
            env=os.environ | {"BANDWEAVE_HOME": str(home), "PYTHONPATH": SOURCES} | settings,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    workers = []
    try:
        _wait(process, f"http://127.0.0.1:{port}{base}/_stcore/health", log)
        yield f"http://127.0.0.1:{port}{base}"
        workers = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        for worker in workers:
            if worker.is_running():
                worker.kill()
        psutil.wait_procs(workers, 10)
    assert "Traceback" not in log.read_text(), log.read_text()[-4000:]


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(process, address, log):
    for _ in range(STARTED_WITHIN * 10):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"The app did not start within {STARTED_WITHIN} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def stage_home(tmp_path_factory):
    """Return the folder of the images that `stage` shows."""
    return tmp_path_factory.mktemp("stage")


@pytest.fixture(scope="session")
def stage(stage_home):
    """Start the page that shows nothing but the viewer."""
    with serving("tests/browser/stage.py", stage_home) as address:
        yield address


@pytest.fixture(scope="session")
def base_url(server):
    """Let `page.goto("/")` mean the app."""
    return server


@pytest.fixture
def strangers(context):
    """Block and record every request to another machine; a test fails if there was one."""
    met = []

    def answer(route):
        if urlparse(route.request.url).hostname in (*LOCAL, None):
            route.continue_()
        else:
            met.append(route.request.url)
            route.abort()

    context.route("**/*", answer)
    return met


def watched(page):
    """Return the list to which a page's faults will be added, and what its policy forbids it."""
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if POLICY in said.text else None)
    return faults


@pytest.fixture
def screen(page, strangers):
    """A page on the app that must not reach another machine, break its own rules, or fail."""
    faults = watched(page)
    page.set_default_timeout(60_000)
    yield page
    assert not strangers, f"requests left the machine: {strangers}"
    assert not faults, faults
