"""A finished run's model goes to a second scene, and is scored there."""

import re

import pytest
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.running.execution import execute
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import new_run
from tests.browser.conftest import serving, watched
from tests.core.running.test_models import placed

pytestmark = pytest.mark.browser

RUN_WITHIN = 120_000


@pytest.fixture
def first(tmp_path, monkeypatch):
    """Return a finished run on a small demo, with a second scene beside it."""
    monkeypatch.setenv("BANDWEAVE_HOME", str(tmp_path))
    scene_library.store(placed(make_scene(160, 160), 0, "Demo delta"), scene_library.DEMO)
    scene_library.store(placed(make_scene(160, 160, seed=1), 50_000, "Second"), "second")
    run = new_run(Request(scene_library.DEMO, "gap", "radar-classes"))
    execute(run)
    return run


def test_a_model_is_applied_to_a_second_scene_and_scored_there(first, tmp_path, page):
    faults = watched(page)
    page.set_default_timeout(60_000)
    with serving("app.py", tmp_path) as address:
        page.goto(f"{address}/runs?run={first.id}")
        page.get_by_text("Use this model on another scene").click()
        expect(page.get_by_role("combobox", name="Scene")).to_have_value("Second")
        page.get_by_role("button", name="Apply").click()
        head = page.locator(".st-key-run-head")
        expect(head).to_contain_text("applied")
        expect(head).to_contain_text("Done", timeout=RUN_WITHIN)
        said = f"The model of run {first.id}, fitted to Demo delta, was applied."
        # the log says so too, in the end
        expect(page.get_by_test_id("stAlertContentInfo")).to_contain_text(said)
        facts = page.locator(".run-facts")
        expect(facts).to_contain_text("Second")
        expect(facts).to_contain_text(re.compile(r"0\.\d{4} \(hidden pixels\)"))
    assert not faults, faults
