"""The paper in one click: its tables beside ours, Figure 6, and the audit."""

import pytest
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library
from tests.browser.conftest import serving
from tests.browser.steps import QUIET

pytestmark = pytest.mark.browser

RUNS_WITHIN = 300_000


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Start an app that has a scene on which the paper's own steps are few."""
    home = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        scene_library.store(make_scene(256, 256), "small")
    with serving("app.py", home) as place:
        yield place


def test_one_click_makes_the_papers_tables_and_figure(screen, address):
    screen.set_viewport_size({"width": 1440, "height": 1000})
    screen.goto(f"{address}/paper?scene=small")
    start = screen.get_by_role("button", name="Reproduce")
    expect(start).to_be_enabled()
    # the rest is tested with made-up runs: here it would only take time
    screen.get_by_role("combobox", name="Steps").click()
    screen.get_by_role("option", name="literal").click()
    for name in ("Classical methods", "With the answer hidden"):
        screen.locator("label").filter(has_text=name).click()
        screen.wait_for_selector(QUIET)
    expect(screen.get_by_text("10 runs, at most")).to_be_visible()
    start.click()
    expect(screen.get_by_text("10 runs, all done.")).to_be_visible(timeout=RUNS_WITHIN)
    table = screen.locator(".st-key-card-table-II tbody tr")
    network = table.filter(has_text="Shallow CNN, patch by patch").locator("td").first
    expect(network).to_contain_text("0.0442")
    assert 0 < float(network.inner_text().split()[0]) < 0.5

    screen.get_by_role("radio", name="Figure 6").click()
    labels = screen.locator(".viewer").first.locator(".label")
    expect(labels).to_have_count(9)
    expect(labels.nth(8)).to_contain_text("Blue, CAE")

    screen.get_by_role("radio", name="Audit").click()
    screen.get_by_text("Entropy above 8 bits needs more than 256 gray levels.").click()
    expect(screen.get_by_text("Impossible at 256 gray levels")).to_be_visible()


def test_a_phone_shows_the_paper_without_scrolling_sideways(screen, address):
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto(f"{address}/paper?scene=small")
    expect(screen.locator('[class*="st-key-card-"]').first).to_be_visible()
    for name in ("Networks", "Audit"):
        screen.get_by_role("radio", name=name).click()
        screen.wait_for_selector(QUIET)
        assert screen.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
