"""Comparing finished runs in a real browser: side by side, under a swipe, on the map."""

from urllib.parse import urlparse

import pytest
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.raster.geotiff import write
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import HIDDEN_MASK, new_run
from tests.browser.conftest import LOCAL, serving
from tests.pages.shown import finish

pytestmark = pytest.mark.browser

QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'
BASE = "tile.openstreetmap.org"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Make a workspace with two methods finished on a scene; return it and the runs."""
    home = tmp_path_factory.mktemp("compare")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        entry = scene_library.store(make_scene(500, 600), "delta")
        runs = []
        for number, method in enumerate(("laplace", "copy")):
            task = "gap" if method == "laplace" else "reconstruct"
            run = new_run(Request("delta", task, method))
            if task == "gap":
                mask = run.request.configured_task.pose(entry.scene, 0).problem.hidden.raster
                write(run.folder / HIDDEN_MASK, mask.read(), mask.grid, mask.bands, flags=True)
            runs.append(finish(run, 0.01 * (number + 1)))
    return home, runs


@pytest.fixture(scope="module")
def address(finished):
    """Start an app of our own: the very first request it gets is a deep link."""
    with serving("app.py", finished[0]) as place:
        yield place


@pytest.fixture
def page_of_run(page, context, address, finished):
    """Open the page on the first run, without internet; only the base map may be asked for."""
    strangers, faults = set(), []

    def answer(route):
        host = urlparse(route.request.url).hostname
        if host in (*LOCAL, None):
            route.continue_()
        else:
            strangers.add(host)
            route.abort()

    context.route("**/*", answer)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_default_timeout(60_000)
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(f"{address}/compare?run={finished[1][0].id}")
    page.wait_for_selector(QUIET)
    page.locator(".stPlotlyChart .legendtext").first.wait_for()
    yield page
    assert strangers <= {BASE}
    assert not faults, faults


def labels(page):
    return page.locator(".viewer .label")


def test_a_link_to_a_run_as_the_very_first_request_shows_it_beside_the_original(page_of_run):
    expect(labels(page_of_run)).to_have_count(3)
    expect(labels(page_of_run).nth(0)).to_contain_text("Input")
    expect(labels(page_of_run).nth(1)).to_contain_text("Interpolation")
    expect(labels(page_of_run).nth(2)).to_contain_text("Original")
    expect(page_of_run.locator(".scores tbody tr")).to_have_count(1)
    expect(page_of_run.locator(".stPlotlyChart .legendtext")).to_have_count(4)


def test_errors_are_added_and_two_images_lie_under_a_swipe(page_of_run):
    page_of_run.get_by_role("button", name="Error", exact=True).click()
    expect(labels(page_of_run)).to_have_count(4)
    page_of_run.get_by_role("radio", name="Swipe").click()
    expect(labels(page_of_run)).to_have_count(2)
    divider = page_of_run.get_by_role("slider", name="Swipe between the two images")
    expect(divider).to_be_visible()


def test_the_map_swipes_between_two_results_offline_and_keeps_its_view(page_of_run):
    page_of_run.get_by_role("radio", name="Map").click()
    frame = page_of_run.frame_locator("iframe")
    tiles = frame.locator(".leaflet-tile-loaded[src*='/api/mercator/']")
    tiles.first.wait_for()
    expect(frame.locator(".map-label")).to_have_text(["Input 30% hidden", "Interpolation"])
    divider = frame.get_by_role("slider", name="Swipe between the two layers")
    divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", "52")
    box = divider.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    page_of_run.mouse.move(x, y)
    page_of_run.mouse.down()
    page_of_run.mouse.move(x - 200, y, steps=5)
    page_of_run.mouse.up()
    shown = int(divider.get_attribute("aria-valuenow"))
    assert shown < 45
    clips = frame.locator(".leaflet-tile-pane .leaflet-layer").evaluate_all(
        "layers => layers.map(layer => layer.style.clip).filter(Boolean)"
    )
    assert len(clips) == 2 and clips[0] != clips[1]
    frame.get_by_role("button", name="Zoom in").click()
    kept = "Object.entries(sessionStorage).find(([key]) => key.startsWith('bandweave-map-'))[1]"
    page_of_run.wait_for_timeout(1000)
    before = page_of_run.evaluate(kept)
    page_of_run.get_by_role("combobox", name="Bands").click()
    page_of_run.get_by_role("option", name="Green").click()
    page_of_run.wait_for_selector(QUIET)
    expect(frame.locator(".leaflet-container")).to_be_visible()
    page_of_run.wait_for_timeout(1500)
    assert page_of_run.evaluate(kept) == before
    assert frame.locator("body").evaluate("() => innerWidth") > 900


@pytest.mark.parametrize("mode", ["Side by side", "Swipe", "Map"])
def test_a_phone_shows_every_mode_without_scrolling_sideways(page_of_run, mode):
    page_of_run.set_viewport_size({"width": 390, "height": 844})
    page_of_run.get_by_role("radio", name=mode).click()
    page_of_run.wait_for_selector(QUIET)
    page_of_run.wait_for_timeout(1000)
    assert page_of_run.evaluate("document.documentElement.scrollWidth") <= 390
    chart = page_of_run.locator(".stPlotlyChart").bounding_box()
    assert chart["x"] + chart["width"] <= 390
