"""What whoever watches over the server is told."""

import json
from importlib.metadata import version

import pytest

from bandweave.running import engine
from bandweave.running.engine import LocalEngine
from pages.shared.serving import health
from tests.pages.asking import ask, guarded


@pytest.fixture
def idle(monkeypatch):
    """Return an engine that has not begun; the workspace is looked at anew."""
    made = LocalEngine()
    monkeypatch.setattr(engine, "local", lambda: made)
    monkeypatch.setattr(health, "LOOKED_EVERY", 0.0)
    return made


def told():
    answer = ask(guarded(), "/api/health")
    return answer.status, json.loads(answer.body)


def test_all_is_well(workspace, idle):
    assert told() == (200, {"status": "ok", "version": version("bandweave")})
    assert not list(workspace.iterdir())


def test_an_engine_that_has_stopped_is_told(workspace, idle):
    idle.stop()
    assert told()[0] == 503 and told()[1]["status"] == "the engine has stopped"


def test_a_workspace_that_cannot_be_written_is_told(workspace, idle):
    workspace.write_text("a file where the folder should be")
    assert told()[0] == 503 and told()[1]["status"] == "the workspace cannot be written"
    assert str(workspace) not in str(told())
    workspace.unlink()
    assert told()[0] == 200


def test_asking_often_writes_seldom(workspace, idle, monkeypatch):
    monkeypatch.setattr(health, "LOOKED_EVERY", 60.0)
    assert told()[0] == 200
    made = []
    monkeypatch.setattr(health, "_made", made.append)
    assert told()[0] == 200 and not made
