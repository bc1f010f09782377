"""From the question to the runs: a study, a training that is watched, cancelled and deleted."""

import re

import pytest
from playwright.sync_api import expect

from bandweave.methods import chosen as chosen_methods
from bandweave.tasks import TASKS
from tests.browser.hands import until
from tests.browser.steps import chosen

pytestmark = pytest.mark.browser

QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'
DEMO_WITHIN = 90_000
RUN_WITHIN = 240_000
CHART = "document.querySelector('.js-plotly-plot')"
DRAGS = 5
"""A chart that is drawn anew while it is dragged over is not zoomed into."""


def opened(screen, path):
    screen.goto(path)
    screen.wait_for_selector(QUIET)
    return screen


def number(screen, name, value):
    field = screen.get_by_role("spinbutton", name=name, exact=True)
    field.fill(str(value))
    field.press("Enter")


def heading(screen, name):
    return screen.get_by_role("heading", name=name)


def test_a_study_runs_and_a_training_is_watched_cancelled_deleted_and_brought_back(screen):
    opened(screen, "/fuse?scene=demo")
    expect(screen.get_by_role("button", name="Start")).to_be_enabled(timeout=DEMO_WITHIN)
    chosen(screen, "shallow-cnn", wanted=False)
    chosen(screen, "copy")
    chosen(screen, "band-mean")
    number(screen, "Seeds", 2)
    screen.get_by_role("button", name="Start 4 runs").click()
    expect(screen.get_by_text("4 of 4 runs have ended.")).to_be_visible(timeout=RUN_WITHIN)
    ended = screen.locator(".st-key-card-followed .scores tbody tr")
    expect(ended).to_have_count(4)
    expect(ended.filter(has_text="Copy · seed 1")).to_contain_text("0.0000")

    chosen(screen, "copy", wanted=False)
    chosen(screen, "band-mean", wanted=False)
    chosen(screen, "shallow-cnn")
    number(screen, "Seeds", 1)
    start = screen.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_enabled()
    screen.wait_for_selector(QUIET)
    number(screen, "Epochs", 400)
    # what was typed has arrived: 400 epochs of 192 steps
    expect(screen.locator(".st-key-card-start")).to_contain_text("76,800")
    start.click()
    expect(screen.get_by_role("button", name="Cancel")).to_be_visible()
    screen.get_by_test_id("stSidebarNav").get_by_role("link", name="Runs").click()
    watched(screen)

    screen.get_by_role("button", name="Cancel").click()
    expect(screen.locator(".st-key-run-head")).to_contain_text("Cancelled")
    screen.get_by_role("button", name="Delete").click()
    expect(screen.get_by_text("Deleted “Shallow CNN · seed 0”")).to_be_visible()
    expect(heading(screen, "Band mean · seed 1")).to_be_visible()
    screen.get_by_role("button", name="Undo").click()
    expect(heading(screen, "Shallow CNN · seed 0")).to_be_visible()

    # any cell of a row chooses it: the third row, in the column of names
    table = screen.get_by_test_id("stDataFrame")
    expect(table).to_have_count(1)
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    screen.mouse.click(box["x"] + 180, box["y"] + 35 * 3 + 15)
    expect(heading(screen, "Band mean · seed 0")).to_be_visible()
    expect(screen).to_have_url(re.compile(r"run=\d{8}-"))


def test_the_classical_shelf_runs_as_one_study_and_makes_a_table(screen):
    opened(screen, "/fuse?scene=demo")
    expect(screen.get_by_role("button", name="Start")).to_be_enabled(timeout=DEMO_WITHIN)
    screen.get_by_role("radio", name="Sharpen").click()
    expect(screen.get_by_role("spinbutton", name="Coarser by")).to_be_visible()
    screen.wait_for_selector(QUIET)
    family = screen.locator(".st-key-family-classical")
    family.get_by_role("button", name="All").click()
    for method in ("back-projection", "bicubic"):
        chosen(screen, method, wanted=False)
    count = len(chosen_methods(["classical"], TASKS["sharpen"]))
    screen.get_by_role("button", name=f"Start {count} runs").click()
    # those, and the reference that they are read against
    over = f"{count + 1} of {count + 1} runs have ended."
    expect(screen.get_by_text(over)).to_be_visible(timeout=RUN_WITHIN)
    ended = screen.locator(".st-key-card-followed .scores tbody tr")
    for label in ("IHS", "Brovey", "PCA", "Gram-Schmidt", "Wavelet + IHS", "IHS + NSCT", "Bicubic"):
        expect(ended.filter(has_text=label).first).to_be_visible()
    screen.locator(".st-key-card-followed").get_by_role("link", name="Metrics").click()
    screen.wait_for_selector(QUIET)
    table = screen.locator(".scores").first
    for label in ("IHS", "NSCT", "Contourlet", "Bicubic"):
        expect(table.get_by_role("row").filter(has_text=label).first).to_be_visible()


def watched(screen):
    """See the curve and the picture of a training, here and in another window; zoom into it."""
    expect(heading(screen, "Shallow CNN · seed 0")).to_be_visible()
    expect(screen.locator(".js-plotly-plot")).to_be_visible(timeout=RUN_WITHIN)
    expect(screen.locator(".pictures figure")).to_have_count(2, timeout=RUN_WITHIN)
    other = opened(screen.context.new_page(), screen.url)
    expect(heading(other, "Shallow CNN · seed 0")).to_be_visible()
    other.close()
    zoomed = [0.0]
    for _ in range(DRAGS):
        box = screen.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
        screen.mouse.move(box["x"] + 20, box["y"] + 20)
        screen.mouse.down()
        screen.mouse.move(box["x"] + 160, box["y"] + 120, steps=4)
        screen.mouse.up()
        zoomed = screen.evaluate(f"{CHART}._fullLayout.xaxis.range")
        if zoomed[0] > 0:
            break
    assert zoomed[0] > 0
    points = screen.evaluate(f"{CHART}.data[0].x.length")
    until(screen, f"{CHART}.data[0].x.length > {points} + 2", timeout=RUN_WITHIN)
    assert screen.evaluate(f"{CHART}._fullLayout.xaxis.range") == zoomed


@pytest.mark.parametrize("path", ["/fuse?scene=demo", "/runs"])
def test_a_phone_shows_the_page_without_scrolling_sideways(screen, path):
    screen.set_viewport_size({"width": 390, "height": 844})
    opened(screen, path)
    expect(screen.locator('[class*="st-key-card-"]').first).to_be_visible(timeout=DEMO_WITHIN)
    assert screen.evaluate("document.documentElement.scrollWidth") <= 390
    assert screen.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
