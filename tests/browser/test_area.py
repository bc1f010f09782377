"""The area box: drawn with mouse, finger and keys; what Python hears of it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CANVAS = "el => el.getRootNode().querySelector('.viewer').viewer"
DRAW = "Draw an area"


@pytest.fixture
def opened(screen, stage):
    """Open the stage with so many panels and return it with the viewer's canvas."""

    def open_stage(panels=2, **size):
        screen.set_viewport_size({"width": 1280, "height": 800} | size)
        screen.goto(f"{stage}/?panels={panels}")
        canvas = screen.locator(".viewer canvas")
        expect(canvas).to_be_visible()
        expect(screen.get_by_text("drawn None")).to_be_visible()
        return canvas

    return open_stage


def at(canvas, column, row, panel=0):
    """Return where an image position is on the screen."""
    return canvas.evaluate(
        f"""(el, [column, row, panel]) => {{
          const viewer = ({CANVAS})(el), place = viewer.layout.places[panel];
          const [x, y] = viewer.view.toPanel(place, column, row);
          const box = el.getBoundingClientRect();
          return [box.left + place.x + x, box.top + place.y + y];
        }}""",
        [column, row, panel],
    )


def drag(canvas, start, end, panel=0):
    """Drag from one image position to another with the mouse."""
    mouse = canvas.page.mouse
    mouse.move(*at(canvas, *start, panel))
    mouse.down()
    mouse.move(*at(canvas, *end, panel), steps=5)
    mouse.up()


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
    assert canvas.evaluate(f"el => ({CANVAS})(el).area.box") is None
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
    scale = screen.locator(".viewer canvas").evaluate(f"el => ({CANVAS})(el).view.scale")
    return max(1, int(4 / scale + 0.5))


def test_a_finger_draws_only_with_the_tool(opened, screen):
    canvas = opened(1, width=390, height=844)
    touch(canvas, [(100, 60)], [(140, 90)], [(180.5, 120.5)])
    assert canvas.evaluate(f"el => ({CANVAS})(el).area.box") is None
    screen.get_by_role("button", name=DRAW).click()
    touch(canvas, [(100.5, 60.5)], [(140, 90)], [(180.5, 120.5)])
    row, column, height, width = drawn(screen)
    assert (row, column) == pytest.approx((60, 100), abs=1)
    assert (height, width) == pytest.approx((61, 81), abs=2)


def touch(canvas, *steps):
    """Put fingers on image positions, move them step by step and lift them."""
    session = canvas.page.context.new_cdp_session(canvas.page)
    places = [[at(canvas, *finger) for finger in step] for step in steps]
    for number, step in enumerate(places):
        points = [{"x": x, "y": y, "id": id_} for id_, (x, y) in enumerate(step)]
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        canvas.page.wait_for_timeout(30)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
