"""The paper in one click: its tables beside ours, Figure 6, and the audit."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DEMO_WITHIN = 90_000
RUNS_WITHIN = 400_000


def test_one_click_makes_the_papers_tables_and_figure(screen):
    screen.set_viewport_size({"width": 1440, "height": 1000})
    screen.goto("/paper?scene=demo")
    start = screen.get_by_role("button", name="Reproduce")
    expect(start).to_be_enabled(timeout=DEMO_WITHIN)
    # few steps, and the rest is tested with made-up runs: here it would only take time
    screen.get_by_role("combobox", name="Steps").click()
    screen.get_by_role("option", name="literal").click()
    for name in ("Classical methods", "With the answer hidden"):
        screen.locator("label").filter(has_text=name).click()
        screen.wait_for_selector(QUIET)
    # a reference row that the Overview has run already is not run again
    expect(screen.get_by_text(re.compile(r"\b(8|9|10) runs, at most"))).to_be_visible()
    start.click()
    expect(screen.get_by_text("10 runs, all done.")).to_be_visible(timeout=RUNS_WITHIN)
    table = screen.locator(".st-key-card-table-II tbody tr")
    network = table.filter(has_text="Shallow CNN, patch by patch").locator("td").first
    expect(network).to_contain_text("0.0442")
    assert 0 < float(network.inner_text().split()[0]) < 0.1

    screen.get_by_role("radio", name="Figure 6").click()
    labels = screen.locator(".viewer").first.locator(".label")
    expect(labels).to_have_count(9)
    expect(labels.nth(8)).to_contain_text("Blue, CAE")

    screen.get_by_role("radio", name="Audit").click()
    screen.get_by_text("Entropy above 8 bits needs more than 256 gray levels.").click()
    expect(screen.get_by_text("Impossible at 256 gray levels")).to_be_visible()


def test_a_phone_shows_the_paper_without_scrolling_sideways(screen):
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto("/paper?scene=demo")
    expect(screen.locator('[class*="st-key-card-"]').first).to_be_visible(timeout=DEMO_WITHIN)
    for name in ("Networks", "Audit"):
        screen.get_by_role("radio", name=name).click()
        screen.wait_for_selector(QUIET)
        assert screen.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
