"""Odd addresses: whatever stands in a page's query, the page is shown.

Run as `.venv/bin/python benchmarks/fuzz_queries.py [INPUTS] [SEED]`. Pages are run by Streamlit's
own test driver on a workspace of the demo and its first results.
"""

import logging
import os
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_scene
from bandweave.running import engine
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import all_runs, new_run
from benchmarks.fuzz_driver import TEXTS, Failure, failures, report
from pages.shared import demo
from tests.pages.conftest import NOISE, WaitingEngine
from tests.pages.shown import ROOT, finish, html

INPUTS = 1_000
WITHIN = 30.0
PAGES = ("home", "imagery", "fuse", "runs", "compare", "metrics", "paper", "methods")
NAMES = ("scene", "run", "clone", "task", "embed", "embed_options", "method", "")


def prepared() -> None:
    """Make a workspace in which the demo's first runs have ended."""
    scene_library.store(make_scene(), scene_library.DEMO)
    for task in demo.REFERENCES:
        for request in demo.first_requests(task):
            finish(new_run(request), NOISE[request.method])


def _query(random: random.Random, ids: list[str]) -> dict[str, str | list[str]]:
    def value() -> str:
        known = random.choice(ids)
        odd = random.choice(TEXTS).encode("utf-8", "replace").decode()
        return random.choice((known, odd, odd, known[: random.randrange(len(known))], known + odd))

    chosen = random.sample(NAMES, random.randrange(1, 4))
    return {
        name: value() if random.random() < 0.8 else [value(), value()] for name in chosen if name
    }


def attempt(ids: list[str]) -> Callable[[random.Random], None]:
    """Return what opens one page with an odd query."""

    def opened(random: random.Random) -> None:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=WITHIN)
        for name, value in _query(random, ids).items():
            app.query_params[name] = value
        page = random.choice(PAGES)
        app.switch_page(f"pages/{page}.py").run() if page != "home" else app.run()
        assert not app.exception, (page, [each.value for each in app.exception])
        assert "Traceback" not in html(app), page

    return opened


def fuzzed(count: int, first: int) -> list[Failure]:
    """Open pages in a workspace of their own."""
    logging.disable(logging.WARNING)
    before, local = os.environ.get("BANDWEAVE_HOME"), engine.local
    with tempfile.TemporaryDirectory() as home:
        os.environ["BANDWEAVE_HOME"] = home
        waiting = WaitingEngine()
        engine.local = lambda: waiting
        try:
            prepared()
            ids = [scene_library.DEMO, *(run.id for run in all_runs())]
            return failures(attempt(ids), count, first, within=WITHIN)
        finally:
            engine.local = local
            logging.disable(logging.NOTSET)
            os.environ.pop("BANDWEAVE_HOME")
            if before is not None:
                os.environ["BANDWEAVE_HOME"] = before


if __name__ == "__main__":
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    report("query parameters", fuzzed, INPUTS)
