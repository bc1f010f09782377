"""A run that is told to end has not failed, whatever its libraries make of it."""

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.methods.gap_filling.laplace import Laplace
from bandweave.running import execution
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import RESULT, Request, new_run


def test_an_end_that_a_library_turns_into_an_error_is_no_failure(workspace, monkeypatch):
    def told(*_):
        execution._told_to_end.set()
        raise TypeError("a result with an exception set")

    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    monkeypatch.setattr(Laplace, "fit", told)
    with pytest.raises(SystemExit):
        execution.execute(run)
    assert not (run.folder / RESULT).exists()


def test_the_end_of_an_earlier_run_does_not_hide_a_failure(workspace, monkeypatch):
    def wrong(*_):
        raise TypeError("a fault of the method's own")

    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    monkeypatch.setattr(Laplace, "fit", wrong)
    execution._told_to_end.set()
    with pytest.raises(TypeError):
        execution.execute(run)
    assert "a fault of the method's own" in (run.folder / RESULT).read_text()
