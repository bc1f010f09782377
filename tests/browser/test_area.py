"""The area box: drawn with mouse, finger and keys; what Python hears of it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.hands import VIEWER, at, drag, open_stage, touch

pytestmark = pytest.mark.browser

DRAW = "Draw an area"


@pytest.fixture
def opened(screen, stage):
    """Return what opens the viewer with so many panels."""
    return lambda panels=2, **size: open_stage(screen, stage, f"panels={panels}", **size)


def drawn(screen):
    """Wait for Python to have heard of an area; return its row, column, height and width."""
    said = screen.get_by_text(re.compile(r"^drawn \(\d+, \d+, \d+, \d+\)$"))
    expect(said).to_be_visible()
    return tuple(int(n) for n in re.findall(r"\d+", said.inner_text()))


def says(screen, window):
    """Expect Python to return exactly this window, or None."""
    expect(screen.get_by_text(f"drawn {window}", exact=True)).to_be_visible()


def test_an_area_drawn_moved_and_resized_by_mouse_reaches_python(opened, screen):
    canvas = opened()
    screen.get_by_role("button", name=DRAW).click()
    drag(canvas, (100.5, 60.5), (180.5, 120.5), panel=1)
    says(screen, (60, 100, 61, 81))
    drag(canvas, (140, 90), (150, 70))
    says(screen, (40, 110, 61, 81))
    drag(canvas, (191, 101), (231, 141))
    says(screen, (40, 110, 101, 121))
    drag(canvas, (110, 90), (90, 90), panel=1)
    says(screen, (40, 90, 101, 141))
    screen.get_by_role("button", name="Clear the area").click()
    says(screen, None)


def test_an_area_survives_reruns_and_escape_clears_it(opened, screen):
    canvas = opened()
    screen.keyboard.down("Shift")
    drag(canvas, (50.5, 50.5), (99.5, 89.5))
    screen.keyboard.up("Shift")
    says(screen, (50, 50, 40, 50))
    screen.get_by_role("spinbutton", name="Left").fill("200")
    screen.keyboard.press("Enter")
    says(screen, (20, 200, 50, 60))
    drag(canvas, (230, 45), (240, 45))
    says(screen, (20, 210, 50, 60))
    canvas.press("Escape")
    says(screen, None)


def test_a_drag_beyond_the_image_stops_at_its_edge_and_a_click_draws_nothing(opened, screen):
    canvas = opened(1)
    screen.get_by_role("button", name=DRAW).click()
    screen.mouse.click(*at(canvas, 200, 150))
    assert canvas.evaluate(f"el => ({VIEWER})(el).area.box") is None
    drag(canvas, (350, 250), (380, 320))
    assert drawn(screen) == (250, 350, 50, 30)


def test_keys_alone_draw_move_resize_and_clear(opened, screen):
    opened(1)
    button = screen.get_by_role("button", name=DRAW)
    button.focus()
    screen.keyboard.press("Enter")
    row, column, height, width = drawn(screen)
    assert (height, width) == pytest.approx((150, 200), abs=2)
    box = screen.get_by_role("group", name="Area of")
    box.press("ArrowRight")
    box.press("ArrowUp")
    box.press("Shift+ArrowDown")
    step = canvas_step(screen)
    says(screen, (row - step, column + step, height + step, width))
    expect(box).to_have_accessible_name(re.compile(rf"{width} × {height + step} px"))
    box.press("Escape")
    says(screen, None)


def canvas_step(screen):
    """Return how many image pixels an arrow key moves the box by."""
    scale = screen.locator(".viewer canvas").evaluate(f"el => ({VIEWER})(el).view.scale")
    return max(1, int(4 / scale + 0.5))


def test_a_finger_draws_only_with_the_tool(opened, screen):
    canvas = opened(1, width=390, height=844)
    path = [[at(canvas, *place)] for place in ((100.5, 60.5), (101, 110), (180.5, 120.5))]
    touch(canvas, *path)
    assert canvas.evaluate(f"el => ({VIEWER})(el).area.box") is None
    screen.get_by_role("button", name=DRAW).click()
    touch(canvas, *path)
    row, column, height, width = drawn(screen)
    assert (row, column) == pytest.approx((60, 100), abs=1)
    assert (height, width) == pytest.approx((61, 81), abs=2)
