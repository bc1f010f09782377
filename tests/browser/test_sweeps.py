"""Three values of patch with one form, as parallel coordinates, and the best with more steps."""

import re

import pytest
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library
from tests.browser.conftest import serving
from tests.browser.hands import until
from tests.browser.steps import QUIET, chosen

pytestmark = pytest.mark.browser

DEMO_WITHIN = 90_000
RUNS_WITHIN = 480_000
LINES = "document.querySelectorAll('.js-plotly-plot .scatterlayer .trace').length"


def number(screen, name, value):
    field = screen.get_by_role("spinbutton", name=name, exact=True)
    field.fill(str(value))
    field.press("Enter")
    screen.wait_for_selector(QUIET)


@pytest.fixture
def small_app(workspace):
    """Serve the app on a demo scene of a few pixels: what is tried here is not the training."""
    scene_library.store(make_scene(160, 160), scene_library.DEMO)
    with serving("app.py", workspace) as address:
        yield address


def test_patch_is_swept_compared_and_the_best_is_trained_longer(screen, small_app):
    screen.goto(f"{small_app}/fuse?scene=demo")
    expect(screen.get_by_role("button", name="Start")).to_be_enabled(timeout=DEMO_WITHIN)
    # what is not swept is left out: the switch is about one method
    chosen(screen, "copy")
    screen.wait_for_selector(QUIET)
    number(screen, "Epochs", 1)
    screen.get_by_text("Vary settings").click()
    screen.get_by_role("button", name="Patch", exact=True).click()
    values = screen.get_by_role("textbox", name="Patch")
    values.fill("32, 48")
    values.press("Enter")
    expect(screen.get_by_role("button", name="Start 2 runs")).to_be_enabled()
    values.fill("32, 48, 64, 4096")
    values.press("Enter")
    start = screen.locator(".st-key-card-start")
    expect(start).to_contain_text("cannot be 4096. Give 8 to 512 px.")
    values.fill("32, 48, 64")
    values.press("Enter")
    screen.get_by_role("button", name="Start 3 runs").click()

    expect(screen).to_have_url(re.compile(r"sweeps\?study=\d{8}-"))
    rows = screen.locator(".st-key-card-trials tbody tr").filter(has_text="Done")
    expect(rows).to_have_count(3, timeout=RUNS_WITHIN)
    expect(screen.get_by_text("Chosen among 3 on the pixels that are scored")).to_be_visible()
    until(screen, f"{LINES} === 3")
    best = screen.locator(".st-key-card-trials td.best")
    expect(best).to_have_count(1)

    screen.wait_for_selector(QUIET)
    number(screen, "Epochs", 2)
    screen.get_by_role("button", name="Train the best longer").click()
    # the table says how long each was trained, as that is not the same any more
    expect(rows).to_have_count(4, timeout=RUNS_WITHIN)
    expect(screen.locator(".st-key-card-trials thead")).to_contain_text("Epochs")
    until(screen, f"{LINES} === 4")

    screen.get_by_role("link", name="Use these settings").click()
    expect(screen.get_by_role("spinbutton", name="First seed")).to_have_value("1")
    expect(screen.get_by_role("checkbox", name="Shallow CNN")).to_be_checked()
