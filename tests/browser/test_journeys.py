"""What a user does, in a real browser, on a workspace that starts empty."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DEMO_WITHIN = 90_000
TRAINED_WITHIN = 240_000
"""Generous: the machine that runs the tests may be busy; speed is measured in benchmarks."""


def opened(screen, path="/"):
    screen.goto(path)
    screen.wait_for_selector(QUIET)
    return screen


def home(screen):
    """Open the Overview and wait for the demo scene."""
    opened(screen)
    expect(screen.locator(".viewer canvas").first).to_be_visible(timeout=DEMO_WITHIN)
    return screen


def epochs(screen, number):
    field = screen.get_by_role("spinbutton", name="Epochs")
    field.fill(str(number))
    field.press("Enter")
    expect(screen.get_by_text("training steps")).to_be_visible()


def row(screen, chip):
    return screen.locator(".scores tbody tr").filter(has_text=chip)


def test_a_deep_link_as_the_very_first_request_opens_its_page(screen):
    opened(screen, "/methods")
    expect(screen.get_by_role("heading", name="Methods")).to_be_visible()
    expect(screen.get_by_test_id("stSidebarNav")).to_contain_text("Overview")
    expect(screen.locator("article.card")).not_to_have_count(0)
    expect(screen.get_by_text("Page not found")).to_have_count(0)


def test_one_click_trains_and_the_result_is_a_row_an_image_and_a_swipe(screen):
    home(screen)
    expect(screen.get_by_text("SIMULATED").first).to_be_visible()
    expect(row(screen, "Copy").locator("[data-metric=rmse]")).to_have_text(
        "0.0000", timeout=TRAINED_WITHIN
    )
    epochs(screen, 1)
    screen.get_by_role("button", name="Train").click()
    expect(screen.get_by_role("button", name="Cancel")).to_be_visible()
    trained = row(screen, "epochs 5 → 1")
    expect(trained).to_be_visible(timeout=TRAINED_WITHIN)
    rmse = float(trained.locator("[data-metric=rmse]").inner_text())
    assert 0 < rmse < 0.2
    expect(screen.locator(".label", has_text="epochs 5 → 1")).to_be_visible()
    screen.get_by_role("radio", name="Swipe").click()
    expect(screen.get_by_role("slider", name=re.compile("Swipe"))).to_be_visible()
    expect(screen.locator(".label")).to_have_count(2)


def test_a_run_can_be_cancelled(screen):
    home(screen)
    epochs(screen, 400)
    screen.get_by_role("button", name="Train").click()
    screen.get_by_role("button", name="Cancel").click()
    expect(screen.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(row(screen, "epochs 5 → 400")).to_have_count(0)


def test_the_second_tab_hides_the_answer(screen):
    home(screen)
    screen.get_by_text("With the answer hidden").click()
    expect(screen.locator(".label", has_text="Input")).to_be_visible()
    expect(screen.get_by_text("only those pixels are scored")).to_be_visible(timeout=TRAINED_WITHIN)


@pytest.mark.parametrize("path", ["/", "/methods"])
def test_a_phone_shows_every_page_without_scrolling_sideways(screen, path):
    screen.set_viewport_size({"width": 390, "height": 844})
    opened(screen, path)
    ready = ".viewer canvas" if path == "/" else "article.card"
    expect(screen.locator(ready).first).to_be_visible(timeout=DEMO_WITHIN)
    assert screen.evaluate("document.documentElement.scrollWidth") <= 390
