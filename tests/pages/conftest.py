"""A workspace with the demo in it, an engine that only writes requests down, and the pages."""

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import engine, library
from core.evaluate import evaluate, original
from core.raster import write
from core.runs import CANCELLED, FUSED, RESULT, SCORES, Request, Run, new_run, open_run
from pages.shared import demo
from tests.small import make_scene

ROOT = Path(__file__).parents[2]
NOISE = {"copy": 0.0, "laplace": 0.02, "shallow-cnn": 0.01, "cae": 0.03}
"""How far each method's made-up result is from the truth, in reflectance."""


@dataclass
class WaitingEngine:
    """Queues runs and never executes them."""

    submitted: list[Request] = field(default_factory=list)
    background: list[bool] = field(default_factory=list)
    warm: bool = False

    def start(self) -> None:
        self.warm = True

    def submit(self, request: Request, *, background: bool = False) -> Run:
        self.submitted.append(request)
        self.background.append(background)
        return new_run(request)

    def cancel(self, run_id: str) -> None:
        (open_run(run_id).folder / CANCELLED).touch()


@pytest.fixture
def waiting_engine(monkeypatch):
    made = WaitingEngine()
    monkeypatch.setattr(engine, "local", lambda: made)
    return made


@pytest.fixture
def home(workspace, waiting_engine):
    """Return the Overview page, opened; the workspace is still empty."""
    return AppTest.from_file(str(ROOT / "pages" / "home.py"), default_timeout=30)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Make a workspace once in which all of the demo's first runs have ended."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(folder))
        library.store(make_scene(160, 160), library.DEMO)
        for task in demo.REFERENCES:
            for request in demo.first_requests(task):
                finish(new_run(request), NOISE[request.method])
    return folder


@pytest.fixture
def demo_scene(prepared, workspace):
    shutil.copytree(prepared / "scenes", workspace / "scenes")
    return library.demo()


@pytest.fixture
def first_results(prepared, demo_scene, workspace):
    shutil.copytree(prepared / "runs", workspace / "runs")


def finish(run: Run, noise: float, seconds: float = 2.5) -> Run:
    """Give a run the result of adding noise of that spread to the truth."""
    request = run.request
    scene = library.find(request.scene).scene
    truth = request.configured_task.pose(scene, request.seed).truth
    pixels = truth.reference.read()
    pixels += np.random.default_rng(1).normal(0, noise, pixels.shape).astype(np.float32)
    fused = write(run.folder / FUSED, pixels, scene.grid, truth.reference.bands)
    common = {"label": request.label, "method": request.method, "seed": request.seed}
    rows = [common | score._asdict() for score in evaluate(truth, fused)]
    (run.folder / SCORES).write_text(json.dumps(rows))
    result = {"seconds": seconds, "original": [score._asdict() for score in original(truth)]}
    (run.folder / RESULT).write_text(json.dumps(result))
    return run


def html(page: AppTest) -> str:
    """Return the HTML a page shows."""
    return " ".join(element.proto.body for element in page.get("html"))


def texts(page: AppTest, kind: str) -> list[str]:
    """Return the texts of all elements of a kind."""
    return [element.value for element in page.get(kind)]


def rows(page: AppTest) -> list[dict[str, str]]:
    """Return the score table: each row's name, chip and values by metric."""
    found = []
    for line in re.findall(r"<tr>(<th scope='row'>.*?)</tr>", html(page)):
        name = re.match(r"<th scope='row'>([^<]+)", line)
        chip = re.search(r"class='chip'>([^<]+)", line)
        values = dict(re.findall(r"data-metric='([a-z-]+)'>([^<]+)", line))
        best = re.findall(r"class='best' data-metric='([a-z-]+)'", line)
        found.append({"name": name[1], "chip": chip[1] if chip else "", "best": best} | values)
    return found


def names(page: AppTest) -> list[str]:
    """Return the names of the score table's rows."""
    return [row["name"] for row in rows(page)]
