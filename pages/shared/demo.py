"""The demo: its scene, its requests, and making both ready when the server starts.

The first results are computed in the background, so that Home has something to show before the
first click; a user's own run goes ahead of them.
"""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import streamlit as st

from bandweave.errors import BandweaveError
from bandweave.methods import METHODS, configured
from bandweave.running import engine
from bandweave.settings import Value
from bandweave.tasks import TASKS
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, Run, State, all_runs
from pages.shared import current
from pages.shared import map as maps

NETWORKS = ("shallow-cnn", "cae")
REFERENCES = {"reconstruct": ("copy",), "gap": ("laplace",)}
"""The rows every table starts with."""
VISIBLE = ("red", "green", "blue")
"""The bands it is about."""

_failure: BandweaveError | None = None


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Prepare the demo while the server runs, and end the engine with it."""
    threading.Thread(target=_make_ready, name="demo", daemon=True).start()
    yield
    engine.local().stop()


def _make_ready() -> None:
    prepare()
    maps.warm()


def prepare() -> None:
    """Make the scene, warm the engine up, and ask for the first results that are missing."""
    global _failure  # noqa: PLW0603 - the one thing a page cannot see from the files
    try:
        engine.local().start()
        scene_library.demo()
        wanted = [request for task in REFERENCES for request in first_requests(task)]
        # the reference rows take a second each: no table should wait for a network
        for request in sorted(wanted, key=lambda each: each.method in NETWORKS):
            if not _same(request, all_runs()):
                engine.local().submit(request, background=True)
    except BandweaveError as error:
        _failure = error
    except Exception as error:
        _failure = BandweaveError(
            f"The demo could not be prepared: {error}.", "The server's log has the details."
        )
        raise


def failure() -> BandweaveError | None:
    """Return why the demo could not be prepared or opened, if it could not."""
    found = _stored()
    return _failure or (found.damage if found else None)


def scene() -> scene_library.Entry | None:
    """Return the demo scene once it is there; opened once, its files stay open."""
    found = _stored()
    return found if found and found.sound else None


def _stored() -> scene_library.Entry | None:
    known = scene_library.entries()
    found = next((entry for entry in known if entry.id == scene_library.DEMO), None)
    return current.opened(found) if found else None


def first_requests(task: str) -> list[Request]:
    """Return what the background asks for under a task: reference rows, then the networks."""
    return [request(task, method) for method in (*REFERENCES[task], *NETWORKS)]


def request(
    task: str, method: str, changes: Mapping[str, object] | None = None, seed: int = 0
) -> Request:
    """Return a request on the demo scene: the preset for it with some settings changed."""
    known = {declared.name for declared in METHODS[method].settings()}
    asked = {name: value for name, value in (changes or {}).items() if name in known}
    suited = TASKS[task].preset
    preset = suited if suited in METHODS[method].presets else None
    settings: dict[str, Value] = configured([method], preset, asked)[method]
    return Request(scene_library.DEMO, task, method, settings, seed=seed)


def first_runs(task: str) -> list[Run]:
    """Return the newest run of each first request, where there is one that did not go wrong."""
    runs = [run for run in all_runs() if run.request.task == task]
    found = [_same(request, runs) for request in first_requests(task)]
    return [run for run in found if run]


def _same(request: Request, runs: list[Run]) -> Run | None:
    failed = (State.FAILED, State.CANCELLED, State.LOST)
    same = (run for run in runs if run.request == request)
    return next((run for run in same if run.status().state not in failed), None)
