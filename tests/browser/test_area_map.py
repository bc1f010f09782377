"""The area map by hand, with and without internet: what it loads, draws and tells the page."""

import base64
from urllib.parse import urlparse

import pytest
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_grid
from bandweave.prepare.alignment import WGS84, extent
from tests.browser.conftest import LOCAL, serving

pytestmark = pytest.mark.browser

BASE = "tile.openstreetmap.org"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def map_stage(tmp_path_factory):
    with serving("tests/browser/map_stage.py", tmp_path_factory.mktemp("map")) as address:
        yield address


@pytest.fixture(params=["online", "offline"])
def internet(request):
    return request.param


@pytest.fixture
def frame(page, context, map_stage, internet):
    """Open the map; fail on any fault, and on any request to others but for the base map."""
    strangers, faults = set(), []

    def answer(route):
        host = urlparse(route.request.url).hostname
        if host in (*LOCAL, None):
            route.continue_()
            return
        strangers.add(host)
        if internet == "online":
            route.fulfill(body=PIXEL, content_type="image/png")
        else:
            route.abort()

    context.route("**/*", answer)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_default_timeout(60_000)
    page.set_viewport_size({"width": 1200, "height": 800})
    page.goto(map_stage)
    found = page.frame_locator("iframe")
    found.locator(".leaflet-container").wait_for()
    yield found
    assert strangers == {BASE}
    assert not faults, faults


def drag(page, frame, start, end):
    box = frame.locator(".leaflet-container").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle[0] + start[0], middle[1] + start[1])
    page.mouse.down()
    page.mouse.move(middle[0] + end[0], middle[1] + end[1], steps=6)
    page.mouse.up()


def draw(page, frame, start, end):
    frame.locator(".leaflet-draw-draw-rectangle").click()
    drag(page, frame, start, end)
    expect(page.get_by_text("drawn None")).to_have_count(0)
    words = page.get_by_text("drawn ").inner_text().split()
    return [float(word) for word in words[1:]]


def runs(page):
    return int(page.get_by_text("runs ").inner_text().split()[1])


def loaded(frame, address):
    return frame.locator(f".leaflet-tile-loaded[src*='{address}']")


def test_the_scene_lies_on_the_base_map_or_on_the_graticule(frame, page, internet):
    loaded(frame, "/api/mercator/").first.wait_for()
    expect(frame.locator(".graticule-name").first).to_have_text("106.64°E")
    if internet == "online":
        expect(loaded(frame, BASE).first).to_be_visible()
    else:
        assert loaded(frame, BASE).count() == 0


def test_a_drawn_rectangle_is_told_once_and_moving_the_map_tells_nothing(frame, page):
    loaded(frame, "/api/mercator/").first.wait_for()
    west, south, east, north = draw(page, frame, (-60, -40), (50, 70))
    scene = extent(make_grid(300, 300), WGS84)
    assert scene[0] < west < east < scene[2] and scene[1] < south < north < scene[3]
    assert runs(page) == 2
    drag(page, frame, (100, 100), (20, 60))
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(1500)
    assert runs(page) == 2
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("drawn None")).to_be_visible()


def test_a_second_rectangle_replaces_the_first(frame, page):
    first = draw(page, frame, (-80, -60), (-20, -10))
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("drawn None")).to_be_visible()
    second = draw(page, frame, (10, 10), (80, 60))
    assert second[0] > first[2] and second[3] < first[1]
    assert frame.locator("path[stroke='#f59e0b']").count() == 1
