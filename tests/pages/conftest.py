"""A workspace with the demo in it, an engine that only writes requests down, and the pages."""

import shutil
from dataclasses import dataclass, field

import pytest
from streamlit.testing.v1 import AppTest

from bandweave.contracts.small_scene import make_scene
from bandweave.running import engine
from bandweave.running.resuming import resume
from bandweave.workspace import run_folders, scene_library
from bandweave.workspace.run_folders import CANCELLED, Request, Run, new_run, open_run
from bandweave.workspace.studies import ENDED, Course, Study, new_study
from pages.shared import demo
from tests.pages.shown import ROOT, finish

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

    def submit_study(self, name, requests, references=()) -> Study:
        known = [run_folders.equivalent_run(request) for request in references]
        made = [run or new_run(asked) for run, asked in zip(known, references, strict=True)]
        return new_study(name, made + [self.submit(request) for request in requests])

    def submit_sweep(self, name, sweep, references=()) -> Study:
        course = Course(tuple(sweep.plan(scene_library.find(sweep.request.scene).scene)))
        return new_study(name, [], sweep, course)

    def submit_to(self, study: Study, request: Request) -> Run:
        run = self.submit(request)
        study.go_on([run], study.course)
        return run

    def end_sweep(self, study: Study) -> None:
        study.end(ENDED)

    def cancel(self, run_id: str) -> None:
        (open_run(run_id).folder / CANCELLED).touch()

    def resume(self, run_id: str) -> Run:
        resume(run := open_run(run_id))
        return run

    def discard(self, run_id: str) -> None:
        if not open_run(run_id).status().state.final:
            self.cancel(run_id)
        run_folders.discard(run_id)


@pytest.fixture
def waiting_engine(monkeypatch):
    made = WaitingEngine()
    monkeypatch.setattr(engine, "local", lambda: made)
    return made


@pytest.fixture
def home(workspace, waiting_engine):
    """Return the Overview page, opened; the workspace is still empty."""
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Make a workspace once in which all of the demo's first runs have ended."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(folder))
        scene_library.store(make_scene(160, 160), scene_library.DEMO)
        for task in demo.REFERENCES:
            for request in demo.first_requests(task):
                finish(new_run(request), NOISE[request.method])
    return folder


@pytest.fixture
def demo_scene(prepared, workspace):
    shutil.copytree(prepared / "scenes", workspace / "scenes")
    return scene_library.demo()


@pytest.fixture
def first_results(prepared, demo_scene, workspace):
    shutil.copytree(prepared / "runs", workspace / "runs")
